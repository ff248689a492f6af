//! A token, as it is shown.

use bytes::Bytes;
use contracts::identity::{Caller, InDomain, Named, Scope};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Token;
use crate::ids::stamp;

#[derive(Serialize)]
struct Body<'a> {
    token: Shown<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    methods: Vec<&'static str>,
    user: User<'a>,
    audit_ids: &'a [String],
    expires_at: String,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a InDomain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_domain: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<System>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [Named]>,
    #[serde(rename = "OS-TRUST:trust", skip_serializing_if = "Option::is_none")]
    trust: Option<Trust<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_credential: Option<Application<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct User<'a> {
    #[serde(flatten)]
    user: &'a InDomain,
    password_expires_at: Option<String>,
}

#[derive(Serialize)]
struct System {
    all: bool,
}

#[derive(Serialize)]
struct Id<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Trust<'a> {
    id: &'a str,
    trustor_user: Id<'a>,
    trustee_user: Id<'a>,
    impersonation: bool,
}

#[derive(Serialize)]
struct Application<'a> {
    id: &'a str,
    name: &'a str,
    restricted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    service: &'a str,
    path: &'a str,
    method: &'a str,
}

/// `{"token": ...}`, with the catalog where one is given.
pub(crate) fn body(token: &Token, catalog: Option<&RawValue>) -> Result<Bytes, serde_json::Error> {
    let caller: &Caller = &token.caller;
    let (project, domain, system) = match &caller.scope {
        Scope::Unscoped => (None, None, None),
        Scope::Project(project) => (Some(project), None, None),
        Scope::Domain(domain) => (None, Some(domain), None),
        Scope::System => (None, None, Some(System { all: true })),
    };
    let scoped = !matches!(caller.scope, Scope::Unscoped);
    let shown = Shown {
        methods: token.payload.methods(),
        user: User { user: &caller.user, password_expires_at: token.password_expires_at.map(stamp) },
        audit_ids: &caller.audit_ids,
        expires_at: stamp(caller.expires_at),
        issued_at: stamp(caller.issued_at),
        project,
        is_domain: project.map(|_| token.is_domain),
        domain,
        system,
        roles: scoped.then_some(&*caller.roles),
        trust: token.trust.as_ref().map(|trust| Trust {
            id: &trust.id,
            trustor_user: Id { id: &trust.trustor },
            trustee_user: Id { id: &trust.trustee },
            impersonation: trust.impersonation,
        }),
        application_credential: token.application.as_ref().map(|application| Application {
            id: &application.id,
            name: &application.name,
            restricted: !application.unrestricted,
            access_rules: application
                .access_rules
                .iter()
                .map(|rule| Rule {
                    id: &rule.id,
                    service: &rule.service,
                    path: &rule.path,
                    method: &rule.method,
                })
                .collect(),
        }),
        catalog,
    };
    serde_json::to_vec(&Body { token: shown }).map(Bytes::from)
}
