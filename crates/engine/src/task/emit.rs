use std::sync::Arc;

use motet_expr::{Template, Value, json};
use motet_types::{Digest, StepId};

use super::uri;
use crate::data::Frame;
use crate::decide::{Decider, Handled};
use crate::event::Event;
use crate::{ErrorKind, Fact, WorkflowError};

/// Publishes an event, which is the output as a whole. What the definition leaves out follows from the step: the same work
/// done again gives an event with the same id.
pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    attributes: &[(String, Template)],
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let mut given = Vec::with_capacity(attributes.len() + 5);
    for (name, template) in attributes {
        let what = format!("emit.event.with.{name}");
        let value = decider.evaluate(template, input, frame, &what)?;
        match name.as_str() {
            "data" => given.push((name.clone(), value)),
            _ if value == Value::Null => {}
            _ => given.push((name.clone(), json::string(uri::plain(&value)))),
        }
    }
    let rendered = json::object(given.clone());
    let digest = Digest(*blake3::hash(&json::canonical(&rendered)).as_bytes());
    let instance = &*decider.instance;
    let workflow = &instance.start.definition.workflow;
    let id = instance.step(step).path.key(instance.id, digest);
    let source = format!("/workflows/{workflow}/instances/{}", instance.id);
    let mut missing = vec![("specversion", "1.0".to_owned()), ("id", id), ("source", source)];
    missing.push(("time", decider.now.to_string()));
    if json::get(&rendered, "data").is_some() {
        missing.push(("datacontenttype", "application/json".to_owned()));
    }
    missing.retain(|(name, _)| json::get(&rendered, name).is_none());
    let missing = missing.into_iter().map(|(name, text)| (name.to_owned(), json::string(text)));
    let value = json::object(missing.chain(given));
    decider.check_size(&value, "emit.event")?;
    let event = Event::parse(value.clone()).map_err(|error| {
        WorkflowError::new(ErrorKind::Validation, "not a CloudEvent", error.to_string())
    })?;
    decider.emit(step, Fact::Emitted { event: Arc::new(event) });
    Ok(Handled::Done { output: Some(value), then: None })
}
