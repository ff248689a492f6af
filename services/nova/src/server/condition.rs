//! What must be so of a server for something to be done to it. In Nova's words.

use super::state::{Task, VmState};
use crate::{error::NovaError, model::server::Model};

impl Model {
    /// It must be in one of these states, with no task.
    pub fn in_state(&self, action: &'static str, states: &[VmState]) -> Result<(), NovaError> {
        self.in_state_and_task(action, states, &[])
    }

    /// It must be in one of these states (in any, if there are none), with no task but these.
    pub fn in_state_and_task(
        &self,
        action: &'static str,
        states: &[VmState],
        tasks: &[Task],
    ) -> Result<(), NovaError> {
        let refuse = |attribute, state: &str| NovaError::InvalidState {
            action,
            id: self.id.to_string(),
            attribute,
            state: state.to_owned(),
        };
        if !states.is_empty() && !states.contains(&self.state()) {
            return Err(refuse("vm_state", &self.vm_state));
        }
        match (self.current_task(), &self.task_state) {
            (Some(task), _) if tasks.contains(&task) => Ok(()),
            (_, Some(task)) => Err(refuse("task_state", task)),
            (_, None) => Ok(()),
        }
    }
}
