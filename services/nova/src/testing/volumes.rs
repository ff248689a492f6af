use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    volume::{Connection, NewVolume, Volume, Volumes},
};
use uuid::Uuid;

/// Volumes and attachments in maps.
#[derive(Default)]
pub struct FakeVolumes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    volumes: BTreeMap<Uuid, Volume>,
    attachments: BTreeMap<Uuid, Uuid>,
}

impl FakeVolumes {
    /// A volume that a user made.
    pub fn add(&self, bootable: bool) -> Uuid {
        self.add_to("p1", bootable)
    }

    /// A volume of that project.
    pub fn add_to(&self, project: &str, bootable: bool) -> Uuid {
        let volume = Volume {
            id: Uuid::new_v4(),
            status: "available".into(),
            size: 1,
            bootable,
            multiattach: false,
            project_id: project.into(),
            image_id: None,
        };
        self.state.lock().unwrap().volumes.insert(volume.id, volume.clone());
        volume.id
    }

    pub fn status(&self, id: Uuid) -> Option<String> {
        self.state.lock().unwrap().volumes.get(&id).map(|volume| volume.status.clone())
    }

    pub fn number(&self) -> usize {
        self.state.lock().unwrap().volumes.len()
    }
}

#[async_trait]
impl Volumes for FakeVolumes {
    async fn volume(&self, caller: &Caller, id: Uuid) -> CallResult<Volume> {
        let volume = self.state(id).await?;
        match caller.has_role("admin") || caller.project_id() == Some(&volume.project_id) {
            true => Ok(volume),
            false => Err(CallError::NotFound(format!("Volume {id} could not be found."))),
        }
    }

    async fn state(&self, id: Uuid) -> CallResult<Volume> {
        let state = self.state.lock().unwrap();
        state
            .volumes
            .get(&id)
            .cloned()
            .ok_or_else(|| CallError::NotFound(format!("Volume {id} could not be found.")))
    }

    async fn create(&self, caller: &Caller, new: &NewVolume) -> CallResult<Volume> {
        let mut state = self.state.lock().unwrap();
        let volume = state.volumes.entry(new.id).or_insert_with(|| Volume {
            id: new.id,
            status: "available".into(),
            size: new.size,
            bootable: new.image_id.is_some(),
            multiattach: false,
            project_id: caller.project_id().unwrap_or_default().into(),
            image_id: new.image_id,
        });
        Ok(volume.clone())
    }

    async fn reserve(&self, caller: &Caller, attachment: Uuid, volume: Uuid, _: Uuid) -> CallResult<()> {
        self.volume(caller, volume).await?;
        let mut state = self.state.lock().unwrap();
        if state.attachments.contains_key(&attachment) {
            return Ok(());
        }
        let row = state.volumes.get_mut(&volume).ok_or_else(|| CallError::NotFound("no volume".into()))?;
        if row.status != "available" {
            return Err(CallError::Conflict(format!("Volume {volume} is {}.", row.status)));
        }
        row.status = "reserved".into();
        state.attachments.insert(attachment, volume);
        Ok(())
    }

    async fn connect(&self, attachment: Uuid, _: &str) -> CallResult<Connection> {
        let state = self.state.lock().unwrap();
        let volume = state.attachments.get(&attachment).ok_or_else(|| CallError::NotFound("none".into()))?;
        Ok(Connection::File { path: format!("/volumes/{volume}"), format: "raw".into() })
    }

    async fn complete(&self, attachment: Uuid, _: &str) -> CallResult<()> {
        let mut state = self.state.lock().unwrap();
        let volume =
            state.attachments.get(&attachment).copied().ok_or_else(|| CallError::NotFound("none".into()))?;
        if let Some(volume) = state.volumes.get_mut(&volume) {
            volume.status = "in-use".into();
        }
        Ok(())
    }

    async fn detach(&self, attachment: Uuid) -> CallResult<()> {
        let mut state = self.state.lock().unwrap();
        if let Some(volume) = state.attachments.remove(&attachment)
            && let Some(volume) = state.volumes.get_mut(&volume)
        {
            volume.status = "available".into();
        }
        Ok(())
    }

    async fn delete(&self, volume: Uuid) -> CallResult<()> {
        self.state.lock().unwrap().volumes.remove(&volume);
        Ok(())
    }
}
