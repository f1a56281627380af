//! Secrets, put where their markers stand, and expressions over them, evaluated at last. Nothing here is ever recorded.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use motet_definition::graph::Kind;
use motet_engine::secret::{self, AUTHORIZATION_NAME, SecretError, deferred_name, has_marker};
use motet_engine::{Authorization, Deferred, ErrorKind, WorkflowError, deferred_program};
use motet_expr::{Environment, Value, json};

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

    /// What a marker's name stands for, as text.
    fn named(&self, name: &str) -> Option<String> {
        if name == AUTHORIZATION_NAME {
            return self.parameter(self.call.request.authorization.as_ref()?).ok();
        }
        match self.deferred.get(name) {
            Some(value) => {
                Some(json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned))
            }
            None => self.sender.secrets.secret(name),
        }
    }

    fn evaluate(&self, deferred: &Deferred) -> Result<Value, WorkflowError> {
        let Kind::Call(http) = &self.call.graph.vertex(self.call.task).kind else {
            return Err(unavailable(&SecretError::Forged));
        };
        let Some(program) = deferred_program(http, deferred.ordinal) else {
            return Err(unavailable(&SecretError::Forged));
        };
        let mut missing = None;
        let mut variables = |name: &str| match deferred.variables.iter().find(|(of, _)| of == name)
        {
            Some((_, value)) => value.clone(),
            None => self.secrets(&mut missing),
        };
        let mut fuel = self.sender.limits.expression_fuel_max;
        let mut environment = Environment::new(&mut fuel, deferred.now);
        let result = program.evaluate_with(&deferred.input, &mut variables, &mut environment);
        match (result, missing) {
            (Ok(value), _) => Ok(value),
            // An expression that failed for want of a secret says which.
            (Err(_), Some(name)) => Err(unavailable(&SecretError::Missing(name))),
            // The message could hold a part of a secret: it is not passed on.
            (Err(error), None) => {
                let detail = format!("an expression over secrets failed ({:?})", error.kind);
                Err(WorkflowError::new(ErrorKind::Expression, "an expression failed", detail))
            }
        }
    }

    /// `$secrets`: each declared secret that can be had, as the object or the text that it is.
    fn secrets(&self, missing: &mut Option<String>) -> Value {
        let mut members = Vec::new();
        for name in &self.call.graph.secrets {
            let Some(secret) = self.sender.secrets.secret(name) else {
                missing.get_or_insert_with(|| name.clone());
                continue;
            };
            let parsed = json::parse(secret.as_bytes(), json::Limits::default()).ok();
            let object = parsed.filter(|value| matches!(value, Value::Obj(_)));
            members.push((name.as_str(), object.unwrap_or_else(|| json::string(secret))));
        }
        json::object(members)
    }
}

fn unavailable(error: &SecretError) -> WorkflowError {
    WorkflowError::new(ErrorKind::Authorization, "a secret is not available", error.to_string())
}
