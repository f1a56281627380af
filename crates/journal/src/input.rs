//! Inputs, which incidents keep. The tables are the format: numbers are added, never changed, never used again.

use motet_engine::{Input, Outcome, Response};

use crate::field::{message, variants};

variants!("input", Input {
    1 Outcome { 1 step, 2 attempt, 3 outcome },
    2 ChildEnded { 1 step, 2 child, 3 result, 4 undoable },
    3 TimersDue,
    4 Continue,
    5 Cancel { 1 reason, 2 force, 3 without_undo },
    6 Suspend { 1 reason },
    7 Resume,
    8 Retry,
    9 Panicked { 1 message, 2 input },
    10 Park { 1 step, 2 attempt, 3 parked },
    11 Release { 1 step, 2 attempt },
    20 Job { 1 step, 2 attempt, 3 command },
    16 Found { 1 step, 2 event, 3 received, 4 matches },
    17 NotListening { 1 step, 2 reason },
    18 Mail { 1 event },
    12 Undo { 1 step },
    13 ChildUndone { 1 step, 2 child, 3 error },
    14 Doubt { 1 step, 2 attempt },
    40 Admit,
    100 Refuse { 1 error },
});

variants!("outcome", Outcome {
    1 Response(1 response),
    2 Failed { 1 maybe_run, 2 timed_out, 3 message },
    3 Refused { 1 error },
    4 Withdrawn,
});

message!(Response { 1 status, 2 headers, 3 body });
