//! Snapshots.

use platform::db::WriteTx;
use sea_orm::{entity::prelude::*, sea_query::Expr};

/// A snapshot of a volume.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "snapshots")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Of this volume.
    pub volume_id: Uuid,
    /// The project that owns it.
    pub project_id: String,
    /// The user who made it.
    pub user_id: String,
    /// Empty for none.
    pub name: String,
    /// Empty for none.
    pub description: Option<String>,
    /// GiB of the volume at that time.
    pub size: i64,
    /// As the API shows it; the reconciler goes by it.
    pub status: String,
    /// The status that an administrator set by hand: nobody works on it.
    pub by_hand: bool,
    /// How far it is, where somebody said so: `80%`.
    pub progress: Option<String>,
    /// The group snapshot that it belongs to.
    pub group_snapshot_id: Option<Uuid>,
    /// The user's own pairs.
    pub metadata: Json,
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
pub(crate) const OUTSTANDING: [&str; 2] = ["creating", "deleting"];

/// Sets a status as an administrator (or who makes the snapshot) says, for nobody to work on.
pub(crate) async fn set_by_hand(
    tx: &WriteTx,
    id: Uuid,
    status: &str,
    progress: Option<String>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Progress, Expr::value(progress))
        .col_expr(Column::ByHand, Expr::value(true))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Changes a snapshot's status, if it is one of `from`; whether it was.
pub(crate) async fn transition(tx: &WriteTx, id: Uuid, from: &[&str], to: &str) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::ByHand, Expr::value(false))
        .col_expr(Column::Progress, Expr::value(Option::<String>::None))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}
