//! Another disk before the own one, to mend what does not boot.

use contracts::{
    hosts::{HostError, HostRequest},
    machine::{DiskBus, DiskSource, DiskSpec, Urgency},
};
use platform::reconcile::{Next, StepError};

use super::{
    machine, rebuild,
    record::{self, End, Verdict},
    state::{Power, Task, VmState},
};
use crate::{Nova, model::server::Model};

/// Starts the machine from a fresh copy of the rescue image; its own disks come behind.
pub async fn rescue(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let action = ("rescue", "compute_rescue_instance");
    end(nova, server, Task::Rescuing, attempt, action, VmState::Rescued, boot(nova, server).await).await
}

/// Starts the machine as it was.
pub async fn unrescue(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let action = ("unrescue", "compute_unrescue_instance");
    let outcome = match server.host.as_deref() {
        Some(host) => match stop(nova, server, host).await {
            Ok(()) => rebuild::start(nova, server, host).await,
            Err(error) => Err(error),
        },
        None => Err(HostError::Refused { reason: "the server has no host".into() }),
    };
    end(nova, server, Task::Unrescuing, attempt, action, VmState::Active, outcome).await
}

async fn end(
    nova: &Nova,
    server: &Model,
    task: Task,
    attempt: u32,
    action: (&str, &str),
    state: VmState,
    outcome: Result<(), HostError>,
) -> Result<Next, StepError> {
    match outcome {
        Ok(()) => {
            let event = if state == VmState::Rescued {
                "compute.instance.rescue.end"
            } else {
                "compute.instance.unrescue.end"
            };
            record::end(nova, server, task, End::well(action, event).at(state, Power::Running)).await
        }
        Err(error) => match record::judge(error, attempt) {
            Verdict::Again(error) => Err(error),
            Verdict::Never(reason) => {
                record::fail(nova, server, task, action, 500, "The host could not do it.", &reason).await
            }
        },
    }
}

async fn stop(nova: &Nova, server: &Model, host: &str) -> Result<(), HostError> {
    let request = HostRequest::Stop { id: server.id, urgency: Urgency::Hard };
    match nova.hosts.ask(host, request).await {
        Ok(_) | Err(HostError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn boot(nova: &Nova, server: &Model) -> Result<(), HostError> {
    let refused = |reason: &str| HostError::Refused { reason: reason.to_owned() };
    let failed = |error: contracts::CallError| HostError::Failed { reason: error.to_string() };
    let host = server.host.as_deref().ok_or_else(|| refused("the server has no host"))?;
    let image = server.details().rescue_image.ok_or_else(|| refused("no rescue image was recorded"))?;
    let (image, _) = nova.images.open(image).await.map_err(failed)?;
    let mut spec = machine::current(nova, server, host).await.map_err(failed)?;
    for disk in &mut spec.disks {
        disk.boot_index = None;
    }
    let taken: Vec<Option<String>> = spec.disks.iter().map(|disk| Some(disk.device.clone())).collect();
    spec.disks.push(DiskSpec {
        device: machine::free_device("virtio", &taken),
        bus: DiskBus::Virtio,
        source: DiskSource::Image {
            image: image.id,
            format: image.disk_format.unwrap_or_default(),
            sha512: image.sha512.unwrap_or_default(),
            size_gib: 0,
        },
        boot_index: Some(0),
        serial: None,
    });
    stop(nova, server, host).await?;
    nova.hosts.ask(host, HostRequest::Start { spec }).await?;
    Ok(())
}
