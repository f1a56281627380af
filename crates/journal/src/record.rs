//! Records of instances. The tables are the format: numbers are added, never changed, never used again.

use motet_engine::room::Line;
use motet_engine::{
    CatchAction, ChildRequest, End, Fact, Guard, Incident, Next, Opening, Parent, ParkReason,
    Parked, Record, Settled, Start, TimerKind, UndoCause, WorkflowError,
};
use motet_expr::Value;
use motet_types::Timestamp;

use crate::Error;
use crate::field::{Field, message, variants};
use crate::wire::{Reader, Writer};

/// Writes a record that follows one of time `previous`: 1 `at` (microseconds later), 2 `step`, 3 `task`, 4 `fact`,
/// 5 `actor`.
pub(crate) fn write(record: &Record, previous: Timestamp, writer: &mut Writer<'_>) {
    let later = record.at.as_micros().wrapping_sub(previous.as_micros());
    Timestamp::from_micros(later).put(1, writer);
    record.step.put(2, writer);
    record.task.put(3, writer);
    record.fact.put(4, writer);
    record.actor.put(5, writer);
    writer.end();
}

/// Reads a record that follows one of time `previous`.
pub(crate) fn read(previous: Timestamp, reader: &mut Reader<'_>) -> Result<Record, Error> {
    let (mut later, mut step, mut task, mut fact, mut actor) = (None, None, None, None, None);
    while let Some((number, wire)) = reader.field()? {
        match number {
            1 => Field::take(&mut later, wire, reader)?,
            2 => Field::take(&mut step, wire, reader)?,
            3 => Field::take(&mut task, wire, reader)?,
            4 => Field::take(&mut fact, wire, reader)?,
            5 => Field::take(&mut actor, wire, reader)?,
            _ => reader.skip(wire)?,
        }
    }
    let later: Timestamp = Field::finish(later, reader)?;
    Ok(Record {
        at: Timestamp::from_micros(previous.as_micros().wrapping_add(later.as_micros())),
        step: Field::finish(step, reader)?,
        task: Field::finish(task, reader)?,
        fact: Field::finish(fact, reader)?,
        actor: Field::finish(actor, reader)?,
    })
}

variants!("fact", Fact {
    1 Started { 1 start, 2 data, 3 due, 4 first },
    2 Skipped { 1 next },
    3 Activated { 1 parent, 2 input, 3 due, 4 opening, 16 guard },
    4 Iterated { 1 index, 2 first },
    5 Waiting { 1 until },
    6 Fired { 1 timer },
    7 Requested { 1 attempt, 2 key, 3 request, 4 digest, 5 due },
    8 Resent { 1 attempt, 2 due },
    9 Settled { 1 attempt, 2 settled },
    10 Abandoned { 1 attempt },
    11 ChildRequested { 1 child },
    12 ChildEnded { 1 result, 16 undoable },
    13 ChildCancelled { 1 child },
    14 Completed { 1 output, 2 context, 3 next },
    15 Failed { 1 error },
    16 Caught { 1 error, 2 action },
    17 Retried { 1 first, 2 due },
    18 BranchFailed { 1 branch, 2 error },
    19 Yielded,
    20 Suspended { 1 reason },
    21 Resumed,
    22 IncidentRaised { 1 incident },
    23 Reopened,
    24 Ended { 1 end },
    25 Fed,
    26 Parked { 1 attempt, 2 parked },
    27 Released { 1 attempt },
    50 JobCreated { 1 attempt, 2 key, 3 job, 4 assignment },
    51 JobReturned { 1 attempt, 2 at, 3 error, 4 by },
    52 JobSettled { 1 attempt, 2 by, 3 settled },
    53 JobWithdrawn { 1 attempt },
    54 TaskAssigned { 1 change, 2 assignment, 3 by },
    40 Emitted { 1 event },
    41 Listening { 1 terms, 2 floor },
    42 Consumed { 1 event, 2 received, 3 filters, 4 keys, 5 role, 6 mailed, 7 closes },
    43 Handling { 1 first },
    44 Handled { 1 output, 2 context, 3 closes },
    45 Unsubscribed,
    46 Received { 1 event },
    60 IterationBegan { 1 parent, 2 index, 3 first },
    61 IterationFailed { 1 error },
    62 IterationsClosed,
    30 UndoBegan { 1 cause },
    31 Undone,
    32 UndoEnded { 1 told },
    33 Postponed { 1 error, 2 number, 3 at },
    34 ChildUndoRequested { 1 child },
    35 Doubted { 1 attempt },
    85 Described { 1 business_key, 2 attributes },
    86 Queued { 1 start },
    87 Admitted,
});

message!(Start {
    1 definition,
    2 digest,
    3 semantics,
    4 input,
    5 start_key,
    6 parent,
    7 business_key,
    8 attributes,
    17 schedule,
    21 concurrency_key,
    100 lines,
});

variants!("line", Line {
    1 Root(1 root),
    2 Workflow(1 workflow),
    3 Namespace(1 namespace),
});

message!(Parent { 1 instance, 2 step, 3 awaited, 4 root, 5 depth });

message!(ChildRequest {
    1 id,
    2 definition,
    3 start_key,
    4 input,
    5 awaited,
    6 root,
    7 depth,
    16 undoable,
});

variants!("opening", Opening {
    1 Leaf,
    2 Scope { 1 first, 2 data },
    3 Loop { 1 items },
    4 Fork { 1 branches, 2 compete, 24 needs },
    24 Parallel { 1 items, 2 max, 3 collect },
    5 Try { 1 first, 2 due },
    12 Undo { 1 entry, 2 first },
});

variants!("next", Next {
    1 Enter(1 task),
    2 EndScope,
    3 EndWorkflow,
});

variants!("catch action", CatchAction {
    1 Retry { 1 number, 2 at },
    2 Handle { 1 first },
    3 Leave,
});

message!(Parked { 1 reason, 2 since, 3 until, 4 sent });

variants!("park reason", ParkReason {
    1 Gate,
    2 Breaker,
    3 Limit,
    4 Endpoint,
});

message!(Guard { 1 undo, 2 saga, 3 pivot, 4 race });

variants!("undo cause", UndoCause {
    1 Error { 1 error, 2 catch },
    2 Cancelled { 1 reason },
    3 Finishing,
    4 Parent { 1 step },
});

message!(Settled { 1 result, 2 maybe_run });

variants!("result", Result<Value, Box<WorkflowError>> {
    1 Ok(1 value),
    2 Err(1 error),
});

message!(WorkflowError { 1 kind, 2 status, 3 instance, 4 title, 5 detail });

variants!("timer", TimerKind {
    1 Wait,
    2 Retry,
    3 Attempt,
    4 Timeout,
    20 Due,
    12 Again,
});

variants!("incident", Incident {
    1 Fault(1 error),
    2 Panic { 1 message, 2 input },
    12 Undo(1 error),
});

variants!("end", End {
    1 Completed(1 output),
    2 Faulted { 1 step, 2 error },
    3 Cancelled { 1 reason },
});
