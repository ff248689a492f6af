//! The end of a server: nothing is left but its row, which remembers.

use contracts::hosts::{HostError, HostRequest};
use platform::{
    events::Event,
    reconcile::{Next, StepError},
};

use super::{record, snapshot};
use crate::{
    Nova,
    model::{
        attachment, console_token, instance_action, interface, password, resize,
        server::{self, Model},
        server_tag,
    },
};

/// Removes the machine, its ports, volumes and allocation. Every part may have been done before.
pub async fn step(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let mut away = false;
    if let Some(host) = &server.host {
        match nova.hosts.ask(host, HostRequest::Remove { id: server.id }).await {
            Ok(_) | Err(HostError::NotFound { .. }) => {}
            // A host that is away removes it when it comes back: its machines are compared with the rows.
            Err(HostError::Away { .. }) => away = true,
            Err(error) if attempt < record::PATIENCE => return Err(StepError::new(error)),
            Err(error) => {
                tracing::error!(server = %server.id, host, %error, "a host keeps the machine of a deleted server");
            }
        }
    }
    let db = nova.db.read();
    for disk in attachment::of(db, server).await? {
        if disk.destination != "volume" {
            continue;
        }
        nova.volumes.detach(disk.id).await?;
        if let (true, Some(volume)) = (disk.delete_on_termination, disk.volume_id) {
            nova.volumes.delete(volume).await?;
        }
    }
    for card in interface::of(db, server).await? {
        if card.made_by_nova {
            nova.networks.delete_port(card.port_id).await?;
        } else {
            nova.networks.release_port(card.port_id, server.id).await?;
        }
    }
    nova.placement.release(server.id).await?;
    snapshot::forget_shelved(nova, server).await;
    snapshot::forget_unfilled(nova, server).await?;
    forget(nova, server).await?;
    if let (true, Some(host)) = (away, &server.host) {
        // It may have come back meanwhile, and been compared with a row that was still there. From now on it can't be.
        let _ = nova.hosts.ask(host, HostRequest::Remove { id: server.id }).await;
    }
    Ok(Next::Done)
}

async fn forget(nova: &Nova, server: &Model) -> Result<(), StepError> {
    let mut tx = nova.db.write().await?;
    server::mark_deleted(&tx, server).await?;
    attachment::delete_of(&tx, server).await?;
    interface::delete_of(&tx, server).await?;
    resize::delete_of(&tx, server).await?;
    server_tag::clear(&tx, server).await?;
    console_token::delete_of(&tx, server).await?;
    password::clear(&tx, server).await?;
    instance_action::finish(&tx, server, ("delete", "compute_terminate_instance"), None).await?;
    tx.emit(Event::new("compute.instance.delete.end", server.id).project(server.project_id.as_str()));
    tx.commit().await?;
    Ok(())
}
