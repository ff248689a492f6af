//! Contents: what is in the store, is coming into it, or is to leave it.
//!
//! ```text
//!   writing ──▶ stored ──▶ doomed ──▶ (no row, no file)
//!      │  └──▶ staged ──┘     ▲
//!      └──────────────────────┘ failed, or its writer died
//! ```
//! A file is in the store only while its row is here: so nothing is ever left behind that nobody knows of.

use chrono::{TimeDelta, Utc};
use sea_orm::{ActiveValue::Set, Condition, QueryFilter, QuerySelect, entity::prelude::*, sea_query::Expr};

/// A content.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contents")]
pub struct Model {
    /// Its name in the store.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Of which image.
    pub image: Uuid,
    /// See the states above.
    pub state: String,
    /// Which process writes it.
    pub writer: String,
    /// In bytes, once it is all there.
    pub size: i64,
    /// MD5, once it is all there.
    pub checksum: String,
    /// SHA-512, once it is all there.
    pub hash_value: String,
    /// When the writer was last known to live.
    pub seen_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The states of a content.
pub mod state {
    /// It is coming.
    pub const WRITING: &str = "writing";
    /// It waits for an import.
    pub const STAGED: &str = "staged";
    /// It is an image's.
    pub const STORED: &str = "stored";
    /// It is to be removed.
    pub const DOOMED: &str = "doomed";
}

/// A writer that has not been seen for so long is dead.
const DEAD_AFTER: TimeDelta = TimeDelta::minutes(3);

/// A new one, being written.
pub async fn begin(tx: &impl ConnectionTrait, id: Uuid, image: Uuid, writer: &str) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(id),
        image: Set(image),
        state: Set(state::WRITING.to_owned()),
        writer: Set(writer.to_owned()),
        size: Set(-1),
        checksum: Set(String::new()),
        hash_value: Set(String::new()),
        seen_at: Set(Utc::now()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The writer lives.
pub async fn seen(tx: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::SeenAt, Expr::value(Utc::now()))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// From one state to another. Answers whether it was in that state.
pub async fn advance(tx: &impl ConnectionTrait, id: Uuid, from: &str, to: &str) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(from))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// It is all there.
pub async fn complete(
    tx: &impl ConnectionTrait,
    id: Uuid,
    to: &str,
    size: i64,
    checksum: &str,
    hash_value: &str,
) -> Result<bool, DbErr> {
    let row = ActiveModel {
        state: Set(to.to_owned()),
        size: Set(size),
        checksum: Set(checksum.to_owned()),
        hash_value: Set(hash_value.to_owned()),
        ..Default::default()
    };
    let done = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(state::WRITING))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// All of an image are to be removed: answers which. What is still coming is doomed when it has come, by whoever takes it.
pub async fn doom_all(tx: &impl ConnectionTrait, image: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let settled = Condition::all()
        .add(Column::Image.eq(image))
        .add(Column::State.is_in([state::STAGED, state::STORED]));
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state::DOOMED))
        .filter(settled)
        .exec(tx)
        .await?;
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Image.eq(image))
        .filter(Column::State.eq(state::DOOMED))
        .into_tuple()
        .all(tx)
        .await
}

/// The one of an image that is in that state.
pub async fn of(db: &impl ConnectionTrait, image: Uuid, state: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Image.eq(image)).filter(Column::State.eq(state)).one(db).await
}

/// What the writers of this place have in common: they come one after another, never two at once.
fn place(writer: &str) -> &str {
    writer.rsplit_once('#').map_or(writer, |(place, _)| place)
}

/// Those that have to be removed, or whose writer is dead. `writer`: who asks, and lives.
pub async fn pending(db: &impl ConnectionTrait, writer: &str) -> Result<Vec<Uuid>, DbErr> {
    let before = Condition::all()
        .add(Column::Writer.starts_with(format!("{}#", place(writer))))
        .add(Column::Writer.ne(writer));
    let dead = Condition::any().add(Column::SeenAt.lt(Utc::now() - DEAD_AFTER)).add(before);
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Condition::any()
                .add(Column::State.eq(state::DOOMED))
                .add(Condition::all().add(Column::State.eq(state::WRITING)).add(dead)),
        )
        .into_tuple()
        .all(db)
        .await
}

/// Whether the writer of one that is being written is dead. `writer`: who asks, and lives.
pub fn is_abandoned(row: &Model, writer: &str) -> bool {
    let before = row.writer != writer && place(&row.writer) == place(writer);
    row.state == state::WRITING && (before || row.seen_at < Utc::now() - DEAD_AFTER)
}
