//! Blocking queries: an answer once something has changed since the one before.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use http::header::HeaderName;
use motet_runtime::{Handle, Position, ServiceNews};
use motet_types::{Label, ServiceName};

use super::fields::span;
use crate::answer;
use crate::problem::Problem;
use crate::request::Request;

const INDEX: HeaderName = HeaderName::from_static("x-consul-index");
const KNOWN_LEADER: HeaderName = HeaderName::from_static("x-consul-knownleader");
const LAST_CONTACT: HeaderName = HeaderName::from_static("x-consul-lastcontact");

/// How long a request waits that does not say ...
const WAIT_DEFAULT: Duration = Duration::from_secs(300);
/// ... and how long at most.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// The part of the wait by which it is longer for some, so that not all come again at once.
const JITTER: u32 = 16;
/// Before a list is read anew for one who waited: what comes together is one answer.
const GATHER: Duration = Duration::from_millis(250);

/// What a request knows, and how long it waits for something else.
pub(super) struct Wait {
    known: Option<u64>,
    patience: Duration,
}

impl Wait {
    pub(super) fn of(request: &Request) -> Result<Self, Problem> {
        let known = request.query.parsed::<u64>("index")?.filter(|index| *index > 0);
        let wait = match request.query.text("wait").filter(|text| !text.is_empty()) {
            None => WAIT_DEFAULT,
            Some(text) => span(text).ok_or_else(|| {
                let why = format!("{text:?} is not a length of time: write 30s or 5m");
                Problem::invalid("wait", why)
            })?,
        };
        let wait = if wait.is_zero() { WAIT_DEFAULT } else { wait.min(WAIT_MAX) };
        let spread = (wait / JITTER).as_micros().max(1) as u64;
        let now = u64::try_from(request.handle().now().as_micros()).unwrap_or_default();
        let patience = known.map_or(Duration::ZERO, |_| wait + Duration::from_micros(now % spread));
        Ok(Self { known, patience })
    }

    /// The service, once it is otherwise than the request knows it.
    pub(super) async fn service(
        &self,
        handle: &Handle,
        name: ServiceName,
    ) -> Result<ServiceNews, Problem> {
        Ok(handle.service_after(name, self.known, self.patience).await?)
    }

    /// The revision of a namespace, once it is another than the request knows; to be asked before what it holds is read.
    pub(super) async fn namespace(
        &self,
        handle: &Handle,
        namespace: &Label,
    ) -> Result<u64, Problem> {
        let first = handle.registry_after(namespace.clone(), None, Duration::ZERO).await?;
        if self.patience.is_zero() || self.known != Some(first) {
            return Ok(first);
        }
        let after = handle.registry_after(namespace.clone(), self.known, self.patience).await?;
        if self.known != Some(after) {
            tokio::time::sleep(GATHER).await;
        }
        Ok(after)
    }
}

/// An answer that is as of an index.
pub(super) fn indexed(text: Vec<u8>, index: u64) -> Response {
    let response = answer::json(StatusCode::OK, text, Position::default());
    let mut response = answer::with_header(response, INDEX, index.max(1).to_string());
    response.headers_mut().remove(answer::POSITION);
    let response = answer::with_header(response, KNOWN_LEADER, "true".to_owned());
    answer::with_header(response, LAST_CONTACT, "0".to_owned())
}
