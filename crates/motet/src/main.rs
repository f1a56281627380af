//! The binary: command line, configuration, and the composition of a server from its parts.
//!
//! It is the only crate that names concrete adapters. Every command but `serve`, `dev`, `demo`, `store`, `restore` and an
//! offline `backup` talks to a server over its public HTTP API, or works on files alone; nothing here looks into a running
//! server's data.
//!
//! Invariants: standard output carries what was asked for and nothing else; what went wrong goes to standard error as
//! `error[code]: message` with a hint; the exit code says what happened (see [`failure::Exit`]).

mod cli;
mod commands;
mod failure;
mod output;

mod config;
mod serve;

mod client;
mod context;
mod tree;
mod value;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

/// A server allocates small values on one thread and frees them on another, all day; the system's allocator spends a fifth
/// of the server's time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = output::Output::new(cli.output, cli.color);
    let exit = commands::run(cli.command, &cli.connection, &output);
    exit.unwrap_or_else(|failure| output.fail(&failure)).into()
}

#[cfg(test)]
mod tests;
