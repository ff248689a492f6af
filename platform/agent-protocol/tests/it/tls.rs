//! The protocol on real connections.

use std::{sync::Arc, time::Duration};

use agent_protocol::{Authority, Credentials, Dialer, LinkError, TlsDialer};
use contracts::hosts::{HostError, HostRequest, Hosts};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fakes::{World, image_disk};

struct Net {
    world: World,
    folder: tempfile::TempDir,
    address: String,
    cancel: CancellationToken,
    listening: JoinHandle<()>,
}

impl Net {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let credentials = Authority::open(folder.path()).unwrap().issue_controller().unwrap();
        let cancel = CancellationToken::new();
        let listening = listen(&world, listener, credentials, cancel.clone());
        Self { world, folder, address, cancel, listening }
    }

    fn dialer(&self, credentials: &Credentials) -> Arc<TlsDialer> {
        Arc::new(TlsDialer::new(self.address.clone(), credentials).unwrap())
    }

    fn host_credentials(&self, name: &str) -> Credentials {
        Authority::open(self.folder.path()).unwrap().issue_host(name).unwrap()
    }
}

fn listen(
    world: &World,
    listener: TcpListener,
    as_: Credentials,
    until: CancellationToken,
) -> JoinHandle<()> {
    let registry = world.registry.clone();
    tokio::spawn(async move { registry.listen_tls(listener, &as_, until).await.unwrap() })
}

#[tokio::test]
async fn hosts_are_who_their_certificates_say_and_see_only_their_own() {
    let net = Net::new().await;
    let a = net.world.dialled("a", net.dialer(&net.host_credentials("a")));
    let b = net.world.dialled("b", net.dialer(&net.host_credentials("b")));
    net.world.connected("a").await;
    net.world.connected("b").await;
    net.world.registry.ask("a", HostRequest::List).await.unwrap();
    let image = net.world.image("content");
    let attach = HostRequest::AttachDisk { id: Uuid::nil(), disk: image_disk(image) };
    let _asked = b.begin(&net.world.registry, attach).await;
    assert!(b.link.image(image).await.is_ok());
    assert!(matches!(a.link.image(image).await, Err(LinkError::Refused { status: 403, .. })));
}

#[tokio::test]
async fn a_host_with_the_certificate_of_another_gets_no_session() {
    let net = Net::new().await;
    let _liar = net.world.dialled("b", net.dialer(&net.host_credentials("a")));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(net.world.registry.connected().is_empty());
}

#[tokio::test]
async fn certificates_of_another_authority_or_of_the_wrong_kind_are_refused() {
    let net = Net::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = Authority::open(elsewhere.path()).unwrap();
    // The agent does not trust the controller.
    let dialer = net.dialer(&foreign.issue_host("a").unwrap());
    assert!(dialer.dial().await.is_err());
    // It trusts the controller, and the controller does not trust it.
    let ours = net.host_credentials("a");
    let authority_at = ours.certificates_pem.rfind("-----BEGIN CERTIFICATE").unwrap();
    let mut mixed = foreign.issue_host("a").unwrap();
    let foreign_authority_at = mixed.certificates_pem.rfind("-----BEGIN CERTIFICATE").unwrap();
    mixed.certificates_pem.truncate(foreign_authority_at);
    mixed.certificates_pem.push_str(&ours.certificates_pem[authority_at..]);
    let _foreigner = net.world.dialled("a", net.dialer(&mixed));
    // A controller's certificate is not a host's.
    let controller = Authority::open(net.folder.path()).unwrap().issue_controller().unwrap();
    let _controller = net.world.dialled("controller.pileus.internal", net.dialer(&controller));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(net.world.registry.connected().is_empty());
}

#[tokio::test]
async fn a_host_can_not_pose_as_a_controller() {
    let net = Net::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let _posing = listen(&net.world, listener, net.host_credentials("a"), net.cancel.clone());
    let dialer = TlsDialer::new(address, &net.host_credentials("b")).unwrap();
    assert!(dialer.dial().await.is_err());
}

#[tokio::test]
async fn a_host_connects_again_to_a_controller_that_was_started_again() {
    let net = Net::new().await;
    let _host = net.world.dialled("a", net.dialer(&net.host_credentials("a")));
    net.world.connected("a").await;
    net.cancel.cancel();
    net.listening.await.unwrap();
    net.world.disconnected("a").await;
    let gone = net.world.registry.ask("a", HostRequest::List).await;
    assert_eq!(gone, Err(HostError::Away { host: "a".into() }));
    let listener = TcpListener::bind(&net.address).await.unwrap();
    let credentials = Authority::open(net.folder.path()).unwrap().issue_controller().unwrap();
    let _listening = listen(&net.world, listener, credentials, CancellationToken::new());
    net.world.connected("a").await;
    net.world.registry.ask("a", HostRequest::List).await.unwrap();
}
