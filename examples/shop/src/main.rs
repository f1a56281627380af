//! The example shop: five small services that a process orchestrator can be tried and tested on.
//!
//! Each is a real HTTP server in a process of its own. It keeps what it did and what it answered in one SQLite transaction,
//! honours `Idempotency-Key`, undoes work by its key, writes down every arrival, fails on request, and adds up its money or goods, so that an
//! audit over all five can say exactly whether anything was lost or done twice.
//!
//! It is deliberately no framework, knows nothing of the orchestrator that calls it, and is no faster than one transaction a
//! request.
//!
//! Invariants: an answer leaves only after what it says is on disk; one key has one effect; amounts are whole cents.

mod cli;

mod services;

mod faults;
mod host;
mod server;

mod arrivals;
mod inbox;

mod database;

mod audit;
mod supervisor;
mod workflows;

mod client;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Shop::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shop: {error:#}");
            ExitCode::from(2)
        }
    }
}
