//! Tables: one file for each, and what is asked of them.

pub(crate) mod default_group;
pub(crate) mod fixed_ip;
pub(crate) mod floatingip;
pub(crate) mod group;
pub(crate) mod group_rule;
pub(crate) mod intention;
pub(crate) mod json;
pub(crate) mod migrations;
pub(crate) mod network;
pub(crate) mod port;
pub(crate) mod port_group;
pub(crate) mod quota;
pub(crate) mod rbac;
pub(crate) mod router;
pub(crate) mod subnet;
pub(crate) mod subnetpool;
pub(crate) mod tag;

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, Select, Value,
    sea_query::SimpleExpr,
};
use uuid::Uuid;

/// How many values one query names at the most.
const BATCH: usize = 500;

/// All rows whose column has one of these values: as many queries as there are batches, not as there are values.
pub(crate) async fn all_in<E, V>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    column: E::Column,
    values: &[V],
) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    V: Clone + Into<Value>,
{
    let mut rows = Vec::new();
    for batch in values.chunks(BATCH) {
        rows.extend(select.clone().filter(column.is_in(batch.iter().cloned())).all(db).await?);
    }
    Ok(rows)
}

/// Tags of these resources, sorted.
pub(crate) async fn tags_of(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<String>>, DbErr> {
    let mut tags: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in all_in(db, tag::Entity::find(), tag::Column::ResourceId, ids).await? {
        tags.entry(row.resource_id).or_default().push(row.tag);
    }
    tags.values_mut().for_each(|tags| tags.sort());
    Ok(tags)
}

/// Removes the tags of a resource that goes.
pub(crate) async fn untag(db: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    tag::Entity::delete_many().filter(tag::Column::ResourceId.eq(id)).exec(db).await?;
    Ok(())
}

/// The condition that nothing satisfies.
pub(crate) fn nothing() -> SimpleExpr {
    sea_orm::sea_query::Expr::val(1).eq(0)
}
