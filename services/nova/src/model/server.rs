//! Servers. The row is the only truth about a server: what it is, what is wanted of it (`task_state`, `task`), and what
//! is known of its machine.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use contracts::identity::Caller;
use platform::policy::Target;
use sea_orm::{FromJsonQueryResult, entity::prelude::*, sea_query::Expr};
use serde::{Deserialize, Serialize};

use super::{
    aggregate::Names,
    flavor::{Snapshot, Strings},
};
use crate::server::state::{Power, Task, VmState};

/// A server.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "servers")]
pub struct Model {
    /// The id: also the machine's and the allocation's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose.
    pub project_id: String,
    /// Who made it.
    pub user_id: String,
    /// The name.
    pub name: String,
    /// Words about it.
    pub description: Option<String>,
    /// The name that the guest is given.
    pub hostname: String,
    /// When it was asked for.
    pub created_at: ChronoDateTimeUtc,
    /// When it changed last.
    pub updated_at: ChronoDateTimeUtc,
    /// When it first ran.
    pub launched_at: Option<ChronoDateTimeUtc>,
    /// When it was gone.
    pub terminated_at: Option<ChronoDateTimeUtc>,
    /// Whether it is gone.
    pub deleted: bool,
    /// See [`VmState`].
    pub vm_state: String,
    /// See [`Task`].
    pub task_state: Option<String>,
    /// What its machine does, as numbers of Nova's.
    pub power_state: i32,
    /// Particulars of the task.
    pub task: Option<TaskDetails>,
    /// What went wrong last.
    pub fault: Option<ServerFault>,
    /// Whether its owner locked it.
    pub locked: bool,
    /// Why.
    pub locked_reason: Option<String>,
    /// `owner` or `admin`.
    pub locked_by: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The zone that was asked for.
    pub availability_zone: Option<String>,
    /// The image that it was made from; none when it boots from a volume.
    pub image_id: Option<Uuid>,
    /// What a machine must know of that image.
    pub image: Option<ImageSnapshot>,
    /// The flavor's id.
    pub flavor_id: String,
    /// The flavor as it was.
    pub flavor: Snapshot,
    /// The flavor before a resize that is not confirmed.
    pub old_flavor: Option<Snapshot>,
    /// The flavor's processors, for quotas.
    pub vcpus: i64,
    /// The flavor's memory, for quotas.
    pub memory_mb: i64,
    /// The flavor's root disk.
    pub root_gb: i64,
    /// The flavor's further disk.
    pub ephemeral_gb: i64,
    /// The keypair's name.
    pub key_name: Option<String>,
    /// The public key as it was.
    pub key_data: Option<String>,
    /// User data, in base64.
    pub user_data: Option<String>,
    /// Whether it has a config drive.
    pub config_drive: bool,
    /// `AUTO` or `MANUAL`.
    pub disk_config: String,
    /// The user's metadata.
    pub metadata: Strings,
    /// Files put into the config drive (until 2.56): paths and contents in base64.
    pub personality: Option<Strings>,
    /// What Neutron said of its ports last, so that lists need not ask.
    pub addresses: Cards,
    /// Names of its security groups.
    pub security_groups: Names,
    /// The user's word.
    pub access_ip_v4: Option<String>,
    /// The user's word.
    pub access_ip_v6: Option<String>,
    /// `/dev/vda`.
    pub root_device_name: Option<String>,
    /// The same for all servers of one request.
    pub reservation_id: String,
    /// The place among the servers of one request.
    pub launch_index: i32,
    /// 0 to 100.
    pub progress: i32,
    /// The server group.
    pub group_id: Option<Uuid>,
    /// Scheduler hints as the user gave them, internal ones left out.
    pub hints: Json,
    /// On whose behalf it is built: identity only, never a token.
    pub origin: Origin,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// On whose behalf.
#[derive(Debug, Clone, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Origin(pub Caller);

impl Eq for Origin {}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.0.user == other.0.user && self.0.scope == other.0.scope
    }
}

/// Particulars of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct TaskDetails {
    /// Hosts that were tried and failed.
    pub tried: Vec<String>,
    /// The only host that may be taken.
    pub forced_host: Option<String>,
    /// Only hosts of these servers may be taken.
    pub same_host: Vec<Uuid>,
    /// Hosts of these servers may not be taken.
    pub different_host: Vec<Uuid>,
    /// The image that a snapshot fills: whoever asked for it has its id.
    pub snapshot: Option<Uuid>,
    /// When the machine was started: ports are waited for a while from here.
    pub started: Option<DateTime<Utc>>,
    /// The state to go back to.
    pub resume: Option<String>,
    /// The image that a rescue boots from: its owner's.
    pub rescue_image: Option<Uuid>,
    /// The image that shelving takes: of no use once the server runs again, or is deleted.
    pub shelved: Option<Uuid>,
    /// Which backups a new one makes superfluous.
    pub rotation: Option<Rotation>,
}

/// How many backups of a kind are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// `daily`, `weekly`, or what the user calls it.
    pub kind: String,
    /// That many, the newest.
    pub keep: usize,
    /// On whose behalf older ones are deleted.
    pub origin: Origin,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ServerFault {
    /// As an HTTP status.
    pub code: u16,
    /// Fit for the owner.
    pub message: String,
    /// For administrators.
    pub details: String,
    /// When.
    pub created: DateTime<Utc>,
}

/// What a machine must know of its image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ImageSnapshot {
    /// The image.
    pub id: Uuid,
    /// As recorded by Glance, never detected.
    pub disk_format: String,
    /// SHA-512 of the content.
    pub sha512: String,
    /// In GiB.
    pub min_disk: u64,
    /// In MiB.
    pub min_ram: u64,
    /// `hw_*` and the like.
    pub properties: std::collections::BTreeMap<String, String>,
}

/// Cards, as they are remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Cards(pub Vec<Card>);

/// A port as far as a server shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The port.
    pub port: Uuid,
    /// The network.
    pub network: Uuid,
    /// The network's name.
    pub network_name: String,
    /// The MAC address.
    pub mac: String,
    /// `ACTIVE`, `DOWN`.
    pub status: String,
    /// Addresses: subnet, address, floating address.
    pub ips: Vec<(Uuid, IpAddr, Option<IpAddr>)>,
    /// Largest packet.
    pub mtu: u32,
}

impl From<&contracts::network::Port> for Card {
    fn from(port: &contracts::network::Port) -> Self {
        Self {
            port: port.id,
            network: port.network.id,
            network_name: port.network.name.clone(),
            mac: port.mac.clone(),
            status: port.status.clone(),
            ips: port.fixed_ips.iter().map(|ip| (ip.subnet_id, ip.address, ip.floating)).collect(),
            mtu: port.network.mtu,
        }
    }
}

impl Model {
    /// Whose it is, for policy.
    pub fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str()).with("user_id", self.user_id.as_str())
    }

    /// The state, typed.
    pub fn state(&self) -> VmState {
        VmState::of(&self.vm_state)
    }

    /// The task, typed.
    pub fn current_task(&self) -> Option<Task> {
        self.task_state.as_deref().and_then(Task::of)
    }

    /// What the machine does, typed.
    pub fn power(&self) -> Power {
        Power::of(self.power_state)
    }

    /// Particulars of the task.
    pub fn details(&self) -> TaskDetails {
        self.task.clone().unwrap_or_default()
    }
}

/// The server of that id that is not gone.
pub async fn living(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::Deleted.eq(false)).one(db).await
}

/// A change to a server that has a certain task: nothing changes when it has another by now.
pub fn change(id: Uuid, task: Option<Task>) -> sea_orm::UpdateMany<Entity> {
    let update = Entity::update_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Deleted.eq(false))
        .col_expr(Column::UpdatedAt, Expr::value(Utc::now()));
    match task {
        Some(task) => update.filter(Column::TaskState.eq(task.name())),
        None => update.filter(Column::TaskState.is_null()),
    }
}

/// How many servers are on a host.
pub async fn of_host(db: &impl ConnectionTrait, host: &str) -> Result<u64, DbErr> {
    let there = Entity::find().filter(Column::Host.eq(host)).filter(Column::Deleted.eq(false));
    platform::db::list::count(db, there).await
}

/// What the servers of a host take of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostUse {
    /// How many they are.
    pub servers: i64,
    /// How many of them something is being done to.
    pub busy: i64,
    /// Their processors.
    pub vcpus: i64,
    /// Their memory, in MiB.
    pub memory_mb: i64,
    /// Their disks, in GiB.
    pub disk_gb: i64,
}

/// What servers take of each host that has some. Those of one size on one host are counted together.
pub async fn use_of_hosts(
    db: &impl ConnectionTrait,
    host: Option<&str>,
) -> Result<std::collections::BTreeMap<String, HostUse>, DbErr> {
    use sea_orm::{QuerySelect, sea_query::Func};
    let mut select = Entity::find().select_only();
    let sizes = [Column::Vcpus, Column::MemoryMb, Column::RootGb, Column::EphemeralGb];
    select = select.column(Column::Host).columns(sizes);
    let counted = |column| Expr::expr(Func::count(Expr::col((Entity, column))));
    select = select
        .column_as(counted(Column::Id), "counted")
        .column_as(counted(Column::TaskState), "busy")
        .filter(Column::Deleted.eq(false))
        .group_by(Column::Host);
    select = match host {
        Some(host) => select.filter(Column::Host.eq(host)),
        None => select.filter(Column::Host.is_not_null()),
    };
    for column in sizes {
        select = select.group_by(column);
    }
    let rows: Vec<(String, i64, i64, i64, i64, i64, i64)> = select.into_tuple().all(db).await?;
    let mut hosts = std::collections::BTreeMap::<String, HostUse>::new();
    for (host, vcpus, memory_mb, root_gb, ephemeral_gb, servers, busy) in rows {
        let used = hosts.entry(host).or_default();
        used.servers += servers;
        used.busy += busy;
        used.vcpus += vcpus * servers;
        used.memory_mb += memory_mb * servers;
        used.disk_gb += (root_gb + ephemeral_gb) * servers;
    }
    Ok(hosts)
}
