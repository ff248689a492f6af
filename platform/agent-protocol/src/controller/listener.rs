//! Taking connections from hosts elsewhere.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::HostRegistry;
use crate::{
    credentials::Credentials,
    identity::HostIdentity,
    limits,
    tls::{TlsError, server_config},
};

impl HostRegistry {
    /// Takes hosts' connections until cancelled, then ends them all. A host is who its certificate says.
    pub async fn listen_tls(
        &self,
        listener: TcpListener,
        credentials: &Credentials,
        cancel: CancellationToken,
    ) -> Result<(), TlsError> {
        let acceptor = TlsAcceptor::from(Arc::new(server_config(credentials)?));
        let handshakes = Arc::new(Semaphore::new(limits::MAX_HANDSHAKES));
        let connections = TaskTracker::new();
        loop {
            let Ok(handshake) = handshakes.clone().acquire_owned().await else { break };
            let (tcp, address) = tokio::select! {
                () = cancel.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Mostly too many open files: what there is must go on.
                        tracing::warn!(%error, "a host's connection could not be taken");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        continue;
                    }
                },
            };
            let (registry, acceptor, cancel) = (self.clone(), acceptor.clone(), cancel.clone());
            connections.spawn(async move {
                let serve = async {
                    match timeout(limits::DIAL_DEADLINE, shake(acceptor, tcp)).await {
                        Ok(Ok((stream, peer))) => {
                            drop(handshake);
                            registry.serve_connection(stream, peer).await;
                        }
                        Ok(Err(reason)) => tracing::warn!(%address, reason, "not a host of ours"),
                        Err(_) => tracing::warn!(%address, "no TLS handshake in time"),
                    }
                };
                tokio::select! {
                    () = serve => {}
                    () = cancel.cancelled() => {}
                }
            });
        }
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

async fn shake(acceptor: TlsAcceptor, tcp: TcpStream) -> Result<(TlsStream, HostIdentity), String> {
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = acceptor.accept(tcp).await.map_err(|error| error.to_string())?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let peer = certificate.and_then(HostIdentity::of_certificate).ok_or("its certificate names no host")?;
    Ok((stream, peer))
}
