//! What is around the machine: a store whose commits wait for the script, time, clients and services.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use motet_definition::graph::{self, Graph};
use motet_engine::event::TopicId;
use motet_engine::secret::SecretKey;
use motet_journal::{Message, decode_records, encode_message};
use motet_store::memory::MemoryStore;
use motet_store::{
    Commit, CommitError, Completion, Entity, Epoch, Position, Reads, Row, RowChange, RowScan,
    Store, TableId, Value,
};
use motet_types::{
    Attempt, InstanceId, Limits, ServiceName, ShardId, StepId, Timestamp, WorkflowRef,
};

use super::definitions;
use crate::drive::{recover, row_of};
use crate::shard::{
    Call, Config, DnsQuestion, Ended, Input, Machine, Notice, Output, ProbeCall, QueueKey, Reply,
    Responder, SinkRule, Step, Watcher,
};
use crate::tables::{MESSAGE, SCHEMA, SENT, START};
use crate::{Error, HistoryEntry, view};

pub(super) struct World {
    pub(super) machine: Machine,
    store: MemoryStore,
    pub(super) limits: Limits,
    sinks: Arc<[SinkRule]>,
    now: Timestamp,
    epoch: Epoch,
    /// The batch in flight.
    batch: Option<Vec<Commit>>,
    /// What the machine asks the store.
    questions: Vec<Question>,
    /// Most questions that were open at once.
    asked_max: usize,
    loaded: usize,
    loads: Held,
    lookups: Held,
    scans: Held,
    steps: Held,
    /// Steps of definitions that may burn so much are given away.
    fuel_local_max: u64,
    events: (Sender<Event>, Receiver<Event>),
    unwatched: Arc<Mutex<BTreeSet<String>>>,
    calls: HashMap<String, (InstanceId, StepId, Attempt)>,
    pub(super) probes: Vec<ProbeCall>,
    pub(super) resolving: Vec<DnsQuestion>,
    /// Ends that were told.
    pub(super) ended: Vec<Ended>,
    pub(super) names: Names,
    transcript: String,
    is_quiet: bool,
    pub(super) tells_news: bool,
}

/// What becomes of the machine's questions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Held {
    Answered,
    Kept,
    Lost,
}

enum Question {
    Load(InstanceId, u64),
    Row(InstanceId),
    Lookup(ShardId, String),
    Scan(RowScan),
    Step(Box<Step>),
    ScanJobs(Arc<QueueKey>, RowScan),
    Topic(TopicId, u64, RowScan),
    Topics(RowScan),
    Audit(RowScan),
}

/// What reached somebody outside.
enum Event {
    Reply(String, Result<Reply, Error>, Position),
    Watched(String, Vec<HistoryEntry>),
    /// The machine let a watcher go.
    Closed(String),
}

/// Short names for ids and keys.
#[derive(Default)]
pub(super) struct Names {
    /// By the free bits of the id.
    starts: HashMap<u64, String>,
    pub(super) instances: BTreeMap<InstanceId, String>,
    pub(super) definitions: HashMap<InstanceId, WorkflowRef>,
    pub(super) graphs: BTreeMap<WorkflowRef, Arc<Graph>>,
    keys: Vec<String>,
}

/// The script's time begins here.
pub(super) const BEGIN: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// The free bits of an id that tell the start; those above hold the shard.
const START_BITS: u64 = (1 << 40) - 1;

impl World {
    pub(super) fn new() -> Self {
        let limits = Limits::default();
        let mut world = Self {
            machine: Machine::new(config(&limits, u64::MAX, Epoch(1))),
            store: MemoryStore::new(&SCHEMA),
            limits,
            sinks: Arc::default(),
            now: BEGIN,
            epoch: Epoch(1),
            batch: None,
            questions: Vec::new(),
            asked_max: 0,
            loaded: 0,
            loads: Held::Answered,
            lookups: Held::Answered,
            scans: Held::Answered,
            steps: Held::Answered,
            fuel_local_max: u64::MAX,
            events: channel(),
            unwatched: Arc::default(),
            calls: HashMap::new(),
            probes: Vec::new(),
            resolving: Vec::new(),
            ended: Vec::new(),
            names: Names::default(),
            transcript: String::new(),
            is_quiet: false,
            tells_news: false,
        };
        world.quietly(|world| {
            world.restart(&[]);
            world.turn();
        });
        world
    }

    /// From now on the machine tells of ends.
    pub(super) fn tell_ends(&mut self) {
        let other = Machine::new(config(&self.limits, self.fuel_local_max, self.epoch));
        self.machine = std::mem::replace(&mut self.machine, other).telling_ends();
    }

    pub(super) fn transcript(self) -> String {
        self.transcript
    }

    pub(super) fn say(&mut self, line: &str) {
        if !self.is_quiet {
            self.transcript.push_str(line);
            self.transcript.push('\n');
        }
    }

    pub(super) fn quietly(&mut self, act: impl FnOnce(&mut Self)) {
        let was_quiet = std::mem::replace(&mut self.is_quiet, true);
        act(self);
        self.is_quiet = was_quiet;
    }

    /// From now on nothing is written down.
    pub(super) fn hush(&mut self) {
        self.is_quiet = true;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
    }

    /// Changes a limit; the machine begins anew.
    pub(super) fn limit(&mut self, name: &str, number: usize) {
        let mut bytes_max = 0;
        let limit = match name {
            "fuel_local_max" => {
                self.fuel_local_max = number as u64;
                &mut 0
            }
            "retention_bytes" => &mut bytes_max,
            "calls_in_flight_max" => &mut self.limits.calls_in_flight_max,
            "instances_cached_max" => &mut self.limits.instances_cached_max,
            "concurrency_queue_max" => &mut self.limits.concurrency_queue_max,
            "running_max" => {
                self.limits.instances_running_max = Some(number as u64);
                &mut 0
            }
            "descendants_max" => {
                self.limits.descendants_max = number as u64;
                &mut 0
            }
            "instances_waiting_max" => &mut self.limits.instances_waiting_max,
            "job_workers_lost_max" => {
                self.limits.job_workers_lost_max = number as u32;
                &mut 0
            }
            "schedule_sets_max" => &mut self.limits.schedule_sets_max,
            "subscriptions_max" => &mut self.limits.subscriptions_max,
            "sink_events_max" => &mut self.limits.sink_events_max,
            "sink_refused_max" => &mut self.limits.sink_refused_max,
            "audit_entries_max" => &mut self.limits.audit_entries_max,
            "step_records_max" => &mut self.limits.step_records_max,
            other => panic!("scripts cannot set {other:?}"),
        };
        *limit = number;
        if bytes_max > 0 {
            self.limits.retention_bytes = Some(bytes_max as u64);
        }
        self.quietly(|world| {
            world.restart(&[]);
            world.turn();
        });
    }

    pub(super) fn feed(&mut self, input: Input) {
        self.machine.handle(self.now, input);
    }

    /// What the engine thread does between two looks at its lanes, until nothing but commits is waited for.
    pub(super) fn turn(&mut self) {
        loop {
            if self.machine.next_due().is_some_and(|due| due <= self.now) {
                self.feed(Input::Tick);
            }
            for output in self.machine.flush() {
                self.take(output);
            }
            self.hear();
            let fed = self.answer_questions();
            if !fed && !self.machine.has_work() {
                return;
            }
        }
    }

    /// Says what whoever follows services is told.
    fn revised(&mut self, names: &[ServiceName]) {
        if self.tells_news {
            let names: Vec<&str> = names.iter().map(|own| own.name.as_str()).collect();
            self.say(&format!("  news of {}", names.join(", ")));
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Load { id, token } => {
                let name = self.names.instance(id);
                self.say(&format!("  load {name}"));
                self.loaded += 1;
                self.questions.push(Question::Load(id, token));
            }
            Output::Row(id) => {
                let name = self.names.instance(id);
                self.say(&format!("  row of {name}"));
                self.questions.push(Question::Row(id));
            }
            Output::Lookup { shard, key } => {
                self.say(&format!("  look up {key}"));
                self.questions.push(Question::Lookup(shard, key));
            }
            Output::Scan(scan) => {
                let table = SCHEMA.table(scan.table).expect("a table of the runtime");
                let from = if scan.after.is_some() { " on" } else { "" };
                self.say(&format!("  sweep {}{from}", table.name));
                self.questions.push(Question::Scan(scan));
            }
            Output::ScanJobs { queue, scan } => {
                self.say(&format!("  read jobs of {}", queue.kind));
                self.questions.push(Question::ScanJobs(queue, scan));
            }
            Output::ScanTopics(scan) => self.questions.push(Question::Topics(scan)),
            Output::ScanAudit(scan) => self.questions.push(Question::Audit(scan)),
            Output::ScanTopic { topic, token, scan } => {
                let table = SCHEMA.table(scan.table).expect("a table of the runtime");
                if table.name == "event" && scan.after.is_none() {
                    self.say(&format!("  load {topic}"));
                }
                self.questions.push(Question::Topic(topic, token, scan));
            }
            Output::Commit(commits) => {
                let lines = self.names.commits(&commits);
                self.say(&format!("  commit of {}", commits.len()));
                lines.iter().for_each(|line| self.say(line));
                assert!(self.batch.replace(commits).is_none(), "one batch is in flight at a time");
            }
            Output::Reply { reply, result, position } => {
                reply(result, position);
                self.hear();
            }
            Output::Revised(names) => self.revised(&names),
            Output::Resolve(question) => {
                self.say(&format!("  resolve {}", question.source.name));
                self.resolving.push(*question);
            }
            Output::Probe(probe) => {
                self.say(&format!("  probe {}/{}", probe.service.name, probe.endpoint));
                self.probes.push(*probe);
            }
            Output::Call(call) => self.sent(&call),
            Output::Step(step) => {
                self.say("  a step goes away");
                self.questions.push(Question::Step(step));
            }
            Output::Withdraw { id, .. } => {
                let name = self.names.instance(id);
                self.say(&format!("  withdraw a call of {name}"));
            }
            Output::Ended(ended) => self.ended.push(*ended),
            Output::Notice(notice) => self.say(&told(&notice)),
            Output::Catalog(_) => self.say("  catalog"),
            Output::Stop(reason) => self.say(&format!("  stop: {reason}")),
        }
    }

    fn sent(&mut self, call: &Call) {
        let task = &call.graph.vertex(call.task).name;
        let name = format!("{}.{task}", self.names.instance(call.id));
        let (key, attempt) = (self.names.key(&call.key), call.attempt);
        let endpoint = call.endpoint.as_ref().map(|url| format!(", at {url}"));
        let endpoint = endpoint.unwrap_or_default();
        self.say(&format!("  call {name}, attempt {attempt}, {key}{endpoint}"));
        self.calls.insert(name, (call.id, call.step, attempt));
    }

    /// Writes down what clients and watchers were told.
    fn hear(&mut self) {
        while let Ok(event) = self.events.1.try_recv() {
            let line = match event {
                Event::Reply(label, result, position) => {
                    format!("  {label}: {} @{}", self.names.reply(&result), position.0)
                }
                Event::Watched(watcher, entries) => {
                    let entries: Vec<String> = entries
                        .iter()
                        .map(|entry| format!("{} {}", entry.number, entry.kind))
                        .collect();
                    format!("  {watcher} sees {}", entries.join(", "))
                }
                Event::Closed(watcher) => format!("  {watcher} sees no more"),
            };
            self.say(&line);
        }
    }

    /// Answers what was asked as far as the script lets it; whether there was anything.
    fn answer_questions(&mut self) -> bool {
        self.asked_max = self.asked_max.max(self.questions.len());
        let mut fed = false;
        for question in std::mem::take(&mut self.questions) {
            let held = match question {
                Question::Load(..) => self.loads,
                Question::Row(_) | Question::Lookup(..) => self.lookups,
                Question::ScanJobs(..) => self.scans,
                Question::Step(_) => self.steps,
                Question::Scan(_)
                | Question::Topic(..)
                | Question::Topics(_)
                | Question::Audit(_) => self.scans,
            };
            match (held, question) {
                (Held::Kept, question) => self.questions.push(question),
                (held, question) => {
                    fed = true;
                    let input = self.answer(question, held == Held::Lost);
                    self.feed(input);
                }
            }
        }
        fed
    }

    fn answer(&self, question: Question, is_lost: bool) -> Input {
        let lost = || motet_store::Error::Io("the disk does not answer".to_owned());
        match question {
            Question::Load(id, token) if is_lost => {
                Input::Loaded { id, token, loaded: Err(lost()) }
            }
            Question::Load(id, token) => {
                let loaded = wait(|done| self.store.load(vec![Entity(id.0)], done));
                Input::Loaded { id, token, loaded: loaded.map(|mut loaded| loaded.remove(0)) }
            }
            Question::Step(step) => {
                Input::Stepped(Box::new(step.run(&self.limits, &SecretKey([7; 32]))))
            }
            Question::ScanJobs(queue, _) if is_lost => Input::JobsRead { queue, rows: Err(lost()) },
            Question::ScanJobs(queue, scan) => {
                Input::JobsRead { queue, rows: wait(|done| self.store.rows(scan, done)) }
            }
            Question::Audit(_) if is_lost => Input::AuditSwept { rows: Ok(Vec::new()) },
            Question::Audit(scan) => {
                Input::AuditSwept { rows: wait(|done| self.store.rows(scan, done)) }
            }
            Question::Topics(_) if is_lost => Input::TopicsSwept { rows: Ok(Vec::new()) },
            Question::Topics(scan) => {
                Input::TopicsSwept { rows: wait(|done| self.store.rows(scan, done)) }
            }
            Question::Topic(topic, token, _) if is_lost => {
                Input::TopicRead { topic, token, rows: Err(lost()) }
            }
            Question::Topic(topic, token, scan) => {
                Input::TopicRead { topic, token, rows: wait(|done| self.store.rows(scan, done)) }
            }
            Question::Scan(_) if is_lost => Input::Swept { rows: Err(lost()) },
            Question::Scan(scan) => Input::Swept { rows: wait(|done| self.store.rows(scan, done)) },
            Question::Row(id) if is_lost => Input::Listed { id, row: Err(lost()) },
            Question::Row(id) => {
                let rows = wait(|done| self.store.rows(row_of(id), done));
                Input::Listed { id, row: rows.map(|rows| rows.into_iter().next()) }
            }
            Question::Lookup(shard, key) if is_lost => {
                Input::Looked { shard, key, row: Err(lost()) }
            }
            Question::Lookup(shard, key) => {
                let prefix = vec![Value::Int(i64::from(shard.0)), Value::Text(key.clone())];
                let scan = RowScan { table: START.id, prefix, after: None, limit: 1 };
                let rows = wait(|done| self.store.rows(scan, done));
                Input::Looked { shard, key, row: rows.map(|rows| rows.into_iter().next()) }
            }
        }
    }

    /// Answers the load of one instance, though loads are held.
    pub(super) fn let_load(&mut self, id: InstanceId) {
        self.let_one(|question| matches!(question, Question::Load(of, _) if *of == id));
    }

    /// The oldest step that is away comes back.
    pub(super) fn let_step(&mut self) {
        self.let_one(|question| matches!(question, Question::Step(_)));
    }

    fn let_one(&mut self, is_it: impl Fn(&Question) -> bool) {
        let at = self.questions.iter().position(is_it).expect("it was asked for");
        let question = self.questions.remove(at);
        let input = self.answer(question, false);
        self.feed(input);
    }

    /// A load that nobody awaits any more is answered after all: as its instance stood before it was durable.
    pub(super) fn late_load(&mut self, id: InstanceId) {
        self.feed(Input::Loaded { id, token: 0, loaded: Ok(None) });
    }

    /// The same with the rows of a topic, of which there were none.
    pub(super) fn late_topic(&mut self, kind: &str) {
        let kind = Some(kind.to_owned());
        let topic = TopicId { namespace: "test".parse().expect("a label"), kind };
        self.feed(Input::TopicRead { topic, token: 0, rows: Ok(Vec::new()) });
    }

    pub(super) fn hold(&mut self, held: Held, what: &str) {
        match what {
            "loads" => self.loads = held,
            "lookups" => self.lookups = held,
            "scans" => self.scans = held,
            "steps" => self.steps = held,
            other => panic!("{other:?} cannot be held"),
        }
    }

    /// The batch in flight becomes durable.
    pub(super) fn durable(&mut self) {
        let commits = self.batch.take().expect("a batch is in flight");
        let positions = wait(|done| self.store.commit(commits, done)).expect("the store takes it");
        self.feed(Input::Committed { positions });
    }

    /// Every batch becomes durable until there is none.
    pub(super) fn settle(&mut self) {
        self.turn();
        while self.batch.is_some() {
            self.durable();
            self.turn();
        }
    }

    pub(super) fn refused(&mut self, error: CommitError) {
        drop(self.batch.take().expect("a batch is in flight"));
        self.feed(Input::Refused { error });
    }

    /// The server dies and comes back: what was not durable is gone, and nobody is there who waited.
    pub(super) fn restart(&mut self, cannot_compile: &[&str]) {
        self.batch = None;
        self.questions.clear();
        self.calls.clear();
        self.events = channel();
        self.store = self.store.reopen();
        let limits = &self.limits;
        let compile = |definition: &WorkflowRef, published: &motet_engine::Published| {
            let can = !cannot_compile.contains(&definition.workflow.name.as_str());
            can.then(|| graph::check(&published.source, limits).graph.map(Arc::new)).flatten()
        };
        let (epoch, recovered) = recover::read(&self.store, &compile).expect("a store to read");
        self.epoch = epoch;
        let machine = Machine::new(config(&self.limits, self.fuel_local_max, epoch));
        self.machine = machine.with_sinks(self.sinks.clone());
        self.feed(Input::Recovered(Box::new(recovered)));
    }

    /// What goes out to this sink is kept from the next start on.
    pub(super) fn add_sink(&mut self, name: &str, types: &[&str]) {
        let sink = SinkRule {
            name: name.into(),
            namespace: Some("test".parse().expect("a label")),
            types: types.iter().map(|kind| (*kind).to_owned()).collect(),
            emitted: true,
            lifecycle: true,
            drops: false,
        };
        self.sinks = self.sinks.iter().cloned().chain([sink]).collect();
        self.restart(&[]);
    }

    /// The server starts anew with a sink that drops what is too much, or without the sink.
    pub(super) fn change_sinks(&mut self, name: &str, is_dropping: bool) {
        let rules = self.sinks.iter().filter(|rule| is_dropping || &*rule.name != name).cloned();
        let drops = |rule: SinkRule| SinkRule { drops: rule.drops || &*rule.name == name, ..rule };
        self.sinks = rules.map(drops).collect();
        self.restart(&[]);
    }

    /// The rows of a table that begin with this text.
    pub(super) fn rows_of(&self, table: TableId, prefix: &str) -> Vec<Row> {
        let prefix = vec![Value::Text(prefix.to_owned())];
        let scan = RowScan { table, prefix, after: None, limit: 100 };
        wait(|done| self.store.rows(scan, done)).expect("the store answers")
    }

    pub(super) fn say_levels(&mut self) {
        let [in_flight, waiting, live, timers, away, _] = self.machine.levels();
        let away = if away > 0 { format!(", {away} away") } else { String::new() };
        self.say(&format!(
            "  {in_flight} in flight, {waiting} waiting, {live} live, {timers} timers{away}"
        ));
    }

    pub(super) fn compile(&mut self, name: &str) -> (Arc<Graph>, String) {
        let source = definitions::source(name);
        let checked = graph::check(&source, &self.limits);
        let graph = checked.graph.unwrap_or_else(|| panic!("{name}: {:?}", checked.diagnostics));
        let graph = Arc::new(graph);
        self.names.graphs.insert(graph.definition.clone(), graph.clone());
        (graph, source)
    }

    /// The free bits for the id of the instance that gets this name.
    pub(super) fn random(&mut self, name: &str, shard: ShardId) -> u64 {
        let nth = self.names.starts.len() as u64 + 1;
        self.names.starts.insert(nth, name.to_owned());
        u64::from(shard.0) << 48 | nth
    }

    pub(super) fn id(&self, name: &str) -> InstanceId {
        let found = self.names.instances.iter().find(|(_, of)| *of == name);
        *found.unwrap_or_else(|| panic!("there is no instance {name:?}")).0
    }

    pub(super) fn call(&self, name: &str) -> (InstanceId, StepId, Attempt) {
        *self.calls.get(name).unwrap_or_else(|| panic!("there was no call {name:?}"))
    }

    /// Every call that has left since the last time.
    pub(super) fn take_calls(&mut self) -> Vec<(InstanceId, StepId, Attempt)> {
        let calls: BTreeMap<_, _> = self.calls.drain().collect();
        calls.into_values().collect()
    }

    /// Every call that has left, in the order of their names; answered ones are still among them.
    pub(super) fn calls_by_name(&self) -> Vec<(InstanceId, StepId, Attempt)> {
        let calls: BTreeMap<_, _> = self.calls.iter().collect();
        calls.into_values().copied().collect()
    }

    /// The kinds of the records of every instance, by name.
    pub(super) fn histories(&self) -> BTreeMap<String, String> {
        let history = |id: &InstanceId| {
            let graph = &self.names.graphs[&self.names.definitions[id]];
            let chunks = wait(|done| self.store.history(Entity(id.0), 0, usize::MAX, done));
            let kinds = chunks.expect("a history").into_iter().flat_map(|(first, _, chunk)| {
                let records = decode_records(&chunk).expect("records that can be read");
                view::history(&records, first, graph)
            });
            kinds.map(|entry| format!("{} {}\n", entry.number, entry.kind)).collect::<String>()
        };
        let known = self.names.instances.iter();
        known.map(|(id, name)| (name.clone(), history(id))).collect()
    }

    /// Puts messages into the store that one shard has for another, as if they had been sent.
    pub(super) fn plant(&mut self, from: ShardId, to: ShardId, messages: &[Message]) {
        let int = |number: u64| Value::Int(i64::try_from(number).expect("a small number"));
        let (source, target) = (int(from.0.into()), int(to.0.into()));
        let count = messages.len() as u64;
        let messages = messages.iter().zip(1..).map(|(message, nth)| {
            let mut body = Vec::new();
            encode_message(message, &mut body);
            let (previous, body) = (int(nth - 1), Value::Blob(Bytes::from(body)));
            let row = vec![source.clone(), int(nth), target.clone(), previous, body];
            RowChange::Put { table: MESSAGE.id, row }
        });
        let sent = vec![source.clone(), target.clone(), int(count)];
        let rows = messages.chain([RowChange::Put { table: SENT.id, row: sent }]).collect();
        let commit = Commit {
            shard: from,
            epoch: self.epoch,
            entity: Entity([0xff; 16]),
            records: Bytes::new(),
            record_count: 0,
            snapshot: None,
            rows,
        };
        wait(|done| self.store.commit(vec![commit], done)).expect("the store takes it");
    }

    /// How often an instance was loaded.
    pub(super) fn loads(&self) -> usize {
        self.loaded
    }

    pub(super) fn asked_max(&self) -> usize {
        self.asked_max
    }

    pub(super) fn responder(&self, label: &str) -> Responder {
        let (label, events) = (label.to_owned(), self.events.0.clone());
        Box::new(move |result, position| {
            // Nobody listens after a restart.
            drop(events.send(Event::Reply(label, result, position)));
        })
    }

    pub(super) fn watcher(&self, name: &str) -> Watcher {
        let mut watching = Watching { name: name.to_owned(), events: self.events.0.clone() };
        let unwatched = self.unwatched.clone();
        Box::new(move |entries| {
            watching.tell(entries);
            !unwatched.lock().expect("no panic").contains(&watching.name)
        })
    }

    /// The watcher says at its next entry that it wants no more.
    pub(super) fn unwatch(&self, name: &str) {
        self.unwatched.lock().expect("no panic").insert(name.to_owned());
    }
}

/// Says so when it is let go.
struct Watching {
    name: String,
    events: Sender<Event>,
}

impl Watching {
    fn tell(&mut self, entries: &[HistoryEntry]) {
        drop(self.events.send(Event::Watched(self.name.clone(), entries.to_vec())));
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.events.send(Event::Closed(self.name.clone())));
    }
}

impl Names {
    /// The name of an instance; one that nobody named shows its id.
    pub(super) fn instance(&mut self, id: InstanceId) -> String {
        if let Some(name) = self.instances.get(&id) {
            return name.clone();
        }
        if !id.is_of_instance() {
            return format!("schedule {}", id.shard());
        }
        let mut bits = [0; 8];
        bits.copy_from_slice(&id.0[8..]);
        let start = u64::from_be_bytes(bits) & START_BITS;
        let name = self.starts.get(&start).cloned().unwrap_or_else(|| id.to_string());
        self.instances.insert(id, name.clone());
        name
    }

    /// Names a child after its parent and its place among the children that were heard of.
    pub(super) fn child(&mut self, parent: InstanceId, child: InstanceId) -> String {
        let parent = self.instance(parent);
        let prefix = format!("{parent}/");
        let nth = 1 + self.instances.values().filter(|name| name.starts_with(&prefix)).count();
        self.instances.entry(child).or_insert_with(|| format!("{prefix}{nth}")).clone()
    }

    fn key(&mut self, key: &str) -> String {
        let found = self.keys.iter().position(|known| known == key);
        let nth = found.unwrap_or_else(|| {
            self.keys.push(key.to_owned());
            self.keys.len() - 1
        });
        format!("key {}", nth + 1)
    }
}

fn config(limits: &Limits, fuel_local_max: u64, epoch: Epoch) -> Config {
    let (limits, secret_key) = (limits.clone(), SecretKey([7; 32]));
    Config { limits, secret_key, epoch, snapshot_records: 16, fuel_local_max }
}

/// The in-memory store answers before it returns.
fn wait<T: Send + 'static>(ask: impl FnOnce(Completion<T>)) -> T {
    let (sender, receiver) = channel();
    ask(Box::new(move |answer| sender.send(answer).expect("somebody waits")));
    receiver.recv().expect("an answer")
}

fn told(notice: &Notice) -> String {
    let Notice { service, version, endpoint, news, .. } = notice;
    let endpoint = endpoint.as_ref().map_or(String::new(), |id| format!(" {id}"));
    format!("  notice {service}@{version}{endpoint} {}", news.as_str())
}
