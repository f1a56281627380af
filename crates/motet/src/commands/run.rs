//! Starting an instance and following it to its end.

use std::io::Read as _;
use std::time::{Duration, Instant};

use http::HeaderName;
use motet_expr::{Value, json};

use super::Ended;
use super::history::{RECONNECT_PAUSE, RECONNECTS_MAX};
use super::list::{path_of, split};
use crate::cli::Run;
use crate::client::{Call, Client, query};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::value::Members;

/// Longest that one request waits while nobody looks on; requests wait for the end alone, so that an incident shows between two.
const WAIT: Duration = Duration::from_secs(1);
/// The same while a progress line is drawn.
const WAIT_SHOWN: Duration = Duration::from_millis(500);

pub(super) async fn run(client: &Client, options: &Run, output: &Output) -> Ended {
    let (namespace, name) = split(&options.workflow)?;
    let input = input(&options.input)?;
    let began = Instant::now();
    let wait = Wait { began, limit: options.wait, piece: piece(output) };
    let mut path = format!("{}/instances?{}", path_of(namespace, name), wait.query());
    if let Some(version) = &options.version {
        path = format!("{path}&{}", query("version", version));
    }
    let key = options.key.as_deref();
    let headers = key.map(|key| (HeaderName::from_static("idempotency-key"), key));
    let headers: Vec<_> = headers.into_iter().collect();
    let call = Call { headers, ..Call::post(path, "application/json", input) };
    let started = client.send(call).await?.value;
    let instance = follow(client, started, &wait, output).await?;
    Ok(finish(&instance, output))
}

/// How long is waited in all, and by one request.
struct Wait {
    began: Instant,
    limit: Option<Duration>,
    piece: Duration,
}

impl Wait {
    /// Time that is left for the next request.
    fn next(&self) -> Duration {
        let left = self.limit.map(|limit| limit.saturating_sub(self.began.elapsed()));
        left.map_or(self.piece, |left| left.min(self.piece))
    }

    fn query(&self) -> String {
        query("wait", &format!("{}ms", self.next().as_millis()))
    }
}

fn piece(output: &Output) -> Duration {
    if output.has_progress { WAIT_SHOWN } else { WAIT }
}

async fn follow(
    client: &Client,
    started: Value,
    wait: &Wait,
    output: &Output,
) -> Result<Value, Failure> {
    let (mut instance, mut unanswered) = (started, 0);
    while !is_final(&instance) && !is_stopped(&instance) && !wait.next().is_zero() {
        output.progress(&progress_line(&instance, wait.began.elapsed()));
        let id = instance.text("id").unwrap_or_default();
        match client.get(format!("/api/v1/instances/{id}?{}", wait.query())).await {
            Ok(answer) => (instance, unanswered) = (answer, 0),
            // A server that has started it may only be restarting.
            Err(failure) if is_away(&failure) && unanswered < RECONNECTS_MAX => {
                unanswered += 1;
                output.progress(&format!("{id} was started; no server answers at present"));
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
            Err(failure) => {
                output.progress("");
                let message = format!("{id} was started, but {}", failure.message);
                return Err(Failure { message, ..failure }
                    .with_hint(format!("`motet watch {id}` follows it to its end")));
            }
        }
    }
    output.progress("");
    Ok(instance)
}

fn is_away(failure: &Failure) -> bool {
    ["server-unreachable", "unexpected-answer"].contains(&failure.code.as_str())
}

fn is_final(instance: &Value) -> bool {
    matches!(instance.text("status"), Some("completed" | "faulted" | "cancelled"))
}

/// Whether an instance goes on only if a person wants it.
fn is_stopped(instance: &Value) -> bool {
    instance.text("status") == Some("suspended") || !instance.items("incidents").is_empty()
}

/// What a person can do about an instance that is stopped.
fn remedy(instance: &Value) -> String {
    let id = instance.text("id").unwrap_or_default();
    match instance.text("status") {
        Some("suspended") => format!("it is suspended: `motet resume {id}` lets it go on"),
        _ => format!(
            "it waits for a person: `motet retry {id}` tries again, `motet cancel {id}` gives up"
        ),
    }
}

/// Prints what came of an instance and says it in the exit code.
pub(super) fn finish(instance: &Value, output: &Output) -> Exit {
    output.value(instance, |output| {
        let text = |key| instance.text(key).unwrap_or_default();
        let mut lines = format!("{} {}\n", text("id"), output.style.status(text("status")));
        if let Some(value) = instance.member("output") {
            let text = json::as_str(value).map_or_else(|| json::to_pretty(value), str::to_owned);
            lines.push_str(&text);
            lines.push('\n');
        }
        let first = || instance.items("incidents").first()?.member("error");
        if let Some(error) = instance.member("error").or_else(first) {
            lines.push_str(&output.style.red(&crate::tree::error_line(error)));
            let place = error.text("instance").filter(|place| !place.is_empty());
            let place = place.map(|place| format!(" at {place}"));
            lines.push_str(&place.unwrap_or_default());
            lines.push('\n');
        }
        lines
    });
    match instance.text("status") {
        Some("completed") => Exit::Done,
        Some("faulted" | "cancelled") => Exit::Unsuccessful,
        _ if is_stopped(instance) => {
            output.note(&remedy(instance));
            Exit::Stopped
        }
        _ => Exit::Unfinished,
    }
}

/// Where an instance stands, in one line.
fn progress_line(instance: &Value, elapsed: Duration) -> String {
    let step = |step: &Value| {
        let name = step.text("name").unwrap_or_default();
        match step.number("attempt") {
            Some(attempt @ 2..) => format!("{name} (attempt {attempt})"),
            _ => name.to_owned(),
        }
    };
    // The innermost steps say most; a step that holds others only repeats them.
    let steps = instance.items("steps");
    let is_inner = |one: &&Value| {
        let id = one.number("id");
        !steps.iter().any(|other| other.number("parent") == id)
    };
    let names: Vec<String> = steps.iter().filter(is_inner).map(step).collect();
    let status = instance.text("status").unwrap_or_default();
    let seconds = elapsed.as_secs_f32();
    format!("{status} {seconds:.1}s  {}", names.join(", "))
}

/// The input's text: given, of a file, or of standard input.
pub(super) fn input(argument: &str) -> Result<String, Failure> {
    let unreadable = |what: &str, error: std::io::Error| {
        Failure::new("unreadable-file", format!("cannot read {what}: {error}"))
    };
    let text = match argument.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|error| unreadable(file, error))?,
        None if argument == "-" => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|error| unreadable("standard input", error))?;
            text
        }
        None => argument.to_owned(),
    };
    let limits = json::Limits { bytes_max: usize::MAX, depth_max: 1_024 };
    match json::parse(text.as_bytes(), limits) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::usage(format!("the input is not JSON: {error}"))
            .with_hint("write JSON, @FILE or - for standard input")),
    }
}

#[cfg(test)]
mod tests;
