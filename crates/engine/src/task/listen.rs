//! `listen`: waits for events, takes them, handles them one at a time.

use std::sync::Arc;

use motet_definition::graph::{self, Kind, Strategy, Until, Vertex};
use motet_expr::{Program, Template, Value, json};
use motet_types::{StepId, Timestamp};

use crate::data::{Frame, Place};
use crate::decide::{Decider, Handled};
use crate::event::{Correlation, EventFilter, Test, TopicId, plain_variable};
use crate::listen::Terms;
use crate::{Fact, WorkflowError};

pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    task: &graph::Listen,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let floor = floor(decider);
    let since_at_least =
        floor.or(decider.instance.events.as_ref().map(|it| it.floor)).unwrap_or_default();
    let mut filters = Vec::with_capacity(task.filters.len());
    for own in &task.filters {
        let looks_far = own.correlate.iter().any(|it| it.expect.is_some());
        let since = match looks_far {
            true => before(decider.now, decider.limits.event_window),
            false => decider.instance.started_at,
        };
        let filter = resolve(decider, own, input, frame)?;
        filters.push((since.max(since_at_least), Arc::new(filter)));
    }
    let namespace = &decider.instance.start.definition.workflow.namespace;
    let topic = |kind: Option<&str>| TopicId {
        namespace: namespace.clone(),
        kind: kind.map(str::to_owned),
    };
    let topics: Vec<TopicId> = match task.types() {
        Some(types) => types.into_iter().map(|kind| topic(Some(kind))).collect(),
        None => vec![topic(None)],
    };
    let once = is_once(decider, task, &topics);
    let terms = Arc::new(Terms { topics, filters, read: task.read, once });
    decider.emit(step, Fact::Listening { terms, floor });
    offer_mail(decider, step);
    Ok(Handled::Open)
}

/// Does the next thing that a listen can do by itself.
pub(crate) fn go_on(decider: &mut Decider<'_>, step: StepId) {
    let Some(vertex) = decider.vertex_of(step) else { return };
    let (Kind::Listen(task), Some(listen)) = (&vertex.kind, decider.instance.listen(step)) else {
        return;
    };
    if !listen.is_subscribed && !listen.is_closed {
        again(decider, step, task);
        return offer_mail(decider, step);
    }
    let next = listen.queue.front().map(|(_, item)| item.clone());
    let body = task.foreach.as_ref().and_then(|each| each.body);
    match (listen.is_handled, next, body) {
        (true, ..) => {
            let raw = decider.instance.step(step).data.clone();
            finish(decider, step, vertex, task, &raw);
        }
        (false, Some(_), Some(body)) => {
            let first = decider.graph.first(body);
            decider.emit(step, Fact::Handling { first });
        }
        (false, Some(item), None) => finish(decider, step, vertex, task, &item),
        (false, None, _) => {
            let outputs = json::array(listen.outputs.iter().cloned());
            decider.complete(step, Some(outputs), None);
        }
    }
}

/// Tells topics that have forgotten a listen of it once more. They look back no further than the instance remembers what it took.
pub(crate) fn again(decider: &mut Decider<'_>, step: StepId, task: &graph::Listen) {
    let Some(listen) = decider.instance.listen(step) else { return };
    let mut terms = (*listen.terms).clone();
    terms.once = is_once(decider, task, &terms.topics);
    let floor = decider.instance.events.as_ref().map(|it| it.floor).unwrap_or_default();
    for (since, _) in &mut terms.filters {
        *since = floor.max(*since);
    }
    decider.emit(step, Fact::Listening { terms: Arc::new(terms), floor: None });
}

/// Takes what came of one event.
fn finish(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    task: &graph::Listen,
    raw: &Value,
) {
    match outcome(decider, step, vertex, task, raw) {
        Ok((output, context, closes)) => {
            decider.emit(step, Fact::Handled { output, context, closes });
        }
        Err(error) => decider.fail(step, error),
    }
}

fn outcome(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    task: &graph::Listen,
    raw: &Value,
) -> Result<(Value, Option<Value>, bool), WorkflowError> {
    let frame = Frame::new(Place::Within { step, vertex });
    let (mut output, mut context) = (raw.clone(), None);
    if let Some(each) = &task.foreach {
        output = decider.transform(&each.output, raw, &frame, "foreach.output")?.unwrap_or(output);
        decider.check_size(&output, "foreach.output")?;
        let frame = Frame { output: Some(&output), ..frame };
        if each.export.transform.is_some() {
            context = decider.transform(&each.export, &output, &frame, "foreach.export")?;
        }
    }
    let closes = match &task.until {
        Some(Until::Condition(condition)) => {
            let before = decider.instance.listen(step).map(|listen| listen.outputs.clone());
            let outputs =
                json::array(before.unwrap_or_default().into_iter().chain([output.clone()]));
            decider.condition(Some(condition), &outputs, &frame, "until")?
        }
        _ => false,
    };
    Ok((output, context, closes))
}

/// Events that were sent to the instance before it listened.
fn offer_mail(decider: &mut Decider<'_>, step: StepId) {
    let mail = decider.instance.events.as_ref().map(|events| events.mail.clone());
    for mail in mail.unwrap_or_default() {
        decider.offer_mailed(step, &mail.event, mail.received);
    }
}

/// Fills in what depends on the task.
fn resolve(
    decider: &mut Decider<'_>,
    own: &graph::EventFilter,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<EventFilter, WorkflowError> {
    let mut filter = EventFilter { with: Vec::new(), correlate: Vec::new() };
    for (name, template) in &own.with {
        let what = format!("listen.to.with.{name}");
        match template {
            Template::Literal(value) => {
                filter.with.push((name.clone(), Test::Equal(value.clone())))
            }
            Template::Program(program) if !plain_variable(program.source()) => {
                let variables = variables(decider, program, frame);
                let source = program.source().into();
                filter.with.push((name.clone(), Test::Holds { source, variables }));
            }
            // Every instance may have its own value, which the topic finds as it finds what events are correlated by.
            Template::Program(_) => filter.correlate.push(Correlation {
                name: String::new(),
                from: format!(".[{}]", json::to_text(&json::string(name.as_str()))).into(),
                variables: Vec::new(),
                expect: Some(decider.evaluate(template, input, frame, &what)?),
            }),
            other => {
                let value = decider.evaluate(other, input, frame, &what)?;
                filter.with.push((name.clone(), Test::Equal(value)));
            }
        }
    }
    for own in &own.correlate {
        let expect = match &own.expect {
            Some(expect) => {
                Some(decider.evaluate(expect, input, frame, "listen.to.correlate.expect")?)
            }
            None => None,
        };
        filter.correlate.push(Correlation {
            name: own.name.clone(),
            from: own.from.source().into(),
            variables: variables(decider, &own.from, frame),
            expect,
        });
    }
    Ok(filter)
}

fn variables(decider: &Decider<'_>, program: &Program, frame: &Frame<'_>) -> Vec<(String, Value)> {
    let names = program.variables().iter();
    names.map(|name| (name.clone(), decider.variable(name, frame))).collect()
}

/// Whether one event ends the wait, and none that a topic finds can be one that the instance has taken already.
fn is_once(decider: &Decider<'_>, task: &graph::Listen, topics: &[TopicId]) -> bool {
    let is_any = matches!(task.to, Strategy::Any(_)) && task.until.is_none();
    let has_taken = decider.instance.events.as_ref().is_some_and(|it| !it.taken.is_empty());
    is_any && topics.len() == 1 && !has_taken
}

/// When the instance remembers as many events as it may, the older half is forgotten.
fn floor(decider: &Decider<'_>) -> Option<Timestamp> {
    let events = decider.instance.events.as_ref()?;
    if events.taken.len() < decider.limits.events_remembered_max {
        return None;
    }
    let mut received: Vec<Timestamp> = events.taken.values().map(|it| it.received).collect();
    received.sort_unstable();
    let median = received[received.len() / 2];
    let window = before(decider.now, decider.limits.event_window);
    // What arrived at that very instant is forgotten too.
    Some(median.max(window).saturating_add(std::time::Duration::from_micros(1)))
}

fn before(now: Timestamp, span: std::time::Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}
