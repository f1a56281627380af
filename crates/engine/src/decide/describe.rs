//! How people find an instance: its business key and its search attributes.

use motet_definition::graph::{Description, Vertex};
use motet_expr::Value;

use super::Decider;
use crate::data::Frame;
use crate::{ErrorKind, Fact, WorkflowError, task};

/// Longest business key, and longest text of a search attribute, in bytes.
const TEXT_BYTES_MAX: usize = 1_024;

type Described = (Option<String>, Vec<(String, Value)>);

impl Decider<'_> {
    /// What a complete task says of the instance, if anything.
    pub(super) fn description_of(
        &mut self,
        vertex: &Vertex,
        output: &Value,
        frame: &Frame<'_>,
    ) -> Result<Option<Fact>, WorkflowError> {
        if vertex.description.is_empty() {
            return Ok(None);
        }
        let (business_key, attributes) =
            self.evaluate_description(&vertex.description, output, frame)?;
        let attributes = attributes.into_iter().collect();
        Ok(Some(Fact::Described { business_key, attributes }))
    }

    pub(super) fn evaluate_description(
        &mut self,
        description: &Description,
        input: &Value,
        frame: &Frame<'_>,
    ) -> Result<Described, WorkflowError> {
        let business_key = match &description.business_key {
            None => None,
            Some(template) => {
                let key = task::plain(&self.evaluate(template, input, frame, "businessKey")?);
                check_length("businessKey", &key)?;
                Some(key)
            }
        };
        let mut attributes = Vec::with_capacity(description.attributes.len());
        for (name, template) in &description.attributes {
            let value = self.evaluate(template, input, frame, "attributes")?;
            check_attribute(name, &value)?;
            attributes.push((name.clone(), value));
        }
        Ok((business_key, attributes))
    }
}

/// What lists can be asked for is text, a number or a truth value; null says nothing.
fn check_attribute(name: &str, value: &Value) -> Result<(), WorkflowError> {
    match value {
        Value::Null | Value::Bool(_) | Value::Num(_) => Ok(()),
        value => match motet_expr::json::as_str(value) {
            Some(text) => check_length(&format!("attributes.{name}"), text),
            None => {
                let detail = format!(
                    "attributes.{name}: a search attribute is text, a number, a truth value or null"
                );
                Err(WorkflowError::new(ErrorKind::Expression, "no search attribute", detail))
            }
        },
    }
}

fn check_length(what: &str, text: &str) -> Result<(), WorkflowError> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("{what} has {} bytes, at most {TEXT_BYTES_MAX} can be found", text.len());
    Err(WorkflowError::new(ErrorKind::Expression, "too long", detail))
}
