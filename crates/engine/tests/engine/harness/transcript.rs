//! One line a record: time, step, place, fact, effect.

use std::fmt::Write as _;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_engine::event::TopicId;
use motet_engine::secret::{SecretKey, reveal};
use motet_engine::{
    Assignment, Authorization, Body, CatchAction, Effect, End, ErrorKind, Fact, Incident, Instance,
    JobWork, Next, Opening, Record, Request, Settled, UndoCause, WorkflowError,
};
use motet_expr::{Value, json};
use motet_types::{InstanceId, TaskId, Timestamp};

use super::epoch;

/// Lines that a failure shows.
const TAIL_LINES: usize = 60;

pub(super) struct Transcript {
    text: String,
    /// Keys in order of appearance: the first is K1.
    keys: Vec<String>,
    id: InstanceId,
    secret_key: SecretKey,
}

impl Transcript {
    pub(super) fn new(id: InstanceId, secret_key: SecretKey) -> Self {
        Self { text: String::new(), keys: Vec::new(), id, secret_key }
    }

    pub(super) fn command(&mut self, text: &str) {
        self.line(&format!("> {text}"));
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(&self.readable(line));
        self.text.push('\n');
    }

    pub(super) fn status(&mut self, instance: &Instance, unanswered: &[String]) {
        let mut line = format!("= {}", instance.status());
        if instance.is_compensating() {
            line.push_str(" (compensating)");
        }
        match &instance.end {
            Some(End::Completed(output)) => put(&mut line, format!(" {}", json::to_text(output))),
            Some(End::Faulted { step, error }) => {
                put(&mut line, format!(" in step {step}: {}", describe(error)));
            }
            Some(End::Cancelled { .. }) => {}
            None => {
                for (step, incident) in &instance.incidents {
                    let words = incident_words(incident);
                    put(&mut line, format!(" · incident in step {step}: {words}"));
                }
                if let Some(due) = instance.next_due() {
                    put(&mut line, format!(" · due {}", since(due)));
                }
                if instance.has_work() {
                    line.push_str(" · has work");
                }
            }
        }
        if !unanswered.is_empty() {
            put(&mut line, format!(" · unanswered: {}", unanswered.join(", ")));
        }
        self.line(&line);
    }

    pub(super) fn record(&mut self, graph: &Graph, record: &Record, effect: Option<&Effect>) {
        let mut line = format!("{} {}", since(record.at), record.step.0);
        if let Some(task) = record.task {
            put(&mut line, format!(" {}", graph.vertex(task).reference));
        }
        put(&mut line, format!(" {}", self.fact(graph, &record.fact)));
        if let Some(effect) = effect {
            put(&mut line, format!(" ⇒ {}", effect_words(effect)));
        }
        self.line(&line);
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    pub(super) fn tail(&self) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Markers of secrets and the own id become words.
    fn readable(&self, line: &str) -> String {
        let namespace = "test";
        let named = |name: &str| Some(format!("<secret {name}>"));
        let line = reveal(line, &self.secret_key, self.id, namespace, &named)
            .unwrap_or_else(|error| format!("{error}: {line}"));
        line.replace(&self.id.to_string(), "<id>")
    }

    #[expect(clippy::too_many_lines, reason = "one arm a fact")]
    fn fact(&mut self, graph: &Graph, fact: &Fact) -> String {
        let name = |task: &TaskId| graph.vertex(*task).name.as_str();
        match fact {
            Fact::Started { data, due, .. } => {
                format!("started{}{}", with("data", data), until(due.as_ref()))
            }
            Fact::Skipped { next } => format!("skipped {}", direction(graph, *next)),
            Fact::Activated { input, due, opening, .. } => {
                let due = until(due.as_ref());
                if let Opening::Undo { entry, .. } = opening {
                    return format!("undoes step {entry}");
                }
                format!("begins{}{}{due}", opens(graph, opening), with("input", input))
            }
            Fact::Iterated { index, .. } => format!("iteration {index}"),
            Fact::IterationBegan { index, .. } => format!("begins iteration {index}"),
            Fact::IterationFailed { error } => format!("gives up: {}", describe(error)),
            Fact::IterationsClosed => "begins no further iteration".to_owned(),
            Fact::Waiting { until } => format!("waits until {}", since(*until)),
            Fact::Fired { timer } => format!("timer {timer:?}"),
            Fact::Requested { attempt, key, request, due, .. } => {
                let (key, due) = (self.key(key), since(*due));
                format!("calls #{attempt} {key} {} until {due}", request_words(request))
            }
            Fact::Resent { attempt, due } => {
                format!("calls again #{attempt} until {}", since(*due))
            }
            Fact::Parked { attempt, parked } => {
                let sent = if parked.sent { ", sent before" } else { "" };
                let reason = parked.reason.as_str();
                format!("parks #{attempt} for the {reason} since {}{sent}", since(parked.since))
            }
            Fact::Released { attempt } => format!("lets #{attempt} go"),
            Fact::Settled { attempt, settled } => format!("#{attempt} {}", settled_words(settled)),
            Fact::Abandoned { attempt } => format!("abandons #{attempt}"),
            Fact::ChildRequested { child } => {
                let (definition, input) = (&child.definition, json::to_text(&child.input));
                let awaited = if child.awaited { "" } else { ", nobody waits" };
                format!("asks for {definition} {input} depth {}{awaited}", child.depth)
            }
            Fact::ChildEnded { result, undoable } => {
                let undoable = if *undoable { ", can be undone" } else { "" };
                format!("child {}{undoable}", result_words(result))
            }
            Fact::ChildCancelled { .. } => "lets the child go".to_owned(),
            Fact::JobCreated { attempt, key, job, assignment } => {
                let (key, input) = (self.key(key), json::to_text(&job.input));
                let to = match (&job.work, assignment) {
                    (JobWork::Worker { kind, priority, timeout, heartbeat }, _) => {
                        let span = |name, span: &Option<Duration>| {
                            span.map_or(String::new(), |span| format!(" {name} {span:?}"))
                        };
                        let (timeout, beat) = (span("timeout", timeout), span("beat", heartbeat));
                        format!("worker of {kind} priority {}{timeout}{beat}", priority.0)
                    }
                    (_, own) => own.as_deref().map(assigned).unwrap_or_default(),
                };
                format!("leaves job #{attempt} {key} for {to} {input}")
            }
            Fact::JobReturned { attempt, at, error, by } => {
                let error =
                    error.as_ref().map_or(String::new(), |it| format!(": {}", describe(it)));
                format!("job again #{attempt} from {}{}{error}", since(*at), said(by))
            }
            Fact::JobSettled { attempt, by, settled } => {
                format!("job #{attempt} {}{}", settled_words(settled), said(by))
            }
            Fact::JobWithdrawn { attempt } => format!("withdraws job #{attempt}"),
            Fact::TaskAssigned { change, assignment, by } => {
                format!("{}{}: {}", change.word(), said(by), assigned(assignment))
            }
            Fact::Completed { output, context, next } => {
                let context = with("context", context);
                format!("done{}{context} {}", with("output", output), direction(graph, *next))
            }
            Fact::Failed { error } => format!("fails: {}", describe(error)),
            Fact::Caught { error, action } => {
                format!("catches {}: {}", describe(error), caught(graph, action))
            }
            Fact::Retried { due, .. } => format!("tries again{}", until(due.as_ref())),
            Fact::BranchFailed { branch, error } => {
                format!("branch {} is out: {}", name(branch), describe(error))
            }
            Fact::Yielded => "yields".to_owned(),
            Fact::Suspended { reason } => format!("suspended{}", because(reason.as_ref())),
            Fact::Resumed => "resumed".to_owned(),
            Fact::IncidentRaised { incident } => format!("incident: {}", incident_words(incident)),
            Fact::Fed => "feeds the kept input".to_owned(),
            Fact::Reopened => "reopened".to_owned(),
            Fact::UndoBegan { cause } => format!("undo begins: {}", cause_words(graph, cause)),
            Fact::Undone => "undone".to_owned(),
            Fact::UndoEnded { .. } => "undo is over".to_owned(),
            Fact::Postponed { error, number, at } => {
                format!("again at {} after {number}: {}", since(*at), describe(error))
            }
            Fact::ChildUndoRequested { .. } => "asks the child to undo itself".to_owned(),
            Fact::Queued { .. } => "queued".to_owned(),
            Fact::Admitted => "admitted".to_owned(),
            Fact::Described { business_key, attributes } => {
                let key = business_key.as_ref().map(|key| format!(" as {key}")).unwrap_or_default();
                format!("described{key} {}", json::to_text(&json::object(attributes.clone())))
            }
            Fact::Doubted { attempt } => format!("#{attempt} may have run before"),
            Fact::Ended { end } => match end {
                End::Completed(output) => format!("completed {}", json::to_text(output)),
                End::Faulted { step, error } => {
                    format!("faulted in step {step}: {}", describe(error))
                }
                End::Cancelled { reason } => format!("cancelled{}", because(reason.as_ref())),
            },
            Fact::Emitted { event } => format!("emits {}", json::to_text(event.value())),
            Fact::Listening { terms, floor } => {
                let topics: Vec<String> = terms.topics.iter().map(TopicId::to_string).collect();
                let once = if terms.once { " once" } else { "" };
                format!("listens{once} at {}{}", topics.join(", "), until_floor(*floor))
            }
            Fact::Consumed { event, filters, keys, role, mailed, closes, .. } => {
                let keys = (!keys.is_empty()).then(|| json::object(keys.clone()));
                let mailed = if *mailed { " from the mail" } else { "" };
                let closes = if *closes { ", the last one" } else { "" };
                let keys = with("expecting", &keys);
                format!("takes {}{mailed} for {filters:?} as {role:?}{keys}{closes}", event.id())
            }
            Fact::Handling { first } => format!("handles the next event from {}", name(first)),
            Fact::Handled { output, context, closes } => {
                let closes = if *closes { ", the last one" } else { "" };
                format!("event gives {}{}{closes}", json::to_text(output), with("context", context))
            }
            Fact::Unsubscribed => "listens no more".to_owned(),
            Fact::Received { event } => format!("is sent {}", event.id()),
        }
    }

    fn key(&mut self, key: &str) -> String {
        assert!(key.starts_with(&self.id.to_string()), "keys begin with the instance: {key}");
        let known = self.keys.iter().position(|known| known == key);
        let idx = known.unwrap_or_else(|| {
            self.keys.push(key.to_owned());
            self.keys.len() - 1
        });
        format!("K{}", idx + 1)
    }
}

/// An error in one line: status, type (the word of a standard one), place, title, detail.
pub(crate) fn describe(error: &WorkflowError) -> String {
    let word = ErrorKind::ALL.iter().map(|kind| kind.word()).find(|word| {
        error.kind == format!("https://open-workflow-specification.org/spec/1.0.0/errors/{word}")
    });
    let mut text = format!("{} {}", error.status, word.unwrap_or(&error.kind));
    if let Some(instance) = &error.instance {
        put(&mut text, format!(" at {instance}"));
    }
    let words: Vec<&str> =
        [&error.title, &error.detail].into_iter().flatten().map(String::as_str).collect();
    if !words.is_empty() {
        put(&mut text, format!(" ({})", words.join(": ")));
    }
    text
}

fn said(by: &Option<String>) -> String {
    by.as_ref().map_or(String::new(), |by| format!(" by {by}"))
}

fn assigned(own: &Assignment) -> String {
    let mut words = Vec::new();
    words.extend(own.assignee.clone());
    words.extend((!own.groups.is_empty()).then(|| format!("one of {}", own.groups.join(", "))));
    words.extend(own.claimant.as_ref().map(|who| format!("claimed by {who}")));
    words.extend(own.due.map(|due| format!("due {}", since(due))));
    if words.is_empty() { "anybody".to_owned() } else { words.join(", ") }
}

fn opens(graph: &Graph, opening: &Opening) -> String {
    match opening {
        Opening::Leaf | Opening::Undo { .. } => String::new(),
        Opening::Scope { data, .. } => with("data", data),
        Opening::Loop { items } => format!(" over {}", json::to_text(items)),
        Opening::Parallel { items, max, .. } => {
            format!(" over {}, {max} at a time", json::to_text(items))
        }
        Opening::Fork { branches, compete, needs } => {
            let name = |task: &TaskId| graph.vertex(*task).name.as_str();
            let names: Vec<String> = branches
                .iter()
                .map(|task| {
                    let own = needs.iter().filter(|(branch, _)| branch == task);
                    let needed: Vec<&str> = own.map(|(_, needed)| name(needed)).collect();
                    match needed.is_empty() {
                        true => name(task).to_owned(),
                        false => format!("{} after {}", name(task), needed.join(" and ")),
                    }
                })
                .collect();
            let kind = if *compete { "race" } else { "fork" };
            format!(" {kind} of {}", names.join(", "))
        }
        Opening::Try { due, .. } => match due {
            Some(due) => format!(" attempt until {}", since(*due)),
            None => String::new(),
        },
    }
}

fn cause_words(graph: &Graph, cause: &UndoCause) -> String {
    match cause {
        UndoCause::Error { error, catch: Some(action) } => {
            format!("{}, then {}", describe(error), caught(graph, action))
        }
        UndoCause::Error { error, catch: None } => describe(error),
        UndoCause::Cancelled { .. } => "cancelled".to_owned(),
        UndoCause::Finishing => "finishing".to_owned(),
        UndoCause::Parent { .. } => "for the parent".to_owned(),
    }
}

fn direction(graph: &Graph, next: Next) -> String {
    match next {
        Next::Enter(task) => format!("→ {}", graph.vertex(task).name),
        Next::EndScope => "→ end of scope".to_owned(),
        Next::EndWorkflow => "→ end of workflow".to_owned(),
    }
}

fn caught(graph: &Graph, action: &CatchAction) -> String {
    match action {
        CatchAction::Retry { number, at } => format!("retry {number} at {}", since(*at)),
        CatchAction::Handle { first } => format!("handled from {}", graph.vertex(*first).name),
        CatchAction::Leave => "done with it".to_owned(),
    }
}

fn request_words(request: &Request) -> String {
    let mut text = format!("{} {}", request.method, request.uri);
    for (name, value) in &request.headers {
        put(&mut text, format!(" {name}={value}"));
    }
    match &request.body {
        Body::Empty => {}
        Body::Json(value) => put(&mut text, format!(" json {}", json::to_text(value))),
        Body::Text(body) => put(&mut text, format!(" text {body:?}")),
    }
    match &request.authorization {
        None => {}
        Some(Authorization::Basic { username, password }) => {
            put(&mut text, format!(" basic {username}:{password}"));
        }
        Some(Authorization::Bearer { token }) => put(&mut text, format!(" bearer {token}")),
    }
    for deferred in &request.deferred {
        let names = deferred
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={}", json::to_text(value)));
        let (ordinal, names) = (deferred.ordinal, names.collect::<Vec<_>>().join(" "));
        let input = json::to_text(&deferred.input);
        put(&mut text, format!(" [deferred {ordinal} on {input} {names}]"));
    }
    if request.redirect {
        text.push_str(" redirect");
    }
    if !request.repeatable {
        text.push_str(" once");
    }
    text
}

fn incident_words(incident: &Incident) -> String {
    match incident {
        Incident::Fault(error) => describe(error),
        Incident::Undo(error) => format!("undo failed: {}", describe(error)),
        Incident::Panic { message, .. } => format!("defect {message:?}"),
    }
}

fn settled_words(settled: &Settled) -> String {
    let maybe = if settled.maybe_run { " maybe-run" } else { "" };
    format!("{}{maybe}", result_words(&settled.result))
}

fn result_words(result: &Result<Value, Box<WorkflowError>>) -> String {
    match result {
        Ok(value) => format!("gives {}", json::to_text(value)),
        Err(error) => format!("fails: {}", describe(error)),
    }
}

fn effect_words(effect: &Effect) -> &'static str {
    match effect {
        Effect::Call { .. } => "call",
        Effect::Withdraw { .. } => "withdraw",
        Effect::StartChild { .. } => "start child",
        Effect::CancelChild { .. } => "cancel child",
        Effect::TellParent { undoable: true, .. } => "tell parent, can be undone",
        Effect::TellParent { .. } => "tell parent",
        Effect::Publish { .. } => "publish",
        Effect::Subscribe { .. } => "subscribe",
        Effect::Unsubscribe { .. } => "unsubscribe",
        Effect::TellSchedule { .. } => "tell schedule",
        Effect::UndoChild { .. } => "undo child",
        Effect::TellUndone { .. } => "tell parent it is undone",
    }
}

fn with(name: &str, value: &Option<Value>) -> String {
    value.as_ref().map_or_else(String::new, |value| format!(" {name} {}", json::to_text(value)))
}

fn until(due: Option<&Timestamp>) -> String {
    due.map_or_else(String::new, |due| format!(" until {}", since(*due)))
}

fn until_floor(floor: Option<Timestamp>) -> String {
    floor
        .map_or_else(String::new, |floor| format!(" and forgets what came before {}", since(floor)))
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

/// Seconds since the virtual time began.
fn since(at: Timestamp) -> String {
    let micros = at.since(epoch()).as_micros();
    let fraction = format!("{:06}", micros % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("+{}{point}{fraction}s", micros / 1_000_000)
}

fn put(text: &mut String, more: impl AsRef<str>) {
    write!(text, "{}", more.as_ref()).expect("a string takes all text");
}
