//! Sessions over an in-memory connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent_protocol::HostIdentity;
use contracts::{
    hosts::{HostError, HostEvent, HostReply, HostRequest, Hosts},
    machine::{Power, Urgency},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    sync::{mpsc, watch},
};
use uuid::Uuid;

use crate::fakes::{ScriptedDialer, World, description, eventually};

fn away(host: &str) -> Result<HostReply, HostError> {
    Err(HostError::Away { host: host.into() })
}

#[tokio::test]
async fn a_host_answers_what_it_is_asked() {
    let world = World::new();
    let mut events = world.registry.events();
    let host = world.host("a").await;
    assert_eq!(
        events.recv().await.unwrap(),
        HostEvent::Connected { description: description("a"), machines: Vec::new() }
    );
    assert_eq!(
        world.registry.ask("a", HostRequest::List).await,
        Ok(HostReply::Machines { machines: Vec::new() })
    );
    let id = Uuid::new_v4();
    let gone = world.registry.ask("a", HostRequest::Remove { id }).await;
    assert_eq!(gone, Err(HostError::NotFound { what: id.to_string() }));
    assert_eq!(world.registry.ask("b", HostRequest::List).await, away("b"));
    host.link.report(id, Power::Crashed).await;
    assert_eq!(
        events.recv().await.unwrap(),
        HostEvent::Machine { host: "a".into(), id, power: Power::Crashed }
    );
}

#[tokio::test]
async fn a_long_answer_with_every_byte_escaped_arrives() {
    let world = World::new();
    let _host = world.host("a").await;
    let reply =
        world.registry.ask("a", HostRequest::ConsoleLog { id: Uuid::nil(), lines: None }).await.unwrap();
    assert_eq!(reply, HostReply::Console { text: "\u{1}".repeat(1 << 20) });
}

#[tokio::test]
async fn ten_thousand_requests_are_answered_quickly() {
    let world = World::new();
    let _host = world.host("a").await;
    let began = Instant::now();
    for _ in 0..10_000 {
        world.registry.ask("a", HostRequest::List).await.unwrap();
    }
    let took = began.elapsed();
    println!("10,000 round trips took {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn a_request_to_a_host_that_goes_away_is_away_and_the_host_comes_back() {
    let world = World::new();
    let host = world.host("a").await;
    let mut events = world.registry.events();
    let asked =
        host.begin(&world.registry, HostRequest::Stop { id: Uuid::nil(), urgency: Urgency::Hard }).await;
    let began = Instant::now();
    host.cancel.cancel();
    assert_eq!(asked.await.unwrap(), away("a"));
    // By the end of the connection, not by its silence.
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(events.recv().await.unwrap(), HostEvent::Disconnected { host: "a".into() });
    assert_eq!(world.registry.ask("a", HostRequest::List).await, away("a"));
    let _again = world.host("a").await;
    assert!(world.registry.ask("a", HostRequest::List).await.is_ok());
}

#[tokio::test]
async fn a_host_that_connects_again_replaces_its_earlier_session() {
    let world = World::new();
    let first = world.host("a").await;
    let asked = first.begin(&world.registry, HostRequest::Pause { id: Uuid::nil(), paused: true }).await;
    // The first would come back and replace the second.
    let mut events = world.registry.events();
    let _second = world.host("a").await;
    assert!(matches!(events.recv().await.unwrap(), HostEvent::Connected { .. }));
    first.cancel.cancel();
    assert_eq!(asked.await.unwrap(), away("a"));
    assert!(world.registry.ask("a", HostRequest::List).await.is_ok());
}

#[tokio::test]
async fn a_host_can_not_claim_the_name_of_another() {
    let world = World::new();
    let (connections, dialled) = mpsc::channel(1);
    let liar = world.dialled("b", Arc::new(ScriptedDialer(dialled.into())));
    let (near, far) = tokio::io::duplex(1024);
    connections.send(Box::new(near)).await.unwrap();
    // Served to its end: the agent leaves once it is refused.
    world.registry.serve_connection(far, HostIdentity("a".into())).await;
    assert!(world.registry.connected().is_empty());
    eventually(|| !liar.link.is_connected()).await;
}

#[tokio::test]
async fn a_host_has_a_bounded_number_of_requests_under_way() {
    let world = World::new();
    let host = world.host("a").await;
    let mut under_way = Vec::new();
    for _ in 0..256 {
        let stop = HostRequest::Stop { id: Uuid::nil(), urgency: Urgency::Hard };
        under_way.push(host.begin(&world.registry, stop).await);
    }
    assert!(matches!(world.registry.ask("a", HostRequest::List).await, Err(HostError::Failed { .. })));
    under_way.pop().unwrap().abort();
    // Given up by the asker, it still occupies the host, which therefore says that it is busy.
    eventually(|| under_way.iter().all(|asked| !asked.is_finished())).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let busy = world.registry.ask("a", HostRequest::List).await;
    assert_eq!(busy, Err(HostError::Failed { reason: "the host has too much to do".into() }));
}

/// Carries bytes between two pipes until told to stop; then holds both open and carries nothing.
async fn pipe_that_freezes(
    world: &World,
    frozen: watch::Receiver<bool>,
) -> Box<dyn agent_protocol::Connection> {
    let (near, mut left) = tokio::io::duplex(1 << 16);
    let (mut right, far) = tokio::io::duplex(1 << 16);
    let registry = world.registry.clone();
    tokio::spawn(async move { registry.serve_connection(far, HostIdentity("a".into())).await });
    tokio::spawn(async move {
        let mut frozen = frozen;
        let freezing = async { drop(frozen.wait_for(|frozen| *frozen).await) };
        tokio::select! {
            _ = copy_bidirectional(&mut left, &mut right) => {}
            () = freezing => std::future::pending().await,
        }
    });
    Box::new(near)
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_noticed_by_both_ends_within_fifteen_seconds() {
    let world = World::new();
    let (freeze, frozen) = watch::channel(false);
    let (connections, dialled) = mpsc::channel(1);
    connections.send(pipe_that_freezes(&world, frozen).await).await.unwrap();
    let host = world.dialled("a", Arc::new(ScriptedDialer(dialled.into())));
    world.connected("a").await;
    // An idle connection lives on its heartbeats.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(host.link.is_connected() && !world.registry.connected().is_empty());
    let asked =
        host.begin(&world.registry, HostRequest::Stop { id: Uuid::nil(), urgency: Urgency::Hard }).await;
    freeze.send(true).unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(asked.await.unwrap(), away("a"));
    eventually(|| !host.link.is_connected()).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_session_is_closed() {
    let world = World::new();
    let (_near, far) = tokio::io::duplex(1024);
    let began = tokio::time::Instant::now();
    world.registry.serve_connection(far, HostIdentity("a".into())).await;
    assert!(began.elapsed() < Duration::from_secs(16));
}

#[tokio::test]
async fn a_console_carries_bytes_both_ways() {
    let world = World::new();
    let _host = world.host("a").await;
    let mut console = world.registry.console("a", Uuid::new_v4()).await.unwrap();
    let mut greeting = [0; 12];
    console.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"RFB 003.008\n");
    let sent: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let (mut read, mut write) = tokio::io::split(console);
    let echoed = tokio::spawn(async move {
        let mut echoed = vec![0; 3_000_000];
        read.read_exact(&mut echoed).await.map(|_| echoed)
    });
    write.write_all(&sent).await.unwrap();
    assert!(echoed.await.unwrap().unwrap() == sent);
}

#[tokio::test]
async fn a_console_ends_when_its_host_goes_away() {
    let world = World::new();
    let host = world.host("a").await;
    let mut console = world.registry.console("a", Uuid::new_v4()).await.unwrap();
    host.cancel.cancel();
    let mut all = Vec::new();
    console.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, b"RFB 003.008\n");
}

#[tokio::test]
async fn a_console_of_an_unknown_machine_is_not_found() {
    let world = World::new();
    let _host = world.host("a").await;
    let missing = world.registry.console("a", Uuid::nil()).await.err();
    assert_eq!(missing, Some(HostError::NotFound { what: "the machine".into() }));
    let absent = world.registry.console("b", Uuid::nil()).await.err();
    assert_eq!(absent, Some(HostError::Away { host: "b".into() }));
}
