//! What goes wrong between a client and an OVSDB server.

use contracts::driver::DriverError;

/// Why a call to an OVSDB server failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OvsdbError {
    /// There is no connection, or it broke before the answer: nobody knows whether the call had its effect.
    #[error("no connection to {endpoint}: {reason}")]
    Disconnected {
        /// Where the server should be.
        endpoint: String,
        /// What happened.
        reason: String,
    },
    /// The server refused an operation, and with it the whole transaction.
    #[error("{error}: {details}")]
    Refused {
        /// OVSDB's name of the error, such as `constraint violation`.
        error: String,
        /// The server's own words.
        details: String,
    },
    /// A row that the transaction was to change is no longer there.
    #[error("a row of {table} changed meanwhile")]
    Stale {
        /// Its table.
        table: String,
    },
    /// Something that is not OVSDB came.
    #[error("not understood: {0}")]
    Protocol(String),
}

impl OvsdbError {
    /// Whether the transaction lost a race against another writer: read again and compute it anew.
    pub fn is_race(&self) -> bool {
        match self {
            OvsdbError::Stale { .. } => true,
            OvsdbError::Refused { error, .. } => {
                matches!(
                    error.as_str(),
                    "constraint violation" | "timed out" | "referential integrity violation" | "aborted"
                )
            }
            _ => false,
        }
    }
}

impl From<OvsdbError> for DriverError {
    fn from(error: OvsdbError) -> Self {
        match error {
            OvsdbError::Disconnected { .. } | OvsdbError::Stale { .. } => {
                DriverError::Unavailable(error.to_string())
            }
            OvsdbError::Refused { .. } if error.is_race() => DriverError::Unavailable(error.to_string()),
            OvsdbError::Refused { error: ref name, .. } if name == "not leader" => {
                DriverError::Unavailable(error.to_string())
            }
            OvsdbError::Refused { .. } | OvsdbError::Protocol(_) => DriverError::Refused(error.to_string()),
        }
    }
}
