//! Clients that ask as fast as they are answered: one thread, one connection each, every answer checked.
//!
//! It prints `begin` and `end` around the window that is measured, so that whoever started it can look at other processes
//! at these moments, and then one line of JSON.

mod task;

mod events;
mod workers;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;

use super::latency;
use super::poll::{Connection, Poll, Scratch};
use crate::arguments::Arguments;
use task::{Next, Started, Task};
use workers::Workers;

pub(super) use events::KIND;
pub(super) use task::now_micros;

/// Longest sleep, so that the end of a window is noticed.
const NAP: Duration = Duration::from_millis(5);
/// What a client waits after it was refused for overload.
const REFUSED_DELAY: Duration = Duration::from_millis(20);
/// Without an answer for this long nothing will come any more.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Most connections of one client.
const CONNECTIONS_MAX: u64 = 4;

/// The hidden command.
///
/// # Errors
/// An answer is wrong or missing, or a server cannot be reached.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let options = [
        "server",
        "stubs",
        "workflow",
        "clients",
        "warmup-ms",
        "measure-ms",
        "count",
        "rate",
        "log",
        "instances",
        "batch",
        "follow-every",
    ];
    let args = Arguments::read(args, &[], &options)?;
    let [kind] = args.words.as_slice() else { anyhow::bail!("name one task") };
    if kind == "work" {
        println!("{}", Workers::read(&args)?.run()?);
        return Ok(());
    }
    let plan = Plan {
        clients: args.required("clients")?,
        warmup: Duration::from_millis(args.option("warmup-ms")?.unwrap_or(0)),
        measured: args.option("measure-ms")?.map(Duration::from_millis),
        count: args.option("count")?.unwrap_or(u64::MAX),
        rate: args.option("rate")?,
        log: args.option::<PathBuf>("log")?,
    };
    let task = Task::read(kind, &args)?;
    let result = Load::new(task, plan)?.run()?;
    println!("{result}");
    Ok(())
}

/// How long the load lasts: as long as is measured, or until so many are done.
struct Plan {
    clients: u64,
    warmup: Duration,
    measured: Option<Duration>,
    count: u64,
    /// Units that begin in a second, at most.
    rate: Option<u32>,
    /// Gets a line for each: value, when the answer came, when the instance began by its server, and its id.
    log: Option<PathBuf>,
}

struct Load {
    task: Task,
    plan: Plan,
    poll: Poll,
    clients: Vec<Client>,
    /// Clients that were refused, and when they ask again.
    delayed: VecDeque<(Instant, usize)>,
    /// Clients whose next unit would begin too early for the rate, and when it may.
    early: VecDeque<(Instant, usize)>,
    started: Instant,
    log: Option<BufWriter<File>>,
    next_value: u64,
    busy: usize,
    refused: u64,
    phase: Phase,
    last_answer: Instant,
    /// Of those that ended within the window, in microseconds.
    latencies: Vec<u32>,
    /// The same of events that were followed, until the answer about their instance.
    followed_latencies: Vec<u32>,
}

struct Client {
    connections: Vec<Connection>,
    value: u64,
    /// Requests of this unit of work that were answered.
    step: usize,
    began: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Measured,
    Draining,
}

impl Load {
    fn new(task: Task, plan: Plan) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut clients = Vec::new();
        let now = Instant::now();
        for idx in 0..plan.clients {
            let mut connections = Vec::new();
            for (nth, address) in task.addresses().into_iter().enumerate() {
                let token = idx * CONNECTIONS_MAX + nth as u64;
                let connection = Connection::open(&poll, address, token);
                connections.push(connection.with_context(|| format!("cannot reach {address}"))?);
            }
            clients.push(Client { connections, value: 0, step: 0, began: now });
        }
        let log = plan.log.as_ref().map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self {
            task,
            plan,
            poll,
            clients,
            delayed: VecDeque::new(),
            early: VecDeque::new(),
            started: now,
            log,
            next_value: 0,
            busy: 0,
            refused: 0,
            phase: Phase::WarmUp,
            last_answer: now,
            latencies: Vec::new(),
            followed_latencies: Vec::new(),
        })
    }

    fn run(mut self) -> anyhow::Result<serde_json::Value> {
        self.started = Instant::now();
        let begins = self.started + self.plan.warmup;
        let ends = self.plan.measured.map(|measured| begins + measured);
        let (mut begun, mut ended) = (begins, begins);
        let mut ready = Vec::new();
        let mut scratch = Scratch::default();
        for idx in 0..self.clients.len() {
            self.begin(idx)?;
        }
        loop {
            let now = Instant::now();
            if self.phase == Phase::WarmUp && now >= begins {
                (self.phase, begun) = (Phase::Measured, now);
                println!("begin");
            }
            let is_idle = self.busy == 0 && self.early.is_empty();
            let is_over = ends.is_some_and(|ends| now >= ends) || is_idle;
            if self.phase == Phase::Measured && is_over {
                (self.phase, ended) = (Phase::Draining, now);
                self.early.clear();
                println!("end");
            }
            if self.phase == Phase::Draining && self.busy == 0 {
                break;
            }
            ensure!(now - self.last_answer < SILENCE_MAX, "no answer for {SILENCE_MAX:?}");
            self.poll.wait(Some(self.nap(now)), &mut ready)?;
            for token in ready.drain(..) {
                self.attend(token, &mut scratch)?;
            }
            self.ask_again()?;
            self.begin_due()?;
        }
        if let Some(mut log) = self.log.take() {
            log.flush()?;
        }
        Ok(self.result(ended - begun))
    }

    /// Until something is due.
    fn nap(&self, now: Instant) -> Duration {
        let due = self.early.front().map_or(NAP, |(at, _)| at.saturating_duration_since(now));
        due.min(NAP)
    }

    /// Lets a client begin its next unit of work, if there is one, when the rate allows it.
    fn begin(&mut self, idx: usize) -> anyhow::Result<()> {
        if self.phase == Phase::Draining || self.next_value >= self.plan.count {
            return Ok(());
        }
        if let Some(rate) = self.plan.rate {
            let nth = self.next_value + self.early.len() as u64;
            let at = self.started + Duration::from_secs_f64(nth as f64 / f64::from(rate));
            if at > Instant::now() || !self.early.is_empty() {
                self.early.push_back((at, idx));
                return Ok(());
            }
        }
        self.begin_now(idx)
    }

    fn begin_due(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        while let Some((at, idx)) = self.early.front().copied() {
            if at > now {
                break;
            }
            self.early.pop_front();
            if self.phase != Phase::Draining && self.next_value < self.plan.count {
                self.begin_now(idx)?;
            }
        }
        Ok(())
    }

    fn begin_now(&mut self, idx: usize) -> anyhow::Result<()> {
        let client = &mut self.clients[idx];
        (client.value, client.step, client.began) = (self.next_value, 0, Instant::now());
        self.next_value += 1;
        self.busy += 1;
        self.ask(idx, client_value)
    }

    fn ask(&mut self, idx: usize, input: impl Fn(&Client) -> u64) -> anyhow::Result<()> {
        let client = &mut self.clients[idx];
        let input = input(client);
        let connection = &mut client.connections[self.task.connection(client.step)];
        self.task.request(client.step, input, &mut connection.output);
        Ok(connection.send(&self.poll)?)
    }

    fn attend(&mut self, token: u64, scratch: &mut Scratch) -> anyhow::Result<()> {
        let idx = (token / CONNECTIONS_MAX) as usize;
        let nth = (token % CONNECTIONS_MAX) as usize;
        let client = &mut self.clients[idx];
        let connection = &mut client.connections[nth];
        let is_open = connection.receive(scratch)?;
        let next = match connection.next()? {
            Some((message, _)) => Some(self.task.answered(client.step, client.value, &message)?),
            None => None,
        };
        if next.is_some() {
            self.last_answer = Instant::now();
        }
        match next {
            None => connection.send(&self.poll)?,
            Some(Next::Ask(value)) => {
                client.step += 1;
                self.ask(idx, |_| value)?;
            }
            Some(Next::Refused) => {
                self.refused += 1;
                self.delayed.push_back((self.last_answer + REFUSED_DELAY, idx));
            }
            Some(Next::Done(started)) => self.done(idx, started)?,
        }
        ensure!(is_open || self.busy == 0, "the server closed a connection that was in use");
        Ok(())
    }

    fn done(&mut self, idx: usize, started: Option<Started>) -> anyhow::Result<()> {
        let client = &self.clients[idx];
        if self.phase == Phase::Measured {
            let micros = (self.last_answer - client.began).as_micros();
            let latencies = match self.task.is_followed(client.value) {
                true => &mut self.followed_latencies,
                false => &mut self.latencies,
            };
            latencies.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
        if let Some(log) = &mut self.log {
            let (at, id) = started.map_or((0, "-".to_owned()), |it| (it.at, it.instance));
            writeln!(log, "{} {} {at} {id}", client.value, now_micros())?;
        }
        self.busy -= 1;
        self.begin(idx)
    }

    fn ask_again(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        while let Some((at, idx)) = self.delayed.front().copied() {
            if at > now {
                break;
            }
            self.delayed.pop_front();
            self.ask(idx, client_value)?;
        }
        Ok(())
    }

    fn result(mut self, window: Duration) -> serde_json::Value {
        self.latencies.sort_unstable();
        self.followed_latencies.sort_unstable();
        let seconds = window.as_secs_f64();
        let completed = self.latencies.len() + self.followed_latencies.len();
        let of = |share| latency::percentile(&self.latencies, share);
        json!({
            "completed": completed,
            "refused": self.refused,
            "seconds": seconds,
            "perSecond": completed as f64 / seconds,
            "followed": self.followed_latencies.len(),
            "followedP50Ms": latency::percentile(&self.followed_latencies, 0.5),
            "followedP99Ms": latency::percentile(&self.followed_latencies, 0.99),
            "p50Ms": of(0.5),
            "p99Ms": of(0.99),
            "p999Ms": of(0.999),
            "maxMs": of(1.0),
        })
    }
}

/// What a client begins with; a refused request is always a unit's first.
fn client_value(client: &Client) -> u64 {
    client.value
}

#[cfg(test)]
mod tests;
