//! The services that are called: what arrived, what was done about it, and how they answer.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::graph::{Kind, Vertex};
use motet_engine::{Body, Outcome, Request, Response};
use motet_expr::json;
use motet_runtime::shard::Call;
use motet_types::{InstanceId, StepId};

use crate::check::{Check, Checked, ensure};
use crate::governed;
use crate::random::Random;
use crate::summary::Summary;

/// What the mesh waits beyond the limit of an attempt.
const GRACE: Duration = Duration::from_millis(500);

/// Durable whatever happens to the server.
#[derive(Default)]
pub(crate) struct Services {
    /// What each key has brought, as if every service kept its keys for ever.
    by_key: BTreeMap<String, Asked>,
    /// The key of each logical call: instance, address and body.
    by_call: BTreeMap<(InstanceId, String, String), String>,
    /// Attempts that have arrived of requests that must not be repeated.
    unrepeatable: BTreeSet<(InstanceId, StepId)>,
    /// Under which keys the work of a key was undone.
    undone: BTreeMap<String, BTreeSet<String>>,
    /// What has to happen to some of the first calls, as rolls: an outcome that is late, lost, doubled.
    due: Vec<u64>,
    /// Behave from now on.
    pub(crate) calm: bool,
}

struct Asked {
    id: InstanceId,
    uri: String,
    body: String,
    /// Whether the work was done.
    executed: bool,
    /// Whether the definition says how to undo it.
    compensable: bool,
}

/// An answer on its way, after this many microseconds.
pub(crate) type Answer = (u64, Outcome);

/// Rolls of a connection that nobody accepts.
const REFUSED: Range<u64> = 70..75;
/// Rolls of an outcome that is late, lost and doubled.
const ROUGH: [u64; 3] = [62, 75, 99];

impl Services {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut due = ROUGH.to_vec();
        due.rotate_left(random.below(3) as usize);
        Self { due, ..Self::default() }
    }

    /// A request arrives: it is noted, perhaps carried out, perhaps answered.
    pub(crate) fn arrive(
        &mut self,
        call: &Call,
        random: &mut Random,
        summary: &mut Summary,
    ) -> Checked<Vec<Answer>> {
        let limit = micros(call.request.timeout.saturating_add(GRACE));
        let timed_out = || Outcome::Failed {
            maybe_run: true,
            timed_out: true,
            message: "no answer within the limit".to_owned(),
        };
        let latency = random.between(200, 40_000);
        let roll = match (self.calm, random.below(100)) {
            (true, _) => 0,
            (false, roll) => self.due.pop().unwrap_or(roll),
        };
        // A call to a service that has found nobody may leave again, whatever it is.
        if !(call.endpoint.is_some() && REFUSED.contains(&roll)) {
            self.note(call, summary)?;
        }
        Ok(match roll {
            0..62 => vec![(latency, self.execute(call))],
            62..70 => {
                summary.outcomes_late += 1;
                let latency = random.between(1_000_000, 90_000_000);
                let outcome = self.execute(call);
                match latency < limit {
                    true => vec![(latency, outcome)],
                    false => vec![(limit, timed_out())],
                }
            }
            roll if REFUSED.contains(&roll) => vec![(latency, governed::nobody())],
            70..80 => {
                summary.outcomes_lost += 1;
                self.execute(call);
                vec![(latency, broken())]
            }
            80..86 => vec![(latency, failure(503))],
            86..89 => {
                self.execute(call);
                vec![(latency, failure(500))]
            }
            89..92 => vec![(latency, failure(422))],
            92..96 => {
                summary.outcomes_lost += 1;
                if random.percent(50) {
                    self.execute(call);
                }
                vec![(limit, timed_out())]
            }
            _ => {
                summary.outcomes_duplicate += 1;
                let outcome = self.execute(call);
                let later = latency + random.between(1, 6_000_000);
                vec![(latency, outcome.clone()), (later, outcome)]
            }
        })
    }

    /// Work that was done under its key.
    pub(crate) fn executed(&self) -> usize {
        self.by_key.values().filter(|asked| asked.executed).count()
    }

    /// Every effect of an instance that should have come to nothing was undone, and none twice.
    pub(crate) fn check_undone(&self, comes_to_nothing: impl Fn(InstanceId) -> bool) -> Checked {
        for (key, by) in &self.undone {
            ensure(by.len() <= 1, Check::UndoneTwice, "one undo of an effect", || {
                format!("{key} is undone under {by:?}")
            })?;
        }
        let effects = self.by_key.iter().filter(|(_, asked)| asked.executed && asked.compensable);
        for (key, asked) in effects.filter(|(_, asked)| comes_to_nothing(asked.id)) {
            let expected = "every effect undone of an instance that came to nothing";
            ensure(self.undone.contains_key(key), Check::SagaHalfDone, expected, || {
                format!("{} {} under {key} is still there", asked.id, asked.uri)
            })?;
        }
        Ok(())
    }

    /// Effects that were undone.
    pub(crate) fn undone(&self) -> usize {
        self.undone.len()
    }

    fn note(&mut self, call: &Call, summary: &mut Summary) -> Checked {
        let Call { id, key, request, .. } = call;
        let body = text_of(request);
        summary.calls += 1;
        if !request.repeatable {
            summary.calls_unrepeatable += 1;
            let is_first = self.unrepeatable.insert((*id, call.step));
            let expected = "one arrival of a call that must not be repeated";
            ensure(is_first, Check::CallRepeated, expected, || {
                format!("{id} {}, step {}", request.uri, call.step)
            })?;
        }
        if let Some(asked) = self.by_key.get(key) {
            summary.calls_again += 1;
            let is_same = asked.id == *id && asked.uri == request.uri && asked.body == body;
            let expected = "one request under one key";
            ensure(is_same, Check::KeyNotUnique, expected, || {
                let Asked { id: before, uri, body: was, .. } = asked;
                let now = &request.uri;
                format!("{key}: {before} {uri} {was}, then {id} {now} {body}")
            })?;
        } else {
            let uri = request.uri.clone();
            let compensable = call.graph.vertex(call.task).undo.is_some();
            let body = body.clone();
            let asked = Asked { id: *id, uri, body, executed: false, compensable };
            self.by_key.insert(key.clone(), asked);
        }
        // Whether an undo comes under two keys is seen in the end.
        if undone_by(request).is_some() {
            return Ok(());
        }
        // What was undone may be done again, which is other work.
        let vertices = &call.graph.vertices;
        let is_undone = vertices.iter().any(|vertex| vertex.undo.is_some());
        if is_undone && vertices.iter().any(begins_again) {
            return Ok(());
        }
        let logical = (*id, request.uri.clone(), body);
        let known = self.by_call.entry(logical).or_insert_with(|| key.clone());
        ensure(known == key, Check::KeyNotUnique, "one key for one logical call", || {
            format!("{id} {}: {known}, then {key}", request.uri)
        })
    }

    /// Does the work, once for each key, and gives the answer, which is always the same.
    fn execute(&mut self, call: &Call) -> Outcome {
        if let Some(asked) = self.by_key.get_mut(&call.key) {
            asked.executed = true;
        }
        if let Some(of) = undone_by(&call.request) {
            self.undone.entry(of).or_default().insert(call.key.clone());
        }
        let value = call.key.bytes().fold(0_u32, |sum, byte| sum * 31 % 8_191 + u32::from(byte));
        let body = format!(r#"{{"v":{}}}"#, value % 7);
        Outcome::Response(response(200, body))
    }
}

/// Whether what the task did may be undone and then be done again.
fn begins_again(vertex: &Vertex) -> bool {
    vertex.is_saga || matches!(vertex.kind, Kind::Fork { compete: true, .. })
}

/// The key whose work a request undoes.
fn undone_by(request: &Request) -> Option<String> {
    let Body::Json(body) = &request.body else { return None };
    let is_undo = request.uri.starts_with("http://service.example/undo/");
    json::get(body, "of").filter(|_| is_undo).and_then(json::as_str).map(str::to_owned)
}

fn text_of(request: &Arc<Request>) -> String {
    match &request.body {
        Body::Empty => String::new(),
        Body::Json(value) => json::to_text(value),
        Body::Text(text) => text.clone(),
    }
}

fn broken() -> Outcome {
    let message = "the connection broke".to_owned();
    Outcome::Failed { maybe_run: true, timed_out: false, message }
}

fn failure(status: u16) -> Outcome {
    Outcome::Response(response(status, r#"{"title":"on purpose"}"#.to_owned()))
}

fn response(status: u16, body: String) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status, headers, body: Bytes::from(body) }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
