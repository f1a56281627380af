use motet_types::Limits;

use crate::{Diagnostic, SourceMap, Value, source};

/// A text that is no workflow document, read under the same rules.
#[derive(Clone, Debug)]
pub struct Data {
    /// As far as it could be read.
    pub value: Option<Value>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    pub source: SourceMap,
}

/// Reads YAML or JSON as documents are read (YAML 1.2 core schema, no duplicate keys, limited aliases), whatever it means.
pub fn read_data(text: &str, limits: &Limits) -> Data {
    let tree = source::read(text, limits);
    let value = tree.root.as_ref().map(source::Node::value);
    let source = SourceMap::new(tree.root, tree.lines);
    let mut diagnostics = tree.diagnostics;
    source.locate(&mut diagnostics);
    Data { value, diagnostics, source }
}
