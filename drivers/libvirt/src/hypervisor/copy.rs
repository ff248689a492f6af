//! Copies of disks: by a backup job of QEMU while the machine runs, by a confined `qemu-img` while it is off.
//!
//! A file that a running QEMU writes is never read by anything else. The copy grows under another name and gets its
//! own when it is whole.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use contracts::driver::{DriverError, DriverResult};
use uuid::Uuid;
use virt::domain::Domain;

use super::{
    LibvirtHypervisor,
    backup_job::{self, Job},
    domain, read,
};
use crate::{
    confined,
    domain_xml::{self, read::DeviceKind},
    error::{Context, is_wrong_state},
};

/// No copy takes longer.
const COPY_LIMIT: Duration = Duration::from_secs(6 * 3600);
const LOOK: Duration = Duration::from_millis(50);

/// One copy at a time for each machine: QEMU has one backup job.
#[derive(Default)]
pub(super) struct Copies(Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>);

impl Copies {
    fn turn(&self, id: Uuid) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(id).or_default())
    }
}

/// What a disk that can't be copied live needs.
enum Outcome {
    Copied,
    Off { source: PathBuf, format: String },
}

pub(super) async fn copy_disk(
    hypervisor: &LibvirtHypervisor,
    id: Uuid,
    device: &str,
    to: &Path,
) -> DriverResult<()> {
    let turn = hypervisor.copies.turn(id);
    let turn = turn.lock_owned().await;
    let partial = partial_name(to);
    remove(&partial).await?;
    let (name, target) = (device.to_owned(), partial.clone());
    let outcome = hypervisor
        .call("copying a disk", COPY_LIMIT, move |connect| {
            // Held by the thread itself, so that a caller that went away can't begin a second job beside this one.
            let _turn = turn;
            let domain = domain(connect, id)?;
            copy_live(&domain, &name, &target)
        })
        .await;
    let outcome = match outcome {
        Ok(Outcome::Off { source, format }) => {
            confined::convert(&source, &format, &partial, COPY_LIMIT).await
        }
        Ok(Outcome::Copied) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        remove(&partial).await?;
        return Err(error);
    }
    tokio::fs::rename(&partial, to)
        .await
        .map_err(|error| DriverError::Unavailable(format!("the copy could not be put in place: {error}")))
}

fn partial_name(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

async fn remove(path: &Path) -> DriverResult<()> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DriverError::Unavailable(format!("{} is in the way: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

fn copy_live(domain: &Domain, name: &str, to: &Path) -> DriverResult<Outcome> {
    let active = domain.is_active().context("looking at the machine")?;
    let read = read(domain, !active)?;
    let disk = read.disk(name).ok_or_else(|| DriverError::NotFound(format!("disk {name}")))?;
    if !active {
        let (Some(source), Some(format)) = (&disk.source, &disk.format) else {
            return Err(DriverError::Refused(format!("disk {name} has no file")));
        };
        return Ok(Outcome::Off { source: PathBuf::from(source), format: format.clone() });
    }
    let others: Vec<String> = read
        .devices
        .iter()
        .filter(|device| device.kind == DeviceKind::Disk && device.target != name)
        .map(|device| device.target.clone())
        .collect();
    let xml =
        domain_xml::backup(name, &others, to).map_err(|error| DriverError::Refused(error.to_string()))?;
    if backup_job::look(domain).context("looking at the machine's job")? == Job::Running {
        // Left by a process that ended: within this one, copies of a machine take turns.
        backup_job::abort(domain).context("ending an abandoned copy")?;
        wait_for_end(domain)?;
    }
    backup_job::begin(domain, &xml).context("beginning the copy")?;
    match wait_for_end(domain)? {
        Job::Completed => Ok(Outcome::Copied),
        _ => Err(DriverError::Unavailable(format!("the copy of disk {name} did not end well"))),
    }
}

fn wait_for_end(domain: &Domain) -> DriverResult<Job> {
    let began = Instant::now();
    loop {
        match backup_job::look(domain) {
            Ok(Job::Running) if began.elapsed() < COPY_LIMIT => sleep(LOOK),
            Ok(Job::Running) => {
                backup_job::abort(domain).context("ending a copy that takes too long")?;
                return Ok(Job::Failed);
            }
            Err(error) if is_wrong_state(&error) => return Ok(Job::Failed),
            outcome => return outcome.context("looking at the copy"),
        }
    }
}
