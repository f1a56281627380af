//! Faults on request: errors, latency, hangs and crashes, drawn from a seed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// Longest latency, in milliseconds.
const LATENCY_MS_MAX: u64 = 60_000;

/// What goes wrong, and how often: the body of `POST /_faults`. What it does not name is off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Faults {
    /// Share of requests that are answered with `status` and have no effect.
    pub(crate) errors: f64,
    pub(crate) status: u16,
    /// Every request waits that long before anything is done about it.
    pub(crate) latency_ms: u64,
    /// Share of requests that have their effect and are never answered.
    pub(crate) hang: f64,
    /// Share of requests on which the process aborts before the effect.
    pub(crate) crash: f64,
    /// Share of requests on which the process aborts after the effect is on disk, before the answer.
    pub(crate) crash_after_effect: f64,
    pub(crate) seed: u64,
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Crash,
    Error(u16),
    CrashAfterEffect,
    Hang,
}

impl Fault {
    /// As the log of arrivals calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Error(_) => "error",
            Self::CrashAfterEffect => "crashAfterEffect",
            Self::Hang => "hang",
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            errors: 0.0,
            status: 503,
            latency_ms: 0,
            hang: 0.0,
            crash: 0.0,
            crash_after_effect: 0.0,
            seed: 0,
        }
    }
}

impl Faults {
    /// What was set last, before a crash too: otherwise the first crash would be the last one.
    pub(crate) fn load(folder: &Path) -> anyhow::Result<Self> {
        let path = file(folder);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is damaged", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<()> {
        let (path, draft) = (file(folder), folder.join("faults.json.new"));
        fs::write(&draft, serde_json::to_vec(self)?)
            .and_then(|()| fs::rename(&draft, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let shares = [self.errors, self.hang, self.crash, self.crash_after_effect];
        ensure!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "a share is from 0 to 1");
        ensure!((400..=599).contains(&self.status), "the status of an error is from 400 to 599");
        let latency = self.latency_ms;
        ensure!(latency <= LATENCY_MS_MAX, "latencyMs is at most {LATENCY_MS_MAX}");
        Ok(())
    }

    pub(crate) fn latency(&self) -> Option<Duration> {
        (self.latency_ms > 0).then(|| Duration::from_millis(self.latency_ms))
    }

    /// The fault of the arrival of that number: the same for the same seed, and another one when the request comes again.
    pub(crate) fn draw(&self, number: u64) -> Option<Fault> {
        let hits = |share: f64, name: &str| share > 0.0 && uniform(self.seed, number, name) < share;
        if hits(self.crash, "crash") {
            Some(Fault::Crash)
        } else if hits(self.errors, "errors") {
            Some(Fault::Error(self.status))
        } else if hits(self.crash_after_effect, "crashAfterEffect") {
            Some(Fault::CrashAfterEffect)
        } else if hits(self.hang, "hang") {
            Some(Fault::Hang)
        } else {
            None
        }
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("faults.json")
}

/// In [0, 1), from a hash, so that draws do not depend on each other's order.
fn uniform(seed: u64, number: u64, name: &str) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&number.to_le_bytes()).update(name.as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
