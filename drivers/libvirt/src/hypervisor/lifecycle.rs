//! Starting, stopping and forgetting machines. All of it blocks.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use contracts::{
    driver::{DriverError, DriverResult},
    machine::{MachineStatus, Power, Urgency},
};
use uuid::Uuid;
use virt::{connect::Connect, domain::Domain, sys};

use super::{domain, is_ours, power::power};
use crate::error::{Context, driver_error, is_no_domain, is_wrong_state};

/// How often it is looked whether a guest has gone.
const LOOK: Duration = Duration::from_millis(100);
/// A guest that is still booting does not see its power button: it is pressed again.
const PRESS_AGAIN: Duration = Duration::from_secs(5);
/// What is left to QEMU to end by itself when it was told to.
const DESTROY_LIMIT: Duration = Duration::from_secs(30);

pub(super) fn machines(connect: &Connect) -> DriverResult<Vec<MachineStatus>> {
    let mut machines = Vec::new();
    for domain in connect.list_all_domains(0).context("listing machines")? {
        if !domain.name().is_ok_and(|name| is_ours(&name)) {
            continue;
        }
        let id = domain.uuid().context("reading a machine's id")?;
        match power(&domain) {
            Ok(power) => machines.push(MachineStatus { id, power }),
            // Removed since the list was made.
            Err(DriverError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(machines)
}

pub(super) fn start(connect: &Connect, xml: &str, console_log: &Path) -> DriverResult<()> {
    let domain = connect.define_domain_xml(xml).context("defining the machine")?;
    if domain.is_active().context("looking at the machine")? {
        return Ok(());
    }
    begin_anew(console_log)?;
    match domain.create() {
        Err(error) if is_wrong_state(&error) && domain.is_active().unwrap_or(false) => Ok(()),
        outcome => outcome.context("starting the machine"),
    }
}

/// Empties the console's file of what the guest wrote before it was last started: QEMU only appends.
fn begin_anew(console_log: &Path) -> DriverResult<()> {
    match OpenOptions::new().write(true).truncate(true).open(console_log) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(DriverError::Unavailable(format!("{}: {error}", console_log.display())))
        }
        _ => Ok(()),
    }
}

pub(super) fn stop(connect: &Connect, id: Uuid, urgency: Urgency) -> DriverResult<()> {
    let domain = domain(connect, id)?;
    if let Urgency::Soft { grace } = urgency
        && ask_to_stop(&domain, Duration::from_secs(grace.into()).min(super::LONGEST_GRACE))?
    {
        return Ok(());
    }
    destroy(&domain)
}

/// Presses the power button until the guest is off; `false` when it does not obey.
fn ask_to_stop(domain: &Domain, grace: Duration) -> DriverResult<bool> {
    let began = Instant::now();
    let mut pressed: Option<Instant> = None;
    loop {
        match power(domain)? {
            Power::Off | Power::Crashed => {
                return Ok(!domain.is_active().context("looking at the machine")?);
            }
            // Standing processors see no power button.
            Power::Paused => return Ok(false),
            Power::Running => {}
        }
        if began.elapsed() >= grace {
            return Ok(false);
        }
        if pressed.is_none_or(|at| at.elapsed() >= PRESS_AGAIN) {
            match domain.shutdown_flags(sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) {
                Ok(_) => pressed = Some(Instant::now()),
                Err(error) if is_wrong_state(&error) => {}
                Err(error) => return Err(driver_error("asking the machine to shut down", &error)),
            }
        }
        sleep(LOOK);
    }
}

/// Ends QEMU; returns when it is gone.
fn destroy(domain: &Domain) -> DriverResult<()> {
    let began = Instant::now();
    loop {
        match domain.destroy() {
            Ok(()) => return Ok(()),
            Err(error) if is_no_domain(&error) || is_wrong_state(&error) => {
                return match domain.is_active() {
                    Ok(false) => Ok(()),
                    Err(error) if is_no_domain(&error) => Ok(()),
                    _ => Err(driver_error("stopping the machine", &error)),
                };
            }
            // QEMU can be stuck in the kernel for a while, on a slow disk for example.
            Err(_) if began.elapsed() < DESTROY_LIMIT => sleep(LOOK),
            Err(error) => {
                return Err(DriverError::Unavailable(format!("QEMU does not end: {}", error.message())));
            }
        }
    }
}

pub(super) fn pause(connect: &Connect, id: Uuid, paused: bool) -> DriverResult<()> {
    let domain = domain(connect, id)?;
    match (power(&domain)?, paused) {
        (Power::Running, false) | (Power::Paused, true) => Ok(()),
        (Power::Running, true) => domain.suspend().context("pausing the machine"),
        (Power::Paused, false) => domain.resume().context("resuming the machine"),
        (Power::Off | Power::Crashed, _) => Err(DriverError::Refused(format!("machine {id} does not run"))),
    }
}

pub(super) fn remove(connect: &Connect, id: Uuid) -> DriverResult<()> {
    let domain = match domain(connect, id) {
        Err(DriverError::NotFound(_)) => return Ok(()),
        found => found?,
    };
    destroy(&domain)?;
    let everything = sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
        | sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
        | sys::VIR_DOMAIN_UNDEFINE_NVRAM;
    match domain.undefine_flags(everything) {
        Err(error) if is_no_domain(&error) => Ok(()),
        outcome => outcome.context("forgetting the machine"),
    }
}
