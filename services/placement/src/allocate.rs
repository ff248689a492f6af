//! Giving resources to consumers: one transaction that counts what is used and refuses when the room is gone.
//!
//! Nothing can be given out twice: the rows of the providers are locked (by growing their generation) before what is
//! used of them is counted, so of two transactions that want the last place the second counts the first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    error::Error,
    model::{
        allocation::{self, Usage},
        consumer, custom, inventory, provider,
    },
};

/// How much of what.
pub type Amounts = BTreeMap<String, i64>;

/// What the caller believes of the consumer's generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: whatever it is.
    Any,
    /// That there is no such consumer.
    New,
    /// That it is this.
    Generation(i64),
}

/// What a consumer is to have, in place of all that it had.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who.
    pub consumer: Uuid,
    /// Of which project.
    pub project: String,
    /// Of which user.
    pub user: String,
    /// Of which type; `None` leaves it.
    pub consumer_type: Option<String>,
    /// See [`Expect`].
    pub expect: Expect,
    /// What, of which providers. Nothing takes all away.
    pub resources: BTreeMap<Uuid, Amounts>,
}

/// Makes the allocations of these consumers exactly what is wanted, or changes nothing.
pub async fn replace(tx: &impl ConnectionTrait, mut wanted: Vec<Wanted>) -> Result<(), Error> {
    // Always in the same order, so that two transactions never wait for one another.
    wanted.sort_by_key(|wanted| wanted.consumer);
    for wanted in &wanted {
        take_consumer(tx, wanted).await?;
    }
    let providers: BTreeSet<Uuid> =
        wanted.iter().flat_map(|wanted| wanted.resources.keys().copied()).collect();
    for &id in &providers {
        provider::advance(tx, id, None).await.map_err(|error| match error {
            Error::NoProvider(_) => Error::NoSuchProviderInBody(id),
            error => error,
        })?;
    }
    let providers: Vec<Uuid> = providers.into_iter().collect();
    let consumers: Vec<Uuid> = wanted.iter().map(|wanted| wanted.consumer).collect();
    let before = allocation::usage_of(tx, &providers).await?;
    allocation::Entity::delete_many()
        .filter(allocation::Column::Consumer.is_in(consumers.iter().copied()))
        .exec(tx)
        .await?;
    let others = allocation::usage_of(tx, &providers).await?;

    custom::classes_exist(tx, wanted.iter().flat_map(classes)).await?;
    check_room(tx, &providers, &wanted, &before, others).await?;
    let rows: Vec<allocation::ActiveModel> = wanted.iter().flat_map(rows).collect();
    if !rows.is_empty() {
        allocation::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    let idle = wanted.iter().filter(|wanted| wanted.resources.is_empty()).map(|wanted| wanted.consumer);
    forget(tx, idle).await
}

/// Takes all from a consumer. Answers how many allocations it had.
pub async fn release(tx: &impl ConnectionTrait, consumer: Uuid) -> Result<u64, Error> {
    let done =
        allocation::Entity::delete_many().filter(allocation::Column::Consumer.eq(consumer)).exec(tx).await?;
    forget(tx, [consumer]).await?;
    Ok(done.rows_affected)
}

async fn forget(tx: &impl ConnectionTrait, consumers: impl IntoIterator<Item = Uuid>) -> Result<(), Error> {
    let consumers: Vec<Uuid> = consumers.into_iter().collect();
    if !consumers.is_empty() {
        consumer::Entity::delete_many().filter(consumer::Column::Id.is_in(consumers)).exec(tx).await?;
    }
    Ok(())
}

/// Locks the consumer's row, or makes it, if it is what the caller believes.
async fn take_consumer(tx: &impl ConnectionTrait, wanted: &Wanted) -> Result<(), Error> {
    let changed = |expected: String, given: String| Err(Error::ConsumerChanged { expected, given });
    let Some(present) = consumer::advance(tx, wanted.consumer).await? else {
        if let Expect::Generation(given) = wanted.expect {
            return changed("null".into(), given.to_string());
        }
        let row = consumer::ActiveModel {
            id: Set(wanted.consumer),
            project: Set(wanted.project.clone()),
            user: Set(wanted.user.clone()),
            consumer_type: Set(wanted.consumer_type.clone()),
            generation: Set(1),
            updated_at: Set(Utc::now()),
        };
        consumer::Entity::insert(row).exec_without_returning(tx).await?;
        return Ok(());
    };
    let was = present.generation - 1;
    match wanted.expect {
        Expect::New => return changed(was.to_string(), "None".into()),
        Expect::Generation(given) if given != was => return changed(was.to_string(), given.to_string()),
        Expect::Any | Expect::Generation(_) => {}
    }
    let consumer_type = wanted.consumer_type.clone().or(present.consumer_type.clone());
    if present.project != wanted.project
        || present.user != wanted.user
        || present.consumer_type != consumer_type
    {
        let row = consumer::ActiveModel {
            project: Set(wanted.project.clone()),
            user: Set(wanted.user.clone()),
            consumer_type: Set(consumer_type),
            updated_at: Set(Utc::now()),
            ..Default::default()
        };
        consumer::Entity::update_many()
            .set(row)
            .filter(consumer::Column::Id.eq(wanted.consumer))
            .exec(tx)
            .await?;
    }
    Ok(())
}

fn classes(wanted: &Wanted) -> impl Iterator<Item = &str> {
    wanted.resources.values().flat_map(|amounts| amounts.keys().map(String::as_str))
}

fn rows(wanted: &Wanted) -> impl Iterator<Item = allocation::ActiveModel> {
    let consumer = wanted.consumer;
    wanted.resources.iter().flat_map(move |(&provider, amounts)| {
        amounts.iter().map(move |(class, &used)| allocation::ActiveModel {
            consumer: Set(consumer),
            provider: Set(provider),
            resource_class: Set(class.clone()),
            used: Set(used),
            created_at: Set(Utc::now()),
        })
    })
}

/// Refuses what does not fit beside what the others have. A provider that was over its capacity already may stay so, as
/// long as it does not get worse.
async fn check_room(
    tx: &impl ConnectionTrait,
    providers: &[Uuid],
    wanted: &[Wanted],
    before: &Usage,
    mut used: Usage,
) -> Result<(), Error> {
    let inventories: BTreeMap<(Uuid, String), inventory::Model> = inventory::Entity::find()
        .filter(inventory::Column::Provider.is_in(providers.iter().copied()))
        .all(tx)
        .await?
        .into_iter()
        .map(|row| ((row.provider, row.resource_class.clone()), row))
        .collect();
    let mut touched = BTreeSet::new();
    for (&provider, amounts) in wanted.iter().flat_map(|wanted| &wanted.resources) {
        for (class, &amount) in amounts {
            let key = (provider, class.clone());
            let Some(inventory) = inventories.get(&key) else {
                return Err(Error::InvalidInventory { class: class.clone(), provider });
            };
            if !inventory.takes(amount) {
                return Err(Error::Constraints { class: class.clone(), provider });
            }
            *used.entry(key.clone()).or_default() += amount;
            touched.insert(key);
        }
    }
    for key in touched {
        let (Some(inventory), Some(&after)) = (inventories.get(&key), used.get(&key)) else { continue };
        let over = after as f64 > inventory.capacity();
        if over && before.get(&key).is_none_or(|&before| after > before) {
            return Err(Error::NoRoom { class: key.1, provider: key.0 });
        }
    }
    Ok(())
}
