//! Resource providers: hypervisor hosts, and parts of them.

use sea_orm::{Condition, QueryFilter, entity::prelude::*, sea_query::Expr};

use crate::error::Error;

/// A provider.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "resource_providers")]
pub struct Model {
    /// Given by whoever makes it, or at random.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Unique.
    pub name: String,
    /// Grows with every change of its inventory, traits and allocations.
    pub generation: i64,
    /// The top of its tree: itself, where it has no parent.
    pub root: Uuid,
    /// What it is a part of.
    pub parent: Option<Uuid>,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
    /// When its name or place changed last.
    pub updated_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The provider, or not found.
pub async fn get(db: &impl ConnectionTrait, id: Uuid) -> Result<Model, Error> {
    Entity::find_by_id(id).one(db).await?.ok_or_else(|| Error::NoProvider(id.to_string()))
}

/// The provider that a path names. What is no UUID is not there.
pub async fn named(db: &impl ConnectionTrait, text: &str) -> Result<Model, Error> {
    match text.parse() {
        Ok(id) => get(db, id).await,
        Err(_) => Err(Error::NoProvider(text.chars().take(64).collect())),
    }
}

/// Takes the provider for a change: its row is locked until the end of the transaction and its generation grown by one.
/// `expected`: refused unless it has that generation. Answers it as it is now.
pub async fn advance(tx: &impl ConnectionTrait, id: Uuid, expected: Option<i64>) -> Result<Model, Error> {
    let condition = Condition::all()
        .add(Column::Id.eq(id))
        .add_option(expected.map(|generation| Column::Generation.eq(generation)));
    let done = Entity::update_many()
        .col_expr(Column::Generation, Expr::cust("generation + 1"))
        .filter(condition)
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        get(tx, id).await?;
        return Err(Error::ProviderChanged);
    }
    get(tx, id).await
}

/// All providers of the tree that this one is in.
pub async fn tree(db: &impl ConnectionTrait, root: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Root.eq(root)).all(db).await
}
