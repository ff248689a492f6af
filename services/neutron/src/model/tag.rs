//! Tags of any resource.

use std::collections::HashMap;

use platform::http::Query;
use sea_orm::{
    Condition, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{IntoCondition, OnConflict, SelectStatement},
};

use super::{Known, all_in};
use crate::change::Change;

/// Names of filters by tags.
pub(crate) const FILTERS: &[&str] = &["tags", "tags-any", "not-tags", "not-tags-any"];

mod row {
    use sea_orm::entity::prelude::*;

    /// Tags of any resource.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tags")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

use row::{Column, Entity, Model};

/// Tags of these resources, sorted.
pub(crate) async fn of_all<R: Known>(
    db: &impl ConnectionTrait,
    resources: &[R],
) -> Result<HashMap<Uuid, Vec<String>>, DbErr> {
    let ids: Vec<Uuid> = resources.iter().map(Known::id).collect();
    let mut tags: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in all_in(db, Entity::find(), Column::ResourceId, &ids).await? {
        tags.entry(row.resource_id).or_default().push(row.tag);
    }
    tags.values_mut().for_each(|tags| tags.sort());
    Ok(tags)
}

/// Tags of a resource, sorted.
pub(crate) async fn of<R: Known>(db: &impl ConnectionTrait, resource: &R) -> Result<Vec<String>, DbErr> {
    let tags = of_all(db, std::slice::from_ref(resource)).await?;
    Ok(tags.into_values().next().unwrap_or_default())
}

/// Adds tags to a resource.
pub(crate) async fn add(change: &Change<'_>, resource: &impl Known, tags: &[String]) -> Result<(), DbErr> {
    if tags.is_empty() {
        return Ok(());
    }
    let rows = tags.iter().map(|tag| Model { resource_id: resource.id(), tag: tag.clone() }.into());
    let again =
        OnConflict::columns([Column::ResourceId, Column::Tag]).do_nothing_on([Column::ResourceId]).to_owned();
    Entity::insert_many::<row::ActiveModel, _>(rows)
        .on_conflict(again)
        .exec_without_returning(&**change)
        .await?;
    Ok(())
}

/// Takes a tag from a resource; whether it had it.
pub(crate) async fn take(change: &Change<'_>, resource: &impl Known, tag: &str) -> Result<bool, DbErr> {
    let gone = Entity::delete_by_id((resource.id(), tag.to_owned())).exec(&**change).await?;
    Ok(gone.rows_affected > 0)
}

/// Takes all tags from a resource.
pub(crate) async fn clear(change: &Change<'_>, resource: &impl Known) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ResourceId.eq(resource.id())).exec(&**change).await?;
    Ok(())
}

/// The condition of the query's tags on resources with their ids in this column.
pub(crate) fn asked_for<C: ColumnTrait>(id: C, query: &Query) -> Condition {
    let mut all = Condition::all();
    let words = |name: &str| -> Vec<String> {
        query
            .all(name)
            .flat_map(|text| text.split(','))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let with = |tags: Vec<String>| -> SelectStatement {
        Entity::find().select_only().column(Column::ResourceId).filter(Column::Tag.is_in(tags)).into_query()
    };
    for word in words("tags") {
        all = all.add(id.in_subquery(with(vec![word])));
    }
    let any = words("tags-any");
    if !any.is_empty() {
        all = all.add(id.in_subquery(with(any)));
    }
    let not = words("not-tags");
    if !not.is_empty() {
        let mut every = Condition::all();
        for word in not {
            every = every.add(id.in_subquery(with(vec![word])));
        }
        all = all.add(every.not());
    }
    let not_any = words("not-tags-any");
    if !not_any.is_empty() {
        all = all.add(id.not_in_subquery(with(not_any)));
    }
    all.into_condition()
}
