//! Shelve and unshelve.

use std::collections::BTreeMap;

use axum::response::Response;
use platform::{db::owned::Owned, http::Fault};

use super::{Asked, Request, image};
use crate::{
    model::server::TaskDetails,
    server::state::{Task, VmState},
};

/// `shelve`: an image is taken (unless the server boots from a volume), and the host is left.
pub async fn shelve(asked: Asked) -> Result<Response, Fault> {
    let states = &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended];
    asked.server.in_state("shelve", states)?;
    let snapshot = match asked.server.image_id {
        Some(_) => {
            let name = format!("{}-shelved", asked.server.name);
            Some(image::queued(&asked, name, BTreeMap::new(), Vec::new()).await?)
        }
        None => None,
    };
    let request = Request {
        task: Task::Shelving,
        action: "shelve",
        states,
        over: &[],
        event: "compute.instance.shelve.start",
    };
    let details = TaskDetails { shelved: snapshot, ..TaskDetails::default() };
    let outcome = asked.task_with(&request, |row| row.task = Some(details)).await;
    if let (Err(_), Some(image)) = (&outcome, snapshot) {
        asked.cx.service.images.discard(image).await?;
    }
    outcome
}

/// `shelveOffload`
pub async fn offload(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::ShelvingOffloading,
            action: "shelveOffload",
            states: &[VmState::Shelved],
            over: &[],
            event: "compute.instance.shelve_offload.start",
        })
        .await
}

/// `unshelve`, with an availability zone from 2.77 and a host from 2.91 on.
pub async fn unshelve(asked: Asked) -> Result<Response, Fault> {
    let wanted = asked.body.get("unshelve").cloned().unwrap_or_default();
    let text = |name: &str| wanted.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let (zone, host) = (text("availability_zone"), text("host"));
    if host.is_some() {
        asked.cx.allow_rule("os_compute_api:os-shelve:unshelve_to_host", &asked.server.target())?;
    }
    let details = TaskDetails { forced_host: host, ..asked.server.details() };
    let request = Request {
        task: Task::Unshelving,
        action: "unshelve",
        states: &[VmState::Shelved, VmState::ShelvedOffloaded],
        over: &[],
        event: "compute.instance.unshelve.start",
    };
    asked
        .task_with(&request, |row| {
            row.task = Some(details);
            row.availability_zone = zone.or(row.availability_zone.take());
        })
        .await
}
