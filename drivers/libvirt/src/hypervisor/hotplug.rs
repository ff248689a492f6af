//! Disks and cards that come and go, live and in the definition. All of it blocks.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use contracts::driver::{DriverError, DriverResult};
use uuid::Uuid;
use virt::{connect::Connect, domain::Domain, sys};

use super::{domain, read};
use crate::{
    domain_xml::read::Device,
    error::{Context, driver_error, is_wrong_state},
};

const LOOK: Duration = Duration::from_millis(100);
/// A guest that boots ignores the request to let go of a device, and QEMU takes no second one for five seconds.
const ASK_AGAIN: Duration = Duration::from_millis(5500);

/// What is plugged.
#[derive(Debug)]
pub(super) enum Part {
    /// The disk of that name.
    Disk(String),
    /// The card on that tap.
    Card(String),
}

impl Part {
    fn find(&self, domain: &Domain, inactive: bool) -> DriverResult<Option<Device>> {
        let read = read(domain, inactive)?;
        Ok(match self {
            Self::Disk(name) => read.disk(name).cloned(),
            Self::Card(tap) => read.card(tap).cloned(),
        })
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disk(name) => write!(formatter, "disk {name}"),
            Self::Card(tap) => write!(formatter, "card {tap}"),
        }
    }
}

/// What is to be attached.
pub(super) struct Attachment {
    pub(super) part: Part,
    /// The disk's file: another one under the same name is an error.
    pub(super) source: Option<String>,
    /// Its description.
    pub(super) xml: String,
    /// The description of the SCSI controller that it hangs on, for when there is none.
    pub(super) controller: Option<String>,
}

/// Attaches where it is not attached yet: in the definition, in the running machine, or in both.
pub(super) fn attach(connect: &Connect, id: Uuid, attachment: &Attachment) -> DriverResult<()> {
    let domain = domain(connect, id)?;
    let Attachment { part, source, xml, controller } = attachment;
    for (flag, inactive) in [(sys::VIR_DOMAIN_AFFECT_CONFIG, true), (sys::VIR_DOMAIN_AFFECT_LIVE, false)] {
        if !inactive && !domain.is_active().context("looking at the machine")? {
            continue;
        }
        if !missing(&domain, part, source.as_deref(), inactive)? {
            continue;
        }
        if let Some(controller) = controller
            && !read(&domain, inactive)?.scsi_controller
        {
            domain.attach_device_flags(controller, flag).context("attaching a SCSI controller")?;
        }
        domain.attach_device_flags(xml, flag).context(&format!("attaching {part}"))?;
    }
    Ok(())
}

/// Whether it is to be attached there. Another disk under that name is an error.
fn missing(domain: &Domain, part: &Part, source: Option<&str>, inactive: bool) -> DriverResult<bool> {
    match part.find(domain, inactive)? {
        None => Ok(true),
        Some(device) if source.is_some() && device.source.as_deref() != source => {
            Err(DriverError::Refused(format!("{part} is there already, with other content")))
        }
        Some(_) => Ok(false),
    }
}

/// Detaches from the definition, then asks the guest until it has let go or `limit` has passed.
pub(super) fn detach(connect: &Connect, id: Uuid, part: &Part, limit: Duration) -> DriverResult<()> {
    let domain = domain(connect, id)?;
    if let Some(device) = part.find(&domain, true)? {
        domain
            .detach_device_flags(&device.xml, sys::VIR_DOMAIN_AFFECT_CONFIG)
            .context(&format!("detaching {part} from the definition"))?;
    }
    let began = Instant::now();
    let mut asked: Option<Instant> = None;
    let mut refusal = None;
    while domain.is_active().context("looking at the machine")? {
        let device = match part.find(&domain, false) {
            // It stopped between the two looks.
            Err(_) if !domain.is_active().unwrap_or(true) => return Ok(()),
            found => found?,
        };
        let Some(device) = device else { return Ok(()) };
        if asked.is_none_or(|at| at.elapsed() >= ASK_AGAIN) {
            asked = Some(Instant::now());
            match domain.detach_device_flags(&device.xml, sys::VIR_DOMAIN_AFFECT_LIVE) {
                Err(error) if !is_wrong_state(&error) => refusal = Some(error),
                _ => {}
            }
        }
        if began.elapsed() >= limit {
            return Err(match refusal {
                Some(error) => match driver_error(&format!("detaching {part}"), &error) {
                    DriverError::NotFound(text) | DriverError::Refused(text) => {
                        DriverError::Unavailable(text)
                    }
                    error => error,
                },
                None => DriverError::Unavailable(format!("the guest has not let go of {part} yet")),
            });
        }
        sleep(LOOK);
    }
    Ok(())
}
