use motet_types::Limits;

use crate::model::Document;
use crate::read::{self, Cursor, Sink};
use crate::source;
use crate::work::spend;
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
    let Draft { document, is_valid, diagnostics, source, .. } = draft(text, limits);
    Parsed { document: document.filter(|_| is_valid), diagnostics, source }
}

/// A text read as far as that goes.
pub(crate) struct Draft {
    /// With stand-ins for what could not be read.
    pub(crate) document: Option<Document>,
    /// Whether nothing is an error, so that there are no stand-ins.
    pub(crate) is_valid: bool,
    /// Where the stand-ins are.
    broken: Vec<Pointer>,
    /// In the order of the text.
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) source: SourceMap,
}

impl Draft {
    /// Adds what was found about parts that could be read.
    pub(crate) fn extend(&mut self, further: Vec<Diagnostic>) {
        let further = further.into_iter();
        let mut further: Vec<Diagnostic> =
            further.filter(|diagnostic| !concerns_any(&self.broken, diagnostic)).collect();
        self.source.locate(&mut further);
        self.is_valid &= !further.iter().any(Diagnostic::is_error);
        self.diagnostics.extend(further);
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
    }
}

/// Reads and checks a text, and keeps what could be read of it even if that is no valid document.
pub(crate) fn draft(text: &str, limits: &Limits) -> Draft {
    let tree = source::read(text, limits);
    let mut diagnostics = tree.diagnostics;
    let sink = Sink::default();
    let root = tree.root.as_ref();
    let document = root.and_then(|root| read::document(Cursor::root(root, &sink)));
    let findings = sink.finish();
    diagnostics.extend(findings.diagnostics);
    if let Some(document) = &document {
        let meant = crate::validate::validate(document, limits).into_iter();
        diagnostics.extend(meant.filter(|diagnostic| !concerns_any(&findings.broken, diagnostic)));
    }
    let is_valid =
        document.is_some() && !findings.refused && !diagnostics.iter().any(Diagnostic::is_error);
    let source = SourceMap::new(tree.root, tree.lines);
    diagnostics.truncate(DIAGNOSTICS_MAX);
    source.locate(&mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
    Draft { document, is_valid, broken: findings.broken, diagnostics, source }
}

/// Whether a diagnostic is about a part that was replaced by a stand-in.
fn concerns_any(broken: &[Pointer], diagnostic: &Diagnostic) -> bool {
    spend(broken.len());
    broken.iter().any(|part| part.contains(&diagnostic.path))
}
