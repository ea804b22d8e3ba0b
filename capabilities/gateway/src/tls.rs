//! TLS for MQTT, from PEM files.
use kernel::{Error, Result};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Reads certificate chain and key.
///
/// # Errors
/// `Internal` naming the file that cannot be read or used.
pub(crate) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let wrong = |path: &Path, e: &dyn std::fmt::Display| Error::Internal(format!("{}: {e}", path.display()));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .map_err(|e| wrong(certificate, &e))?
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| wrong(certificate, &e))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong(key, &e))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|e| wrong(certificate, &e))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What a broker's certificate is checked against: one authority.
///
/// # Errors
/// `Internal` naming the file that cannot be read or used.
pub(crate) fn client(authority: &Path) -> Result<Arc<ClientConfig>> {
    let wrong = |e: &dyn std::fmt::Display| Error::Internal(format!("{}: {e}", authority.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority).map_err(|e| wrong(&e))? {
        roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}
