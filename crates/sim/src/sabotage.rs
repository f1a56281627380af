use motet_store_embedded::Options;

/// A fault built in on purpose, which the checks have to notice. It takes effect only with the feature `sabotage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    AcknowledgeBeforeSync,
    EffectBeforeCommit,
    AttemptCheckOff,
    InboxCheckOff,
    GapForgotten,
    OverlayDroppedAtCheckpoint,
    TimerEarly,
    CallForgotten,
    ForgottenEarly,
    KeyRecomputed,
    StaleSegmentReplayed,
    FailedSyncRetried,
    RecycledBeforeCovered,
    TailNotSynced,
    JobTakenTwice,
    JobForgotten,
    EventDedupeOff,
    LookbackForgotten,
    EventTakenTwice,
    DeliveryBeforeDurable,
    UndoOrderReversed,
    UndoSkipped,
    UndoBeforeSettled,
    UndoTwice,
    MaybeRunForgotten,
    ChildNotUndone,
    ScheduleFiresTwice,
    ScheduleForgotten,
    TurnForgotten,
    RefusedForgotten,
    AuditGoneEarly,
    SetForgotten,
    RoomForgotten,
    LineForgotten,
    LimitIgnored,
}

impl Sabotage {
    /// Every fault.
    pub const ALL: [Self; 35] = [
        Self::AcknowledgeBeforeSync,
        Self::EffectBeforeCommit,
        Self::AttemptCheckOff,
        Self::InboxCheckOff,
        Self::GapForgotten,
        Self::OverlayDroppedAtCheckpoint,
        Self::TimerEarly,
        Self::CallForgotten,
        Self::ForgottenEarly,
        Self::KeyRecomputed,
        Self::StaleSegmentReplayed,
        Self::FailedSyncRetried,
        Self::RecycledBeforeCovered,
        Self::TailNotSynced,
        Self::JobTakenTwice,
        Self::JobForgotten,
        Self::EventDedupeOff,
        Self::LookbackForgotten,
        Self::EventTakenTwice,
        Self::DeliveryBeforeDurable,
        Self::UndoOrderReversed,
        Self::UndoSkipped,
        Self::UndoBeforeSettled,
        Self::UndoTwice,
        Self::MaybeRunForgotten,
        Self::ChildNotUndone,
        Self::ScheduleFiresTwice,
        Self::ScheduleForgotten,
        Self::TurnForgotten,
        Self::RefusedForgotten,
        Self::AuditGoneEarly,
        Self::SetForgotten,
        Self::RoomForgotten,
        Self::LineForgotten,
        Self::LimitIgnored,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeBeforeSync => "acknowledge-before-sync",
            Self::EffectBeforeCommit => "effect-before-commit",
            Self::AttemptCheckOff => "attempt-check-off",
            Self::InboxCheckOff => "inbox-check-off",
            Self::GapForgotten => "gap-forgotten",
            Self::OverlayDroppedAtCheckpoint => "overlay-dropped-at-checkpoint",
            Self::TimerEarly => "timer-early",
            Self::CallForgotten => "call-forgotten",
            Self::ForgottenEarly => "forgotten-early",
            Self::KeyRecomputed => "key-recomputed",
            Self::StaleSegmentReplayed => "stale-segment-replayed",
            Self::FailedSyncRetried => "failed-sync-retried",
            Self::RecycledBeforeCovered => "recycled-before-covered",
            Self::TailNotSynced => "tail-not-synced",
            Self::JobTakenTwice => "job-taken-twice",
            Self::JobForgotten => "job-forgotten",
            Self::EventDedupeOff => "event-dedupe-off",
            Self::LookbackForgotten => "lookback-forgotten",
            Self::EventTakenTwice => "event-taken-twice",
            Self::DeliveryBeforeDurable => "delivery-before-durable",
            Self::UndoOrderReversed => "undo-order-reversed",
            Self::UndoSkipped => "undo-skipped",
            Self::UndoBeforeSettled => "undo-before-settled",
            Self::UndoTwice => "undo-twice",
            Self::MaybeRunForgotten => "maybe-run-forgotten",
            Self::ChildNotUndone => "child-not-undone",
            Self::ScheduleFiresTwice => "schedule-fires-twice",
            Self::ScheduleForgotten => "schedule-forgotten",
            Self::TurnForgotten => "turn-forgotten",
            Self::RefusedForgotten => "refused-forgotten",
            Self::AuditGoneEarly => "audit-gone-early",
            Self::SetForgotten => "set-forgotten",
            Self::RoomForgotten => "room-forgotten",
            Self::LineForgotten => "line-forgotten",
            Self::LimitIgnored => "limit-ignored",
        }
    }

    /// The fault with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// Takes the fault out of this thread when it goes.
pub(crate) struct Installed;

#[cfg(feature = "sabotage")]
pub(crate) fn install(fault: Option<Sabotage>) -> Installed {
    use motet_engine::sabotage as engine;
    use motet_runtime::sabotage as runtime;
    engine::set(match fault {
        Some(Sabotage::AttemptCheckOff) => Some(engine::Sabotage::AttemptCheckOff),
        Some(Sabotage::TimerEarly) => Some(engine::Sabotage::TimerEarly),
        Some(Sabotage::KeyRecomputed) => Some(engine::Sabotage::KeyRecomputed),
        Some(Sabotage::JobTakenTwice) => Some(engine::Sabotage::JobTakenTwice),
        Some(Sabotage::EventDedupeOff) => Some(engine::Sabotage::EventDedupeOff),
        Some(Sabotage::LookbackForgotten) => Some(engine::Sabotage::LookbackForgotten),
        Some(Sabotage::UndoOrderReversed) => Some(engine::Sabotage::UndoOrderReversed),
        Some(Sabotage::UndoSkipped) => Some(engine::Sabotage::UndoSkipped),
        Some(Sabotage::UndoBeforeSettled) => Some(engine::Sabotage::UndoBeforeSettled),
        Some(Sabotage::UndoTwice) => Some(engine::Sabotage::UndoTwice),
        Some(Sabotage::MaybeRunForgotten) => Some(engine::Sabotage::MaybeRunForgotten),
        Some(Sabotage::ChildNotUndone) => Some(engine::Sabotage::ChildNotUndone),
        Some(Sabotage::EventTakenTwice) => Some(engine::Sabotage::EventTakenTwice),
        Some(Sabotage::ScheduleFiresTwice) => Some(engine::Sabotage::ScheduleFiresTwice),
        Some(Sabotage::ScheduleForgotten) => Some(engine::Sabotage::ScheduleForgotten),
        _ => None,
    });
    runtime::set(match fault {
        Some(Sabotage::EffectBeforeCommit) => Some(runtime::Sabotage::EffectBeforeCommit),
        Some(Sabotage::InboxCheckOff) => Some(runtime::Sabotage::InboxCheckOff),
        Some(Sabotage::GapForgotten) => Some(runtime::Sabotage::GapForgotten),
        Some(Sabotage::TimerEarly) => Some(runtime::Sabotage::TimerEarly),
        Some(Sabotage::CallForgotten) => Some(runtime::Sabotage::CallForgotten),
        Some(Sabotage::ForgottenEarly) => Some(runtime::Sabotage::ForgottenEarly),
        Some(Sabotage::JobForgotten) => Some(runtime::Sabotage::JobForgotten),
        Some(Sabotage::DeliveryBeforeDurable) => Some(runtime::Sabotage::DeliveryBeforeDurable),
        Some(Sabotage::ScheduleFiresTwice) => Some(runtime::Sabotage::ScheduleFiresTwice),
        Some(Sabotage::ScheduleForgotten) => Some(runtime::Sabotage::ScheduleForgotten),
        Some(Sabotage::TurnForgotten) => Some(runtime::Sabotage::TurnForgotten),
        Some(Sabotage::RefusedForgotten) => Some(runtime::Sabotage::RefusedForgotten),
        Some(Sabotage::AuditGoneEarly) => Some(runtime::Sabotage::AuditGoneEarly),
        Some(Sabotage::SetForgotten) => Some(runtime::Sabotage::SetForgotten),
        Some(Sabotage::RoomForgotten) => Some(runtime::Sabotage::RoomForgotten),
        Some(Sabotage::LineForgotten) => Some(runtime::Sabotage::LineForgotten),
        Some(Sabotage::LimitIgnored) => Some(runtime::Sabotage::LimitIgnored),
        _ => None,
    });
    Installed
}

#[cfg(feature = "sabotage")]
impl Drop for Installed {
    fn drop(&mut self) {
        motet_engine::sabotage::set(None);
        motet_runtime::sabotage::set(None);
    }
}

#[cfg(feature = "sabotage")]
pub(crate) fn into_store(fault: Option<Sabotage>, options: &mut Options) {
    use motet_store_embedded::Sabotage as Store;
    options.sabotage = match fault {
        Some(Sabotage::AcknowledgeBeforeSync) => Some(Store::AcknowledgeBeforeSync),
        Some(Sabotage::OverlayDroppedAtCheckpoint) => Some(Store::OverlayDroppedAtCheckpoint),
        Some(Sabotage::StaleSegmentReplayed) => Some(Store::StaleSegmentReplayed),
        Some(Sabotage::FailedSyncRetried) => Some(Store::FailedSyncRetried),
        Some(Sabotage::RecycledBeforeCovered) => Some(Store::RecycledBeforeCovered),
        Some(Sabotage::TailNotSynced) => Some(Store::TailNotSynced),
        _ => None,
    };
}

#[cfg(not(feature = "sabotage"))]
pub(crate) fn install(_: Option<Sabotage>) -> Installed {
    Installed
}

#[cfg(not(feature = "sabotage"))]
pub(crate) fn into_store(_: Option<Sabotage>, _: &mut Options) {}
