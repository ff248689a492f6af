//! What a domain's state means.

use contracts::{driver::DriverResult, machine::Power};
use virt::{
    domain::{Domain, DomainPausedReason, DomainShutoffReason, DomainState, DomainStateReason},
    enumutil::Enum,
    error::Error,
};

use crate::error::driver_error;

/// What a machine is doing.
pub(super) fn power(domain: &Domain) -> DriverResult<Power> {
    let (state, reason) =
        domain.state().map_err(|error| driver_error("reading the machine's state", &error))?;
    let Some(state) = state.known() else {
        // `virt` hides a failed call behind a state that does not exist.
        return Err(driver_error("reading the machine's state", &Error::last_error()));
    };
    let reason = match reason {
        Enum::Known(reason) => Some(reason),
        Enum::Unknown(_) => None,
    };
    Ok(match (state, reason) {
        // Its processors stand while QEMU starts and while a copy begins; nobody paused it.
        (DomainState::Paused, Some(DomainStateReason::Paused(reason)))
            if reason.is_any(vec![
                DomainPausedReason::StartingUp,
                DomainPausedReason::Snapshot,
                DomainPausedReason::Save,
                DomainPausedReason::Dump,
                DomainPausedReason::Migration,
            ]) =>
        {
            Power::Running
        }
        (DomainState::Paused, Some(DomainStateReason::Paused(reason)))
            if reason.is(DomainPausedReason::Crashed) =>
        {
            Power::Crashed
        }
        (DomainState::Shutoff, Some(DomainStateReason::Shutoff(reason)))
            if reason.is(DomainShutoffReason::Crashed) =>
        {
            Power::Crashed
        }
        (DomainState::Paused, _) => Power::Paused,
        (DomainState::Crashed, _) => Power::Crashed,
        (DomainState::Shutoff | DomainState::NoState, _) => Power::Off,
        (
            DomainState::Running | DomainState::Blocked | DomainState::Shutdown | DomainState::PMSuspended,
            _,
        ) => Power::Running,
    })
}
