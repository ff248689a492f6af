//! Making a port.

use chrono::Utc;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Addresses, Full,
    addresses::{self, Chosen, For},
    announce,
};
use crate::{
    address::{self, Choice},
    change::Change,
    error::Error,
    group,
    model::{
        fixed_ip,
        json::{DhcpOpts, Pairs},
        network, port, port_group, subnet,
    },
};

/// A port to be made.
pub(crate) struct NewPort<'a> {
    pub(crate) id: Uuid,
    pub(crate) network: &'a network::Model,
    pub(crate) subnets: &'a [subnet::Model],
    pub(crate) project_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) admin_state_up: bool,
    pub(crate) mac: Option<String>,
    pub(crate) addresses: Addresses,
    pub(crate) choice: Choice,
    pub(crate) device_id: String,
    pub(crate) device_owner: String,
    pub(crate) port_security: bool,
    /// `None`: the project's default group.
    pub(crate) groups: Option<Vec<Uuid>>,
    pub(crate) host: String,
    pub(crate) vnic_type: String,
    pub(crate) profile: Value,
    pub(crate) dns_name: String,
    pub(crate) pairs: Pairs,
    pub(crate) dhcp_opts: DhcpOpts,
}

impl<'a> NewPort<'a> {
    /// A port with nothing special about it.
    pub(crate) fn on(network: &'a network::Model, subnets: &'a [subnet::Model], project_id: &str) -> Self {
        Self {
            id: Uuid::new_v4(),
            network,
            subnets,
            project_id: project_id.to_owned(),
            name: String::new(),
            description: String::new(),
            admin_state_up: true,
            mac: None,
            addresses: Addresses::Automatic,
            choice: Choice::Any,
            device_id: String::new(),
            device_owner: String::new(),
            port_security: network.port_security_enabled,
            groups: None,
            host: String::new(),
            vnic_type: "normal".to_owned(),
            profile: Value::Object(serde_json::Map::new()),
            dns_name: String::new(),
            pairs: Pairs::default(),
            dhcp_opts: DhcpOpts::default(),
        }
    }

    /// A port of the network's own, without security groups, that belongs to a device of Neutron's.
    pub(crate) fn of_device(mut self, owner: &str, device: &str) -> Self {
        self.device_owner = owner.to_owned();
        self.device_id = device.to_owned();
        self.port_security = false;
        self.groups = Some(Vec::new());
        self
    }
}

/// Makes a port within the transaction.
pub(crate) async fn insert(change: &mut Change<'_>, new: NewPort<'_>) -> Result<Full, Error> {
    let mac = free_mac(change, &new).await?;
    let about = For {
        network: new.network,
        subnets: new.subnets,
        mac: &mac,
        device_owner: &new.device_owner,
        choice: new.choice,
        own: &[],
    };
    let chosen = addresses::choose(&**change, &about, &new.addresses).await?;
    let groups = match new.groups {
        Some(groups) => groups,
        None if new.port_security => vec![group::ensure_default(change, &new.project_id).await?],
        None => Vec::new(),
    };
    let now = Utc::now();
    let port = port::Model {
        id: new.id,
        network_id: new.network.id,
        project_id: new.project_id,
        name: new.name,
        admin_state_up: new.admin_state_up,
        status: if new.device_owner == super::FLOATING { "N/A" } else { "DOWN" }.to_owned(),
        mac,
        device_id: new.device_id,
        device_owner: new.device_owner,
        port_security_enabled: new.port_security,
        host: new.host,
        vnic_type: new.vnic_type,
        profile: new.profile,
        dns_name: new.dns_name,
        pairs: new.pairs,
        dhcp_opts: new.dhcp_opts,
        description: new.description,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    change.insert(&port).await?;
    let addresses = rows(&port, &chosen);
    change.insert_all(&addresses).await?;
    port_group::insert(change, &port, &groups).await?;
    announce(change, &port);
    Ok(Full { port, addresses, groups })
}

/// The MAC address that is asked for, or a new one, that no port of the network has.
async fn free_mac(change: &Change<'_>, new: &NewPort<'_>) -> Result<String, Error> {
    // That a random one is free is left to the unique key: two equal ones of 16 million are tried again by the caller.
    let Some(mac) = &new.mac else { return Ok(address::random_mac()) };
    if port::has_mac(&**change, new.network, mac).await? {
        return Err(Error::mac_in_use(new.network.id, mac));
    }
    Ok(mac.clone())
}

pub(super) fn rows(port: &port::Model, chosen: &[Chosen]) -> Vec<fixed_ip::Model> {
    chosen
        .iter()
        .zip(0..)
        .map(|((subnet_id, address), place)| fixed_ip::Model {
            network_id: port.network_id,
            address: address.to_string(),
            subnet_id: *subnet_id,
            port_id: port.id,
            place,
        })
        .collect()
}
