//! The end of a server: nothing is left but its row, which remembers.

use chrono::Utc;
use contracts::hosts::{HostError, HostRequest};
use platform::{
    events::Event,
    reconcile::{Next, StepError},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    record, snapshot,
    state::{Power, Task, VmState},
};
use crate::{
    Nova,
    model::{
        attachment, console_token, instance_action, interface, json, password, resize,
        server::{self, Cards, Column, Model},
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
    for disk in attachment::of_server(db, server.id).await? {
        if disk.destination != "volume" {
            continue;
        }
        nova.volumes.detach(disk.id).await?;
        if let (true, Some(volume)) = (disk.delete_on_termination, disk.volume_id) {
            nova.volumes.delete(volume).await?;
        }
    }
    for card in interface::of_server(db, server.id).await? {
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
    let now = Utc::now();
    let update = server::change(server.id, Some(Task::Deleting))
        .col_expr(Column::TaskState, Expr::value(Option::<String>::None))
        .col_expr(Column::Task, Expr::value(Option::<serde_json::Value>::None))
        .col_expr(Column::VmState, Expr::value(VmState::Deleted.name()))
        .col_expr(Column::PowerState, Expr::value(Power::NoState as i32))
        .col_expr(Column::Deleted, Expr::value(true))
        .col_expr(Column::TerminatedAt, Expr::value(now))
        .col_expr(Column::GroupId, Expr::value(Option::<uuid::Uuid>::None))
        .col_expr(Column::Addresses, json(&Cards::default()));
    let id = server.id;
    let mut tx = nova.db.write().await?;
    update.exec(&*tx).await?;
    attachment::Entity::delete_many().filter(attachment::Column::ServerId.eq(id)).exec(&*tx).await?;
    interface::Entity::delete_many().filter(interface::Column::ServerId.eq(id)).exec(&*tx).await?;
    resize::Entity::delete_many().filter(resize::Column::ServerId.eq(id)).exec(&*tx).await?;
    server_tag::Entity::delete_many().filter(server_tag::Column::ServerId.eq(id)).exec(&*tx).await?;
    console_token::Entity::delete_many().filter(console_token::Column::ServerId.eq(id)).exec(&*tx).await?;
    password::clear(&*tx, id).await?;
    let event = ("delete", "compute_terminate_instance");
    instance_action::finish(&*tx, id, event.0, event.1, server.host.as_deref(), None).await?;
    tx.emit(Event::new("compute.instance.delete.end", id).project(server.project_id.as_str()));
    tx.commit().await?;
    Ok(())
}
