use std::borrow::Cow;
use std::time::Duration;

use motet_definition::graph::HttpCall;
use motet_expr::{Program, Value};
use motet_types::{Digest, Timestamp};

use crate::secret::has_marker;

/// A rendered call: what goes out, without what dispatch adds (key, trace, deadline).
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// Absolute, with its query.
    pub uri: String,
    /// Lower-case names, in order.
    pub headers: Vec<(String, String)>,
    pub body: Body,
    pub authorization: Option<Authorization>,
    /// Whether redirects are followed.
    pub redirect: bool,
    /// Limit of one attempt.
    pub timeout: Duration,
    /// Whether it may be sent again, under its key, where nobody can tell whether it was sent; false only where the
    /// definition says `idempotent: false`.
    pub repeatable: bool,
    /// Expressions over secrets, evaluated at dispatch; the texts above hold a marker in the place of each.
    pub deferred: Vec<Deferred>,
}

/// An expression that names `$secrets`, with everything else that it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Deferred {
    /// Which of the call's expressions, in the order in which they are rendered.
    pub ordinal: u32,
    pub input: Value,
    /// Its variables but for the secrets, by name.
    pub variables: Vec<(String, Value)>,
    /// What `now` answers.
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Empty,
    /// Sent as JSON text.
    Json(Value),
    /// Sent as it is.
    Text(String),
}

/// Credentials; their texts may hold markers of secrets.
#[derive(Clone, Debug, PartialEq)]
pub enum Authorization {
    Basic { username: String, password: String },
    Bearer { token: String },
}

impl Authorization {
    /// The scheme's name (RFC 9110 §11.1).
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer { .. } => "Bearer",
        }
    }
}

impl Request {
    /// Identity of what is asked: two requests with the same digest are the same work.
    ///
    /// `marks` stand for the deferred expressions, in their order. They name the step, which a retry changes and which is
    /// no part of what is asked: their ordinals and what they read count instead.
    pub(crate) fn digest(&self, marks: &[Mark]) -> Digest {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            let bytes = without_step(bytes, marks);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        };
        part(self.method.as_bytes());
        part(self.uri.as_bytes());
        // Lists say how long they are and variants which they are, so that no part passes for another.
        part(&(self.headers.len() as u64).to_le_bytes());
        for (name, value) in &self.headers {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        match &self.body {
            Body::Empty => part(b"empty"),
            Body::Json(value) => {
                part(b"json");
                part(&motet_expr::json::canonical(value));
            }
            Body::Text(text) => {
                part(b"text");
                part(text.as_bytes());
            }
        }
        match &self.authorization {
            None => part(b"none"),
            Some(Authorization::Basic { username, password }) => {
                part(b"basic");
                part(username.as_bytes());
                part(password.as_bytes());
            }
            Some(Authorization::Bearer { token }) => {
                part(b"bearer");
                part(token.as_bytes());
            }
        }
        for (nth, deferred) in self.deferred.iter().enumerate() {
            part(&deferred.ordinal.to_le_bytes());
            part(&motet_expr::json::canonical(&deferred.input));
            part(&(deferred.variables.len() as u64).to_le_bytes());
            for (name, value) in &deferred.variables {
                part(name.as_bytes());
                part(&motet_expr::json::canonical(value));
            }
            if marks.get(nth).is_some_and(|mark| mark.reads_clock) {
                part(&deferred.now.as_micros().to_le_bytes());
            }
        }
        Digest(*hasher.finalize().as_bytes())
    }
}

/// What stands for a deferred expression in a request.
pub(crate) struct Mark {
    pub(crate) marker: String,
    /// Whether the time is a part of what it reads.
    pub(crate) reads_clock: bool,
}

/// The expression that a deferred one's ordinal names.
pub(crate) fn deferred_program(call: &HttpCall, ordinal: u32) -> Option<&Program> {
    crate::task::render::programs(call).into_iter().nth(ordinal as usize)
}

/// The text with each marker replaced by its place among them.
fn without_step<'b>(bytes: &'b [u8], marks: &[Mark]) -> Cow<'b, [u8]> {
    if marks.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if has_marker(text) => text,
        _ => return Cow::Borrowed(bytes),
    };
    let replace = |text: String, (nth, mark): (usize, &Mark)| {
        text.replace(&mark.marker, &format!("\u{f8ff}deferred:{nth}\u{f8fe}"))
    };
    let text = marks.iter().enumerate().fold(text.to_owned(), replace);
    Cow::Owned(text.into_bytes())
}
