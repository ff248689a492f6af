//! What a handler knows of the request: who asks, in which version, by which route; and the answers it gives.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use contracts::identity::{Caller, TokenError, Tokens};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;

use super::{Fault, Foreign, RequestId, Route, Scheme};
use crate::{
    db::owned,
    events::Event,
    policy::{Policy, Target},
    wire::{At, Version, View},
};

/// What every service has.
#[derive(Clone)]
pub struct Base {
    /// How it speaks.
    pub scheme: &'static Scheme,
    /// Who checks tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Its policy.
    pub policy: Arc<Policy>,
    /// The public address of the service, without a slash at the end: `http://127.0.0.1:8780/compute`.
    pub endpoint: Arc<str>,
}

/// A service, as its handlers have it (the state of its router).
pub trait Service: Send + Sync + 'static {
    /// What every service has.
    fn base(&self) -> &Base;
}

/// A request with a valid token.
pub struct Cx<S> {
    /// The service.
    pub service: Arc<S>,
    /// Who asks.
    pub caller: Arc<Caller>,
    /// In which microversion.
    pub version: Version,
    /// By which route.
    pub route: &'static Route,
    /// The request's id, for events and logs.
    pub request_id: RequestId,
    asked: Arc<Asked>,
}

/// Whether the policy was asked before a success was answered: a handler that forgets to ask is a bug that the edge finds.
#[derive(Debug, Default)]
pub(super) struct Asked(pub(super) AtomicBool);

/// The project that the path of a request names, where a service takes it off the path (`/v2.1/PROJECT/servers`).
#[derive(Debug, Clone)]
pub struct NamedProject(pub String);

impl NamedProject {
    /// It must be the token's.
    fn check(&self, caller: &Caller) -> Result<(), Fault> {
        match caller.project_id() {
            Some(own) if own != self.0 => Err(Fault::bad_request(format!(
                "Malformed request URL: URL's project_id '{}' doesn't match Context's project_id '{own}'",
                self.0
            ))),
            _ => Ok(()),
        }
    }
}

/// A request on an open route: there may be a token, and nobody has checked it.
pub struct OpenCx<S> {
    /// The service.
    pub service: Arc<S>,
    /// In which microversion.
    pub version: Version,
    /// The request's id, for events and logs.
    pub request_id: RequestId,
    /// The request's headers.
    pub headers: HeaderMap,
}

impl<S: Service> Cx<S> {
    /// The caller may do what this route does, to what belongs to its own project. Else 403.
    pub fn allow(&self) -> Result<(), Fault> {
        let target = Target::project(self.caller.project_id().unwrap_or_default())
            .with("user_id", self.caller.user.id.as_str());
        self.allow_on(&target)
    }

    /// The caller may do what this route does, to this. Else 403.
    pub fn allow_on(&self, target: &Target<'_>) -> Result<(), Fault> {
        self.asking();
        if self.route.policy.is_some_and(|rule| self.may(rule, target)) {
            Ok(())
        } else {
            Err(self.refusal())
        }
    }

    /// The caller may do what another rule than the route's decides. Else 403.
    pub fn allow_rule(&self, rule: &str, target: &Target<'_>) -> Result<(), Fault> {
        self.asking();
        if self.may(rule, target) { Ok(()) } else { Err(refusal_of(rule)) }
    }

    /// Whether a rule allows, for what is shown to some only.
    pub fn may(&self, rule: &str, target: &Target<'_>) -> bool {
        self.service.base().policy.allows(rule, &self.caller, target)
    }

    /// Looking a thing up and being allowed to are one step: the thing, if it is there and the caller may do to it what
    /// this route does. What belongs to others is answered as the service does (404, or 403). `missing` makes the 404.
    pub fn found<T>(
        &self,
        thing: Option<T>,
        target: impl for<'t> Fn(&'t T) -> Target<'t>,
        missing: impl Fn() -> Fault,
    ) -> Result<T, Fault> {
        let Some(thing) = thing else {
            self.asking();
            return Err(missing());
        };
        let about = target(&thing);
        match self.allow_on(&about) {
            Ok(()) => {
                drop(about);
                Ok(thing)
            }
            Err(refusal) => {
                let own =
                    about.get("project_id").is_some_and(|owner| Some(owner) == self.caller.project_id());
                let hidden = self.service.base().scheme.foreign == Foreign::Hidden;
                Err(if hidden && !own { missing() } else { refusal })
            }
        }
    }

    /// The project of the caller's token. Else 400: what is asked belongs to a project.
    pub fn project_id(&self) -> Result<&str, Fault> {
        self.caller
            .project_id()
            .ok_or_else(|| Fault::bad_request("A token that is scoped to a project is needed."))
    }

    /// Whether the caller counts as an administrator.
    pub fn is_admin(&self) -> bool {
        self.may("context_is_admin", &Target::none())
    }

    /// An event of this request's.
    pub fn event(&self, kind: &'static str, resource: impl ToString) -> Event {
        let event = Event::new(kind, resource).request(self.request_id.0.as_ref());
        match self.caller.project_id() {
            Some(project) => event.project(project),
            None => event,
        }
    }

    /// Answers `{"name": view}` as the request's version shows it.
    pub fn answer<V: View>(&self, status: StatusCode, name: &str, view: &V) -> Result<Response, Fault> {
        answer(status, name, view, self.version)
    }

    /// The public address of a path of this service: `cx.link("/v2.1/servers/ID")`.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.service.base().endpoint)
    }

    /// The policy is asked now (for the edge, see [`Asked`]).
    pub(super) fn asking(&self) {
        self.asked.0.store(true, Ordering::Relaxed);
    }

    fn refusal(&self) -> Fault {
        refusal_of(self.route.policy.unwrap_or("this"))
    }
}

/// `{"name": view}` at a version.
pub fn answer<V: View>(
    status: StatusCode,
    name: &str,
    view: &V,
    version: Version,
) -> Result<Response, Fault> {
    struct Wrapped<'a, V: View>(&'a str, &'a V, Version);
    impl<V: View> Serialize for Wrapped<'_, V> {
        fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
            serializer.collect_map([(self.0, At(self.1, self.2))])
        }
    }
    json(status, &Wrapped(name, view, version))
}

/// Any JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Fault> {
    let body = serde_json::to_vec(body)?;
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

fn refusal_of(rule: &str) -> Fault {
    Fault::forbidden(owned::refusal(rule))
}

fn version_of(parts: &Parts, scheme: &Scheme) -> Version {
    parts.extensions.get::<Version>().copied().unwrap_or_else(|| match scheme.microversions {
        Some(range) => range.min,
        None => Version::new(0, 0),
    })
}

impl<S: Service> FromRequestParts<Arc<S>> for Cx<S> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<S>) -> Result<Self, Fault> {
        let base = service.base();
        let version = version_of(parts, base.scheme);
        let Some(&route) = parts.extensions.get::<&'static Route>() else {
            return Err(Fault::internal("a handler runs outside the table of routes"));
        };
        let token = parts.headers.get("x-auth-token").and_then(|value| value.to_str().ok());
        let caller = match token {
            None => return Err(Fault::unauthorized()),
            Some(token) => base
                .tokens
                .validate_for(token, base.scheme.service_type, parts.method.as_str(), parts.uri.path())
                .await
                .map_err(|error| match error {
                    TokenError::Unavailable => Fault::unavailable("Identity can't be asked at the moment."),
                    TokenError::Invalid | TokenError::Expired | TokenError::Revoked => Fault::unauthorized(),
                })?,
        };
        if let Some(named) = parts.extensions.get::<NamedProject>() {
            named.check(&caller)?;
        }
        if !route.versions.contains(version) {
            return Err(Fault::not_found("The resource could not be found."));
        }
        let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_default();
        let asked = parts.extensions.get::<Arc<Asked>>().cloned().unwrap_or_default();
        Ok(Self { service: service.clone(), caller, version, route, request_id, asked })
    }
}

/// Where tokens are to be had, for who is refused for want of one.
pub(super) fn challenge(base: &Base) -> Option<HeaderValue> {
    let origin = base.endpoint.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    HeaderValue::from_str(&format!("Keystone uri=\"{origin}/identity/v3\"")).ok()
}

impl<S: Service> FromRequestParts<Arc<S>> for OpenCx<S> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<S>) -> Result<Self, Fault> {
        if let Some(asked) = parts.extensions.get::<Arc<Asked>>() {
            asked.0.store(true, Ordering::Relaxed);
        }
        Ok(Self {
            service: service.clone(),
            version: version_of(parts, service.base().scheme),
            request_id: parts.extensions.get::<RequestId>().cloned().unwrap_or_default(),
            headers: parts.headers.clone(),
        })
    }
}
