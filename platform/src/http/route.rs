//! A service's table of routes: beside each verb and path stands its policy.

use std::sync::Arc;

use axum::{
    Extension, Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use http::Method;
use sea_orm::EntityTrait;

use super::Service;
use crate::{
    db::list::{DeclaredList, ListSpec},
    policy::Rule,
    wire::{Range, Version},
};

/// A route, as declared.
#[derive(Debug, Clone)]
pub struct Route {
    /// The verb.
    pub method: Method,
    /// The path within the service, in axum's notation.
    pub path: &'static str,
    /// The rule that decides who may; `None` on routes that are open to everybody (versions, getting a token).
    pub policy: Option<&'static str>,
    /// The microversions that have it.
    pub versions: Range,
    /// What its bodies may ask for, where they name an action.
    pub actions: Vec<Action>,
    /// What it lists by pages.
    pub list: Option<DeclaredList>,
    /// Whether it is a document of versions, by which clients find the rest: open to everybody.
    pub document: bool,
}

/// An action that a body names by its only member: `{"os-start": null}`.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// The rule that decides who may.
    pub policy: &'static str,
    /// The microversions that have it.
    pub versions: Range,
}

impl Action {
    /// An action that every microversion has.
    pub const fn new(name: &'static str, policy: &'static str) -> Self {
        Self { name, policy, versions: Range { since: None, until: None } }
    }
}

impl Route {
    fn new(method: Method, path: &'static str, policy: Option<&'static str>, versions: Range) -> Self {
        Self { method, path, policy, versions, actions: Vec::new(), list: None, document: false }
    }
}

/// All routes of a service.
pub struct Routes<S> {
    table: Vec<Route>,
    rules: Vec<&'static [Rule]>,
    router: Router<Arc<S>>,
}

impl<S: Service> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Service> Routes<S> {
    /// None yet.
    pub fn new() -> Self {
        Self { table: Vec::new(), rules: Vec::new(), router: Router::new() }
    }

    /// A route with its policy.
    pub fn route<H, T>(self, method: Method, path: &'static str, policy: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.add(Route::new(method, path, Some(policy), Range::default()), handler)
    }

    /// A route that only some microversions have (both ends included); others are answered with 404.
    pub fn versioned<H, T>(
        self,
        method: Method,
        path: &'static str,
        policy: &'static str,
        since: Option<(u16, u16)>,
        until: Option<(u16, u16)>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        let version = |(major, minor)| Version::new(major, minor);
        let versions = Range { since: since.map(version), until: until.map(version) };
        self.add(Route::new(method, path, Some(policy), versions), handler)
    }

    /// A route without a token: its handler takes an `OpenCx`.
    pub fn open<H, T>(self, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.add(Route::new(method, path, None, Range::default()), handler)
    }

    /// A document of versions, by which clients find the rest. Its handler takes an `OpenCx`.
    pub fn document<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        let route = Route::new(Method::GET, path, None, Range::default());
        self.add(Route { document: true, ..route }, handler)
    }

    /// GET
    pub fn get<H, T>(self, path: &'static str, policy: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.route(Method::GET, path, policy, handler)
    }

    /// POST
    pub fn post<H, T>(self, path: &'static str, policy: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.route(Method::POST, path, policy, handler)
    }

    /// PUT
    pub fn put<H, T>(self, path: &'static str, policy: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.route(Method::PUT, path, policy, handler)
    }

    /// PATCH
    pub fn patch<H, T>(self, path: &'static str, policy: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.route(Method::PATCH, path, policy, handler)
    }

    /// DELETE
    pub fn delete<H, T>(self, path: &'static str, policy: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        self.route(Method::DELETE, path, policy, handler)
    }

    /// Another table's routes besides.
    pub fn merge(mut self, other: Self) -> Self {
        self.table.extend(other.table);
        self.rules.extend(other.rules);
        self.router = self.router.merge(other.router);
        self
    }

    /// The bodies of the route that was declared last name one of these actions.
    pub fn actions(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        if let Some(last) = self.table.last_mut() {
            last.actions.extend(actions);
        }
        self
    }

    /// The route that was declared last lists this by pages.
    pub fn list<E: EntityTrait>(mut self, spec: &ListSpec<E>) -> Self {
        if let Some(last) = self.table.last_mut() {
            last.list = Some(spec.declared());
        }
        self
    }

    /// The rules that guard these routes, declared beside them (see [`crate::policy::Policy::beside`]).
    pub fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules.push(rules);
        self
    }

    /// What has been declared: for the walks that check every route, and for documentation.
    pub fn table(&self) -> &[Route] {
        &self.table
    }

    /// The same, without the handlers.
    pub fn into_table(self) -> Vec<Route> {
        self.table
    }

    fn add<H, T>(mut self, route: Route, handler: H) -> Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
        let declared: &'static Route = Box::leak(Box::new(route.clone()));
        self.router = self.router.route(route.path, on(filter, handler).layer(Extension(declared)));
        self.table.push(route);
        self
    }

    pub(crate) fn declared_rules(&self) -> &[&'static [Rule]] {
        &self.rules
    }

    pub(super) fn into_router(self) -> Router<Arc<S>> {
        self.router
    }
}
