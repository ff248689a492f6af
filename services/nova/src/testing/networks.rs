use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    network::{FixedIp, Network, Networks, NewPort, Port, SecurityGroupView},
    network_proxy::FloatingIp,
};
use uuid::Uuid;

/// One shared network with a subnet, and its ports in the order in which they were made.
pub struct FakeNetworks {
    network: Network,
    ports: Mutex<Vec<Port>>,
    pub(super) groups: Mutex<Vec<SecurityGroupView>>,
    pub(super) floating: Mutex<Vec<FloatingIp>>,
}

impl FakeNetworks {
    pub fn new() -> Arc<Self> {
        let network = Network {
            id: Uuid::new_v4(),
            name: "net".into(),
            project_id: "p1".into(),
            shared: true,
            external: false,
            mtu: 1442,
            has_subnet: true,
        };
        Arc::new(Self {
            network,
            ports: Mutex::default(),
            groups: Mutex::default(),
            floating: Mutex::default(),
        })
    }

    pub fn usual(&self) -> Uuid {
        self.network.id
    }

    pub fn ports(&self) -> Vec<Port> {
        self.ports.lock().unwrap().clone()
    }

    /// A port that a user made.
    pub fn add(&self) -> Uuid {
        let mut ports = self.ports.lock().unwrap();
        let port = self.make(Uuid::new_v4(), ports.len(), None);
        let id = port.id;
        ports.push(port);
        id
    }

    /// Gives a port a floating address.
    pub fn float(&self, device: &str, address: IpAddr) {
        for port in self.ports.lock().unwrap().iter_mut().filter(|port| port.device_id == device) {
            port.fixed_ips[0].floating = Some(address);
        }
    }

    fn make(&self, id: Uuid, number: usize, wanted: Option<IpAddr>) -> Port {
        let host = u8::try_from(number + 10).unwrap_or(250);
        Port {
            id,
            name: String::new(),
            project_id: "p1".into(),
            mac: format!("fa:16:3e:00:00:{host:02x}"),
            network: self.network.clone(),
            fixed_ips: vec![FixedIp {
                subnet_id: Uuid::new_v4(),
                address: wanted.unwrap_or(Ipv4Addr::new(10, 0, 0, host).into()),
                prefix_len: 24,
                gateway: Some(Ipv4Addr::new(10, 0, 0, 1).into()),
                dns: vec![],
                dhcp: true,
                floating: None,
            }],
            status: "DOWN".into(),
            device_id: String::new(),
            device_owner: String::new(),
            host: None,
            security_groups: vec!["default".into()],
            metadata: None,
        }
    }

    fn change(&self, id: Uuid, change: impl FnOnce(&mut Port) -> CallResult<()>) -> CallResult<Port> {
        let mut ports = self.ports.lock().unwrap();
        let port = ports
            .iter_mut()
            .find(|port| port.id == id)
            .ok_or_else(|| CallError::NotFound(format!("Port {id} could not be found.")))?;
        change(port)?;
        Ok(port.clone())
    }
}

#[async_trait]
impl Networks for FakeNetworks {
    async fn change_security_group(
        &self,
        _: &Caller,
        server: Uuid,
        name: &str,
        member: bool,
    ) -> CallResult<()> {
        for port in self.ports.lock().unwrap().iter_mut().filter(|port| port.device_id == server.to_string())
        {
            port.security_groups.retain(|group| group != name);
            if member {
                port.security_groups.push(name.to_owned());
            }
        }
        Ok(())
    }

    async fn network(&self, _: &Caller, id: Uuid) -> CallResult<Network> {
        match id == self.network.id {
            true => Ok(self.network.clone()),
            false => Err(CallError::NotFound(format!("Network {id} could not be found."))),
        }
    }

    async fn default_networks(&self, _: &Caller) -> CallResult<Vec<Network>> {
        Ok(vec![self.network.clone()])
    }

    async fn port(&self, _: &Caller, id: Uuid) -> CallResult<Port> {
        self.change(id, |_| Ok(()))
    }

    async fn security_group_exists(&self, _: &Caller, name: &str) -> CallResult<bool> {
        Ok(name == "default" || name == "web")
    }

    async fn ports_left(&self, _: &str) -> CallResult<Option<u64>> {
        Ok(Some(500 - self.ports.lock().unwrap().len() as u64))
    }

    async fn create_port(&self, project: &str, new: &NewPort) -> CallResult<Port> {
        let mut ports = self.ports.lock().unwrap();
        if let Some(port) = ports.iter().find(|port| port.id == new.id) {
            return Ok(port.clone());
        }
        let groups = new.security_groups.clone();
        let port = Port {
            project_id: project.into(),
            device_id: new.device_id.to_string(),
            device_owner: new.device_owner.clone(),
            security_groups: if groups.is_empty() { vec!["default".into()] } else { groups },
            ..self.make(new.id, ports.len(), new.fixed_ip)
        };
        ports.push(port.clone());
        Ok(port)
    }

    async fn claim_port(&self, port: Uuid, device: Uuid, owner: &str, _: &str) -> CallResult<Port> {
        self.change(port, |port| {
            if !port.device_id.is_empty() && port.device_id != device.to_string() {
                return Err(CallError::Conflict(format!("Port {} is still in use.", port.id)));
            }
            port.device_id = device.to_string();
            port.device_owner = owner.into();
            Ok(())
        })
    }

    async fn release_port(&self, port: Uuid, device: Uuid) -> CallResult<()> {
        let _ = self.change(port, |port| {
            if port.device_id == device.to_string() {
                port.device_id = String::new();
                port.device_owner = String::new();
                port.host = None;
                port.status = "DOWN".into();
            }
            Ok(())
        });
        Ok(())
    }

    async fn delete_port(&self, port: Uuid) -> CallResult<()> {
        self.ports.lock().unwrap().retain(|known| known.id != port);
        Ok(())
    }

    async fn bind_port(&self, port: Uuid, host: &str) -> CallResult<Port> {
        self.change(port, |port| {
            port.host = Some(host.into());
            port.status = "ACTIVE".into();
            Ok(())
        })
    }

    async fn ports_of(&self, devices: &[Uuid]) -> CallResult<Vec<Port>> {
        let wanted: Vec<String> = devices.iter().map(Uuid::to_string).collect();
        let ports = self.ports.lock().unwrap();
        Ok(ports.iter().filter(|port| wanted.contains(&port.device_id)).cloned().collect())
    }

    async fn device_at(&self, network: Uuid, address: IpAddr) -> CallResult<Option<Uuid>> {
        let ports = self.ports.lock().unwrap();
        let port = ports
            .iter()
            .find(|port| port.network.id == network && port.fixed_ips.iter().any(|ip| ip.address == address));
        Ok(port.and_then(|port| Uuid::parse_str(&port.device_id).ok()))
    }
}
