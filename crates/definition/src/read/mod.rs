//! From the tree to the model: one reader per construct, keyed on the property that tells constructs apart.
//!
//! A reader gives `None` after it has reported why. Containers of tasks put a stand-in where a part cannot be
//! read, so that everything else is still read and judged.

mod authentication;
mod call;
mod cursor;
mod data;
mod document;
mod event;
mod metadata;
mod protocol;
mod resource;
mod run;
mod service;
mod suggest;
mod task;
mod trying;
pub(crate) mod words;

pub(crate) use cursor::{Cursor, Sink, all_of, one_of};
pub(crate) use document::{document, name};
pub(crate) use service::service;
pub(crate) use suggest::{CANDIDATES_MAX, nearest};
