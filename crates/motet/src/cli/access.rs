//! Commands about who may do what.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::limit;
use crate::config;

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token, and print it this once
    Create(CreateToken),
    /// Tokens that are valid, by name
    List {
        /// Also those that were revoked or have expired
        #[arg(long)]
        all: bool,
    },
    /// Let a token open nothing any more
    Revoke {
        /// Id, or name of a valid one
        #[arg(value_name = "TOKEN")]
        which: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Who the server takes this command for
    Show,
}

#[derive(Args, Debug)]
pub(crate) struct CreateToken {
    /// How its bearer is called in histories and in the audit; `admin` with --admin
    #[arg(required_unless_present = "admin")]
    pub(crate) name: Option<String>,
    /// What it may do: viewer, operator, author, admin, worker, service
    #[arg(long = "role", value_delimiter = ',', value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Where: a namespace, or * for all
    #[arg(long = "namespace", value_delimiter = ',', value_name = "NAME")]
    pub(crate) namespaces: Vec<String>,
    /// Everything everywhere: short for --role admin --namespace *
    #[arg(long, conflicts_with_all = ["roles", "namespaces"])]
    pub(crate) admin: bool,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// How long it is valid, as in 90d
    #[arg(long, value_parser = config::duration, value_name = "DURATION")]
    pub(crate) expires: Option<Duration>,
    /// Data directory of a stopped server, for the first token of all
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Set a secret, or replace its value
    Set {
        /// The secret, as namespace/name
        #[arg(value_name = "NAMESPACE/NAME")]
        name: String,
        /// File with the value; absent: standard input. One line end at the end is left out
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Names of secrets
    List {
        /// Only of this namespace
        #[arg(long, value_name = "NAME")]
        namespace: Option<String>,
    },
    /// Delete a secret
    Delete {
        /// The secret, as namespace/name
        #[arg(value_name = "NAMESPACE/NAME")]
        name: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Audit {
    /// Only what belongs to this namespace
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Only what this token did, by its name
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Only this action, as in instance.cancel
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Only what was done to this
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// At or after this instant
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<String>,
    /// Before this instant
    #[arg(long, value_name = "INSTANT")]
    pub(crate) to: Option<String>,
    /// Most entries to show
    #[arg(long, default_value_t = 50, value_parser = limit)]
    pub(crate) limit: usize,
}
