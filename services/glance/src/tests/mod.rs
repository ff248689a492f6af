//! The API as clients meet it, and the contract as Nova does.

mod content;
mod contract;
mod images;
mod imports;
mod lists;
mod metadefs;
mod routes;
mod sharing;

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use http::Method;
use platform::{
    db::Database,
    http::testing::{Answer, Client, KnownTokens, caller},
    part::Part,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Config, Glance, Migrations, Needs};

/// A Glance with its reconcilers, and what it lives on.
pub(crate) struct Lab {
    pub service: Arc<Glance>,
    pub router: Router,
    pub folder: tempfile::TempDir,
    pub cancel: CancellationToken,
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Lab {
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let db = Database::temporary::<Migrations>("glance").await.unwrap();
        Self::on(config, db, tempfile::tempdir().unwrap()).await
    }

    pub async fn on(config: Config, db: Database, folder: tempfile::TempDir) -> Self {
        let mut tokens = KnownTokens::default();
        tokens.add("admin", caller("admin", "admin", &["admin", "member", "reader"]));
        tokens.add("member", caller("member", "p1", &["member", "reader"]));
        tokens.add("reader", caller("reader", "p1", &["reader"]));
        tokens.add("stranger", caller("stranger", "p2", &["member", "reader"]));
        tokens.add("third", caller("third", "p3", &["member", "reader"]));
        let service = Glance::new(Needs {
            config,
            db,
            tokens: Arc::new(tokens),
            endpoint: "http://127.0.0.1/image".into(),
            folder: folder.path().to_owned(),
        })
        .unwrap();
        let cancel = CancellationToken::new();
        service.clone().spawn(cancel.clone());
        Self { router: service.clone().router(), service, folder, cancel }
    }

    pub fn as_(&self, token: &str) -> Client {
        Client::new(self.router.clone(), token)
    }

    pub fn member(&self) -> Client {
        self.as_("member")
    }

    /// A raw image of `p1`, queued.
    pub async fn queued(&self, more: Value) -> String {
        let mut body = json!({"name": "one", "disk_format": "raw", "container_format": "bare"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.member().post("/v2/images", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json["id"].as_str().unwrap().to_owned()
    }

    /// The same with content.
    pub async fn active(&self, more: Value) -> String {
        let id = self.queued(more).await;
        let put = self.upload(&id, vec![7; 1000]).await;
        assert_eq!(put.status, 204, "{}", String::from_utf8_lossy(&put.bytes));
        id
    }

    pub async fn upload(&self, id: &str, content: Vec<u8>) -> Answer {
        octets(&self.member(), &format!("/v2/images/{id}/file"), content).await
    }

    pub async fn show(&self, id: &str) -> Value {
        self.as_("admin").get(&format!("/v2/images/{id}")).await.json
    }

    /// All files in the store and in the spool.
    pub fn files(&self) -> Vec<PathBuf> {
        ["images", "incoming"]
            .iter()
            .flat_map(|name| std::fs::read_dir(self.folder.path().join(name)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    pub async fn eventually(&self, what: &str, mut is: impl AsyncFnMut(&Self) -> bool) {
        for _ in 0..1000 {
            if is(self).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }
}

pub(crate) async fn octets(client: &Client, path: &str, content: Vec<u8>) -> Answer {
    client.send_bytes(Method::PUT, path, Some("application/octet-stream"), content).await
}

pub(crate) async fn patch(client: &Client, id: &str, changes: Value) -> Answer {
    let kind = Some("application/openstack-images-v2.1-json-patch");
    let path = format!("/v2/images/{id}");
    client.send_bytes(Method::PATCH, &path, kind, changes.to_string().into_bytes()).await
}
