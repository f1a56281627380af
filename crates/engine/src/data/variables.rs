//! The arguments of expressions, DSL "Runtime Expression Arguments". A value is built only where an expression uses it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use motet_definition::graph::{For, Kind, Vertex};
use motet_expr::{Value, json};
use motet_types::{StepId, Timestamp};

use super::{Frame, Place};
use crate::decide::Decider;
use crate::{Activity, Authorization, Step, TryPhase, secret};

impl Decider<'_> {
    /// The value of `$name` at a place; publication has checked that it may be used there.
    pub(crate) fn variable(&self, name: &str, frame: &Frame<'_>) -> Value {
        if let Some((_, error)) =
            frame.error.filter(|(variable, _)| name == *variable || name == "error")
        {
            return error.clone();
        }
        if let Some(local) = self.local(name, frame) {
            return local;
        }
        match name {
            "context" => self.context(frame),
            "input" => self.input(frame),
            "output" => frame.output.cloned().unwrap_or_default(),
            "workflow" => self.workflow(),
            "task" => self.task(frame),
            "runtime" => runtime(),
            "secrets" | "secret" => self.secrets(),
            "authorization" => {
                frame.authorization.map(|it| self.authorization(it)).unwrap_or_default()
            }
            _ => Value::Null,
        }
    }

    fn context(&self, frame: &Frame<'_>) -> Value {
        match frame.place {
            Place::Outside { .. } if self.instance.steps.is_empty() => Value::Null,
            Place::Outside { .. } => self.instance.context(StepId(0)).clone(),
            Place::Before { parent, vertex, .. } => self.instance.context_before(parent, vertex.id),
            Place::Within { step, .. } => self.instance.context(step).clone(),
        }
    }

    fn input(&self, frame: &Frame<'_>) -> Value {
        match (frame.input, frame.place) {
            (Some(input), _) => input.clone(),
            (None, Place::Within { step, .. }) => self.instance.step(step).input.clone(),
            (None, Place::Before { raw_input, .. } | Place::Outside { raw_input }) => {
                raw_input.clone()
            }
        }
    }

    /// A variable of a loop or a handler around the place, the innermost first.
    fn local(&self, name: &str, frame: &Frame<'_>) -> Option<Value> {
        let from = match frame.place {
            Place::Outside { .. } => return None,
            Place::Before { parent, .. } => parent,
            Place::Within { step, .. } => step,
        };
        let own = self.instance.steps.get(&from).map(|step| (from, step));
        let around = own.into_iter().chain(self.instance.ancestors(from));
        // What stood around a task is over when it is undone.
        around.take_while(|(_, step)| !step.is_undo()).find_map(|(id, step)| {
            match (&self.vertex_of(id)?.kind, &step.activity) {
                (Kind::For(task), Activity::Iteration { index }) => {
                    item(task, self.instance.steps.get(&step.parent?)?, *index, name)
                }
                (Kind::Listen(task), Activity::Listen(listen)) => {
                    let each = task.foreach.as_ref()?;
                    if name == each.item {
                        let waiting = listen.queue.front().map(|(_, item)| item);
                        return listen.current.as_ref().or(waiting).cloned();
                    }
                    (name == each.at).then(|| Value::from(listen.outputs.len()))
                }
                (Kind::For(task), Activity::Parallel { iterations, .. }) => {
                    item(task, step, iterations.len() as u32, name)
                }
                (Kind::For(task), Activity::Loop { index, .. }) => item(task, step, *index, name),
                (Kind::Try(task), Activity::Try { phase: TryPhase::Handling(error), .. }) => {
                    (name == task.variable).then(|| error.to_value())
                }
                _ => None,
            }
        })
    }

    fn workflow(&self) -> Value {
        json::object([
            ("id", json::string(self.instance.id.to_string())),
            ("definition", self.graph.document.clone()),
            ("input", self.instance.start.input.clone()),
            ("startedAt", instant(self.instance.started_at_or(self.now))),
        ])
    }

    fn task(&self, frame: &Frame<'_>) -> Value {
        let describe = |vertex: &Vertex, raw_input: &Value, started_at| {
            let mut members = vec![
                ("name", json::string(vertex.name.as_str())),
                ("reference", json::string(vertex.reference.as_str())),
                ("definition", vertex.definition.clone()),
                ("input", raw_input.clone()),
                ("startedAt", instant(started_at)),
            ];
            members.extend(frame.raw_output.map(|output| ("output", output.clone())));
            json::object(members)
        };
        match frame.place {
            Place::Outside { .. } => Value::Null,
            Place::Before { vertex, raw_input, .. } => describe(vertex, raw_input, self.now),
            Place::Within { step, vertex } => {
                let step = self.instance.step(step);
                describe(vertex, &step.raw_input, step.started_at)
            }
        }
    }

    /// Markers that stand for the declared secrets: what they stand for is known at dispatch alone.
    fn secrets(&self) -> Value {
        let names = self.graph.secrets.iter();
        json::object(names.map(|name| (name.as_str(), json::string(self.marker(name)))))
    }

    /// DSL "Authorization Descriptor". What came from a secret is a marker here too.
    fn authorization(&self, authorization: &Authorization) -> Value {
        let parameter = match authorization {
            Authorization::Bearer { token } => token.clone(),
            Authorization::Basic { username, password } => {
                let credentials = format!("{username}:{password}");
                match secret::has_marker(&credentials) {
                    true => self.marker(secret::AUTHORIZATION_NAME),
                    false => STANDARD.encode(credentials),
                }
            }
        };
        let scheme = json::string(authorization.scheme());
        json::object([("scheme", scheme), ("parameter", json::string(parameter))])
    }

    pub(crate) fn marker(&self, name: &str) -> String {
        let start = &self.instance.start;
        let root = start.parent.as_ref().map_or(self.instance.id, |parent| parent.root);
        let namespace = start.definition.workflow.namespace.as_str();
        secret::marker(self.secret_key, root, namespace, name)
    }
}

/// A variable of a loop in its iteration `index`.
fn item(task: &For, of: &Step, index: u32, name: &str) -> Option<Value> {
    let (Activity::Loop { items, .. } | Activity::Parallel { items, .. }) = &of.activity else {
        return None;
    };
    if name != task.each {
        return (name == task.at).then(|| Value::from(index as usize));
    }
    match items {
        Value::Arr(items) => items.get(index as usize).cloned(),
        _ => None,
    }
}

/// A point in time as expressions see it, DSL "DateTime Descriptor".
fn instant(at: Timestamp) -> Value {
    let epoch = json::object([
        ("seconds", Value::from(at.as_seconds() as isize)),
        ("milliseconds", Value::from(at.as_millis() as isize)),
    ]);
    json::object([("iso8601", json::string(at.to_string())), ("epoch", epoch)])
}

/// DSL "Runtime Descriptor".
fn runtime() -> Value {
    json::object([
        ("name", json::string("motet")),
        ("version", json::string(env!("CARGO_PKG_VERSION"))),
        ("metadata", json::object::<&str>([])),
    ])
}
