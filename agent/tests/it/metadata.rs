//! Guests that ask for their metadata.

use agent::Storage;
use contracts::hosts::Hosts;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use crate::world::{World, eventually, machine, nic};

async fn guest(world: &World, network: Uuid, request: &str) -> String {
    let address = world.wiring.proxies.lock().unwrap()[&network];
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A proxy that refuses closes at once.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_guest_is_known_by_where_its_packets_come_from_and_not_by_its_headers() {
    let world = World::stored(Storage::Simulated).await;
    let network = Uuid::new_v4();
    world.start(&machine(Vec::new(), vec![nic(network)])).await.unwrap();
    let forged = "X-Forwarded-For: 10.0.0.9\r\nX-Instance-ID: other\r\nX-OVN-Network-ID: other\r\n";
    let answer = guest(&world, network, &get("/openstack/latest?x=1", forged)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/json\r\n"), "{answer}");
    let told = format!("node1 {network} 127.0.0.1 GET /openstack/latest");
    assert!(answer.ends_with(&format!("\r\n\r\n{told}")), "{answer}");
    assert!(guest(&world, network, &get("/nothing", "")).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_guest_that_sends_too_much_is_refused() {
    let world = World::stored(Storage::Simulated).await;
    let network = Uuid::new_v4();
    world.start(&machine(Vec::new(), vec![nic(network)])).await.unwrap();
    let long = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
    assert!(guest(&world, network, &long).await.starts_with("HTTP/1.1 413"));
    let wide = get("/", &format!("X-Wide: {}\r\n", "x".repeat(100_000)));
    assert!(!guest(&world, network, &wide).await.contains("200 OK"));
}

#[tokio::test]
async fn without_a_controller_a_guest_is_told_to_come_back() {
    let world = World::stored(Storage::Simulated).await;
    let network = Uuid::new_v4();
    world.start(&machine(Vec::new(), vec![nic(network)])).await.unwrap();
    world.cut.cancel();
    eventually(|| world.registry.connected().is_empty()).await;
    let answer = guest(&world, network, &get("/", "")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 5\r\n"), "{answer}");
}
