//! Servers that do exactly what a test says, byte by byte, and remember what reached them.
#![allow(dead_code, reason = "every test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use motet_mesh::{CallError, Mesh, Options, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What a connection of a [`Server`] does next; after the last step it hangs up.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Takes one whole request.
    Take,
    /// Says these bytes.
    Say(String),
    /// Keeps the connection open and silent until the client ends it.
    Silence,
}

/// A server whose n-th connection follows the n-th script; connections beyond them are hung up on.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    hung_up: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let hung_up = Arc::new(Notify::new());
        tokio::spawn(accept(listener, scripts, Arc::clone(&requests), Arc::clone(&hung_up)));
        Self { address, requests, hung_up }
    }

    /// Every connection takes one request, answers and hangs up.
    pub(crate) async fn answering(answers: &[&str]) -> Self {
        let script = |answer: &&str| vec![Step::Take, Step::Say((*answer).to_owned())];
        Self::start(answers.iter().map(script).collect()).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far: `connection: head and body`, lines joined by ` | `, `date`less and in lower case as sent.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A script has ended and its connection with it.
    pub(crate) async fn hung_up(&self) {
        self.hung_up.notified().await;
    }
}

async fn accept(
    listener: TcpListener,
    scripts: Vec<Vec<Step>>,
    requests: Arc<Mutex<Vec<String>>>,
    hung_up: Arc<Notify>,
) {
    let mut scripts = scripts.into_iter();
    for connection in 1.. {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let Some(script) = scripts.next() else {
            continue;
        };
        let (requests, hung_up) = (Arc::clone(&requests), Arc::clone(&hung_up));
        tokio::spawn(async move {
            follow(stream, script, connection, &requests).await;
            hung_up.notify_one();
        });
    }
}

async fn follow(
    mut stream: TcpStream,
    script: Vec<Step>,
    connection: usize,
    requests: &Mutex<Vec<String>>,
) {
    for step in script {
        match step {
            Step::Take => match request(&mut stream).await {
                Some(text) => requests.lock().unwrap().push(format!("{connection}: {text}")),
                None => return,
            },
            Step::Say(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
            Step::Silence => {
                let mut sink = [0; 1024];
                while matches!(stream.read(&mut sink).await, Ok(1..)) {}
            }
        }
    }
}

/// One request with a `content-length` or no body; `None` if the client ends before it is whole.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                let lines = head.lines().filter(|line| !line.starts_with("host: "));
                return Some(
                    lines.chain([body]).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" | "),
                );
            }
        }
    }
}

/// A response with a body of this length.
pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn mesh() -> Mesh {
    mesh_with(Options::default())
}

pub(crate) fn mesh_with(options: Options) -> Mesh {
    Mesh::new(Options { native_roots: false, ..options }).unwrap()
}

pub(crate) fn request_to(method: Method, url: &str) -> Request {
    Request {
        method,
        uri: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        timeout: Duration::from_secs(10),
        redirects_max: 0,
        response_bytes_max: 1024,
    }
}

pub(crate) fn post(url: &str, body: &'static str) -> Request {
    Request { body: Bytes::from_static(body.as_bytes()), ..request_to(Method::POST, url) }
}

pub(crate) fn get(url: &str) -> Request {
    request_to(Method::GET, url)
}

/// `200 body`, or `NotRun (time is up): message`, with ports as `PORT`.
pub(crate) fn told(result: &Result<Response, CallError>) -> String {
    let text = match result {
        Ok(response) => {
            format!("{} {}", response.status.as_u16(), String::from_utf8_lossy(&response.body))
        }
        Err(error) => {
            let time = if error.timed_out { " (time is up)" } else { "" };
            format!("{:?}{time}: {error}", error.undone)
        }
    };
    without_ports(text.trim_end())
}

/// Ports differ from run to run.
pub(crate) fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("127.0.0.1:PORT");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}
