//! Runs one scenario: the steps of the kit as actions and assertions.

use motet_definition::graph::{self, Graph};
use motet_engine::secret::SecretKey;
use motet_engine::{
    Context, Effect, End, Fact, Input, Instance, Outcome, Record, SEMANTICS, Start, begin,
    outstanding, step,
};
use motet_expr::{Value, json};
use motet_types::{InstanceId, Limits, ShardId};

use super::gherkin::{Scenario, Step};
use super::stub;
use crate::harness::{catalog, epoch, value};

pub(super) enum Verdict {
    Passed,
    /// The document is refused at publish, with these codes.
    NotExecuted(Vec<String>),
    Failed(String),
}

/// What a scenario knows so far.
#[derive(Default)]
struct State {
    document: String,
    input: Value,
    finished: Option<(Graph, Instance, Vec<Record>)>,
}

pub(super) fn run(scenario: &Scenario) -> Verdict {
    let mut state = State::default();
    for step in &scenario.steps {
        if step.text == "the workflow is executed" {
            match compile(&state.document) {
                Ok(graph) => state.finished = Some(execute(graph, state.input.clone())),
                Err(verdict) => return verdict,
            }
        } else if let Err(why) = state.take(step) {
            return Verdict::Failed(format!("{:?}: {why}", step.text));
        }
    }
    match state.finished {
        Some(_) => Verdict::Passed,
        None => Verdict::Failed("nothing was executed".to_owned()),
    }
}

/// What publication does: a construct that is not executed is refused with its own code.
fn compile(document: &str) -> Result<Graph, Verdict> {
    let limits = Limits::default();
    let parsed = motet_definition::parse(document, &limits);
    let Some(document) = parsed.document else {
        return Err(Verdict::Failed(format!("the document is refused: {:?}", parsed.diagnostics)));
    };
    let unsupported = motet_definition::unsupported(&document);
    if unsupported.is_empty() {
        let compiled = graph::compile(&document, &limits);
        return compiled.map_err(|errors| Verdict::Failed(format!("does not compile: {errors:?}")));
    }
    let codes = unsupported.iter().map(|it| it.code.as_str().to_owned());
    Err(Verdict::NotExecuted(codes.collect()))
}

fn execute(graph: Graph, input: Value) -> (Graph, Instance, Vec<Record>) {
    let (limits, catalog, key) = (Limits::default(), catalog(&[]), SecretKey([3; 32]));
    let context = Context {
        graph: &graph,
        catalog: &catalog,
        now: epoch(),
        limits: &limits,
        secret_key: &key,
        undoable: &|_| false,
        place: &|_, _| None,
    };
    let start = Start {
        definition: graph.definition.clone(),
        digest: graph.digest,
        semantics: SEMANTICS,
        input,
        start_key: "kit".to_owned(),
        parent: None,
        business_key: None,
        attributes: Vec::new(),
        schedule: None,
        concurrency_key: None,
        lines: Vec::new(),
    };
    let id = InstanceId::new(epoch(), ShardId(0), 0);
    let (mut instance, mut records) = begin(&context, id, start);
    while let Some(Effect::Call { step: id, attempt, request, .. }) =
        outstanding(&instance, epoch()).into_iter().next()
    {
        let outcome = Outcome::Response(stub::answer(&request));
        let input = Input::Outcome { step: id, attempt, outcome };
        records.extend(step(&context, &mut instance, input).expect("it is in flight"));
    }
    (graph, instance, records)
}

impl State {
    fn take(&mut self, step: &Step) -> Result<(), String> {
        let argument = || step.argument.as_deref().ok_or("it needs a text");
        let words: Vec<&str> = step.text.split_whitespace().collect();
        match words[..] {
            ["a", "workflow", "with", "definition:"] => argument()?.clone_into(&mut self.document),
            ["given", "the", "workflow", "input", "is:"] => self.input = yaml(argument()?),
            ["the", "workflow", "should", "complete"] => drop(self.output()?),
            ["the", "workflow", "should", "complete", "with", "output:"] => {
                equal(self.output()?, &yaml(argument()?))?;
            }
            ["the", "workflow", "should", "fault"] => drop(self.error()?),
            ["the", "workflow", "should", "fault", "with", "error:"] => {
                equal(&self.error()?, &yaml(argument()?))?;
            }
            ["the", "workflow", "output", "should", "have", "properties", ..] => {
                for path in quoted(&step.text) {
                    member(self.output()?, path)?;
                }
            }
            [
                "the",
                "workflow",
                "output",
                "should",
                "have",
                "a",
                path,
                "property",
                "with",
                "value:",
            ] => {
                let path = path.trim_matches('\'');
                equal(member(self.output()?, path)?, &yaml(argument()?))?;
            }
            [
                "the",
                "workflow",
                "output",
                "should",
                "have",
                "a",
                path,
                "property",
                "containing",
                count,
                "items",
            ] => match member(self.output()?, path.trim_matches('\''))? {
                Value::Arr(items) if items.len().to_string() == count => {}
                other => return Err(format!("is {}", json::to_text(other))),
            },
            [task, "should", "run", "first"] => equal_names(self.order()?.first(), task)?,
            [task, "should", "run", "last"] => equal_names(self.order()?.last(), task)?,
            [task, "should", "run", "after", before] => {
                let order = self.order()?;
                let place = |name: &str| order.iter().position(|it| it == name);
                let is_after = matches!((place(before), place(task)), (Some(a), Some(b)) if a < b);
                is_after.then_some(()).ok_or(format!("the order was {order:?}"))?;
            }
            _ => return Err("the runner does not know this step".to_owned()),
        }
        Ok(())
    }

    fn finished(&self) -> Result<&(Graph, Instance, Vec<Record>), String> {
        self.finished.as_ref().ok_or_else(|| "nothing was executed".to_owned())
    }

    fn output(&self) -> Result<&Value, String> {
        match &self.finished()?.1.end {
            Some(End::Completed(output)) => Ok(output),
            other => Err(format!("it did not complete: {other:?}")),
        }
    }

    fn error(&self) -> Result<Value, String> {
        match &self.finished()?.1.end {
            Some(End::Faulted { error, .. }) => Ok(error.to_value()),
            other => Err(format!("it did not fault: {other:?}")),
        }
    }

    /// Names of the tasks in the order in which they began.
    fn order(&self) -> Result<Vec<String>, String> {
        let (graph, _, records) = self.finished()?;
        let begun = records.iter().filter(|record| matches!(record.fact, Fact::Activated { .. }));
        Ok(begun
            .filter_map(|record| record.task)
            .map(|task| graph.vertex(task).name.clone())
            .collect())
    }
}

fn equal(actual: &Value, expected: &Value) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("expected {}, found {}", json::to_text(expected), json::to_text(actual)))
}

fn equal_names(actual: Option<&String>, expected: &str) -> Result<(), String> {
    if actual.is_some_and(|actual| actual == expected) {
        return Ok(());
    }
    Err(format!("it was {actual:?}"))
}

/// The value at a path of names with points between them.
fn member<'v>(value: &'v Value, path: &str) -> Result<&'v Value, String> {
    path.split('.').try_fold(value, |value, name| {
        json::get(value, name)
            .ok_or_else(|| format!("there is no {path} in {}", json::to_text(value)))
    })
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('\'').skip(1).step_by(2)
}

fn yaml(text: &str) -> Value {
    let parsed: serde_json::Value = serde_yaml_ng::from_str(text).expect("the kit is valid YAML");
    value(&parsed.to_string())
}
