//! The fixed words of the language, one table each, used to read, to print and to describe.

pub(crate) use super::authentication::{CLIENT_AUTHENTICATIONS, ENCODINGS, GRANTS};
pub(crate) use super::call::OUTPUTS;
pub(crate) use super::document::{MODES, TARGETS};
pub(crate) use super::event::READS;
pub(crate) use super::metadata::{CATCHUPS, ON_FAULTS, OVERLAPS, POLICIES};
pub(crate) use super::protocol::{A2A_METHODS, ASYNCAPI_PROTOCOLS, MCP_METHODS};
pub(crate) use super::run::{CLEANUPS, PULL_POLICIES, RETURNS};

/// The word of a value; every table holds every value of its type.
pub(crate) fn word_of<T: Copy + PartialEq>(value: T, words: &[(&'static str, T)]) -> &'static str {
    let found = words.iter().find(|(_, own)| *own == value);
    found.map(|(word, _)| *word).expect("the table of words holds every value of its type")
}
