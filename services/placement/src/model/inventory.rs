//! Inventories: what a provider has of each resource class.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, entity::prelude::*};

use super::{allocation, custom};
use crate::error::Error;

/// The most that OpenStack's databases hold in a column of this kind.
pub const MAX_INT: i64 = 0x7FFF_FFFF;

/// An inventory.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "inventories")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: Uuid,
    /// Of what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub resource_class: String,
    /// All there is.
    pub total: i64,
    /// Kept back.
    pub reserved: i64,
    /// The least that one allocation may take.
    pub min_unit: i64,
    /// The most that one allocation may take.
    pub max_unit: i64,
    /// In steps of.
    pub step_size: i64,
    /// How many times over it may be given out.
    pub allocation_ratio: f64,
    /// When it changed last.
    pub updated_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The numbers alone.
    pub fn amounts(&self) -> Amounts {
        Amounts {
            total: self.total,
            reserved: self.reserved,
            min_unit: self.min_unit,
            max_unit: self.max_unit,
            step_size: self.step_size,
            allocation_ratio: self.allocation_ratio,
        }
    }

    /// What may be given out.
    pub fn capacity(&self) -> f64 {
        (self.total - self.reserved) as f64 * self.allocation_ratio
    }

    /// Whether one allocation may be of that amount.
    pub fn takes(&self, amount: i64) -> bool {
        amount >= self.min_unit && amount <= self.max_unit && amount % self.step_size.max(1) == 0
    }
}

/// An inventory as given, before it belongs to a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Amounts {
    /// All there is.
    pub total: i64,
    /// Kept back.
    pub reserved: i64,
    /// The least that one allocation may take.
    pub min_unit: i64,
    /// The most that one allocation may take.
    pub max_unit: i64,
    /// In steps of.
    pub step_size: i64,
    /// How many times over it may be given out.
    pub allocation_ratio: f64,
}

impl Amounts {
    fn row(&self, provider: Uuid, class: &str) -> ActiveModel {
        ActiveModel {
            provider: Set(provider),
            resource_class: Set(class.to_owned()),
            total: Set(self.total),
            reserved: Set(self.reserved),
            min_unit: Set(self.min_unit),
            max_unit: Set(self.max_unit),
            step_size: Set(self.step_size),
            allocation_ratio: Set(self.allocation_ratio),
            updated_at: Set(Utc::now()),
        }
    }
}

/// All inventories of a provider, by class.
pub async fn of(db: &impl ConnectionTrait, provider: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Provider.eq(provider)).order_by_asc(Column::ResourceClass).all(db).await
}

/// One inventory of a provider.
pub async fn one(db: &impl ConnectionTrait, provider: Uuid, class: &str) -> Result<Model, Error> {
    Entity::find_by_id((provider, class.to_owned()))
        .one(db)
        .await?
        .ok_or_else(|| Error::NoInventory { class: class.to_owned(), provider })
}

/// Adds an inventory that is not there yet.
pub async fn add(
    tx: &impl ConnectionTrait,
    provider: Uuid,
    class: &str,
    amounts: &Amounts,
) -> Result<(), Error> {
    custom::classes_exist(tx, [class]).await?;
    Entity::insert(amounts.row(provider, class)).exec_without_returning(tx).await?;
    Ok(())
}

/// Changes an inventory that is there. It may become smaller than what is allocated.
pub async fn change(
    tx: &impl ConnectionTrait,
    provider: Uuid,
    class: &str,
    amounts: &Amounts,
) -> Result<(), Error> {
    let done = Entity::update_many()
        .set(amounts.row(provider, class))
        .filter(Column::Provider.eq(provider))
        .filter(Column::ResourceClass.eq(class))
        .exec(tx)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::Invalid(format!(
            "No inventory record with resource class for resource provider {provider}: No inventory of class {class} found."
        )));
    }
    Ok(())
}

/// Makes the inventories of a provider exactly these. Refuses to take away one with allocations.
pub async fn replace(
    tx: &impl ConnectionTrait,
    provider: Uuid,
    wanted: &BTreeMap<String, Amounts>,
) -> Result<(), Error> {
    custom::classes_exist(tx, wanted.keys().map(String::as_str)).await?;
    let present: BTreeSet<String> =
        of(tx, provider).await?.into_iter().map(|row| row.resource_class).collect();
    let gone: Vec<&str> =
        present.iter().filter(|class| !wanted.contains_key(*class)).map(String::as_str).collect();
    remove(tx, provider, &gone).await?;
    let mut new = Vec::new();
    for (class, amounts) in wanted {
        if present.contains(class) {
            change(tx, provider, class, amounts).await?;
        } else {
            new.push(amounts.row(provider, class));
        }
    }
    if !new.is_empty() {
        Entity::insert_many(new).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Takes inventories away, unless something is allocated of them. Answers how many there were.
pub async fn remove(tx: &impl ConnectionTrait, provider: Uuid, classes: &[&str]) -> Result<u64, Error> {
    if classes.is_empty() {
        return Ok(0);
    }
    let used = allocation::classes_used(tx, provider, classes).await?;
    if !used.is_empty() {
        return Err(Error::InventoryInUse { classes: used.join(", "), provider });
    }
    let done = Entity::delete_many()
        .filter(Column::Provider.eq(provider))
        .filter(Column::ResourceClass.is_in(classes.iter().copied()))
        .exec(tx)
        .await?;
    Ok(done.rows_affected)
}
