//! What the random runs have reached: task kind × outcome × crash point, and every way in which a call may be answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use motet_definition::graph::{Graph, Kind as GraphKind};
use motet_engine::{Activity, Fact, Instance, Opening, Record, TimerKind, Work};
use motet_types::StepId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Set,
    Switch,
    Raise,
    Detached,
    Wait,
    Call,
    Job,
    Human,
    Run,
    Do,
    For,
    Fork,
    Race,
    Try,
    Function,
}

impl Kind {
    const ALL: [Self; 15] = [
        Self::Set,
        Self::Switch,
        Self::Raise,
        Self::Detached,
        Self::Wait,
        Self::Call,
        Self::Job,
        Self::Human,
        Self::Run,
        Self::Do,
        Self::For,
        Self::Fork,
        Self::Race,
        Self::Try,
        Self::Function,
    ];

    fn of(kind: &GraphKind) -> Self {
        match kind {
            GraphKind::Set(_) => Self::Set,
            GraphKind::Do(_) => Self::Do,
            GraphKind::Switch(_) => Self::Switch,
            GraphKind::For(_) => Self::For,
            GraphKind::Fork { compete: false, .. } => Self::Fork,
            GraphKind::Fork { compete: true, .. } => Self::Race,
            GraphKind::Try(_) => Self::Try,
            GraphKind::Raise(_) => Self::Raise,
            GraphKind::Wait(_) => Self::Wait,
            GraphKind::Call(_) => Self::Call,
            GraphKind::Function { .. } => Self::Function,
            GraphKind::Run(run) if run.awaited => Self::Run,
            GraphKind::Run(_) => Self::Detached,
            GraphKind::Job(_) => Self::Job,
            GraphKind::Human(_) => Self::Human,
            GraphKind::Emit(_) | GraphKind::Listen(_) => {
                unreachable!(
                    "the generator makes none: scenarios of events run against real topics"
                )
            }
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Completed,
    Failed,
    TimedOut,
    /// Something around it ended it: a caught error, a lost race, `end`, a cancel.
    Dropped,
}

impl Ending {
    const ALL: [Self; 4] = [Self::Completed, Self::Failed, Self::TimedOut, Self::Dropped];
}

/// Where in a step's life the restart came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// Nothing inside it has happened yet.
    Begun,
    /// For an outcome, a timer, or its tasks.
    Waiting,
    /// What it waited for is there, and nothing has followed yet.
    Settled,
    /// Right after its end.
    Ended,
}

impl Point {
    const ALL: [Self; 4] = [Self::Begun, Self::Waiting, Self::Settled, Self::Ended];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Success,
    NotJson,
    ClientError,
    ServerError,
    Busy,
    Connection,
    Silence,
    Timeout,
    Refused,
    Withdrawn,
}

impl Answer {
    const ALL: [Self; 10] = [
        Self::Success,
        Self::NotJson,
        Self::ClientError,
        Self::ServerError,
        Self::Busy,
        Self::Connection,
        Self::Silence,
        Self::Timeout,
        Self::Refused,
        Self::Withdrawn,
    ];

    /// All of them, success more often than the rest.
    pub(super) const OFTEN: [Self; 16] = {
        let mut often = [Self::Success; 16];
        let mut idx = 0;
        while idx < Self::ALL.len() {
            often[idx] = Self::ALL[idx];
            idx += 1;
        }
        often
    };
}

type Cell = (Kind, Ending, Point);

#[derive(Default)]
pub(super) struct Coverage {
    cells: BTreeMap<Cell, usize>,
    answers: BTreeMap<(Answer, bool), usize>,
    /// The present run's open steps, with the points at which it was restarted.
    open: BTreeMap<StepId, (Kind, BTreeSet<Point>)>,
    seed: u64,
}

impl Coverage {
    /// Another run begins.
    pub(super) fn begun(&mut self, seed: u64) {
        self.open.clear();
        self.seed = seed;
    }

    pub(super) fn answered(&mut self, answer: Answer, late: bool) {
        *self.answers.entry((answer, late)).or_default() += 1;
    }

    /// One input has led to these records and this state, and the instance was restarted in it.
    pub(super) fn observe(&mut self, graph: &Graph, records: &[Record], live: &Instance) {
        let mut timed_out = BTreeSet::new();
        for record in records {
            match &record.fact {
                // The undo of a task is no task of its own.
                Fact::Activated { opening: Opening::Undo { .. }, .. } => {}
                Fact::Activated { .. } => {
                    let task = record.task.expect("a task begins");
                    let kind = Kind::of(&graph.vertex(task).kind);
                    self.open.insert(record.step, (kind, BTreeSet::new()));
                }
                Fact::Fired { timer: TimerKind::Timeout } => drop(timed_out.insert(record.step)),
                Fact::Completed { .. } => self.ended(record.step, Ending::Completed),
                Fact::Failed { .. } if timed_out.contains(&record.step) => {
                    self.ended(record.step, Ending::TimedOut);
                }
                Fact::Failed { .. } => self.ended(record.step, Ending::Failed),
                _ => {}
            }
        }
        let gone: Vec<StepId> =
            self.open.keys().filter(|step| !live.steps.contains_key(step)).copied().collect();
        for step in gone {
            self.ended(step, Ending::Dropped);
        }
        for (id, (kind, points)) in &mut self.open {
            points.extend(point(live, *id, *kind));
        }
    }

    /// # Panics
    /// Less than `percent_min` of what can happen has happened: lists what is missing.
    pub(super) fn ensure(&self, percent_min: usize) {
        let (mut reached, mut possible, mut missing) = (0, 0, String::new());
        let mut count = |is_reached: bool, what: String| {
            possible += 1;
            reached += usize::from(is_reached);
            if !is_reached {
                writeln!(missing, "  {what}").expect("a string takes all text");
            }
        };
        for cell in cells() {
            count(self.cells.contains_key(&cell), format!("{cell:?}"));
        }
        for answer in Answer::ALL {
            for late in [false, true] {
                let what = format!("{answer:?}, {}", if late { "late" } else { "awaited" });
                count(self.answers.contains_key(&(answer, late)), what);
            }
        }
        let percent = reached * 100 / possible;
        let summary = format!("{reached} of {possible} cells, {percent} %");
        self.print(&summary, &missing);
        assert!(percent >= percent_min, "coverage is {summary}; missing:\n{missing}");
    }

    #[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "figures for people")]
    fn print(&self, summary: &str, missing: &str) {
        println!("coverage of task kind × ending × crash point: {summary}");
        for (cell, count) in &self.cells {
            println!("  {count:>6} {cell:?}");
        }
        if !missing.is_empty() {
            println!("missing:\n{missing}");
        }
    }

    fn ended(&mut self, step: StepId, ending: Ending) {
        let Some((kind, points)) = self.open.remove(&step) else { return };
        for point in points.into_iter().chain([Point::Ended]) {
            let cell = (kind, ending, point);
            assert!(can_happen(cell), "{cell:?} was thought impossible, seed {}", self.seed);
            *self.cells.entry(cell).or_default() += 1;
        }
    }
}

/// Where an open step stands between two inputs.
fn point(live: &Instance, id: StepId, kind: Kind) -> Option<Point> {
    let step = live.steps.get(&id)?;
    let has_iterated = matches!(step.activity, Activity::Loop { index, .. } if index > 0);
    let is_next = has_iterated && live.work.contains(&Work::Iterate { step: id });
    if is_next || live.work.contains(&Work::Leave { step: id }) {
        return Some(Point::Settled);
    }
    let is_composite = kind >= Kind::Do;
    let has_begun_inside = !step.visits.is_empty()
        || has_iterated
        || matches!(step.activity, Activity::Try { retries, .. } if retries > 0);
    if is_composite && !has_begun_inside { Some(Point::Begun) } else { Some(Point::Waiting) }
}

fn cells() -> impl Iterator<Item = Cell> {
    let kinds = Kind::ALL.into_iter();
    let endings = kinds.flat_map(|kind| Ending::ALL.map(|ending| (kind, ending)));
    let all = endings.flat_map(|(kind, ending)| Point::ALL.map(|point| (kind, ending, point)));
    all.filter(|cell| can_happen(*cell))
}

/// Tasks that take no time are never met by a restart before their end, and those without tasks inside wait at once.
fn can_happen((kind, ending, point): Cell) -> bool {
    match kind {
        Kind::Raise => ending == Ending::Failed && point == Point::Ended,
        Kind::Set | Kind::Switch | Kind::Detached => {
            matches!(ending, Ending::Completed | Ending::Failed) && point == Point::Ended
        }
        Kind::Wait | Kind::Call | Kind::Job | Kind::Human | Kind::Run => point != Point::Begun,
        _ => true,
    }
}
