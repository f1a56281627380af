//! The storage ports without any other server: a write-ahead log, an overlay in memory, and SQLite.
//!
//! The **log** is the truth for what SQLite does not cover yet, **SQLite** for everything older, and the **overlay** holds
//! in memory what only the log has, so that reads see it. A commit costs a share of one `fdatasync`; SQLite follows in
//! large transactions about once a second. `docs/storage.md` draws the bytes and explains the tables.
//!
//! [`Embedded`] is the synchronous machine that a simulator drives, [`Service`] the same parts on threads behind the
//! ports. The crate deliberately knows nothing of workflows, reads no clock for anything but pacing, and never repairs
//! silently.
//!
//! Invariants:
//! - A commit is acknowledged only after the sync of its frame; it enters the overlay before that and leaves it only after
//!   the SQLite transaction that covers it has returned. A segment is recycled only after that, too.
//! - A frame is written only after the sync of the one before it has returned: at most one frame was never synced.
//! - After a failed sync nothing is written any more. What was read from a log is durable again before anything acts on it.
//! - No acknowledged byte of the log is ever written again: each frame begins on a block of its own.

mod core;
mod service;

mod error;
mod open;
mod options;

pub mod disk;
mod log;
mod overlay;
mod read;
pub mod tables;

mod maintenance;

pub use self::core::{Embedded, Inline};
pub use error::{Damage, Error};
pub use log::{Opening, read_frame};
pub use maintenance::{
    BackupReport, CheckReport, Progress, RepairReport, UpgradeReport, check, repair, restore,
    upgrade,
};
pub use options::{Options, Sabotage};
pub use service::{Health, Service, Stats};
