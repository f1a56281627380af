//! Following an instance by server-sent events (HTML standard §9.2): its history so far, then what happens.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use http_body_util::channel::{Channel, Sender};
use motet_runtime::{Handle, HistoryEntry, InstanceView, Watch};
use motet_types::InstanceId;
use std::convert::Infallible;
use std::time::Duration;

use crate::access::Caller;
use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

const LAST_EVENT_ID: &str = "last-event-id";
/// Events that wait for a slow reader; beyond it the watch lags and catches up from the history.
const EVENTS_WAITING_MAX: usize = 64;
/// How the kind of an instance's last entry begins.
const ENDED: &str = "workflow-";
/// Entries of the history that are read at a time.
const PAGE_ENTRIES: usize = 256;

pub(crate) async fn watch(request: Request) -> Handled {
    let id = request.instance()?;
    let last = request.header(LAST_EVENT_ID)?;
    let last: Option<u64> = last.map(|id| crate::query::read("Last-Event-ID", id)).transpose()?;
    let (handle, caller) = (request.handle().clone(), request.caller.clone());
    let first = look(&handle, id).await?;
    let (sender, channel) = Channel::<Bytes, Infallible>::new(EVENTS_WAITING_MAX);
    let follower = Follower {
        handle,
        id,
        next: last.map_or(0, |last| last.saturating_add(1)),
        is_damaged: false,
        sender,
        keep_alive: request.api.options.keep_alive,
    };
    tokio::spawn(follower.run(first, caller));
    Ok(event_stream(Body::new(channel)))
}

fn event_stream(body: Body) -> Response {
    let mut response = answer::with_body(StatusCode::OK, "text/event-stream", body);
    let uncached = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, uncached);
    response
}

/// Begins to listen, then reads the instance: what it shows of the end, the history after it is whole.
async fn look(handle: &Handle, id: InstanceId) -> Result<(Watch, InstanceView), Problem> {
    let watch = handle.watch(id).await?;
    let (instance, _) = handle.instance(id, Duration::ZERO).await?;
    Ok((watch, instance))
}

struct Follower {
    handle: Handle,
    id: InstanceId,
    /// Number of the next entry to send.
    next: u64,
    /// The history ends where it cannot be read; only what happens from now on is sent.
    is_damaged: bool,
    sender: Sender<Bytes, Infallible>,
    keep_alive: Duration,
}

/// Why a stream ends before its instance.
enum Stop {
    /// Nobody reads any more.
    ReaderGone,
    Refused(Problem),
}

impl Follower {
    /// Follows until the instance ends, or the reader goes or loses the right to it.
    async fn run(mut self, first: (Watch, InstanceView), caller: Caller) {
        let handle = self.handle.clone();
        let stop = tokio::select! {
            followed = self.follow(first) => followed.err(),
            problem = caller.lost(&handle) => Some(Stop::Refused(problem)),
        };
        if let Some(Stop::Refused(problem)) = stop {
            // Whoever does not read what waits is not waited for; if the reader is gone, nobody is left to tell.
            let patience = self.keep_alive;
            let told = self.send(event("error", None, &problem.to_json()));
            drop(tokio::time::timeout(patience, told).await);
        }
    }

    async fn follow(&mut self, first: (Watch, InstanceView)) -> Result<(), Stop> {
        let (mut watch, mut instance) = first;
        loop {
            self.catch_up().await?;
            if instance.status.is_final() {
                let result = print::result(&instance, None);
                return self.send(event("end", None, &result)).await;
            }
            self.listen(&mut watch).await?;
            // The instance has ended, or this reader was too slow: look again from where it stands.
            (watch, instance) = look(&self.handle, self.id).await.map_err(Stop::Refused)?;
        }
    }

    /// Sends what the history has beyond what was sent.
    async fn catch_up(&mut self) -> Result<(), Stop> {
        while !self.is_damaged {
            let page = self.handle.history(self.id, self.next, PAGE_ENTRIES).await;
            let entries = page.map_err(|error| Stop::Refused(error.into()))?;
            let is_last = entries.len() < PAGE_ENTRIES;
            self.is_damaged = entries.last().is_some_and(HistoryEntry::is_damage);
            self.send_new(&entries).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Sends what happens, until the instance or the watch ends.
    async fn listen(&mut self, watch: &mut Watch) -> Result<(), Stop> {
        loop {
            match tokio::time::timeout(self.keep_alive, watch.recv()).await {
                Ok(Some(entries)) => {
                    self.send_new(&entries).await?;
                    if entries.iter().any(|entry| entry.kind.starts_with(ENDED)) {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(_silence) => self.send(Bytes::from_static(b":\n\n")).await?,
            }
        }
    }

    async fn send_new(&mut self, entries: &[HistoryEntry]) -> Result<(), Stop> {
        for entry in entries.iter().filter(|entry| entry.number >= self.next) {
            let text = json::object(|object| print::entry(object, entry));
            let text = event("record", Some(entry.number), &text);
            self.sender.send_data(text).await.map_err(|_| Stop::ReaderGone)?;
        }
        let after = entries.last().map_or(0, |last| last.number + 1);
        self.next = self.next.max(after);
        Ok(())
    }

    async fn send(&mut self, text: Bytes) -> Result<(), Stop> {
        let sent = self.sender.send_data(text).await;
        sent.map_err(|_| Stop::ReaderGone)
    }
}

/// One event; `data` is JSON of one line.
fn event(name: &str, id: Option<u64>, data: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(data.len() + 64);
    if let Some(id) = id {
        text.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    text.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
    text.extend_from_slice(data);
    text.extend_from_slice(b"\n\n");
    text.into()
}
