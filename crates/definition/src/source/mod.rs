//! From text to a tree of values that know where they stand.
//!
//! YAML 1.2 with its core schema, and JSON. What could surprise is refused with a message: duplicate keys, keys that are
//! no text, merge keys, tags of other schemas, numbers that JSON does not know.

mod json;
mod map;
mod place;
mod scalar;
mod yaml;

pub use map::{Entry, SourceMap};
pub use place::Span;
pub(crate) use place::{Bytes, Lines};

use std::sync::Arc;

use motet_types::Limits;

use crate::value::Value;
use crate::work::spend;
use crate::{Code, Diagnostic, Pointer};

/// Digits of one number; more would make arithmetic a weapon.
pub(crate) const NUMBER_DIGITS_MAX: usize = 1_000;
/// Longest key, in bytes: pointers repeat the keys on their way.
pub(crate) const KEY_BYTES_MAX: usize = 1_024;
/// Nodes that all aliases of one document may add to it.
pub(crate) const ALIAS_NODES_MAX: usize = 10_000;

/// A value of the text and the bytes it covers.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// Byte range in the text.
    pub(crate) bytes: Bytes,
}

/// Children are shared, so that an alias costs nothing until it is read.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Scalar(Value),
    Array(Arc<Vec<Node>>),
    Object(Arc<Vec<(Key, Node)>>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// Byte range in the text.
    pub(crate) bytes: Bytes,
}

impl Node {
    /// Items or properties directly below it.
    pub(crate) fn children(&self) -> usize {
        match &self.kind {
            NodeKind::Scalar(_) => 0,
            NodeKind::Array(items) => items.len(),
            NodeKind::Object(entries) => entries.len(),
        }
    }

    /// The plain value, without places.
    pub(crate) fn value(&self) -> Value {
        spend(1);
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::Array(items) => items.iter().map(Self::value).collect(),
            NodeKind::Object(entries) => Value::obj(
                entries
                    .iter()
                    .map(|(key, node)| (Value::from(key.text.clone()), node.value()))
                    .collect(),
            ),
        }
    }
}

/// What was wrong with the text, and the tree as far as it could be read.
pub(crate) struct Tree {
    pub(crate) root: Option<Node>,
    pub(crate) lines: Lines,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads `text` as JSON where it is JSON, else as YAML.
pub(crate) fn read(text: &str, limits: &Limits) -> Tree {
    if text.len() > limits.document_bytes_max {
        let message = format!(
            "the document has {} bytes, the limit is {}: split it, or move data out of it",
            text.len(),
            limits.document_bytes_max
        );
        let problem = Diagnostic::new(Code::DocumentTooLarge, Pointer::root(), message);
        return Tree { root: None, lines: Lines::default(), diagnostics: vec![problem] };
    }
    let lines = Lines::new(text);
    let looks_like_json = text.trim_start().starts_with('{');
    let json = looks_like_json.then(|| json::read(text, limits, &lines)).flatten();
    let (root, diagnostics) = json.unwrap_or_else(|| yaml::read(text, limits, &lines));
    Tree { root, lines, diagnostics }
}

/// The root as far as it could be read, and what was wrong.
type Reading = (Option<Node>, Vec<Diagnostic>);

/// Collects the entries of one object and refuses a second value of the same key.
#[derive(Default)]
pub(crate) struct Entries {
    entries: indexmap::IndexMap<String, (Key, Node)>,
}

impl Entries {
    /// Adds an entry; of a duplicate the last value stands, so that its own problems show too.
    pub(crate) fn insert(
        &mut self,
        key: Key,
        node: Node,
        lines: &Lines,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if key.text.len() > KEY_BYTES_MAX {
            let message = format!("a key may have {KEY_BYTES_MAX} bytes: shorten this one");
            let problem = Diagnostic::new(Code::InvalidKey, Pointer::root(), message);
            diagnostics.push(problem.at(lines.span(key.bytes)));
            return;
        }
        if let Some((first, _)) = self.entries.get(&key.text) {
            let line = lines.number(first.bytes.0);
            let message = format!(
                "the key `{}` already stands in line {line}: keep one of the two",
                key.text
            );
            let problem = Diagnostic::new(Code::DuplicateKey, Pointer::root(), message);
            diagnostics.push(problem.at(lines.span(key.bytes)));
        }
        self.entries.insert(key.text.clone(), (key, node));
    }

    pub(crate) fn finish(self) -> NodeKind {
        NodeKind::Object(Arc::new(self.entries.into_values().collect()))
    }
}

#[cfg(test)]
mod tests;
