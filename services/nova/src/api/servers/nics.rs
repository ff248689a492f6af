//! The cards of a new server: what was asked for, checked, as rows.

use contracts::CallError;
use platform::{
    http::{Cx, Fault},
    wire::Version,
};
use serde_json::Value;
use uuid::Uuid;

use super::body::Nic;
use crate::{
    Nova,
    error::NovaError,
    model::{attachment::State, interface::Model},
};

/// Checks what was asked for. The rows have no server's id yet.
pub async fn nics(cx: &Cx<Nova>, networks: &Value, count: i64) -> Result<Vec<Model>, Fault> {
    let asked: Vec<Nic> = match networks {
        Value::String(word) if word == "none" => return Ok(Vec::new()),
        Value::Array(list) if !list.is_empty() => {
            serde_json::from_value(networks.clone()).map_err(|error| {
                Fault::bad_request(format!("Invalid input for field/attribute networks. {error}"))
            })?
        }
        _ => return default(cx, networks.is_string()).await,
    };
    let mut rows: Vec<Model> = Vec::new();
    for nic in asked {
        let row = match (nic.port, nic.uuid) {
            (Some(port), _) => {
                if count > 1 {
                    return Err(NovaError::Invalid("Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.".into()).into());
                }
                if nic.fixed_ip.is_some() {
                    let message = format!(
                        "Specified Fixed IP '{}' cannot be used with port '{port}': the two cannot be specified together.",
                        nic.fixed_ip.map(|ip| ip.to_string()).unwrap_or_default()
                    );
                    return Err(NovaError::Invalid(message).into());
                }
                if rows.iter().any(|row| row.port_id == port) {
                    return Err(NovaError::Conflict(format!("Port {port} is still in use.")).into());
                }
                given(cx, port).await?;
                Model { port_id: port, ..row(None) }
            }
            (None, Some(network)) => {
                usable(cx, network).await?;
                if nic.fixed_ip.is_some() && count > 1 {
                    return Err(NovaError::Invalid(
                        "max_count cannot be greater than 1 if an fixed_ip is specified.".into(),
                    )
                    .into());
                }
                Model { fixed_ip: nic.fixed_ip.map(|ip| ip.to_string()), ..row(Some(network)) }
            }
            (None, None) => {
                return Err(NovaError::Invalid(
                    "Bad networks format: network uuid is not in proper format".into(),
                )
                .into());
            }
        };
        rows.push(Model { tag: nic.tag, ..row });
    }
    room(cx, &rows, count).await?;
    number(&mut rows);
    Ok(rows)
}

/// A card that Nova makes on a network, or one of a port that is there.
pub fn row(network: Option<Uuid>) -> Model {
    Model {
        port_id: Uuid::new_v4(),
        server_id: Uuid::nil(),
        position: 0,
        network_id: network,
        fixed_ip: None,
        made_by_nova: network.is_some(),
        state: State::Wanted.name().into(),
        tag: None,
    }
}

fn number(rows: &mut [Model]) {
    for (at, row) in rows.iter_mut().enumerate() {
        row.position = i32::try_from(at).unwrap_or(i32::MAX);
    }
}

async fn default(cx: &Cx<Nova>, auto: bool) -> Result<Vec<Model>, Fault> {
    let networks = cx.service.networks.default_networks(&cx.caller).await?;
    match networks.as_slice() {
        [] if auto => {
            let project = cx.caller.project_id().unwrap_or_default();
            Err(NovaError::Invalid(format!(
                "Unable to automatically allocate a network for project {project}"
            ))
            .into())
        }
        [] => Ok(Vec::new()),
        [network] => Ok(vec![row(Some(network.id))]),
        _ => Err(NovaError::Conflict(
            "Multiple possible networks found, use a Network ID to be more specific.".into(),
        )
        .into()),
    }
}

/// The network is there for the caller, and a server can have an address on it.
pub async fn usable(cx: &Cx<Nova>, id: Uuid) -> Result<(), Fault> {
    let network = cx.service.networks.network(&cx.caller, id).await.map_err(|error| match error {
        CallError::Unavailable { .. } => Fault::from(error),
        _ => NovaError::Invalid(format!("Network {id} could not be found.")).into(),
    })?;
    if !network.has_subnet {
        let message = format!("Network {id} requires a subnet in order to boot instances on.");
        return Err(NovaError::Invalid(message).into());
    }
    let own = cx.caller.project_id() == Some(&network.project_id);
    if network.external && !network.shared && !own {
        let target = platform::policy::Target::project(network.project_id.as_str());
        if !cx.may("network:attach_external_network", &target) {
            let message = format!("It is not allowed to create an interface on external network {id}");
            return Err(NovaError::Forbidden(message).into());
        }
    }
    Ok(())
}

/// The port is there for the caller, free, and has an address.
pub async fn given(cx: &Cx<Nova>, id: Uuid) -> Result<(), Fault> {
    let port = cx.service.networks.port(&cx.caller, id).await.map_err(|error| match error {
        CallError::Unavailable { .. } => Fault::from(error),
        _ => NovaError::Invalid(format!("Port id {id} could not be found.")).into(),
    })?;
    if !port.device_id.is_empty() {
        return Err(NovaError::Conflict(format!("Port {id} is still in use.")).into());
    }
    if port.fixed_ips.is_empty() && cx.version < Version::new(2, 90) && port.network.has_subnet {
        return Err(NovaError::Invalid(format!("Port {id} requires a FixedIP in order to be used.")).into());
    }
    Ok(())
}

async fn room(cx: &Cx<Nova>, rows: &[Model], count: i64) -> Result<(), Fault> {
    let wanted = rows.iter().filter(|row| row.made_by_nova).count() as u64 * count.max(1) as u64;
    let Some(project) = cx.caller.project_id().filter(|_| wanted > 0) else { return Ok(()) };
    match cx.service.networks.ports_left(project).await? {
        Some(left) if left < wanted => {
            Err(NovaError::Forbidden("The number of ports exceeds the limit.".into()).into())
        }
        _ => Ok(()),
    }
}

/// The rows of one server, with ports of their own where Nova makes them.
pub fn of_server(rows: &[Model], server: Uuid) -> Vec<Model> {
    rows.iter()
        .map(|row| Model {
            server_id: server,
            port_id: if row.made_by_nova { Uuid::new_v4() } else { row.port_id },
            ..row.clone()
        })
        .collect()
}
