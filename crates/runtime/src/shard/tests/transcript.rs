//! How commits and replies look in a transcript.

use motet_engine::event::Event;
use motet_engine::{Schedule, Timer};
use motet_expr::json;
use motet_journal::{Message, decode_event, decode_message, decode_records, decode_schedule};
use motet_store::{Commit, RowChange, Value};
use motet_types::{InstanceId, JobId, Timestamp};

use super::world::{BEGIN, Names};
use crate::shard::{
    CATALOG_ENTITY, Heartbeat, ObservedEdge, Reply, Requests, ServiceFigures, ServiceView,
    SinkView, Target, WaitingWorkflow,
};
use crate::tables::{
    ATTRIBUTE, AUDIT, ENDED, ENDPOINT, EVENT, GIVING, INBOX, INSTANCE, INTAKE, JOB, MESSAGE,
    OUTGOING, PENDING, REFUSED, ROOM, SCHEDULE, SCHEDULE_SET, SENT, SERVICE, START, SUBSCRIPTION,
    TASK, TIMER, TURN, UNLOADABLE, USAGE,
};
use crate::{Error, InstanceView, LimitView, view};

impl Names {
    /// A line for each commit: whose it is, its records, and its rows by table.
    pub(super) fn commits(&mut self, commits: &[Commit]) -> Vec<String> {
        commits.iter().map(|commit| self.commit(commit)).collect()
    }

    fn commit(&mut self, commit: &Commit) -> String {
        let id = InstanceId(commit.entity.0);
        let is_instance = id.0[..8] != [0; 8];
        let (owner, records) = match is_instance {
            true => (self.instance(id), self.records(id, commit)),
            false if commit.entity == CATALOG_ENTITY => ("catalog".to_owned(), String::new()),
            false => (format!("shard {}", commit.shard), String::new()),
        };
        let rows: Vec<String> = commit.rows.iter().filter_map(|change| self.row(change)).collect();
        let snapshot = commit.snapshot.as_ref().map(|_| "snapshot".to_owned());
        let parts: Vec<String> = [records, rows.join(", ")]
            .into_iter()
            .chain(snapshot)
            .filter(|part| !part.is_empty())
            .collect();
        format!("    {owner}: {}", parts.join(" | ")).trim_end_matches([' ', ':']).to_owned()
    }

    fn records(&mut self, id: InstanceId, commit: &Commit) -> String {
        let records = decode_records(&commit.records).expect("records that can be read");
        for record in &records {
            if let Some(start) = record.fact.start() {
                self.definitions.insert(id, start.definition.clone());
            }
        }
        let graph = self.definitions.get(&id).and_then(|definition| self.graphs.get(definition));
        let graph = graph.expect("the graph of a definition that was published");
        let entries = view::history(&records, 0, graph);
        let mut words: Vec<(&str, usize)> = Vec::new();
        for entry in &entries {
            match words.last_mut() {
                Some((kind, count)) if *kind == entry.kind => *count += 1,
                _ => words.push((entry.kind, 1)),
            }
        }
        // A loop's records are told by their number.
        if entries.len() > 20 {
            return format!("{} records", entries.len());
        }
        let words: Vec<String> = words
            .into_iter()
            .map(|(kind, count)| match count {
                1 => kind.to_owned(),
                count => format!("{kind}×{count}"),
            })
            .collect();
        words.join(" ")
    }

    #[expect(clippy::too_many_lines, reason = "one arm a table")]
    fn row(&mut self, change: &RowChange) -> Option<String> {
        let (table, values, is_put) = match change {
            RowChange::Put { table, row } => (*table, row, true),
            RowChange::Delete { table, key } => (*table, key, false),
            RowChange::Forget => return Some("forget".to_owned()),
            RowChange::Cut { from, to } => return Some(format!("cut {from} to {to}")),
        };
        let verb = if is_put { "" } else { "no " };
        Some(match table {
            table if table == INSTANCE.id && !is_put => "unlisted".to_owned(),
            table if table == INSTANCE.id => format!("listed {}", text(&values[5])),
            table if table == TIMER.id => {
                let Value::Int(due) = values[1] else { panic!("a due time: {values:?}") };
                format!("{verb}timer {}", since_begin(Timestamp::from_micros(due)))
            }
            table if table == SCHEDULE.id && is_put => {
                let Value::Blob(body) = &values[3] else { panic!("a body: {values:?}") };
                format!("schedule {}", schedule(&decode_schedule(body).expect("a schedule")))
            }
            table if table == SCHEDULE.id => "no schedule".to_owned(),
            table if table == SCHEDULE_SET.id => {
                format!("{verb}set #{}.{}", int(&values[3]), int(&values[4]))
            }
            table if table == PENDING.id => format!("{verb}pending"),
            table if table == UNLOADABLE.id => format!("{verb}unloadable"),
            table if table == START.id => format!("{verb}key {}", text(&values[1])),
            // It goes with each message.
            table if table == SENT.id => return None,
            // They go with each end.
            table if table == USAGE.id || table == ENDED.id && is_put => return None,
            table if table == ENDED.id => "no end".to_owned(),
            table if table == JOB.id && is_put => {
                let ready = since_begin(Timestamp::from_micros(int(&values[7])));
                format!("job {} #{} ready {ready}", text(&values[0]), int(&values[5]))
            }
            table if table == JOB.id => format!("no job {}", text(&values[0])),
            table if table == TASK.id && is_put => {
                format!("task of {:?} {}", text(&values[2]), text(&values[9]))
            }
            table if table == TASK.id => format!("no task of {:?}", text(&values[2])),
            table if table == INBOX.id => {
                format!("taken {}→{} #{}", int(&values[1]), int(&values[0]), int(&values[2]))
            }
            table if table == MESSAGE.id && is_put => {
                let Value::Blob(body) = &values[4] else { panic!("a body: {values:?}") };
                let message = self.message(&decode_message(body).expect("a message"));
                let (from, to) = (int(&values[0]), int(&values[2]));
                format!("{message} {from}→{to} #{} after #{}", int(&values[1]), int(&values[3]))
            }
            table if table == MESSAGE.id => {
                format!("no message {} #{}", int(&values[0]), int(&values[1]))
            }
            table if table == AUDIT.id && !is_put => "no audit".to_owned(),
            table if table == AUDIT.id => {
                format!("audit {} by {}", text(&values[4]), text(&values[3]))
            }
            table if table == EVENT.id => match (is_put, values.last()) {
                (true, Some(Value::Blob(_))) => {
                    format!("event {} #{}", text(&values[1]), int(&values[2]))
                }
                (true, _) => format!("faded {} #{}", text(&values[1]), int(&values[2])),
                (false, _) => format!("no event {} #{}", text(&values[1]), int(&values[2])),
            },
            table if table == SUBSCRIPTION.id => {
                let Value::Blob(id) = &values[2] else { panic!("an id: {values:?}") };
                let id = InstanceId(id.as_ref().try_into().expect("an id"));
                format!("{verb}listen of {} at {}", self.instance(id), text(&values[1]))
            }
            table if table == INTAKE.id || table == OUTGOING.id => outlet(values, is_put),
            table if table == REFUSED.id => {
                let verb = if is_put { "" } else { "no longer " };
                format!("{verb}refused by {} #{}", text(&values[0]), int(&values[3]))
            }
            table if table == TURN.id && is_put => {
                let Value::Blob(id) = &values[5] else { panic!("an id: {values:?}") };
                let id = InstanceId(id.as_ref().try_into().expect("an id"));
                let verb = if values[6] == Value::Null { "waits for" } else { "holds" };
                format!("{} {verb} {:?}", self.instance(id), text(&values[3]))
            }
            table if table == ROOM.id && is_put => {
                let Value::Blob(id) = &values[5] else { panic!("an id: {values:?}") };
                let id = InstanceId(id.as_ref().try_into().expect("an id"));
                let verb = if values[7] == Value::Null { "waits" } else { "has room" };
                format!("{} {verb} in {} #{}", self.instance(id), text(&values[1]), int(&values[4]))
            }
            table if table == ROOM.id => format!("left {} #{}", text(&values[1]), int(&values[4])),
            table if table == TURN.id => format!("no turn for {:?}", text(&values[3])),
            table if table == ATTRIBUTE.id => format!("{verb}attribute {}", text(&values[1])),
            table if table == GIVING.id => format!("{verb}giving {}", text(&values[1])),
            table if table == SERVICE.id => format!("{verb}service {}", text(&values[1])),
            table if table == ENDPOINT.id && is_put => {
                let draining = if int(&values[4]) == 1 { " draining" } else { "" };
                format!("endpoint {}/{}{draining}", text(&values[1]), text(&values[2]))
            }
            table if table == ENDPOINT.id => {
                format!("no endpoint {}/{}", text(&values[1]), text(&values[2]))
            }
            other => panic!("there is no table {other:?}"),
        })
    }

    fn message(&mut self, message: &Message) -> String {
        match message {
            Message::StartChild { parent, child, .. } => {
                format!("start {}", self.child(*parent, child.id))
            }
            Message::ChildEnded { child, .. } => format!("end of {}", self.instance(*child)),
            Message::Publish { event, .. } => format!("publish {}", event.kind()),
            Message::Forward { event, .. } => format!("pass on {}", event.id()),
            Message::Subscribe { subscription, .. } => {
                format!("{} listens", self.instance(subscription.instance))
            }
            Message::Unsubscribe { instance, .. } => {
                format!("{} listens no more", self.instance(*instance))
            }
            Message::Found { instance, event, .. } => {
                format!("{} for {}", event.id(), self.instance(*instance))
            }
            Message::NotListening { instance, .. } => {
                format!("no listen of {}", self.instance(*instance))
            }
            Message::CancelChild { child } => format!("cancel {}", self.instance(*child)),
            Message::StartScheduled { start } => {
                let (trigger, at) = (start.origin.trigger, since_begin(start.origin.nominal));
                let name = format!("{}:{trigger}{at}", start.definition.workflow.name);
                self.instances.insert(start.id, name.clone());
                format!("start {name}")
            }
            Message::ScheduledEnded { id, ending, .. } => {
                format!("{} {}", self.instance(*id), ending.as_str())
            }
            Message::Admit { instance } => format!("admit {}", self.instance(*instance)),
            Message::GiveWay { instance } => format!("{} gives way", self.instance(*instance)),
            Message::AskRoom { instance, at_once, .. } => {
                let how = if *at_once { " at once" } else { "" };
                format!("{} asks for room{how}", self.instance(*instance))
            }
            Message::LeaveRoom { instance, .. } => format!("{} leaves", self.instance(*instance)),
            Message::HaveRoom { instance } => format!("room for {}", self.instance(*instance)),
            Message::NoRoom { instance, .. } => format!("no room for {}", self.instance(*instance)),
            Message::Hasten { instance, by, .. } => {
                format!("{} awaits {}", self.instance(*by), self.instance(*instance))
            }
            Message::CancelScheduled { id } => format!("replace {}", self.instance(*id)),
            Message::UndoChild { child, .. } => format!("undo {}", self.instance(*child)),
            Message::ChildUndone { child, error: None, .. } => {
                format!("{} is undone", self.instance(*child))
            }
            Message::ChildUndone { child, error: Some(error), .. } => {
                let why = error.detail.as_deref().unwrap_or_default();
                format!("{} is not undone: {why}", self.instance(*child))
            }
        }
    }

    /// What a client was told.
    pub(super) fn reply(&mut self, result: &Result<Reply, Error>) -> String {
        match result {
            Ok(Reply::Undo(undo)) => format!("{} entries to undo", undo.entries.len()),
            Ok(Reply::Instance { view, created }) => {
                let created = if *created { "created, " } else { "" };
                format!("{created}{}", self.view(view))
            }
            Ok(Reply::Catalog { created: true }) => "created".to_owned(),
            Ok(Reply::Catalog { created: false }) => "there already".to_owned(),
            Ok(Reply::Event { duplicate: true }) => "known".to_owned(),
            Ok(Reply::Event { duplicate: false }) => "accepted".to_owned(),
            Ok(Reply::Schedules(schedules)) => {
                let shown = schedules.iter().map(|(_, own)| schedule(own));
                shown.collect::<Vec<_>>().join("; ")
            }
            Ok(Reply::Offsets(offsets)) => format!("{offsets:?}"),
            Ok(Reply::Sinks(sinks)) => {
                let shown = sinks.iter().map(sink);
                shown.collect::<Vec<_>>().join("; ")
            }
            Ok(Reply::Service { created }) => ["done", "created"][usize::from(*created)].to_owned(),
            Ok(Reply::Registered { created, lease }) => {
                let created = if *created { "created, " } else { "" };
                format!("{created}believed for {}s", lease.as_secs_f64())
            }
            Ok(Reply::ServiceView(view)) => service(view),
            Ok(Reply::ServiceNews { revision, view }) => revised(*revision, view.as_deref()),
            Ok(Reply::Revision(revision)) => revised(*revision, None),
            Ok(Reply::ServiceViews { views, .. }) => views.iter().map(service).collect(),
            Ok(Reply::Endpoint(name, id)) => format!("{id} is of {name}"),
            Ok(Reply::Services(services)) => {
                let shown = services.iter().map(|own| {
                    format!("{} {}/{} passing", own.name.name, own.passing, own.endpoints)
                });
                shown.collect::<Vec<_>>().join("; ")
            }
            Ok(Reply::Limits(limits)) => {
                let shown = limits.iter().map(limit);
                shown.collect::<Vec<_>>().join("; ")
            }
            Ok(Reply::Done) => "done".to_owned(),
            Ok(Reply::Watching) => "watching".to_owned(),
            Ok(Reply::Purged) => "purged".to_owned(),
            Ok(Reply::Jobs(jobs)) if jobs.is_empty() => "gets nothing".to_owned(),
            Ok(Reply::Jobs(jobs)) => {
                let jobs: Vec<String> = jobs
                    .iter()
                    .map(|job| {
                        let until = since_begin(job.lease_until);
                        let input = motet_expr::json::to_text(&job.input);
                        format!("{} until {until} {input}", self.job(job.id))
                    })
                    .collect();
                format!("gets {}", jobs.join(", "))
            }
            Ok(Reply::Heartbeat(Heartbeat::Kept { until })) => {
                format!("kept until {}", since_begin(*until))
            }
            Ok(Reply::Heartbeat(Heartbeat::Lost { reason })) => format!("lost: {reason}"),
            Ok(Reply::Task(None)) => "done".to_owned(),
            Ok(Reply::Task(Some(task))) => {
                format!("{} is with {:?}", self.job(task.id), task.assignment.claimant)
            }
            Ok(Reply::JobFigures(figures)) => format!("{figures:?}"),
            Ok(Reply::Observed(edges)) => {
                let edges: Vec<String> = edges.iter().map(edge).collect();
                edges.join("; ")
            }
            Ok(Reply::ServiceFigures(figures)) => service_figures(figures),
            Err(error) => format!("refused: {}", self.named(&error.to_string())),
        }
    }

    fn job(&mut self, job: JobId) -> String {
        let attempt = job.attempt.map_or(String::new(), |attempt| format!("#{attempt}"));
        format!("{}.{}{attempt}", self.instance(job.instance), job.step)
    }

    fn view(&mut self, view: &InstanceView) -> String {
        let mut text = format!("{} {}", self.instance(view.id), view.status);
        if let Some(output) = &view.output {
            text += &format!(" {}", motet_expr::json::to_text(output));
        }
        if let Some(turn) = &view.turn
            && let Some(holder) = turn.holder
        {
            text += &format!(" behind {} with {} ahead", self.instance(holder), turn.ahead);
        }
        if let Some(room) = &view.room {
            let of = room.line.to_string();
            text += &format!(" for room in {of} with {} ahead", room.ahead);
        }
        if let Some(error) = &view.error {
            let (title, detail) = (error.title.as_deref(), error.detail.as_deref());
            text += &format!(" {} ({})", title.unwrap_or_default(), detail.unwrap_or_default());
        }
        let steps: Vec<String> =
            view.steps.iter().map(|step| format!("{} {}", step.name, step.status)).collect();
        if !steps.is_empty() {
            text += &format!(", {}", steps.join(", "));
        }
        for (_, incident) in &view.incidents {
            text += &format!(", incident: {}", incident.title.as_deref().unwrap_or_default());
        }
        self.named(&text)
    }

    /// The text with names in the place of ids.
    fn named(&self, text: &str) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let id = rest.get(..ID_BYTES).and_then(|word| word.parse::<InstanceId>().ok());
            if let Some(name) = id.and_then(|id| self.instances.get(&id)) {
                named += name;
                rest = &rest[ID_BYTES..];
            } else {
                named.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        named
    }
}

/// Who calls what, and what that has shown.
fn edge(edge: &ObservedEdge) -> String {
    let ObservedEdge { workflow, calls, errors, in_flight, rate, p50, p99, .. } = edge;
    let target = match &edge.target {
        Target::Service(service, version) => format!("{service}@{version}"),
        Target::Host(host) => host.clone(),
    };
    let quantiles = p50.zip(*p99).map(|(p50, p99)| format!(", {p50:.1?} to {p99:.1?}"));
    format!(
        "{workflow} calls {target}: {calls}, {errors} errors, {in_flight} in flight, {rate:.2}/s{}",
        quantiles.unwrap_or_default()
    )
}

/// Versions, then endpoints.
fn service_figures(figures: &ServiceFigures) -> String {
    let requests = |own: &Requests| {
        format!(
            "{} answered, {} failed, {} overloaded, {} withdrawn",
            own.answered, own.failed, own.overloaded, own.withdrawn
        )
    };
    let versions = figures.versions.iter().map(|((service, version), own, levels)| {
        let levels = levels.as_ref().expect("a version that is shown is there");
        format!(
            "{service}@{version}: {}, {:?}, changes {:?}, held {:?}, {} {} in flight, limit {:?}, {:?}",
            requests(&own.requests),
            own.latencies.sum,
            own.changes,
            own.held,
            levels.breaker,
            levels.in_flight,
            levels.limit,
            levels.endpoints.iter().filter(|(_, count)| **count > 0).collect::<Vec<_>>(),
        )
    });
    let endpoints = figures.endpoints.iter();
    let endpoints = endpoints.map(|((service, version, id), own)| {
        format!("{service}@{version} {id}: {}", requests(own))
    });
    let waiting = figures.waiting.iter();
    let waiting = waiting.map(|((service, version), reason, calls)| {
        format!("{service}@{version}: {calls} wait for {reason}")
    });
    versions.chain(waiting).chain(endpoints).collect::<Vec<_>>().join("\n    ")
}

/// A revision as the microseconds since the script began, and what is there.
fn revised(revision: u64, view: Option<&ServiceView>) -> String {
    let at = i64::try_from(revision).unwrap_or(i64::MAX) - BEGIN.as_micros();
    format!("revision begin+{at}us; {}", view.map_or_else(|| "not there".to_owned(), service))
}

/// Weights and breakers of its versions, then its endpoints.
fn service(view: &ServiceView) -> String {
    let versions = view.versions.iter().map(|own| {
        let (breaker, _) = own.breaker();
        format!(
            "{} weight {} {breaker} {} in flight",
            own.version, own.weight, own.governor.in_flight
        )
    });
    let lines = view.lines.iter().map(|line| {
        let until = line.until.map(|until| format!(" until {}", since_begin(until)));
        let (calls, since, until) =
            (line.calls, since_begin(line.since), until.unwrap_or_default());
        let (version, reason) = (&line.version, line.reason.as_str());
        let hit: Vec<String> = line.workflows.iter().map(hit).collect();
        let hit = hit.join(", ");
        format!("{calls} wait for {version} since {since} for {reason}{until} ({hit})")
    });
    let endpoints = view.endpoints.iter().map(|own| {
        let lease = own.lease_until.map(|until| format!(" until {}", since_begin(until)));
        let checks =
            own.checks.iter().map(|own| format!(" {}={}", own.check.id, own.status.as_str()));
        let (state, checks) = (own.state.as_str(), checks.collect::<String>());
        format!("{} {state}{}{checks}", own.id, lease.unwrap_or_default())
    });
    versions.chain(lines).chain(endpoints).collect::<Vec<_>>().join("; ")
}

/// Who waits, and until when.
fn hit(own: &WaitingWorkflow) -> String {
    let deadline =
        own.deadline.map(|it| format!(" by {} {}", since_begin(it.at), it.kind.as_str()));
    let (instances, name) = (own.instances, &own.workflow.workflow.name);
    let calls = if own.calls == instances { String::new() } else { format!("{} of ", own.calls) };
    format!("{calls}{instances} {name}{}", deadline.unwrap_or_default())
}

/// What is next, what runs, what waits, and what was left out.
fn schedule(schedule: &Schedule) -> String {
    let next = |timer: &Timer| {
        let next = timer.next.map_or_else(|| "-".to_owned(), since_begin);
        format!("{} {next}", timer.trigger)
    };
    let mut timers: Vec<String> = schedule.timers.iter().map(next).collect();
    if let Some(on) = &schedule.on {
        let topics: Vec<String> = on.terms.topics.iter().map(ToString::to_string).collect();
        let problem = on.problem.as_ref().map(|problem| format!(" ({})", problem.text));
        timers.push(format!("on {}{}", topics.join(" "), problem.unwrap_or_default()));
    }
    let counted = [
        (schedule.running.len() as u64, "running"),
        (schedule.waiting.len() as u64, "waiting"),
        (schedule.on.as_ref().map_or(0, |on| on.open), "gathering"),
        (schedule.on.as_ref().map_or(0, |on| on.ready), "gathered"),
        (schedule.left_out, "left out"),
    ];
    let counted = counted.iter().filter(|(count, _)| *count > 0);
    let paused = schedule.paused.as_ref().map(|_| "paused".to_owned());
    let counted = counted.map(|(count, what)| format!("{count} {what}")).chain(paused);
    let counted: Vec<String> = counted.collect();
    match counted.is_empty() {
        true => timers.join(" "),
        false => format!("{} ({})", timers.join(" "), counted.join(", ")),
    }
}

/// Length of an id as text.
const ID_BYTES: usize = 36;

/// How far a source is read, or what waits for a sink.
fn outlet(values: &[Value], is_put: bool) -> String {
    if let [_, Value::Text(source), Value::Int(partition), Value::Int(next)] = values {
        return format!("{source}/{partition} read up to {next}");
    }
    let body = match values.last() {
        Some(Value::Blob(body)) if is_put => told(&decode_event(body).expect("an event")),
        _ => String::new(),
    };
    let verb = if is_put { "" } else { "no " };
    format!("{verb}outgoing to {} #{}{body}", text(&values[0]), int(&values[3]))
}

/// What a lifecycle event says; of others nothing.
fn told(event: &Event) -> String {
    let Some(word) = event.kind().strip_prefix("io.serverlessworkflow.") else {
        return String::new();
    };
    let data = json::get(event.value(), "data").expect("data");
    let word = word.strip_suffix(".v1").expect("a version");
    let shown = ["task", "error", "output", "correlationKeys"]
        .into_iter()
        .filter_map(|key| json::get(data, key))
        .map(|value| {
            format!(" {}", json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned))
        });
    format!(" {word}{}", shown.collect::<String>())
}

fn since_begin(at: Timestamp) -> String {
    format!("+{}s", at.since(BEGIN).as_secs_f64())
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        other => panic!("a text: {other:?}"),
    }
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(int) => *int,
        other => panic!("a number: {other:?}"),
    }
}

fn sink(sink: &SinkView) -> String {
    let state = match (sink.configured, sink.holds_up) {
        (false, _) => ", not configured",
        (true, true) => ", holds starts up",
        (true, false) => "",
    };
    let SinkView { name, waiting, refused, dropped, .. } = sink;
    format!("{name} {waiting} waiting {refused} refused {dropped} dropped{state}")
}

fn limit(limit: &LimitView) -> String {
    let LimitView { line, max, running, waiting } = limit;
    let max = max.map_or("any".to_owned(), |max| max.to_string());
    format!("{line}: {running} of {max} run, {waiting} wait")
}
