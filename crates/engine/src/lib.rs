//! The deterministic heart of Motet: what an instance decides, remembers and asks for.
//!
//! ```text
//! step(&Context, &mut Instance, Input) → records      decides
//! Instance::apply(&Record)                            remembers: the live path and the recovery path
//! effects(&Record) → effects                          follows from what was remembered
//! ```
//!
//! The crate performs no I/O, reads no clock and draws no random number: time, ids and seeds are parameters. It does not
//! know that storage exists.
//!
//! Invariants:
//! - State changes only in [`Instance::apply`], which is total and evaluates nothing; records hold results.
//! - A rejection comes before the first record.
//! - A business failure is a value ([`WorkflowError`]); a panic is a bug.

mod apply;
pub mod catalog;
mod command;
mod data;
mod decide;
mod effect;
mod error;
pub mod event;
mod instance;
mod job;
pub mod listen;
mod record;
mod request;
mod reveal;
pub mod room;
pub mod sabotage;
pub mod schedule;
pub mod secret;
mod task;
pub mod token;
pub mod topic;
pub mod turn;

pub use catalog::{
    Catalog, CatalogFact, CatalogInput, CatalogRecord, CatalogRejection, Grant, InvalidSecretName,
    LOCAL, Namespaces, Published, Revocation, Role, SealedSecret, SecretName, TagMove, Token,
    Unresolved, Workflow,
};
pub use command::{Input, Outcome, Rejection, Response};
pub use decide::{Context, Metered, begin, begin_metered, queue, step, step_metered};
pub use effect::{Effect, Listens, effects, outstanding};
pub use error::{ErrorKind, WorkflowError};
pub use instance::{
    Activity, Branch, BranchState, CallState, End, Guard, Incident, Instance, Path, Step, Steps,
    TimerKind, Timers, TryPhase, UndoCause, UndoEntry, UndoOutcome, UndoState, Undoing, Work,
};
pub use job::{
    Assignment, AssignmentChange, Escalation, Job, JobCommand, JobRejection, JobWork, Priority,
};
pub use record::{
    CatchAction, ChildRequest, Fact, Next, Opening, Parent, ParkReason, Parked, Record, SEMANTICS,
    Settled, Start,
};
pub use request::{Authorization, Body, Deferred, Request};
pub use reveal::{Revealed, RevealedHeader, Sending};
pub use schedule::{
    Begun, Ending, MADE_UP_MAX, MISSED_AFTER, Origin, Pause, Planned, Schedule, ScheduleAction,
    ScheduleInput, ScheduleRejection, ScheduledStart, Timer, Trigger, Waiting,
};
pub use task::call::UNKNOWN as UNKNOWN_OUTCOME;

#[cfg(test)]
mod tests;
