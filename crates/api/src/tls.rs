//! TLS (RFC 8446, RFC 5246) by files that may change while the server runs.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// What is spoken over TLS, the best first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where certificates and keys are, all in PEM (RFC 7468).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, then those between it and its authority.
    pub certificates: PathBuf,
    /// The key of the server's certificate: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// Authorities of clients; with it every client has to show a certificate of one of them.
    pub client_authorities: Option<PathBuf>,
}

/// Files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
    #[error("the certificate in {certificates} and the key in {key} do not serve: {source}")]
    Unusable { certificates: PathBuf, key: PathBuf, source: rustls::Error },
}

/// The present certificate and key; cheap to clone. Connections that are open keep what they began with.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
    /// The files as they were when they were last looked at.
    seen: Mutex<Seen>,
}

/// What tells one state of a file from another: its place, length and time; none if it is not there.
type Seen = Vec<Option<(u64, u64, i64, i64)>>;

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tls").field(&self.0.files).finish()
    }
}

impl Tls {
    /// # Errors
    /// A file cannot be read, holds no PEM of its kind, or certificate and key do not belong together.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let seen = look(&files);
        let current = RwLock::new(Arc::new(config(&files)?));
        Ok(Self(Arc::new(Shared { files, current, seen: Mutex::new(seen) })))
    }

    /// Reads the files again, if they have changed since they were last looked at, or in any case if `must`; true if they
    /// are used from now on.
    ///
    /// # Errors
    /// As [`Tls::load`]; what was used before goes on being used.
    pub fn reload(&self, must: bool) -> Result<bool, TlsError> {
        let shared = &*self.0;
        let now = look(&shared.files);
        {
            let mut seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now && !must {
                return Ok(false);
            }
            *seen = now;
        }
        let config = Arc::new(config(&shared.files)?);
        *shared.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(true)
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }
}

fn config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let certificates = certificates(&files.certificates)?;
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|error| unreadable(&files.key, &error))?;
    let unusable = |source| TlsError::Unusable {
        certificates: files.certificates.clone(),
        key: files.key.clone(),
        source,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match &files.client_authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in self::certificates(path)? {
                roots.add(authority).map_err(|error| unreadable(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = verifier.build().map_err(|error| unreadable(path, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(certificates, key).map_err(unusable)?;
    config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(path, &error))?;
    let all: Result<Vec<_>, _> = all.collect();
    let all = all.map_err(|error| unreadable(path, &error))?;
    match all.is_empty() {
        true => Err(unreadable(path, &"it holds no certificate")),
        false => Ok(all),
    }
}

fn look(files: &TlsFiles) -> Seen {
    let paths = [Some(&files.certificates), Some(&files.key), files.client_authorities.as_ref()];
    let state = |file: Metadata| (file.ino(), file.len(), file.mtime(), file.mtime_nsec());
    let look = |path: &PathBuf| std::fs::metadata(path).ok().map(state);
    paths.into_iter().flatten().map(look).collect()
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), why: why.to_string() }
}
