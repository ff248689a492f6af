//! A Keystone of its own for a test.

use std::sync::Arc;

use http::Method;
use platform::{
    db::Database,
    http::testing::{Answer, Client},
    part::Part,
};
use serde_json::{Value, json};

use crate::{
    BootstrapRequest, CatalogService, Config, DATABASE, Keystone, Needs, model::migrations::Migrations,
};

pub(super) const PASSWORD: &str = "correct horse";

/// A bootstrapped Keystone with a demo user.
pub(super) struct Cloud {
    pub(super) keystone: Arc<Keystone>,
    pub(super) client: Client,
    pub(super) folder: tempfile::TempDir,
}

impl Cloud {
    pub(super) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    /// With other options; passwords are hashed quickly.
    pub(super) async fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::temporary::<Migrations>(DATABASE).await.unwrap();
        let config = Config { password_cost: 4, ..config };
        let needs = Needs {
            db,
            endpoint: "http://cloud/identity".into(),
            state: folder.path().into(),
            config,
            policy: None,
        };
        let keystone = Keystone::new(needs).await.unwrap();
        keystone.bootstrap(&request()).await.unwrap();
        let client = Client::new(keystone.clone().router(), "").with_token("");
        Self { keystone, client, folder }
    }

    /// Asks for a token.
    pub(super) async fn login(&self, auth: Value) -> Answer {
        self.client.post("/v3/auth/tokens", json!({"auth": auth})).await
    }

    /// A client with a token got with a name and a password.
    pub(super) async fn user(&self, name: &str, password: &str, scope: Value) -> Client {
        let answer = self.login(by_password(name, password, scope)).await;
        assert_eq!(answer.status, 201, "{:?}", answer.json);
        self.client.with_token(&token(&answer))
    }

    /// The administrator, in its project.
    pub(super) async fn admin(&self) -> Client {
        self.user("admin", PASSWORD, project("admin")).await
    }

    /// A member of the project `demo`.
    pub(super) async fn demo(&self) -> Client {
        self.user("demo", PASSWORD, project("demo")).await
    }

    /// The id of the first of a list.
    pub(super) async fn id(&self, client: &Client, path: &str) -> String {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{path} {:?}", answer.json);
        let list = answer.json.as_object().unwrap().iter().find(|(name, _)| *name != "links").unwrap().1;
        list[0]["id"].as_str().unwrap_or_else(|| panic!("{path} is empty")).to_owned()
    }
}

pub(super) fn request() -> BootstrapRequest {
    BootstrapRequest {
        admin_password: PASSWORD.into(),
        reset_admin_password: false,
        demo_password: Some(PASSWORD.into()),
        region: "RegionOne".into(),
        base_url: "http://cloud".into(),
        services: services(),
    }
}

/// What the catalog shows.
fn services() -> Vec<CatalogService> {
    [
        ("identity", "keystone", "/identity/v3"),
        ("image", "glance", "/image"),
        ("compute", "nova", "/compute/v2.1"),
        ("network", "neutron", "/networking"),
        ("volumev3", "cinderv3", "/volume/v3/%(project_id)s"),
    ]
    .into_iter()
    .map(|(kind, name, path)| CatalogService { kind: kind.into(), name: name.into(), path: path.into() })
    .collect()
}

/// The body of a login with a password; a null scope is none.
pub(super) fn by_password(name: &str, password: &str, scope: Value) -> Value {
    let user = json!({"name": name, "domain": {"id": "default"}, "password": password});
    with_scope(json!({"identity": {"methods": ["password"], "password": {"user": user}}}), scope)
}

/// The body of an exchange of tokens.
pub(super) fn by_token(token: &str, scope: Value) -> Value {
    with_scope(json!({"identity": {"methods": ["token"], "token": {"id": token}}}), scope)
}

fn with_scope(mut auth: Value, scope: Value) -> Value {
    if !scope.is_null() {
        auth["scope"] = scope;
    }
    auth
}

/// The scope of a project of the default domain.
pub(super) fn project(name: &str) -> Value {
    json!({"project": {"name": name, "domain": {"name": "Default"}}})
}

/// The token in an answer.
pub(super) fn token(answer: &Answer) -> String {
    answer.headers["x-subject-token"].to_str().unwrap().to_owned()
}

/// What a token is.
pub(super) async fn validate(client: &Client, token: &str) -> Answer {
    client.with_header("x-subject-token", token).get("/v3/auth/tokens").await
}

/// Creates something and gives its id.
pub(super) async fn make(client: &Client, path: &str, body: Value) -> String {
    let answer = client.post(path, body).await;
    assert_eq!(answer.status, 201, "{path} {:?}", answer.json);
    answer.json.as_object().unwrap().values().find_map(|thing| thing["id"].as_str()).unwrap().to_owned()
}

/// PUT without a body.
pub(super) async fn put(client: &Client, path: &str) -> Answer {
    client.send(Method::PUT, path, None).await
}
