//! Samples of what sagas write, as `samples` has them of everything else.

use std::collections::{BTreeMap, BTreeSet};

use motet_engine::{
    Activity, CatchAction, Fact, Guard, Incident, Input, Instance, Opening, Path, Record, Step,
    TimerKind, UndoCause, UndoEntry, UndoOutcome, UndoState, Undoing, Work,
};
use motet_types::{Attempt, StepId, TaskId};

use super::samples::{self, at, error, instance_id, order};
use crate::Message;

pub(super) fn records() -> Vec<Record> {
    let guard = |guard| Fact::Activated {
        parent: StepId(0),
        input: None,
        due: None,
        opening: Opening::Leaf,
        guard: Some(guard),
    };
    let undo = |first| Fact::Activated {
        parent: StepId(0),
        input: None,
        due: None,
        opening: Opening::Undo { entry: StepId(3), first },
        guard: None,
    };
    let mut facts = vec![
        guard(Guard { undo: true, saga: false, pivot: true, race: false }),
        guard(Guard { undo: false, saga: true, pivot: false, race: true }),
        undo(Some(TaskId(4))),
        undo(None),
        Fact::ChildEnded { result: Ok(order()), undoable: true },
        Fact::Undone,
        Fact::UndoEnded { told: None },
        Fact::UndoEnded { told: Some(StepId(4)) },
        Fact::Postponed { error: error(), number: 3, at: at(4_000) },
        Fact::ChildUndoRequested { child: instance_id(3) },
        Fact::Doubted { attempt: Attempt(2) },
        Fact::Fired { timer: TimerKind::Again },
        Fact::IncidentRaised { incident: Box::new(Incident::Undo(error())) },
    ];
    facts.extend(causes().into_iter().map(|cause| Fact::UndoBegan { cause }));
    let facts = facts.into_iter().enumerate();
    facts
        .map(|(idx, fact)| Record {
            at: at(idx as i64),
            step: StepId(idx as u32),
            task: (idx % 2 == 0).then_some(TaskId(idx as u32)),
            fact,
            actor: None,
        })
        .collect()
}

fn causes() -> [UndoCause; 5] {
    let retry = CatchAction::Retry { number: 1, at: at(9_000) };
    [
        UndoCause::Error { error: error(), catch: None },
        UndoCause::Error { error: error(), catch: Some(retry) },
        UndoCause::Cancelled { reason: Some("too late".to_owned()) },
        UndoCause::Finishing,
        UndoCause::Parent { step: StepId(4) },
    ]
}

/// An instance in the middle of an undo.
pub(super) fn instance() -> Instance {
    let mut instance = samples::instance();
    let entry = |outcome, state| UndoEntry {
        task: TaskId(2),
        path: Path([2; 16]),
        key: "key-of-what-was-done".to_owned(),
        holder: StepId(0),
        is_group: true,
        input: order(),
        output: Some(order()),
        error: Some(error()),
        outcome,
        open: BTreeSet::from([(StepId(8), Attempt(1))]),
        child: Some(instance_id(3)),
        is_doomed: true,
        state,
    };
    instance.undo = BTreeMap::from([
        (StepId(3), entry(UndoOutcome::Pending, UndoState::Noted)),
        (StepId(4), entry(UndoOutcome::Unknown, UndoState::Undoing(StepId(5)))),
        (StepId(5), entry(UndoOutcome::Completed, UndoState::Undone)),
    ]);
    instance.spent = BTreeSet::from([Path([4; 16])]);
    instance.repeats = BTreeMap::from([(Path([5; 16]), 3)]);
    instance.undo_begun = true;
    instance.work.push_back(Work::Undo { step: StepId(0) });
    for idx in 0..5 {
        let change = |step: &mut Step| {
            step.guard = Some(Guard { undo: true, saga: idx == 1, pivot: idx == 2, race: false });
            step.committed = idx == 3;
            let timers = vec![(at(7_000), StepId(0), TimerKind::Timeout)];
            let cause = causes()[idx].clone();
            step.undoing = Some(Box::new(Undoing { cause, timers }));
            step.activity = Activity::Undo { entry: StepId(3), child: Some(instance_id(3)) };
        };
        instance.steps.change(StepId(idx as u32), change).expect("the samples have this step");
    }
    instance
}

pub(super) fn messages() -> Vec<Message> {
    let (parent, step, child) = (instance_id(1), StepId(4), instance_id(3));
    let end = motet_engine::End::Completed(order());
    vec![
        Message::ChildEnded { parent, step, child, end, undoable: true },
        Message::UndoChild { parent, step, child },
        Message::ChildUndone { parent, step, child, error: None },
        Message::ChildUndone { parent, step, child, error: Some(error()) },
    ]
}

pub(super) fn inputs() -> Vec<Input> {
    let (step, child) = (StepId(4), instance_id(3));
    vec![
        Input::Undo { step },
        Input::Doubt { step, attempt: Attempt(2) },
        Input::ChildUndone { step, child, error: None },
        Input::ChildUndone { step, child, error: Some(error()) },
        Input::ChildEnded { step, child, result: Ok(order()), undoable: true },
        Input::Cancel { reason: None, force: true, without_undo: true },
    ]
}
