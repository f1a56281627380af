//! TLS over sockets, with certificates that are made here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{Request, StatusCode, Version};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use motet_api::{Options, Tls, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::support::Server;

/// An authority, and what it has signed, in a directory of its own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("ca.pem"), issuer.pem()).unwrap();
        let authority = Self { issuer, directory };
        authority.certify("server");
        authority
    }

    fn certify(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn files(&self, client_authorities: Option<PathBuf>) -> TlsFiles {
        let (certificates, key) = (self.file("server.pem"), self.file("server.key"));
        TlsFiles { certificates, key, client_authorities }
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// A server over TLS; its address.
async fn serve(tls: &Tls) -> (Server, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = Options { tls: Some(tls.clone()), ..Options::default() };
    let server = Server::with(options.clone());
    let router = server.router.clone();
    tokio::spawn(async move {
        motet_api::serve(listener, router, &options, std::future::pending()).await
    });
    (server, address)
}

/// Asks whether the server lives, with these protocols, trusting this authority and showing this certificate: the status and
/// the version of HTTP that was spoken.
async fn ask(
    address: std::net::SocketAddr,
    trusted: &Authority,
    protocols: &[&str],
    shown: Option<&Authority>,
) -> Result<(StatusCode, Version), Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted.file("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let certificate = CertificateDer::from_pem_file(authority.file("server.pem")).unwrap();
            let key = PrivateKeyDer::from_pem_file(authority.file("server.key")).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let is_second = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = TokioIo::new(stream);
    let uri = if is_second { "https://localhost/livez" } else { "/livez" };
    let request = Request::get(uri);
    let request = if is_second { request } else { request.header("host", "localhost") };
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let response = if is_second {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    Ok((response.status(), response.version()))
}

#[tokio::test]
async fn the_protocol_is_agreed_upon() {
    let authority = Authority::new("protocol");
    let tls = Tls::load(authority.files(None)).unwrap();
    let (_server, address) = serve(&tls).await;
    for (protocols, spoken) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let answer = ask(address, &authority, protocols, None).await.unwrap();
        assert_eq!(answer, (StatusCode::OK, spoken), "{protocols:?}");
    }
    assert!(ask(address, &authority, &["h3"], None).await.is_err(), "nothing in common");
    assert!(ask(address, &Authority::new("stranger"), &[], None).await.is_err());
}

#[tokio::test]
async fn clients_may_have_to_show_a_certificate() {
    let (authority, clients) = (Authority::new("asking"), Authority::new("clients"));
    let tls = Tls::load(authority.files(Some(clients.file("ca.pem")))).unwrap();
    let (_server, address) = serve(&tls).await;
    assert!(ask(address, &authority, &[], None).await.is_err(), "none is shown");
    assert!(ask(address, &authority, &[], Some(&authority)).await.is_err(), "of a stranger");
    let answer = ask(address, &authority, &[], Some(&clients)).await.unwrap();
    assert_eq!(answer.0, StatusCode::OK);
}

#[tokio::test]
async fn new_files_are_taken_up_and_bad_ones_are_not() {
    let authority = Authority::new("renewal");
    let tls = Tls::load(authority.files(None)).unwrap();
    let (_server, address) = serve(&tls).await;
    assert!(!tls.reload(false).unwrap(), "nothing has changed");
    std::fs::write(authority.file("server.key"), "no key").unwrap();
    let error = tls.reload(false).unwrap_err().to_string();
    assert!(error.contains("server.key"), "{error}");
    assert!(!tls.reload(false).unwrap(), "bad files are told once");
    assert!(tls.reload(true).is_err(), "unless somebody asks");
    assert_eq!(ask(address, &authority, &[], None).await.unwrap().0, StatusCode::OK);
    // Another authority signs the new certificate, so that whoever trusts it alone can tell.
    let other = Authority::new("renewed");
    for file in ["server.pem", "server.key"] {
        std::fs::copy(other.file(file), authority.file(file)).unwrap();
    }
    assert!(tls.reload(false).unwrap());
    assert_eq!(ask(address, &other, &[], None).await.unwrap().0, StatusCode::OK);
    assert!(ask(address, &authority, &[], None).await.is_err());
}
