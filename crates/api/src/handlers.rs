//! What each route does, one file a subject.

pub(crate) mod critical_path;
pub(crate) mod dependencies;
pub(crate) mod documents;
pub(crate) mod graph;
pub(crate) mod schedules;
pub(crate) mod tags;
pub(crate) mod workflows;

pub(crate) mod bulk;
pub(crate) mod command;
pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod incidents;
pub(crate) mod instances;
pub(crate) mod purge;
pub(crate) mod start;
pub(crate) mod watch;

pub(crate) mod audit;
pub(crate) mod jobs;
pub(crate) mod limits;
pub(crate) mod secrets;
pub(crate) mod tasks;
pub(crate) mod tokens;

pub(crate) mod backup;
pub(crate) mod server;
pub(crate) mod services;
pub(crate) mod sinks;

mod filter;
mod members;
