//! Brokers: where events come from and where they go to, behind one small port.
//!
//! [`Source`] gives what a partition holds from an offset on, [`Sink`] takes events in order. There are adapters for Kafka,
//! for NATS JetStream, for plain HTTP (a sink) and one in memory; [`conformance`] is what each of them must do.
//!
//! What it deliberately does not do: it remembers no offset, belongs to no consumer group and decides nothing about events.
//! How far a partition is read is stored by its user, in the same commit as what was made of the messages; a broker is never
//! the truth.
//!
//! Invariants:
//! - Messages of a partition come in the order of their offsets, each once per pass; what was asked for and is gone is an
//!   error, never a silent jump.
//! - An outgoing message is acknowledged only when the broker has it as durably as its configuration promises, and those of
//!   one key arrive in order.
//! - Every read and every wait has a limit.

mod port;

mod binding;
pub mod conformance;
mod http;
mod kafka;
mod memory;
mod nats;
mod security;

pub use http::{HttpOptions, HttpSink};
pub use kafka::{KafkaOptions, KafkaSink, KafkaSource};
pub use memory::Memory;
pub use nats::{NatsOptions, NatsSink, NatsSource};
pub use port::{
    Answer, Batch, Binary, Content, Error, Headers, Message, Outgoing, ReadLimits, Sink, Source,
};
pub use security::{Login, Mechanism, Tls};
