//! The statements of a script. `NAME` is an instance by the name its start gave it; `NAME.TASK` is a call.
//!
//! ```text
//! limit LIMIT N                  before anything else
//! use WORKFLOW…                  publishes, and makes that durable
//! publish WORKFLOW               publishes, and leaves the commit to the script; WORKFLOW@VERSION takes another version
//! tag WORKFLOW VERSION           lets `stable` name a version, and makes that durable
//! pause|resume|trigger schedule WORKFLOW · backfill WORKFLOW FROM TO · show WORKFLOW
//! start NAME WORKFLOW [JSON] [key=K] [wait=30s] [version=V] [shard=N]
//! many N PREFIX WORKFLOW         starts PREFIX1 to PREFIXN
//! read NAME [wait=30s]           watch NAME as WATCHER         unwatch WATCHER
//! cancel|suspend|resume|retry NAME
//! answer NAME.TASK [STATUS] [JSON]          fail NAME.TASK maybe-run|not-run
//! durable · settle · refused · unknown      the batch in flight, or every batch until there is none
//! hold|let|lose loads|lookups|scans|steps   answers later · answers now · answers with an error
//! let load NAME · let step       answers this one, or the oldest, though loads or steps are held
//! late load NAME · late topic TYPE          answers a load that is awaited no more, with what was there before
//! defect|heal NAME               steps of the instance panic from now on, or no more
//! lasting-defect NAME            even that one is written down which says that it panicked
//! ask WORKER TYPE [max=N] [lease=5s] [wait=30s]            a worker asks for jobs; `NAME.STEP#ATTEMPT` is one
//! complete JOB [JSON]            fail-job JOB RETRIES [5s]    beat JOB [as WORKER]    undelivered JOB
//! claim TASK WHO                 tasks are named without an attempt
//! event TYPE ID [JSON]           publishes an event with these data
//! mail NAME TYPE ID [JSON]       sends it to the instance
//! source NAME PARTITION FROM NEXT [TYPE:ID…]           a batch of a source; FROM is - before the first one
//! offsets NAME · sink NAME [TYPE…] · delivered SINK NAME RECORD       a sink starts the server anew
//! refuses SINK NAME RECORD · sinks · change SINK retry|discard|remove
//! service YAML                   puts a document of a service of the namespace test        no service NAME
//! register SERVICE ID URL [version=V] [lease=5s] [weight=N]   deregister|drain|undrain SERVICE ID
//! resolved NAME [HOST…]                                      DNS answers a question, or does not know
//! agent register SERVICE ID URL [ttl=5s]... [forget=60s] [status=passing] [tag=T]
//! agent find|leave ID · agent drop CHECK · agent probe ID CHECK EVERY · agent passing|warning|critical CHECK
//! look SERVICE (its revision) · follow (news are told from now on)
//! describe SERVICE · services · probed ID good|bad            a probe that is on its way came back
//! observed · figures                                          what calls have shown, and what services did
//! note backup|retry              writes into the audit
//! dropping SINK · no sink NAME   the server starts anew with one that drops what is too much, or without one
//! after 5s · restart · levels
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::service::{Probe, parse_service};
use motet_engine::event::Event;
use motet_engine::{
    CatalogInput, ErrorKind, JobCommand, Outcome, Response, ScheduleInput, WorkflowError,
};
use motet_expr::{Value, json};
use motet_store::CommitError;
use motet_types::{
    Attempt, Digest, JobId, Limits, ServiceName, ShardId, StepId, Timestamp, WorkflowName,
};

use super::set_defect;
use super::world::{BEGIN, Held, World};
use crate::shard::{
    Activation, AgentCommand, CatalogCommand, Check, CheckKind, CheckStatus, Details, DnsQuestion,
    Input, Intake, Outgoing, OutgoingKey, ProbeCall, Registration, ServiceDocument, ServiceInput,
    SinkChange,
};
use crate::tables::{OUTGOING, REFUSED};
use crate::{Command, Note, StartRequest};

impl World {
    /// Runs every line; each is one turn of the engine thread.
    pub(super) fn run(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.say(&format!("> {line}"));
            for statement in line.split(';') {
                self.statement(statement.trim());
            }
            self.turn();
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a statement")]
    fn statement(&mut self, statement: &str) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        match words.as_slice() {
            ["limit", name, number] => self.limit(name, number.parse().expect("a number")),
            ["use", names @ ..] => names.iter().for_each(|name| self.use_workflow(name)),
            ["publish", name] => self.publish(name),
            ["start", name, workflow, more @ ..] => self.start(name, workflow, more),
            ["many", count, prefix, workflow] => {
                for nth in 1..=count.parse().expect("a number") {
                    self.start(&format!("{prefix}{nth}"), workflow, &[]);
                }
            }
            ["read", name, more @ ..] => {
                let (id, until) = (self.id(name), option(more, "wait").map(duration));
                let until = until.map(|wait| self.now().saturating_add(wait));
                let reply = self.responder(&format!("read {name}"));
                self.feed(Input::Read { id, until, reply });
            }
            ["watch", name, "as", watcher] => {
                let (id, reply) = (self.id(name), self.responder(&format!("watch {name}")));
                let watcher = self.watcher(watcher);
                self.feed(Input::Watch { id, watcher, reply });
            }
            ["unwatch", watcher] => self.unwatch(watcher),
            ["tag", workflow, version] => self.tag(workflow, version),
            [verb @ ("pause" | "resume" | "trigger"), "schedule", workflow] => {
                let input = match *verb {
                    "pause" => ScheduleInput::Pause { reason: None },
                    "resume" => ScheduleInput::Resume,
                    _ => ScheduleInput::Trigger,
                };
                self.schedule(&format!("{verb} schedule"), workflow, input);
            }
            ["backfill", workflow, from, to] => {
                let at = |text| BEGIN.saturating_add(duration(text));
                let input = ScheduleInput::Backfill { from: at(from), to: at(to) };
                self.schedule("backfill", workflow, input);
            }
            ["show", workflow] => {
                let (workflow, reply) = (workflow_name(workflow), self.responder("show"));
                self.feed(Input::ReadSchedule { workflow, reply });
            }
            [verb @ ("cancel" | "suspend" | "resume" | "retry"), name] => {
                let command = match *verb {
                    "cancel" => Command::Cancel { reason: None, force: false, without_undo: false },
                    "suspend" => Command::Suspend { reason: None },
                    "resume" => Command::Resume,
                    _ => Command::Retry,
                };
                let (id, reply) = (self.id(name), self.responder(&format!("{verb} {name}")));
                self.feed(Input::Command { id, command, actor: None, reply });
            }
            ["note", action] => {
                let action = if *action == "backup" { "server.backup" } else { "sink.retry" };
                let note = Note { actor: Some("ann".into()), action, ..Note::default() };
                let (note, reply) = (Box::new(note), self.responder("note"));
                self.feed(Input::Note { note, reply });
            }
            ["purge", name] => {
                let (id, reply) = (self.id(name), self.responder(&format!("purge {name}")));
                let (reason, actor) = (Some("a wish".to_owned()), Some("ann".into()));
                self.feed(Input::Purge { id, ends: Vec::new(), reason, actor, reply });
            }
            ["event", kind, id, more @ ..] => {
                let reply = self.responder(&format!("event {id}"));
                let (namespace, event) = ("test".parse().expect("a label"), event(kind, id, more));
                self.feed(Input::Publish { namespace, event, reply });
            }
            ["mail", name, kind, id, more @ ..] => {
                let command = Command::Deliver { event: event(kind, id, more) };
                let (id, reply) = (self.id(name), self.responder(&format!("mail {id} to {name}")));
                self.feed(Input::Command { id, command, actor: None, reply });
            }
            ["source", name, partition, from, next, events @ ..] => {
                let reply = self.responder(&format!("source {name}/{partition}"));
                let intake = Box::new(intake(name, partition, from, next, events));
                self.feed(Input::Intake { intake, reply });
            }
            ["offsets", name] => {
                let reply = self.responder(&format!("offsets {name}"));
                self.feed(Input::Offsets { source: (*name).into(), reply });
            }
            ["sink", name, types @ ..] => self.add_sink(name, types),
            ["dropping", name] => self.change_sinks(name, true),
            ["no", "sink", name] => self.change_sinks(name, false),
            ["delivered", sink, name, record] => {
                let (instance, record) = (self.id(name), record.parse().expect("a number"));
                let keys = vec![OutgoingKey { sink: (*sink).into(), instance, record, part: 0 }];
                let reply = self.responder(&format!("delivered {sink}"));
                self.feed(Input::Delivered { keys, reply });
            }
            ["refuses", sink, name, record] => {
                let (instance, record) = (self.id(name), record.parse().expect("a number"));
                let key = OutgoingKey { sink: (*sink).into(), instance, record, part: 0 };
                let event = Arc::unwrap_or_clone(event("a.b", "told", &[]));
                let outgoing = Box::new(Outgoing { key, event });
                let reply = self.responder(&format!("refuses {sink}"));
                self.feed(Input::SinkRefuses { outgoing, reason: "never".to_owned(), reply });
            }
            ["limits"] => {
                let reply = self.responder("limits");
                self.feed(Input::ListLimits { namespaces: None, after: None, limit: 10, reply });
            }
            ["sinks"] => {
                let reply = self.responder("sinks");
                self.feed(Input::ListSinks { reply });
            }
            ["change", sink, change] => {
                let (change, table) = match *change {
                    "retry" => (SinkChange::Retry, REFUSED.id),
                    "discard" => (SinkChange::Discard, REFUSED.id),
                    _ => (SinkChange::Remove, OUTGOING.id),
                };
                let (rows, reply) = (self.rows_of(table, sink), self.responder("change"));
                self.feed(Input::ChangeSink { change, rows, reply });
            }
            ["service" | "register" | "describe" | "look" | "agent", ..]
            | ["no", "service", _]
            | ["services"]
            | ["deregister" | "drain" | "undrain", _, _] => {
                let input = registry(statement, &words);
                let reply = self.responder(words[..words.len().min(3)].join(" ").trim());
                let (input, actor) = (Box::new(input), Some("ann".into()));
                self.feed(Input::Service { input, actor, reply });
            }
            ["observed"] => {
                let reply = self.responder(statement);
                self.feed(Input::Observed { reply });
            }
            ["figures"] => {
                let reply = self.responder(statement);
                self.feed(Input::ServiceFigures { reply });
            }
            ["follow"] => self.tells_news = true,
            ["probed", id, verdict] => {
                let is_it = |probe: &ProbeCall| probe.endpoint.as_str() == *id;
                let at = self.probes.iter().position(is_it).expect("a probe on its way");
                let probe = Box::new(self.probes.remove(at));
                self.feed(Input::Probed { probe, is_good: *verdict == "good" });
            }
            ["resolved", name, hosts @ ..] => {
                let is_it = |question: &DnsQuestion| question.source.name == *name;
                let at = self.resolving.iter().position(is_it).expect("a question");
                let question = Box::new(self.resolving.remove(at));
                let hosts: Vec<_> = hosts.iter().map(|host| ((*host).to_owned(), 80, 1)).collect();
                let answer = (!hosts.is_empty()).then_some(hosts);
                self.feed(Input::Resolved { question, answer });
            }
            ["answer", call, more @ ..] => self.outcome(call, answered(more)),
            ["fail", call, how] => {
                let maybe_run = *how == "maybe-run";
                let message = "no answer".to_owned();
                self.outcome(call, Outcome::Failed { maybe_run, timed_out: false, message });
            }
            ["late", "load", name] => self.late_load(self.id(name)),
            ["late", "topic", kind] => self.late_topic(kind),
            ["let", "load", name] => self.let_load(self.id(name)),
            ["let", "step"] => self.let_step(),
            [verb @ ("hold" | "let" | "lose"), what] => self.hold(held(verb), what),
            ["defect", name] => set_defect(self.id(name), Some(false)),
            ["lasting-defect", name] => set_defect(self.id(name), Some(true)),
            ["heal", name] => set_defect(self.id(name), None),
            ["durable"] => self.durable(),
            ["settle"] => self.settle(),
            ["refused"] => self.refused(CommitError::DiskFull("no space left".to_owned())),
            ["unknown"] => self.refused(CommitError::Unknown("the sync failed".to_owned())),
            ["ask", worker, kind, more @ ..] => self.ask_for_jobs(worker, kind, more),
            ["complete", job, more @ ..] => {
                let output = value(more.first().unwrap_or(&"null"));
                self.tell_job("complete", job, JobCommand::Complete { output, by: None });
            }
            ["fail-job", job, retries, more @ ..] => {
                let error = WorkflowError::new(ErrorKind::Runtime, "no paper", "");
                let command = JobCommand::Fail {
                    error: Box::new(error),
                    retries: retries.parse().expect("a number"),
                    backoff: more.first().map(|time| duration(time)),
                    by: None,
                };
                self.tell_job("fail", job, command);
            }
            ["claim", task, who] => {
                self.tell_job("claim", task, JobCommand::Claim { by: (*who).to_owned() });
            }
            ["beat", job, more @ ..] => {
                let worker = more.get(1).map(|worker| (*worker).to_owned());
                let reply = self.responder(&format!("beat {job}"));
                let job = self.job(job);
                self.feed(Input::Heartbeat { job, worker, reply });
            }
            ["undelivered", job] => {
                let jobs = vec![self.job(job)];
                self.feed(Input::Undelivered(jobs));
            }
            ["sweep"] => self.feed(Input::Sweep),
            ["after", time] => self.pass(duration(time)),
            ["restart"] => self.restart(&[]),
            ["restart", "without", names @ ..] => self.restart(names),
            ["levels"] => self.say_levels(),
            other => panic!("there is no statement {other:?}"),
        }
    }

    fn publish(&mut self, name: &str) {
        let (graph, source) = self.compile(name);
        let input = CatalogInput::Publish {
            definition: graph.definition.clone(),
            digest: graph.digest,
            source: source.into(),
        };
        let command = Box::new(CatalogCommand { input, graph: Some(graph), actor: None });
        let reply = self.responder(&format!("publish {name}"));
        self.feed(Input::Catalog { command, reply });
    }

    fn tag(&mut self, workflow: &str, version: &str) {
        let input = CatalogInput::SetTag {
            workflow: workflow_name(workflow),
            tag: "stable".parse().expect("a label"),
            version: version.parse().expect("a version"),
            reason: None,
        };
        let reply = self.responder("tag");
        self.feed(Input::Catalog {
            command: Box::new(CatalogCommand { input, graph: None, actor: None }),
            reply,
        });
    }

    fn schedule(&mut self, label: &str, workflow: &str, input: ScheduleInput) {
        let (workflow, reply) = (workflow_name(workflow), self.responder(label));
        self.feed(Input::Schedule { workflow, input, actor: Some("ann".into()), reply });
    }

    fn use_workflow(&mut self, name: &str) {
        self.quietly(|world| {
            world.publish(name);
            world.turn();
            world.settle();
        });
    }

    fn start(&mut self, name: &str, workflow: &str, more: &[&str]) {
        let input = more.iter().find(|word| word.starts_with('{')).unwrap_or(&r#"{"n":1}"#);
        let shard: u16 = option(more, "shard").map_or(1, |shard| shard.parse().expect("a number"));
        let request = Box::new(StartRequest {
            workflow: workflow_name(workflow),
            version: option(more, "version").map(str::to_owned),
            input: value(input),
            key: option(more, "key").map(str::to_owned),
            wait: option(more, "wait").map_or(Duration::ZERO, duration),
            actor: None,
        });
        let random = self.random(name, ShardId(shard));
        let reply = self.responder(&format!("start {name}"));
        self.feed(Input::Start { request, random, reply });
    }

    fn ask_for_jobs(&mut self, worker: &str, kind: &str, more: &[&str]) {
        let activation = Activation {
            kind: kind.to_owned(),
            namespaces: option(more, "of").map(|namespace| vec![namespace.to_owned()]),
            worker: Some(worker.to_owned()),
            jobs_max: option(more, "max").map_or(1, |max| max.parse().expect("a number")),
            lease: option(more, "lease").map(duration),
        };
        let wait = option(more, "wait").map_or(Duration::ZERO, duration);
        let (until, reply) = (self.now().saturating_add(wait), self.responder(worker));
        self.feed(Input::Activate { activation, until, reply });
    }

    fn tell_job(&mut self, verb: &str, job: &str, command: JobCommand) {
        let reply = self.responder(&format!("{verb} {job}"));
        let job = self.job(job);
        self.feed(Input::Job { job, command: Some(command), actor: None, reply });
    }

    /// `NAME.STEP#ATTEMPT`, or a task without the attempt.
    fn job(&self, text: &str) -> JobId {
        let (place, attempt) = text.split_once('#').map_or((text, None), |(place, attempt)| {
            (place, Some(Attempt(attempt.parse().expect("a number"))))
        });
        let (name, step) = place.split_once('.').expect("a step");
        JobId { instance: self.id(name), step: StepId(step.parse().expect("a number")), attempt }
    }

    fn outcome(&mut self, call: &str, outcome: Outcome) {
        let (id, step, attempt) = self.call(call);
        self.feed(Input::Outcome { id, step, attempt, outcome });
    }
}

/// An event of this type and id, with these data.
fn event(kind: &str, id: &str, data: &[&str]) -> Arc<Event> {
    let own = [("specversion", "1.0"), ("id", id), ("source", "/test"), ("type", kind)];
    let own = own.into_iter().map(|(name, text)| (name, json::string(text)));
    let data = data.first().map_or(Value::Null, |data| value(data));
    let event = json::object(own.chain([("data", data)]));
    Arc::new(Event::parse(event).expect("a CloudEvent"))
}

fn intake(name: &str, partition: &str, from: &str, next: &str, events: &[&str]) -> Intake {
    let of_text = |text: &&str| {
        let (kind, id) = text.split_once(':').expect("TYPE:ID");
        event(kind, id, &[])
    };
    Intake {
        source: name.into(),
        partition: partition.parse().expect("a number"),
        from: from.parse().ok(),
        next: next.parse().expect("a number"),
        namespace: "test".parse().expect("a label"),
        events: events.iter().map(of_text).collect(),
    }
}

/// What a statement about the registry asks of it.
fn registry(statement: &str, words: &[&str]) -> ServiceInput {
    let name = |name: &str| {
        let (namespace, name) = ("test".parse().expect("a label"), name.parse().expect("a label"));
        ServiceName { namespace, name }
    };
    let id = |id: &str| id.parse().expect("an id");
    match words {
        ["service", ..] => {
            let source = format!("{{ namespace: test, {} }}", &statement["service".len()..]);
            let parsed = parse_service(&source, &Limits::default());
            let service =
                Arc::new(parsed.service.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics)));
            let digest = Digest([0; 32]);
            let (source, at) = (source.into(), Timestamp::default());
            ServiceInput::Set(Box::new(ServiceDocument { service, source, digest, at, by: None }))
        }
        ["no", "service", own] => ServiceInput::Delete { name: name(own), reason: None },
        ["register", own, own_id, url, more @ ..] => ServiceInput::Register {
            name: name(own),
            id: id(own_id),
            registration: Box::new(Registration {
                url: url.parse().expect("an address"),
                version: option(more, "version").map(|text| text.parse().expect("a version")),
                zone: None,
                weight: option(more, "weight").map_or(1, |text| text.parse().expect("a number")),
                lease: option(more, "lease").map(duration),
                metadata: BTreeMap::new(),
                details: None,
            }),
        },
        ["agent", rest @ ..] => agent(rest),
        ["look", own] => ServiceInput::Look { name: name(own) },
        ["deregister", own, own_id] => ServiceInput::Deregister { name: name(own), id: id(own_id) },
        [verb @ ("drain" | "undrain"), own, own_id] => ServiceInput::Drain {
            name: name(own),
            id: id(own_id),
            is_draining: *verb == "drain",
            reason: None,
        },
        ["describe", own] => ServiceInput::Read { name: name(own) },
        _ => ServiceInput::List { namespaces: None, after: None, limit: 100 },
    }
}

/// What an agent is asked in the namespace `test`.
fn agent(words: &[&str]) -> ServiceInput {
    let label = |text: &str| text.parse().expect("a label");
    let id = |id: &str| id.parse().expect("an id");
    let status = |text: &str| {
        let of = |own: &CheckStatus| own.as_str() == text;
        CheckStatus::ALL.into_iter().find(of).expect("a status")
    };
    let command = match words {
        ["register", own, own_id, url, more @ ..] => {
            let checks = more.iter().filter_map(|word| word.strip_prefix("ttl="));
            let checks = checks.enumerate().map(|(nth, ttl)| Check {
                id: format!("service:{own_id}:{}", nth + 1),
                name: String::new(),
                notes: String::new(),
                kind: CheckKind::Ttl(duration(ttl)),
                forget_after: option(more, "forget").map(duration),
                status: option(more, "status").map_or(CheckStatus::Critical, status),
                output: String::new(),
            });
            let tags = option(more, "tag").map(str::to_owned).into_iter().collect();
            let details = Details { tags, warning_weight: 1, checks: checks.collect() };
            return ServiceInput::Register {
                name: ServiceName { namespace: label("test"), name: label(own) },
                id: id(own_id),
                registration: Box::new(Registration {
                    url: url.parse().expect("an address"),
                    version: None,
                    zone: None,
                    weight: 1,
                    lease: details.lease(),
                    metadata: BTreeMap::new(),
                    details: Some(Box::new(details)),
                }),
            };
        }
        ["find", own] => AgentCommand::Find(id(own)),
        ["leave", own] => AgentCommand::Leave(id(own)),
        ["drop", check] => AgentCommand::DropCheck { check: (*check).to_owned() },
        ["probe", own, check, every] => AgentCommand::AddCheck {
            id: id(own),
            check: Box::new(Check {
                id: (*check).to_owned(),
                name: String::new(),
                notes: String::new(),
                kind: CheckKind::Probe {
                    probe: Probe::Tcp,
                    interval: duration(every),
                    timeout: duration("1s"),
                },
                forget_after: None,
                status: CheckStatus::Passing,
                output: String::new(),
            }),
        },
        [word, check] => AgentCommand::Tell {
            check: (*check).to_owned(),
            status: status(word),
            output: String::new(),
        },
        _ => panic!("an agent is not asked {words:?}"),
    };
    ServiceInput::Agent { namespace: label("test"), command }
}

fn workflow_name(name: &str) -> WorkflowName {
    let (namespace, name) = ("test".parse().expect("a label"), name.parse().expect("a label"));
    WorkflowName { namespace, name }
}

pub(super) fn answered(words: &[&str]) -> Outcome {
    let status = words.iter().find_map(|word| word.parse().ok()).unwrap_or(200);
    let body = words.iter().find(|word| word.starts_with('{')).unwrap_or(&r#"{"n":2}"#);
    Outcome::Response(Response {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

fn held(verb: &str) -> Held {
    match verb {
        "hold" => Held::Kept,
        "lose" => Held::Lost,
        _ => Held::Answered,
    }
}

fn option<'w>(words: &[&'w str], name: &str) -> Option<&'w str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn duration(text: &str) -> Duration {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: f64 = digits.parse().expect("a number");
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "h" => 3_600.0,
        other => panic!("there is no unit {other:?}"),
    };
    Duration::from_secs_f64(number * unit)
}

fn value(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).expect("JSON")
}
