//! Volumes.

use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        opened,
        owned::{Inside, Owned, Scope, Sealed},
    },
    http::{Fault, Query},
    policy::Target,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    Order, QuerySelect, Select,
    entity::prelude::*,
    sea_query::Expr,
};

use super::{attachment, metadata, snapshot, transfer, volume_type};
use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// A volume.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "volumes")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The project that owns it.
        pub project_id: String,
        /// The user who made it.
        pub user_id: String,
        /// Empty for none.
        pub name: String,
        /// Empty for none.
        pub description: Option<String>,
        /// GiB.
        pub size: i64,
        /// As the API shows it; the reconciler goes by it.
        pub status: String,
        /// Whether a machine can boot from it.
        pub bootable: bool,
        /// Whether several machines may have it at once.
        pub multiattach: bool,
        /// Whether machines may only read it; shown once it was said.
        pub readonly: Option<bool>,
        /// The zone.
        pub availability_zone: String,
        /// Its type.
        pub volume_type_id: Uuid,
        /// Made from this snapshot.
        pub snapshot_id: Option<Uuid>,
        /// Made from this volume.
        pub source_volid: Option<Uuid>,
        /// Made from this image.
        pub image_id: Option<Uuid>,
        /// On its way to this image.
        pub upload_image_id: Option<Uuid>,
        /// The format of the image that it is on its way to.
        pub upload_format: Option<String>,
        /// The status that an administrator set by hand: nobody works on it.
        pub by_hand: bool,
        /// The group that it belongs to.
        pub group_id: Option<Uuid>,
        /// The size that it has, in GiB, while it grows to `size`.
        pub extended_from: Option<i64>,
        /// The user's own pairs.
        pub metadata: Json,
        /// Pairs of the image that it was made from.
        pub image_metadata: Option<Json>,
        /// Why it is in error: for administrators and the log.
        pub fault: Option<String>,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
        /// When it last changed.
        pub updated_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{ActiveModel, Column, Entity};

impl Owned for Model {
    type Missing = Error;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::VolumeNotFound(Error::shown(id))
    }
}

/// A row that goes with a volume, of the same project.
pub(crate) trait OfVolume {
    fn volume_id(&self) -> Uuid;
}

impl OfVolume for Model {
    fn volume_id(&self) -> Uuid {
        self.id
    }
}

impl OfVolume for attachment::Model {
    fn volume_id(&self) -> Uuid {
        self.volume_id
    }
}

impl OfVolume for transfer::Model {
    fn volume_id(&self) -> Uuid {
        self.volume_id
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("status", Column::Status, Kind::Text),
        ("name", Column::Name, Kind::Text),
        ("display_name", Column::Name, Kind::Text),
        ("bootable", Column::Bootable, Kind::Bool),
        ("availability_zone", Column::AvailabilityZone, Kind::Text),
        ("id", Column::Id, Kind::Uuid),
        ("size", Column::Size, Kind::Int),
        ("multiattach", Column::Multiattach, Kind::Bool),
        ("user_id", Column::UserId, Kind::Text),
        ("volume_type_id", Column::VolumeTypeId, Kind::Uuid),
        ("snapshot_id", Column::SnapshotId, Kind::Uuid),
        ("source_volid", Column::SourceVolid, Kind::Uuid),
        ("group_id", Column::GroupId, Kind::Uuid),
        ("created_at", Column::CreatedAt, Kind::Time),
        ("updated_at", Column::UpdatedAt, Kind::Time),
    ],
    sorts: &[
        ("created_at", Column::CreatedAt),
        ("updated_at", Column::UpdatedAt),
        ("name", Column::Name),
        ("display_name", Column::Name),
        ("status", Column::Status),
        ("size", Column::Size),
        ("bootable", Column::Bootable),
        ("availability_zone", Column::AvailabilityZone),
        ("id", Column::Id),
    ],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

/// Statuses in which there is something to bring about, unless they were set by hand.
const OUTSTANDING: [&str; 5] = ["creating", "downloading", "extending", "uploading", "deleting"];

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// The volume that a row goes with.
pub(crate) async fn of(db: &impl ConnectionTrait, row: &impl OfVolume) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(row.volume_id()).one(db).await
}

/// Those of a scope that have the metadata that the query asks for.
pub(crate) fn visible(
    db: &impl ConnectionTrait,
    scope: &Scope,
    query: &Query,
) -> Result<Select<Entity>, Fault> {
    let rows = Entity::find().filter(scope.by_project(Column::ProjectId));
    metadata::filtered(rows, query, Column::Metadata, db)
}

/// Those with something to bring about.
pub(crate) async fn pending(db: &impl ConnectionTrait, _: &Inside) -> Result<Vec<Uuid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.is_in(OUTSTANDING))
        .filter(Column::ByHand.eq(false))
        .into_tuple()
        .all(db)
        .await
}

/// Whether there are volumes of that type.
pub(crate) async fn are_of(tx: &WriteTx, kind: &volume_type::Model) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(Column::VolumeTypeId.eq(kind.id)).count(&**tx).await? > 0)
}

/// Whether a volume is being made of that one, which must stay as it is meanwhile.
pub(crate) async fn is_copied(tx: &WriteTx, volume: &Model) -> Result<bool, DbErr> {
    let copies =
        Entity::find().filter(Column::SourceVolid.eq(volume.id)).filter(Column::Status.eq("creating"));
    Ok(copies.filter(Column::ByHand.eq(false)).count(&**tx).await? > 0)
}

/// Whether a volume is being made of that snapshot.
pub(crate) async fn is_made_of(tx: &WriteTx, snapshot: &snapshot::Model) -> Result<bool, DbErr> {
    let copies = Entity::find()
        .filter(Column::SnapshotId.eq(snapshot.id))
        .filter(Column::Status.is_in(["creating", "downloading"]));
    Ok(copies.count(&**tx).await? > 0)
}

/// Changes a volume's status, if it is one of `from`; whether it was.
pub(crate) async fn transition(
    tx: &WriteTx,
    volume: &impl OfVolume,
    from: &[&str],
    to: &str,
) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::ByHand, Expr::value(false))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(volume.volume_id()))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Sets a status as an administrator says, for nobody to work on.
pub(crate) async fn set_by_hand(tx: &WriteTx, volume: &Model, status: &str) -> Result<(), DbErr> {
    let set = ActiveModel {
        status: Set(status.to_owned()),
        by_hand: Set(true),
        updated_at: Set(chrono::Utc::now()),
        ..Default::default()
    };
    opened::change(tx, volume, set).await
}

/// Records the name, description and metadata that the user gave.
pub(crate) async fn describe(tx: &WriteTx, volume: &Model) -> Result<(), DbErr> {
    let set = ActiveModel {
        name: Set(volume.name.clone()),
        description: Set(volume.description.clone()),
        metadata: Set(volume.metadata.clone()),
        updated_at: Set(volume.updated_at),
        ..Default::default()
    };
    opened::change(tx, volume, set).await
}

pub(crate) async fn set_metadata(tx: &WriteTx, volume: &Model, pairs: Json) -> Result<(), DbErr> {
    let updated_at = Set(chrono::Utc::now());
    opened::change(tx, volume, ActiveModel { metadata: Set(pairs), updated_at, ..Default::default() }).await
}

pub(crate) async fn set_image_metadata(tx: &WriteTx, volume: &Model, pairs: Json) -> Result<(), DbErr> {
    opened::change(tx, volume, ActiveModel { image_metadata: Set(Some(pairs)), ..Default::default() }).await
}

pub(crate) async fn set_readonly(tx: &WriteTx, volume: &Model, readonly: Option<bool>) -> Result<(), DbErr> {
    opened::change(tx, volume, ActiveModel { readonly: Set(readonly), ..Default::default() }).await
}

pub(crate) async fn set_bootable(tx: &WriteTx, volume: &Model, bootable: bool) -> Result<(), DbErr> {
    let updated_at = Set(chrono::Utc::now());
    opened::change(tx, volume, ActiveModel { bootable: Set(bootable), updated_at, ..Default::default() })
        .await
}

/// It grows. The new size counts from now on, so that two that grow at once don't grow beyond the quota.
pub(crate) async fn grow(tx: &WriteTx, volume: &Model, size: i64) -> Result<(), DbErr> {
    let extended_from = Set(Some(volume.size));
    opened::change(tx, volume, ActiveModel { extended_from, size: Set(size), ..Default::default() }).await
}

pub(crate) async fn retype(
    tx: &WriteTx,
    volume: &Model,
    kind: &volume_type::Model,
    multiattach: bool,
) -> Result<(), DbErr> {
    let (volume_type_id, multiattach) = (Set(kind.id), Set(multiattach));
    opened::change(tx, volume, ActiveModel { volume_type_id, multiattach, ..Default::default() }).await
}

/// It is on its way to an image.
pub(crate) async fn set_upload(tx: &WriteTx, volume: &Model, image: Uuid, format: &str) -> Result<(), DbErr> {
    let (upload_image_id, upload_format) = (Set(Some(image)), Set(Some(format.to_owned())));
    opened::change(tx, volume, ActiveModel { upload_image_id, upload_format, ..Default::default() }).await
}

/// What was being brought about is over; `size` is the one that it has where it did not grow.
pub(crate) async fn settle(
    tx: &WriteTx,
    volume: &Model,
    fault: Option<String>,
    size: Option<i64>,
) -> Result<(), DbErr> {
    let set = ActiveModel {
        fault: Set(fault),
        extended_from: Set(None),
        upload_image_id: Set(None),
        upload_format: Set(None),
        size: size.map_or(NotSet, Set),
        ..Default::default()
    };
    opened::change(tx, volume, set).await
}

/// It is that project's, and that user's, from now on.
pub(crate) async fn give(tx: &WriteTx, volume: &Model, project: &str, user: &str) -> Result<(), DbErr> {
    let (project_id, user_id) = (Set(project.to_owned()), Set(user.to_owned()));
    opened::change(tx, volume, ActiveModel { project_id, user_id, ..Default::default() }).await
}

/// Removes it, with what goes with it.
pub(crate) async fn delete(tx: &WriteTx, volume: &Model) -> Result<(), DbErr> {
    attachment::delete_of(tx, volume).await?;
    snapshot::delete_of(tx, volume).await?;
    Entity::delete_by_id(volume.id).exec(&**tx).await?;
    Ok(())
}
