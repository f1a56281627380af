//! Between the wire and a service: keys, durability, arrivals and faults.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arrivals::{self, Arrival, Line, Log, Outcome};
use crate::faults::{Fault, Faults};
use crate::journal::{Durable, Journal};
use crate::services::{Answer, Call, Domain};

/// One request, body and all.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// With its leading slash, without the query.
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) traceparent: Option<String>,
    pub(crate) body: Bytes,
}

/// One service with its files.
pub(crate) struct Host<D: Domain> {
    folder: PathBuf,
    state: Mutex<State<D>>,
    durable: Durable,
    arrivals: Log,
    faults: Mutex<Faults>,
}

struct State<D> {
    domain: D,
    answers: HashMap<String, Stored>,
    journal: Journal,
}

/// The answer of a key, for whoever comes with it again.
struct Stored {
    /// Of method, path and body.
    fingerprint: String,
    answer: Answer,
    /// Line of the journal in which it stands; 0 if that was before this process began.
    line: u64,
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
struct Entry<F> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    fingerprint: String,
    answer: Answer,
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<F>,
}

/// What is to be said, and what must be on disk before.
struct Reply {
    answer: Answer,
    line: u64,
    repeated: bool,
}

impl<D: Domain> Host<D> {
    /// Replays the journal of the service below `data`.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let folder = data.join(D::NAME.as_str());
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut domain = D::default();
        let mut answers = HashMap::new();
        let journal = Journal::open(&folder.join("journal.jsonl"), |entry: Entry<D::Fact>| {
            if let Some(fact) = entry.fact {
                domain.apply(fact);
            }
            if let Some(key) = entry.key {
                let Entry { fingerprint, answer, .. } = entry;
                answers.insert(key, Stored { fingerprint, answer, line: 0 });
            }
        })?;
        let arrivals = Log::open(&folder.join(arrivals::FILE))?;
        let faults = Mutex::new(Faults::load(&folder)?);
        let durable = journal.durable();
        let state = Mutex::new(State { domain, answers, journal });
        Ok(Self { folder, state, durable, arrivals, faults })
    }

    /// Answers one request of the business; may abort the process or never return, where a fault says so.
    pub(crate) async fn handle(&self, request: &Request) -> anyhow::Result<Answer> {
        let number = self.arrivals.number();
        self.arrivals.write(&Line::Arrival(arrival(number, request)))?;
        let (fault, latency) = {
            let faults = lock(&self.faults);
            (faults.draw(number), faults.latency())
        };
        if let Some(latency) = latency {
            tokio::time::sleep(latency).await;
        }
        match fault {
            Some(Fault::Crash) => return self.crash(number, Fault::Crash),
            Some(fault @ Fault::Error(status)) => {
                let answer = Answer::problem(status, "fault on request", &"nothing was done");
                self.outcome(number, Some(status), false, Some(fault))?;
                return Ok(answer);
            }
            Some(Fault::CrashAfterEffect | Fault::Hang) | None => {}
        }
        let Reply { answer, line, repeated } = self.decide(request)?;
        self.durable.clone().reached(line).await?;
        match fault {
            Some(Fault::CrashAfterEffect) => self.crash(number, Fault::CrashAfterEffect),
            Some(Fault::Hang) => {
                self.outcome(number, None, repeated, fault)?;
                std::future::pending().await
            }
            Some(Fault::Crash | Fault::Error(_)) | None => {
                self.outcome(number, Some(answer.status), repeated, None)?;
                Ok(answer)
            }
        }
    }

    /// Sums, and with `full` every entry; only what is on disk.
    pub(crate) async fn audit(&self, full: bool) -> anyhow::Result<Value> {
        let (audit, line) = {
            let state = lock(&self.state);
            let mut audit = json!({ "service": D::NAME, "sums": state.domain.sums() });
            if full {
                audit["entries"] = state.domain.entries();
            }
            (audit, state.journal.appended())
        };
        self.durable.clone().reached(line).await?;
        Ok(audit)
    }

    pub(crate) fn faults(&self) -> Faults {
        lock(&self.faults).clone()
    }

    pub(crate) fn set_faults(&self, faults: Faults) -> anyhow::Result<()> {
        faults.save(&self.folder)?;
        *lock(&self.faults) = faults;
        Ok(())
    }

    /// Under one lock, so that of two requests with one key the second finds the first, answered or not.
    fn decide(&self, request: &Request) -> anyhow::Result<Reply> {
        let fingerprint = fingerprint(request);
        // A key on a request that changes nothing means nothing: its answer may be another one next time.
        let key = request.key.as_ref().filter(|_| request.method != Method::GET);
        let mut state = lock(&self.state);
        if let Some(stored) = key.and_then(|key| state.answers.get(key)) {
            let answer = if stored.fingerprint == fingerprint {
                stored.answer.clone()
            } else {
                let detail = "the key came with another request before";
                Answer::problem(422, "idempotency key reused", &detail)
            };
            return Ok(Reply { answer, line: stored.line, repeated: true });
        }
        let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let call = Call { method: &request.method, path: &path, body: &request.body };
        let decision = state.domain.decide(&call);
        let answer = decision.answer;
        if key.is_none() && decision.fact.is_none() {
            // It may speak of effects that are not on disk yet.
            return Ok(Reply { answer, line: state.journal.appended(), repeated: false });
        }
        let entry =
            Entry { key: key.cloned(), fingerprint, answer: answer.clone(), fact: decision.fact };
        let line = state.journal.append(&entry)?;
        let Entry { key, fingerprint, fact, .. } = entry;
        if let Some(fact) = fact {
            state.domain.apply(fact);
        }
        if let Some(key) = key {
            let stored = Stored { fingerprint, answer: answer.clone(), line };
            state.answers.insert(key, stored);
        }
        Ok(Reply { answer, line, repeated: false })
    }

    fn outcome(
        &self,
        number: u64,
        status: Option<u16>,
        repeated: bool,
        fault: Option<Fault>,
    ) -> anyhow::Result<()> {
        let fault = fault.map(|fault| fault.name().to_owned());
        let at = arrivals::now();
        self.arrivals.write(&Line::Outcome(Outcome { number, at, status, repeated, fault }))
    }

    fn crash(&self, number: u64, fault: Fault) -> anyhow::Result<Answer> {
        self.outcome(number, None, false, Some(fault))?;
        std::process::abort()
    }
}

fn arrival(number: u64, request: &Request) -> Arrival {
    Arrival {
        number,
        at: arrivals::now(),
        method: request.method.to_string(),
        path: request.path.clone(),
        key: request.key.clone(),
        digest: blake3::hash(&request.body).to_hex().to_string(),
        traceparent: request.traceparent.clone(),
    }
}

fn fingerprint(request: &Request) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [request.method.as_str(), &request.path] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.update(&request.body).finalize().to_hex().to_string()
}

/// Nothing that holds these locks leaves half a change behind when it panics: facts are applied whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
