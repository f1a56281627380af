//! HTTP/2 and TLS: negotiated versions, trust, refused streams.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use expect_test::expect;
use http::Version;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use motet_mesh::{Error, Mesh, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use support::{get, mesh, mesh_with, post, told};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate authority made for one test, and a server's certificate by it.
struct Authority {
    file: PathBuf,
    certificate: rustls::pki_types::CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    fn new(test: &str, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = leaf.signed_by(&key, &issuer).unwrap();
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.pem"));
        std::fs::write(&file, issuer.pem()).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Self { file, certificate: certificate.der().clone(), key }
    }

    fn trusted(&self) -> Options {
        Options { extra_ca_file: Some(self.file.clone()), ..Options::default() }
    }

    /// Answers every request with its HTTP version and body.
    async fn serve(&self, alpn: &[&str]) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    let _ended = serve(TokioIo::new(stream), h2).await;
                });
            }
        });
        address
    }
}

async fn serve<S>(stream: S, h2: bool) -> Result<(), hyper::Error>
where
    S: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    if h2 {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(stream, service_fn(echo))
            .await
    } else {
        hyper::server::conn::http1::Builder::new().serve_connection(stream, service_fn(echo)).await
    }
}

async fn echo(request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (version, has_host) = (request.version(), request.headers().contains_key("host"));
    assert_eq!(has_host, version != Version::HTTP_2, "HTTP/2 names the host in :authority");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let text = format!("{version:?} {}", String::from_utf8_lossy(&body));
    Ok(http::Response::new(Full::from(text)))
}

#[tokio::test]
async fn https_negotiates_the_version() {
    let authority = Authority::new("negotiates", "127.0.0.1");
    let mesh = mesh_with(authority.trusted());
    let mut told_all = String::new();
    for alpn in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
        let address = authority.serve(alpn).await;
        let result = mesh.call(post(&format!("https://{address}/"), "hello")).await;
        told_all += &format!("{alpn:?}: {}\n", told(&result));
    }
    expect![[r#"
        ["h2", "http/1.1"]: 200 HTTP/2.0 hello
        ["http/1.1"]: 200 HTTP/1.1 hello
        []: 200 HTTP/1.1 hello
    "#]]
    .assert_eq(&told_all);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_has_not_run() {
    let authority = Authority::new("untrusted", "127.0.0.1");
    let address = authority.serve(&["h2"]).await;
    let result = mesh().call(post(&format!("https://{address}/"), "{}")).await;
    expect!["NotRun: cannot connect to 127.0.0.1:PORT: invalid peer certificate: UnknownIssuer"]
        .assert_eq(&told(&result));
}

#[tokio::test]
async fn a_certificate_of_another_name_has_not_run() {
    let authority = Authority::new("misnamed", "payments.example");
    let address = authority.serve(&["h2"]).await;
    let mesh = mesh_with(authority.trusted());
    let error = mesh.call(post(&format!("https://{address}/"), "{}")).await.unwrap_err();
    assert_eq!(error.undone, motet_mesh::Undone::NotRun);
    assert!(error.message.contains("payments.example"), "{error}");
}

#[tokio::test]
async fn http2_without_asking_only_where_it_is_configured() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // The first connection comes from the mesh that knows, the second from the one that does not.
        for h2 in [true, false] {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(TokioIo::new(stream), h2));
        }
    });
    let knowing = mesh_with(Options { http2_prior_knowledge: true, ..Options::default() });
    let url = format!("http://{address}/");
    let (first, second) =
        tokio::join!(knowing.call(post(&url, "a")), knowing.call(post(&url, "b")));
    let third = mesh().call(post(&url, "c")).await;
    let lines = [first, second, third].map(|result| told(&result));
    expect![[r#"
        200 HTTP/2.0 a
        200 HTTP/2.0 b
        200 HTTP/1.1 c"#]]
    .assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_refused_stream_has_not_run_and_another_reset_may_have() {
    let mut table = String::new();
    for reason in [h2::Reason::REFUSED_STREAM, h2::Reason::INTERNAL_ERROR, h2::Reason::CANCEL] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_request, mut respond))) = connection.accept().await {
                respond.send_reset(reason);
            }
        });
        let mesh = mesh_with(Options { http2_prior_knowledge: true, ..Options::default() });
        table += &format!("{}\n", told(&mesh.call(get(&url)).await));
    }
    expect![[r#"
        NotRun: no response from 127.0.0.1:PORT: http2 error: stream error received: refused stream before processing any application logic
        MaybeRun: no response from 127.0.0.1:PORT: http2 error: stream error received: unexpected internal error encountered
        MaybeRun: no response from 127.0.0.1:PORT: http2 error: stream error received: stream no longer needed
    "#]].assert_eq(&table);
}

#[test]
fn files_of_authorities_that_are_none() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (empty, broken) = (folder.join("empty.pem"), folder.join("broken.pem"));
    std::fs::write(&empty, "").unwrap();
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n")
        .unwrap();
    let mut table = String::new();
    for file in [folder.join("absent.pem"), empty, broken] {
        let options = Options { extra_ca_file: Some(file), ..Options::default() };
        let error = Mesh::new(options).err().unwrap();
        assert!(!matches!(error, Error::Tls(_)));
        table += &error.to_string().replace(folder.to_str().unwrap(), "DIR");
        table.push('\n');
    }
    expect![[r#"
        cannot read certificate authorities from DIR/absent.pem: I/O error: No such file or directory (os error 2)
        no certificate in DIR/empty.pem
        cannot read certificate authorities from DIR/broken.pem: base64 decode error: InvalidCharacter(37)
    "#]].assert_eq(&table);
}
