//! Every fault that is built in on purpose is noticed.
//!
//! `cargo test -p motet-sim --features sabotage`
#![cfg(feature = "sabotage")]

use motet_sim::{Check, Sabotage, run_all};

/// Seeds within which each fault must be caught.
const SEEDS_MAX: u64 = 2_000;

/// What a store shows that has lost what it acknowledged: the end of its log is missing, or, where later frames survived what
/// was lost before them, its log has a hole, and then it refuses to open.
const LOST: &[Check] = &[Check::CommandLost, Check::StoreDoesNotOpen];

/// The checks that are meant to catch each fault: whatever else fails first is a weakness of the simulator.
const EXPECTED: [(Sabotage, &[Check]); 35] = [
    (Sabotage::AcknowledgeBeforeSync, LOST),
    (Sabotage::EffectBeforeCommit, &[Check::EffectBeforeDurable]),
    (Sabotage::AttemptCheckOff, &[Check::OutcomeAppliedTwice]),
    // A message taken twice may be a start by an event, and one that is lost an event.
    (Sabotage::InboxCheckOff, &[Check::MessageTwiceOrLost, Check::ScheduleWrong]),
    (Sabotage::GapForgotten, &[Check::MessageTwiceOrLost, Check::EventTwiceOrLost]),
    (Sabotage::OverlayDroppedAtCheckpoint, &[Check::ReadWrong]),
    (Sabotage::TimerEarly, &[Check::TimerWrong]),
    (Sabotage::CallForgotten, &[Check::CallForgotten]),
    (Sabotage::ForgottenEarly, &[Check::ForgottenWrongly]),
    (Sabotage::KeyRecomputed, &[Check::KeyNotUnique]),
    (Sabotage::StaleSegmentReplayed, &[Check::HistoryChanged]),
    (Sabotage::FailedSyncRetried, LOST),
    (Sabotage::RecycledBeforeCovered, LOST),
    (Sabotage::TailNotSynced, LOST),
    (Sabotage::JobTakenTwice, &[Check::OutcomeAppliedTwice]),
    (Sabotage::JobForgotten, &[Check::JobForgotten]),
    (Sabotage::EventDedupeOff, &[Check::EventTwiceOrLost]),
    (Sabotage::LookbackForgotten, &[Check::EventTwiceOrLost]),
    (Sabotage::EventTakenTwice, &[Check::EventTwiceOrLost]),
    (Sabotage::DeliveryBeforeDurable, &[Check::EffectBeforeDurable]),
    (Sabotage::UndoOrderReversed, &[Check::UndoOutOfOrder]),
    (Sabotage::UndoSkipped, &[Check::SagaHalfDone]),
    (Sabotage::UndoBeforeSettled, &[Check::UndoTooEarly]),
    (Sabotage::UndoTwice, &[Check::UndoneTwice]),
    (Sabotage::MaybeRunForgotten, &[Check::SagaHalfDone]),
    (Sabotage::ChildNotUndone, &[Check::SagaHalfDone]),
    (Sabotage::ScheduleFiresTwice, &[Check::ScheduleWrong]),
    (Sabotage::ScheduleForgotten, &[Check::ScheduleWrong]),
    (Sabotage::TurnForgotten, &[Check::KeyHeldTwice]),
    (Sabotage::RefusedForgotten, &[Check::OutletWrong]),
    (Sabotage::AuditGoneEarly, &[Check::AuditWrong]),
    (Sabotage::SetForgotten, &[Check::ScheduleWrong]),
    (Sabotage::RoomForgotten, &[Check::RoomExceeded]),
    (Sabotage::LineForgotten, &[Check::NeverEnds, Check::CallForgotten]),
    (Sabotage::LimitIgnored, &[Check::LimitExceeded]),
];

#[test]
fn every_built_in_fault_is_caught() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    for (fault, expected) in EXPECTED {
        match run_all(0..SEEDS_MAX, 2, Some(fault)) {
            Ok(_) => missed.push(format!("{} is not caught", fault.name())),
            Err(failure) => {
                let check = failure.violation.check;
                println!(
                    "{:<32} caught after {:>4} seeds: {check}",
                    fault.name(),
                    failure.seed + 1
                );
                if !expected.contains(&check) {
                    missed.push(format!("{} is caught by another check: {failure}", fault.name()));
                }
            }
        }
    }
    drop(std::panic::take_hook());
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_list_is_whole() {
    assert_eq!(EXPECTED.map(|(fault, _)| fault), Sabotage::ALL);
}
