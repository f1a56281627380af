//! Cases that say requests and answers: what only a server shows.
//!
//! ```text
//! - name: …
//!   rule: …
//!   workflows: [documents; a head is made up where it is absent]
//!   mocks: {calls: […]}                  as in scenarios
//!   steps:
//!     - {request: GET /api/v1/…, status: 200, expect: {…}, save: {id: .id}}
//!     - {request: POST /api/v1/…, headers: {…}, body: {…}, status: 409}
//!     - {request: GET /api/v1/…, until: {…}}
//! ```
//!
//! `{ns}` is the namespace of the case, `{name}` what an earlier step saved, in paths, headers, bodies and what is expected. `expect` tells
//! some members of the body; `until` repeats the request until the body has them. A body that is no JSON is `text`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use motet_definition::{read_data, to_yaml};
use motet_expr::{Environment, Program, Value, json};
use motet_scenario::{Call, CallMock, misfits};
use motet_types::{Limits, Timestamp};

use crate::client::{Client, Response};
use crate::place::Place;
use crate::stub::Stub;

/// How long a step waits for what it waits for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Exchange {
    pub(crate) name: String,
    workflows: Vec<String>,
    mocks: Vec<CallMock>,
    steps: Vec<Value>,
    /// Calls that services are to have got at the end, each by some members.
    calls: Option<Value>,
}

/// Reads a file.
///
/// # Panics
/// It cannot be understood.
pub(crate) fn read(file: &str, text: &str) -> Vec<Exchange> {
    let data = read_data(text, &Limits::default());
    assert!(data.diagnostics.is_empty(), "{file}: {:#?}", data.diagnostics);
    let root = data.value.expect("it has no errors");
    let list = json::get(&root, "exchanges").unwrap_or_else(|| panic!("{file} has no exchanges"));
    items(list).iter().map(|case| exchange(file, case)).collect()
}

fn exchange(file: &str, case: &Value) -> Exchange {
    let name = text(case, "name");
    only(&name, case, &["name", "rule", "workflows", "mocks", "steps", "calls"]);
    let mut loader = |_: &str| Err("cases stand alone".to_owned());
    let mut mocks = Vec::new();
    if let Some(given) = json::get(case, "mocks") {
        // As a scenario of its own, so that mocks are read in one place.
        let scenario = json::object([
            ("name", json::string("it")),
            ("definition", json::object([("do", json::array([]))])),
            ("mocks", given.clone()),
            ("expect", json::object::<&str>([])),
        ]);
        let suite = to_yaml(&json::object([("scenarios", json::array([scenario]))]));
        let suite = motet_scenario::read(file, &suite, &mut loader)
            .unwrap_or_else(|problems| panic!("{file}: {name}: {problems:#?}"));
        mocks.clone_from(&suite.scenarios[0].calls);
    }
    let documents = json::get(case, "workflows").map(items).unwrap_or_default();
    Exchange {
        workflows: documents.iter().map(document).collect(),
        mocks,
        steps: items(json::get(case, "steps").unwrap_or_else(|| panic!("{name} has no steps")))
            .to_vec(),
        calls: json::get(case, "calls").cloned(),
        name,
    }
}

/// With a head where it has none.
fn document(value: &Value) -> String {
    if json::get(value, "document").is_some() {
        return to_yaml(value);
    }
    let head = [("dsl", "1.0.3"), ("namespace", "test"), ("name", "it"), ("version", "1.0.0")];
    let head = json::object(head.map(|(key, text)| (key, json::string(text))));
    let mut members = vec![("document", head)];
    let Value::Obj(own) = value else { panic!("a document is an object") };
    members.extend(own.iter().map(|(key, value)| (json::as_str(key).unwrap(), value.clone())));
    to_yaml(&json::object(members))
}

/// What is wrong with an exchange at the server.
pub(crate) fn wrong(
    exchange: &Exchange,
    number: usize,
    client: &Client,
    stub: &Stub,
) -> Vec<String> {
    let place = Place::new(number, stub);
    stub.open(&place.namespace, exchange.mocks.clone());
    let headers = [("content-type", "application/yaml")];
    for workflow in &exchange.workflows {
        let text = place.outward(workflow);
        let published = client.send("POST", "/api/v1/workflows", &headers, &text);
        if let Err(message) = published.accepted("publishing") {
            return vec![message];
        }
    }
    let mut known = BTreeMap::from([("ns".to_owned(), place.namespace.clone())]);
    for (nth, step) in exchange.steps.iter().enumerate() {
        let found = self::step(step, &place, client, &mut known);
        if !found.is_empty() {
            let request = text(step, "request");
            return found
                .into_iter()
                .map(|message| format!("step {} ({request}): {message}", nth + 1))
                .collect();
        }
    }
    let (calls, trouble) = stub.calls(&place.namespace);
    let mut found: Vec<String> = trouble.into_iter().collect();
    if let Some(expected) = &exchange.calls {
        found.extend(misfits(expected, &json::array(calls.iter().map(Call::to_value))));
    }
    found
}

fn step(
    step: &Value,
    place: &Place,
    client: &Client,
    known: &mut BTreeMap<String, String>,
) -> Vec<String> {
    let keys = ["request", "headers", "body", "text", "status", "expect", "until", "save"];
    only("a step", step, &keys);
    let fill = |text: &str| {
        let text = known.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        });
        place.outward(&text)
    };
    let request = fill(&text(step, "request"));
    let (method, path) = request.split_once(' ').expect("a request is a method and a path");
    let body = match (json::get(step, "body"), json::get(step, "text")) {
        (Some(value), _) => Some(("application/json", fill(&json::to_text(value)))),
        (None, Some(_)) => Some(("text/plain", fill(&text(step, "text")))),
        (None, None) => None,
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    if let Some(Value::Obj(given)) = json::get(step, "headers") {
        for (name, value) in given.iter() {
            let value = fill(json::as_str(value).expect("headers are texts"));
            headers.push((json::as_str(name).unwrap().to_lowercase(), value));
        }
    }
    if let Some((media_type, _)) = &body
        && !headers.iter().any(|(name, _)| name == "content-type")
    {
        headers.push(("content-type".to_owned(), (*media_type).to_owned()));
    }
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body = body.map_or_else(String::new, |(_, body)| body);
    let [until, expect] = ["until", "expect"].map(|key| {
        let expected = json::to_text(json::get(step, key)?);
        let inward = |text: String, (name, value): (&String, &String)| {
            let value = if name == "ns" { "test" } else { value };
            text.replace(&format!("{{{name}}}"), value)
        };
        let expected = known.iter().fold(expected, inward);
        Some(json::parse(expected.as_bytes(), json::Limits::default()).expect("it was JSON"))
    });
    let (answer, value) =
        asked(place, until.as_ref(), &|| client.send(method, path, &headers, &body));
    let mut found = Vec::new();
    let status = json::get(step, "status").map(|it| json::to_text(it).parse::<u16>().unwrap());
    let is_expected = status.map_or((200..300).contains(&answer.status), |it| it == answer.status);
    if !is_expected {
        found.push(format!("it answers {}: {}", answer.status, answer.body));
    }
    for expected in until.as_ref().into_iter().chain(&expect) {
        found.extend(misfits(expected, &value));
    }
    if let (Some(Value::Obj(saved)), true) = (json::get(step, "save"), found.is_empty()) {
        for (name, source) in saved.iter() {
            let source = json::as_str(source).expect("what is saved is an expression");
            let value = saved_value(source, &value);
            known.insert(json::as_str(name).unwrap().to_owned(), value);
        }
    }
    found
}

/// The answer, and its body as the case would write it; it is asked for again until that is as it should be.
fn asked(place: &Place, until: Option<&Value>, ask: &dyn Fn() -> Response) -> (Response, Value) {
    let began = Instant::now();
    loop {
        let answer = ask();
        let text = place.inward(&answer.body);
        let value = json::parse(text.as_bytes(), json::Limits::default())
            .unwrap_or_else(|_| json::string(text.as_str()));
        let fits = until.is_none_or(|until| misfits(until, &value).is_empty());
        if fits || began.elapsed() > PATIENCE {
            return (answer, value);
        }
    }
}

fn saved_value(source: &str, body: &Value) -> String {
    let program = Program::compile_field(source, &[]).expect("it is an expression");
    let mut fuel = 1_000_000;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    let value = program.evaluate(body.clone(), Vec::new(), &mut environment).expect("it has it");
    json::as_str(&value).map_or_else(|| json::to_text(&value), str::to_owned)
}

fn items(value: &Value) -> &[Value] {
    let Value::Arr(items) = value else {
        panic!("expected a list, found {}", json::to_text(value))
    };
    items
}

fn text(of: &Value, key: &str) -> String {
    let value = json::get(of, key).and_then(json::as_str);
    value.unwrap_or_else(|| panic!("{key} is missing in {}", json::to_text(of))).to_owned()
}

fn only(what: &str, of: &Value, known: &[&str]) {
    let Value::Obj(members) = of else { panic!("{what} is no object") };
    for (key, _) in members.iter() {
        let key = json::as_str(key).unwrap_or_default();
        assert!(known.contains(&key), "{what}: {key:?} is unknown; known are {}", known.join(", "));
    }
}
