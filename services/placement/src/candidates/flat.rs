//! Candidates where every provider stands alone.
//!
//! The search begins at a random place in the order of ids and goes round: so load spreads, and the database stops
//! when it has found enough.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Candidates, Way, request::Request, summarise};
use crate::{
    error::Error,
    filter::{Filter, Only},
    model::provider,
};

/// Candidates for a request of one group.
pub async fn find(db: &impl ConnectionTrait, request: &Request, limit: u64) -> Result<Candidates, Error> {
    let Some((suffix, group)) = request.groups.first_key_value() else { return Ok(Candidates::default()) };
    let mut filter = group.clone();
    filter.traits.required.extend(request.root_traits.required.iter().cloned());
    filter.traits.forbidden.extend(request.root_traits.forbidden.iter().cloned());
    let providers = around(db, &filter, limit).await?;
    let ways = providers
        .iter()
        .map(|provider| Way {
            allocations: BTreeMap::from([(provider.id, group.resources.clone())]),
            mappings: BTreeMap::from([(suffix.clone(), vec![provider.id])]),
        })
        .collect();
    Ok(Candidates { ways, summaries: summarise(db, providers).await? })
}

/// Providers that meet the filter, from a random one on.
pub async fn around(
    db: &impl ConnectionTrait,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<provider::Model>, Error> {
    let start = Uuid::from_u128(rand::random());
    let mut found = filter.providers(db, Only::From(start), Some(limit)).await?;
    let missing = limit.saturating_sub(found.len() as u64);
    if missing > 0 {
        found.extend(filter.providers(db, Only::Before(start), Some(missing)).await?);
    }
    Ok(found)
}
