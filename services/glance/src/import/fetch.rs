//! Fetches content from the web: one GET, to the address that was looked at, without following anything.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use contracts::image::ImageData;
use futures::{StreamExt, stream};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::address::{self, Place};
use crate::{Config, Error};

const PATIENCE: Duration = Duration::from_secs(30);

/// The content, and how long it is said to be.
pub async fn fetch(uri: &str, config: &Config) -> Result<(ImageData, Option<u64>), Error> {
    let place = address::read(uri, config)?;
    let peer = address::resolve(&place, config).await?;
    let stream = timeout(PATIENCE, TcpStream::connect(peer))
        .await
        .map_err(io::Error::from)
        .and_then(|connected| connected)
        .map_err(|error| failed(&place, &error))?;
    let response = if place.tls {
        let name = ServerName::try_from(place.host.clone()).map_err(|error| failed(&place, &error))?;
        let stream = timeout(PATIENCE, connector(config)?.connect(name, stream))
            .await
            .map_err(io::Error::from)
            .and_then(|connected| connected)
            .map_err(|error| failed(&place, &error))?;
        ask(&place, stream).await?
    } else {
        ask(&place, stream).await?
    };
    if response.status() != StatusCode::OK {
        return Err(Error::Invalid(format!("{} answered {}.", place.host, response.status())));
    }
    let length = response
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    Ok((pieces(response.into_body()), length))
}

fn failed(place: &Place, error: &dyn std::fmt::Display) -> Error {
    tracing::info!(host = place.host, %error, "could not fetch an image");
    Error::Invalid(format!("The host {} could not be reached.", place.host))
}

async fn ask<S>(place: &Place, stream: S) -> Result<hyper::Response<Incoming>, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = timeout(PATIENCE, http1::handshake(TokioIo::new(stream)))
        .await
        .map_err(|error| failed(place, &error))?
        .map_err(|error| failed(place, &error))?;
    // Ends with the stream of the content.
    tokio::spawn(connection);
    let host = if [80, 443].contains(&place.port) {
        place.host.clone()
    } else {
        format!("{}:{}", place.host, place.port)
    };
    let request = Request::get(&place.path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, "pileus")
        .header(header::ACCEPT, "*/*")
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(place, &error))?;
    timeout(PATIENCE, sender.send_request(request))
        .await
        .map_err(|error| failed(place, &error))?
        .map_err(|error| failed(place, &error))
}

/// The content piece by piece. A host that says nothing for a while is given up.
fn pieces(body: Incoming) -> ImageData {
    stream::unfold(Some(body), |body| async move {
        let mut body = body?;
        loop {
            let frame = match timeout(PATIENCE, body.frame()).await {
                Err(late) => return Some((Err(io::Error::from(late)), None)),
                Ok(None) => return None,
                Ok(Some(Err(error))) => return Some((Err(io::Error::other(error)), None)),
                Ok(Some(Ok(frame))) => frame,
            };
            if let Ok(data) = frame.into_data() {
                return Some((Ok(data), Some(body)));
            }
        }
    })
    .boxed()
}

fn connector(config: &Config) -> Result<TlsConnector, Error> {
    let mut roots = RootCertStore::empty();
    let bundle = std::fs::read(&config.web_download_ca).map_err(Error::Storage)?;
    for certificate in rustls_pemfile::certs(&mut bundle.as_slice()).flatten() {
        // One that can't be read is of no use; the others are.
        let _ = roots.add(certificate);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Storage(io::Error::other(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
