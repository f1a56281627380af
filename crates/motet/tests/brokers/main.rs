//! Motet beside real brokers: Kafka in KRaft mode and NATS with JetStream, started here on loopback and stopped by their
//! ids. `cargo xtask test` runs these in its stage `brokers`, which sees to what they need.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod broker;
mod conformance;
mod exactly_once;
