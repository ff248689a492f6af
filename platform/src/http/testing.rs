//! For tests of services: callers, tokens and requests without a network.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use axum::{Router, body::Body};
use chrono::{TimeDelta, Utc};
use contracts::identity::{Caller, InDomain, Named, Scope, TokenError, Tokens};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

/// A caller in the domain `default` with a project-scoped token.
pub fn caller(user: &str, project: &str, roles: &[&str]) -> Caller {
    let domain = Named { id: "default".into(), name: "Default".into() };
    let named = |name: &str| InDomain { id: name.into(), name: name.into(), domain: domain.clone() };
    Caller {
        user: named(user),
        scope: Scope::Project(named(project)),
        roles: roles.iter().map(|role| Named { id: (*role).into(), name: (*role).into() }).collect(),
        is_admin_project: false,
        expires_at: Utc::now() + TimeDelta::hours(1),
        issued_at: Utc::now(),
        methods: vec!["password".into()],
        audit_ids: vec!["audit".into()],
        application_credential: None,
    }
}

/// Tokens that are known beforehand: the token is its own name.
#[derive(Debug, Default)]
pub struct KnownTokens {
    callers: HashMap<String, Arc<Caller>>,
}

impl KnownTokens {
    /// `admin` (admin in project `admin`), `member` and `reader` (in project `p1`), `stranger` (member in project `p2`).
    pub fn usual() -> Arc<dyn Tokens> {
        let mut tokens = Self::default();
        tokens.add("admin", caller("admin", "admin", &["admin", "manager", "member", "reader"]));
        tokens.add("member", caller("member", "p1", &["member", "reader"]));
        tokens.add("reader", caller("reader", "p1", &["reader"]));
        tokens.add("stranger", caller("stranger", "p2", &["member", "reader"]));
        Arc::new(tokens)
    }

    /// One more.
    pub fn add(&mut self, token: &str, caller: Caller) {
        self.callers.insert(token.into(), Arc::new(caller));
    }
}

#[async_trait]
impl Tokens for KnownTokens {
    async fn validate(&self, token: &str) -> Result<Arc<Caller>, TokenError> {
        self.callers.get(token).cloned().ok_or(TokenError::Invalid)
    }
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as JSON, or null.
    pub json: Value,
}

/// Sends requests to a router.
#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl Client {
    /// To this router, with this token.
    pub fn new(router: Router, token: &str) -> Self {
        Self { router, token: Some(token.into()), headers: Vec::new() }
    }

    /// The same with another token; `""` for none.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: (!token.is_empty()).then(|| token.into()), ..self.clone() }
    }

    /// The same with a header besides.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.into(), value.into()));
        client
    }

    /// GET
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }
    /// DELETE
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
    /// POST
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }
    /// PUT
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }
    /// PATCH
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Any JSON request.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let (kind, body) = match body {
            Some(body) => (Some("application/json"), body.to_string().into_bytes()),
            None => (None, Vec::new()),
        };
        self.send_bytes(method, path, kind, body).await
    }

    /// Any request.
    pub async fn send_bytes(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("x-auth-token", token);
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body)).unwrap_or_default();
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes =
            axum::body::to_bytes(body, usize::MAX).await.map(|bytes| bytes.to_vec()).unwrap_or_default();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, bytes, json }
    }
}
