//! Services with replicas in processes of their own: they register, one is killed, and calls go on.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "these tests need a part of it")]
mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use expect_test::expect;
use support::{Directory, Server, redact};

/// Says its port, and answers every request with its name.
const REPLICA: &str = r#"
import http.server, json, sys
class Replica(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"replica": sys.argv[1], "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = answer
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Replica)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

const WORKFLOW: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: ask, version: 1.0.0 }
do:
  - tries:
      try:
        - ask: { call: http, with: { method: get, endpoint: 'http://oracle/ask?n=1' } }
      catch:
        retry: { delay: { milliseconds: 20 }, limit: { attempt: { count: 10 } } }
";

struct Replica {
    child: Child,
    port: u16,
}

impl Replica {
    fn start(name: &str) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", REPLICA, name]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // One that was killed before is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn server() -> Server {
    let directory = Directory::new();
    directory.write("ask.yaml", WORKFLOW);
    Server::start(directory)
}

/// Starts an instance and says which replica answered.
fn ask(server: &Server) -> String {
    let ran = server.motet("run shop/ask --wait 30s -o json");
    assert_eq!(ran.code, 0, "{}", ran.transcript());
    let found = ["one", "two"].into_iter().find(|name| ran.stdout.contains(&format!("\"{name}\"")));
    assert!(ran.stdout.contains("/base/ask?n=1"), "{}", ran.stdout);
    found.expect("a replica has answered").to_owned()
}

#[test]
fn calls_go_on_when_a_replica_is_killed() {
    let server = server();
    let (mut one, two) = (Replica::start("one"), Replica::start("two"));
    let endpoints = format!("['{}/base', '{}/base']", one.url(), two.url());
    let document = format!(
        "service: oracle\nnamespace: shop\nversions: [{{ version: 1.0.0, endpoints: {endpoints} }}]\n"
    );
    server.directory.write("oracle.yaml", &document);
    assert_eq!(server.motet("publish oracle.yaml").transcript(), "service shop/oracle is known\n");
    assert_eq!(server.motet("publish ask.yaml").transcript(), "shop/ask:1.0.0 published\n");
    let before: std::collections::BTreeSet<String> = (0..20).map(|_| ask(&server)).collect();
    assert_eq!(before.len(), 2, "both are called: {before:?}");
    one.kill();
    for _ in 0..10 {
        assert_eq!(ask(&server), "two");
    }
}

#[test]
fn a_workflow_whose_service_is_not_there_is_warned_of_and_fails() {
    let server = server();
    let published = server.motet("publish ask.yaml");
    expect![[r#"
        shop/ask:1.0.0 published
        --- stderr
        ask.yaml:5:61: warning[unknown-service]: no service `oracle` is registered: calls fail until it is; write its port or its domain if a host is meant
    "#]].assert_eq(&published.transcript());
    let validated = server.motet("validate --strict ask.yaml");
    assert_eq!(validated.code, 0, "{}", validated.transcript());
    let ran = server.motet("run shop/ask --wait 30s");
    assert_eq!(ran.code, 3, "{}", ran.transcript());
    let said = "configuration 400: no service shop/oracle is registered";
    assert!(ran.transcript().contains(said), "{}", ran.transcript());
}

#[test]
fn the_registry_outlives_a_kill() {
    let server = server();
    let replica = Replica::start("one");
    let document = format!(
        "service: oracle\nnamespace: shop\nversions: [{{ version: 1.0.0, endpoints: ['{}/base'] }}]\n",
        replica.url()
    );
    server.directory.write("oracle.yaml", &document);
    server.motet("publish oracle.yaml ask.yaml");
    let server = Server::start(server.killed());
    assert_eq!(ask(&server), "one");
    let listed = server.motet("get services");
    expect![[r#"
        SERVICE      DOCUMENT  VERSIONS  ENDPOINTS  PASSING  IN FLIGHT
        shop/oracle  yes       1.0.0     1          1        0
    "#]]
    .assert_eq(&listed.transcript());
}

#[test]
fn what_is_wrong_with_a_document_is_shown_with_its_lines() {
    let directory = Directory::new();
    directory.write("bad.yaml", "service: Oracle\nversion: 1.0.0\n");
    let server = Server::start(directory);
    let published = server.motet("publish bad.yaml");
    assert_eq!(published.code, 1);
    for part in ["bad.yaml:1:10", "invalid-name", "bad.yaml:2:1", "unknown-property", "2 errors"] {
        assert!(published.stderr.contains(part), "{part}: {}", published.stderr);
    }
    assert_eq!(server.motet("validate bad.yaml").code, 1);
    assert_eq!(server.motet("describe service/shop/oracle").code, 1);
}

#[test]
fn while_a_service_is_away_the_command_line_says_who_waits_and_until_when() {
    let server = server();
    // Nobody listens at port 1.
    let document = "service: oracle\nnamespace: shop\npatience: 10h\nbreaker: { calls: 1, open: 5m, openMax: 5m }\nversions: [{ version: 1.0.0, endpoints: ['http://127.0.0.1:1'] }]\n";
    server.directory.write("oracle.yaml", document);
    assert_eq!(server.motet("publish oracle.yaml ask.yaml").code, 0);
    assert_eq!(server.motet("run shop/ask --wait 1ms").code, 4, "it has not ended");
    let mut told = server.motet("impact service/shop/oracle").transcript();
    // The call has to come back from nobody first, and the lists may lag behind.
    let parts = ["is open until", "breaker   ", "1 instances that have not ended"];
    while !parts.iter().all(|part| told.contains(part)) {
        told = server.motet("impact service/shop/oracle").transcript();
    }
    expect![[r#"
        DEPENDS                  DISTANCE  THROUGH              OPEN
        workflow/shop/ask:1.0.0  1         service/shop/oracle  1

        1 instances that have not ended depend on service/shop/oracle
        the breaker of shop/oracle 1.0.0 is open until <instant>

        WAITING         FOR VERSION  BECAUSE OF  INSTANCES  CALLS  AT MOST UNTIL
        shop/ask:1.0.0  1.0.0        breaker     1          1      <instant> (patience)
    "#]]
    .assert_eq(&redact(&told));
    let described = server.motet("describe service/shop/oracle").transcript();
    let table = |text: &str| text[text.rfind("WAITING  ").unwrap()..].to_owned();
    assert!(described.contains("1 for breaker"), "{described}");
    assert_eq!(table(&described), table(&told), "both show the same");
}
