//! [`LibvirtHypervisor`]: the face of the driver. What each call does is in the modules beside this one.

mod backup_job;
mod console_log;
mod copy;
mod describe;
mod hotplug;
mod lifecycle;
mod power;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use contracts::{
    driver::{Card, Console, Disk, DriverError, DriverResult, Hypervisor, HypervisorEvent, Machine},
    machine::{DiskBus, HostDescription, MachineStatus, Urgency, tap_name},
};
use tokio::sync::broadcast;
use uuid::Uuid;
use virt::{connect::Connect, domain::Domain};

use crate::{
    acceleration::{Acceleration, Accelerator},
    connection::Connection,
    domain_xml,
    error::Context,
};

/// The longest that a call may take which does not wait for a guest.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// Starting QEMU on a busy host without KVM takes its time.
const START_LIMIT: Duration = Duration::from_secs(180);
/// Even a guest that is given hours to shut down is asked in the end.
const LONGEST_GRACE: Duration = Duration::from_secs(3600);

/// How the driver reaches libvirt, and what it assumes of the host.
#[derive(Debug, Clone)]
pub struct HypervisorConfig {
    /// `qemu:///system`, or [`crate::LibvirtDaemon::uri`].
    pub uri: String,
    /// The directory of machines' disks: its file system is the host's disk capacity.
    pub disk_directory: PathBuf,
    /// The emulator for the trial of KVM.
    pub emulator: PathBuf,
    /// How the accelerator is chosen.
    pub acceleration: Acceleration,
    /// How long a guest is given to let go of a device in one call.
    pub detach_limit: Duration,
    /// Where libvirt writes QEMU's own messages, so that a removed machine leaves nothing behind; `None` leaves it
    /// to the host.
    pub qemu_logs: Option<PathBuf>,
}

impl HypervisorConfig {
    /// The usual settings for a daemon at `uri`.
    pub fn new(uri: impl Into<String>, disk_directory: impl Into<PathBuf>) -> Self {
        Self {
            uri: uri.into(),
            disk_directory: disk_directory.into(),
            emulator: PathBuf::from("/usr/bin/qemu-system-x86_64"),
            acceleration: Acceleration::Auto,
            detach_limit: Duration::from_secs(20),
            qemu_logs: None,
        }
    }
}

/// Machines on libvirt.
pub struct LibvirtHypervisor {
    config: HypervisorConfig,
    accelerator: Accelerator,
    connection: Arc<Connection>,
    watch: watch::Watch,
    logs: console_log::ConsoleLogs,
    copies: copy::Copies,
}

impl LibvirtHypervisor {
    /// Decides on the accelerator and makes sure that libvirt answers.
    pub async fn connect(config: HypervisorConfig) -> DriverResult<Self> {
        let accelerator = config.acceleration.decide(&config.emulator).await;
        let (sender, happened) = std::sync::mpsc::channel();
        let connection = Connection::new(config.uri.clone(), sender.clone())?;
        let logs = connection.call("finding machines", CALL_LIMIT, console_log::find).await?;
        let logs = console_log::ConsoleLogs::start(logs)?;
        let watch = watch::Watch::start(&connection, sender, happened)?;
        Ok(Self { config, accelerator, connection, watch, logs, copies: copy::Copies::default() })
    }

    /// What runs the guests' instructions.
    pub fn accelerator(&self) -> Accelerator {
        self.accelerator
    }

    async fn call<T, F>(&self, deed: &'static str, limit: Duration, work: F) -> DriverResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connect) -> DriverResult<T> + Send + 'static,
    {
        self.connection.call(deed, limit, work).await
    }

    fn description(&self, machine: &Machine) -> DriverResult<String> {
        domain_xml::describe(machine, self.accelerator)
            .map_err(|error| DriverError::Refused(error.to_string()))
    }
}

/// The name of a machine's domain.
pub fn domain_name(id: Uuid) -> String {
    format!("pileus-{id}")
}

/// Whether a domain of that name is one of ours.
pub(crate) fn is_ours(name: &str) -> bool {
    name.strip_prefix("pileus-").is_some_and(|id| Uuid::parse_str(id).is_ok())
}

/// The domain of a machine.
fn domain(connect: &Connect, id: Uuid) -> DriverResult<Domain> {
    connect.lookup_domain_by_uuid(id).context("looking up the machine")
}

/// What libvirt knows of a domain as it runs, or of its definition.
fn read(domain: &Domain, inactive: bool) -> DriverResult<domain_xml::read::Domain> {
    let flags = if inactive { virt::sys::VIR_DOMAIN_XML_INACTIVE } else { 0 };
    let xml = domain.xml_desc(flags).context("reading the machine's description")?;
    domain_xml::read::domain(&xml).map_err(DriverError::Unavailable)
}

#[async_trait]
impl Hypervisor for LibvirtHypervisor {
    async fn describe(&self) -> DriverResult<HostDescription> {
        let (accelerator, directory) = (self.accelerator, self.config.disk_directory.clone());
        self.call("describing the host", CALL_LIMIT, move |connect| {
            describe::host(connect, accelerator, &directory)
        })
        .await
    }

    async fn machines(&self) -> DriverResult<Vec<MachineStatus>> {
        self.call("listing machines", CALL_LIMIT, lifecycle::machines).await
    }

    async fn start(&self, machine: &Machine) -> DriverResult<()> {
        let _operation = self.watch.operation(machine.id);
        let (log, xml) = (machine.console_log.clone(), self.description(machine)?);
        self.logs.keep(machine.id, log.clone());
        self.call("starting a machine", START_LIMIT, move |connect| lifecycle::start(connect, &xml, &log))
            .await
    }

    async fn stop(&self, id: Uuid, urgency: Urgency) -> DriverResult<()> {
        let _operation = self.watch.operation(id);
        self.call("stopping a machine", CALL_LIMIT + LONGEST_GRACE, move |connect| {
            lifecycle::stop(connect, id, urgency)
        })
        .await
    }

    async fn reboot(&self, machine: &Machine, urgency: Urgency) -> DriverResult<()> {
        let _operation = self.watch.operation(machine.id);
        let (id, log, xml) = (machine.id, machine.console_log.clone(), self.description(machine)?);
        self.logs.keep(id, log.clone());
        self.call("rebooting a machine", START_LIMIT + LONGEST_GRACE, move |connect| {
            match lifecycle::stop(connect, id, urgency) {
                Ok(()) | Err(DriverError::NotFound(_)) => lifecycle::start(connect, &xml, &log),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn pause(&self, id: Uuid, paused: bool) -> DriverResult<()> {
        let _operation = self.watch.operation(id);
        self.call("pausing a machine", CALL_LIMIT, move |connect| lifecycle::pause(connect, id, paused)).await
    }

    async fn remove(&self, id: Uuid) -> DriverResult<()> {
        let _operation = self.watch.operation(id);
        self.call("removing a machine", CALL_LIMIT, move |connect| lifecycle::remove(connect, id)).await?;
        self.logs.forget(id);
        if let Some(logs) = &self.config.qemu_logs {
            // It may never have run.
            let _ = tokio::fs::remove_file(logs.join(format!("{}.log", domain_name(id)))).await;
        }
        Ok(())
    }

    async fn attach_disk(&self, id: Uuid, disk: &Disk) -> DriverResult<()> {
        let refused = |error: domain_xml::DescriptionError| DriverError::Refused(error.to_string());
        let is_scsi = disk.bus == DiskBus::Scsi;
        let attachment = hotplug::Attachment {
            part: hotplug::Part::Disk(disk.device.clone()),
            source: Some(disk.path.to_string_lossy().into_owned()),
            xml: domain_xml::disk(disk).map_err(refused)?,
            controller: is_scsi.then(domain_xml::scsi_controller).transpose().map_err(refused)?,
        };
        self.call("attaching a disk", CALL_LIMIT, move |connect| hotplug::attach(connect, id, &attachment))
            .await
    }

    async fn detach_disk(&self, id: Uuid, device: &str) -> DriverResult<()> {
        let (part, limit) = (hotplug::Part::Disk(device.to_owned()), self.config.detach_limit);
        self.call("detaching a disk", CALL_LIMIT + limit, move |connect| {
            hotplug::detach(connect, id, &part, limit)
        })
        .await
    }

    async fn attach_card(&self, id: Uuid, card: &Card) -> DriverResult<()> {
        let attachment = hotplug::Attachment {
            part: hotplug::Part::Card(card.tap.clone()),
            source: None,
            xml: domain_xml::card(card).map_err(|error| DriverError::Refused(error.to_string()))?,
            controller: None,
        };
        self.call("attaching a card", CALL_LIMIT, move |connect| hotplug::attach(connect, id, &attachment))
            .await
    }

    async fn detach_card(&self, id: Uuid, port: Uuid) -> DriverResult<()> {
        let (part, limit) = (hotplug::Part::Card(tap_name(port)), self.config.detach_limit);
        self.call("detaching a card", CALL_LIMIT + limit, move |connect| {
            hotplug::detach(connect, id, &part, limit)
        })
        .await
    }

    async fn copy_disk(&self, id: Uuid, device: &str, to: &Path) -> DriverResult<()> {
        copy::copy_disk(self, id, device, to).await
    }

    async fn console(&self, id: Uuid) -> DriverResult<Console> {
        self.call("finding the console", CALL_LIMIT, move |connect| {
            let domain = domain(connect, id)?;
            if !domain.is_active().context("looking at the machine")? {
                return Err(DriverError::Unavailable(format!("machine {id} is off and has no screen")));
            }
            let socket = read(&domain, false)?.vnc_socket;
            socket.map(Console::Unix).ok_or_else(|| DriverError::NotFound(format!("the screen of {id}")))
        })
        .await
    }

    fn events(&self) -> broadcast::Receiver<HypervisorEvent> {
        self.watch.subscribe()
    }
}
