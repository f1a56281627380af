//! The server: the runtime's machine over the real log, opened, driven, killed and opened again.

use std::sync::Arc;

use bytes::Bytes;
use motet_engine::event::TopicId;
use motet_engine::secret::SecretKey;
use motet_runtime::SCHEMA;
use motet_runtime::drive::recover;
use motet_runtime::shard::{Config, Input, Machine, Output, QueueKey, Step};
use motet_store::{Commit, CommitError, Entity, Error as ReadError, Loaded, Row, RowScan, Value};
use motet_store_embedded::disk::Disk as _;
use motet_store_embedded::{Embedded, Error, Inline};
use motet_types::{InstanceId, ShardId};

use crate::check::{Check, Checked, ensure, violated};
use crate::definitions;
use crate::world::{Event, World};

/// Makes the markers of secrets in every life of the server.
const SECRET_KEY: SecretKey = SecretKey([7; 32]);

/// One life of a server.
pub(crate) struct Server {
    pub(crate) machine: Machine,
    pub(crate) store: Inline,
    /// How many records each live instance had when it was checked last, in the order in which the machine shows them.
    checked: Vec<(InstanceId, u64)>,
    /// The same of the time before; kept for its memory.
    before: Vec<(InstanceId, u64)>,
}

/// What a server asks of its store.
pub(crate) enum Operation {
    Commit(Vec<Commit>),
    Load { id: InstanceId, token: u64 },
    Row(InstanceId),
    Lookup { shard: ShardId, key: String },
    Scan(RowScan),
    ScanJobs { queue: Arc<QueueKey>, scan: RowScan },
    Topic { topic: TopicId, token: u64, scan: RowScan },
    Topics(RowScan),
    Audit(RowScan),
}

impl World {
    /// Power fails, or the process dies; everything in memory is gone.
    pub(crate) fn crash(&mut self, power: bool) {
        self.tell(|| format!("crash: {}", if power { "power fails" } else { "the process dies" }));
        self.mark(1);
        self.server = None;
        self.life += 1;
        if power {
            self.summary.crashes_power += 1;
            self.disk.crash();
        } else {
            self.summary.crashes_kill += 1;
            self.disk.kill();
        }
        self.crash_was_planned();
        self.requests_lost();
        self.workers_lost();
        self.governed.lost();
        self.people_lost();
        let after = self.random.between(1_000, 2_000_000);
        self.plan(after, Event::Restart);
    }

    /// Opens the store, compares it with what is known, and begins a new life.
    pub(crate) fn restart(&mut self) -> Checked {
        if self.life > 0 && self.random.percent(20) {
            self.disk.power_off_after(self.random.below(14));
        }
        if self.life > 0 && self.random.percent(30) {
            self.summary.clock_back += 1;
            self.ahead -= self.random.below(20_000_000) as i64;
        }
        self.tell_segments();
        let (disk, tables) = (Arc::new(self.disk.clone()), Box::new(self.tables.clone()));
        let opened = Embedded::open(disk, tables, &SCHEMA, self.store_options.clone());
        let store = match opened {
            Ok(store) => store,
            Err(_) if self.disk.is_off() => {
                self.summary.crashes_in_opening += 1;
                self.crash(true);
                return Ok(());
            }
            Err(Error::DiskFull(_)) => {
                self.disk_failed();
                self.plan(300_000, Event::Restart);
                return Ok(());
            }
            Err(error) => {
                return Err(violated(Check::StoreDoesNotOpen, "it opens", error.to_string()));
            }
        };
        self.opened(Inline::over(store))
    }

    /// What the first block of each file says, for whoever reads the story.
    fn tell_segments(&mut self) {
        let disk = self.disk.clone();
        self.tell(|| {
            let number = |block: &[u8], at: usize| {
                let bytes = block.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
                u64::from_le_bytes(bytes.unwrap_or_default())
            };
            let names = disk.list().unwrap_or_default();
            let lines = names.iter().filter(|name| name.starts_with("log-")).map(|name| {
                let block = disk.content(name).unwrap_or_default();
                let (ordinal, base, first) =
                    (number(&block, 24), number(&block, 32), number(&block, 40));
                format!("{name} ({ordinal}, base {base}) from {first}")
            });
            let lines: Vec<String> = lines.collect();
            format!("found: {}", lines.join(", "))
        });
    }

    fn opened(&mut self, store: Inline) -> Checked {
        self.summary.restarts += 1;
        let opening = store.machine().opening().clone();
        self.summary.commits_recovered += opening.commits;
        self.summary.tails_torn += u64::from(opening.torn.is_some());
        let epoch = store.machine().epoch();
        self.tell(|| format!("opened in epoch {}: {opening:?}", epoch.0));
        ensure(epoch > self.epoch_latest, Check::TwoOwners, "an epoch of its own", || {
            format!("epoch {} after {}", epoch.0, self.epoch_latest.0)
        })?;
        self.epoch_latest = epoch;
        self.compare_acknowledged(&store)?;
        self.compare_rows()?;
        self.compare_ended()?;
        self.compare_events()?;
        let compile = |definition: &motet_types::WorkflowRef, _: &motet_engine::Published| {
            definitions::graph_of(definition)
        };
        let (epoch, recovered) = recover::read(&store, &compile).map_err(|error| {
            violated(Check::StoreDoesNotOpen, "what recovery can read", format!("{error:?}"))
        })?;
        let config = Config {
            limits: self.limits.clone(),
            secret_key: SECRET_KEY,
            epoch,
            snapshot_records: self.snapshot_records,
            fuel_local_max: self.fuel_local_max,
        };
        let mut machine = Machine::new(config).with_sinks(self.sinks.rules());
        machine.handle(self.clock(), Input::Recovered(Box::new(recovered)));
        self.server = Some(Server { machine, store, checked: Vec::new(), before: Vec::new() });
        let life = self.life;
        let after = self.random.between(10_000, 1_500_000);
        self.plan(after, Event::Checkpoint { life, step: 0 });
        self.plan_sweeps();
        self.open_sinks();
        self.open_sources();
        self.register_service()
    }

    /// Hands an input to the machine.
    pub(crate) fn feed(&mut self, input: Input) -> Checked {
        let now = self.clock();
        if let Input::Outcome { id, step, attempt, .. } = &input {
            let (id, step, attempt) = (*id, *step, *attempt);
            self.governed.came_back(id, step, attempt);
            self.mark(u64::from(step.0) << 8 | u64::from(attempt.0));
            self.tell(|| format!("outcome: {id}, step {step}, attempt {attempt}"));
        }
        if let Some(server) = &mut self.server {
            server.machine.handle(now, input);
        }
        Ok(())
    }

    /// Ticks if it is time, lets the outputs out, and checks every instance that has changed.
    pub(crate) fn drive_server(&mut self) -> Checked {
        let now = self.clock();
        let Some(server) = &mut self.server else { return Ok(()) };
        if server.machine.next_due().is_some_and(|due| due <= now) {
            server.machine.handle(now, Input::Tick);
        }
        let outputs = server.machine.flush();
        server.check()?;
        self.check_panics()?;
        for output in outputs {
            if let Some(power) = self.dies_before_output() {
                self.summary.crashes_in_outputs += 1;
                self.crash(power);
                return Ok(());
            }
            self.carry_out(output)?;
        }
        self.take_worker_replies()?;
        self.take_sink_replies();
        self.take_source_replies()?;
        self.take_replies()
    }

    fn carry_out(&mut self, output: Output) -> Checked {
        // Now and then the disk is slow, and much waits for it; in the end it keeps up with what has to be done in time.
        let is_slow = self.random.percent(12) && !self.services.calm;
        let slowest = if is_slow { 500_000 } else { 3_000 };
        let latency = self.random.below(slowest);
        let life = self.life;
        match output {
            Output::Load { id, token } => self.ask(latency, Operation::Load { id, token })?,
            Output::Row(id) => self.ask(latency, Operation::Row(id))?,
            Output::Lookup { shard, key } => self.ask(latency, Operation::Lookup { shard, key })?,
            Output::Scan(scan) => self.ask(latency, Operation::Scan(scan))?,
            Output::ScanJobs { queue, scan } => {
                self.ask(latency, Operation::ScanJobs { queue, scan })?;
            }
            Output::ScanTopic { topic, token, scan } => {
                self.ask(latency, Operation::Topic { topic, token, scan })?;
            }
            Output::ScanTopics(scan) => self.ask(latency, Operation::Topics(scan))?,
            Output::ScanAudit(scan) => self.ask(latency, Operation::Audit(scan))?,
            Output::Commit(commits) => {
                self.tell(|| outline(&commits));
                let operation = Operation::Commit(commits);
                self.plan(latency, Event::Store { life, operation });
            }
            Output::Reply { reply, result, position } => reply(result, position),
            Output::Call(call) => {
                self.tell(|| {
                    let (id, step, attempt) = (call.id, call.step, call.attempt);
                    format!("call leaves: {id}, step {step}, attempt {attempt}")
                });
                self.shadow.may_send(call.id, call.step, call.attempt)?;
                self.governed.leaves(&call)?;
                self.plan(latency, Event::Arrive { life, call });
            }
            // The service has no probes, and no name is asked for.
            Output::Probe(_)
            | Output::Resolve(_)
            | Output::Notice(_)
            | Output::Ended(_)
            | Output::Revised(_) => {}
            Output::Step(step) => self.step_elsewhere(*step),
            Output::Withdraw { id, step, attempt } => {
                self.shadow.may_withdraw(id, step, attempt)?;
            }
            Output::Catalog(_) => {}
            Output::Stop(reason) => {
                self.tell(|| format!("the server stops: {reason}"));
                let power = self.random.percent(50);
                self.crash(power);
            }
        }
        Ok(())
    }

    /// What runs beside the engine thread comes back at once, or when much else has happened.
    fn step_elsewhere(&mut self, step: Step) {
        self.summary.steps_away += 1;
        let stepped = Input::Stepped(Box::new(step.run(&self.limits, &SECRET_KEY)));
        let longest = if self.services.calm { 5_000 } else { 2_000_000 };
        let slowest = *self.random.pick(&[1, 5_000, 5_000, longest]);
        let (after, life) = (self.random.below(slowest), self.life);
        self.plan(after, Event::Input { life, input: stepped });
    }

    /// A read sees the store as it is now or as it is when the answer leaves.
    fn ask(&mut self, latency: u64, operation: Operation) -> Checked {
        let life = self.life;
        if self.random.percent(50) {
            self.plan(latency, Event::Store { life, operation });
            return Ok(());
        }
        let input = self.read(operation)?;
        if let Some(input) = input {
            self.plan(latency, Event::Input { life, input });
        }
        Ok(())
    }

    pub(crate) fn operate(&mut self, operation: Operation) -> Checked {
        match operation {
            Operation::Commit(commits) => self.commit(commits),
            read => match self.read(read)? {
                Some(input) => self.feed(input),
                None => Ok(()),
            },
        }
    }

    fn read(&mut self, operation: Operation) -> Checked<Option<Input>> {
        Ok(match operation {
            Operation::Commit(_) => None,
            Operation::Load { id, token } => {
                self.load(id)?.map(|loaded| Input::Loaded { id, token, loaded })
            }
            Operation::Row(id) => {
                let prefix = vec![Value::Blob(Bytes::copy_from_slice(&id.0))];
                let table = crate::tables::named("instance").id;
                let rows = self.rows(RowScan { table, prefix, after: None, limit: 1 })?;
                rows.map(|rows| Input::Listed { id, row: rows.map(|rows| rows.into_iter().next()) })
            }
            Operation::Audit(scan) => self.rows(scan)?.map(|rows| Input::AuditSwept { rows }),
            Operation::Topics(scan) => self.rows(scan)?.map(|rows| Input::TopicsSwept { rows }),
            Operation::Topic { topic, token, scan } => {
                self.rows(scan)?.map(|rows| Input::TopicRead { topic, token, rows })
            }
            Operation::Lookup { shard, key } => {
                self.summary.lookups += 1;
                let prefix = vec![Value::Int(i64::from(shard.0)), Value::Text(key.clone())];
                let table = crate::tables::named("start").id;
                let rows = self.rows(RowScan { table, prefix, after: None, limit: 1 })?;
                rows.map(|rows| {
                    let row = rows.map(|rows| rows.into_iter().next());
                    Input::Looked { shard, key, row }
                })
            }
            Operation::Scan(scan) => {
                self.summary.sweeps += 1;
                self.rows(scan)?.map(|rows| Input::Swept { rows })
            }
            Operation::ScanJobs { queue, scan } => {
                self.rows(scan)?.map(|rows| Input::JobsRead { queue, rows })
            }
        })
    }

    /// The store's answer about an instance, which shows what is acknowledged; none if there is no server.
    fn load(&mut self, id: InstanceId) -> Checked<Option<Result<Option<Loaded>, ReadError>>> {
        let Some(server) = &self.server else { return Ok(None) };
        self.summary.loads += 1;
        let loaded = server.store.machine().load(&[Entity(id.0)]);
        let loaded = loaded.map(|loaded| loaded.into_iter().next().flatten());
        // Of a group that ended unknown a part may be there; the server that asks is about to stop.
        if let Ok(loaded) = &loaded
            && self.unknown.is_empty()
        {
            self.shadow.check_loaded(Entity(id.0), loaded.as_ref())?;
        }
        Ok(Some(loaded))
    }

    /// The same about a page of rows.
    pub(crate) fn rows(&mut self, scan: RowScan) -> Checked<Option<Result<Vec<Row>, ReadError>>> {
        let Some(server) = &self.server else { return Ok(None) };
        let rows = server.store.machine().rows(scan.clone());
        if let Ok(rows) = &rows
            && self.unknown.is_empty()
        {
            self.shadow.check_scan(&scan, rows)?;
        }
        Ok(Some(rows))
    }

    fn commit(&mut self, commits: Vec<Commit>) -> Checked {
        let Some(server) = &self.server else { return Ok(()) };
        self.summary.groups += 1;
        let bytes: usize = commits.iter().map(Commit::size_bound).sum();
        self.summary.groups_split += u64::from(bytes > self.store_options.frame_bytes_max);
        let result = server.store.machine().commit_group(commits.clone());
        self.mark(commits.len() as u64);
        if self.disk.is_off() {
            self.summary.crashes_in_commit += 1;
            self.unknown = commits;
            self.crash(true);
            return Ok(());
        }
        self.tell(|| match &result {
            Ok(positions) => format!("committed: {positions:?}"),
            Err(error) => format!("not committed: {error}"),
        });
        match result {
            Ok(positions) => {
                self.durable(&commits, &positions)?;
                self.feed(Input::Committed { positions })
            }
            Err(error) => {
                match &error {
                    CommitError::Unknown(_) => {
                        self.summary.groups_unknown += 1;
                        let has_failed =
                            matches!(self.faults.armed, Some(crate::faults::Fault::SyncFails(_)));
                        self.summary.syncs_failed += u64::from(has_failed);
                        self.unknown = commits;
                    }
                    CommitError::DiskFull(_) => self.summary.groups_refused += 1,
                    CommitError::TooLarge { .. }
                    | CommitError::Fenced(_)
                    | CommitError::Malformed(_) => {
                        let expected = "a commit that the store takes";
                        return Err(violated(Check::StateInvariant, expected, error.to_string()));
                    }
                }
                self.disk_failed();
                self.feed(Input::Refused { error })
            }
        }
    }

    /// One step of a checkpoint; between two of them anything may happen.
    pub(crate) fn checkpoint(&mut self, step: u8) -> Checked {
        let Some(server) = &self.server else { return Ok(()) };
        let result = {
            let mut store = server.store.machine();
            match step {
                0 => {
                    store.seal();
                    Ok(())
                }
                1 => store.cover(),
                _ => store.recycle(),
            }
        };
        if self.disk.is_off() {
            self.crash(true);
            return Ok(());
        }
        let next = match result {
            Ok(()) if step == 2 => {
                self.summary.checkpoints += 1;
                0
            }
            Ok(()) => step + 1,
            Err(Error::DiskFull(_)) => {
                self.summary.checkpoints_failed += 1;
                step
            }
            Err(error) => {
                self.tell(|| format!("checkpoint: {error}"));
                self.crash(true);
                return Ok(());
            }
        };
        if next == 0 && self.services.calm {
            return Ok(());
        }
        let life = self.life;
        let pause = match (next, next == step) {
            (0, _) => 1_500_000,
            (_, true) => 1_000_000,
            _ => 60_000,
        };
        let after = self.random.between(1, pause);
        self.plan(after, Event::Checkpoint { life, step: next });
        Ok(())
    }
}

impl Server {
    /// The invariants of every live instance that has changed since the last time.
    fn check(&mut self) -> Checked {
        let Self { machine, checked, before, .. } = self;
        std::mem::swap(checked, before);
        checked.clear();
        for instance in machine.live() {
            let seen = (instance.id, instance.records);
            // Mostly it stands where it stood the last time.
            let is_known = before.get(checked.len()) == Some(&seen) || before.contains(&seen);
            checked.push(seen);
            if is_known {
                continue;
            }
            instance.check().map_err(|what| {
                let expected = "every invariant of an instance";
                violated(Check::StateInvariant, expected, format!("{}: {what}", instance.id))
            })?;
        }
        Ok(())
    }
}

/// The facts of a group, for whoever reads the story.
fn outline(commits: &[Commit]) -> String {
    let mut text = format!("commit of {} handed over:", commits.len());
    for commit in commits {
        let records = motet_journal::decode_records(&commit.records).unwrap_or_default();
        let facts = records.iter().map(|record| {
            let fact = format!("{:?}", record.fact);
            let name = fact.split([' ', '{']).next().unwrap_or_default().to_owned();
            format!("{name}({})", record.step)
        });
        let facts: Vec<String> = facts.collect();
        text += &format!(" [{:?}: {}; {} rows]", commit.entity, facts.join(" "), commit.rows.len());
    }
    text
}
