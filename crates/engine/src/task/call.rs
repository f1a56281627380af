//! `call: http`: renders the request, makes its key, takes the outcome.

use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::{
    Authentication, Endpoint, HttpCall, Kind, SecretScheme, Timeout, Vertex,
};
use motet_expr::{Template, Value, json};
use motet_types::{Attempt, StepId};

use super::response;
use super::uri;
use crate::data::{Frame, Place};
use crate::decide::{Decider, Handled};
use crate::{
    Activity, Authorization, Body, ErrorKind, Fact, Outcome, Request, Settled, WorkflowError,
};

pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    call: &HttpCall,
    input: &Value,
) -> Result<Handled, WorkflowError> {
    let frame = Frame::new(Place::Within { step, vertex });
    let request = render(decider, vertex, call, input, frame)?;
    let digest = request.digest();
    let key = decider.instance.step(step).path.key(decider.instance.id, digest);
    let due = decider.now.saturating_add(request.timeout);
    let (attempt, request) = (Attempt(1), Arc::new(request));
    decider.emit(step, Fact::Requested { attempt, key, request, digest, due });
    Ok(Handled::Open)
}

/// Sends the recorded request again, under its key.
pub(crate) fn resend(decider: &mut Decider<'_>, step: StepId) {
    let Activity::Call { attempt, request, .. } = &decider.instance.step(step).activity else {
        return;
    };
    let due = decider.now.saturating_add(request.timeout);
    let attempt = Attempt(attempt.0 + 1);
    decider.emit(step, Fact::Resent { attempt, due });
}

/// Takes what came of an attempt.
pub(crate) fn settle(decider: &mut Decider<'_>, step: StepId, attempt: Attempt, outcome: Outcome) {
    let settled = match outcome {
        Outcome::Response(response) => response::settle(decider, step, &response),
        Outcome::Refused { error } => Settled::error(*error, false),
        Outcome::Withdrawn => {
            let error =
                WorkflowError::new(ErrorKind::Runtime, "withdrawn", "the call was never sent");
            Settled::error(error, false)
        }
        Outcome::Failed { maybe_run, timed_out, message } => {
            let error = if timed_out {
                WorkflowError::new(
                    ErrorKind::Timeout,
                    "the service did not answer in time",
                    message,
                )
            } else {
                WorkflowError::new(ErrorKind::Communication, "the service was not reached", message)
            };
            Settled::error(error, maybe_run)
        }
    };
    decider.emit(step, Fact::Settled { attempt, settled });
}

fn render(
    decider: &mut Decider<'_>,
    vertex: &Vertex,
    call: &HttpCall,
    input: &Value,
    frame: Frame<'_>,
) -> Result<Request, WorkflowError> {
    let authorization = match &call.authentication {
        Some(authentication) => Some(authorize(decider, authentication, input, &frame)?),
        None => None,
    };
    let frame = &Frame { authorization: authorization.as_ref(), ..frame };
    let method = decider.evaluate(&call.method, input, frame, "with.method")?;
    let method = text_of(&method, "with.method")?.to_ascii_uppercase();
    let endpoint = match &call.endpoint {
        Endpoint::UriTemplate(template) => uri::expand(template, input)?,
        Endpoint::Computed(template) => {
            let endpoint = decider.evaluate(template, input, frame, "with.endpoint")?;
            text_of(&endpoint, "with.endpoint")?.to_owned()
        }
    };
    let query = optional(decider, call.query.as_ref(), input, frame, "with.query")?;
    let headers = optional(decider, call.headers.as_ref(), input, frame, "with.headers")?;
    let headers = headers.as_ref().map(header_fields).transpose()?.unwrap_or_default();
    let body = optional(decider, call.body.as_ref(), input, frame, "with.body")?;
    let uri = uri::with_query(&endpoint, query.as_ref())?;
    let timeout = attempt_limit(decider, vertex.timeout.as_ref(), input, frame)?;
    Ok(Request {
        repeatable: call.idempotent.unwrap_or(method != "POST" && method != "PATCH"),
        body: content(body, &headers),
        method,
        uri,
        headers,
        authorization: authorization.clone(),
        redirect: call.redirect,
        timeout,
    })
}

fn optional(
    decider: &mut Decider<'_>,
    template: Option<&Template>,
    input: &Value,
    frame: &Frame<'_>,
    what: &str,
) -> Result<Option<Value>, WorkflowError> {
    let Some(template) = template else {
        return Ok(None);
    };
    let value = decider.evaluate(template, input, frame, what)?;
    decider.check_size(&value, what)?;
    Ok(Some(value))
}

/// A task's own timeout is also that of its attempt.
fn attempt_limit(
    decider: &mut Decider<'_>,
    timeout: Option<&Timeout>,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Duration, WorkflowError> {
    match timeout {
        Some(timeout) => decider.span(&timeout.after, input, frame),
        None => Ok(decider.limits.attempt_timeout),
    }
}

fn authorize(
    decider: &mut Decider<'_>,
    authentication: &Authentication,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Authorization, WorkflowError> {
    let mut field = |template: &Template, what: &str| {
        let value = decider.evaluate(template, input, frame, what)?;
        text_of(&value, what).map(str::to_owned)
    };
    match authentication {
        Authentication::Basic { username, password } => Ok(Authorization::Basic {
            username: field(username, "authentication.basic.username")?,
            password: field(password, "authentication.basic.password")?,
        }),
        Authentication::Bearer { token } => {
            Ok(Authorization::Bearer { token: field(token, "authentication.bearer.token")? })
        }
        Authentication::Secret { scheme: SecretScheme::Basic, name } => Ok(Authorization::Basic {
            username: decider.marker(&format!("{name}.username")),
            password: decider.marker(&format!("{name}.password")),
        }),
        Authentication::Secret { scheme: SecretScheme::Bearer, name } => {
            Ok(Authorization::Bearer { token: decider.marker(&format!("{name}.token")) })
        }
    }
}

fn text_of<'v>(value: &'v Value, what: &str) -> Result<&'v str, WorkflowError> {
    json::as_str(value).ok_or_else(|| {
        let detail = format!("{what}: expected a text, found {}", json::to_text(value));
        WorkflowError::new(ErrorKind::Expression, "not a text", detail)
    })
}

/// Header fields with lower-case names; numbers and booleans are printed, null leaves the field out.
fn header_fields(headers: &Value) -> Result<Vec<(String, String)>, WorkflowError> {
    let wrong = |detail: String| WorkflowError::new(ErrorKind::Expression, "not headers", detail);
    let Value::Obj(members) = headers else {
        return Err(wrong(format!(
            "with.headers: expected an object, found {}",
            json::to_text(headers)
        )));
    };
    let mut fields = Vec::with_capacity(members.len());
    for (name, value) in members.iter() {
        let name = json::as_str(name).unwrap_or_default().to_ascii_lowercase();
        match value {
            Value::Null => {}
            Value::Arr(_) | Value::Obj(_) => {
                return Err(wrong(format!("with.headers.{name}: expected a text")));
            }
            value => fields.push((name, uri::plain(value))),
        }
    }
    Ok(fields)
}

/// A text goes out as it is where the headers name a media type that is not JSON; all else goes out as JSON.
fn content(body: Option<Value>, headers: &[(String, String)]) -> Body {
    let media_type =
        headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value);
    match body {
        None => Body::Empty,
        Some(body) => match (json::as_str(&body), media_type) {
            (Some(text), Some(media_type)) if !response::is_json(media_type) => {
                Body::Text(text.to_owned())
            }
            _ => Body::Json(body),
        },
    }
}

/// The call of an open step.
pub(super) fn call_of<'g>(decider: &Decider<'g>, step: StepId) -> Option<&'g HttpCall> {
    match &decider.vertex_of(step)?.kind {
        Kind::Call(call) => Some(call),
        _ => None,
    }
}
