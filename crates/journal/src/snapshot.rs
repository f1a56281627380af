//! The whole state of an instance. The tables are the format: numbers are added, never changed, never used again.

use motet_engine::{
    Activity, Branch, BranchState, CallState, Instance, Step, TryPhase, UndoEntry, UndoOutcome,
    UndoState, Undoing, Work,
};

use crate::field::{message, variants};

message!(Instance {
    1 id,
    2 start,
    3 started_at,
    4 updated_at,
    5 records,
    6 steps_activated,
    7 steps,
    8 work,
    9 timers,
    10 abandoned,
    11 suspended,
    12 incidents,
    13 end,
    14 abandoned_tasks,
    15 has_completed_call,
    20 events,
    16 undo,
    17 spent,
    18 repeats,
    19 undo_begun,
    34 is_queued,
    35 business_key,
    36 attributes,
});

message!(Step {
    1 task,
    2 parent,
    3 path,
    4 started_at,
    5 raw_input,
    6 input,
    7 context,
    8 data,
    9 visits,
    10 result,
    11 activity,
    13 guard,
    14 committed,
    15 undoing,
});

variants!("activity", Activity {
    1 Leaf,
    2 Scope,
    3 Loop { 1 items, 2 index },
    4 Fork { 1 compete, 2 branches },
    5 Try { 1 phase, 2 retries },
    6 Wait,
    7 Call { 1 attempt, 2 key, 3 request, 4 state, 10 parked },
    8 Child(1 child),
    24 Parallel {
        1 items,
        2 max,
        3 collect,
        4 iterations,
        5 open,
        6 is_closed,
        7 folded,
        8 context,
    },
    25 Iteration { 1 index },
    20 Job { 1 attempt, 2 key, 3 job, 4 state, 5 ready_at, 6 assignment },
    16 Listen(1 listen),
    12 Undo { 1 entry, 2 child },
});

variants!("try phase", TryPhase {
    1 Body,
    2 Delaying,
    3 Handling(1 error),
});

variants!("call state", CallState {
    1 InFlight,
    2 Settled,
    3 Abandoned,
});

message!(Branch { 1 task, 2 state, 24 needs, 25 base });

variants!("branch state", BranchState {
    1 Open,
    2 Completed { 1 output, 2 context },
    3 Failed(1 error),
    10 Skipped,
    24 Pending,
});

variants!("work", Work {
    1 Enter { 1 parent, 2 task },
    2 Iterate { 1 step },
    3 Leave { 1 step },
    4 Resend { 1 step },
    5 Feed { 1 input },
    16 Listen { 1 step },
    12 Undo { 1 step },
    40 Begin,
});

message!(Undoing { 1 cause, 2 timers });

message!(UndoEntry {
    1 task,
    2 path,
    3 key,
    4 holder,
    5 is_group,
    6 input,
    7 output,
    8 error,
    9 outcome,
    10 open,
    11 child,
    12 is_doomed,
    13 state,
});

variants!("undo outcome", UndoOutcome {
    1 Pending,
    2 Unknown,
    3 Completed,
});

variants!("undo state", UndoState {
    1 Noted,
    2 Undoing(1 step),
    3 Undone,
});
