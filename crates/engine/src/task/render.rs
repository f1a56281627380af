//! How a call becomes a request.
//!
//! An expression that names `$secrets` is not evaluated here: a marker stands in its place, and dispatch evaluates it over
//! the recorded values and the real secrets.

use std::time::Duration;

use motet_definition::graph::{Authentication, Endpoint, HttpCall, SecretScheme, Timeout, Vertex};
use motet_expr::{Program, Template, Value, json};
use motet_types::StepId;

use super::{response, uri};
use crate::data::Frame;
use crate::decide::Decider;
use crate::{Authorization, Body, Deferred, ErrorKind, Request, WorkflowError, secret};

pub(super) fn request(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    call: &HttpCall,
    input: &Value,
    frame: Frame<'_>,
) -> Result<Request, WorkflowError> {
    let mut renderer = Renderer { decider, step, programs: programs(call), deferred: Vec::new() };
    let authorization = match &call.authentication {
        Some(authentication) => Some(renderer.authorization(authentication, input, &frame)?),
        None => None,
    };
    let frame = &Frame { authorization: authorization.as_ref(), ..frame };
    let method = renderer.text(&call.method, input, frame, "with.method")?.to_ascii_uppercase();
    let endpoint = match &call.endpoint {
        Endpoint::UriTemplate(template) => uri::expand(template, input)?,
        Endpoint::Computed(template) => renderer.text(template, input, frame, "with.endpoint")?,
    };
    let query = renderer.optional(call.query.as_ref(), input, frame, "with.query")?;
    let headers = renderer.optional(call.headers.as_ref(), input, frame, "with.headers")?;
    let headers = headers.as_ref().map(header_fields).transpose()?.unwrap_or_default();
    let body = renderer.optional(call.body.as_ref(), input, frame, "with.body")?;
    let deferred = renderer.deferred;
    let timeout = attempt_limit(decider, vertex.timeout.as_ref(), input, frame)?;
    Ok(Request {
        repeatable: call.idempotent != Some(false),
        uri: uri::with_query(&endpoint, query.as_ref())?,
        body: content(body, &headers),
        method,
        headers,
        authorization: authorization.clone(),
        redirect: call.redirect,
        timeout,
        deferred,
    })
}

/// The call's expressions in a fixed order: what ordinals of deferred expressions count.
pub(crate) fn programs(call: &HttpCall) -> Vec<&Program> {
    let endpoint = match &call.endpoint {
        Endpoint::UriTemplate(_) => None,
        Endpoint::Computed(template) => Some(template),
    };
    let credentials = match &call.authentication {
        Some(Authentication::Basic { username, password }) => vec![username, password],
        Some(Authentication::Bearer { token }) => vec![token],
        Some(Authentication::Secret { .. }) | None => Vec::new(),
    };
    let templates = credentials
        .into_iter()
        .chain([&call.method])
        .chain(endpoint)
        .chain(call.query.as_ref())
        .chain(call.headers.as_ref())
        .chain(call.body.as_ref());
    templates.flat_map(Template::programs).collect()
}

struct Renderer<'r, 'd> {
    decider: &'r mut Decider<'d>,
    step: StepId,
    programs: Vec<&'r Program>,
    deferred: Vec<Deferred>,
}

impl Renderer<'_, '_> {
    fn authorization(
        &mut self,
        authentication: &Authentication,
        input: &Value,
        frame: &Frame<'_>,
    ) -> Result<Authorization, WorkflowError> {
        match authentication {
            Authentication::Basic { username, password } => Ok(Authorization::Basic {
                username: self.text(username, input, frame, "authentication.basic.username")?,
                password: self.text(password, input, frame, "authentication.basic.password")?,
            }),
            Authentication::Bearer { token } => {
                let token = self.text(token, input, frame, "authentication.bearer.token")?;
                Ok(Authorization::Bearer { token })
            }
            Authentication::Secret { scheme: SecretScheme::Basic, name } => {
                Ok(Authorization::Basic {
                    username: self.decider.marker(&format!("{name}.username")),
                    password: self.decider.marker(&format!("{name}.password")),
                })
            }
            Authentication::Secret { scheme: SecretScheme::Bearer, name } => {
                Ok(Authorization::Bearer { token: self.decider.marker(&format!("{name}.token")) })
            }
        }
    }

    fn optional(
        &mut self,
        template: Option<&Template>,
        input: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<Option<Value>, WorkflowError> {
        let Some(template) = template else { return Ok(None) };
        let value = self.value(template, input, frame, what)?;
        self.decider.check_size(&value, what)?;
        Ok(Some(value))
    }

    fn text(
        &mut self,
        template: &Template,
        input: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<String, WorkflowError> {
        let value = self.value(template, input, frame, what)?;
        json::as_str(&value).map(str::to_owned).ok_or_else(|| {
            let detail = format!("{what}: expected a text, found {}", json::to_text(&value));
            WorkflowError::new(ErrorKind::Expression, "not a text", detail)
        })
    }

    /// Evaluates a template; each expression in it that names `$secrets` becomes a marker.
    fn value(
        &mut self,
        template: &Template,
        input: &Value,
        frame: &Frame<'_>,
        what: &str,
    ) -> Result<Value, WorkflowError> {
        if !template.programs().any(names_secrets) {
            return self.decider.evaluate(template, input, frame, what);
        }
        let marked = template.substitute(&mut |program| {
            names_secrets(program).then(|| json::string(self.defer(program, input, frame)))
        });
        self.decider.evaluate(&marked, input, frame, what)
    }

    /// Records what a deferred expression reads; gives the marker that stands for its result.
    fn defer(&mut self, program: &Program, input: &Value, frame: &Frame<'_>) -> String {
        let ordinal = self.programs.iter().position(|known| std::ptr::eq(*known, program));
        let others = program.variables().iter().filter(|name| !is_secrets(name));
        let variables =
            others.map(|name| (name.clone(), self.decider.variable(name, frame))).collect();
        let name = secret::deferred_name(self.step, self.deferred.len());
        self.deferred.push(Deferred {
            ordinal: ordinal.map_or(u32::MAX, |ordinal| ordinal as u32),
            input: input.clone(),
            variables,
            now: self.decider.now,
        });
        self.decider.marker(&name)
    }
}

fn names_secrets(program: &Program) -> bool {
    program.variables().iter().any(|name| is_secrets(name))
}

fn is_secrets(name: &str) -> bool {
    name == "secrets" || name == "secret"
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
