//! The host's own record of its machines: what it needs to know after it was started again, before any controller speaks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use contracts::{
    hosts::HostError,
    machine::{DiskSpec, MachineSpec, NicSpec},
    network::MetadataPort,
};
use uuid::Uuid;

use crate::{
    config::Storage,
    fault::failed,
    file::{blocking, make_folder, remove_folder, write_whole},
    layout::Layout,
};

/// A machine's folder without a readable record is known too: it may have to be removed.
type Known = BTreeMap<Uuid, Option<MachineSpec>>;

pub(crate) struct Journal {
    layout: Layout,
    storage: Storage,
    known: Mutex<Known>,
}

impl Journal {
    /// Reads the records of all machines.
    pub(crate) fn load(layout: Layout, storage: Storage) -> io::Result<Self> {
        make_folder(&layout.machines())?;
        let mut known = Known::new();
        for entry in fs::read_dir(layout.machines())? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<Uuid>().ok()) else { continue };
            // Simulated storage holds no records; its machines are made again as the controller says.
            let spec = if storage == Storage::Real { read(&layout, id) } else { None };
            known.insert(id, spec);
        }
        Ok(Self { layout, storage, known: Mutex::new(known) })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the machine is to be, without the files of its config drive, which hold secrets.
    pub(crate) fn spec(&self, id: Uuid) -> Option<MachineSpec> {
        self.known().get(&id).cloned().flatten()
    }

    pub(crate) fn knows(&self, id: Uuid) -> bool {
        self.known().contains_key(&id)
    }

    pub(crate) fn machines(&self) -> BTreeSet<Uuid> {
        self.known().keys().copied().collect()
    }

    /// Records a machine, whose folder is made if it is not there.
    pub(crate) async fn record(&self, spec: &MachineSpec) -> Result<(), HostError> {
        let mut spec = spec.clone();
        if let Some(files) = &mut spec.config_drive {
            files.clear();
        }
        let id = spec.id;
        let (layout, storage, written) = (self.layout.clone(), self.storage, spec.clone());
        blocking("recording the machine", move || {
            make_folder(&layout.machine(id))?;
            match storage {
                Storage::Real => write_whole(&layout.spec(id), &serde_json::to_vec_pretty(&written)?),
                Storage::Simulated => Ok(()),
            }
        })
        .await?;
        self.known().insert(id, Some(spec));
        Ok(())
    }

    /// Changes the record of a machine, if it has one.
    pub(crate) async fn amend(
        &self,
        id: Uuid,
        change: impl FnOnce(&mut MachineSpec),
    ) -> Result<(), HostError> {
        let Some(before) = self.spec(id) else { return Ok(()) };
        let mut spec = before.clone();
        change(&mut spec);
        if spec == before { Ok(()) } else { self.record(&spec).await }
    }

    /// Removes a machine's folder with all that is in it, and forgets the machine.
    pub(crate) async fn erase(&self, id: Uuid) -> Result<(), HostError> {
        let folder = self.layout.machine(id);
        blocking("removing the machine's folder", move || remove_folder(&folder)).await?;
        self.known().remove(&id);
        Ok(())
    }

    /// Ports that machines have.
    pub(crate) fn ports(&self) -> BTreeSet<Uuid> {
        self.nics(|nic| Some(nic.port))
    }

    /// Networks on which machines need a metadata proxy.
    pub(crate) fn metadata_networks(&self) -> BTreeSet<Uuid> {
        self.nics(|nic| nic.metadata.as_ref().map(|port| port.network_id))
    }

    /// A proxy's port for each of those networks.
    pub(crate) fn metadata_ports(&self) -> Vec<MetadataPort> {
        let known = self.known();
        let ports =
            known.values().flatten().flat_map(|spec| &spec.nics).filter_map(|nic| nic.metadata.clone());
        ports.map(|port| (port.network_id, port)).collect::<BTreeMap<_, _>>().into_values().collect()
    }

    fn nics<T: Ord>(&self, of: impl Fn(&NicSpec) -> Option<T>) -> BTreeSet<T> {
        self.known().values().flatten().flat_map(|spec| &spec.nics).filter_map(of).collect()
    }
}

fn read(layout: &Layout, id: Uuid) -> Option<MachineSpec> {
    let path = layout.spec(id);
    let spec = fs::read(&path).map_err(|error| failed("reading", error)).and_then(|text| {
        serde_json::from_slice::<MachineSpec>(&text).map_err(|error| failed("parsing", error))
    });
    match spec {
        Ok(spec) if spec.id == id => Some(spec),
        Ok(_) => {
            tracing::error!(machine = %id, "the machine's record is that of another; it is left alone");
            None
        }
        Err(error) => {
            tracing::error!(machine = %id, %error, "the machine has no readable record; it is left alone");
            None
        }
    }
}

/// Puts a disk into a list of disks, in the place of one of the same device.
pub(crate) fn put_disk(disks: &mut Vec<DiskSpec>, disk: DiskSpec) {
    match disks.iter_mut().find(|other| other.device == disk.device) {
        Some(place) => *place = disk,
        None => disks.push(disk),
    }
}

/// Puts a card into a list of cards, in the place of one of the same port.
pub(crate) fn put_nic(nics: &mut Vec<NicSpec>, nic: NicSpec) {
    match nics.iter_mut().find(|other| other.port == nic.port) {
        Some(place) => *place = nic,
        None => nics.push(nic),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn spec() -> MachineSpec {
        MachineSpec {
            id: Uuid::new_v4(),
            name: "one".into(),
            vcpus: 1,
            memory_mib: 64,
            disks: Vec::new(),
            nics: Vec::new(),
            config_drive: Some([("openstack/secret".to_owned(), b"hush".to_vec())].into()),
            properties: BTreeMap::new(),
        }
    }

    #[tokio::test]
    async fn machines_are_known_after_a_restart_and_secrets_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().into(), folder.path().into());
        let journal = Journal::load(layout.clone(), Storage::Real).unwrap();
        let (one, broken) = (spec(), Uuid::new_v4());
        journal.record(&one).await.unwrap();
        make_folder(&layout.machine(broken)).unwrap();
        fs::write(layout.spec(broken), "{").unwrap();
        fs::create_dir(layout.machines().join("lost+found")).unwrap();

        let again = Journal::load(layout.clone(), Storage::Real).unwrap();
        assert_eq!(again.machines(), BTreeSet::from([one.id, broken]));
        assert_eq!(
            again.spec(one.id),
            Some(MachineSpec { config_drive: Some(BTreeMap::new()), ..one.clone() })
        );
        assert_eq!(again.spec(broken), None);
        assert!(!fs::read_to_string(layout.spec(one.id)).unwrap().contains("secret"));
        assert_eq!(fs::metadata(layout.spec(one.id)).unwrap().permissions().mode() & 0o777, 0o600);

        again.erase(broken).await.unwrap();
        again.erase(broken).await.unwrap();
        assert!(!again.knows(broken) && !layout.machine(broken).exists());
    }
}
