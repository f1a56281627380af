//! One run: two instances get the same inputs, one of them is thrown away and rebuilt from the journal after each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_engine::secret::SecretKey;
use motet_engine::{
    Activity, Assignment, CallState, Catalog, Context, End, ErrorKind, Input, Instance, JobCommand,
    Outcome, Record, Rejection, SEMANTICS, Start, WorkflowError, begin, step,
};
use motet_types::{Attempt, InstanceId, Limits, ShardId, StepId, Timestamp};

use super::coverage::{Answer, Coverage};
use super::generate;
use super::random::Random;
use crate::harness::{catalog, compile, epoch, response, value};

/// Inputs after which a run is brought to its end.
const INPUTS_MAX: usize = 90;
const RETRIES_MAX: usize = 3;
const SECRET_KEY: SecretKey = SecretKey([1; 32]);

pub(super) struct Run {
    random: Random,
    graph: Graph,
    catalog: Catalog,
    limits: Limits,
    now: Timestamp,
    live: Instance,
    restarted: Instance,
    /// What is on disk: a chunk of encoded records an input, and the last snapshot with the chunks that it covers.
    journal: Vec<Vec<u8>>,
    snapshot: Option<(usize, Vec<u8>)>,
    answered: Vec<(StepId, Attempt)>,
    inputs: usize,
    retries: usize,
    reproduce: Reproduce,
}

impl Run {
    pub(super) fn begin(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let document = generate::document(&mut random);
        let limits = Limits {
            steps_max: 120,
            step_records_max: *random.of(&[1, 1, 1, 2, 3, 5, 256]),
            ..Limits::default()
        };
        let reproduce = Reproduce { seed, document };
        let graph = compile(&reproduce.document, &limits);
        let catalog = catalog(&["test/child:1.0.0"]);
        let input = random.of(&["null", r#"{"n":1}"#, r#"{"items":["x","y"]}"#, "7"]);
        let start = Start {
            definition: graph.definition.clone(),
            digest: graph.digest,
            semantics: SEMANTICS,
            input: value(input),
            start_key: format!("client/{seed}"),
            parent: None,
            business_key: None,
            attributes: Vec::new(),
            schedule: None,
            concurrency_key: None,
            lines: Vec::new(),
        };
        let id = InstanceId::new(epoch(), ShardId(1), seed);
        let context = Context {
            graph: &graph,
            catalog: &catalog,
            now: epoch(),
            limits: &limits,
            secret_key: &SECRET_KEY,
            undoable: &|_| true,
            place: &|_, _| None,
        };
        let (live, records) = begin(&context, id, start);
        let mut run = Self {
            random,
            graph,
            catalog,
            limits,
            now: epoch(),
            restarted: live.clone(),
            live,
            journal: Vec::new(),
            snapshot: None,
            answered: Vec::new(),
            inputs: 0,
            retries: 0,
            reproduce,
        };
        run.restart(&records);
        run
    }

    /// Gives one input; false once the run is over.
    pub(super) fn advance(&mut self, coverage: &mut Coverage) -> bool {
        if self.inputs == 0 {
            coverage.begun(self.reproduce.seed);
            coverage.observe(&self.graph, &self.records(), &self.live);
        }
        self.inputs += 1;
        let Some(input) = self.choose(coverage) else { return false };
        if let Some(records) = self.feed(&input) {
            coverage.observe(&self.graph, &records, &self.live);
        }
        true
    }

    pub(super) fn live(&self) -> &Instance {
        &self.live
    }

    /// Everything that is in the journal.
    pub(super) fn records(&self) -> Vec<Record> {
        self.journal.iter().flat_map(|chunk| decode(chunk)).collect()
    }

    fn feed(&mut self, input: &Input) -> Option<Vec<Record>> {
        let context = Context {
            graph: &self.graph,
            catalog: &self.catalog,
            now: self.now,
            limits: &self.limits,
            secret_key: &SECRET_KEY,
            undoable: &|_| true,
            place: &|_, _| None,
        };
        let before = self.live.clone();
        let lived_on = step(&context, &mut self.live, input.clone());
        let rebuilt = step(&context, &mut self.restarted, input.clone());
        assert_eq!(lived_on, rebuilt, "the two differ about {input:?}");
        match lived_on {
            Ok(records) => {
                assert!(!records.is_empty(), "{input:?} was taken and left no record");
                self.restart(&records);
                Some(records)
            }
            Err(rejection) => {
                assert_eq!(self.live, before, "{input:?} was rejected and changed something");
                self.expect_rejected(input, &rejection);
                None
            }
        }
    }

    /// Only what is late, doubled, early or does not fit the status is rejected.
    fn expect_rejected(&self, input: &Input, rejection: &Rejection) {
        let expected = match input {
            Input::Outcome { step, attempt, .. } => self.answered.contains(&(*step, *attempt)),
            Input::Doubt { .. } => true,
            Input::Job { step, attempt: Some(attempt), .. } => {
                let is_present = |job: &(StepId, Attempt, _)| job.0 == *step && job.1 == *attempt;
                !self.open_jobs().iter().any(is_present)
            }
            Input::TimersDue => self.live.next_due().is_none_or(|due| due > self.now),
            Input::Retry | Input::Cancel { .. } => matches!(rejection, Rejection::Conflict { .. }),
            _ => false,
        };
        assert!(expected, "{input:?} was rejected: {rejection}");
    }

    /// Throws the second instance away and rebuilds it from what is on disk.
    fn restart(&mut self, records: &[Record]) {
        let mut chunk = Vec::new();
        motet_journal::encode_records(records, &mut chunk);
        assert_eq!(decode(&chunk), records, "the journal changes records");
        self.journal.push(chunk);
        let (mut rebuilt, covered) = match &self.snapshot {
            Some((covered, snapshot)) => {
                let instance = motet_journal::decode_instance(snapshot).expect("we wrote it");
                (instance, *covered)
            }
            None => (Instance::blank(self.live.id, Arc::clone(&self.live.start)), 0),
        };
        for chunk in &self.journal[covered..] {
            for record in decode(chunk) {
                rebuilt.apply(&record);
                rebuilt.check().unwrap_or_else(|broken| panic!("{broken}\nafter {record:?}"));
            }
        }
        rebuilt.check_at_rest().unwrap_or_else(|broken| panic!("{broken}"));
        assert_eq!(rebuilt, self.live, "what was rebuilt differs from what lived on");
        self.restarted = rebuilt;
        if self.random.percent(30) {
            let mut snapshot = Vec::new();
            motet_journal::encode_instance(&self.live, &mut snapshot);
            let again = motet_journal::decode_instance(&snapshot).expect("we wrote it");
            assert_eq!(again, self.live, "the snapshot differs");
            let history = self.random.percent(30);
            self.snapshot = (!history).then_some((self.journal.len(), snapshot));
        }
    }

    /// The next input, as likely as it is interesting; `None` when nothing is left to be done.
    fn choose(&mut self, coverage: &mut Coverage) -> Option<Input> {
        let is_over = self.live.end.is_some();
        let tired = self.inputs > INPUTS_MAX;
        if tired && !is_over {
            return Some(Input::Cancel {
                reason: Some("enough".to_owned()),
                force: true,
                without_undo: true,
            });
        }
        let faulted = matches!(self.live.end, Some(End::Faulted { .. }));
        let may_retry =
            !tired && self.retries < RETRIES_MAX && (faulted || !self.live.incidents.is_empty());
        let weights = [
            (Choice::Answer, 30 * usize::from(!self.in_flight().is_empty())),
            (Choice::Job, 20 * usize::from(!self.open_jobs().is_empty())),
            (Choice::Late, 12 * usize::from(!self.live.abandoned.is_empty())),
            (Choice::Child, 25 * usize::from(!self.awaited().is_empty())),
            (Choice::Doubt, 3 * usize::from(!self.in_flight().is_empty())),
            (Choice::LateChild, 12 * usize::from(!self.cancelled_children().is_empty())),
            (Choice::Undone, 25 * usize::from(!self.asked_children().is_empty() && !is_over)),
            (Choice::Time, 22 * usize::from(self.live.next_due().is_some())),
            (Choice::Continue, 70 * usize::from(self.live.has_work())),
            (Choice::Again, 3 * usize::from(!self.answered.is_empty() && !is_over)),
            (Choice::Early, 2 * usize::from(!is_over)),
            (Choice::Suspend, 4 * usize::from(!is_over && !self.live.suspended)),
            (Choice::Resume, 25 * usize::from(self.live.suspended && !is_over)),
            (Choice::Retry, 30 * usize::from(may_retry)),
            (Choice::Panic, usize::from(!is_over)),
            (Choice::Cancel, 2 * usize::from(!is_over)),
            (Choice::Stop, 6 * usize::from(is_over)),
        ];
        let picked = weights[self.random.weighted(weights.iter().map(|(_, weight)| *weight))].0;
        self.input(picked, coverage)
    }

    fn input(&mut self, choice: Choice, coverage: &mut Coverage) -> Option<Input> {
        let input = match choice {
            Choice::Answer => {
                let call = *self.random.of(&self.in_flight());
                self.outcome(call, false, coverage)
            }
            Choice::Job => self.work(),
            Choice::Late => {
                let abandoned: Vec<_> = self.live.abandoned.iter().copied().collect();
                let call = *self.random.of(&abandoned);
                self.outcome(call, true, coverage)
            }
            Choice::Again => {
                let (step, attempt) = *self.random.of(&self.answered);
                let (_, outcome) = self.any_outcome();
                Input::Outcome { step, attempt, outcome }
            }
            Choice::Child => {
                let (step, child) = *self.random.of(&self.awaited());
                let failed = WorkflowError::new(ErrorKind::Runtime, "the child failed", "");
                let undoable = self.random.percent(50);
                let result = match self.random.percent(65) {
                    true => Ok(value(r#"{"n":5}"#)),
                    false => Err(Box::new(failed)),
                };
                Input::ChildEnded { step, child, result, undoable }
            }
            Choice::Doubt => {
                let (step, attempt) = *self.random.of(&self.in_flight());
                Input::Doubt { step, attempt }
            }
            Choice::LateChild => {
                let step = *self.random.of(&self.cancelled_children());
                let failed = WorkflowError::new(ErrorKind::Runtime, "it was cancelled", "");
                let undoable = self.random.percent(50);
                let result = match self.random.percent(50) {
                    true => Ok(value(r#"{"n":6}"#)),
                    false => Err(Box::new(failed)),
                };
                Input::ChildEnded { step, child: self.live.id, result, undoable }
            }
            Choice::Undone => {
                let (step, child) = *self.random.of(&self.asked_children());
                let failed = WorkflowError::new(ErrorKind::Runtime, "it is gone", "");
                let error = self.random.percent(20).then(|| Box::new(failed));
                Input::ChildUndone { step, child, error }
            }
            Choice::Time => {
                let due = self.live.next_due().unwrap_or(self.now);
                let late = Duration::from_millis(*self.random.of(&[0, 0, 1, 1_500]));
                self.now = self.now.max(due.saturating_add(late));
                Input::TimersDue
            }
            Choice::Panic => self.defect(),
            Choice::Early => Input::TimersDue,
            Choice::Continue => Input::Continue,
            Choice::Suspend => Input::Suspend { reason: None },
            Choice::Resume => Input::Resume,
            Choice::Retry => {
                self.retries += 1;
                Input::Retry
            }
            Choice::Cancel => Input::Cancel {
                reason: None,
                force: self.random.percent(30),
                without_undo: self.random.percent(10),
            },
            Choice::Stop => return None,
        };
        self.now = self.now.saturating_add(Duration::from_millis(self.random.next() % 300));
        Some(input)
    }

    fn outcome(
        &mut self,
        (step, attempt): (StepId, Attempt),
        late: bool,
        coverage: &mut Coverage,
    ) -> Input {
        let (answer, outcome) = self.any_outcome();
        coverage.answered(answer, late);
        self.answered.push((step, attempt));
        Input::Outcome { step, attempt, outcome }
    }

    /// Some input that the shell could not feed, because the engine had a defect.
    fn defect(&mut self) -> Input {
        let (_, outcome) = self.any_outcome();
        let input = match self.in_flight().first() {
            Some((step, attempt)) => Input::Outcome { step: *step, attempt: *attempt, outcome },
            None => self.random.of(&[Input::TimersDue, Input::Retry, Input::Continue]).clone(),
        };
        Input::Panicked { message: "a bug".to_owned(), input: Box::new(input) }
    }

    fn any_outcome(&mut self) -> (Answer, Outcome) {
        let failed = |maybe_run, timed_out| Outcome::Failed {
            maybe_run,
            timed_out,
            message: "broken".to_owned(),
        };
        let answer = *self.random.of(&Answer::OFTEN);
        let outcome = match answer {
            Answer::Success => Outcome::Response(response(200, r#"{"n":4,"items":["i"]}"#)),
            Answer::NotJson => Outcome::Response(response(200, "content-type: text/plain | hi")),
            Answer::ClientError => Outcome::Response(response(404, r#"{"no":"such"}"#)),
            Answer::ServerError => Outcome::Response(response(500, "")),
            Answer::Busy => Outcome::Response(response(503, "")),
            Answer::Connection => failed(false, false),
            Answer::Silence => failed(true, false),
            Answer::Timeout => failed(true, true),
            Answer::Refused => {
                let error = WorkflowError::new(ErrorKind::Authorization, "no secret", "pin");
                Outcome::Refused { error: Box::new(error) }
            }
            Answer::Withdrawn => Outcome::Withdrawn,
        };
        (answer, outcome)
    }

    fn in_flight(&self) -> Vec<(StepId, Attempt)> {
        motet_engine::outstanding(&self.live, self.now)
            .into_iter()
            .filter_map(|effect| match effect {
                motet_engine::Effect::Call { step, attempt, .. } => Some((step, attempt)),
                _ => None,
            })
            .collect()
    }

    /// Steps whose child was let go and has not answered.
    fn cancelled_children(&self) -> Vec<StepId> {
        let open = self.live.undo.values().flat_map(|entry| &entry.open);
        open.filter(|(_, attempt)| *attempt == Attempt(0)).map(|(step, _)| *step).collect()
    }

    /// Undo steps that wait for a child.
    fn asked_children(&self) -> Vec<(StepId, InstanceId)> {
        let waiting = self.live.steps.iter().filter(|(_, step)| step.result.is_none());
        waiting
            .filter_map(|(id, step)| match step.activity {
                Activity::Undo { child: Some(child), .. } => Some((*id, child)),
                _ => None,
            })
            .collect()
    }

    /// What a worker does with a job, or a person with a task; some hold an attempt that is over, or never was.
    fn work(&mut self) -> Input {
        let (step, attempt, task) = self.random.of(&self.open_jobs()).clone();
        let wrong = self.random.percent(8).then(|| Attempt(attempt.0 + 1));
        let attempt = Some(wrong.unwrap_or(attempt));
        let output = value(r#"{"n":4,"items":["i"]}"#);
        let command = match (task, self.random.below(10)) {
            (None, 0..6) => JobCommand::Complete { output, by: None },
            (None, roll) => {
                let error = WorkflowError::new(ErrorKind::Runtime, "the worker failed", "");
                let retries = if roll < 8 { 2 } else { 0 };
                JobCommand::Fail { error: Box::new(error), retries, backoff: None, by: None }
            }
            (Some(task), roll) => {
                let by = task.claimant.clone().or(task.assignee).unwrap_or("ada".to_owned());
                match (roll, task.claimant) {
                    (0..5, _) => JobCommand::Complete { output, by: Some(by) },
                    (5..7, _) => JobCommand::Reassign {
                        assignee: (roll == 5).then(|| "bob".to_owned()),
                        groups: vec!["clerks".to_owned()],
                        due: None,
                        by: Some(by),
                    },
                    (_, None) => JobCommand::Claim { by },
                    (_, Some(_)) => JobCommand::Unclaim { by },
                }
            }
        };
        Input::Job { step, attempt, command }
    }

    /// Jobs that somebody may do, with whose task each is.
    fn open_jobs(&self) -> Vec<(StepId, Attempt, Option<Assignment>)> {
        let is_over = self.live.end.is_some();
        let steps = self.live.steps.iter().filter(|_| !is_over);
        let jobs = steps.filter_map(|(id, step)| match &step.activity {
            Activity::Job { attempt, state: CallState::InFlight, assignment, .. } => {
                Some((*id, *attempt, assignment.as_deref().cloned()))
            }
            _ => None,
        });
        jobs.collect()
    }

    fn awaited(&self) -> Vec<(StepId, InstanceId)> {
        let is_over = self.live.end.is_some();
        let steps = self.live.steps.iter().filter(|(_, step)| !is_over && step.result.is_none());
        let children = steps.filter_map(|(id, step)| match &step.activity {
            Activity::Child(child) => Some((*id, child.id)),
            _ => None,
        });
        let unique: BTreeSet<_> = children.collect();
        unique.into_iter().collect()
    }
}

#[derive(Clone, Copy)]
enum Choice {
    Answer,
    Job,
    Late,
    Again,
    Child,
    LateChild,
    Doubt,
    Undone,
    Time,
    Early,
    Panic,
    Continue,
    Suspend,
    Resume,
    Retry,
    Cancel,
    Stop,
}

/// Says how to repeat a run that panics.
struct Reproduce {
    seed: u64,
    document: String,
}

impl Drop for Reproduce {
    #[expect(clippy::disallowed_macros, reason = "a person has to repeat a failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("document: {}", self.document);
            eprintln!("again: MOTET_SEED={} cargo test -p motet-engine recovery", self.seed);
        }
    }
}

fn decode(chunk: &[u8]) -> Vec<Record> {
    motet_journal::decode_records(chunk).expect("we wrote it")
}
