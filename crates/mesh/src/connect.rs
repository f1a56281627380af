use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::{Error, Options};

/// A silent peer is noticed by TCP itself after this time.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Opens connections: name lookup, TCP and TLS under one timeout.
#[derive(Clone)]
pub(crate) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    timeout: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Connector {
    /// The connector, and what was wrong with the operating system's certificate authorities.
    pub(crate) fn new(options: &Options) -> Result<(Self, Vec<String>), Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        // Shared out over the addresses of a name, so that one dead address does not use up the whole time.
        tcp.set_connect_timeout(Some(options.connect_timeout));

        let (roots, problems) = roots(options)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let inner = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Ok((Self { inner, timeout: options.connect_timeout }, problems))
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.timeout;
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected,
                Err(_elapsed) => Err(BoxError::from(ConnectTimedOut(limit))),
            }
        })
    }
}

/// No connection within [`Options::connect_timeout`].
#[derive(Debug)]
struct ConnectTimedOut(Duration);

impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not connected within {:?}", self.0)
    }
}

impl std::error::Error for ConnectTimedOut {}

fn roots(options: &Options) -> Result<(RootCertStore, Vec<String>), Error> {
    let mut roots = RootCertStore::empty();
    let mut problems = Vec::new();
    if options.native_roots {
        let native = rustls_native_certs::load_native_certs();
        problems.extend(native.errors.iter().map(ToString::to_string));
        let (_added, unusable) = roots.add_parsable_certificates(native.certs);
        if unusable > 0 {
            problems.push(format!("{unusable} certificate authorities cannot be used"));
        }
        if roots.is_empty() && problems.is_empty() {
            problems.push("the operating system names no certificate authority".to_owned());
        }
    }
    if let Some(path) = &options.extra_ca_file {
        for certificate in extra_authorities(path)? {
            roots.add(certificate)?;
        }
    }
    Ok((roots, problems))
}

fn extra_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let authorities = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| Error::CaFile { path: path.to_owned(), source })?;
    if authorities.is_empty() {
        return Err(Error::CaFileEmpty { path: path.to_owned() });
    }
    Ok(authorities)
}
