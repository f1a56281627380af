//! The words of Motet: ids, names, versions, timestamps, statuses and limits.
//!
//! Everything here is plain data that every other crate may name. It deliberately holds no logic beyond
//! parsing, printing and escaping its own forms, performs no I/O and reads no clock.
//!
//! Invariants: an id prints and parses to itself; names are DNS labels; every limit names its unit last.

mod hex;
mod id;
mod limits;
mod name;
mod percent;
mod status;
mod time;

pub use hex::Hex;
pub use id::{
    Attempt, Digest, InstanceId, JobId, ParseIdError, ParseJobIdError, ShardId, StepId, TaskId,
    fnv1a,
};
pub use limits::Limits;
pub use name::{InvalidName, Label, NAME_LEN_MAX, ServiceName, WorkflowName, WorkflowRef};
pub use percent::{percent_decode, percent_encode};
pub use semver::Version;
pub use status::Status;
pub use time::{ParseTimestampError, Timestamp};

#[cfg(test)]
mod tests;
