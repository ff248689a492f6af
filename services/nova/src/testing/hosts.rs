use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use contracts::{
    hosts::{ConsoleStream, HostError, HostEvent, HostReply, HostRequest, Hosts},
    machine::{HostDescription, MachineSpec, MachineStatus, Power},
};
use tokio::{io::AsyncWriteExt, sync::broadcast};
use uuid::Uuid;

/// Hosts that keep machines in a map.
pub struct FakeHosts {
    state: Mutex<State>,
    events: broadcast::Sender<HostEvent>,
}

#[derive(Default)]
struct State {
    hosts: BTreeMap<String, HostDescription>,
    away: Vec<String>,
    machines: BTreeMap<(String, Uuid), (MachineSpec, Power)>,
    failures: VecDeque<HostError>,
    asked: Vec<(String, HostRequest)>,
    stalled: bool,
}

pub fn description(host: &str) -> HostDescription {
    HostDescription {
        host: host.into(),
        hypervisor_type: "fake".into(),
        hypervisor_version: 1_000_000,
        vcpus: 64,
        memory_mib: 262_144,
        disk_gib: 2000,
        disk_free_gib: 2000,
        cpu_info: serde_json::json!({"arch": "x86_64"}),
        traits: vec!["COMPUTE_NODE".into()],
        address: "127.0.0.1".into(),
    }
}

impl FakeHosts {
    pub fn new(hosts: &[&str]) -> Arc<Self> {
        let state = State {
            hosts: hosts.iter().map(|host| ((*host).to_owned(), description(host))).collect(),
            ..State::default()
        };
        Arc::new(Self { state: Mutex::new(state), events: broadcast::channel(256).0 })
    }

    pub fn number(&self) -> usize {
        self.state.lock().unwrap().hosts.len()
    }

    /// The next requests fail so.
    pub fn fail(&self, errors: impl IntoIterator<Item = HostError>) {
        self.state.lock().unwrap().failures.extend(errors);
    }

    /// Starts never end from now on, until this is taken back.
    pub fn stall(&self, stalled: bool) {
        self.state.lock().unwrap().stalled = stalled;
    }

    pub fn asked(&self) -> Vec<(String, HostRequest)> {
        self.state.lock().unwrap().asked.clone()
    }

    pub fn machine(&self, id: &str) -> Option<(String, MachineSpec, Power)> {
        let id = Uuid::parse_str(id).unwrap();
        let state = self.state.lock().unwrap();
        state
            .machines
            .iter()
            .find(|((_, machine), _)| *machine == id)
            .map(|((host, _), (spec, power))| (host.clone(), spec.clone(), *power))
    }

    pub fn machines(&self) -> usize {
        self.state.lock().unwrap().machines.len()
    }

    /// The guest does it by itself.
    pub fn becomes(&self, id: &str, power: Power) {
        let id = Uuid::parse_str(id).unwrap();
        let mut state = self.state.lock().unwrap();
        for ((host, machine), (_, now)) in &mut state.machines {
            if *machine == id {
                *now = power;
                let _ = self.events.send(HostEvent::Machine { host: host.clone(), id, power });
            }
        }
    }

    pub fn leave(&self, host: &str) {
        self.state.lock().unwrap().away.push(host.into());
        let _ = self.events.send(HostEvent::Disconnected { host: host.into() });
    }

    pub fn come_back(&self, host: &str) {
        let mut state = self.state.lock().unwrap();
        state.away.retain(|away| away != host);
        let machines = listed(&state, host);
        let description = state.hosts[host].clone();
        let _ = self.events.send(HostEvent::Connected { description, machines });
    }

    pub fn forget_machines(&self) {
        self.state.lock().unwrap().machines.clear();
    }
}

fn listed(state: &State, host: &str) -> Vec<MachineStatus> {
    let own = state.machines.iter().filter(|((at, _), _)| at == host);
    own.map(|((_, id), (_, power))| MachineStatus { id: *id, power: *power }).collect()
}

#[async_trait]
impl Hosts for FakeHosts {
    fn connected(&self) -> Vec<HostDescription> {
        let state = self.state.lock().unwrap();
        state.hosts.values().filter(|host| !state.away.contains(&host.host)).cloned().collect()
    }

    async fn ask(&self, host: &str, request: HostRequest) -> Result<HostReply, HostError> {
        let stalled = self.state.lock().unwrap().stalled && matches!(request, HostRequest::Start { .. });
        if stalled {
            // The host does it, and nobody hears of it.
            if let HostRequest::Start { spec } = request {
                let key = (host.to_owned(), spec.id);
                self.state.lock().unwrap().machines.insert(key, (spec, Power::Running));
            }
            return std::future::pending().await;
        }
        let mut guard = self.state.lock().unwrap();
        let state = &mut *guard;
        if state.away.iter().any(|away| away == host) || !state.hosts.contains_key(host) {
            return Err(HostError::Away { host: host.into() });
        }
        if matches!(request, HostRequest::List) {
            return Ok(HostReply::Machines { machines: listed(state, host) });
        }
        state.asked.push((host.into(), request.clone()));
        if !matches!(request, HostRequest::Remove { .. })
            && let Some(error) = state.failures.pop_front()
        {
            return Err(error);
        }
        let missing = |id: Uuid| HostError::NotFound { what: id.to_string() };
        let machines = &mut state.machines;
        macro_rules! at {
            ($id:expr) => {
                machines.get_mut(&(host.to_owned(), $id)).ok_or_else(|| missing($id))?
            };
        }
        match request {
            HostRequest::Start { spec } | HostRequest::Reboot { spec, .. } => {
                machines.insert((host.into(), spec.id), (spec, Power::Running));
            }
            HostRequest::Stop { id, .. } => at!(id).1 = Power::Off,
            HostRequest::Pause { id, paused } => {
                at!(id).1 = if paused { Power::Paused } else { Power::Running };
            }
            HostRequest::Remove { id } => {
                machines.remove(&(host.to_owned(), id));
            }
            HostRequest::AttachDisk { id, disk } => at!(id).0.disks.push(disk),
            HostRequest::DetachDisk { id, device } => at!(id).0.disks.retain(|disk| disk.device != device),
            HostRequest::AttachNic { id, nic } => at!(id).0.nics.push(nic),
            HostRequest::DetachNic { id, port } => at!(id).0.nics.retain(|nic| nic.port != port),
            HostRequest::ConsoleLog { lines, .. } => {
                let all = ["one", "two", "three"];
                let from = all.len().saturating_sub(lines.unwrap_or(3) as usize);
                return Ok(HostReply::Console { text: all[from..].join("\n") });
            }
            HostRequest::Snapshot { id, .. } => {
                at!(id);
            }
            HostRequest::CopyDisk { id, device, .. } => {
                if at!(id).0.disks.iter().all(|disk| disk.device != device) {
                    return Err(missing(id));
                }
            }
            HostRequest::Describe | HostRequest::List => {}
        }
        Ok(HostReply::Done)
    }

    async fn console(&self, _: &str, _: Uuid) -> Result<Box<dyn ConsoleStream>, HostError> {
        let (near, mut far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            far.write_all(b"RFB 003.008\n").await.unwrap();
            let mut answer = [0; 12];
            let _ = tokio::io::AsyncReadExt::read_exact(&mut far, &mut answer).await;
            let _ = far.write_all(&[1, 1]).await;
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        });
        Ok(Box::new(near))
    }

    fn events(&self) -> broadcast::Receiver<HostEvent> {
        self.events.subscribe()
    }
}
