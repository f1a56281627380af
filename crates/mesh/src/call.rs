use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

/// One HTTP request as it leaves, every header decided by the caller except `host`, `content-length` and hop-by-hop ones
/// (RFC 9110 §7.6.1), which are dropped if they are there.
#[derive(Clone, Debug)]
pub struct Request {
    /// Anything but `CONNECT`.
    pub method: Method,
    /// Absolute, `http` or `https`.
    pub uri: Uri,
    /// A value marked as sensitive stays behind, like `authorization` and `cookie`, where a redirect leads to another origin.
    pub headers: HeaderMap,
    pub body: Bytes,
    /// From now to the last byte of the response's body.
    pub timeout: Duration,
    /// Redirects (301, 302, 303, 307, 308) to follow; the first one beyond is returned as it is, so 0 returns them all.
    pub redirects_max: u8,
    /// Largest response body that is taken, in bytes.
    pub response_bytes_max: usize,
}

/// One whole response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// No response: why, and whether the service may have done the work all the same.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    pub undone: Undone,
    /// Whether the attempt's time was up.
    pub timed_out: bool,
    /// What happened, for people: names the address and the cause, never the path or a header.
    pub message: String,
}

/// What an attempt without response may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Surely nothing: no connection, or none of the request was sent.
    NotRun,
    /// Perhaps all of it: silence, or a connection that broke after the first byte.
    MaybeRun,
}
