//! The namespace of a network's metadata proxy, and the socket in it.

use std::{fs::File, net::TcpListener};

use contracts::{
    driver::{DriverError, DriverResult},
    machine::tap_name,
    network::MetadataPort,
};
use nix::sched::{CloneFlags, setns};
use uuid::Uuid;

use super::OvsWiring;
use crate::iproute::{IpRoute, is_namespace, namespaces};

/// The proxy's end of the pair, in its namespace.
const INSIDE: &str = "meta0";
const ADDRESS: &str = "169.254.169.254";

impl OvsWiring {
    pub(super) fn metadata_namespace(&self, network: Uuid) -> String {
        format!("{}{network}", self.config.metadata_prefix)
    }

    /// Makes the namespace, with a pair of interfaces of which one end is in it. Returns whether it was not there.
    pub(super) async fn make_namespace(&self, namespace: &str, port: &MetadataPort) -> DriverResult<bool> {
        let named = namespaces()?.iter().any(|each| each == namespace);
        let made = !named || !is_namespace(namespace);
        if made {
            let mut commands = vec![format!("netns add {namespace}")];
            if named {
                // A name that a container's or a mount namespace's end has left without a namespace.
                commands.insert(0, format!("netns del {namespace}"));
            }
            IpRoute::new(None).batch(&commands).await?;
        }
        let (outside, inner) = (tap_name(port.port_id), IpRoute::new(Some(namespace.to_owned())));
        let mtu = port.mtu;
        let inside_there = inner.link_exists(INSIDE).await?;
        if !inside_there {
            let mut commands = Vec::new();
            if self.ip.link_exists(&outside).await? {
                // Its other end is in a namespace that has lost its name.
                commands.push(format!("link del dev {outside}"));
            }
            commands.push(format!("link add {outside} type veth peer name {INSIDE} netns {namespace}"));
            self.ip.batch(&commands).await?;
            self.ip.disable_offloads(&outside).await?;
            inner.disable_offloads(INSIDE).await?;
        }
        self.ip.batch(&[format!("link set dev {outside} mtu {mtu} up")]).await?;
        inner
            .batch(&inside_commands(port, inside_there && self.addresses_differ(&inner, port).await?))
            .await?;
        Ok(made)
    }

    async fn addresses_differ(&self, inner: &IpRoute, port: &MetadataPort) -> DriverResult<bool> {
        let mut wanted: Vec<String> =
            port.addresses.iter().map(|(address, length)| format!("{address}/{length}")).collect();
        wanted.push(format!("{ADDRESS}/32"));
        wanted.sort_unstable();
        Ok(inner.addresses(INSIDE).await? != wanted)
    }
}

fn inside_commands(port: &MetadataPort, flush: bool) -> Vec<String> {
    let mut commands = vec!["link set dev lo up".to_owned()];
    if flush {
        commands.push(format!("address flush dev {INSIDE} scope global"));
    }
    commands.push(format!("link set dev {INSIDE} address {} mtu {}", port.mac, port.mtu));
    for (address, length) in &port.addresses {
        let nodad = if address.is_ipv6() { " nodad" } else { "" };
        commands.push(format!("address replace {address}/{length} dev {INSIDE}{nodad}"));
    }
    commands.push(format!("address replace {ADDRESS}/32 dev {INSIDE}"));
    commands.push(format!("link set dev {INSIDE} up"));
    commands
}

/// Listens inside the namespace. A thread enters a namespace alone and for good, so one is made for this and ends with it;
/// the socket stays where it was made.
pub(super) async fn listen(namespace: &str) -> DriverResult<TcpListener> {
    let name = namespace.to_owned();
    let (done, outcome) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("metadata-listen".to_owned()).spawn(move || {
        let _ = done.send(enter_and_listen(&name));
    });
    thread.map_err(|error| DriverError::Unavailable(format!("no thread: {error}")))?;
    match outcome.await {
        Ok(Ok(listener)) => Ok(listener),
        Ok(Err(error)) => Err(DriverError::Unavailable(format!("metadata socket in {namespace}: {error}"))),
        Err(_) => Err(DriverError::Unavailable(format!("metadata socket in {namespace}: the thread ended"))),
    }
}

fn enter_and_listen(namespace: &str) -> std::io::Result<TcpListener> {
    setns(File::open(format!("/run/netns/{namespace}"))?, CloneFlags::CLONE_NEWNET)?;
    let listener = TcpListener::bind((ADDRESS, 80))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
