//! What a unit of work is: which requests, and which answers are right.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};

use super::events::Events;
use crate::arguments::Arguments;
use crate::bench::wire::{self, Message};

/// Calls of one chain.
pub(super) const CHAIN_CALLS: u64 = 3;

pub(super) enum Task {
    /// The calls of a chain without anything between: what durability is compared with.
    Bare { stubs: Vec<SocketAddr>, hosts: Vec<String> },
    /// Starts an instance and takes its result.
    Run { server: SocketAddr, host: String, path: String, expects: Expects },
    /// Starts an instance and takes the acknowledgement.
    Start { server: SocketAddr, host: String, path: String },
    /// Posts events that instances wait for.
    Events(Events),
}

/// The right end of an instance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    /// Completed, with the value that the whole chain makes.
    Chain,
    /// Faulted by an error of an expression.
    ExpressionError,
}

/// What comes after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next request, with this value.
    Ask(u64),
    /// The same request later.
    Refused,
    /// Nothing: the unit is done.
    Done(Option<Started>),
}

/// What the acknowledgement of a start says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) instance: String,
    /// When it began, in microseconds since 1970.
    pub(super) at: u64,
}

impl Task {
    pub(super) fn read(kind: &str, args: &Arguments) -> anyhow::Result<Self> {
        if kind == "bare" {
            let listed: String = args.required("stubs")?;
            let stubs: Result<Vec<SocketAddr>, _> = listed.split(',').map(str::parse).collect();
            let stubs = stubs.context("--stubs are addresses")?;
            ensure!(stubs.len() as u64 == CHAIN_CALLS, "a chain has {CHAIN_CALLS} stubs");
            let hosts = stubs.iter().map(SocketAddr::to_string).collect();
            return Ok(Self::Bare { stubs, hosts });
        }
        if kind == "events" {
            return Ok(Self::Events(Events::read(args)?));
        }
        let server: SocketAddr = args.required("server")?;
        let workflow: String = args.required("workflow")?;
        let (host, path) = (server.to_string(), format!("/api/v1/workflows/{workflow}/instances"));
        let expects = match kind {
            "start" => return Ok(Self::Start { server, host, path }),
            "chain" => Expects::Chain,
            "hostile" => Expects::ExpressionError,
            other => bail!("there is no task {other:?}"),
        };
        Ok(Self::Run { server, host, path: path + "?wait=30s", expects })
    }

    /// To whom each client connects.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Bare { stubs, .. } => stubs.clone(),
            Self::Run { server, .. } | Self::Start { server, .. } => vec![*server],
            Self::Events(events) => vec![events.server],
        }
    }

    /// Which of a client's connections carries this request.
    pub(super) fn connection(&self, step: usize) -> usize {
        match self {
            Self::Bare { .. } => step,
            Self::Run { .. } | Self::Start { .. } | Self::Events(_) => 0,
        }
    }

    /// Whether what a unit's first request brings about is looked at by a second one.
    pub(super) fn is_followed(&self, value: u64) -> bool {
        matches!(self, Self::Events(events) if events.is_followed(value))
    }

    pub(super) fn request(&self, step: usize, value: u64, out: &mut Vec<u8>) {
        const PATHS: [&str; CHAIN_CALLS as usize] = ["/step/1", "/step/2", "/step/3"];
        let mut body = Vec::with_capacity(32);
        wire::append_value(&mut body, value);
        match self {
            Self::Bare { hosts, .. } => wire::post(out, PATHS[step], &hosts[step], &body),
            Self::Run { host, path, .. } | Self::Start { host, path, .. } => {
                wire::post(out, path, host, &body);
            }
            Self::Events(events) => events.request(step, value, out),
        }
    }

    /// # Errors
    /// The answer is not the right one.
    pub(super) fn answered(
        &self,
        step: usize,
        value: u64,
        answer: &Message<'_>,
    ) -> anyhow::Result<Next> {
        let status = answer.status()?;
        let wrong = || {
            let body = String::from_utf8_lossy(answer.body);
            format!("the answer to {value}, step {step}, is wrong: {status} {body}")
        };
        match self {
            Self::Bare { .. } => {
                let so_far = value + step as u64 + 1;
                let is_right = status == 200 && wire::value(answer.body) == Some(so_far);
                ensure!(is_right, wrong());
                let is_last = step as u64 + 1 == CHAIN_CALLS;
                Ok(if is_last { Next::Done(None) } else { Next::Ask(so_far) })
            }
            _ if matches!(status, 429 | 503) => Ok(Next::Refused),
            Self::Run { expects, .. } => {
                ensure!(status == 200 && expects.is_met_by(value, answer.body), wrong());
                Ok(Next::Done(None))
            }
            Self::Events(events) => events.answered(step, value, answer).with_context(wrong),
            Self::Start { .. } => {
                ensure!(matches!(status, 200 | 202), wrong());
                let started_at = wire::text(answer.body, "startedAt").with_context(wrong)?;
                let started_at: jiff::Timestamp = started_at.parse().with_context(wrong)?;
                let at = u64::try_from(started_at.as_microsecond()).with_context(wrong)?;
                let instance = wire::text(answer.body, "id").with_context(wrong)?.to_owned();
                Ok(Next::Done(Some(Started { instance, at })))
            }
        }
    }
}

impl Expects {
    fn is_met_by(self, value: u64, body: &[u8]) -> bool {
        let status = wire::text(body, "status");
        match self {
            Self::Chain => {
                let output = wire::find(body, b"\"output\":").map(|at| &body[at..]);
                let result = output.and_then(wire::value);
                status == Some("completed") && result == Some(value + CHAIN_CALLS)
            }
            Self::ExpressionError => {
                let kind = wire::text(body, "type").unwrap_or_default();
                status == Some("faulted") && kind.ends_with("/expression")
            }
        }
    }
}

pub(in crate::bench) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("the clock shows a time after 1970").as_micros() as u64
}
