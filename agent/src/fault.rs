//! Why something could not be done, in the words of the protocol.

use std::{fmt::Display, time::Duration};

use agent_protocol::LinkError;
use contracts::{driver::DriverError, hosts::HostError};

/// It would fail again.
pub(crate) fn refused(reason: impl Into<String>) -> HostError {
    HostError::Refused { reason: reason.into() }
}

/// It may succeed the next time.
pub(crate) fn failed(what: impl Display, why: impl Display) -> HostError {
    HostError::Failed { reason: format!("{what}: {why}") }
}

pub(crate) fn of_driver(error: DriverError) -> HostError {
    match error {
        DriverError::NotFound(what) => HostError::NotFound { what },
        DriverError::Refused(reason) => HostError::Refused { reason },
        DriverError::Unavailable(reason) => HostError::Failed { reason },
    }
}

pub(crate) fn of_link(what: impl Display, error: LinkError) -> HostError {
    match error {
        LinkError::Refused { status: 403, .. } => {
            failed(what, "the request that named it is no longer under way")
        }
        LinkError::Refused { reason, .. } => refused(format!("{what}: {reason}")),
        LinkError::Away | LinkError::Failed(_) => failed(what, error),
    }
}

/// Gives an engine so long: one that hangs must not hold its machine for ever.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &str,
    call: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, HostError> {
    match tokio::time::timeout(limit, call).await {
        Ok(outcome) => outcome.map_err(of_driver),
        Err(_) => Err(failed(what, format!("not done within {} s", limit.as_secs()))),
    }
}

/// Asked to take away what is not there, there is nothing to do.
pub(crate) fn gone_is_done(outcome: Result<(), HostError>) -> Result<(), HostError> {
    match outcome {
        Err(HostError::NotFound { .. }) => Ok(()),
        other => other,
    }
}
