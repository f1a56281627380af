//! Every developer command of Motet, as `cargo xtask <command>`.
//!
//! What a person or a machine runs against this repository is written here, in Rust, so that it means the same
//! everywhere; there are no shell scripts. It deliberately knows nothing of Motet's insides: cargo is asked about the
//! workspace, programs are started as processes of their own and spoken to over HTTP like any client would.
//!
//! Invariants:
//! - A check reports everything that it found, each with a place and what to do, and never only the first.
//! - A check that cannot run fails; it is never taken for one that passed.
//! - A process that was started here is stopped here, by its own id, also when the command fails half way.
#![allow(clippy::print_stdout, reason = "printing is what a command line does")]

pub mod test;
pub mod tidy;

pub mod demo;

pub mod brokers;
pub mod clients;
pub mod kill;

pub mod soak;

#[cfg(target_os = "linux")]
pub mod bench;

pub mod server;
pub mod shop;

pub mod process;

mod installed;

pub mod http;

pub mod arguments;
pub mod random;
pub mod workspace;

/// One command of `cargo xtask`.
pub struct Command {
    pub name: &'static str,
    /// One line for the list of commands.
    pub about: &'static str,
    /// Takes the arguments after the name.
    pub run: fn(&[String]) -> anyhow::Result<()>,
}

/// Every command there is.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        about: "everything that must pass, or some of its stages: test [format|tidy|clippy|rustdoc|tests|...]...",
        run: test::run,
    },
    Command {
        name: "tidy",
        about: "layers, budgets, licences, links and the other house rules",
        run: tidy::run,
    },
    Command {
        name: "demo",
        about: "the server and the example shop at work: demo [--once] [--calm] [--release]",
        run: demo::run,
    },
    Command {
        name: "soak",
        about: "the long forms of the tests: soak [simulation|property|kill|saga]... [--seeds N] [--property-seeds N] [--kills N] [--orders N]",
        run: soak::run,
    },
    Command {
        name: "kill",
        about: "server and services killed under load: kill [--kills N] [--lossy-disk] [--seed N]",
        run: kill::run,
    },
    Command {
        name: "saga",
        about: "orders done or undone while everything is killed, fails and is cancelled: saga [--orders N] [--seed N]",
        run: kill::saga::run,
    },
    Command {
        name: "brokers",
        about: "Motet beside Kafka and NATS, which it downloads: the tests that need brokers",
        run: brokers::run,
    },
    Command {
        name: "clients",
        about: "clients of Consul, which it downloads, against a server",
        run: clients::run,
    },
    #[cfg(target_os = "linux")]
    Command {
        name: "bench",
        about: "how fast it is: bench [chain|start|recover|hostile|events|jobs|timers|registry|pick]... [--runs N]",
        run: bench::run,
    },
];

/// Parts of other commands that run as processes of their own; nobody types them.
pub const PARTS: &[Command] = &[
    #[cfg(target_os = "linux")]
    Command { name: "bench-stub", about: "the services that a bench calls", run: bench::stub::run },
    #[cfg(target_os = "linux")]
    Command { name: "bench-load", about: "the clients of a bench", run: bench::load::run },
];

/// The command failed and has already printed why.
#[derive(Debug)]
pub struct Reported;

impl std::fmt::Display for Reported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed; the reasons are printed above")
    }
}

impl std::error::Error for Reported {}

/// Something that a command needs is not on this machine, and cannot be had.
#[derive(Debug)]
pub struct Missing(pub String);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// Refuses arguments where a command takes none.
///
/// # Errors
/// The first argument, if there is one.
pub fn no_arguments(args: &[String]) -> anyhow::Result<()> {
    match args.first() {
        None => Ok(()),
        Some(arg) => anyhow::bail!("this command takes no arguments, but got {arg:?}"),
    }
}
