use std::error::Error as StdError;
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::CaptureConnection;

use crate::{CallError, Undone};

/// What is known of a call while it runs, for the case that it gets no response.
pub(crate) struct Progress {
    /// Where the current request goes.
    pub(crate) uri: Uri,
    /// Holds the connection as soon as the current request was handed to one.
    pub(crate) connection: Option<CaptureConnection>,
    /// A redirect that made the method `GET` was followed: the request before it may have done the work.
    pub(crate) rewritten: bool,
}

impl Progress {
    /// The request cannot be sent at all.
    pub(crate) fn unsendable(&self, why: &str) -> CallError {
        self.error(Undone::NotRun, false, format!("request to {}: {why}", address(&self.uri)))
    }

    pub(crate) fn timed_out(&self, timeout: Duration) -> CallError {
        let address = address(&self.uri);
        if self.connection.as_ref().is_some_and(|at| at.connection_metadata().is_some()) {
            let message = format!("no whole response from {address} within {timeout:?}");
            self.error(Undone::MaybeRun, true, message)
        } else {
            let message = format!("no connection to {address} within {timeout:?}");
            self.error(Undone::NotRun, true, message)
        }
    }

    /// The client gave no response head.
    pub(crate) fn failed(&self, error: &legacy::Error) -> CallError {
        let address = address(&self.uri);
        if error.is_connect() || error.connect_info().is_none() {
            let message = format!("cannot connect to {address}: {}", causes(error));
            return self.error(Undone::NotRun, false, message);
        }
        let undone = if surely_unsent(error) { Undone::NotRun } else { Undone::MaybeRun };
        let message = format!("no response from {address}: {}", causes(error));
        self.error(undone, false, message)
    }

    /// The response began and did not end.
    pub(crate) fn broke_off(&self, error: &hyper::Error) -> CallError {
        let message = format!("response of {} broke off: {}", address(&self.uri), chain(error));
        self.error(Undone::MaybeRun, false, message)
    }

    pub(crate) fn too_large(&self, bytes_max: usize) -> CallError {
        let address = address(&self.uri);
        let message = format!("response of {address} is larger than {bytes_max} bytes");
        self.error(Undone::MaybeRun, false, message)
    }

    fn error(&self, undone: Undone, timed_out: bool, message: String) -> CallError {
        let undone = if self.rewritten { Undone::MaybeRun } else { undone };
        CallError { undone, timed_out, message }
    }
}

/// Host and port; the rest of an address may hold what is nobody's business.
fn address(uri: &Uri) -> String {
    match (uri.host(), uri.port_u16()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "nowhere".to_owned(),
    }
}

/// A connection was there, and still none of the request went over it.
fn surely_unsent(error: &legacy::Error) -> bool {
    sources(error.source()).any(|cause| {
        // hyper calls a request cancelled only where it hands the request back, never begun.
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
            || cause.downcast_ref::<h2::Error>().is_some_and(|error| {
                // RFC 9113 §8.7: a refused stream was not processed.
                error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
            })
    })
}

/// The causes below an error whose own text ("client error") says nothing.
fn causes(error: &legacy::Error) -> String {
    match error.source() {
        Some(cause) => chain(cause),
        None => error.to_string(),
    }
}

fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for cause in sources(Some(error)) {
        let cause = cause.to_string();
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

fn sources<'a>(
    first: Option<&'a (dyn StdError + 'static)>,
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(first, |cause| (*cause).source())
}
