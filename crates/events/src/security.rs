//! Encrypted connections, and how a client shows who it is.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// How a connection is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Authorities beside those of the system (PEM).
    pub ca: Option<PathBuf>,
    /// The client's own certificates and key (PEM).
    pub client: Option<(PathBuf, PathBuf)>,
}

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub mechanism: Mechanism,
    pub user: String,
    pub password: String,
}

/// How a password is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// As it is: over encrypted connections.
    #[default]
    Plain,
    ScramSha256,
    ScramSha512,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({:?}, {:?}, hidden)", self.mechanism, self.user)
    }
}

impl Tls {
    pub(crate) fn config(&self) -> Result<ClientConfig, Error> {
        let wrong = |what: &str, why: &dyn std::fmt::Display| {
            Error::Refused(format!("the connection cannot be encrypted: {what}: {why}"))
        };
        let mut roots = RootCertStore::empty();
        // Authorities of the system that cannot be read vouch for nobody; those that are missed show when connecting.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &self.ca {
            let place = path.display().to_string();
            for certificate in read(path)? {
                roots.add(certificate).map_err(|error| wrong(&place, &error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong("versions", &error))?
            .with_root_certificates(roots);
        let Some((certificate, key)) = &self.client else {
            return Ok(builder.with_no_client_auth());
        };
        let private = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| wrong(&key.display().to_string(), &error))?;
        builder
            .with_client_auth_cert(read(certificate)?, private)
            .map_err(|error| wrong("the client's certificate", &error))
    }
}

fn read(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    certificates.map_err(|error| {
        Error::Refused(format!("{} holds no certificates: {error}", path.display()))
    })
}
