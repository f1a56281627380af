use std::path::PathBuf;
use std::time::Duration;

/// How a [`Mesh`](crate::Mesh) connects; the defaults are meant for production.
#[derive(Clone, Debug)]
pub struct Options {
    /// One connection, from the name lookup to the end of the TLS handshake; a call's own timeout may end it earlier.
    pub connect_timeout: Duration,
    /// Connections to one host that are kept open while nothing uses them.
    pub idle_connections_per_host_max: usize,
    /// How long such a connection is kept.
    pub idle_connection_timeout: Duration,
    /// Speak HTTP/2 to `http` addresses without asking (RFC 9113 §3.3). `https` always negotiates by ALPN.
    pub http2_prior_knowledge: bool,
    /// Trust the certificate authorities of the operating system.
    pub native_roots: bool,
    /// A PEM file of certificate authorities to trust besides.
    pub extra_ca_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_connections_per_host_max: 1_024,
            idle_connection_timeout: Duration::from_secs(30),
            http2_prior_knowledge: false,
            native_roots: true,
            extra_ca_file: None,
        }
    }
}

/// Why no mesh could be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read, or is not PEM.
    #[error("cannot read certificate authorities from {path}: {source}")]
    CaFile { path: PathBuf, source: rustls::pki_types::pem::Error },
    /// The file was read and holds no certificate.
    #[error("no certificate in {path}")]
    CaFileEmpty { path: PathBuf },
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}
