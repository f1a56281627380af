//! Documents of the Open Workflow Specification DSL 1.0.x.

pub mod model;

pub mod graph;

mod code;
mod diagnostic;
mod parse;
mod pointer;
mod print;
mod read;
mod source;
mod validate;
mod value;

pub use code::Code;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use parse::{DIAGNOSTICS_MAX, Parsed, parse};
pub use pointer::Pointer;
pub use print::{canonical, print, task as print_task, tasks as print_tasks, to_json, to_yaml};
pub use source::{Entry, SourceMap, Span};
pub use validate::validate;
pub use value::{Map, Num, Value};
