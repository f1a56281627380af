//! Lifecycle events of the standard (Open Workflow Specification DSL 1.0, "Lifecycle events"): what the records of an instance
//! mean for its workflow and its tasks, as CloudEvents.
//!
//! Records say what was decided, not everything that it ended: tasks that nobody goes on with have no record of their own.
//! [`Tasks`] knows which ones are open, so that each task that began also ends. Data and errors are masked like everywhere.

mod tasks;

use std::collections::BTreeMap;

use motet_definition::graph::Graph;
use motet_engine::event::Event;
use motet_engine::{End, Fact, Instance, Opening, Record, WorkflowError};
use motet_expr::{Value, json};
use motet_types::{InstanceId, StepId, TaskId, Timestamp};

use crate::view::{masked, masked_error};

pub(crate) use tasks::Tasks;

/// What happened to a task.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn<'a> {
    Created,
    Started,
    Suspended,
    Resumed,
    Retried,
    Cancelled,
    Faulted(&'a WorkflowError),
    Completed,
}

/// The events that one record means, in order; `ordinal` is the record's. `tasks` becomes what is open after it.
pub(crate) fn of(
    record: &Record,
    ordinal: u64,
    instance: &Instance,
    graph: &Graph,
    tasks: &mut Tasks,
) -> Vec<Event> {
    let mut teller = Teller { record, ordinal, instance, graph, events: Vec::new() };
    let (at, step) = (record.at, record.step);
    match &record.fact {
        Fact::Started { .. } => teller.started(),
        // The tasks that undo a step are told of, not the undo itself.
        Fact::Activated { parent, opening: Opening::Undo { .. }, .. } => {
            tasks.group(step, *parent);
        }
        Fact::Activated { parent, .. } => {
            if let Some(task) = record.task {
                tasks.open(step, *parent, task);
                teller.task(task, Turn::Created);
                teller.task(task, Turn::Started);
            }
        }
        Fact::IterationBegan { parent, .. } => tasks.group(step, *parent),
        Fact::Completed { .. } => {
            teller.tasks(tasks.close_below(step), &Turn::Cancelled);
            teller.tasks(tasks.close(step), &Turn::Completed);
        }
        Fact::Failed { error } => {
            teller.tasks(tasks.close_below(step), &Turn::Cancelled);
            teller.tasks(tasks.fail(step), &Turn::Faulted(error));
        }
        Fact::Caught { error, .. } => teller.failed(tasks.failed_below(step, None), error),
        Fact::BranchFailed { branch, error } => {
            teller.failed(tasks.failed_below(step, Some(*branch)), error);
        }
        Fact::IterationFailed { error } => {
            teller.failed(tasks.failed_below(step, None), error);
            tasks.close(step);
        }
        Fact::Retried { .. } | Fact::JobReturned { .. } | Fact::Postponed { .. } => {
            teller.tasks(record.task.into_iter().collect(), &Turn::Retried);
        }
        Fact::Suspended { .. } => {
            teller.workflow("suspended", vec![("suspendedAt", instant(at))]);
            teller.tasks(tasks.all(), &Turn::Suspended);
        }
        Fact::Resumed | Fact::Reopened => {
            tasks.reopen(matches!(record.fact, Fact::Reopened));
            teller.workflow("resumed", vec![("resumedAt", instant(at))]);
            teller.tasks(tasks.all(), &Turn::Resumed);
        }
        Fact::Listening { .. } => {
            tasks.listen(step);
            teller.workflow("correlation-started", vec![("startedAt", instant(at))]);
        }
        Fact::Consumed { keys, closes: true, .. } if tasks.stop_listening(step) => {
            teller.correlated(keys);
        }
        Fact::Handled { closes: true, .. } if tasks.stop_listening(step) => {
            teller.correlated(&BTreeMap::new());
        }
        Fact::Ended { end } => teller.ended(end, tasks),
        _ => {}
    }
    teller.events
}

/// The name by which the standard calls an instance.
fn name(instance: &Instance) -> String {
    let workflow = &instance.start.definition.workflow;
    format!("{}-{}.{}", workflow.name, instance.id, workflow.namespace)
}

struct Teller<'a> {
    record: &'a Record,
    ordinal: u64,
    instance: &'a Instance,
    graph: &'a Graph,
    events: Vec<Event>,
}

impl Teller<'_> {
    fn started(&mut self) {
        let definition = &self.instance.start.definition;
        let shown = json::object([
            ("name", json::string(definition.workflow.name.as_str())),
            ("namespace", json::string(definition.workflow.namespace.as_str())),
            ("version", json::string(definition.version.to_string())),
        ]);
        let data = vec![("definition", shown), ("startedAt", instant(self.record.at))];
        self.workflow("started", data);
    }

    fn correlated(&mut self, keys: &BTreeMap<String, Value>) {
        let redaction = self.record.task.map(|task| &self.graph.vertex(task).redaction);
        let shown = keys.iter().map(|(name, value)| (name.as_str(), masked(value, redaction)));
        let keys = json::object(shown);
        let data = vec![("completedAt", instant(self.record.at)), ("correlationKeys", keys)];
        self.workflow("correlation-completed", data);
    }

    fn ended(&mut self, end: &End, tasks: &mut Tasks) {
        let at = instant(self.record.at);
        match end {
            End::Completed(output) => {
                self.tasks(tasks.close_below(StepId(0)), &Turn::Cancelled);
                let output = masked(output, Some(&self.graph.redaction));
                let uri = json::string(place(self.instance.id));
                let data = vec![("completedAt", at), ("output", output), ("outputUri", uri)];
                self.workflow("completed", data);
            }
            End::Cancelled { .. } => {
                self.tasks(tasks.close_below(StepId(0)), &Turn::Cancelled);
                self.workflow("cancelled", vec![("cancelledAt", at)]);
            }
            End::Faulted { error, .. } => {
                // What `retry` would go on with stays known.
                let (faulted, _) = tasks.failing(StepId(0), None);
                self.tasks(faulted, &Turn::Faulted(error));
                let error = masked_error(error, Some(&self.graph.redaction)).to_value();
                self.workflow("faulted", vec![("faultedAt", at), ("error", error)]);
            }
        }
    }

    /// Those that the error went through are faulted, the others are cancelled.
    fn failed(&mut self, (faulted, cancelled): (Vec<TaskId>, Vec<TaskId>), error: &WorkflowError) {
        self.tasks(cancelled, &Turn::Cancelled);
        self.tasks(faulted, &Turn::Faulted(error));
    }

    fn tasks(&mut self, tasks: Vec<TaskId>, turn: &Turn<'_>) {
        for task in tasks {
            self.task(task, *turn);
        }
    }

    fn task(&mut self, task: TaskId, turn: Turn<'_>) {
        let vertex = self.graph.vertex(task);
        let mut data = vec![
            ("workflow", json::string(name(self.instance))),
            ("task", json::string(vertex.reference.as_str())),
        ];
        let at = instant(self.record.at);
        let word = match turn {
            Turn::Created => ("created", "createdAt"),
            Turn::Started => ("started", "startedAt"),
            Turn::Suspended => ("suspended", "suspendedAt"),
            Turn::Resumed => ("resumed", "resumedAt"),
            Turn::Retried => ("retried", "retriedAt"),
            Turn::Cancelled => ("cancelled", "cancelledAt"),
            Turn::Faulted(_) => ("faulted", "faultedAt"),
            Turn::Completed => ("completed", "completedAt"),
        };
        data.push((word.1, at));
        match turn {
            Turn::Faulted(error) => {
                data.push(("error", masked_error(error, Some(&vertex.redaction)).to_value()));
            }
            Turn::Completed => {
                let uri = format!("{}/history", place(self.instance.id));
                data.push(("outputUri", json::string(uri)));
            }
            _ => {}
        }
        self.event(&format!("task.{}", word.0), data);
    }

    fn workflow(&mut self, word: &str, data: Vec<(&str, Value)>) {
        let named = vec![("name", json::string(name(self.instance)))];
        self.event(&format!("workflow.{word}"), named.into_iter().chain(data).collect());
    }

    fn event(&mut self, word: &str, data: Vec<(&str, Value)>) {
        let id = format!("{}-{}-{}", self.instance.id, self.ordinal, self.events.len());
        let value = json::object([
            ("specversion", json::string("1.0")),
            ("id", json::string(id)),
            ("source", json::string(place(self.instance.id))),
            ("type", json::string(format!("io.serverlessworkflow.{word}.v1"))),
            ("subject", json::string(name(self.instance))),
            ("time", instant(self.record.at)),
            ("datacontenttype", json::string("application/json")),
            ("data", json::object(data)),
        ]);
        self.events.push(Event::parse(value).expect("its attributes are well formed"));
    }
}

fn instant(at: Timestamp) -> Value {
    json::string(at.to_string())
}

/// Where the API shows the instance.
fn place(id: InstanceId) -> String {
    format!("/api/v1/instances/{id}")
}

#[cfg(test)]
mod tests;
