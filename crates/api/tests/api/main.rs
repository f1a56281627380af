//! The API as its clients see it: requests and answers over a whole runtime on the in-memory store.

mod bulk;
mod documents;
mod instances;
mod openapi;
mod refusals;
mod serving;
mod support;
mod watching;
mod workflows;
