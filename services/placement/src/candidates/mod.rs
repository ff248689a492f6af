//! Which providers have room for a request.
//!
//! * [`request`]: what is asked, from the query.
//! * [`flat`]: one group, no nested or sharing providers: one statement that costs what a page of answers costs.
//! * [`tree`]: everything else: groups over trees of providers and providers that share with aggregates.

pub mod flat;
pub mod request;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    allocate::Amounts,
    error::Error,
    model::{Sql, allocation, custom, inventory, provider, provider_trait},
    standard,
};
use request::Request;

/// One way to meet the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// What would be taken of whom.
    pub allocations: BTreeMap<Uuid, Amounts>,
    /// Which group is met by whom.
    pub mappings: BTreeMap<String, Vec<Uuid>>,
}

/// A provider in the answer.
#[derive(Debug, Clone)]
pub struct Summary {
    /// It.
    pub provider: provider::Model,
    /// Capacity and usage of each class that it has.
    pub resources: BTreeMap<String, (i64, i64)>,
    /// Its traits.
    pub traits: Vec<String>,
}

/// The answer.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Ways to meet the request.
    pub ways: Vec<Way>,
    /// The providers that these name (and, where trees are understood, the rest of their trees).
    pub summaries: Vec<Summary>,
}

/// Looks for candidates. `most`: how many at the very most, whatever is asked for.
pub async fn find(db: &impl ConnectionTrait, request: &Request, most: u64) -> Result<Candidates, Error> {
    custom::classes_exist(
        db,
        request.groups.values().flat_map(|group| group.resources.keys().map(String::as_str)),
    )
    .await?;
    custom::traits_exist(
        db,
        request.groups.values().flat_map(|group| group.traits.names()).chain(request.root_traits.names()),
    )
    .await?;
    let limit = request.limit.unwrap_or(most).min(most);
    if request.groups.len() == 1 && is_flat(db).await? {
        return flat::find(db, request, limit).await;
    }
    tree::find(db, request, limit).await
}

/// Whether every provider stands alone.
async fn is_flat(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let mut sql = Sql::new(db, "SELECT id FROM resource_providers WHERE parent IS NOT NULL LIMIT 1");
    if !sql.all(db).await?.is_empty() {
        return Ok(false);
    }
    sql = Sql::new(db, "SELECT provider FROM provider_traits WHERE trait = ");
    sql.bind(standard::SHARES).push(" LIMIT 1");
    Ok(sql.all(db).await?.is_empty())
}

/// How many ids one statement names.
const CHUNK: usize = 500;

/// What is to be told of these providers.
pub async fn summarise(
    db: &impl ConnectionTrait,
    providers: Vec<provider::Model>,
) -> Result<Vec<Summary>, Error> {
    let mut answer = Vec::with_capacity(providers.len());
    for chunk in providers.chunks(CHUNK) {
        let ids: Vec<Uuid> = chunk.iter().map(|provider| provider.id).collect();
        let usage = allocation::usage_of(db, &ids).await?;
        let mut traits = provider_trait::of_all(db, &ids).await?;
        let mut resources: BTreeMap<Uuid, BTreeMap<String, (i64, i64)>> = BTreeMap::new();
        let rows = inventory::Entity::find().filter(inventory::Column::Provider.is_in(ids)).all(db).await?;
        for row in rows {
            let key = (row.provider, row.resource_class.clone());
            let used = usage.get(&key).copied().unwrap_or(0);
            resources.entry(key.0).or_default().insert(key.1, (row.capacity() as i64, used));
        }
        answer.extend(chunk.iter().map(|provider| Summary {
            resources: resources.remove(&provider.id).unwrap_or_default(),
            traits: traits.remove(&provider.id).unwrap_or_default(),
            provider: provider.clone(),
        }));
    }
    Ok(answer)
}

/// Providers by id.
pub(crate) async fn providers_of(
    db: &impl ConnectionTrait,
    roots: &BTreeSet<Uuid>,
) -> Result<Vec<provider::Model>, Error> {
    let roots: Vec<Uuid> = roots.iter().copied().collect();
    let mut answer = Vec::new();
    for chunk in roots.chunks(CHUNK) {
        answer.extend(
            provider::Entity::find()
                .filter(provider::Column::Root.is_in(chunk.iter().copied()))
                .all(db)
                .await?,
        );
    }
    Ok(answer)
}
