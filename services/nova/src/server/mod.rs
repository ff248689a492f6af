//! The reconciler of servers.
//!
//! A server's row is the only truth. `task_state` says what is wanted beyond what is; while there is one, the reconciler
//! works on it, and every step records its end on the condition that the task is still the same. So deleting, which may
//! replace any task, wins over all of them: the step that was under way finds that its end no longer counts.
//!
//! ```text
//!  create ─▶ BUILDING/scheduling ──place──▶ BUILDING/spawning ──▶ ACTIVE
//!               ▲        │ no host              │ host failed        │
//!               │        ▼                      │                    │
//!               │      ERROR ◀── tried enough ──┤                    │
//!               └───────────────────────────────┘                    │
//!                                                                    ▼
//!   ACTIVE ──powering-off──▶ STOPPED ──powering-on──▶ ACTIVE     (also pause, suspend, reboot, rescue)
//!   ACTIVE/STOPPED ──rebuilding──▶ ACTIVE/STOPPED
//!   ACTIVE/STOPPED ──resize_prep──▶ RESIZED ──resize_confirming | resize_reverting──▶ ACTIVE/STOPPED
//!   ACTIVE/STOPPED ──image_snapshot | image_backup──▶ the same
//!   ACTIVE/STOPPED ──shelving──▶ SHELVED_OFFLOADED ──unshelving──▶ scheduling
//!   any state ──deleting──▶ DELETED (row kept, everything else gone)
//! ```
//!
//! Disks and cards have their own rows, each `wanted`, `attached` or `detaching`; they are worked on while there is no task.
//!
//! | file | steps |
//! |---|---|
//! | `build.rs` | a host, ports, volumes, the machine |
//! | `power.rs` | off, on, reboot, pause, suspend |
//! | `attach.rs` | disks and cards of servers that are there |
//! | `snapshot.rs` | an image of a disk; shelving |
//! | `rebuild.rs` | another image in place of the disk |
//! | `resize.rs` | another flavor |
//! | `rescue.rs` | another disk before the own one |
//! | `delete.rs` | nothing is left |
//! | `addresses.rs` | what Neutron says of a server's ports, remembered |
//! | `machine.rs` | what a host is told a machine is |
//! | `condition.rs` | what must be so for something to be done |
//! | `record.rs` | how a step's end is written down |

mod addresses;
mod attach;
mod build;
mod condition;
mod delete;
pub mod machine;
mod power;
mod rebuild;
mod record;
mod rescue;
mod resize;
mod snapshot;
pub mod state;

use std::sync::Arc;

use async_trait::async_trait;
use platform::{
    db::owned::Inside,
    reconcile::{Next, Reconciler, StepError},
};
use uuid::Uuid;

pub use addresses::{AddressReconciler, refresh};
pub use build::port;

use self::state::Task;
use crate::{
    Nova,
    model::{attachment, interface, server},
};

const RECONCILER: Inside = Inside::because("what rows say is brought about, whosever they are");

/// Brings servers to what is wanted of them.
pub struct ServerReconciler(pub(crate) Arc<Nova>);

#[async_trait]
impl Reconciler for ServerReconciler {
    fn name(&self) -> &'static str {
        "server"
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        let db = self.0.db.read();
        let mut ids = server::pending(db, &RECONCILER).await?;
        ids.extend(attachment::pending(db, &RECONCILER).await?);
        ids.extend(interface::pending(db, &RECONCILER).await?);
        Ok(ids.into_iter().collect())
    }

    async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError> {
        let nova = self.0.as_ref();
        let sealed = server::find(nova.db.read(), id).await?;
        let Ok(server) = sealed.inside(&RECONCILER) else { return Ok(Next::Done) };
        match server.current_task() {
            None => attach::step(nova, &server, attempt).await,
            Some(Task::Scheduling) => build::place(nova, &server, attempt).await,
            Some(Task::Spawning) => build::spawn(nova, &server, attempt).await,
            Some(Task::Deleting) => delete::step(nova, &server, attempt).await,
            Some(task @ (Task::ImageSnapshot | Task::ImageBackup)) => {
                snapshot::step(nova, &server, task, attempt).await
            }
            Some(Task::Shelving) => snapshot::shelve(nova, &server, attempt).await,
            Some(Task::ShelvingOffloading) => snapshot::offload(nova, &server, attempt).await,
            Some(Task::Unshelving) => snapshot::unshelve(nova, &server).await,
            Some(Task::Rebuilding) => rebuild::step(nova, &server, attempt).await,
            Some(Task::ResizePrep) => resize::prepare(nova, &server, attempt).await,
            Some(Task::ResizeConfirming) => resize::confirm(nova, &server).await,
            Some(Task::ResizeReverting) => resize::revert(nova, &server, attempt).await,
            Some(Task::Rescuing) => rescue::rescue(nova, &server, attempt).await,
            Some(Task::Unrescuing) => rescue::unrescue(nova, &server, attempt).await,
            Some(task) => power::step(nova, &server, task, attempt).await,
        }
    }
}
