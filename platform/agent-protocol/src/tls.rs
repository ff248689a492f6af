//! TLS with certificates on both ends, 1.3 only, by rustls and ring.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::CertificateDer,
    server::{VerifierBuilderError, WebPkiClientVerifier},
};

use crate::credentials::Credentials;

/// The name in every controller's certificate. The authority is Pileus' own, so who holds a certificate of this name is
/// a controller, whatever its address.
pub(crate) const CONTROLLER_NAME: &str = "controller.pileus.internal";

/// Why credentials can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// They can't be read.
    #[error("unreadable credentials: {0}")]
    Credentials(String),
    /// They don't fit together.
    #[error("unusable credentials: {0}")]
    Unusable(#[from] rustls::Error),
    /// The authority can't verify anyone.
    #[error("unusable authority: {0}")]
    Authority(#[from] VerifierBuilderError),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn roots(authority: CertificateDer<'static>) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(authority)?;
    Ok(Arc::new(roots))
}

/// For a controller: only hosts of the same authority get through.
pub(crate) fn server_config(credentials: &Credentials) -> Result<ServerConfig, TlsError> {
    let (own, authority, key) = credentials.parse()?;
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(authority)?, provider()).build()?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![own], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// For an agent: only a controller of the same authority is spoken to.
pub(crate) fn client_config(credentials: &Credentials) -> Result<ClientConfig, TlsError> {
    let (own, authority, key) = credentials.parse()?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots(authority)?)
        .with_client_auth_cert(vec![own], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
