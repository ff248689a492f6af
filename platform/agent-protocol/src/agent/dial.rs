//! Ways to a controller.

use std::{io, sync::Arc};

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::{
    controller::HostRegistry,
    credentials::Credentials,
    identity::HostIdentity,
    limits,
    tls::{CONTROLLER_NAME, TlsError, client_config},
};

/// Anything that HTTP/2 can be spoken on.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Makes connections to a controller, one whenever the last has gone.
#[async_trait]
pub trait Dialer: Send + Sync {
    /// A new connection.
    async fn dial(&self) -> io::Result<Box<dyn Connection>>;
}

/// The way to a controller elsewhere: TCP and TLS.
pub struct TlsDialer {
    address: String,
    connector: TlsConnector,
}

impl TlsDialer {
    /// To the controller at `address` (`host:port`), as the host that the credentials name.
    pub fn new(address: impl Into<String>, credentials: &Credentials) -> Result<Self, TlsError> {
        let connector = TlsConnector::from(Arc::new(client_config(credentials)?));
        Ok(Self { address: address.into(), connector })
    }
}

#[async_trait]
impl Dialer for TlsDialer {
    async fn dial(&self) -> io::Result<Box<dyn Connection>> {
        let tcp = TcpStream::connect(&self.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(CONTROLLER_NAME).map_err(io::Error::other)?;
        Ok(Box::new(self.connector.connect(name, tcp).await?))
    }
}

/// The way to the controller in the same process.
pub struct InProcessDialer {
    registry: HostRegistry,
    host: HostIdentity,
}

impl InProcessDialer {
    /// To that registry, as that host.
    pub fn new(registry: HostRegistry, host: HostIdentity) -> Self {
        Self { registry, host }
    }
}

#[async_trait]
impl Dialer for InProcessDialer {
    async fn dial(&self) -> io::Result<Box<dyn Connection>> {
        let (near, far) = tokio::io::duplex(limits::PIPE);
        let (registry, host) = (self.registry.clone(), self.host.clone());
        tokio::spawn(async move { registry.serve_connection(far, host).await });
        Ok(Box::new(near))
    }
}
