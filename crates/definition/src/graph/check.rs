use motet_types::Limits;

use super::{Graph, compile};
use crate::{Code, Diagnostic, Pointer, SourceMap};

/// What came of a text that is to be published.
#[derive(Debug)]
pub struct Checked {
    /// Present exactly when no diagnostic is an error.
    pub graph: Option<Graph>,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    pub source: SourceMap,
}

/// Everything that publication asks of a text: that it is a valid document, that the engine executes all of it, and that
/// it compiles.
pub fn check(text: &str, limits: &Limits) -> Checked {
    let parsed = crate::parse(text, limits);
    let (source, mut diagnostics) = (parsed.source, parsed.diagnostics);
    let Some(document) = parsed.document else {
        return Checked { graph: None, diagnostics, source };
    };
    let mut further = crate::unsupported(&document);
    let graph = match further.is_empty() {
        true => compile(&document, limits).map_err(|errors| {
            further.extend(errors.into_iter().map(|error| {
                Diagnostic::new(
                    Code::NotCompilable,
                    Pointer::from(error.path.as_str()),
                    error.message,
                )
            }));
        }),
        false => Err(()),
    };
    source.locate(&mut further);
    diagnostics.extend(further);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
    Checked { graph: graph.ok(), diagnostics, source }
}
