//! Concurrency keys: instances of a workflow with the same key run one after the other.
//!
//! A key's instances all live on the shard that the key names, so that one commit decides whose turn it is and begins what
//! has it.

use motet_definition::graph::Graph;
use motet_expr::{Environment, Value, json};
use motet_types::{ShardId, Timestamp, WorkflowName};

use crate::{ErrorKind, WorkflowError};

/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 1_024;

/// Fuel of the expression, in evaluated terms: it is evaluated before anything is known of the start.
const KEY_FUEL_MAX: u64 = 5_000;

/// The key of a start with this input; `None` if its workflow asks for none.
///
/// It follows from the input alone: `now` is the beginning of time here.
///
/// # Errors
/// The expression fails, or gives no key: text, a number or a truth value.
pub fn key(graph: &Graph, input: &Value) -> Result<Option<String>, WorkflowError> {
    let Some(concurrency) = &graph.concurrency else { return Ok(None) };
    let mut fuel = KEY_FUEL_MAX;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    let mut variables = |_: &str| Value::Null;
    let key = concurrency
        .key
        .evaluate(input, &mut variables, &mut environment)
        .map_err(|error| WorkflowError::expression("concurrency.key", &error))?;
    let text = match &key {
        Value::Bool(_) | Value::Num(_) => json::to_text(&key),
        key => json::as_str(key).unwrap_or_default().to_owned(),
    };
    if text.is_empty() || text.len() > KEY_BYTES_MAX {
        let detail = format!(
            "concurrency.key: a key is a number, a truth value or a text of 1 to {KEY_BYTES_MAX} bytes"
        );
        return Err(WorkflowError::new(ErrorKind::Expression, "no concurrency key", detail));
    }
    Ok(Some(text))
}

/// Where the instances of a workflow with this key live.
pub fn shard(workflow: &WorkflowName, key: &str) -> ShardId {
    let key = format!("concurrency/{key}");
    ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), &key)
}

/// Where an instance with this input has to begin, if that is not free. A key that cannot be told is found at the start.
pub fn place(graph: &Graph, input: &Value) -> Option<ShardId> {
    let key = key(graph, input).ok().flatten()?;
    Some(shard(&graph.definition.workflow, &key))
}
