//! The state of a schedule, and what it asks for. The tables are the format: numbers are added, never changed, never used
//! again.

use motet_engine::schedule::{On, Problem, SetHead};
use motet_engine::{
    Begun, Ending, Origin, Pause, Planned, Schedule, ScheduledStart, Timer, Trigger, Waiting,
};

use crate::field::{message, variants};

message!(Schedule {
    1 definition,
    2 is_parallel,
    3 timers,
    4 paused,
    5 running,
    6 waiting,
    7 latest,
    8 started,
    9 left_out,
    100 on,
});

message!(On {
    1 spec,
    2 step,
    3 terms,
    4 earlier,
    5 next,
    6 nominal,
    7 open,
    8 ready,
    9 problem,
    10 heard,
});

message!(Problem { 1 at, 2 text, 3 again });

message!(SetHead { 1 satisfied, 2 keys, 3 key, 4 nominal, 5 ready });

message!(Timer { 1 trigger, 2 spec, 3 anchor, 4 next });

message!(Pause { 1 at, 2 reason });

message!(Planned { 1 trigger, 2 nominal, 3 id });

message!(Waiting { 1 trigger, 2 nominal, 3 is_made_up });

message!(Begun { 1 planned, 2 at, 3 ended });

message!(Origin { 1 trigger, 2 nominal });

message!(ScheduledStart { 1 id, 2 definition, 3 start_key, 4 origin, 100 input });

variants!("trigger", Trigger {
    1 Cron,
    2 Every,
    3 After,
    4 Manual,
    100 On,
});

variants!("ending", Ending {
    1 Completed,
    2 Faulted,
    3 Cancelled,
    4 Refused,
});
