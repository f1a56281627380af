//! Over real sockets: protocols, limits of connections, and the end.

use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use motet_api::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::Server;

struct Serving {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<usize>,
    server: Server,
}

async fn serve(options: Options) -> Serving {
    let server = Server::with(options.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = server.router.clone();
    let ended = tokio::spawn(async move {
        motet_api::serve(listener, router, &options, async { drop(stopped.await) }).await
    });
    Serving { address, stop, ended, server }
}

#[tokio::test]
async fn http_1_and_http_2_are_spoken_on_one_port() {
    let serving = serve(Options::default()).await;
    let stream = TcpStream::connect(serving.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request =
        Request::get("/livez").header("host", "localhost").body(Empty::<bytes::Bytes>::new());
    let answer = sender.send_request(request.unwrap()).await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_11);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "alive\n");

    let stream = TcpStream::connect(serving.address).await.unwrap();
    let executor = TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let uri = format!("http://{}/livez", serving.address);
    let request = Request::get(uri).body(Full::<bytes::Bytes>::default());
    let answer = sender.send_request(request.unwrap()).await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "alive\n");
}

#[tokio::test]
async fn an_open_request_is_answered_before_the_end() {
    let serving = serve(Options::default()).await;
    serving.server.publish("nap", "1.0.0", "  - nap: { wait: { milliseconds: 300 } }").await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    let path = "/api/v1/workflows/test/nap/instances?wait=10s";
    let request =
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{{}}");
    stream.write_all(request.as_bytes()).await.unwrap();
    // The server has the request once the instance is there.
    while serving
        .server
        .handle
        .metrics()
        .iter()
        .all(|(name, _, _, value)| *name != "motet_instances_started_total" || *value == 0.0)
    {
        tokio::task::yield_now().await;
    }
    serving.stop.send(()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\"status\":\"completed\""), "{answer}");
    assert_eq!(serving.ended.await.unwrap(), 0);
    assert!(TcpStream::connect(serving.address).await.is_err(), "it still listens");
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let options = Options { drain_max: Duration::from_millis(50), ..Options::default() };
    let serving = serve(options).await;
    serving.server.publish("sleep", "1.0.0", "  - sleep: { wait: { hours: 1 } }").await;
    let id = serving.server.start("sleep", "", "{}").await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    let request = format!("GET /api/v1/instances/{id}/watch HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    serving.stop.send(()).unwrap();
    assert_eq!(serving.ended.await.unwrap(), 1, "connections that were cut off");
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection_and_gives_its_place_to_another() {
    let options = Options {
        head_timeout: Duration::from_millis(50),
        connections_max: 1,
        ..Options::default()
    };
    let serving = serve(options).await;
    let mut idle = TcpStream::connect(serving.address).await.unwrap();
    idle.write_all(b"GET /livez HT").await.unwrap();
    let mut next = TcpStream::connect(serving.address).await.unwrap();
    next.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("alive\n"), "{answer}");
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_timeout() {
    let options = Options { body_timeout: Duration::from_millis(50), ..Options::default() };
    let serving = serve(options).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    let head = "POST /api/v1/workflows HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\ndocument:";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"code\":\"request-timeout\""), "{answer}");
}
