//! The messages of a session, one JSON value a line.

use contracts::{
    hosts::{HostError, HostReply, HostRequest},
    machine::{HostDescription, MachineStatus, Power},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an agent says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToController {
    /// What the host is and has: the first message, and again whenever events may have been missed.
    Inventory { description: HostDescription, machines: Vec<MachineStatus> },
    /// The outcome of the request of that number.
    Reply { number: u64, outcome: Outcome },
    /// A machine changed by itself.
    Machine { id: Uuid, power: Power },
    /// The agent is alive.
    Heartbeat,
}

/// What a controller says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToAgent {
    /// Do this.
    Request { number: u64, request: HostRequest },
    /// Bring a machine's graphical console under that token.
    Console { number: u64, token: Uuid, machine: Uuid },
    /// The controller is alive.
    Heartbeat,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was done.
    Done(HostReply),
    /// It was not.
    Failed(HostError),
}

impl From<Result<HostReply, HostError>> for Outcome {
    fn from(result: Result<HostReply, HostError>) -> Self {
        match result {
            Ok(reply) => Self::Done(reply),
            Err(error) => Self::Failed(error),
        }
    }
}

impl From<Outcome> for Result<HostReply, HostError> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(reply) => Ok(reply),
            Outcome::Failed(error) => Err(error),
        }
    }
}
