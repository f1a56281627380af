//! A recorded request as it would leave: secrets in the place of their markers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use motet_definition::graph::{Graph, Kind};
use motet_engine::secret::{
    AUTHORIZATION_NAME, SecretKey, deferred_name, has_marker, reveal, whole,
};
use motet_engine::{Authorization, Body, Deferred, Request, deferred_program};
use motet_expr::{Environment, Value, json};
use motet_types::{InstanceId, Limits, StepId, TaskId};

use crate::mock::Call;

/// Whose request it is.
pub(crate) struct Sender<'s> {
    pub(crate) graph: &'s Graph,
    pub(crate) task: TaskId,
    pub(crate) step: StepId,
    pub(crate) root: InstanceId,
    pub(crate) namespace: &'s str,
    pub(crate) key: &'s str,
    pub(crate) secret_key: &'s SecretKey,
    pub(crate) secrets: &'s BTreeMap<String, String>,
}

impl Sender<'_> {
    /// The call that a service gets.
    ///
    /// # Errors
    /// A secret is missing, or an expression over secrets fails; text for people.
    pub(crate) fn call(&self, request: &Request) -> Result<Call, String> {
        let deferred = self.deferred(request)?;
        let named = |name: &str| self.named(name, request, &deferred);
        let text = |text: &str| {
            let found = reveal(text, self.secret_key, self.root, self.namespace, &named);
            found.map_err(|error| error.to_string())
        };
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            headers.push((name.clone(), text(value)?));
        }
        let body = match &request.body {
            Body::Empty => Bytes::new(),
            Body::Text(body) => Bytes::from(text(body)?),
            Body::Json(value) => {
                if !headers.iter().any(|(name, _)| name == "content-type") {
                    headers.push(("content-type".to_owned(), "application/json".to_owned()));
                }
                let value = self.value(value, &deferred, &text)?;
                Bytes::from(json::to_text(&value))
            }
        };
        if let Some(authorization) = &request.authorization {
            let parameter = text(&parameter(authorization, &text)?)?;
            let value = format!("{} {parameter}", authorization.scheme());
            headers.push(("authorization".to_owned(), value));
        }
        headers.push(("idempotency-key".to_owned(), self.key.to_owned()));
        let vertex = self.graph.vertex(self.task);
        Ok(Call {
            task: Some(vertex.name.clone()),
            reference: Some(vertex.reference.clone()),
            workflow: Some(self.graph.definition.workflow.to_string()),
            method: request.method.clone(),
            uri: text(&request.uri)?,
            headers,
            body,
            at: None,
            answer: None,
        })
    }

    /// What each deferred expression comes to, by the name of its marker.
    fn deferred(&self, request: &Request) -> Result<BTreeMap<String, Value>, String> {
        let mut found = BTreeMap::new();
        for (nth, deferred) in request.deferred.iter().enumerate() {
            found.insert(deferred_name(self.step, nth), self.evaluate(deferred)?);
        }
        Ok(found)
    }

    fn evaluate(&self, deferred: &Deferred) -> Result<Value, String> {
        let program = match &self.graph.vertex(self.task).kind {
            Kind::Call(call) => deferred_program(call, deferred.ordinal),
            _ => None,
        };
        let program = program.ok_or("the call has no such expression")?;
        let result = |pretended: Option<&str>| {
            let mut variables = |name: &str| {
                let known = deferred.variables.iter().find(|(of, _)| of == name);
                known.map_or_else(|| self.all(pretended), |(_, value)| value.clone())
            };
            let mut fuel = Limits::default().expression_fuel_max;
            let mut environment = Environment::new(&mut fuel, deferred.now);
            program.evaluate_with(&deferred.input, &mut variables, &mut environment)
        };
        let found = result(None);
        let missing = self.graph.secrets.iter().filter(|name| !self.secrets.contains_key(*name));
        for name in missing {
            // What comes to something else where the secret is there reads it.
            if result(Some(name)) != found {
                return Err(format!("the scenario has no secret {name:?}"));
            }
        }
        found.map_err(|error| format!("an expression over secrets fails: {error}"))
    }

    /// `$secrets`; with `pretended` as if that one were there.
    fn all(&self, pretended: Option<&str>) -> Value {
        let parsed = |text: &str| {
            let parsed = json::parse(text.as_bytes(), json::Limits::default()).ok();
            let object = parsed.filter(|value| matches!(value, Value::Obj(_)));
            object.unwrap_or_else(|| json::string(text))
        };
        let pretends = |name: &String| (pretended == Some(name.as_str())).then_some("?");
        let member = |name: &String| {
            let text = self.secrets.get(name).map(String::as_str).or_else(|| pretends(name))?;
            Some((name.clone(), parsed(text)))
        };
        json::object(self.graph.secrets.iter().filter_map(member))
    }

    fn named(
        &self,
        name: &str,
        request: &Request,
        deferred: &BTreeMap<String, Value>,
    ) -> Option<String> {
        if let Some(value) = deferred.get(name) {
            return Some(text_of(value));
        }
        if name == AUTHORIZATION_NAME {
            let plain = |text: &str| {
                let named = |name: &str| self.secret(name);
                let found = reveal(text, self.secret_key, self.root, self.namespace, &named);
                found.map_err(|error| error.to_string())
            };
            return parameter(request.authorization.as_ref()?, &plain).ok();
        }
        self.secret(name)
    }

    /// A secret, or a property of one that is an object.
    fn secret(&self, name: &str) -> Option<String> {
        if let Some(text) = self.secrets.get(name) {
            return Some(text.clone());
        }
        let (name, property) = name.split_once('.')?;
        let object =
            json::parse(self.secrets.get(name)?.as_bytes(), json::Limits::default()).ok()?;
        json::get(&object, property).map(text_of)
    }

    /// A value in which a text that is one marker becomes whatever it stands for.
    fn value(
        &self,
        value: &Value,
        deferred: &BTreeMap<String, Value>,
        text: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Value, String> {
        match value {
            Value::Arr(items) => {
                let items: Result<Vec<Value>, String> =
                    items.iter().map(|item| self.value(item, deferred, text)).collect();
                Ok(json::array(items?))
            }
            Value::Obj(members) => {
                let mut revealed = Vec::new();
                for (key, value) in members.iter() {
                    let key = json::as_str(key).unwrap_or_default().to_owned();
                    revealed.push((key, self.value(value, deferred, text)?));
                }
                Ok(json::object(revealed))
            }
            other => match json::as_str(other) {
                Some(marked) if has_marker(marked) => {
                    let name = whole(marked, self.secret_key, self.root, self.namespace);
                    match name.and_then(|name| deferred.get(name)) {
                        Some(result) => Ok(result.clone()),
                        None => Ok(json::string(text(marked)?)),
                    }
                }
                _ => Ok(other.clone()),
            },
        }
    }
}

fn parameter(
    authorization: &Authorization,
    text: &dyn Fn(&str) -> Result<String, String>,
) -> Result<String, String> {
    match authorization {
        Authorization::Bearer { token } => text(token),
        Authorization::Basic { username, password } => {
            Ok(STANDARD.encode(format!("{}:{}", text(username)?, text(password)?)))
        }
    }
}

fn text_of(value: &Value) -> String {
    json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned)
}
