//! The two storage ports of Motet, an in-memory implementation, and the suite that every implementation passes.
//!
//! [`Store`] is what the shards live on: commits, loads, leases and the rows that recovery reads. [`Reads`] is what
//! lists and pictures live on: queries over tables. The store knows no workflows: an *entity* is an id with a history of
//! opaque records and perhaps a snapshot, a *row* belongs to a table that the caller declares as data.
//!
//! Invariants:
//! - A commit is whole or absent; commits of one shard take effect in the order they were submitted.
//! - What was reported durable survives the process and the machine; nothing is visible to a load, a row scan or a query
//!   that a crash could take back, except that a load may see commits that were submitted but not yet reported.
//! - Both ports are completion-based: a method returns at once and reports once, from whatever thread it likes.

mod commit;
mod port;
mod reads;
mod schema;

mod check;
pub mod conformance;
pub mod memory;

pub use commit::{Commit, CommitError, Entity, Position, RowChange};
pub use port::{Completion, Epoch, Error, Lease, Loaded, RowScan, Store};
pub use reads::{Answer, Filter, HistoryChunk, Order, Query, Reads, Test};
pub use schema::{Column, ColumnType, Index, Row, Schema, Table, TableId, Value};

#[cfg(test)]
mod tests;
