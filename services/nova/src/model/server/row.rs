//! The table of servers.

use sea_orm::entity::prelude::*;

use super::details::{Cards, ImageSnapshot, Origin, ServerFault, TaskDetails};
use crate::{
    model::{
        aggregate::Names,
        flavor::{Snapshot, Strings},
    },
    server::state::{Power, Task, VmState},
};

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

impl Model {
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

    /// Makes it one of that flavor.
    pub fn set_flavor(&mut self, flavor: &Snapshot) {
        self.flavor = flavor.clone();
        self.flavor_id = flavor.id.clone();
        self.vcpus = flavor.vcpus;
        self.memory_mb = flavor.memory_mb;
        self.root_gb = flavor.root_gb;
        self.ephemeral_gb = flavor.ephemeral_gb;
    }

    /// Particulars of the task.
    pub fn details(&self) -> TaskDetails {
        self.task.clone().unwrap_or_default()
    }
}
