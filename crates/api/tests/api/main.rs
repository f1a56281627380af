//! The API as its clients see it: requests and answers over a whole runtime on the in-memory store.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(clippy::too_many_lines, reason = "transcripts of answers are long")]

mod access;
mod audited;
mod backup;
mod bulk;
mod consul;
mod dependencies;
mod documents;
mod histories;
mod hostile;
mod instances;
mod jobs;
mod keys;
mod misfits;
mod openapi;
mod pages;
mod probes;
mod refusals;
mod schedules;
mod services;
mod serving;
mod sinks;
mod support;
mod tls;
mod watching;
mod workflows;
