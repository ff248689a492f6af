//! The engine follows, whatever happens to it or to us.

use std::{sync::atomic::Ordering, time::Duration};

use contracts::driver::{EngineEvent, NetworkEngine};
use platform::reconcile::{Next, Reconciler};

use super::World;
use crate::{change::Kind, engine::Part};

#[tokio::test]
async fn what_was_wanted_while_the_engine_was_away_is_carried_out_when_it_is_back() {
    let world = World::begin().await;
    world.engine.away.store(true, Ordering::Relaxed);
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let port = world.port(&network).await;
    let gone = world.network().await;
    assert_eq!(world.member.delete(&format!("/v2.0/networks/{gone}")).await.status, 204);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(world.engine.networks.lock().unwrap().is_empty());
    world.engine.away.store(false, Ordering::Relaxed);
    world.settled().await;
    assert!(world.engine.port(port["id"].as_str().unwrap()).is_some());
    assert!(world.engine.network(&gone).is_none());
}

#[tokio::test]
async fn an_engine_that_lost_everything_gets_it_again() {
    let world = World::begin().await;
    let network = world.network().await;
    world.settled().await;
    // Wait for the listener's first comparison before anything is lost.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = world.engine.network(&network);
    world.engine.networks.lock().unwrap().clear();
    world.engine.sender.send(EngineEvent::Reset).unwrap();
    for _ in 0..200 {
        if world.engine.network(&network).is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.engine.network(&network), before);
}

#[tokio::test]
async fn every_step_twice_is_the_same() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    world.port(&network).await;
    for round in 0..2 {
        for kind in Kind::ALL {
            let part = Part { neutron: world.neutron.clone(), kind };
            for id in part.pending().await.unwrap() {
                assert_eq!(round, 0, "the second round has nothing left to do");
                while part.step(id, 0).await.unwrap() != Next::Done {}
                // Once more before it is recorded, as after a crash, and once more after.
                assert_eq!(part.step(id, 0).await.unwrap(), Next::Done);
                world.neutron.settle().await.unwrap();
                assert_eq!(part.step(id, 0).await.unwrap(), Next::Done);
            }
        }
    }
    let topology = world.neutron.topology().await.unwrap();
    let told: Vec<_> = world.engine.ports.lock().unwrap().values().cloned().collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|port| topology.ports.contains(port)));
    assert_eq!(world.engine.network(&network).as_ref(), topology.networks.first());
}

#[tokio::test]
async fn a_crash_after_telling_the_engine_ends_well() {
    let world = World::asleep().await;
    let network = world.network().await;
    // The engine was told, and the process died before that was recorded.
    let described = world.neutron.topology().await.unwrap();
    world.engine.ensure_network(&described.networks[0]).await.unwrap();
    world.wake();
    world.settled().await;
    assert!(world.engine.network(&network).is_some());
    assert_eq!(world.engine.networks.lock().unwrap().len(), 1);
}
