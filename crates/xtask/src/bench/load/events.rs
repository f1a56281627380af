//! Events for instances that wait for them: posted one by one or as batches, some of them followed until the instance that
//! takes them has ended.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, ensure};

use super::task::Next;
use crate::arguments::Arguments;
use crate::bench::wire::{self, Message};

/// Where events go.
const PATH: &str = "/api/v1/events?namespace=bench";
/// Type of every event.
pub(in crate::bench) const KIND: &str = "bench.arrived";

/// See the module.
pub(super) struct Events {
    pub(super) server: SocketAddr,
    host: String,
    /// Events of one request; one alone is no batch.
    batch: u64,
    /// Of so many requests one is followed.
    follow_every: u64,
    /// The instance that waits for each value.
    instances: Vec<String>,
}

impl Events {
    /// # Errors
    /// An option is missing, or the instances cannot be read.
    pub(super) fn read(args: &Arguments) -> anyhow::Result<Self> {
        let server: SocketAddr = args.required("server")?;
        let path: PathBuf = args.required("instances")?;
        let log =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (batch, follow_every) = (args.required("batch")?, args.required("follow-every")?);
        let instances = instances(&log)?;
        ensure!(batch > 0 && follow_every > 0, "a batch, and what is followed, is one at least");
        Ok(Self { server, host: server.to_string(), batch, follow_every, instances })
    }

    /// First the events of the value, then the question for the last instance that they were for.
    pub(super) fn request(&self, step: usize, value: u64, out: &mut Vec<u8>) {
        if step > 0 {
            let path = format!("/api/v1/instances/{}?wait=30s", self.followed(value));
            return wire::get(out, &path, &self.host);
        }
        let mut body = Vec::with_capacity(128 * self.batch as usize);
        let values = value * self.batch..(value + 1) * self.batch;
        if self.batch == 1 {
            append_event(&mut body, value);
        } else {
            for value in values {
                body.push(if body.is_empty() { b'[' } else { b',' });
                append_event(&mut body, value);
            }
            body.push(b']');
        }
        wire::post(out, PATH, &self.host, &body);
    }

    /// What comes after an answer; none if it is not the right one.
    pub(super) fn answered(&self, step: usize, value: u64, answer: &Message<'_>) -> Option<Next> {
        match (step, answer.status().ok()?) {
            (0, 202) => {
                let accepted = wire::member(answer.body, "accepted")? == self.batch;
                let next =
                    if self.is_followed(value) { Next::Ask(value) } else { Next::Done(None) };
                accepted.then_some(next)
            }
            (1, 200) => {
                let is_completed = wire::text(answer.body, "status")? == "completed";
                let output = &answer.body[wire::find(answer.body, b"\"output\":")?..];
                let is_right = wire::value(output)? == (value + 1) * self.batch - 1;
                (is_completed && is_right).then_some(Next::Done(None))
            }
            _ => None,
        }
    }

    /// Whether a request is followed until the last instance that it was for has ended.
    pub(super) fn is_followed(&self, value: u64) -> bool {
        value.is_multiple_of(self.follow_every)
    }

    /// The instance that waits for the last event of a request.
    fn followed(&self, value: u64) -> &str {
        &self.instances[((value + 1) * self.batch - 1) as usize]
    }
}

/// Each value's instance, out of the log of a load of starts.
fn instances(log: &str) -> anyhow::Result<Vec<String>> {
    let mut instances = vec![String::new(); log.lines().count()];
    for line in log.lines() {
        let mut words = line.split(' ');
        let value: Option<usize> = words.next().and_then(|word| word.parse().ok());
        let place = value.and_then(|value| instances.get_mut(value));
        let (Some(place), Some(id)) = (place, words.nth(2)) else {
            anyhow::bail!("{line:?} is no start");
        };
        id.clone_into(place);
    }
    Ok(instances)
}

fn append_event(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(b"{\"specversion\":\"1.0\",\"source\":\"/bench\",\"type\":\"");
    out.extend_from_slice(KIND.as_bytes());
    out.extend_from_slice(b"\",\"id\":\"");
    wire::append_number(out, value);
    out.extend_from_slice(b"\",\"data\":");
    wire::append_value(out, value);
    out.push(b'}');
}

#[cfg(test)]
mod tests;
