//! The states of servers in Nova's words, and what users see of them.

/// The stable state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum VmState {
    Building,
    Active,
    Paused,
    Suspended,
    Stopped,
    Rescued,
    Resized,
    Shelved,
    ShelvedOffloaded,
    SoftDeleted,
    Deleted,
    Error,
}

impl VmState {
    const ALL: [(Self, &'static str); 12] = [
        (Self::Building, "building"),
        (Self::Active, "active"),
        (Self::Paused, "paused"),
        (Self::Suspended, "suspended"),
        (Self::Stopped, "stopped"),
        (Self::Rescued, "rescued"),
        (Self::Resized, "resized"),
        (Self::Shelved, "shelved"),
        (Self::ShelvedOffloaded, "shelved_offloaded"),
        (Self::SoftDeleted, "soft-delete"),
        (Self::Deleted, "deleted"),
        (Self::Error, "error"),
    ];

    /// As the API shows it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("error", |(_, name)| name)
    }

    /// From the column.
    pub fn of(name: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == name).map_or(Self::Error, |(state, _)| *state)
    }
}

/// What is being done to a server. While there is one, the reconciler has work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Task {
    Scheduling,
    Spawning,
    Deleting,
    PoweringOff,
    PoweringOn,
    Rebooting,
    RebootingHard,
    Pausing,
    Unpausing,
    Suspending,
    Resuming,
    ImageSnapshot,
    ImageBackup,
    Rebuilding,
    ResizePrep,
    ResizeReverting,
    ResizeConfirming,
    Shelving,
    ShelvingOffloading,
    Unshelving,
    Rescuing,
    Unrescuing,
}

impl Task {
    const ALL: [(Self, &'static str); 22] = [
        (Self::Scheduling, "scheduling"),
        (Self::Spawning, "spawning"),
        (Self::Deleting, "deleting"),
        (Self::PoweringOff, "powering-off"),
        (Self::PoweringOn, "powering-on"),
        (Self::Rebooting, "rebooting"),
        (Self::RebootingHard, "rebooting_hard"),
        (Self::Pausing, "pausing"),
        (Self::Unpausing, "unpausing"),
        (Self::Suspending, "suspending"),
        (Self::Resuming, "resuming"),
        (Self::ImageSnapshot, "image_snapshot"),
        (Self::ImageBackup, "image_backup"),
        (Self::Rebuilding, "rebuilding"),
        (Self::ResizePrep, "resize_prep"),
        (Self::ResizeReverting, "resize_reverting"),
        (Self::ResizeConfirming, "resize_confirming"),
        (Self::Shelving, "shelving"),
        (Self::ShelvingOffloading, "shelving_offloading"),
        (Self::Unshelving, "unshelving"),
        (Self::Rescuing, "rescuing"),
        (Self::Unrescuing, "unrescuing"),
    ];

    /// As the API shows it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(task, _)| *task == self).map_or("", |(_, name)| name)
    }

    /// From the column.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(task, _)| *task)
    }
}

/// What a machine does, in Nova's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Power {
    NoState = 0,
    Running = 1,
    Paused = 3,
    Shutdown = 4,
    Crashed = 6,
    Suspended = 7,
}

impl Power {
    /// From the column.
    pub fn of(number: i32) -> Self {
        match number {
            1 => Self::Running,
            3 => Self::Paused,
            4 => Self::Shutdown,
            6 => Self::Crashed,
            7 => Self::Suspended,
            _ => Self::NoState,
        }
    }

    /// From what a host says.
    pub fn seen(power: contracts::machine::Power) -> Self {
        match power {
            contracts::machine::Power::Running => Self::Running,
            contracts::machine::Power::Paused => Self::Paused,
            contracts::machine::Power::Off => Self::Shutdown,
            contracts::machine::Power::Crashed => Self::Crashed,
        }
    }
}

/// The status that users see.
pub fn status(state: VmState, task: Option<Task>) -> &'static str {
    match (state, task) {
        (VmState::Active | VmState::Stopped, Some(Task::ResizePrep)) => "RESIZE",
        (VmState::Active | VmState::Stopped | VmState::Error, Some(Task::Rebuilding)) => "REBUILD",
        (VmState::Active, Some(Task::Rebooting)) => "REBOOT",
        (
            VmState::Active | VmState::Stopped | VmState::Paused | VmState::Suspended | VmState::Error,
            Some(Task::RebootingHard),
        ) => "HARD_REBOOT",
        (VmState::Resized, Some(Task::ResizeReverting)) => "REVERT_RESIZE",
        (VmState::Building, _) => "BUILD",
        (VmState::Active, _) => "ACTIVE",
        (VmState::Paused, _) => "PAUSED",
        (VmState::Suspended, _) => "SUSPENDED",
        (VmState::Stopped, _) => "SHUTOFF",
        (VmState::Rescued, _) => "RESCUE",
        (VmState::Resized, _) => "VERIFY_RESIZE",
        (VmState::Shelved, _) => "SHELVED",
        (VmState::ShelvedOffloaded, _) => "SHELVED_OFFLOADED",
        (VmState::SoftDeleted, _) => "SOFT_DELETED",
        (VmState::Deleted, _) => "DELETED",
        (VmState::Error, _) => "ERROR",
    }
}

/// The states, and the tasks (where only some fit), of a status that a list is filtered by.
pub fn of_status(wanted: &str) -> Option<(Vec<VmState>, Option<Vec<Task>>)> {
    let wanted = wanted.to_ascii_uppercase();
    let single = |state| Some((vec![state], None));
    match wanted.as_str() {
        "ACTIVE" => single(VmState::Active),
        "BUILD" => single(VmState::Building),
        "SHUTOFF" => single(VmState::Stopped),
        "PAUSED" => single(VmState::Paused),
        "SUSPENDED" => single(VmState::Suspended),
        "RESCUE" => single(VmState::Rescued),
        "VERIFY_RESIZE" => single(VmState::Resized),
        "SHELVED" => single(VmState::Shelved),
        "SHELVED_OFFLOADED" => single(VmState::ShelvedOffloaded),
        "SOFT_DELETED" => single(VmState::SoftDeleted),
        "DELETED" => single(VmState::Deleted),
        "ERROR" => single(VmState::Error),
        "REBOOT" => Some((vec![VmState::Active], Some(vec![Task::Rebooting]))),
        "HARD_REBOOT" => Some((
            vec![VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error],
            Some(vec![Task::RebootingHard]),
        )),
        "REBUILD" => {
            Some((vec![VmState::Active, VmState::Stopped, VmState::Error], Some(vec![Task::Rebuilding])))
        }
        "RESIZE" => Some((vec![VmState::Active, VmState::Stopped], Some(vec![Task::ResizePrep]))),
        "REVERT_RESIZE" => Some((vec![VmState::Resized], Some(vec![Task::ResizeReverting]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for (state, name) in VmState::ALL {
            assert_eq!((VmState::of(name), state.name()), (state, name));
        }
        for (task, name) in Task::ALL {
            assert_eq!((Task::of(name), task.name()), (Some(task), name));
        }
    }

    #[test]
    fn a_status_is_found_again_by_the_filter_that_names_it() {
        let tasks = Task::ALL.map(|(task, _)| Some(task)).into_iter().chain([None]);
        for task in tasks {
            for (state, _) in VmState::ALL {
                let shown = status(state, task);
                let (states, tasks) = of_status(shown).unwrap();
                assert!(states.contains(&state), "{shown}");
                assert!(tasks.is_none_or(|tasks| task.is_some_and(|task| tasks.contains(&task))), "{shown}");
            }
        }
    }
}
