//! A volume is asked for: what must be true before its row is made.

use contracts::identity::Caller;
use platform::db::{WriteTx, opened, owned::Inside};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Cinder,
    error::Error,
    model::{snapshot, volume, volume_type},
    quota::{self, Usage},
};

/// What is asked for.
#[derive(Debug, Default)]
pub(crate) struct NewVolume {
    pub id: Uuid,
    pub project_id: String,
    pub user_id: String,
    pub name: String,
    pub description: Option<String>,
    /// GiB; may be left out where a source has a size.
    pub size: Option<i64>,
    pub image_id: Option<Uuid>,
    pub snapshot_id: Option<Uuid>,
    pub source_volid: Option<Uuid>,
    /// Name or id.
    pub volume_type: Option<String>,
    pub availability_zone: Option<String>,
    pub metadata: Option<Value>,
    pub group_id: Option<Uuid>,
}

/// What the source of a volume says of it.
#[derive(Debug, Default)]
struct Source {
    /// The least that the volume must have.
    size: i64,
    /// The size to take when none is asked for.
    default_size: Option<i64>,
    bootable: bool,
    image_metadata: Option<Value>,
    snapshot: Option<snapshot::Model>,
    volume: Option<volume::Model>,
}

const ORIGIN: Inside = Inside::because("a volume made of a snapshot boots as the snapshot's volume does");

impl Cinder {
    /// Makes a volume's row, in status `creating`; the reconciler does the rest.
    pub(crate) async fn create_volume(
        &self,
        caller: &Caller,
        new: NewVolume,
        event: Option<platform::events::Event>,
    ) -> Result<volume::Model, Error> {
        let source = self.source(caller, &new).await?;
        let Some(size) = new.size.or(source.default_size).filter(|size| *size >= 1) else {
            let asked = new.size.map_or("None".to_owned(), |size| size.to_string());
            return Err(Error::InvalidInput(format!(
                "Volume size '{asked}' must be an integer and greater than 0"
            )));
        };
        if size < source.size {
            return Err(Error::InvalidInput(format!(
                "Volume size {size}GB cannot be smaller than original volume or image size {}GB. They must be >= original.",
                source.size
            )));
        }
        let kind = self.kind(caller, new.volume_type.as_deref(), &new.project_id).await?;
        if kind.encryption.is_some() {
            return Err(Error::InvalidInput(format!(
                "Volumes of type {} would be encrypted, which no backend offers.",
                kind.name
            )));
        }
        if let Some(zone) =
            new.availability_zone.as_deref().filter(|zone| *zone != self.config.availability_zone)
        {
            return Err(Error::InvalidInput(format!("Availability zone '{zone}' is invalid.")));
        }
        let now = chrono::Utc::now();
        let row = volume::Model {
            id: new.id,
            project_id: new.project_id,
            user_id: new.user_id,
            name: new.name,
            description: new.description,
            size,
            status: "creating".into(),
            bootable: source.bootable,
            multiattach: is_multiattach(&kind),
            readonly: None,
            availability_zone: self.config.availability_zone.clone(),
            volume_type_id: kind.id,
            snapshot_id: new.snapshot_id,
            source_volid: new.source_volid,
            image_id: new.image_id,
            upload_image_id: None,
            upload_format: None,
            by_hand: false,
            group_id: new.group_id,
            extended_from: None,
            metadata: new.metadata.unwrap_or_else(|| json!({})),
            image_metadata: source.image_metadata.clone(),
            fault: None,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db.write().await?;
        let more = Usage { volumes: 1, gigabytes: size, snapshots: 0 };
        quota::check_size(&tx, &self.config, &row.project_id, size).await?;
        quota::check(&tx, &self.config, &row.project_id, kind.id, more).await?;
        still_there(&tx, &source).await?;
        opened::insert(&tx, &row).await?;
        if let Some(event) = event {
            tx.emit(event);
        }
        tx.commit().await?;
        self.volumes.wake(row.id);
        Ok(row)
    }

    async fn source(&self, caller: &Caller, new: &NewVolume) -> Result<Source, Error> {
        if let Some(id) = new.snapshot_id {
            let found = snapshot::find(self.db.read(), id).await?;
            let snapshot = self.base.open(caller, "volume:get_snapshot", found)?;
            if snapshot.status != "available" {
                return Err(Error::InvalidInput(format!(
                    "Originating snapshot status must be one of 'available' values, not {}.",
                    snapshot.status
                )));
            }
            let of = volume::find(self.db.read(), snapshot.volume_id).await?.inside(&ORIGIN);
            let (bootable, image_metadata) =
                of.map(|row| (row.bootable, row.image_metadata)).unwrap_or_default();
            return Ok(Source {
                size: snapshot.size,
                default_size: Some(snapshot.size),
                bootable,
                image_metadata,
                snapshot: Some(snapshot),
                volume: None,
            });
        }
        if let Some(id) = new.source_volid {
            let row = self.base.open(caller, "volume:get", volume::find(self.db.read(), id).await?)?;
            if row.status != "available" {
                return Err(Error::InvalidVolume(format!(
                    "Volume {id} must be available to be copied, but its status is {}.",
                    row.status
                )));
            }
            return Ok(Source {
                size: row.size,
                default_size: Some(row.size),
                bootable: row.bootable,
                image_metadata: row.image_metadata.clone(),
                snapshot: None,
                volume: Some(row),
            });
        }
        let Some(id) = new.image_id else { return Ok(Source::default()) };
        let image = self.images.image(caller, id).await.map_err(|error| match error {
            contracts::CallError::NotFound(_) => Error::InvalidInput(format!(
                "Invalid image identifier or unable to access requested image: {id}."
            )),
            error => error.into(),
        })?;
        if image.status != "active" {
            return Err(Error::InvalidInput(format!("Image {id} is not active.")));
        }
        let bytes = image.virtual_size.or(image.size).unwrap_or_default();
        let mut about = serde_json::Map::new();
        about.insert("image_id".into(), json!(id));
        about.insert("image_name".into(), json!(image.name.unwrap_or_default()));
        about.insert("container_format".into(), json!(image.container_format.unwrap_or_default()));
        about.insert("disk_format".into(), json!(image.disk_format.unwrap_or_default()));
        about.insert("min_disk".into(), json!(image.min_disk.to_string()));
        about.insert("min_ram".into(), json!(image.min_ram.to_string()));
        about.insert("size".into(), json!(image.size.unwrap_or_default().to_string()));
        about.extend(image.properties.into_iter().map(|(name, value)| (name, json!(value))));
        let size = bytes.div_ceil(1 << 30).max(image.min_disk) as i64;
        let image_metadata = Some(Value::Object(about));
        Ok(Source { size, bootable: true, image_metadata, ..Source::default() })
    }

    /// The type that is asked for, by name or id, or the default one.
    pub(crate) async fn kind(
        &self,
        caller: &Caller,
        asked: Option<&str>,
        project: &str,
    ) -> Result<volume_type::Model, Error> {
        let asked = asked.filter(|name| !name.is_empty()).unwrap_or(&self.config.default_type);
        let mut either = Condition::any().add(volume_type::Column::Name.eq(asked));
        if let Ok(id) = asked.parse::<Uuid>() {
            either = either.add(volume_type::Column::Id.eq(id));
        }
        let found = volume_type::Entity::find().filter(either).one(self.db.read()).await?;
        found
            .filter(|kind| {
                kind.is_public
                    || caller.has_role("admin")
                    || kind.access.as_array().is_some_and(|list| list.iter().any(|id| id == project))
            })
            .ok_or_else(|| Error::TypeNotFound(asked.chars().take(255).collect()))
    }
}

/// Whether volumes of that type may be had by several machines at once.
pub(crate) fn is_multiattach(kind: &volume_type::Model) -> bool {
    kind.extra_specs.get("multiattach").is_some_and(|value| value == "<is> True")
}

/// What a volume is made of was looked at before the transaction: it must be so still.
async fn still_there(tx: &WriteTx, source: &Source) -> Result<(), Error> {
    if let Some(of) = &source.snapshot {
        let now = opened::lock(tx, of).await?;
        if now.is_none_or(|now| now.status != "available") {
            return Err(Error::SnapshotNotFound(of.id.to_string()));
        }
    }
    if let Some(of) = &source.volume {
        let now = opened::lock(tx, of).await?;
        if now.is_none_or(|now| now.status != "available") {
            return Err(Error::InvalidVolume(format!("Volume {} must be available to be copied.", of.id)));
        }
    }
    Ok(())
}
