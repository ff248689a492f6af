//! Neutron over HTTP, with an engine that only remembers.

mod convergence;
mod engine;
mod floating;
mod groups;
mod lists;
mod networks;
mod others;
mod ports;
mod proxies;
mod routers;
mod servers;

use std::{sync::Arc, time::Duration};

use platform::{
    db::Database,
    http::testing::{Answer, Client, KnownTokens},
    part::Part,
};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::engine::Remembering;
use crate::{Config, Migrations, Needs, Neutron};

/// A running Neutron.
struct World {
    neutron: Arc<Neutron>,
    engine: Arc<Remembering>,
    admin: Client,
    member: Client,
    stranger: Client,
    reader: Client,
    cancel: CancellationToken,
    _running: DropGuard,
}

impl World {
    async fn begin() -> Self {
        let world = Self::asleep().await;
        world.wake();
        world
    }

    /// Starts its reconcilers.
    fn wake(&self) {
        self.neutron.clone().spawn(self.cancel.clone());
    }

    /// Without its reconcilers.
    async fn asleep() -> Self {
        Self::over(Database::temporary::<Migrations>("neutron").await.unwrap())
    }

    fn over(db: Database) -> Self {
        let engine = Arc::new(Remembering::default());
        let neutron = Neutron::new(Needs {
            config: Config::default(),
            db,
            tokens: KnownTokens::usual(),
            endpoint: "http://cloud/networking".into(),
            engine: engine.clone(),
        });
        let cancel = CancellationToken::new();
        let admin = Client::new(neutron.clone().router(), "admin");
        Self {
            member: admin.with_token("member"),
            stranger: admin.with_token("stranger"),
            reader: admin.with_token("reader"),
            admin,
            neutron,
            engine,
            _running: cancel.clone().drop_guard(),
            cancel,
        }
    }

    /// Waits until there is nothing left to tell the engine.
    async fn settled(&self) {
        use sea_orm::EntityTrait;
        for _ in 0..500 {
            let left = crate::model::intention::Entity::find().all(self.neutron.db.read()).await.unwrap();
            if left.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the engine was not told of everything");
    }

    /// Waits until there is nothing left to tell the engine of this.
    async fn settled_for(&self, id: &str) {
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let id: uuid::Uuid = id.parse().unwrap();
        for _ in 0..500 {
            let of_it = crate::model::intention::Column::Id.eq(id);
            let left = crate::model::intention::Entity::find().filter(of_it).all(self.neutron.db.read());
            if left.await.unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the engine was not told");
    }

    async fn network(&self) -> String {
        made(self.member.post("/v2.0/networks", json!({"network": {"name": "n"}})).await, "network")
    }

    async fn subnet(&self, network: &str, cidr: &str) -> String {
        let version = if cidr.contains(':') { 6 } else { 4 };
        let body = json!({"subnet": {"network_id": network, "ip_version": version, "cidr": cidr}});
        made(self.member.post("/v2.0/subnets", body).await, "subnet")
    }

    async fn port(&self, network: &str) -> Value {
        let body = json!({"port": {"network_id": network, "name": "p"}});
        let answer = self.member.post("/v2.0/ports", body).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        answer.json["port"].clone()
    }

    /// The external network.
    async fn outside(&self) -> String {
        self.neutron.ensure_external_network("admin", &Config::default().external).await.unwrap().to_string()
    }
}

/// The id of what was made.
fn made(answer: Answer, name: &str) -> String {
    assert_eq!(answer.status, 201, "{}", answer.json);
    answer.json[name]["id"].as_str().unwrap().to_owned()
}

/// Status and Neutron's name of a refusal.
fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.json["NeutronError"]["type"].as_str().unwrap_or("no envelope"))
}
