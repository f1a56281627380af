//! Traces reach a collector, and services see in their requests the spans that are exported.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "these tests need a part of it")]
mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use expect_test::expect;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use support::{Directory, Server};

/// A request as it arrived.
struct Request {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Answers every request with the statuses, one after the other and the last one for ever, and an empty object.
fn stand_in(statuses: &'static [&'static str]) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut answered = 0;
        for stream in listener.incoming() {
            answer(stream.unwrap(), statuses, &mut answered, &sender);
        }
    });
    (address, requests)
}

/// One request of a connection, which ends then.
fn answer(
    stream: TcpStream,
    statuses: &[&str],
    answered: &mut usize,
    sender: &Sender<Request>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let status = statuses[(*answered).min(statuses.len() - 1)];
    *answered += 1;
    // Told before the answer: whoever has that finds the request.
    sender.send(Request { path, headers, body }).ok()?;
    let head = "connection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    write!(reader.get_mut(), "HTTP/1.1 {status}\r\n{head}").ok()
}

const WORKFLOW: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: order, version: 1.0.0 }
do:
  - tries:
      try:
        - charge: { call: http, with: { method: post, endpoint: 'SERVICE/charges', body: {} } }
      catch:
        retry: { delay: { milliseconds: 20 }, limit: { attempt: { count: 3 } } }
  - below: { run: { workflow: { namespace: shop, name: ship, version: 1.0.0 } } }
";
const CHILD: &str = "\
document: { dsl: 1.0.0, namespace: shop, name: ship, version: 1.0.0 }
do:
  - label: { call: http, with: { method: get, endpoint: 'SERVICE/labels' } }
";

fn text(attributes: &[KeyValue], wanted: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == wanted);
    match found.and_then(|own| own.value.as_ref()?.value.clone()) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Spans as the collector got them, until there are so many.
fn collect(requests: &Receiver<Request>, count: usize) -> Vec<Span> {
    let mut spans = Vec::new();
    while spans.len() < count {
        let request = requests.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        assert_eq!(request.path, "/v1/traces");
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        let export = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
        for resource in export.resource_spans {
            let about = resource.resource.unwrap();
            assert_eq!(text(&about.attributes, "service.name"), "motet");
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    spans
}

/// A line for each span below its parent; ids by name.
fn tree(spans: &[Span]) -> String {
    let name = |id: &[u8]| {
        let own = spans.iter().find(|span| span.span_id == id);
        own.map_or("nobody".to_owned(), |own| {
            format!("{} {}", own.name, text(&own.attributes, "motet.attempt")).trim().to_owned()
        })
    };
    let line = |span: &Span| {
        let links: Vec<String> = span.links.iter().map(|link| name(&link.span_id)).collect();
        let links =
            if links.is_empty() { String::new() } else { format!(", after {}", links.join(", ")) };
        let error = span.status.as_ref().map_or("", |status| status.message.as_str());
        let error = if error.is_empty() { String::new() } else { format!(": {error}") };
        let parent = name(&span.parent_span_id);
        format!("{} of {parent}{links}{error}", name(&span.span_id))
    };
    let mut lines: Vec<String> = spans.iter().map(line).collect();
    lines.sort();
    lines.join("\n") + "\n"
}

#[test]
fn an_instance_is_a_trace_whose_spans_services_see() {
    let (service, calls) = stand_in(&["503 Service Unavailable", "200 OK"]);
    let (collector, exports) = stand_in(&["200 OK"]);
    let directory = Directory::new();
    directory.write("order.yaml", &WORKFLOW.replace("SERVICE", &service));
    directory.write("ship.yaml", &CHILD.replace("SERVICE", &service));
    let setting = format!("traces-endpoint={collector}");
    let server = Server::spawn(directory, &["serve", "--data", "data", "--set", &setting]);
    for file in ["ship", "order"] {
        let published = server.motet(&format!("publish {file}.yaml"));
        assert_eq!(published.code, 0, "{}", published.transcript());
    }
    let ran = server.motet("run shop/order --wait 30s");
    assert_eq!(ran.code, 0, "{}", ran.transcript());
    let spans = collect(&exports, 5);
    expect![[r#"
        GET /do/0/label 1 of shop/ship
        POST /do/0/tries/try/0/charge 1 of shop/order
        POST /do/0/tries/try/0/charge 1 of shop/order: status 503
        shop/order of nobody
        shop/ship of shop/order
    "#]]
    .assert_eq(&tree(&spans));
    let traces: std::collections::BTreeSet<&[u8]> =
        spans.iter().map(|span| span.trace_id.as_slice()).collect();
    assert_eq!(traces.len(), 1, "the child is of its parent's trace");
    let mut seen: Vec<String> =
        calls.try_iter().map(|call| call.headers["traceparent"].clone()).collect();
    let of_calls =
        spans.iter().filter(|span| span.name.contains('/') && !span.name.starts_with("shop/"));
    let mut told: Vec<String> = of_calls
        .map(|span| format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id)))
        .collect();
    seen.sort();
    told.sort();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen, told, "what services see is what is exported");
    let metrics = server.http("GET /metrics");
    assert!(metrics.contains("motet_spans_lost_total 0"), "{metrics}");
}

#[test]
fn a_collector_that_refuses_costs_spans_and_nothing_else() {
    let (service, _calls) = stand_in(&["200 OK"]);
    let (collector, exports) = stand_in(&["400 Bad Request"]);
    let directory = Directory::new();
    directory.write("ship.yaml", &CHILD.replace("SERVICE", &service));
    let setting = format!("traces-endpoint={collector}");
    let server = Server::spawn(directory, &["serve", "--data", "data", "--set", &setting]);
    server.motet("publish ship.yaml");
    assert_eq!(server.motet("run shop/ship --wait 30s").code, 0);
    assert_eq!(collect(&exports, 2).len(), 2);
    let lost = || server.http("GET /metrics").contains("motet_spans_lost_total 2");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !lost() {
        assert!(std::time::Instant::now() < deadline, "two spans are lost");
    }
    assert_eq!(server.motet("run shop/ship --wait 30s").code, 0);
}
