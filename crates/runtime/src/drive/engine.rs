//! The engine thread: inputs from the lanes, outputs to store, mesh and waiting clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use motet_definition::service::{DnsKind, Probe};
use motet_mesh::{Found, Wanted};
use motet_store::{Entity, Position, Row, RowScan, Store, Value};
use motet_types::{InstanceId, ShardId};

use super::call::Sender;
use super::workers::Workers;
use super::{Inner, Observer, spans};
use crate::shard::{
    Call, Config, DnsQuestion, Input, Machine, Output, ProbeCall, Recovered, SinkRule,
};
use crate::tables::{INSTANCE, START};

/// The engine thread looks at the clock at least this often.
const PATIENCE_MAX: Duration = Duration::from_millis(500);

/// How long an answer of DNS is waited for.
const RESOLVE_PATIENCE_MAX: Duration = Duration::from_secs(10);

pub(super) struct Shell {
    pub(super) inner: Arc<Inner>,
    pub(super) store: Arc<dyn Store>,
    pub(super) sender: Arc<Sender>,
    pub(super) workers: Workers,
    pub(super) tokio: tokio::runtime::Handle,
    pub(super) sinks: Arc<[SinkRule]>,
    pub(super) observer: Arc<dyn Observer>,
}

impl Shell {
    pub(super) fn run(self, config: Config, recovered: Recovered) {
        let mut machine = Machine::new(config).with_sinks(self.sinks.clone());
        if self.observer.wants_spans() {
            machine = machine.telling_ends();
        }
        let (mut internal, mut external) = (Vec::new(), Vec::new());
        machine.handle(self.inner.clock.now(), Input::Recovered(Box::new(recovered)));
        self.release(&mut machine);
        self.inner.set_ready();
        let mut swept_at = self.inner.clock.now();
        while self.inner.lanes.take(&mut internal, &mut external, self.patience(&machine)) {
            let now = self.inner.clock.now();
            for input in internal.drain(..).chain(external.drain(..)) {
                machine.handle(now, input);
            }
            if machine.next_due().is_some_and(|due| due <= now) {
                machine.handle(now, Input::Tick);
            }
            if swept_at.saturating_add(machine.sweep_every()) <= now {
                machine.handle(now, Input::Sweep);
                swept_at = now;
            }
            self.release(&mut machine);
        }
    }

    fn patience(&self, machine: &Machine) -> Duration {
        if machine.has_work() {
            return Duration::ZERO;
        }
        let now = self.inner.clock.now();
        let patience = machine.sweep_every().min(PATIENCE_MAX);
        machine.next_due().map_or(patience, |due| due.since(now).min(patience))
    }

    /// Lets out what may leave, and publishes where the machine stands now.
    fn release(&self, machine: &mut Machine) {
        let outputs = machine.flush();
        // Before any answer leaves: who has one finds no earlier position as the latest.
        self.inner.levels.stand_at(machine.position());
        self.carry_out(outputs);
        self.inner.levels.publish(machine);
        let outgoing = machine.counters().outgoing;
        let is_news = |known: &mut u64| std::mem::replace(known, outgoing) != outgoing;
        self.inner.outgoing.send_if_modified(is_news);
    }

    fn carry_out(&self, outputs: Vec<Output>) {
        let mut loads = Vec::new();
        for output in outputs {
            match output {
                Output::Load { id, token } => loads.push((id, token)),
                Output::Row(id) => self.read_row(id),
                Output::Lookup { shard, key } => self.look_up(shard, key),
                Output::Scan(scan) => self.scan(scan, |rows| Input::Swept { rows }),
                Output::ScanJobs { queue, scan } => {
                    self.scan(scan, |rows| Input::JobsRead { queue, rows });
                }
                Output::ScanTopics(scan) => self.scan(scan, |rows| Input::TopicsSwept { rows }),
                Output::ScanAudit(scan) => self.scan(scan, |rows| Input::AuditSwept { rows }),
                Output::ScanTopic { topic, token, scan } => {
                    self.scan(scan, move |rows| Input::TopicRead { topic, token, rows });
                }
                Output::Commit(commits) => {
                    let inner = self.inner.clone();
                    let done = Box::new(move |result| {
                        inner.lanes.push_internal(match result {
                            Ok(positions) => Input::Committed { positions },
                            Err(error) => Input::Refused { error },
                        });
                    });
                    self.store.commit(commits, done);
                }
                Output::Reply { reply, result, position } => reply(result, position),
                Output::Call(call) => self.call(call),
                Output::Probe(probe) => self.probe(probe),
                Output::Resolve(question) => self.resolve(question),
                Output::Revised(names) => self.inner.followers.tell(&names),
                Output::Step(step) => self.workers.push(step),
                // What has left is not called back: its outcome goes to the history.
                Output::Withdraw { .. } => {}
                Output::Notice(notice) => self.observer.notice(&notice),
                Output::Ended(ended) => self.observer.span(spans::of_instance(*ended)),
                Output::Catalog(view) => {
                    self.inner.catalog.send_replace(view);
                }
                Output::Stop(reason) => {
                    self.inner.lanes.close();
                    self.inner.fail(reason);
                }
            }
        }
        self.load(loads);
    }

    fn call(&self, call: Box<Call>) {
        let (inner, sender) = (self.inner.clone(), self.sender.clone());
        let observer = self.observer.wants_spans().then(|| self.observer.clone());
        // Spawning moves what it is given several times, and all that a call needs to wait is large.
        self.tokio.spawn(Box::pin(async move {
            let from = observer.is_some().then(|| inner.clock.now());
            let outcome = sender.send(&call).await;
            if let Some((observer, from)) = observer.zip(from) {
                observer.span(spans::of_attempt(&call, from, inner.clock.now(), &outcome));
            }
            let (id, step, attempt) = (call.id, call.step, call.attempt);
            inner.lanes.push_internal(Input::Outcome { id, step, attempt, outcome });
        }));
    }

    fn probe(&self, probe: Box<ProbeCall>) {
        let (inner, sender) = (self.inner.clone(), self.sender.clone());
        self.tokio.spawn(async move {
            let url = probe.url.as_str();
            let asked = match &probe.probe {
                Probe::Http(path) => {
                    sender.mesh.probe_http(&format!("{url}{path}"), probe.timeout).await
                }
                Probe::Tcp => sender.mesh.probe_tcp(url, probe.timeout).await,
            };
            inner.lanes.push_internal(Input::Probed { probe, is_good: asked.is_ok() });
        });
    }

    fn resolve(&self, question: Box<DnsQuestion>) {
        let (inner, sender) = (self.inner.clone(), self.sender.clone());
        self.tokio.spawn(async move {
            let wanted = match question.source.kind {
                DnsKind::Address { port } => Wanted::Addresses { port },
                DnsKind::Service => Wanted::Services,
            };
            let patience = question.source.interval.min(RESOLVE_PATIENCE_MAX);
            let found = sender.mesh.find(&question.source.name, wanted, patience).await;
            let plain = |found: Found| (found.host, found.port, u32::from(found.weight));
            let answer = found.ok().map(|found| found.into_iter().map(plain).collect());
            inner.lanes.push_internal(Input::Resolved { question, answer });
        });
    }

    /// Reads a page of rows, which comes back as this input.
    fn scan(
        &self,
        scan: RowScan,
        input: impl FnOnce(Result<Vec<Row>, motet_store::Error>) -> Input + Send + 'static,
    ) {
        let inner = self.inner.clone();
        let done = Box::new(move |rows| inner.lanes.push_internal(input(rows)));
        self.store.rows(scan, done);
    }

    fn load(&self, asked: Vec<(InstanceId, u64)>) {
        if asked.is_empty() {
            return;
        }
        let inner = self.inner.clone();
        let entities = asked.iter().map(|(id, _)| Entity(id.0)).collect();
        let done = Box::new(move |result: Result<Vec<_>, motet_store::Error>| {
            let inputs: Vec<Input> = match result {
                Ok(loaded) => asked
                    .into_iter()
                    .zip(loaded)
                    .map(|((id, token), loaded)| Input::Loaded { id, token, loaded: Ok(loaded) })
                    .collect(),
                Err(error) => asked
                    .into_iter()
                    .map(|(id, token)| Input::Loaded { id, token, loaded: Err(error.clone()) })
                    .collect(),
            };
            inner.lanes.extend_internal(inputs);
        });
        self.store.load(entities, done);
    }

    fn read_row(&self, id: InstanceId) {
        let inner = self.inner.clone();
        let done = Box::new(move |result: Result<Vec<_>, _>| {
            let row = result.map(|rows| rows.into_iter().next());
            inner.lanes.push_internal(Input::Listed { id, row });
        });
        self.store.rows(row_of(id), done);
    }

    fn look_up(&self, shard: ShardId, key: String) {
        let inner = self.inner.clone();
        let scan = RowScan {
            table: START.id,
            prefix: vec![Value::Int(i64::from(shard.0)), Value::Text(key.clone())],
            after: None,
            limit: 1,
        };
        let done = Box::new(move |result: Result<Vec<_>, _>| {
            let row = result.map(|rows| rows.into_iter().next());
            inner.lanes.push_internal(Input::Looked { shard, key, row });
        });
        self.store.rows(scan, done);
    }
}

/// The scan for the row that lists show of an instance.
pub(crate) fn row_of(id: InstanceId) -> RowScan {
    let prefix = vec![Value::Blob(Bytes::copy_from_slice(&id.0))];
    RowScan { table: INSTANCE.id, prefix, after: None, limit: 1 }
}

/// Name and help of each counter, in the order in which they are published.
const COUNTERS: [(&str, &str); 20] = [
    ("motet_instances_started_total", "Instances started."),
    ("motet_instances_ended_total", "Instances that completed, faulted or were cancelled."),
    ("motet_commits_total", "Commits of instances and of the catalog."),
    ("motet_batches_total", "Groups of commits handed to the store."),
    ("motet_records_total", "Records written to histories."),
    ("motet_call_outcomes_total", "Outcomes of calls."),
    ("motet_timers_fired_total", "Instances woken by a timer."),
    ("motet_panics_total", "Defects that cost one instance its live state."),
    ("motet_instances_forgotten_total", "Instances removed, their retention being over."),
    ("motet_start_keys_expired_total", "Start keys removed, their retention being over."),
    ("motet_audit_forgotten_total", "Entries of the audit removed, being too old or too many."),
    ("motet_sweeps_failed_total", "Pages, instances and start keys that retention cannot read."),
    ("motet_steps_away_total", "Steps that ran beside the engine thread, for they may cost much."),
    ("motet_events_total", "Events taken, duplicates left out."),
    ("motet_events_delivered_total", "Events given to listens."),
    ("motet_source_messages_total", "Messages of sources that were taken in."),
    ("motet_sink_events_total", "Events kept for sinks."),
    ("motet_sink_acknowledged_total", "Events that sinks have acknowledged."),
    ("motet_sink_refused_total", "Events that sinks have refused for good."),
    ("motet_sink_dropped_total", "Events that sinks went without, as much waiting as may."),
];

/// The same of levels.
const LEVELS: [(&str, &str); 6] = [
    ("motet_calls_in_flight", "Calls in flight."),
    ("motet_calls_waiting", "Calls that wait for their turn."),
    ("motet_instances_live", "Instances in memory."),
    ("motet_timers", "Instances that wait for a time."),
    ("motet_steps_away", "Steps that run or wait beside the engine thread."),
    ("motet_instances_waiting_for_room", "Instances that wait for room under a limit."),
];

/// The same of levels of sinks.
const SINKS: [(&str, &str); 3] = [
    ("motet_sink_waiting", "Events that wait for sinks."),
    ("motet_sink_refused", "Events that sinks have refused and that somebody has to decide about."),
    ("motet_sinks_full", "Sinks with as much waiting as may, for which starts are refused."),
];

/// Figures that the engine thread publishes.
#[derive(Default)]
pub(super) struct Levels {
    counters: [AtomicU64; COUNTERS.len()],
    levels: [AtomicU64; LEVELS.len()],
    quiet: AtomicU64,
    position: AtomicU64,
    ended_bytes: AtomicU64,
    sinks: [AtomicU64; SINKS.len()],
}

impl Levels {
    /// Where a server begins.
    pub(super) fn at(position: Position) -> Self {
        Self { position: AtomicU64::new(position.0), ..Self::default() }
    }

    fn publish(&self, machine: &Machine) {
        let of = machine.counters();
        let counters = [
            of.started,
            of.ended,
            of.commits,
            of.batches,
            of.records,
            of.outcomes,
            of.timers_fired,
            of.panics,
            of.forgotten,
            of.keys_expired,
            of.audit_forgotten,
            of.sweeps_failed,
            of.steps_away,
            of.events,
            of.events_delivered,
            of.taken_in,
            of.outgoing,
            of.delivered,
            of.refused,
            of.dropped,
        ];
        for (slot, value) in self.counters.iter().zip(counters) {
            slot.store(value, Ordering::Relaxed);
        }
        for (slot, value) in self.levels.iter().zip(machine.levels()) {
            slot.store(value as u64, Ordering::Relaxed);
        }
        self.quiet.store(u64::from(machine.is_quiet()), Ordering::Relaxed);
        self.ended_bytes.store(machine.ended_bytes(), Ordering::Relaxed);
        for (slot, value) in self.sinks.iter().zip(machine.sink_levels()) {
            slot.store(value, Ordering::Relaxed);
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Relaxed) == 1
    }

    fn stand_at(&self, position: Position) {
        self.position.store(position.0, Ordering::Release);
    }

    /// The last durable position.
    pub(super) fn position(&self) -> Position {
        Position(self.position.load(Ordering::Acquire))
    }

    /// Name, help, kind and value of each figure.
    pub(super) fn metrics(&self) -> crate::Metrics {
        let value = |slot: &AtomicU64| slot.load(Ordering::Relaxed) as f64;
        let counters = COUNTERS.iter().zip(&self.counters);
        let levels = LEVELS.iter().zip(&self.levels).chain(SINKS.iter().zip(&self.sinks));
        counters
            .map(|((name, help), slot)| (*name, *help, "counter", value(slot)))
            .chain(levels.map(|((name, help), slot)| (*name, *help, "gauge", value(slot))))
            .chain([(
                "motet_ended_bytes",
                "About what ended instances take.",
                "gauge",
                value(&self.ended_bytes),
            )])
            .collect()
    }
}
