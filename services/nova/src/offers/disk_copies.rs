//! Copies of volumes that machines write to, for Cinder's snapshots: the machine's own host makes them.

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    compute::DiskCopies,
    hosts::{HostError, HostRequest},
};
use platform::db::owned::Inside;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    Nova,
    model::{attachment, server},
};

const CINDER: Inside =
    Inside::because("Cinder asks for its own volumes, of which it knows which server has them");

#[async_trait]
impl DiskCopies for Nova {
    async fn copy_volume(&self, server: Uuid, volume: Uuid, to: &str) -> CallResult<()> {
        let nobody = || CallError::NotFound(format!("No machine has volume {volume}."));
        let sealed = server::find(self.db.read(), server).await.map_err(database)?;
        let row = sealed.inside(&CINDER).map_err(|_| nobody())?;
        let disk = attachment::of_volume(self.db.read(), &row, volume).await.map_err(database)?;
        let Some(device) = disk.and_then(|disk| disk.device) else { return Err(nobody()) };
        let outcome = match row.host.as_deref() {
            Some(host) => {
                let request = HostRequest::CopyDisk { id: server, device, to: to.to_owned() };
                self.hosts.ask(host, request).await.map(|_| ())
            }
            None => Err(HostError::NotFound { what: format!("machine {server}") }),
        };
        match (outcome, &row.task_state) {
            (Ok(()), _) => Ok(()),
            // A server on its way from one place to another may have its machine where nobody looked.
            (Err(HostError::NotFound { what }), Some(task)) => Err(CallError::unavailable(
                "nova",
                format!("{what} is not on the host while the server is {task}"),
            )),
            (Err(HostError::NotFound { .. }), None) => Err(nobody()),
            (Err(HostError::Refused { reason }), _) => {
                tracing::warn!(%server, %volume, reason, "a host refused to copy a volume");
                Err(CallError::Conflict(format!(
                    "The host of server {server} could not copy volume {volume}."
                )))
            }
            (Err(error), _) => Err(CallError::unavailable("the host", error)),
        }
    }
}

fn database(error: DbErr) -> CallError {
    CallError::unavailable("nova", error)
}
