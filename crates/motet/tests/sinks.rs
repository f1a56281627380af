//! Events that go out over HTTP, by the real program: to a receiver that is busy at first, across a kill of the server.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "these tests need a part of it")]
mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use expect_test::expect;
use motet_expr::{Value, json};
use support::{Directory, Server};

const PATIENCE: Duration = Duration::from_secs(30);

const WORKFLOW: &str = "\
document:
  dsl: 1.0.3
  namespace: shop
  name: greet
  version: 1.0.0
  metadata: { motet: { lifecycle: true, redact: [.password] } }
do:
  - told:
      emit: { event: { with: { type: greeted, data: '${ .name }' } } }
  - known:
      set: { name: '${ .data }', password: secret }
";

/// Takes requests one by one: what arrived first is answered with 503, a refusal is answered with 422.
fn receive(listener: TcpListener, arrived: Sender<Value>) {
    let mut busy = 2;
    for stream in listener.incoming() {
        let mut stream = BufReader::new(stream.unwrap());
        while let Some(body) = request(&mut stream) {
            let event = json::parse(&body, json::Limits::default()).unwrap();
            let is_refused = text(&event, "type") == "io.serverlessworkflow.task.created.v1";
            let status = match (busy, is_refused) {
                (1.., _) => "503 Service Unavailable",
                (_, true) => "422 Unprocessable Content",
                _ => "204 No Content",
            };
            if busy == 0 && !is_refused {
                arrived.send(event).unwrap();
            }
            busy = (busy - 1).max(0);
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    }
}

/// The body of the next request; none once the client is gone.
fn request(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let (mut line, mut length) = (String::new(), 0);
    while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            return Some(body);
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    None
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    json::get(value, key).and_then(json::as_str).unwrap_or_default()
}

/// Waits for so many events of different ids, in order.
fn events(arrived: &Receiver<Value>, count: usize) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    while events.len() < count {
        let event = arrived.recv_timeout(PATIENCE).unwrap();
        if events.iter().all(|other| text(other, "id") != text(&event, "id")) {
            events.push(event);
        }
    }
    events
}

fn line(event: &Value) -> String {
    let kind = text(event, "type").trim_start_matches("io.serverlessworkflow.");
    let data = json::get(event, "data").unwrap();
    let shown = match json::get(data, "task") {
        Some(task) => json::as_str(task).unwrap().to_owned(),
        None => json::get(data, "output").map_or_else(String::new, json::to_text),
    };
    format!("{kind} {shown}").trim_end().to_owned()
}

#[test]
fn events_wait_until_the_receiver_has_them_in_the_order_of_the_history() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let directory = Directory::new();
    directory.write(
        "motet.toml",
        &format!(
            "[[sinks]]\nname = \"out\"\nkind = \"http\"\naddresses = [\"http://{address}/in\"]\n\
             namespace = \"shop\"\n"
        ),
    );
    directory.write("greet.yaml", WORKFLOW);
    let serve = ["serve", "--config", "motet.toml", "--data", "data"];
    let server = Server::spawn(directory, &serve);
    assert_eq!(server.motet("publish greet.yaml").code, 0);
    // Nobody takes a request yet: what the instance has sent out outlives the server.
    assert_eq!(server.motet_with(&[], "", "run shop/greet --input {\"name\":\"Ada\"}").code, 0);
    let (sender, arrived) = channel();
    let server = Server::spawn(server.killed(), &serve);
    std::thread::spawn(move || receive(listener, sender));
    let events = events(&arrived, 7);
    let lines: Vec<String> = events.iter().map(line).collect();
    expect![[r#"
        workflow.started.v1
        task.started.v1 /do/0/told
        greeted
        task.completed.v1 /do/0/told
        task.started.v1 /do/1/known
        task.completed.v1 /do/1/known
        workflow.completed.v1 {"name":"Ada","password":"[redacted]"}"#]]
    .assert_eq(&lines.join("\n"));
    // What it refused is set aside, across the kill, until somebody decides.
    let refused = || {
        let told = server.motet("sink list").stdout;
        let row = told.lines().find(|line| line.starts_with("out ")).map(str::to_owned);
        row.and_then(|row| row.split_whitespace().nth(3).map(str::to_owned))
    };
    assert_eq!(refused().as_deref(), Some("2"));
    let shown = server.motet("sink refused out").stdout;
    assert_eq!(shown.matches("task.created").count(), 2, "{shown}");
    for (command, code) in [
        ("sink remove out", "sink-in-use"),
        ("sink refused nobody", "unknown-sink"),
        ("sink retry nobody", "unknown-sink"),
        ("sink discard Not!", "invalid-argument"),
    ] {
        let told = server.motet(command);
        assert!(told.code == 1 && told.stderr.contains(code), "{command}: {}", told.transcript());
    }
    let gone = server.motet("sink discard out --reason old").stdout;
    assert_eq!(gone, "2 events of out are gone\n");
    assert_eq!(refused().as_deref(), Some("0"));
    let audited = server.motet("audit --action sink.discard").stdout;
    assert!(audited.contains("sink.discard") && audited.contains("old"), "{audited}");
    assert_eq!(server.stop(), 0);
}
