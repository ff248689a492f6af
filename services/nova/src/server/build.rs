//! A server's birth: a host, its ports and volumes, the machine.

use std::time::Duration;

use chrono::Utc;
use contracts::{
    CallError,
    hosts::{HostError, HostRequest},
    network::{NewPort, Port},
    volume::NewVolume,
};
use platform::reconcile::{Next, StepError};
use tokio::time::{Instant, sleep};

use super::{
    machine,
    record::{self, End},
    snapshot,
    state::{Power, Task, VmState},
};
use crate::{
    Nova,
    model::{
        attachment, instance_action, interface,
        server::{self, Card, Cards, Model, TaskDetails},
    },
    scheduler,
};

/// A server that ran before is being unshelved.
fn action(server: &Model) -> (&'static str, &'static str) {
    match server.launched_at {
        None => ("create", "compute__do_build_and_run_instance"),
        Some(_) => ("unshelve", "compute_unshelve_instance"),
    }
}

const NO_HOST: &str = "No valid host was found. There are not enough hosts available.";

/// Chooses a host and allocates there. The allocation stands before the row names the host, and the row names the host
/// before anything is made there: no machine without an allocation.
pub async fn place(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let _one_at_a_time = match server.group_id {
        Some(_) => Some(nova.grouping.lock().await),
        None => None,
    };
    let wanted = scheduler::resources(&server.flavor, server.image_id.is_some());
    for candidate in scheduler::candidates(nova, server).await? {
        let allocated = nova
            .placement
            .allocate(server.id, &server.project_id, &server.user_id, candidate.provider, &wanted)
            .await;
        match allocated {
            Ok(()) => {}
            Err(CallError::Conflict(_)) => continue,
            Err(error) => return Err(error.into()),
        }
        let placed = Model {
            host: Some(candidate.name),
            task_state: Some(Task::Spawning.name().into()),
            ..server.clone()
        };
        let tx = nova.db.write().await?;
        let recorded = server::change(&tx, server, |row| row.clone_from(&placed)).await?;
        tx.commit().await?;
        if !recorded {
            return Ok(Next::Now);
        }
        return spawn(nova, &placed, 0).await;
    }
    if attempt == 0 && nova.hosts.connected().is_empty() {
        // The first host of a cloud that has just begun may be on its way.
        return Err(StepError::new("no host is connected"));
    }
    let details = server.details();
    let (message, why) = match details.tried.last() {
        Some(_) => (
            "Exceeded maximum number of retries. No host could build the instance.",
            format!("tried: {}", details.tried.join(", ")),
        ),
        None => (NO_HOST, "no host has room and fits".to_owned()),
    };
    give_up(nova, server, Task::Scheduling, 500, message, &why).await
}

/// Why a build can't go on where it is.
enum Stop {
    /// The same step again.
    Again(StepError),
    /// Something outside must happen first.
    Later(Duration),
    /// Another host may do it.
    Host(String),
    /// Nobody can do it. The text is for the owner.
    Fatal(u16, String),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unavailable { .. } => Self::Again(error.into()),
            CallError::NotFound(text) => Self::Fatal(404, text),
            CallError::Forbidden(text) | CallError::OverQuota(text) => Self::Fatal(403, text),
            CallError::Invalid(text) => Self::Fatal(400, text),
            CallError::Conflict(text) => Self::Fatal(409, text),
        }
    }
}

impl From<sea_orm::DbErr> for Stop {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Again(error.into())
    }
}

/// Makes everything on the host that was chosen, and starts the machine.
pub async fn spawn(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let Some(host) = server.host.clone() else {
        return reschedule(nova, server, "no host was recorded").await;
    };
    match materialise(nova, server, &host).await {
        Ok(Some(ports)) => finish(nova, server, &ports).await,
        Ok(None) => Ok(Next::Now),
        Err(Stop::Later(delay)) => Ok(Next::After(delay)),
        Err(Stop::Again(error)) if attempt < record::PATIENCE => Err(error),
        Err(Stop::Again(error)) => reschedule(nova, server, &error.0).await,
        Err(Stop::Host(reason)) => reschedule(nova, server, &reason).await,
        Err(Stop::Fatal(code, message)) => {
            give_up(
                nova,
                server,
                Task::Spawning,
                code,
                &format!("Build of instance {} aborted: {message}", server.id),
                "",
            )
            .await
        }
    }
}

/// `None`: the server is no longer to be built.
async fn materialise(nova: &Nova, server: &Model, host: &str) -> Result<Option<Vec<Port>>, Stop> {
    let db = nova.db.read();
    let mut disks = attachment::of(db, server).await?;
    let cards = interface::of(db, server).await?;
    for disk in disks.iter_mut().filter(|disk| disk.destination == "volume") {
        volume(nova, server, disk).await?;
    }
    let mut ports = Vec::new();
    for card in &cards {
        ports.push(port(nova, server, card, host).await?);
    }
    let spec = machine::spec(nova, server, &disks, &cards, &ports, host).await?;
    let still = server::again(db, server).await?;
    if still.is_none_or(|now| now.task_state != server.task_state || now.host != server.host) {
        return Ok(None);
    }
    nova.hosts.ask(host, HostRequest::Start { spec }).await.map_err(|error| match error {
        HostError::Away { .. } => Stop::Again(StepError::new(error)),
        error => Stop::Host(error.to_string()),
    })?;
    for disk in disks.iter().filter(|disk| disk.destination == "volume") {
        nova.volumes.complete(disk.id, &format!("/dev/{}", disk.device.as_deref().unwrap_or("vda"))).await?;
    }
    Ok(Some(wired(nova, server, &cards, ports).await?))
}

/// The volume is there and reserved for the server.
async fn volume(nova: &Nova, server: &Model, disk: &attachment::Model) -> Result<(), Stop> {
    let Some(id) = disk.volume_id else {
        return Err(Stop::Fatal(500, "A block device has no volume.".into()));
    };
    let caller = &server.origin.0;
    if disk.made_by_nova {
        let new = NewVolume {
            id,
            size: disk.size_gib.max(1) as u64,
            name: String::new(),
            image_id: disk.image_id,
            snapshot_id: disk.snapshot_id,
        };
        let state = nova.volumes.create(caller, &new).await?;
        match state.status.as_str() {
            "creating" | "downloading" => return Err(Stop::Later(Duration::from_millis(200))),
            "error" => {
                return Err(Stop::Fatal(
                    500,
                    format!("Volume {id} did not finish being created; its status is error."),
                ));
            }
            _ => {}
        }
    }
    Ok(nova.volumes.reserve(caller, disk.id, id, server.id).await?)
}

/// The port is there, the server's, and bound to the host.
pub async fn port(
    nova: &Nova,
    server: &Model,
    card: &interface::Model,
    host: &str,
) -> Result<Port, CallError> {
    let zone = server.availability_zone.as_deref().unwrap_or(&nova.config.default_availability_zone);
    let device_owner = format!("compute:{zone}");
    match card.network_id.filter(|_| card.made_by_nova) {
        Some(network_id) => {
            let new = NewPort {
                id: card.port_id,
                network_id,
                device_id: server.id,
                dns_name: server.hostname.clone(),
                fixed_ip: card.fixed_ip.as_deref().and_then(|text| text.parse().ok()),
                security_groups: server.security_groups.0.clone(),
                device_owner,
            };
            nova.networks.create_port(&server.project_id, &new).await?;
        }
        None => {
            nova.networks.claim_port(card.port_id, server.id, &device_owner, &server.hostname).await?;
        }
    }
    nova.networks.bind_port(card.port_id, host).await
}

/// Waits a little for the network to say that it has wired the ports; the ports as they are then.
async fn wired(
    nova: &Nova,
    server: &Model,
    cards: &[interface::Model],
    bound: Vec<Port>,
) -> Result<Vec<Port>, Stop> {
    if cards.is_empty() {
        return Ok(bound);
    }
    let deadline = Instant::now() + Duration::from_millis(nova.config.vif_plugging_timeout_ms);
    let mut pause = Duration::from_millis(10);
    loop {
        let ports = nova.networks.ports_of(&[server.id]).await?;
        if ports.iter().all(|port| port.status == "ACTIVE") || Instant::now() >= deadline {
            return Ok(ports);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

/// The columns that remember a server's ports.
pub fn remembered(cards: &[interface::Model], ports: &[Port]) -> (Cards, crate::model::aggregate::Names) {
    let ports = machine::ordered(cards, ports);
    let mut groups: Vec<String> = Vec::new();
    for name in ports.iter().flat_map(|port| &port.security_groups) {
        if !groups.contains(name) {
            groups.push(name.clone());
        }
    }
    (Cards(ports.into_iter().map(Card::from).collect()), crate::model::aggregate::Names(groups))
}

async fn finish(nova: &Nova, server: &Model, ports: &[Port]) -> Result<Next, StepError> {
    let cards = interface::of(nova.db.read(), server).await?;
    let (addresses, groups) = remembered(&cards, ports);
    snapshot::forget_shelved(nova, server).await;
    let mut tx = nova.db.write().await?;
    let recorded = server::change(&tx, server, |row| {
        row.task_state = None;
        row.task = None;
        row.fault = None;
        row.vm_state = VmState::Active.name().into();
        row.power_state = Power::Running as i32;
        row.launched_at = row.launched_at.or_else(|| Some(Utc::now()));
        row.addresses = addresses;
        row.security_groups = groups;
    });
    if !recorded.await? {
        return Ok(Next::Now);
    }
    // The machine was started with all that was wanted.
    attachment::settle(&tx, server).await?;
    interface::settle(&tx, server).await?;
    instance_action::finish(&tx, server, action(server), None).await?;
    tx.emit(
        platform::events::Event::new("compute.instance.create.end", server.id)
            .project(server.project_id.as_str()),
    );
    tx.commit().await?;
    Ok(Next::Now)
}

/// Takes everything back from the host, and lets another be chosen.
async fn reschedule(nova: &Nova, server: &Model, reason: &str) -> Result<Next, StepError> {
    let mut details: TaskDetails = server.details();
    details.tried.extend(server.host.clone());
    tracing::warn!(server = %server.id, host = server.host, reason, "a host could not build a server");
    if let Some(host) = &server.host {
        // Best effort: a host that is away removes it when it is back and finds that it should not have it.
        let _ = nova.hosts.ask(host, HostRequest::Remove { id: server.id }).await;
    }
    nova.placement.release(server.id).await?;
    if details.tried.len() >= nova.config.max_attempts {
        let message = format!(
            "Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for instance {}.",
            server.id
        );
        return give_up(nova, server, Task::Spawning, 500, &message, reason).await;
    }
    let tx = nova.db.write().await?;
    server::change(&tx, server, |row| {
        row.task_state = Some(Task::Scheduling.name().into());
        row.host = None;
        row.task = Some(details);
    })
    .await?;
    tx.commit().await?;
    Ok(Next::Now)
}

/// Ends the build in ERROR. What Nova made is given back; the volumes stay for their owner to look at, as in OpenStack,
/// until the server is deleted.
async fn give_up(
    nova: &Nova,
    server: &Model,
    task: Task,
    code: u16,
    message: &str,
    details: &str,
) -> Result<Next, StepError> {
    if let Some(host) = &server.host {
        let _ = nova.hosts.ask(host, HostRequest::Remove { id: server.id }).await;
    }
    if server.launched_at.is_some() {
        return shelve_again(nova, server, task, message).await;
    }
    for card in interface::of(nova.db.read(), server).await? {
        if card.made_by_nova {
            nova.networks.delete_port(card.port_id).await?;
        } else {
            nova.networks.release_port(card.port_id, server.id).await?;
        }
    }
    for disk in attachment::of(nova.db.read(), server).await? {
        if disk.destination == "volume" {
            nova.volumes.detach(disk.id).await?;
        }
    }
    nova.placement.release(server.id).await?;
    record::fail(nova, server, task, action(server), code, message, details).await
}

/// What can't be unshelved stays shelved, with its ports and volumes.
async fn shelve_again(nova: &Nova, server: &Model, task: Task, message: &str) -> Result<Next, StepError> {
    nova.placement.release(server.id).await?;
    let end = End {
        failure: Some(message.to_owned()),
        kept: Some(TaskDetails { shelved: server.details().shelved, ..TaskDetails::default() }),
        ..End::well(action(server), "compute.instance.error").at(VmState::ShelvedOffloaded, Power::Shutdown)
    };
    record::end_with(nova, server, task, end, |row| row.host = None).await
}
