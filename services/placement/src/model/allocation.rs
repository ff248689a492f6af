//! Allocations: what a consumer has of a provider. Usage is always the sum of these rows.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{QueryFilter, QueryOrder, QuerySelect, entity::prelude::*};

use super::Sql;

/// An allocation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "allocations")]
pub struct Model {
    /// Who has it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub consumer: Uuid,
    /// Of whom.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: Uuid,
    /// Of what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub resource_class: String,
    /// How much.
    pub used: i64,
    /// Since when.
    pub created_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// What is used of each class of each provider.
pub type Usage = HashMap<(Uuid, String), i64>;

/// All that a consumer has.
pub async fn of_consumer(db: &impl ConnectionTrait, consumer: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Consumer.eq(consumer)).all(db).await
}

/// All that is allocated of a provider.
pub async fn of_provider(db: &impl ConnectionTrait, provider: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Provider.eq(provider))
        .order_by_asc(Column::Consumer)
        .order_by_asc(Column::ResourceClass)
        .all(db)
        .await
}

/// Which consumers have something of a provider.
pub async fn consumers(db: &impl ConnectionTrait, provider: Uuid) -> Result<Vec<Uuid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Consumer)
        .distinct()
        .filter(Column::Provider.eq(provider))
        .into_tuple()
        .all(db)
        .await
}

/// Which of these classes of a provider are allocated.
pub async fn classes_used(
    db: &impl ConnectionTrait,
    provider: Uuid,
    classes: &[&str],
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::ResourceClass)
        .distinct()
        .filter(Column::Provider.eq(provider))
        .filter(Column::ResourceClass.is_in(classes.iter().copied()))
        .order_by_asc(Column::ResourceClass)
        .into_tuple()
        .all(db)
        .await
}

/// Sums of these providers (at most a few thousand).
pub async fn usage_of(db: &impl ConnectionTrait, providers: &[Uuid]) -> Result<Usage, DbErr> {
    let mut sql = Sql::new(db, "SELECT provider, resource_class, ");
    sql.sum("used").push(" AS used FROM allocations WHERE provider IN ");
    sql.list(providers.iter().copied()).push(" GROUP BY provider, resource_class");
    read_usage(sql, db).await
}

/// Sums of these classes over all providers.
pub async fn usage_by_class(
    db: &impl ConnectionTrait,
    classes: impl IntoIterator<Item = &str>,
) -> Result<Usage, DbErr> {
    let mut sql = Sql::new(db, "SELECT provider, resource_class, ");
    sql.sum("used").push(" AS used FROM allocations WHERE resource_class IN ");
    sql.list(classes).push(" GROUP BY provider, resource_class");
    read_usage(sql, db).await
}

async fn read_usage(sql: Sql, db: &impl ConnectionTrait) -> Result<Usage, DbErr> {
    sql.all(db)
        .await?
        .iter()
        .map(|row| {
            let key = (row.try_get::<Uuid>("", "provider")?, row.try_get::<String>("", "resource_class")?);
            Ok((key, row.try_get::<i64>("", "used")?))
        })
        .collect()
}

/// What one type of consumer uses of a project's share.
#[derive(Debug, Default)]
pub struct TypeUsage {
    /// How many consumers.
    pub consumers: i64,
    /// How much of each class.
    pub used: BTreeMap<String, i64>,
}

/// What a project (or one user in it) uses, by type of consumer; consumers without a type under `None`.
pub async fn of_project(
    db: &impl ConnectionTrait,
    project: &str,
    user: Option<&str>,
) -> Result<BTreeMap<Option<String>, TypeUsage>, DbErr> {
    let mut answer: BTreeMap<Option<String>, TypeUsage> = BTreeMap::new();
    let narrow = |sql: &mut Sql| {
        let column =
            if db.get_database_backend() == sea_orm::DbBackend::MySql { "c.`user`" } else { "c.\"user\"" };
        sql.push(" FROM consumers c JOIN allocations a ON a.consumer = c.id WHERE c.project = ")
            .bind(project);
        if let Some(user) = user {
            sql.push(&format!(" AND {column} = ")).bind(user);
        }
    };
    let mut sql = Sql::new(db, "SELECT c.consumer_type AS kind, a.resource_class AS class, ");
    sql.sum("a.used").push(" AS used");
    narrow(&mut sql);
    sql.push(" GROUP BY c.consumer_type, a.resource_class");
    for row in sql.all(db).await? {
        let kind = row.try_get::<Option<String>>("", "kind")?;
        answer.entry(kind).or_default().used.insert(row.try_get("", "class")?, row.try_get("", "used")?);
    }
    let mut sql = Sql::new(db, "SELECT c.consumer_type AS kind, COUNT(DISTINCT c.id) AS counted");
    narrow(&mut sql);
    sql.push(" GROUP BY c.consumer_type");
    for row in sql.all(db).await? {
        let kind = row.try_get::<Option<String>>("", "kind")?;
        answer.entry(kind).or_default().consumers = row.try_get("", "counted")?;
    }
    Ok(answer)
}
