//! The real binary, and an HTTP client that sees exactly what happens.
#![allow(dead_code, reason = "every test binary uses its own part")]
#![allow(unused_imports, reason = "every test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod opened;

pub(crate) use opened::{Retries, Shop};

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// A folder of the test's own, empty at first.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The first of five free ports in a row, below those that the system hands out by itself.
pub(crate) fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let nth = NEXT.fetch_add(5, Ordering::Relaxed);
        let base = 10_000 + (std::process::id() as u16 % 400) * 50 + nth;
        let free = (base..base + 5).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
        if free {
            return base;
        }
    }
}

pub(crate) fn shop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    command.args(arguments);
    command
}

/// A running `shop` command; killed, as by `kill -9`, when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// What it printed when it was ready.
    pub(crate) ready: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = shop(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("ready "), "{arguments:?} said {ready:?}");
        Self { child, ready }
    }

    pub(crate) fn service(name: &str, data: &Path) -> Self {
        Self::start(&[name, "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
    }

    /// Of a single service.
    pub(crate) fn address(&self) -> SocketAddr {
        self.ready.rsplit("http://").next().unwrap().trim().parse().unwrap()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is then what the test was about.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Status and body; `None` where the connection ended, or stayed silent, without an answer.
pub(crate) type Answer = Option<(u16, Value)>;

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    call(address, "GET", path, None, "", Duration::from_secs(10))
}

pub(crate) fn post(address: SocketAddr, path: &str, key: &str, body: &Value) -> Answer {
    let key = (!key.is_empty()).then_some(key);
    call(address, "POST", path, key, &body.to_string(), Duration::from_secs(10))
}

pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: &str,
    patience: Duration,
) -> Answer {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    let key = key.map_or(String::new(), |key| format!("idempotency-key: {key}\r\n"));
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{key}");
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some((status, serde_json::from_str(body).unwrap()))
}

pub(crate) fn set_faults(address: SocketAddr, faults: &Value) {
    // A service that has just crashed is not back yet.
    let answer = (0..).find_map(|_| post(address, "/_faults", "", faults));
    assert!(matches!(answer, Some((200, _))), "{answer:?}");
}

pub(crate) fn sums(address: SocketAddr) -> Value {
    get(address, "/_audit").unwrap().1["sums"].take()
}

/// The log of arrivals, one line each: `method path key` or `-> status (repeated) (fault)`.
pub(crate) fn arrivals(data: &Path, service: &str) -> Vec<String> {
    let log = fs::read_to_string(data.join(service).join("arrivals.jsonl")).unwrap();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["line"] == "arrival" {
            let key = line["key"].as_str().unwrap_or("-");
            return format!("{} {} {key}", text(&line["method"]), text(&line["path"]));
        }
        let repeated = if line["repeated"] == json!(true) { " repeated" } else { "" };
        let fault = line["fault"].as_str().map_or(String::new(), |fault| format!(" {fault}"));
        format!("-> {}{repeated}{fault}", line["status"])
    };
    log.lines().map(line).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn charge(order: &str, amount: u64) -> Value {
    json!({ "orderId": order, "amount": amount, "currency": "EUR" })
}

/// Exit code and standard output.
pub(crate) fn ended(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap())
}
