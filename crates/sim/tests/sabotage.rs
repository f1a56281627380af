//! Every fault that is built in on purpose is noticed.
//!
//! `cargo test -p motet-sim --features sabotage`
#![cfg(feature = "sabotage")]

use motet_sim::{Check, Sabotage, run_all};

/// Seeds within which each fault must be caught.
const SEEDS_MAX: u64 = 2_000;

/// The checks that may catch each fault: whatever else fails is a weakness of the simulator.
const EXPECTED: [(Sabotage, &[Check]); 25] = [
    (
        Sabotage::AcknowledgeBeforeSync,
        &[Check::CommandLost, Check::HistoryChanged, Check::StoreDoesNotOpen],
    ),
    (Sabotage::EffectBeforeCommit, &[Check::EffectBeforeDurable]),
    (Sabotage::AttemptCheckOff, &[Check::OutcomeAppliedTwice]),
    (Sabotage::InboxCheckOff, &[Check::MessageTwiceOrLost]),
    (Sabotage::GapForgotten, &[Check::MessageTwiceOrLost]),
    (
        Sabotage::OverlayDroppedAtCheckpoint,
        &[
            Check::CommandLost,
            Check::HistoryChanged,
            Check::TimerWrong,
            Check::CallForgotten,
            Check::RebuildDiffers,
            Check::EventTwiceOrLost,
        ],
    ),
    (Sabotage::TimerEarly, &[Check::TimerWrong]),
    (Sabotage::CallForgotten, &[Check::CallForgotten]),
    (Sabotage::ForgottenEarly, &[Check::ForgottenWrongly]),
    (Sabotage::KeyRecomputed, &[Check::KeyNotUnique]),
    (Sabotage::StaleSegmentReplayed, &[Check::CommandLost, Check::HistoryChanged]),
    (
        Sabotage::FailedSyncRetried,
        // An event is acknowledged like a command, and lost like one.
        &[
            Check::CommandLost,
            Check::HistoryChanged,
            Check::StoreDoesNotOpen,
            Check::EventTwiceOrLost,
        ],
    ),
    (Sabotage::RecycledBeforeCovered, &[Check::CommandLost, Check::StoreDoesNotOpen]),
    (
        Sabotage::TailNotSynced,
        &[Check::CommandLost, Check::StoreDoesNotOpen, Check::EventTwiceOrLost],
    ),
    (Sabotage::JobTakenTwice, &[Check::OutcomeAppliedTwice]),
    (Sabotage::JobForgotten, &[Check::JobForgotten]),
    (Sabotage::EventDedupeOff, &[Check::EventTwiceOrLost]),
    (Sabotage::LookbackForgotten, &[Check::EventTwiceOrLost]),
    (Sabotage::DeliveryBeforeDurable, &[Check::EffectBeforeDurable]),
    (Sabotage::UndoOrderReversed, &[Check::UndoOutOfOrder]),
    (Sabotage::UndoSkipped, &[Check::SagaHalfDone]),
    (Sabotage::UndoBeforeSettled, &[Check::UndoTooEarly]),
    (Sabotage::UndoTwice, &[Check::UndoneTwice]),
    (Sabotage::MaybeRunForgotten, &[Check::SagaHalfDone]),
    (Sabotage::ChildNotUndone, &[Check::SagaHalfDone]),
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
