//! The ports in memory: for tests, for the simulator, and as the shortest statement of what the ports mean.
//!
//! [`History`] and [`Rows`] are its parts; an implementation that keeps some of its state in memory builds on them too.

mod history;
mod rows;
mod store;

pub use history::{Chunk, History};
pub use rows::Rows;
pub use store::MemoryStore;
