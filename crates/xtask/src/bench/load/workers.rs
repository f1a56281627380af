//! Workers: each takes jobs in batches over one connection and completes them over several, as fast as it is answered.
//!
//! A job that is given out a second time ends the load: nobody has lost a lease here.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;

use super::{CONNECTIONS_MAX, SILENCE_MAX};
use crate::arguments::Arguments;
use crate::bench::latency::percentile;
use crate::bench::poll::{Connection, Poll, Scratch};
use crate::bench::wire::{self, Message};

/// Longest sleep.
const NAP: Duration = Duration::from_millis(100);
/// Where jobs come from.
const ACTIVATE: &str = "/api/v1/jobs/work/activate";

/// See the module.
pub(super) struct Workers {
    host: String,
    /// The body of an activation.
    asked: Vec<u8>,
    count: u64,
    poll: Poll,
    workers: Vec<Worker>,
    given: HashSet<String>,
    completed: u64,
    refused: u64,
    last_answer: Instant,
    /// Of activations that gave jobs, and of completions, in microseconds.
    activations: Vec<u32>,
    completions: Vec<u32>,
}

struct Worker {
    hands: Vec<Hand>,
    /// Jobs that it has and did not begin to complete.
    held: VecDeque<String>,
    /// Whether one of its hands asks for more.
    is_asking: bool,
}

struct Hand {
    connection: Connection,
    busy: Busy,
    since: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Busy {
    No,
    Activating,
    Completing(String),
}

impl Workers {
    /// # Errors
    /// An option is missing, or the server cannot be reached.
    pub(super) fn read(args: &Arguments) -> anyhow::Result<Self> {
        let address: SocketAddr = args.required("server")?;
        let (workers, batch): (u64, u64) = (args.required("clients")?, args.required("batch")?);
        let (poll, now) = (Poll::new()?, Instant::now());
        let hand = |token| -> anyhow::Result<Hand> {
            let connection = Connection::open(&poll, address, token);
            let connection = connection.with_context(|| format!("cannot reach {address}"))?;
            Ok(Hand { connection, busy: Busy::No, since: now })
        };
        let worker = |idx: u64| {
            let tokens = idx * CONNECTIONS_MAX..(idx + 1) * CONNECTIONS_MAX;
            let hands = tokens.map(hand).collect::<anyhow::Result<Vec<_>>>()?;
            Ok(Worker { hands, held: VecDeque::new(), is_asking: false })
        };
        Ok(Self {
            host: address.to_string(),
            asked: json!({"maxJobs": batch, "wait": "1s"}).to_string().into_bytes(),
            count: args.required("count")?,
            workers: (0..workers).map(worker).collect::<anyhow::Result<Vec<_>>>()?,
            poll,
            given: HashSet::new(),
            completed: 0,
            refused: 0,
            last_answer: now,
            activations: Vec::new(),
            completions: Vec::new(),
        })
    }

    /// Works until all jobs are completed.
    ///
    /// # Errors
    /// A job is given out twice, or an answer is wrong or missing.
    pub(super) fn run(mut self) -> anyhow::Result<serde_json::Value> {
        let (mut ready, mut scratch) = (Vec::new(), Scratch::default());
        println!("begin");
        let began = Instant::now();
        self.last_answer = began;
        (0..self.workers.len()).try_for_each(|idx| self.set_to_work(idx))?;
        while self.completed < self.count {
            let silence = self.last_answer.elapsed();
            ensure!(silence < SILENCE_MAX, "no answer for {SILENCE_MAX:?}");
            self.poll.wait(Some(NAP), &mut ready)?;
            for token in ready.drain(..) {
                self.attend(token, &mut scratch)?;
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        println!("end");
        self.activations.sort_unstable();
        self.completions.sort_unstable();
        Ok(json!({
            "completed": self.completed,
            "refused": self.refused,
            "seconds": seconds,
            "activations": self.activations.len(),
            "activationP99Ms": percentile(&self.activations, 0.99),
            "p50Ms": percentile(&self.completions, 0.5),
            "p99Ms": percentile(&self.completions, 0.99),
        }))
    }

    /// Gives each free hand of a worker something to do: a job to complete, or, for one of them, to ask for more.
    fn set_to_work(&mut self, idx: usize) -> anyhow::Result<()> {
        let Worker { hands, held, is_asking } = &mut self.workers[idx];
        for hand in hands.iter_mut().filter(|hand| hand.busy == Busy::No) {
            let output = &mut hand.connection.output;
            hand.busy = match held.pop_front() {
                Some(job) => {
                    complete(output, &self.host, &job);
                    Busy::Completing(job)
                }
                None if *is_asking => break,
                None => {
                    *is_asking = true;
                    wire::post(output, ACTIVATE, &self.host, &self.asked);
                    Busy::Activating
                }
            };
            hand.since = Instant::now();
            hand.connection.send(&self.poll)?;
        }
        Ok(())
    }

    fn attend(&mut self, token: u64, scratch: &mut Scratch) -> anyhow::Result<()> {
        let idx = (token / CONNECTIONS_MAX) as usize;
        let worker = &mut self.workers[idx];
        let hand = &mut worker.hands[(token % CONNECTIONS_MAX) as usize];
        let is_open = hand.connection.receive(scratch)?;
        let Some((answer, _)) = hand.connection.next()? else {
            ensure!(is_open, "the server closed a connection");
            return Ok(hand.connection.send(&self.poll)?);
        };
        self.last_answer = Instant::now();
        let micros = u32::try_from((self.last_answer - hand.since).as_micros());
        let micros = micros.unwrap_or(u32::MAX);
        match (std::mem::replace(&mut hand.busy, Busy::No), answer.status()?) {
            (Busy::Activating, 200) => {
                worker.is_asking = false;
                let jobs = jobs_in(&answer)?;
                if !jobs.is_empty() {
                    self.activations.push(micros);
                }
                for job in &jobs {
                    ensure!(self.given.insert(job.clone()), "{job} was given out twice");
                }
                worker.held.extend(jobs);
            }
            (Busy::Completing(_), 200) => {
                self.completed += 1;
                self.completions.push(micros);
            }
            (Busy::Completing(job), 429 | 503) => {
                self.refused += 1;
                worker.held.push_back(job);
            }
            (busy, status) => {
                let body = String::from_utf8_lossy(answer.body);
                anyhow::bail!("the answer to {busy:?} is wrong: {status} {body}");
            }
        }
        self.set_to_work(idx)
    }
}

fn complete(out: &mut Vec<u8>, host: &str, job: &str) {
    wire::post(out, &format!("/api/v1/jobs/{job}/complete"), host, b"{\"output\":{\"ok\":true}}");
}

/// Ids of the jobs that an activation gave.
fn jobs_in(answer: &Message<'_>) -> anyhow::Result<Vec<String>> {
    let text = std::str::from_utf8(answer.body).context("the jobs are no text")?;
    ensure!(text.starts_with("{\"jobs\":["), "{text} are no jobs");
    let ids = text.split("\"id\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    Ok(ids.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests;
