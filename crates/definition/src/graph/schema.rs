use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ReferencingError, ValidationError};
use motet_expr::{Num, Value};
use serde_json::Value as Json;

use crate::model::{self, SchemaSource};

/// A compiled JSON Schema (draft 2020-12 unless it names another). References outside of it are refused.
pub struct Schema(jsonschema::Validator);

impl Schema {
    /// Compiles the schema that a document gives.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn of(schema: &model::Schema) -> Result<Self, String> {
        match &schema.source {
            SchemaSource::Document(document) if schema.is_json() => Self::compile(document),
            SchemaSource::Document(_) => Err(format!(
                "a schema of format {:?} is not supported: write it as JSON Schema (`format: json`)",
                schema.format()
            )),
            SchemaSource::Resource(_) => {
                Err("a schema by reference is not supported: write it under `document`".to_owned())
            }
        }
    }

    /// Compiles a schema.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn compile(schema: &Value) -> Result<Self, String> {
        jsonschema::validator_for(&to_json(schema)).map(Self).map_err(|error| unusable(&error))
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first violation: where in the value, and what.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.0.validate(&to_json(value)).map_err(|error| placed(&error))
    }
}

impl Schema {
    /// All violations, at most `limit`: the JSON pointer of each into the value, and what is wrong there.
    pub fn violations(&self, value: &Value, limit: usize) -> Vec<(String, String)> {
        let value = to_json(value);
        let errors = self.0.iter_errors(&value).take(limit);
        errors.map(|error| (error.instance_path().to_string(), error.to_string())).collect()
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

/// Why a schema cannot be used.
fn unusable(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Referencing(ReferencingError::Unretrievable { uri, .. }) => format!(
            "the schema refers to {uri:?}, and nothing is fetched: write what it means under `$defs` and refer to that"
        ),
        _ => format!("the schema is not a JSON Schema: {}", placed(error)),
    }
}

/// A violation after the place in the value that it is about.
fn placed(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
}

/// The value as the validator wants it; numbers beyond doubles become the nearest ones. Values are at most `depth_max` deep.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Num(number) => number_to_json(number),
        Value::BStr(bytes) | Value::TStr(bytes) => {
            Json::String(String::from_utf8_lossy(bytes).into_owned())
        }
        Value::Arr(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Obj(members) => Json::Object(
            members
                .iter()
                .map(|(key, value)| {
                    (motet_expr::json::as_str(key).unwrap_or_default().to_owned(), to_json(value))
                })
                .collect(),
        ),
    }
}

fn number_to_json(number: &Num) -> Json {
    match number {
        Num::Int(int) => Json::from(*int),
        other => {
            let float: f64 = other.to_string().parse().unwrap_or(f64::NAN);
            let finite = float.clamp(f64::MIN, f64::MAX);
            serde_json::Number::from_f64(finite).map_or(Json::Null, Json::Number)
        }
    }
}
