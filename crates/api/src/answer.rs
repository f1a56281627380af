//! Answers: bodies with their headers.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName};
use http::{HeaderValue, StatusCode};
use motet_runtime::Position;

use crate::problem::Problem;

/// The position as of which an answer is; `?at=` takes it.
pub(crate) const POSITION: HeaderName = HeaderName::from_static("motet-position");

pub(crate) const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// An answer with a body of the given media type.
pub(crate) fn with_body(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(media_type);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

/// A JSON answer that is as of a position.
pub(crate) fn json(status: StatusCode, text: Vec<u8>, position: Position) -> Response {
    let mut response = with_body(status, JSON, text);
    let position = HeaderValue::from(position.0);
    response.headers_mut().insert(POSITION, position);
    response
}

/// The same answer with a header of ASCII text that we made.
pub(crate) fn with_header(mut response: Response, name: HeaderName, value: String) -> Response {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let response = with_body(self.code.status(), PROBLEM, self.to_json());
        let response = match self.challenge {
            None => response,
            Some(challenge) => {
                with_header(response, header::WWW_AUTHENTICATE, challenge.into_string())
            }
        };
        match self.retry_after {
            None => response,
            Some(after) => {
                with_header(response, header::RETRY_AFTER, seconds_up(after).to_string())
            }
        }
    }
}

/// Whole seconds, rounded up, at least one: `Retry-After` knows no fractions (RFC 9110 §10.2.3).
fn seconds_up(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}
