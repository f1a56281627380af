//! Scenarios: what a definition is expected to do, tried on the real engine in virtual time.
//!
//! ```text
//! file ─read→ Suite ─run→ Verdict of each Scenario, Coverage of the definition ─report→ text, JSON, JUnit
//! ```
//!
//! A scenario gives input, answers of services and of other workflows, commands and what is to come of it. Everything
//! else is the engine's own `begin`, `step`, `apply` and `effects`: a wait of a year takes no time, and what passes here
//! behaves the same on a server.
//!
//! It deliberately does not: read files (the caller's loader does), open sockets, look at a clock, run tasks itself.
//!
//! Invariants: the same file gives the same result every time; after every commit the instance is rebuilt from its
//! encoded records and must equal the live one; a call that no mock answers is a failure, never a guess.

mod model;
mod read;

mod matcher;
mod mock;
mod world;

mod alone;
mod check;
mod coverage;
mod run;
mod sweep;

mod report;
mod schema;

pub use alone::alone;
pub use check::{Mismatch, check};
pub use coverage::Coverage;
pub use matcher::misfits;
pub use mock::{Answered, Book, Call};
pub use model::{
    Action, Answer, CallMock, CallPattern, ChildAnswer, ChildMock, ChildResult, Command, Deed,
    Definition, Elapsed, EventContent, EventMock, EventTime, Expectation, ExpectedUndo, FailRow,
    Failure, Invariant, Reply, Scenario, Suite, WorkAnswer, WorkMock,
};
pub use read::{Loader, Problem, read, whole_event as event_of};
pub use report::{as_json, as_junit, as_text};
pub use run::{SuiteResult, Verdict, run, run_suite};
pub use schema::json_schema;
pub use world::{Outcome, Refused, Setup, perform};
