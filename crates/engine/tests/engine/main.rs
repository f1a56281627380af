//! What the engine does, seen from outside: scenarios as transcripts, the specification's conformance kit, and random
//! definitions that are restarted from the journal after every step.

mod harness;

mod catalog;
mod kit;
mod recovery;
mod rights;
mod scenarios;
