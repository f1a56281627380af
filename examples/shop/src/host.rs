//! Between the wire and a service: keys, durability, arrivals and faults.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::arrivals::{self, Arrival, Line, Log, Outcome};
use crate::faults::{Fault, Faults};
use crate::inbox::{self, Inbox, Reply};
use crate::services::{Answer, Domain};

/// Name of a service's database in its folder.
const DATABASE: &str = "service.db";

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
pub(crate) struct Host<D> {
    folder: PathBuf,
    inbox: Mutex<Inbox<D>>,
    arrivals: Log,
    faults: Mutex<Faults>,
}

impl<D: Domain> Host<D> {
    /// Opens the files of the service below `data`.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let folder = data.join(D::NAME.as_str());
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let arrivals = Log::open(&folder.join(arrivals::FILE))?;
        let database = folder.join(DATABASE);
        let inbox = Inbox::open(&database)
            .with_context(|| format!("cannot open {}", database.display()))?;
        let faults = Mutex::new(Faults::load(&folder)?);
        Ok(Self { folder, inbox: Mutex::new(inbox), arrivals, faults })
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
        // It waits for the disk, and everybody with it: the database takes one change after the other anyway.
        let Reply { answer, repeated } = lock(&self.inbox).take(&inbox::Request {
            method: &request.method,
            path: &request.path,
            key: request.key.as_deref(),
            body: &request.body,
        })?;
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
    pub(crate) fn audit(&self, full: bool) -> anyhow::Result<Value> {
        let inbox = lock(&self.inbox);
        let mut audit = json!({ "service": D::NAME, "sums": D::sums(inbox.connection())? });
        if full {
            audit["entries"] = D::entries(inbox.connection())?;
        }
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

/// Nothing that holds these locks leaves half a change behind when it panics: a transaction that ends so is rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
