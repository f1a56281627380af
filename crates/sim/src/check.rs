use std::fmt;

/// What must never happen, in the words of the storage rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    CommandLost,
    EffectBeforeDurable,
    TwoOwners,
    OutcomeAppliedTwice,
    KeyNotUnique,
    TimerWrong,
    HistoryChanged,
    ReadWrong,
    ViewDisagrees,
    MessageTwiceOrLost,
    EventTwiceOrLost,
    CallForgotten,
    CallRepeated,
    JobForgotten,
    ScheduleWrong,
    OutletWrong,
    VersionWrong,
    AuditWrong,
    KeyHeldTwice,
    RoomExceeded,
    LimitExceeded,
    NeverEnds,
    SagaHalfDone,
    UndoneTwice,
    UndoOutOfOrder,
    UndoTooEarly,
    StateInvariant,
    RebuildDiffers,
    ForgottenWrongly,
    StoreDoesNotOpen,
    Panicked,
    TooTame,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLost => "an acknowledged command lost",
            Self::EffectBeforeDurable => "an effect released before it is durable",
            Self::TwoOwners => "two owners in one epoch",
            Self::OutcomeAppliedTwice => "one attempt's outcome applied twice",
            Self::KeyNotUnique => "two keys for one logical call, or one key for two",
            Self::TimerWrong => "a timer early, lost or fired twice",
            Self::HistoryChanged => "an acknowledged history changing",
            Self::ReadWrong => "a read that does not show what is acknowledged",
            Self::ViewDisagrees => "a view that disagrees with the histories",
            Self::MessageTwiceOrLost => "a message taken twice or lost",
            Self::EventTwiceOrLost => "an event taken twice or lost",
            Self::CallForgotten => "a parked call forgotten",
            Self::CallRepeated => "a call repeated that must not be",
            Self::JobForgotten => "a job forgotten",
            Self::ScheduleWrong => "a nominal time without its one start",
            Self::OutletWrong => {
                "a message of a source or an event for a sink lost, or out of order"
            }
            Self::VersionWrong => "an instance of a version that was not in force",
            Self::AuditWrong => "an entry of the audit missing, or kept too long",
            Self::RoomExceeded => "more instances at once than a limit allows",
            Self::LimitExceeded => "more calls on their way to a service than it stands",
            Self::KeyHeldTwice => "a concurrency key held twice, or by nobody",
            Self::NeverEnds => "an instance that never ends",
            Self::SagaHalfDone => "a saga neither done nor undone",
            Self::UndoneTwice => "something undone twice",
            Self::UndoOutOfOrder => "an undo out of order",
            Self::UndoTooEarly => "an undo before its call is settled",
            Self::StateInvariant => "a state that breaks an invariant",
            Self::RebuildDiffers => "a live instance that differs from its rebuild",
            Self::ForgottenWrongly => "a history forgotten too early, or kept too long",
            Self::StoreDoesNotOpen => "a store that does not open",
            Self::Panicked => "a panic",
            Self::TooTame => "a seed in which too little goes wrong",
        })
    }
}

/// One of those things happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub check: Check,
    pub expected: String,
    pub seen: String,
}

/// What a check gives; the violation is boxed because there is at most one of it.
pub(crate) type Checked<T = ()> = Result<T, Box<Violation>>;

/// Fails the check unless `holds`; the texts are made only then.
pub(crate) fn ensure(
    holds: bool,
    check: Check,
    expected: &str,
    seen: impl FnOnce() -> String,
) -> Checked {
    if holds { Ok(()) } else { Err(violated(check, expected, seen())) }
}

pub(crate) fn violated(check: Check, expected: &str, seen: impl Into<String>) -> Box<Violation> {
    Box::new(Violation { check, expected: expected.to_owned(), seen: seen.into() })
}

/// A seed under which a check failed.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub sabotage: Option<&'static str>,
    pub violation: Violation,
    /// The last events before it, oldest first.
    pub events: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { check, expected, seen } = &self.violation;
        writeln!(f, "seed {}: {check}", self.seed)?;
        writeln!(f, "  expected: {expected}")?;
        writeln!(f, "  seen:     {seen}")?;
        writeln!(f, "the last {} events:", self.events.len())?;
        for event in &self.events {
            writeln!(f, "  {event}")?;
        }
        write!(f, "again: cargo run -p motet-sim --release ")?;
        match self.sabotage {
            None => write!(f, "-- --seed {}", self.seed),
            Some(name) => {
                write!(f, "--features sabotage -- --seed {} --sabotage {name}", self.seed)
            }
        }
    }
}
