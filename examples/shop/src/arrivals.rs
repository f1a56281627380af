//! The log of arrivals: one line for each request before anything is done about it, one for what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::services::ServiceName;

/// Name of the file in a service's folder.
pub(crate) const FILE: &str = "arrivals.jsonl";

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "camelCase")]
pub(crate) enum Line {
    Arrival(Arrival),
    Outcome(Outcome),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// Unique in the log, over all restarts.
    pub(crate) number: u64,
    /// RFC 3339, microseconds.
    pub(crate) at: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    /// BLAKE3 of the body, hexadecimal.
    pub(crate) digest: String,
    pub(crate) traceparent: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Of the arrival.
    pub(crate) number: u64,
    /// RFC 3339, microseconds.
    pub(crate) at: String,
    /// Absent where no answer was given.
    pub(crate) status: Option<u16>,
    /// The answer was stored by an earlier arrival with the same key.
    pub(crate) repeated: bool,
    /// The fault that was played, if any.
    pub(crate) fault: Option<String>,
}

/// The open log of one service.
pub(crate) struct Log {
    file: File,
    next: AtomicU64,
}

impl Log {
    /// Fails where another process has it open: numbers would not be unique.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let mut file = OpenOptions::new()
            .append(true)
            .read(true)
            .create(true)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("{} is in use by another process", path.display())
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        let (lines, torn) = count_lines(&file)?;
        if torn {
            // A power cut may have torn the last line; what follows must not be glued to it.
            file.write_all(b"\n")?;
        }
        Ok(Self { file, next: AtomicU64::new(lines + u64::from(torn)) })
    }

    /// A number that no line of the log carries yet, not before a restart either.
    pub(crate) fn number(&self) -> u64 {
        // Every arrival leaves a line or two, so the lines of earlier processes are at least as many as their arrivals.
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// One write(2), so that lines of concurrent requests never mix and a killed process leaves whole lines.
    pub(crate) fn write(&self, line: &Line) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let written = (&self.file).write(&bytes).context("cannot write the log of arrivals")?;
        anyhow::ensure!(written == bytes.len(), "the log of arrivals took half a line");
        Ok(())
    }
}

/// Now, as the log writes it.
pub(crate) fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

fn count_lines(file: &File) -> std::io::Result<(u64, bool)> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut lines, mut torn) = (0, false);
    loop {
        let bytes = reader.fill_buf()?;
        let Some(last) = bytes.last() else { break };
        lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        torn = *last != b'\n';
        let length = bytes.len();
        reader.consume(length);
    }
    Ok((lines, torn))
}

/// What the log of one service says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Requests that arrived.
    pub(crate) arrivals: u64,
    /// Of them those with a key that this service had seen before.
    pub(crate) repeats: u64,
    /// Of them those that may change something (not `GET`) and have no key.
    pub(crate) without_key: u64,
    /// Answers by status, and faults played by name.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Lines that are none.
    pub(crate) damaged_lines: u64,
}

/// Under each key, the different requests (service, method, path, digest of the body) that came with it.
pub(crate) type RequestsByKey = BTreeMap<String, BTreeSet<String>>;

impl Summary {
    /// Of the log at `path`, or of an empty one if there is none; adds its keys to `requests`.
    pub(crate) fn read(
        service: ServiceName,
        path: &Path,
        requests: &mut RequestsByKey,
    ) -> anyhow::Result<Self> {
        match File::open(path) {
            Ok(log) => Self::of(service, log, requests)
                .with_context(|| format!("cannot read {}", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot open {}", path.display())),
        }
    }

    pub(crate) fn of(
        service: ServiceName,
        log: impl Read,
        requests: &mut RequestsByKey,
    ) -> anyhow::Result<Self> {
        let mut summary = Self::default();
        let mut seen = BTreeSet::new();
        for line in BufReader::new(log).split(b'\n') {
            match serde_json::from_slice(&line?) {
                Ok(Line::Arrival(arrival)) => {
                    summary.arrivals += 1;
                    if arrival.method == "GET" {
                        continue;
                    }
                    let Arrival { method, path, key, digest, .. } = arrival;
                    let Some(key) = key else {
                        summary.without_key += 1;
                        continue;
                    };
                    summary.repeats += u64::from(!seen.insert(key.clone()));
                    let request = format!("{service} {method} {path} {digest}");
                    requests.entry(key).or_default().insert(request);
                }
                Ok(Line::Outcome(outcome)) => {
                    let status = outcome.status.map(|status| status.to_string());
                    for name in status.into_iter().chain(outcome.fault) {
                        *summary.outcomes.entry(name).or_default() += 1;
                    }
                }
                Err(_) => summary.damaged_lines += 1,
            }
        }
        Ok(summary)
    }
}

#[cfg(test)]
mod tests;
