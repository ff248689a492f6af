//! What Nova asks of Cinder. Every call may be made twice.

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    volume::{Connection, NewVolume, Volume, Volumes},
};
use platform::{
    db::{WriteTx, opened, owned::Inside},
    events::Event,
};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    Cinder,
    error::Error,
    model::{
        attachment, snapshot,
        volume::{self, OfVolume},
    },
};

const NOVA: Inside = Inside::because("Nova asks for its own servers, when their users are long gone");

impl Cinder {
    async fn row(&self, id: Uuid) -> Result<volume::Model, Error> {
        volume::find(self.db.read(), id).await?.inside(&NOVA)
    }

    async fn row_for(&self, caller: &Caller, id: Uuid) -> Result<volume::Model, Error> {
        let found = volume::find(self.db.read(), id).await?;
        self.base.open(caller, "volume:get", found).map_err(|_| Error::no_volume(id))
    }

    /// Marks a volume as spoken for by an attachment. Of two that try at once, one wins.
    pub(crate) async fn reserve_in(
        &self,
        tx: &WriteTx,
        row: &volume::Model,
        new: &attachment::Model,
    ) -> Result<(), Error> {
        if volume::is_copied(tx, row).await? {
            return Err(Error::InvalidVolume(format!("Volume {} is being copied.", row.id)));
        }
        // A volume that several may have stays in use while one more comes.
        let one_more = row.multiattach && volume::transition(tx, row, &["in-use"], "in-use").await?;
        let from: &[&str] =
            if row.multiattach { &["available", "reserved", "attaching"] } else { &["available"] };
        if !one_more && !volume::transition(tx, row, from, "reserved").await? {
            return Err(Error::InvalidVolume(format!(
                "Volume {} status must be available or downloading to reserve, but the current status is {}.",
                row.id, row.status
            )));
        }
        Ok(opened::insert(tx, new).await?)
    }

    /// The volume's status once an attachment is gone.
    pub(crate) async fn after_detach(&self, tx: &WriteTx, volume: &impl OfVolume) -> Result<(), DbErr> {
        let left = attachment::of(&**tx, volume).await?;
        let held = ["reserved", "attaching", "in-use", "detaching", "error", "maintenance"];
        if left.is_empty() {
            volume::transition(tx, volume, &held, "available").await?;
        } else if left.iter().any(|row| row.status == "attached") {
            volume::transition(tx, volume, &["detaching"], "in-use").await?;
        }
        Ok(())
    }

    async fn attachment(&self, id: Uuid) -> Result<attachment::Model, Error> {
        attachment::find(self.db.read(), id).await?.inside(&NOVA)
    }

    async fn reserve_for(&self, caller: &Caller, id: Uuid, volume: Uuid, server: Uuid) -> Result<(), Error> {
        let row = self.row_for(caller, volume).await?;
        if attachment::find(self.db.read(), id).await?.inside(&NOVA).is_ok() {
            return Ok(());
        }
        let tx = self.db.write().await?;
        let new = attachment::Model {
            id,
            volume_id: volume,
            project_id: row.project_id.clone(),
            instance: Some(server),
            of_nova: true,
            status: "reserved".into(),
            mode: "rw".into(),
            host: None,
            mountpoint: None,
            created_at: chrono::Utc::now(),
            attached_at: None,
        };
        self.reserve_in(&tx, &row, &new).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn connect_to(&self, id: Uuid, host: &str) -> Result<Connection, Error> {
        let row = attachment::Model { host: Some(host.to_owned()), ..self.attachment(id).await? };
        let tx = self.db.write().await?;
        attachment::connect(&tx, &row, &["reserved"]).await?;
        volume::transition(&tx, &row, &["reserved"], "attaching").await?;
        tx.commit().await?;
        Ok(self.backend.connection(row.volume_id))
    }

    /// The machine has it. Done twice, it is as if done once.
    pub(crate) async fn complete_as(
        &self,
        row: &attachment::Model,
        device: Option<&str>,
    ) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        if attachment::complete(&tx, row, device).await? {
            volume::transition(&tx, row, &["reserved", "attaching"], "in-use").await?;
            tx.emit(Event::new("volume.attach.end", row.volume_id).project(&row.project_id));
        }
        tx.commit().await?;
        Ok(())
    }

    /// Removes an attachment; the volume is free when it was the last.
    pub(crate) async fn detach_from(&self, row: &attachment::Model) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        if !opened::delete(&tx, row).await? {
            return Ok(());
        }
        self.after_detach(&tx, row).await?;
        tx.emit(Event::new("volume.detach.end", row.volume_id).project(&row.project_id));
        tx.commit().await?;
        Ok(())
    }
}

fn shown(row: volume::Model) -> Volume {
    Volume {
        id: row.id,
        status: row.status,
        size: row.size.max(0) as u64,
        bootable: row.bootable,
        multiattach: row.multiattach,
        project_id: row.project_id,
        image_id: row.image_id,
    }
}

#[async_trait]
impl Volumes for Cinder {
    async fn volume(&self, caller: &Caller, id: Uuid) -> CallResult<Volume> {
        Ok(shown(self.row_for(caller, id).await?))
    }

    async fn state(&self, id: Uuid) -> CallResult<Volume> {
        Ok(shown(self.row(id).await?))
    }

    async fn create(&self, caller: &Caller, new: &NewVolume) -> CallResult<Volume> {
        if let Ok(known) = self.row(new.id).await {
            return Ok(shown(known));
        }
        let (Some(project), user) = (caller.project_id(), &caller.user.id) else {
            return Err(CallError::Invalid("A token that is scoped to a project is needed.".into()));
        };
        let asked = crate::volume::request::NewVolume {
            id: new.id,
            project_id: project.to_owned(),
            user_id: user.clone(),
            name: new.name.clone(),
            size: Some(new.size as i64),
            image_id: new.image_id,
            snapshot_id: new.snapshot_id,
            ..Default::default()
        };
        Ok(shown(self.create_volume(caller, asked, None).await?))
    }

    async fn reserve(&self, caller: &Caller, attachment: Uuid, volume: Uuid, server: Uuid) -> CallResult<()> {
        Ok(self.reserve_for(caller, attachment, volume, server).await?)
    }

    async fn connect(&self, attachment: Uuid, host: &str) -> CallResult<Connection> {
        Ok(self.connect_to(attachment, host).await?)
    }

    async fn complete(&self, attachment: Uuid, device: &str) -> CallResult<()> {
        Ok(self.complete_as(&self.attachment(attachment).await?, Some(device)).await?)
    }

    async fn detach(&self, attachment: Uuid) -> CallResult<()> {
        match self.attachment(attachment).await {
            Ok(row) => Ok(self.detach_from(&row).await?),
            Err(Error::AttachmentNotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn delete(&self, volume: Uuid) -> CallResult<()> {
        let result: Result<(), Error> = async {
            let tx = self.db.write().await?;
            let Ok(row) = volume::find(&*tx, volume).await?.inside(&NOVA) else { return Ok(()) };
            if snapshot::are_of(&tx, &row).await? {
                tracing::info!(%volume, "a server's volume stays: it has snapshots");
                return Ok(());
            }
            let from = [
                "available",
                "error",
                "reserved",
                "error_deleting",
                "error_extending",
                "creating",
                "downloading",
            ];
            volume::transition(&tx, &row, &from, "deleting").await?;
            tx.commit().await?;
            Ok(())
        }
        .await;
        self.volumes.wake(volume);
        Ok(result?)
    }
}
