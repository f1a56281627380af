//! Faults to build in on purpose, so that the simulator can show that it would notice. Without the feature `sabotage`
//! none ever takes effect.

use motet_types::Timestamp;

/// A fault of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// An outcome is taken whatever attempt it is of.
    AttemptCheckOff,
    /// Timers fire seconds before they are due.
    TimerEarly,
    /// A call that is sent again gets another key.
    KeyRecomputed,
    /// A job's completion is taken whatever attempt it is of, and again when it was taken.
    JobTakenTwice,
    /// An event that comes again is taken again.
    EventDedupeOff,
    /// A listen that comes late does not get what was kept for it.
    LookbackForgotten,
    /// A listen gets an event that an earlier one took.
    EventTakenTwice,
    /// The id of a scheduled instance does not follow from its nominal time.
    ScheduleFiresTwice,
    /// A pause does not take up what came due before.
    ScheduleForgotten,
    /// What was done first is undone first.
    UndoOrderReversed,
    /// An undo counts as done without its tasks.
    UndoSkipped,
    /// An undo does not wait for calls whose outcome is open.
    UndoBeforeSettled,
    /// What is undone is undone once more.
    UndoTwice,
    /// A call that may have been carried out counts as not carried out.
    MaybeRunForgotten,
    /// A completed child counts as undone without being asked.
    ChildNotUndone,
}

#[cfg(feature = "sabotage")]
thread_local! {
    static FAULT: std::cell::Cell<Option<Sabotage>> = const { std::cell::Cell::new(None) };
}

/// Builds a fault into this thread, or takes it out.
#[cfg(feature = "sabotage")]
pub fn set(fault: Option<Sabotage>) {
    FAULT.set(fault);
}

#[cfg(feature = "sabotage")]
pub(crate) fn is(fault: Sabotage) -> bool {
    FAULT.get() == Some(fault)
}

#[cfg(not(feature = "sabotage"))]
pub(crate) fn is(_: Sabotage) -> bool {
    false
}

/// Up to when timers count as due.
pub(crate) fn due_by(now: Timestamp) -> Timestamp {
    match is(Sabotage::TimerEarly) {
        true => now.saturating_add(std::time::Duration::from_secs(3)),
        false => now,
    }
}

/// The key under which a call goes out again.
pub(crate) fn key(key: &str, now: Timestamp) -> String {
    match is(Sabotage::KeyRecomputed) {
        true => format!("{key}-{}", now.as_micros()),
        false => key.to_owned(),
    }
}
