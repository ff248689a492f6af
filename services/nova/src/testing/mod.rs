//! A Nova with everything around it in memory.

mod hosts;
mod image_proxy;
mod images;
mod network_proxy;
mod networks;
mod placement;
mod volumes;

use std::{sync::Arc, time::Duration};

use platform::{
    db::Database,
    http::testing::{Client, KnownTokens},
    part::Part,
};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use hosts::FakeHosts;
pub use images::FakeImages;
pub use networks::FakeNetworks;
pub use placement::FakePlacement;
pub use volumes::FakeVolumes;

use crate::{Config, Migrations, Needs, Nova};

type Fakes = (Arc<FakeHosts>, Arc<FakeImages>, Arc<FakeNetworks>, Arc<FakePlacement>, Arc<FakeVolumes>);

/// A Nova that runs, with fakes of all it needs.
pub struct Cloud {
    pub nova: Arc<Nova>,
    pub hosts: Arc<FakeHosts>,
    pub images: Arc<FakeImages>,
    pub networks: Arc<FakeNetworks>,
    pub placement: Arc<FakePlacement>,
    pub volumes: Arc<FakeVolumes>,
    _running: DropGuard,
}

impl Cloud {
    /// With one host `h1`, one network and one image.
    pub async fn new() -> Self {
        Self::with(Config::default(), &["h1"]).await
    }

    pub async fn with(config: Config, hosts: &[&str]) -> Self {
        let db = Database::temporary::<Migrations>("nova").await.unwrap();
        let fakes = (
            FakeHosts::new(hosts),
            FakeImages::new(),
            FakeNetworks::new(),
            Arc::new(FakePlacement::default()),
            Arc::new(FakeVolumes::default()),
        );
        Self::over(db, config, fakes).await
    }

    /// Another process on the same database and the same world.
    pub async fn again(&self, config: Config) -> Self {
        let fakes = (
            self.hosts.clone(),
            self.images.clone(),
            self.networks.clone(),
            self.placement.clone(),
            self.volumes.clone(),
        );
        Self::over(self.nova.db.clone(), config, fakes).await
    }

    async fn over(
        db: Database,
        config: Config,
        (hosts, images, networks, placement, volumes): Fakes,
    ) -> Self {
        let nova = Nova::new(Needs {
            config,
            db,
            tokens: KnownTokens::usual(),
            endpoint: "http://127.0.0.1:8780/compute".into(),
            policy_file: None,
            hosts: hosts.clone(),
            images: images.clone(),
            image_proxy: images.clone(),
            placement: placement.clone(),
            networks: networks.clone(),
            network_proxy: networks.clone(),
            volumes: volumes.clone(),
        })
        .await
        .unwrap();
        let cancel = CancellationToken::new();
        nova.clone().spawn(cancel.clone());
        let cloud = Self { nova, hosts, images, networks, placement, volumes, _running: cancel.drop_guard() };
        cloud
            .until("the hosts are registered", async || cloud.placement.providers() >= cloud.hosts.number())
            .await;
        cloud
    }

    pub fn client(&self, token: &str) -> Client {
        Client::new(self.nova.clone().router(), token)
    }

    /// The newest microversion.
    pub fn newest(&self, token: &str) -> Client {
        self.client(token).with_header("openstack-api-version", "compute latest")
    }

    /// What makes a server of the usual image, flavor and network.
    pub fn server(&self, name: &str) -> Value {
        json!({"server": {
            "name": name,
            "imageRef": self.images.usual().to_string(),
            "flavorRef": "1",
            "networks": [{"uuid": self.networks.usual().to_string()}],
        }})
    }

    /// Makes a server and waits until it is ACTIVE; its id.
    pub async fn active(&self, name: &str) -> String {
        let made = self.newest("member").post("/v2.1/servers", self.server(name)).await;
        assert_eq!(made.status, 202, "{}", made.json);
        let id = made.json["server"]["id"].as_str().unwrap().to_owned();
        self.wait(&id, "ACTIVE").await;
        id
    }

    /// Waits until a server has a status and no task; the server as an administrator sees it.
    pub async fn wait(&self, id: &str, status: &str) -> Value {
        let client = self.newest("admin");
        for _ in 0..1000 {
            let seen = client.get(&format!("/v2.1/servers/{id}")).await;
            let server = &seen.json["server"];
            if server["status"] == status && server["OS-EXT-STS:task_state"].is_null() {
                return server.clone();
            }
            assert!(
                status == "ERROR" || server["status"] != "ERROR",
                "the server is in ERROR: {}",
                server["fault"]
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let seen = client.get(&format!("/v2.1/servers/{id}")).await;
        panic!("the server does not become {status}: {}", seen.json);
    }

    pub async fn gone(&self, id: &str) {
        let client = self.newest("admin");
        self.until("the server is gone", async || {
            client.get(&format!("/v2.1/servers/{id}")).await.status == 404
        })
        .await;
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..1000 {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("in vain: {what}");
    }

    /// An action on a server.
    pub async fn act(&self, token: &str, id: &str, body: Value) -> platform::http::testing::Answer {
        self.newest(token).post(&format!("/v2.1/servers/{id}/action"), body).await
    }
}
