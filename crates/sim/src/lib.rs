//! A deterministic simulator: engine, journal, runtime and the real log over a simulated disk, by seed.
//!
//! One seed is one story: a server takes starts and commands from clients, calls services, is killed in the middle of
//! writes, loses unsynced sectors, meets full disks, failed syncs and a clock that jumps, and is opened again. Afterwards
//! nothing fails any more and everything has to end. `docs/simulator.md` says what is checked.
//!
//! It deliberately has no threads, sockets or real time of its own: the driver of the runtime and SQLite are tested with
//! real processes.
//!
//! Invariants: the same seed gives the same story; every check can fail, which the sabotage builds show.

mod answers;
mod audits;
mod bells;
mod check;
mod clients;
mod compare;
mod cuts;
mod definitions;
mod entering;
mod events;
mod faults;
mod finish;
mod governed;
mod people;
mod random;
mod reads;
mod retention;
mod run;
mod sabotage;
mod schedules;
mod server;
mod services;
mod shadow;
mod shards;
mod sinks;
mod sources;
mod summary;
mod tables;
mod turns;
mod versions;
mod workers;
mod world;

pub use check::{Check, Failure, Violation};
pub use definitions::source;
pub use run::{run, run_all, trace};
pub use sabotage::Sabotage;
pub use summary::Summary;

/// Prints a line of a story that somebody wants to read.
#[expect(clippy::print_stdout, reason = "telling a story is what this is for")]
fn print(line: &str) {
    println!("{line}");
}
