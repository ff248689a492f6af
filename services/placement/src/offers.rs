//! What Placement offers to other services.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::Utc;
use contracts::{
    CallResult,
    placement::{Candidate, CandidateQuery, Inventory, Placement as Offer, Resources},
};
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use uuid::Uuid;

use crate::{
    Placement,
    allocate::{self, Amounts, Expect, Wanted},
    candidates::{flat, summarise},
    error::Error,
    filter::{Filter, Traits},
    model::{allocation, custom, inventory, provider, provider_trait},
    standard,
};

const ATTEMPTS: u32 = 5;

#[async_trait]
impl Offer for Placement {
    async fn ensure_provider(
        &self,
        provider: Uuid,
        name: &str,
        inventories: &BTreeMap<String, Inventory>,
        traits: &[String],
    ) -> CallResult<()> {
        Ok(self.ensure(provider, name, inventories, traits).await?)
    }

    async fn candidates(&self, query: &CandidateQuery) -> CallResult<Vec<Candidate>> {
        Ok(self.with_room(query).await?)
    }

    async fn allocate(
        &self,
        consumer: Uuid,
        project: &str,
        user: &str,
        provider: Uuid,
        resources: &Resources,
    ) -> CallResult<()> {
        let amounts: Amounts = whole(resources);
        let wanted = Wanted {
            consumer,
            project: project.to_owned(),
            user: user.to_owned(),
            consumer_type: Some("INSTANCE".to_owned()),
            expect: Expect::Any,
            resources: if amounts.is_empty() {
                BTreeMap::new()
            } else {
                BTreeMap::from([(provider, amounts)])
            },
        };
        let mut attempt = 0;
        loop {
            match self.replace(vec![wanted.clone()]).await {
                // Two transactions made the same consumer, or waited for one another: the second look decides.
                Err(Error::Database(error)) if attempt < ATTEMPTS && is_race(&error) => attempt += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn release(&self, consumer: Uuid) -> CallResult<()> {
        let released = async {
            let tx = self.db.write().await?;
            allocate::release(&*tx, consumer).await?;
            tx.commit().await?;
            Ok::<(), Error>(())
        };
        Ok(released.await?)
    }

    async fn consumers(&self, provider: Uuid) -> CallResult<Vec<Uuid>> {
        Ok(allocation::consumers(self.db.read(), provider).await.map_err(Error::from)?)
    }
}

fn is_race(error: &DbErr) -> bool {
    let text = error.to_string().to_ascii_lowercase();
    platform::db::is_duplicate(error) || text.contains("deadlock") || text.contains("could not serialize")
}

/// Amounts as the database has them; what is zero is not asked for.
fn whole(resources: &Resources) -> Amounts {
    resources
        .iter()
        .filter(|(_, amount)| **amount > 0)
        .map(|(class, &amount)| (class.clone(), i64::try_from(amount).unwrap_or(i64::MAX)))
        .collect()
}

impl Placement {
    /// One transaction that gives the consumers what is wanted, or changes nothing.
    pub(crate) async fn replace(&self, wanted: Vec<Wanted>) -> Result<(), Error> {
        let tx = self.db.write().await?;
        allocate::replace(&*tx, wanted).await?;
        Ok(tx.commit().await?)
    }

    async fn with_room(&self, query: &CandidateQuery) -> Result<Vec<Candidate>, Error> {
        let filter = Filter {
            resources: whole(&query.resources),
            traits: Traits {
                required: query.required.iter().map(|name| [name.clone()].into()).collect(),
                forbidden: query.forbidden.iter().cloned().collect(),
            },
            ..Filter::default()
        };
        let most = self.config.max_allocation_candidates;
        let limit = query.limit.unwrap_or(most).min(most);
        let providers = flat::around(self.db.read(), &filter, limit).await?;
        let summaries = summarise(self.db.read(), providers).await?;
        let capacity = |(class, (capacity, used)): (String, (i64, i64))| {
            (class, (u64::try_from(capacity).unwrap_or(0), u64::try_from(used).unwrap_or(0)))
        };
        Ok(summaries
            .into_iter()
            .map(|summary| Candidate {
                provider: summary.provider.id,
                name: summary.provider.name,
                capacity: summary.resources.into_iter().map(capacity).collect(),
            })
            .collect())
    }

    async fn ensure(
        &self,
        id: Uuid,
        name: &str,
        inventories: &BTreeMap<String, Inventory>,
        traits: &[String],
    ) -> Result<(), Error> {
        let amounts: BTreeMap<String, inventory::Amounts> =
            inventories.iter().map(|(class, inventory)| (class.clone(), given(inventory))).collect();
        if self.is_as_wanted(id, name, &amounts, traits).await? {
            return Ok(());
        }
        let tx = self.db.write().await?;
        match provider::advance(&*tx, id, None).await {
            Ok(present) if present.name == name => {}
            Ok(_) => {
                let row = provider::ActiveModel {
                    id: Set(id),
                    name: Set(name.to_owned()),
                    updated_at: Set(Utc::now()),
                    ..Default::default()
                };
                provider::Entity::update(row).exec(&*tx).await?;
            }
            Err(Error::NoProvider(_)) => {
                let row = provider::ActiveModel {
                    id: Set(id),
                    name: Set(name.to_owned()),
                    generation: Set(1),
                    root: Set(id),
                    parent: Set(None),
                    created_at: Set(Utc::now()),
                    updated_at: Set(Utc::now()),
                };
                provider::Entity::insert(row).exec_without_returning(&*tx).await?;
            }
            Err(error) => return Err(error),
        }
        for class in amounts.keys().filter(|class| standard::is_custom(class)) {
            custom::make_class(&*tx, class).await?;
        }
        for name in traits.iter().filter(|name| standard::is_custom(name)) {
            custom::make_trait(&*tx, name).await?;
        }
        custom::traits_exist(&*tx, traits.iter().map(String::as_str)).await?;
        inventory::replace(&*tx, id, &amounts).await?;
        provider_trait::replace(&*tx, id, &traits.iter().cloned().collect()).await?;
        Ok(tx.commit().await?)
    }

    /// Hosts report again and again what has long been recorded: that must not write.
    async fn is_as_wanted(
        &self,
        id: Uuid,
        name: &str,
        wanted: &BTreeMap<String, inventory::Amounts>,
        traits: &[String],
    ) -> Result<bool, Error> {
        let db = self.db.read();
        let Some(present) = provider::Entity::find_by_id(id).one(db).await? else { return Ok(false) };
        let inventories: BTreeMap<String, inventory::Amounts> = inventory::of(db, id)
            .await?
            .into_iter()
            .map(|row| (row.resource_class.clone(), row.amounts()))
            .collect();
        let mut traits = traits.to_vec();
        traits.sort();
        traits.dedup();
        Ok(present.name == name && inventories == *wanted && provider_trait::of(db, id).await? == traits)
    }
}

fn given(inventory: &Inventory) -> inventory::Amounts {
    let whole = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
    inventory::Amounts {
        total: whole(inventory.total),
        reserved: whole(inventory.reserved),
        min_unit: whole(inventory.min_unit),
        max_unit: whole(inventory.max_unit),
        step_size: whole(inventory.step_size),
        allocation_ratio: inventory.allocation_ratio,
    }
}
