use std::collections::BTreeMap;

use contracts::{
    CallError,
    placement::{CandidateQuery, Inventory, Placement as _},
};
use uuid::Uuid;

use super::service;

fn inventory(total: u64) -> Inventory {
    Inventory { total, reserved: 0, min_unit: 1, max_unit: total, step_size: 1, allocation_ratio: 1.0 }
}

fn of(class: &str, amount: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(class.to_owned(), amount)])
}

#[tokio::test]
async fn a_host_reports_itself_again_and_again() {
    let service = service().await;
    let id = Uuid::new_v4();
    let inventories =
        BTreeMap::from([("VCPU".to_owned(), inventory(4)), ("CUSTOM_X".to_owned(), inventory(1))]);
    let traits = vec!["CUSTOM_FAST".to_owned(), "HW_CPU_X86_AVX2".to_owned()];
    service.ensure_provider(id, "host", &inventories, &traits).await.unwrap();
    service.ensure_provider(id, "host", &inventories, &traits).await.unwrap();
    let query = CandidateQuery { resources: of("VCPU", 1), required: traits, ..Default::default() };
    let found = service.candidates(&query).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_str(), found[0].capacity["VCPU"]), ("host", (4, 0)));
    let consumer = Uuid::new_v4();
    service.allocate(consumer, "p", "u", id, &of("VCPU", 3)).await.unwrap();
    // Shrinking keeps what is allocated.
    let fewer = BTreeMap::from([("VCPU".to_owned(), inventory(2))]);
    service.ensure_provider(id, "renamed", &fewer, &[]).await.unwrap();
    assert_eq!(service.consumers(id).await.unwrap(), [consumer]);
    let left = CandidateQuery { resources: of("VCPU", 1), ..Default::default() };
    assert!(service.candidates(&left).await.unwrap().is_empty());
    service.release(consumer).await.unwrap();
    service.release(consumer).await.unwrap();
    assert_eq!(service.candidates(&left).await.unwrap()[0].capacity["VCPU"], (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_allocations_never_overbook() {
    let service = service().await;
    let id = Uuid::new_v4();
    let inventories = BTreeMap::from([("VCPU".to_owned(), inventory(10))]);
    service.ensure_provider(id, "host", &inventories, &[]).await.unwrap();
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move { service.allocate(Uuid::new_v4(), "p", "u", id, &of("VCPU", 1)).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(CallError::Conflict(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(won, 10);
    assert_eq!(service.consumers(id).await.unwrap().len(), 10);
}

#[tokio::test]
async fn allocating_replaces_what_the_consumer_had() {
    let service = service().await;
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let inventories = BTreeMap::from([("VCPU".to_owned(), inventory(4))]);
    service.ensure_provider(one, "one", &inventories, &[]).await.unwrap();
    service.ensure_provider(two, "two", &inventories, &[]).await.unwrap();
    let consumer = Uuid::new_v4();
    service.allocate(consumer, "p", "u", one, &of("VCPU", 4)).await.unwrap();
    service.allocate(consumer, "p", "u", one, &of("VCPU", 2)).await.unwrap();
    service.allocate(consumer, "p", "u", two, &of("VCPU", 2)).await.unwrap();
    assert!(service.consumers(one).await.unwrap().is_empty());
    assert_eq!(service.consumers(two).await.unwrap(), [consumer]);
    let error = service.allocate(Uuid::new_v4(), "p", "u", Uuid::new_v4(), &of("VCPU", 1)).await.unwrap_err();
    assert!(matches!(error, CallError::Invalid(_)), "{error:?}");
}

/// Ten thousand hosts, and a hundred of them asked for.
#[tokio::test]
async fn candidates_of_ten_thousand_hosts_cost_what_the_page_costs() {
    use chrono::Utc;
    use sea_orm::{ActiveValue::Set, EntityTrait};

    use crate::model::{inventory as inventories, provider};
    let service = service().await;
    let tx = service.db.write().await.unwrap();
    for chunk in 0..100 {
        let ids: Vec<Uuid> = (0..100).map(|_| Uuid::new_v4()).collect();
        let rows = ids.iter().enumerate().map(|(at, &id)| provider::ActiveModel {
            id: Set(id),
            name: Set(format!("host-{chunk}-{at}")),
            generation: Set(0),
            root: Set(id),
            parent: Set(None),
            created_at: Set(Utc::now()),
            updated_at: Set(Utc::now()),
        });
        provider::Entity::insert_many(rows).exec_without_returning(&*tx).await.unwrap();
        let rows = ids.iter().flat_map(|&id| {
            ["VCPU", "MEMORY_MB", "DISK_GB"].map(|class| inventories::ActiveModel {
                provider: Set(id),
                resource_class: Set(class.into()),
                total: Set(1000),
                reserved: Set(0),
                min_unit: Set(1),
                max_unit: Set(1000),
                step_size: Set(1),
                allocation_ratio: Set(1.0),
                updated_at: Set(Utc::now()),
            })
        });
        inventories::Entity::insert_many(rows).exec_without_returning(&*tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    let resources = [("VCPU", 1), ("MEMORY_MB", 512), ("DISK_GB", 1)]
        .map(|(class, amount)| (class.to_owned(), amount))
        .into();
    let query = CandidateQuery { resources, limit: Some(100), ..Default::default() };
    service.candidates(&query).await.unwrap();
    let started = std::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(service.candidates(&query).await.unwrap().len(), 100);
    }
    let each = started.elapsed() / 10;
    eprintln!("100 of 10,000: {each:?}");
    assert!(each < std::time::Duration::from_millis(250), "{each:?}");
}
