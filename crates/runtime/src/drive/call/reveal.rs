//! Secrets, put where their markers stand, and expressions over them, evaluated at last. Nothing here is ever recorded.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use motet_definition::graph::Kind;
use motet_engine::secret::{self, AUTHORIZATION_NAME, SecretError, deferred_name, has_marker};
use motet_engine::{Authorization, Deferred, ErrorKind, WorkflowError, deferred_program};
use motet_expr::{Environment, EvalError, Program, Value, json};

use super::Sender;
use crate::shard::Call;

pub(super) struct Revealer<'c> {
    sender: &'c Sender,
    call: &'c Call,
    /// Results of deferred expressions, by the name of their marker.
    deferred: HashMap<String, Value>,
}

impl<'c> Revealer<'c> {
    /// Evaluates what the record left to dispatch.
    pub(super) fn new(sender: &'c Sender, call: &'c Call) -> Result<Self, WorkflowError> {
        let mut revealer = Self { sender, call, deferred: HashMap::new() };
        for (nth, deferred) in call.request.deferred.iter().enumerate() {
            let value = revealer.evaluate(deferred)?;
            revealer.deferred.insert(deferred_name(call.step, nth), value);
        }
        Ok(revealer)
    }

    /// A text with secrets in the place of their markers, each as `encode` writes it.
    pub(super) fn text(
        &self,
        text: &str,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, WorkflowError> {
        if !has_marker(text) {
            return Ok(text.to_owned());
        }
        let reveal = |name: &str| self.named(name).map(|secret| encode(&secret));
        secret::reveal(text, &self.sender.secret_key, self.call.root, &self.call.namespace, &reveal)
            .map_err(|error| unavailable(&error))
    }

    /// A URI with secrets in the place of their markers, percent-encoded (RFC 3986 §2.1); where it begins with the result of
    /// an expression, that is a URI itself and stands as it is.
    pub(super) fn uri(&self, uri: &str) -> Result<String, WorkflowError> {
        let head = secret::pieces(uri).next().filter(|(_, is_marker)| *is_marker);
        let head = head.map_or("", |(marker, _)| marker);
        let key = &self.sender.secret_key;
        let name = secret::whole(head, key, self.call.root, &self.call.namespace);
        match name.and_then(|name| self.deferred.get(name)) {
            Some(result) => {
                let rest = self.text(&uri[head.len()..], percent_encode)?;
                Ok(text_of(result) + &rest)
            }
            None => self.text(uri, percent_encode),
        }
    }

    /// A value with secrets in the place of their markers; a text that is one marker becomes whatever it stands for.
    pub(super) fn value(&self, value: &Value) -> Result<Value, WorkflowError> {
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
                let key = &self.sender.secret_key;
                let name = secret::whole(text, key, self.call.root, &self.call.namespace);
                match name.and_then(|name| self.deferred.get(name)) {
                    Some(result) => Ok(result.clone()),
                    None => Ok(json::string(self.text(text, str::to_owned)?)),
                }
            }
        }
    }

    /// The value of the header `Authorization` (RFC 7617, RFC 6750).
    pub(super) fn authorization(
        &self,
        authorization: &Authorization,
    ) -> Result<String, WorkflowError> {
        Ok(format!("{} {}", authorization.scheme(), self.parameter(authorization)?))
    }

    fn parameter(&self, authorization: &Authorization) -> Result<String, WorkflowError> {
        let plain = |text: &str| self.text(text, str::to_owned);
        match authorization {
            Authorization::Bearer { token } => plain(token),
            Authorization::Basic { username, password } => {
                Ok(STANDARD.encode(format!("{}:{}", plain(username)?, plain(password)?)))
            }
        }
    }

    /// A secret that the call's namespace may have.
    fn secret(&self, name: &str) -> Option<String> {
        self.sender.secrets.secret(&self.call.namespace, name)
    }

    /// What a marker's name stands for, as text.
    fn named(&self, name: &str) -> Option<String> {
        if name == AUTHORIZATION_NAME {
            return self.parameter(self.call.request.authorization.as_ref()?).ok();
        }
        match self.deferred.get(name) {
            Some(value) => Some(text_of(value)),
            None => self.secret(name),
        }
    }

    fn evaluate(&self, deferred: &Deferred) -> Result<Value, WorkflowError> {
        let Kind::Call(http) = &self.call.graph.vertex(self.call.task).kind else {
            return Err(unavailable(&SecretError::Forged));
        };
        let Some(program) = deferred_program(http, deferred.ordinal) else {
            return Err(unavailable(&SecretError::Forged));
        };
        let result = self.result(program, deferred, None);
        let secrets = &self.call.graph.secrets;
        for missing in secrets.iter().filter(|name| self.secret(name).is_none()) {
            // What comes to something else where the secret is there reads it.
            if self.result(program, deferred, Some(missing)) != result {
                return Err(unavailable(&SecretError::Missing(missing.clone())));
            }
        }
        result.map_err(|error| {
            // The message could hold a part of a secret: it is not passed on.
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
        let mut fuel = self.sender.limits.expression_fuel_max;
        let mut environment = Environment::new(&mut fuel, deferred.now);
        program.evaluate_with(&deferred.input, &mut variables, &mut environment)
    }

    /// `$secrets`: each declared secret that can be had, as the object or the text that it is.
    fn secrets(&self, pretended: Option<&str>) -> Value {
        let member = |name: &'c String| {
            let pretends = || (pretended == Some(name.as_str())).then(|| "?".to_owned());
            let secret = self.secret(name).or_else(pretends)?;
            let parsed = json::parse(secret.as_bytes(), json::Limits::default()).ok();
            let object = parsed.filter(|value| matches!(value, Value::Obj(_)));
            Some((name.as_str(), object.unwrap_or_else(|| json::string(secret))))
        };
        json::object(self.call.graph.secrets.iter().filter_map(member))
    }
}

/// A text as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned)
}

fn percent_encode(secret: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |byte| match unreserved(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    secret.bytes().map(encoded).collect()
}

fn unavailable(error: &SecretError) -> WorkflowError {
    WorkflowError::new(ErrorKind::Authorization, "a secret is not available", error.to_string())
}
