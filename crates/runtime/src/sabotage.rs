//! Faults to build in on purpose, so that the simulator can show that it would notice. Without the feature `sabotage`
//! none ever takes effect.

/// A fault of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Calls leave when they are computed.
    EffectBeforeCommit,
    /// A message is taken whatever was taken before it.
    InboxCheckOff,
    /// A message that comes before the one ahead of it does not set out again.
    GapForgotten,
    /// Instances are woken seconds before their timers are due.
    TimerEarly,
    /// What is in flight is not sent again after a recovery.
    CallForgotten,
    /// Ended instances are forgotten before their time.
    ForgottenEarly,
    /// Jobs that wait are not looked for after a recovery.
    JobForgotten,
    /// A published event is acknowledged when it is computed.
    DeliveryBeforeDurable,
    /// It is not made durable that a schedule has fired.
    ScheduleFiresTwice,
    /// Schedules are not looked at after a recovery.
    ScheduleForgotten,
    /// It is not made durable who holds a concurrency key.
    TurnForgotten,
    /// Events that a sink refuses are not kept.
    RefusedForgotten,
    /// Entries of the audit go whenever it is looked at.
    AuditGoneEarly,
    /// It is not made durable which events were gathered for a start.
    SetForgotten,
    /// It is not made durable who has a place under a limit.
    RoomForgotten,
    /// Calls that find their service away do not stand in its line.
    LineForgotten,
    /// More calls leave for a service than it stands.
    LimitIgnored,
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
