//! Documents of the Open Workflow Specification DSL 1.0.x.

pub mod model;
mod value;

pub use value::{Map, Num, Value};
