//! `/v3/auth/tokens`.

use axum::{
    body::Body as HttpBody,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use platform::{
    http::{Body, Fault, Query, Routes},
    policy::Target,
};
use sea_orm::EntityTrait;

use super::{
    login::{Proved, expected, find_domain, may_exchange, prove},
    request::{Auth, Project, Scope},
};
use crate::{
    Keystone,
    api::{Cx, OpenCx, guard::Guard, listing::no_content},
    authority::Grant,
    error::Error,
    model::{end::End, trust},
    token::{Place, Token},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .open(Method::POST, "/v3/auth/tokens", create)
        .get("/v3/auth/tokens", "identity:validate_token", show)
        .route(Method::HEAD, "/v3/auth/tokens", "identity:check_token", show)
        .delete("/v3/auth/tokens", "identity:revoke_token", revoke)
}

async fn create(cx: OpenCx, query: Query, body: Body<Auth>) -> Result<Response, Fault> {
    let keystone = &*cx.service;
    let auth = body.0;
    let proved = prove(keystone, &auth.identity).await?;
    let (place, trust) = place(keystone, auth.scope, &proved).await?;
    if let Some(token) = &proved.token {
        may_exchange(keystone, token, &place)?;
    }
    let Some(user) = &proved.user else { return Err(Fault::unauthorized()) };
    let grant = Grant {
        user: user.row.id.clone(),
        not_after: proved.not_after(),
        chain: proved.token.as_ref().map(|token| token.payload.root()),
        methods: proved.methods,
        place,
        application_credential: proved.application.map(|(id, _)| id),
        trust: trust.as_ref().map(|trust| trust.id.clone()),
    };
    let (text, token) = keystone.authority.issue(grant).await?;
    if let Some(trust) = trust {
        keystone.use_trust(trust).await?;
    }
    let body = keystone.authority.body(&token, with_catalog(&query)).await?;
    answer(StatusCode::CREATED, &text, body)
}

async fn show(cx: Cx, query: Query, headers: HeaderMap) -> Result<Response, Fault> {
    let window = match query.flag("allow_expired") {
        Ok(Some(true)) => TimeDelta::seconds(cx.service.config.allow_expired_window.into()),
        _ => TimeDelta::zero(),
    };
    let (text, token) = subject(&cx, &headers, window).await?;
    cx.permit(&about(&token))?;
    // Who validates a token with access rules must say that it will hold the bearer to them.
    let ruled = token.application.as_ref().is_some_and(|application| !application.access_rules.is_empty());
    if ruled && !headers.contains_key("openstack-identity-access-rules") {
        return Err(missing());
    }
    let authority = &cx.service.authority;
    let body = match with_catalog(&query) {
        true => authority.body_of(&text, &token).await?,
        false => authority.body(&token, false).await?,
    };
    answer(StatusCode::OK, &text, body)
}

async fn revoke(cx: Cx, headers: HeaderMap) -> Result<Response, Fault> {
    let (text, token) = subject(&cx, &headers, TimeDelta::zero()).await?;
    cx.permit(&about(&token))?;
    cx.service.authority.revoke(&text, &token).await?;
    Ok(no_content())
}

/// The token that is asked about.
async fn subject(
    cx: &Cx,
    headers: &HeaderMap,
    window: TimeDelta,
) -> Result<(String, std::sync::Arc<Token>), Fault> {
    let text = headers.get("x-subject-token").and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    match cx.service.authority.token_within(text, window).await {
        Ok(token) => Ok((text.to_owned(), token)),
        Err(contracts::identity::TokenError::Unavailable) => {
            Err(Fault::unavailable("The token can't be checked at the moment."))
        }
        Err(_) => Err(missing()),
    }
}

fn missing() -> Fault {
    Error::NoToken.into()
}

fn about(token: &Token) -> Target<'_> {
    Target::none().with("target.token.user_id", token.payload.user.as_str())
}

fn with_catalog(query: &Query) -> bool {
    query.get("nocatalog").is_none()
}

/// A token with its body.
pub(in crate::api) fn answer(status: StatusCode, token: &str, body: Bytes) -> Result<Response, Fault> {
    let mut response = (status, HttpBody::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::VARY, HeaderValue::from_static("X-Auth-Token"));
    let mut token = HeaderValue::from_str(token).map_err(Fault::internal)?;
    token.set_sensitive(true);
    headers.insert("x-subject-token", token);
    Ok(response)
}

/// What the token is to be good for: as asked, else the user's default project where it may go there.
async fn place(
    keystone: &Keystone,
    scope: Option<Scope>,
    proved: &Proved,
) -> Result<(Place, Option<trust::Model>), Error> {
    if let Some((_, project)) = &proved.application {
        return match scope {
            Some(_) => Err(Error::UnauthorizedBecause(
                "Error authenticating with application credential: Application credentials cannot request a scope.".into(),
            )),
            None => Ok((Place::Project(project.clone()), None)),
        };
    }
    let Some(scope) = scope else { return Ok((default_place(keystone, proved).await?, None)) };
    if scope.named() != 1 {
        return Err(expected("system, project, domain, OS-TRUST:trust or unscoped", "scope"));
    }
    if let Some(project) = &scope.project {
        return Ok((Place::Project(find_project(keystone, project).await?), None));
    }
    if let Some(domain) = &scope.domain {
        let domain = find_domain(keystone, domain).await?.filter(|domain| domain.enabled);
        return Ok((Place::Domain(domain.ok_or(Error::Unauthorized)?.id.clone()), None));
    }
    if let Some(system) = scope.system {
        return if system.all { Ok((Place::System, None)) } else { Err(expected("all", "system")) };
    }
    if let Some(named) = scope.trust {
        let row = trust::Entity::find_by_id(named.id).one(keystone.db.read()).await?;
        let row = row.filter(|row| !row.deleted).ok_or(Error::Unauthorized)?;
        if row.remaining_uses.is_some_and(|left| left <= 0) || row.expires_at.is_some_and(End::over) {
            return Err(Error::Unauthorized);
        }
        let place =
            if row.project_id.is_empty() { Place::Unscoped } else { Place::Project(row.project_id.clone()) };
        return Ok((place, Some(row)));
    }
    Ok((Place::Unscoped, None))
}

async fn find_project(keystone: &Keystone, project: &Project) -> Result<String, Error> {
    let directory = &keystone.authority.directory;
    let found = match (&project.id, &project.name) {
        (Some(id), _) => directory.project(id).await?,
        (None, Some(name)) => {
            let domain = project.domain.as_ref().ok_or_else(|| expected("domain", "project"))?;
            match find_domain(keystone, domain).await? {
                Some(domain) => directory.project_named(&domain.id, name).await?,
                None => None,
            }
        }
        (None, None) => return Err(expected("id or name", "project")),
    };
    let found = found.filter(|project| project.enabled && !project.is_domain);
    Ok(found.ok_or(Error::Unauthorized)?.id.clone())
}

async fn default_place(keystone: &Keystone, proved: &Proved) -> Result<Place, Error> {
    let Some(user) = &proved.user else { return Ok(Place::Unscoped) };
    let Some(id) = &user.row.default_project_id else { return Ok(Place::Unscoped) };
    let directory = &keystone.authority.directory;
    let place = Place::Project(id.clone());
    let usable = directory.project(id).await?.is_some_and(|project| project.enabled && !project.is_domain)
        && !directory.roles(&user.row.id, &place).await?.is_empty();
    Ok(if usable { place } else { Place::Unscoped })
}
