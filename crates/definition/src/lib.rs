//! Documents of the Open Workflow Specification DSL 1.0.x: the definitions of workflows.
//!
//! [`parse`] reads YAML or JSON into the [`model`] and says everything that is wrong with it, each with a
//! [`Code`], a JSON pointer and a place in the text; [`validate`] judges the meaning of a model alone, and
//! [`unsupported`] tells what the engine does not execute yet. [`print()`] gives the document back, [`report`] draws
//! diagnostics for people, [`json_schema`] describes documents to editors, [`graph`] compiles them, [`dependencies`] tells who
//! needs what. [`service`] reads the documents of services.
//!
//! It deliberately does not: fetch external resources, evaluate expressions, read files, know the catalog.
//!
//! Invariants: no text makes it panic; a [`Parsed::document`] is present exactly when no diagnostic is an error;
//! printing a document and parsing the result gives the same document; reading stays within [`Limits`](motet_types::Limits).

pub mod model;

pub mod graph;

pub mod dependencies;

pub mod schedule;

pub mod service;

mod code;
mod data;
mod diagnostic;
mod own;
mod parse;
mod pointer;
mod print;
mod read;
pub mod redact;
mod report;
mod schema;
mod source;
mod unsupported;
mod validate;
mod value;
mod walk;
mod work;

pub use code::Code;
pub use data::{Data, read_data};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use own::{JOB_TYPE_BYTES_MAX, PRIORITY_MAX, is_job_type, priority};
pub use parse::{DIAGNOSTICS_MAX, Parsed, parse};
pub use pointer::Pointer;
pub use print::{canonical, print, task as print_task, tasks as print_tasks, to_json, to_yaml};
pub use report::{Colour, lines, report};
pub use schema::json_schema;
pub use source::{Entry, SourceMap, Span};
pub use unsupported::unsupported;
pub use validate::validate;
pub use value::{Map, Num, Value};
