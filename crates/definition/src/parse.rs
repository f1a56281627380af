use motet_types::Limits;

use crate::model::Document;
use crate::read::{self, Cursor, Sink};
use crate::source;
use crate::{Diagnostic, Pointer, SourceMap};

/// Most diagnostics of one document that are kept; nobody reads further.
pub const DIAGNOSTICS_MAX: usize = 1_000;

/// What came of a text: everything that is wrong with it, and the document if nothing is an error.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Present exactly when no diagnostic is an error.
    pub document: Option<Document>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    pub source: SourceMap,
}

/// Reads a document from YAML or JSON, and checks its shape and its meaning: all problems at once.
///
/// Never panics, whatever the text. What the engine cannot execute yet is told apart by
/// [`unsupported`](crate::unsupported()).
pub fn parse(text: &str, limits: &Limits) -> Parsed {
    let tree = source::read(text, limits);
    let mut diagnostics = tree.diagnostics;
    let document = tree.root.as_ref().and_then(|root| {
        let sink = Sink::default();
        let document = read::document(Cursor::root(root, &sink));
        let findings = sink.finish();
        diagnostics.extend(findings.diagnostics);
        let document = document?;
        let meant = crate::validate::validate(&document, limits).into_iter();
        diagnostics.extend(meant.filter(|diagnostic| !concerns_any(&findings.broken, diagnostic)));
        (!findings.refused).then_some(document)
    });
    let document = document.filter(|_| !diagnostics.iter().any(Diagnostic::is_error));
    let source = SourceMap::new(tree.root, tree.lines);
    diagnostics.truncate(DIAGNOSTICS_MAX);
    source.locate(&mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
    Parsed { document, diagnostics, source }
}

/// Whether a diagnostic is about a part that was replaced by a stand-in.
fn concerns_any(broken: &[Pointer], diagnostic: &Diagnostic) -> bool {
    broken.iter().any(|part| part.contains(&diagnostic.path))
}
