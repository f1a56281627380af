//! A loop over ten thousand items in a real server: so many calls at once, and memory that does not grow with the items.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "these tests need a part of it")]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use support::{Directory, Server};

const ITEMS: usize = 10_000;
const WIDTH: usize = 50;

/// A service that counts its requests, and how many were open at once. The first ones are answered once all of a width are there.
struct Counted {
    first: Barrier,
    open: AtomicUsize,
    open_max: AtomicUsize,
    all: AtomicUsize,
}

impl Counted {
    fn serve(self: &Arc<Self>) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let own = own.clone();
                std::thread::spawn(move || own.answer(stream.unwrap()));
            }
        });
        port
    }

    /// Answers the requests of one connection until it is closed.
    fn answer(&self, mut stream: TcpStream) {
        let reader = BufReader::new(stream.try_clone().unwrap());
        for line in reader.lines() {
            let Ok(line) = line else { return };
            if !line.is_empty() {
                continue;
            }
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.open_max.fetch_max(open, Ordering::SeqCst);
            if self.all.fetch_add(1, Ordering::SeqCst) < WIDTH {
                self.first.wait();
            }
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1";
            // It counts as open no longer than the other side may take it so.
            self.open.fetch_sub(1, Ordering::SeqCst);
            if write!(stream, "{head}\r\n\r\n7").is_err() {
                return;
            }
        }
    }
}

/// The most memory that the process has ever had, in KiB.
fn peak(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn ten_thousand_calls_side_by_side() {
    let zero = AtomicUsize::default;
    let first = Barrier::new(WIDTH);
    let counted = Arc::new(Counted { first, open: zero(), open_max: zero(), all: zero() });
    let port = counted.serve();
    let directory = Directory::new();
    directory.write(
        "wide.yaml",
        &format!(
            "document: {{ dsl: 1.0.3, namespace: demo, name: wide, version: 1.0.0 }}
do:
  - all:
      for: {{ in: '${{ [range(.n)] }}' }}
      metadata: {{ motet: {{ parallel: {WIDTH} }} }}
      do: [{{ ask: {{ call: http, with: {{ method: get, endpoint: 'http://127.0.0.1:{port}/' }} }} }}]
      output: {{ as: '${{ {{ asked: length, sum: add }} }}' }}
"
        ),
    );
    let server = Server::start(directory);
    assert_eq!(server.motet("publish wide.yaml").code, 0);
    let run = |items: usize| {
        let input = format!("{{\"n\":{items}}}");
        let ran = server.motet(&format!("run demo/wide --input {input} --wait 5m --output json"));
        assert_eq!(ran.code, 0, "{}", ran.transcript());
        let output = format!("\"sum\": {}", 7 * items);
        assert!(ran.stdout.contains(&output), "{}", ran.transcript());
    };
    run(ITEMS / 10);
    let before = peak(&server);
    run(ITEMS);
    let grown = peak(&server).saturating_sub(before);
    assert_eq!(
        counted.all.load(Ordering::SeqCst),
        ITEMS + ITEMS / 10,
        "each item is asked about once"
    );
    assert_eq!(counted.open_max.load(Ordering::SeqCst), WIDTH);
    assert!(grown < 96 * 1024, "ten times the items took {grown} KiB more");
}
