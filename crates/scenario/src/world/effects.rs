//! What follows from a commit: calls are answered, children begin or are played, parents are told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_engine::{
    ChildRequest, Effect, End, ErrorKind, Fact, Instance, Outcome as Settlement, Parent, Record,
    Request, ScheduleInput, Sending, UNKNOWN_OUTCOME, WorkflowError, effects, outstanding, topic,
};
use motet_expr::{Value, json};
use motet_types::{Attempt, InstanceId, Limits, StepId};

use super::{Arrival, AskedKind, Fault, SECRET_KEY, World, root_id};
use crate::mock::{Answered, Call};
use crate::model::{ChildResult, Failure};

/// A timer of the engine ends an attempt exactly on time; a server gives its connection up a little later.
const GRACE: Duration = Duration::from_millis(500);

impl World<'_> {
    /// Carries out what follows from records.
    pub(super) fn committed(&mut self, id: InstanceId, records: &[Record]) {
        self.outcome.commits += 1;
        let Some(slot) = self.slots.get_mut(&id) else { return };
        if slot.graph.definition == self.setup.main {
            self.outcome.seen.take(records);
        }
        if id == root_id() && slot.live.end.is_some() && self.root_ended.is_none() {
            self.root_ended = Some(self.now);
        }
        for record in records {
            self.take_work(id, record);
            match &record.fact {
                Fact::Emitted { event } => {
                    let cause = super::events::cause_of(event);
                    self.follow_task(id, record, &cause);
                }
                Fact::Listening { .. } => self.follow_task(id, record, &Value::Null),
                _ => {}
            }
        }
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let known = self.undone.iter().filter(|(of, _)| *of == id).count();
        self.undone.extend((known..slot.undone.len()).map(|nth| (id, nth)));
        let (live, listens) = (&slot.live, &mut slot.listens);
        let caused: Vec<Effect> =
            records.iter().filter_map(|record| effects(record, live, listens)).collect();
        for effect in caused {
            self.carry_out(id, effect);
        }
        if self.fault == Some(Fault::Crash { commits: self.outcome.commits }) {
            self.crash();
        }
    }

    fn carry_out(&mut self, id: InstanceId, effect: Effect) {
        match effect {
            Effect::Call { step, attempt, key, request, .. } => {
                self.send(id, step, attempt, &key, &request);
            }
            // It has left: its outcome is late, and goes to the history.
            Effect::Withdraw { .. } => {}
            Effect::StartChild { step, child } => self.start_child(id, step, &child),
            Effect::CancelChild { child } => self.arrive(self.now, Arrival::Cancel { to: child }),
            Effect::TellParent { parent, step, end, undoable } => {
                let arrival = Arrival::ChildEnded { to: parent, step, child: id, end, undoable };
                self.arrive(self.now, arrival);
            }
            Effect::UndoChild { step, child } if self.mocked.contains_key(&child) => {
                self.undo_mocked(id, step, child);
            }
            Effect::UndoChild { step, child } => {
                self.arrive(self.now, Arrival::Undo { to: child, step });
            }
            Effect::TellUndone { parent, step } => {
                self.arrive(self.now, Arrival::ChildUndone { to: parent, step, child: id });
            }
            Effect::Publish { event } => self.emitted(id, &event),
            Effect::Subscribe { subscription, topics } => {
                for topic in topics {
                    let subscription = subscription.clone();
                    self.ask_topic(topic, topic::Input::Subscribe { subscription });
                }
            }
            Effect::Unsubscribe { step, topics } => {
                for topic in topics {
                    self.ask_topic(topic, topic::Input::Unsubscribe { listener: (id, step) });
                }
            }
            Effect::TellSchedule { at, ending } => {
                let input = Box::new(ScheduleInput::Ended { id, at, ending });
                self.arrive(self.now, Arrival::Ended { input });
            }
        }
    }

    fn follow_task(&mut self, id: InstanceId, record: &Record, cause: &Value) {
        let Some(task) = record.task else { return };
        let vertex = self.slots[&id].graph.vertex(task);
        let call = Call {
            task: Some(vertex.name.clone()),
            reference: Some(vertex.reference.clone()),
            ..Call::default()
        };
        self.follow(id, &call, cause);
    }

    /// A child that is not run is asked to undo what it did.
    fn undo_mocked(&mut self, parent: InstanceId, step: StepId, child: InstanceId) {
        let Some((place, Some(delay))) = self.mocked.get(&child).copied() else {
            return self.trouble("a mocked workflow is asked to undo what it did, and cannot");
        };
        if let Some(Value::Obj(members)) = self.outcome.children.get(place) {
            let own = members
                .iter()
                .map(|(key, value)| (json::as_str(key).unwrap_or_default(), value.clone()));
            let undone = own.chain([("undone", Value::Bool(true))]);
            self.outcome.children[place] = json::object(undone);
        }
        let arrival = Arrival::ChildUndone { to: parent, step, child };
        self.arrive(self.now.saturating_add(delay), arrival);
    }

    fn send(
        &mut self,
        id: InstanceId,
        step: StepId,
        attempt: Attempt,
        key: &str,
        request: &Request,
    ) {
        let slot = &self.slots[&id];
        let root = slot.live.start.parent.as_ref().map_or(id, |parent| parent.root);
        let Some(task) = slot.live.steps.get(&step).and_then(|step| step.task) else { return };
        let secrets = &self.scenario.secrets;
        let sending = Sending {
            graph: slot.graph,
            task,
            step,
            root,
            namespace: slot.graph.definition.workflow.namespace.as_str(),
            secret_key: &SECRET_KEY,
            fuel_max: Limits::default().expression_fuel_max,
            secret: &|name| secret(secrets, name),
        };
        let revealed = match sending.reveal(request) {
            Ok(revealed) => revealed,
            Err(error) => {
                let outcome = Settlement::Refused { error: Box::new(error) };
                return self.arrive(self.now, Arrival::Outcome { to: id, step, attempt, outcome });
            }
        };
        let vertex = slot.graph.vertex(task);
        let headers = revealed.headers.into_iter().map(|header| (header.name, header.value));
        let call = Call {
            task: Some(vertex.name.clone()),
            reference: Some(vertex.reference.clone()),
            workflow: Some(slot.graph.definition.workflow.to_string()),
            method: request.method.clone(),
            uri: revealed.uri,
            headers: headers.chain([("idempotency-key".to_owned(), key.to_owned())]).collect(),
            body: Bytes::from(revealed.body),
            at: None,
            answer: None,
        };
        let failure = self.ask(id, step, AskedKind::Call);
        self.follow(id, &call, &call.to_value());
        let Some(answered) = self.answer(call, failure) else { return };
        let limit = request.timeout.saturating_add(GRACE);
        let is_late = answered.reply != Err(Failure::Timeout) && answered.delay > limit;
        let reply = if is_late { Err(Failure::Timeout) } else { answered.reply };
        let delay = if reply == Err(Failure::Timeout) { limit } else { answered.delay };
        let outcome = match reply {
            Ok(response) => Settlement::Response(response),
            Err(failure) => failed(failure),
        };
        let at = self.now.saturating_add(delay);
        self.arrive(at, Arrival::Outcome { to: id, step, attempt, outcome });
    }

    /// Notes a call and its answer; none where no mock has one.
    fn answer(&mut self, mut call: Call, failure: Option<Failure>) -> Option<Answered> {
        call.at = u64::try_from(self.now.since(self.scenario.starts_at).as_millis()).ok();
        let answered = match failure {
            Some(failure) => Ok(Answered { reply: Err(failure), delay: Duration::ZERO }),
            None => self.book.answer(&call),
        };
        match answered {
            Ok(answered) => {
                call.answer = Some(match &answered.reply {
                    Ok(response) => response.status.to_string(),
                    Err(failure) => failure.word().to_owned(),
                });
                self.outcome.calls.push(call);
                Some(answered)
            }
            Err(message) => {
                let task = call.task.clone().unwrap_or_default();
                self.trouble(format!("task {task}: {message}"));
                self.outcome.calls.push(call);
                None
            }
        }
    }

    fn start_child(&mut self, parent: InstanceId, step: StepId, child: &Arc<ChildRequest>) {
        let definition = &child.definition;
        let mocks = &self.scenario.children;
        let Some(idx) = mocks.iter().position(|mock| mock.workflow == definition.workflow) else {
            let above = Parent {
                instance: parent,
                step,
                awaited: child.awaited,
                root: child.root,
                depth: child.depth,
            };
            let (input, key) = (child.input.clone(), child.start_key.clone());
            return self.begin(child.id, &definition.clone(), input, &key, Some(above));
        };
        let used = self.children_used[idx];
        self.children_used[idx] += 1;
        let results = &mocks[idx].results;
        let Some(answer) = results.get(used).or(results.last()) else {
            return self.trouble(format!("the mock of {} has no result", definition.workflow));
        };
        let (delay, mut undo) = (answer.delay, answer.undo);
        let failure = self.ask(parent, step, AskedKind::Child);
        self.mocked.insert(child.id, (self.outcome.children.len(), undo));
        self.outcome.children.push(json::object([
            ("workflow", json::string(definition.workflow.to_string())),
            ("version", json::string(definition.version.to_string())),
            ("input", child.input.clone()),
            ("mocked", Value::Bool(true)),
        ]));
        let end = match &answer.result {
            _ if failure.is_some() => {
                undo = None;
                let title = "the workflow failed: the scenario says so";
                let error = WorkflowError::new(ErrorKind::Communication, title, "");
                End::Faulted { step: StepId(0), error: Box::new(error) }
            }
            ChildResult::Pending => return,
            ChildResult::Output(output) => End::Completed(output.clone()),
            ChildResult::Error(error) => {
                End::Faulted { step: StepId(0), error: Box::new(error_of(error)) }
            }
            ChildResult::Cancelled => End::Cancelled { reason: None },
        };
        if child.awaited {
            let at = self.now.saturating_add(delay);
            let (child, undoable) = (child.id, undo.is_some());
            self.arrive(at, Arrival::ChildEnded { to: parent, step, child, end, undoable });
        }
    }

    /// All that is not in the journal is gone; what is in flight as far as the journal knows is sent again under its key.
    fn crash(&mut self) {
        let mut again = Vec::new();
        for (id, slot) in &mut self.slots {
            slot.recover();
            for effect in outstanding(&slot.live, self.now) {
                if let Effect::Call { step, attempt, request, .. } = effect {
                    again.push((*id, step, attempt, request.repeatable));
                }
            }
        }
        // The service has the answer under the key. Of an abandoned attempt it brings nothing any more, but an undo may wait
        // for the word that it may have been carried out.
        let slots = &self.slots;
        self.arrivals.retain(|_, arrival| match arrival {
            Arrival::Outcome { to, step, attempt, outcome } => {
                let is_abandoned = |live: &Instance| live.abandoned.contains(&(*step, *attempt));
                if slots.get(to).is_some_and(|slot| is_abandoned(&slot.live)) {
                    *outcome = failed(Failure::Silence);
                    return true;
                }
                let call =
                    again.iter().find(|(id, of, nth, _)| (id, of, nth) == (to, step, attempt));
                call.is_some_and(|(.., repeatable)| *repeatable)
            }
            _ => true,
        });
        for (to, step, attempt, _) in again.into_iter().filter(|(.., repeatable)| !repeatable) {
            self.outcome.is_unknown = true;
            let message = UNKNOWN_OUTCOME.to_owned();
            let outcome = Settlement::Failed { maybe_run: true, timed_out: false, message };
            self.arrive(self.now, Arrival::Outcome { to, step, attempt, outcome });
        }
    }
}

impl Failure {
    /// As scenario files write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Silence => "silence",
            Self::Timeout => "timeout",
        }
    }
}

fn failed(failure: Failure) -> Settlement {
    let (maybe_run, timed_out, message) = match failure {
        Failure::Connection => (false, false, "cannot connect: the scenario says so"),
        Failure::Silence => (true, false, "the connection broke: the scenario says so"),
        Failure::Timeout => (true, true, "no response within the limit: the scenario says so"),
    };
    Settlement::Failed { maybe_run, timed_out, message: message.to_owned() }
}

/// A secret of the scenario; for `name.property` the property of one that is a JSON object.
fn secret(secrets: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let property = || {
        let (whole, path) = name.split_once('.')?;
        motet_engine::secret::property(secrets.get(whole)?, path)
    };
    secrets.get(name).cloned().or_else(property)
}

/// An error as a scenario writes it; a word such as `timeout` is a standard type.
pub(super) fn error_of(value: &Value) -> WorkflowError {
    let text = |key: &str| json::get(value, key).and_then(json::as_str).map(str::to_owned);
    let word = text("type").unwrap_or_else(|| "runtime".to_owned());
    let standard = ErrorKind::ALL.into_iter().find(|kind| kind.word() == word);
    let mut error = WorkflowError::new(standard.unwrap_or(ErrorKind::Runtime), "", "");
    if standard.is_none() {
        error.kind = word;
    }
    let status = json::get(value, "status").and_then(|status| json::to_text(status).parse().ok());
    error.status = status.unwrap_or(error.status);
    (error.title, error.detail, error.instance) = (text("title"), text("detail"), text("instance"));
    error
}
