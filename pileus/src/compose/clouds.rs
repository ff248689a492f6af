//! How clients find the cloud: `clouds.yaml`, an RC file, and a small client for our own commands.

use std::path::PathBuf;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use crate::state::StateDir;

/// Writes `clouds.yaml` and `openrc`.
pub fn write(state: &StateDir, url: &str, region: &str, authority: Option<PathBuf>) -> anyhow::Result<()> {
    let password = state.secret("admin-password")?;
    let cacert = authority.map(|path| path.display().to_string());
    let verify = cacert.as_deref().map(|path| format!("    cacert: {path}\n")).unwrap_or_default();
    let mut clouds = String::from("clouds:\n");
    for (name, user) in [("pileus", "admin"), ("pileus-demo", "demo")] {
        let password = state.secret(&format!("{user}-password"))?;
        clouds.push_str(&format!(
            "  {name}:\n    auth:\n      auth_url: {url}/identity/v3\n      username: {user}\n      password: {password}\n      \
             project_name: {user}\n      user_domain_name: Default\n      project_domain_name: Default\n    \
             region_name: {region}\n    identity_api_version: 3\n    compute_api_version: \"2\"\n    volume_api_version: \"3\"\n{verify}"
        ));
    }
    state.write("clouds.yaml", &clouds)?;
    let mut rc = format!(
        "export OS_AUTH_URL={url}/identity/v3\nexport OS_USERNAME=admin\nexport OS_PASSWORD={password}\nexport OS_PROJECT_NAME=admin\n\
         export OS_USER_DOMAIN_NAME=Default\nexport OS_PROJECT_DOMAIN_NAME=Default\nexport OS_REGION_NAME={region}\n\
         export OS_IDENTITY_API_VERSION=3\n"
    );
    if let Some(path) = cacert {
        rc.push_str(&format!("export OS_CACERT={path}\n"));
    }
    state.write("openrc", &rc)?;
    state.write("url", url)
}

/// What a person needs to go on.
pub fn directions(state: &StateDir) -> String {
    let url = std::fs::read_to_string(state.path("url")).unwrap_or_default();
    format!(
        "Pileus is up: {url}\n\n  export OS_CLIENT_CONFIG_FILE={} OS_CLOUD=pileus\n  openstack catalog list\n\n",
        state.path("clouds.yaml").display()
    )
}

/// A client of our own APIs on this machine.
pub struct Client {
    http: HyperClient<HttpConnector, BoxBody<Bytes, std::io::Error>>,
    url: String,
}

/// An answer, read.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The token that Keystone answers beside the body.
    pub token: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// A client of the cloud that runs on this state directory.
pub fn client(state: &StateDir) -> anyhow::Result<Client> {
    let url = std::fs::read_to_string(state.path("url")).context("Pileus has never been up here")?;
    if url.starts_with("https") {
        bail!("this command speaks to a cloud on a loopback address; use the `openstack` client with {url}");
    }
    Ok(Client { http: HyperClient::builder(TokioExecutor::new()).build_http(), url })
}

impl Client {
    /// GET
    pub async fn get(&self, path: &str, token: Option<&str>) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, token, "application/json", full(Bytes::new())).await
    }

    /// POST of JSON
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, token, "application/json", full(body.to_string().into())).await
    }

    /// Any request.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        kind: &str,
        body: BoxBody<Bytes, std::io::Error>,
    ) -> anyhow::Result<Answer> {
        let mut request =
            Request::builder().method(method).uri(format!("{}{path}", self.url)).header("content-type", kind);
        if let Some(token) = token {
            request = request.header("x-auth-token", token);
        }
        let response = self.http.request(request.body(body)?).await?;
        let status = response.status();
        let token = response
            .headers()
            .get("x-subject-token")
            .and_then(|token| token.to_str().ok().map(str::to_owned));
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, token, body })
    }

    /// A token of the administrator's.
    pub async fn admin_token(&self, state: &StateDir) -> anyhow::Result<String> {
        let domain = json!({"id": "default"});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "admin", "domain": domain, "password": state.secret("admin-password")?}}},
            "scope": {"project": {"name": "admin", "domain": domain}}}});
        let answer = self.post("/identity/v3/auth/tokens", None, &body).await?;
        answer.token.with_context(|| format!("no token was issued ({})", answer.status))
    }
}

fn full(bytes: Bytes) -> BoxBody<Bytes, std::io::Error> {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}
