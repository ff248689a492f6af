//! Volumes.

use platform::db::WriteTx;
use sea_orm::{entity::prelude::*, sea_query::Expr};

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

/// Statuses in which there is something to bring about, unless they were set by hand.
pub(crate) const OUTSTANDING: [&str; 5] = ["creating", "downloading", "extending", "uploading", "deleting"];

/// Sets a status as an administrator says, for nobody to work on.
pub(crate) async fn set_by_hand(tx: &WriteTx, id: Uuid, status: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::ByHand, Expr::value(true))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Whether a volume is being made of that one, which must stay as it is meanwhile.
pub(crate) async fn is_copied(tx: &WriteTx, id: Uuid) -> Result<bool, DbErr> {
    let copies = Entity::find().filter(Column::SourceVolid.eq(id)).filter(Column::Status.eq("creating"));
    Ok(copies.filter(Column::ByHand.eq(false)).count(&**tx).await? > 0)
}

/// Changes a volume's status, if it is one of `from`; whether it was.
pub(crate) async fn transition(tx: &WriteTx, id: Uuid, from: &[&str], to: &str) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::ByHand, Expr::value(false))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}
