//! A recorded request as it leaves: secrets in the places of their markers, and expressions over them evaluated at last.
//!
//! Nothing of this is ever recorded. It is pure, so that whoever tries a definition without a server sends what a server would.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use motet_definition::graph::{Graph, Kind};
use motet_expr::{Environment, EvalError, Program, Value, json};
use motet_types::{InstanceId, StepId, TaskId, percent_encode};

use crate::request::deferred_program;
use crate::secret::{self, AUTHORIZATION_NAME, SecretError, SecretKey, deferred_name, has_marker};
use crate::{Authorization, Body, Deferred, ErrorKind, Request, WorkflowError};

/// Whose request it is, and the secrets that it may have.
#[derive(Clone, Copy)]
pub struct Sending<'s> {
    pub graph: &'s Graph,
    pub task: TaskId,
    pub step: StepId,
    /// The instance whose tree the markers belong to.
    pub root: InstanceId,
    pub namespace: &'s str,
    pub secret_key: &'s SecretKey,
    /// Fuel of one expression.
    pub fuel_max: u64,
    /// A secret's text by its name; for `name.property` the property of one that is a JSON object.
    pub secret: &'s dyn Fn(&str) -> Option<String>,
}

/// What leaves, but for what a dispatcher adds: key, trace and deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revealed {
    pub uri: String,
    /// In order; `content-type` and `authorization` among them.
    pub headers: Vec<RevealedHeader>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevealedHeader {
    /// Lower case.
    pub name: String,
    pub value: String,
    /// Whether it may be neither logged nor carried to another origin.
    pub is_sensitive: bool,
}

impl Sending<'_> {
    /// The request with secrets in it.
    ///
    /// # Errors
    /// A secret is missing or a marker is not this instance's: `authorization`. An expression over secrets fails: `expression`,
    /// without its message, which could hold a part of one.
    pub fn reveal(&self, request: &Request) -> Result<Revealed, WorkflowError> {
        let revealer = Revealer::new(*self, request)?;
        let uri = revealer.uri(&request.uri)?;
        let mut headers = Vec::with_capacity(request.headers.len() + 2);
        for (name, value) in &request.headers {
            let is_sensitive = has_marker(value);
            let value = revealer.text(value, str::to_owned)?;
            headers.push(RevealedHeader { name: name.clone(), value, is_sensitive });
        }
        let body = match &request.body {
            Body::Empty => Vec::new(),
            Body::Text(text) => revealer.text(text, str::to_owned)?.into_bytes(),
            Body::Json(value) => {
                if !headers.iter().any(|header| header.name == "content-type") {
                    headers.push(plain("content-type", "application/json"));
                }
                revealer.json(value)?.into_bytes()
            }
        };
        if let Some(authorization) = &request.authorization {
            let value =
                format!("{} {}", authorization.scheme(), revealer.parameter(authorization)?);
            headers.retain(|header| header.name != "authorization");
            headers.push(RevealedHeader { is_sensitive: true, ..plain("authorization", &value) });
        }
        Ok(Revealed { uri, headers, body })
    }
}

struct Revealer<'s> {
    sending: Sending<'s>,
    request: &'s Request,
    /// Results of deferred expressions, by the name of their marker.
    deferred: BTreeMap<String, Value>,
}

impl<'s> Revealer<'s> {
    /// Evaluates what the record left to dispatch.
    fn new(sending: Sending<'s>, request: &'s Request) -> Result<Self, WorkflowError> {
        let mut revealer = Self { sending, request, deferred: BTreeMap::new() };
        for (nth, deferred) in request.deferred.iter().enumerate() {
            let value = revealer.evaluate(deferred)?;
            revealer.deferred.insert(deferred_name(sending.step, nth), value);
        }
        Ok(revealer)
    }

    /// A text with secrets in the place of their markers, each as `encode` writes it.
    fn text(&self, text: &str, encode: impl Fn(&str) -> String) -> Result<String, WorkflowError> {
        if !has_marker(text) {
            return Ok(text.to_owned());
        }
        let reveal = |name: &str| self.named(name).map(|secret| encode(&secret));
        let Sending { secret_key, root, namespace, .. } = self.sending;
        secret::reveal(text, secret_key, root, namespace, &reveal)
            .map_err(|error| unavailable(&error))
    }

    /// A URI with secrets in the place of their markers, percent-encoded (RFC 3986 §2.1); where it begins with the result of
    /// an expression, that is a URI itself and stands as it is.
    fn uri(&self, uri: &str) -> Result<String, WorkflowError> {
        if !has_marker(uri) {
            return Ok(uri.to_owned());
        }
        let head = secret::pieces(uri).next().filter(|(_, is_marker)| *is_marker);
        let head = head.map_or("", |(marker, _)| marker);
        match self.result_of(head) {
            Some(result) => {
                let rest = self.text(&uri[head.len()..], uri_encoded)?;
                Ok(text_of(result) + &rest)
            }
            None => self.text(uri, uri_encoded),
        }
    }

    fn json(&self, value: &Value) -> Result<String, WorkflowError> {
        let text = json::to_text(value);
        match has_marker(&text) {
            true => Ok(json::to_text(&self.value(value)?)),
            false => Ok(text),
        }
    }

    /// A value with secrets in the place of their markers; a text that is one marker becomes whatever it stands for.
    fn value(&self, value: &Value) -> Result<Value, WorkflowError> {
        match value {
            Value::Arr(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.value(item)).collect();
                Ok(json::array(items?))
            }
            Value::Obj(members) => {
                let members: Result<Vec<_>, _> = members
                    .iter()
                    .map(|(key, value)| {
                        let key = json::as_str(key).unwrap_or_default().to_owned();
                        Ok((key, self.value(value)?))
                    })
                    .collect();
                Ok(json::object(members?))
            }
            value => {
                let Some(text) = json::as_str(value) else { return Ok(value.clone()) };
                match self.result_of(text) {
                    Some(result) => Ok(result.clone()),
                    None => Ok(json::string(self.text(text, str::to_owned)?)),
                }
            }
        }
    }

    /// What goes behind the scheme in the header `Authorization` (RFC 7617, RFC 6750).
    fn parameter(&self, authorization: &Authorization) -> Result<String, WorkflowError> {
        let plain = |text: &str| self.text(text, str::to_owned);
        match authorization {
            Authorization::Bearer { token } => plain(token),
            Authorization::Basic { username, password } => {
                Ok(STANDARD.encode(format!("{}:{}", plain(username)?, plain(password)?)))
            }
        }
    }

    /// The result of the deferred expression whose marker the whole text is.
    fn result_of(&self, text: &str) -> Option<&Value> {
        let Sending { secret_key, root, namespace, .. } = self.sending;
        self.deferred.get(secret::whole(text, secret_key, root, namespace)?)
    }

    /// What a marker's name stands for, as text.
    fn named(&self, name: &str) -> Option<String> {
        if name == AUTHORIZATION_NAME {
            return self.parameter(self.request.authorization.as_ref()?).ok();
        }
        match self.deferred.get(name) {
            Some(value) => Some(text_of(value)),
            None => (self.sending.secret)(name),
        }
    }

    fn evaluate(&self, deferred: &Deferred) -> Result<Value, WorkflowError> {
        let program = match &self.sending.graph.vertex(self.sending.task).kind {
            Kind::Call(call) => deferred_program(call, deferred.ordinal),
            _ => None,
        };
        let Some(program) = program else { return Err(unavailable(&SecretError::Forged)) };
        let result = self.result(program, deferred, None);
        let secrets = &self.sending.graph.secrets;
        for missing in secrets.iter().filter(|name| (self.sending.secret)(name).is_none()) {
            // What comes to something else where the secret is there reads it.
            if self.result(program, deferred, Some(missing)) != result {
                return Err(unavailable(&SecretError::Missing(missing.clone())));
            }
        }
        result.map_err(|error| {
            let detail = format!("an expression over secrets failed ({:?})", error.kind);
            WorkflowError::new(ErrorKind::Expression, "an expression failed", detail)
        })
    }

    /// What the expression comes to; with `pretended` as if that secret were there.
    fn result(
        &self,
        program: &Program,
        deferred: &Deferred,
        pretended: Option<&str>,
    ) -> Result<Value, EvalError> {
        let mut variables = |name: &str| {
            let known = deferred.variables.iter().find(|(of, _)| of == name);
            known.map_or_else(|| self.secrets(pretended), |(_, value)| value.clone())
        };
        let mut fuel = self.sending.fuel_max;
        let mut environment = Environment::new(&mut fuel, deferred.now);
        program.evaluate_with(&deferred.input, &mut variables, &mut environment)
    }

    /// `$secrets`: each declared secret that can be had, as the object or the text that it is.
    fn secrets(&self, pretended: Option<&str>) -> Value {
        let member = |name: &'s String| {
            let pretends = || (pretended == Some(name.as_str())).then(|| "?".to_owned());
            let secret = (self.sending.secret)(name).or_else(pretends)?;
            let parsed = json::parse(secret.as_bytes(), json::Limits::default()).ok();
            let object = parsed.filter(|value| matches!(value, Value::Obj(_)));
            Some((name.as_str(), object.unwrap_or_else(|| json::string(secret))))
        };
        json::object(self.sending.graph.secrets.iter().filter_map(member))
    }
}

fn plain(name: &str, value: &str) -> RevealedHeader {
    RevealedHeader { name: name.to_owned(), value: value.to_owned(), is_sensitive: false }
}

/// A text as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned)
}

/// Unreserved characters stay (RFC 3986 §2.3).
fn uri_encoded(secret: &str) -> String {
    percent_encode(secret, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn unavailable(error: &SecretError) -> WorkflowError {
    WorkflowError::new(ErrorKind::Authorization, "a secret is not available", error.to_string())
}
