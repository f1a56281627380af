//! Documents of the Open Workflow Specification DSL 1.0.x.

pub mod model;

mod code;
mod diagnostic;
mod parse;
mod pointer;
mod read;
mod source;
mod value;

pub use code::Code;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use parse::{DIAGNOSTICS_MAX, Parsed, parse};
pub use pointer::Pointer;
pub use source::{Entry, SourceMap, Span};
pub use value::{Map, Num, Value};

fn validate_within(_: &model::Document, _: &motet_types::Limits) -> Vec<Diagnostic> {
    Vec::new()
}
