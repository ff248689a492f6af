//! Consumers: whoever has allocations, usually a server.

use sea_orm::{QueryFilter, entity::prelude::*, sea_query::Expr};

/// A consumer. There is a row as long as it has allocations.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consumers")]
pub struct Model {
    /// The server's id, for example.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose project.
    pub project: String,
    /// Whose.
    pub user: String,
    /// `INSTANCE`, `MIGRATION`, ...; none before microversion 1.38.
    pub consumer_type: Option<String>,
    /// Grows with every change of its allocations.
    pub generation: i64,
    /// When it changed last.
    pub updated_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Takes the consumer for a change: its row is locked and its generation grown by one. Answers it as it is now, if it is there.
pub async fn advance(tx: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::Generation, Expr::cust("generation + 1"))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Ok(None);
    }
    Entity::find_by_id(id).one(tx).await
}

/// These consumers.
pub async fn of(db: &impl ConnectionTrait, provider: Uuid) -> Result<Vec<Model>, DbErr> {
    use super::allocation;
    Entity::find()
        .filter(
            Column::Id.in_subquery(
                sea_orm::sea_query::Query::select()
                    .column(allocation::Column::Consumer)
                    .from(allocation::Entity)
                    .and_where(allocation::Column::Provider.eq(provider))
                    .to_owned(),
            ),
        )
        .all(db)
        .await
}
