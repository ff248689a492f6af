//! A host as compute service and as provider of Placement's.

use std::collections::BTreeMap;

use chrono::Utc;
use contracts::{machine::HostDescription, placement::Inventory};
use platform::reconcile::StepError;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use crate::{
    Config, Nova,
    model::host::{self, Column, Described, Entity},
};

/// The host is there: its service is up, and Placement knows what it has.
pub async fn arrived(nova: &Nova, description: &HostDescription) -> Result<(), StepError> {
    let now = Utc::now();
    let known = host::by_name(nova.db.read(), &description.host).await?;
    let provider = match known {
        Some(known) => {
            let update = Entity::update_many()
                .filter(Column::Id.eq(known.id))
                .col_expr(Column::SeenAt, Expr::value(now))
                .col_expr(Column::Description, crate::model::json(&Described(description.clone())));
            let tx = nova.db.write().await?;
            update.exec(&*tx).await?;
            tx.commit().await?;
            known.provider
        }
        None => {
            let provider = Uuid::new_v4();
            let row = host::ActiveModel {
                uuid: Set(Uuid::new_v4()),
                provider: Set(provider),
                name: Set(description.host.clone()),
                disabled: Set(false),
                disabled_reason: Set(None),
                forced_down: Set(false),
                description: Set(Described(description.clone())),
                created_at: Set(now),
                seen_at: Set(now),
                ..Default::default()
            };
            let tx = nova.db.write().await?;
            Entity::insert(row).exec_without_returning(&*tx).await?;
            tx.commit().await?;
            provider
        }
    };
    let inventories = inventories(&nova.config, description);
    nova.placement.ensure_provider(provider, &description.host, &inventories, &description.traits).await?;
    Ok(())
}

/// The host is gone for now. Its row and its servers stay.
pub async fn left(nova: &Nova, name: &str) -> Result<(), StepError> {
    let update =
        Entity::update_many().filter(Column::Name.eq(name)).col_expr(Column::SeenAt, Expr::value(Utc::now()));
    let tx = nova.db.write().await?;
    update.exec(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

fn inventories(config: &Config, host: &HostDescription) -> BTreeMap<String, Inventory> {
    let inventory = |total: u64, reserved: u64, allocation_ratio: f64| Inventory {
        total,
        reserved: reserved.min(total),
        min_unit: 1,
        max_unit: total.max(1),
        step_size: 1,
        allocation_ratio,
    };
    let classes = [
        ("VCPU", inventory(u64::from(host.vcpus), 0, config.cpu_allocation_ratio)),
        (
            "MEMORY_MB",
            inventory(host.memory_mib, config.reserved_host_memory_mb, config.ram_allocation_ratio),
        ),
        ("DISK_GB", inventory(host.disk_gib, 0, config.disk_allocation_ratio)),
    ];
    classes
        .into_iter()
        .filter(|(_, inventory)| inventory.total > 0)
        .map(|(class, inventory)| (class.to_owned(), inventory))
        .collect()
}
