//! All services, as `pileus up` puts them together, without anything that runs by itself.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use agent_protocol::HostRegistry;
use http::Method;
use platform::{
    db::{DatabaseConfig, Synchronous},
    events::Bus,
    http::{
        Route, Scheme,
        testing::{Answer, Client},
    },
    policy::Policy,
    wire::Range,
};
use serde_json::{Value, json};

use super::faults;
use crate::{
    compose::{engines::Engines, services::Services},
    config::{ApiConfig, Config, HostConfig, HypervisorDriver, NetworkConfig, NetworkDriver},
    front,
    state::StateDir,
};

/// One service, by what it declares.
pub struct Part {
    /// `/compute`.
    pub place: &'static str,
    pub scheme: &'static Scheme,
    pub policy: Arc<Policy>,
    pub routes: Vec<Route>,
}

/// The whole.
pub struct House {
    pub parts: Vec<Part>,
    pub services: Services,
    pub folder: tempfile::TempDir,
    client: Client,
    complaints: Mutex<BTreeSet<String>>,
}

/// The configuration of a house: what takes a host is in memory, and what takes time is quick.
pub fn config() -> Config {
    Config {
        api: ApiConfig { listen: ([127, 0, 0, 1], 1).into(), ..Default::default() },
        database: DatabaseConfig { synchronous: Synchronous::Normal, ..Default::default() },
        host: HostConfig { driver: HypervisorDriver::Memory, ..Default::default() },
        network: NetworkConfig { engine: NetworkDriver::Memory, ..Default::default() },
        identity: keystone::Config { password_cost: 4, ..Default::default() },
        ..Default::default()
    }
}

impl House {
    /// Opens it. Nothing runs by itself: what takes a reconciler stays as it was asked for.
    pub async fn open() -> Self {
        let config = config();
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let engines = Engines::new(&config, &state).unwrap();
        let url = config.public_url();
        let hosts = HostRegistry::new();
        let services = Services::open(&config, &state, &url, &engines, &hosts, Bus::default()).await.unwrap();
        let router = front::router(services.routers(), Arc::new(|| Value::Null));
        let parts = services.all().iter().map(|part| declared(&**part)).collect();
        let client = Client::new(router, "");
        Self { parts, services, folder, client, complaints: Mutex::default() }
    }

    /// Every route, with its service.
    pub fn routes(&self) -> impl Iterator<Item = (&Part, &Route)> {
        self.parts.iter().flat_map(|part| part.routes.iter().map(move |route| (part, route)))
    }

    /// Asks, in the newest microversion of a range. A fault is looked at.
    pub async fn ask(
        &self,
        token: &str,
        part: &Part,
        method: &Method,
        path: &str,
        versions: Range,
        body: Option<&Value>,
    ) -> Answer {
        let kind = match (part.place, method) {
            ("/image", &Method::PATCH) => "application/openstack-images-v2.1-json-patch",
            _ => "application/json",
        };
        let body = body.map(|body| (kind, body.to_string().into_bytes()));
        self.ask_bytes(token, part, method, path, versions, body).await
    }

    /// The same with a body of any kind.
    pub async fn ask_bytes(
        &self,
        token: &str,
        part: &Part,
        method: &Method,
        path: &str,
        versions: Range,
        body: Option<(&str, Vec<u8>)>,
    ) -> Answer {
        let mut client = self.client.with_token(token);
        if let Some(range) = part.scheme.microversions {
            let version = versions.until.unwrap_or(range.max);
            client = client
                .with_header("openstack-api-version", &format!("{} {version}", part.scheme.service_type));
        }
        let (kind, bytes) = body.map_or((None, Vec::new()), |(kind, bytes)| (Some(kind), bytes));
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        let path = format!("{}{path}", part.place);
        let answer = client.send_bytes(method.clone(), &path, kind, bytes).await;
        for wrong in faults::wrongs(part.scheme, method, &answer) {
            self.complain(format!("{method} {path} {shown}: {wrong}"));
        }
        answer
    }

    /// A token.
    pub async fn token(&self, user: &str, password: &str, project: &str) -> String {
        let domain = json!({"id": "default"});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "domain": domain, "password": password}}},
            "scope": {"project": {"name": project, "domain": domain}}}});
        let answer = self.client.post("/identity/v3/auth/tokens", body).await;
        let token = answer.headers.get("x-subject-token").unwrap_or_else(|| panic!("{}", answer.json));
        token.to_str().unwrap().to_owned()
    }

    /// A secret that the house keeps: the password of `admin` or `demo`.
    pub fn secret(&self, name: &str) -> String {
        StateDir::open(self.folder.path()).unwrap().secret(name).unwrap()
    }

    /// A token of the administrator's.
    pub async fn admin(&self) -> String {
        self.token("admin", &self.secret("admin-password"), "admin").await
    }

    /// Notes what is not as it should be.
    pub fn complain(&self, what: String) {
        let words: Vec<&str> = what.split_whitespace().collect();
        self.complaints.lock().unwrap().insert(words.join(" "));
    }

    /// The end of a walk: fails with everything that was noted.
    pub fn verdict(&self) {
        let complaints = self.complaints.lock().unwrap();
        let all: Vec<&str> = complaints.iter().map(String::as_str).collect();
        assert!(all.is_empty(), "{} findings:\n{}", all.len(), all.join("\n"));
    }
}

fn declared(service: &dyn platform::part::Part) -> Part {
    let base = service.base();
    let (scheme, policy) = (base.scheme, base.policy.clone());
    Part { place: scheme.place, scheme, policy, routes: service.routes() }
}

/// A path of a template, each parameter given by what stands before it: `servers` for `/servers/{id}`.
pub fn fill(template: &str, given: impl Fn(&str) -> Option<String>) -> String {
    let mut before = "";
    let mut path = Vec::new();
    for segment in template.split('/') {
        if segment.starts_with('{') {
            path.push(given(before).unwrap_or_else(|| "6d3f1a52-70b5-4f0c-9a53-3f3f6f0e8b10".into()));
        } else {
            path.push(segment.to_owned());
            before = segment;
        }
    }
    path.join("/")
}
