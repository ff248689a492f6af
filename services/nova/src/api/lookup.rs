//! Finding a server and being allowed to are one step, also where the rule depends on the body.

use platform::http::{Cx, Fault};
use uuid::Uuid;

use crate::{
    Nova,
    error::NovaError,
    model::{instance_action::Asker, server},
    server::state::{Task, VmState},
};

fn missing(id: &str) -> Fault {
    NovaError::InstanceNotFound(id.chars().take(255).collect()).into()
}

async fn read(cx: &Cx<Nova>, id: &str) -> Result<Option<server::Model>, Fault> {
    match Uuid::parse_str(id) {
        Ok(uuid) => Ok(server::living(cx.service.db.read(), uuid).await?),
        Err(_) => Ok(None),
    }
}

/// The server of a path, for what the route's rule allows.
pub async fn server(cx: &Cx<Nova>, id: &str) -> Result<server::Model, Fault> {
    let row = read(cx, id).await?;
    cx.found(row, server::Model::target, || missing(id))
}

/// The server of a path, for what another rule allows.
pub async fn server_for(cx: &Cx<Nova>, id: &str, rule: &str) -> Result<server::Model, Fault> {
    let row = read(cx, id).await?.ok_or_else(|| missing(id))?;
    match cx.allow_rule(rule, &row.target()) {
        Ok(()) => Ok(row),
        Err(refusal) if cx.caller.project_id() == Some(&row.project_id) => Err(refusal),
        Err(_) => Err(missing(id)),
    }
}

/// Who asks, for the record of what was done to servers.
pub fn asker(cx: &Cx<Nova>) -> Asker {
    Asker {
        request_id: cx.request_id.0.to_string(),
        user_id: cx.caller.user.id.clone(),
        project_id: cx.caller.project_id().unwrap_or_default().to_owned(),
    }
}

/// A locked server can be changed by administrators only.
pub fn unlocked(cx: &Cx<Nova>, server: &server::Model) -> Result<(), NovaError> {
    if server.locked && !cx.is_admin() {
        return Err(NovaError::Locked(server.id.to_string()));
    }
    Ok(())
}

/// The server must be in one of these states, with no task. In Nova's words.
pub fn in_state(server: &server::Model, action: &'static str, states: &[VmState]) -> Result<(), NovaError> {
    in_state_and_task(server, action, states, &[])
}

/// The server must be in one of these states, with no task but these.
pub fn in_state_and_task(
    server: &server::Model,
    action: &'static str,
    states: &[VmState],
    tasks: &[Task],
) -> Result<(), NovaError> {
    let refuse = |attribute, state: String| NovaError::InvalidState {
        action,
        id: server.id.to_string(),
        attribute,
        state,
    };
    if !states.is_empty() && !states.contains(&server.state()) {
        return Err(refuse("vm_state", server.vm_state.clone()));
    }
    match (server.current_task(), &server.task_state) {
        (Some(task), _) if tasks.contains(&task) => Ok(()),
        (_, Some(task)) => Err(refuse("task_state", task.clone())),
        (_, None) => Ok(()),
    }
}
