use motet_types::Limits;

use super::{CompileError, Graph, Schema, compile, saga};
use crate::model::{Document, SchemaSource};
use crate::walk::{Construct, walk};
use crate::{Code, DIAGNOSTICS_MAX, Diagnostic, Pointer, SourceMap};

/// What came of a text that is to be published.
#[derive(Debug)]
pub struct Checked {
    /// Present exactly when no diagnostic is an error.
    pub graph: Option<Graph>,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    pub source: SourceMap,
}

impl Checked {
    /// Takes back what is said of services that are known.
    pub fn forget_services(&mut self, is_known: impl Fn(&str) -> bool) {
        self.diagnostics.retain(|found| !found.service.as_deref().is_some_and(&is_known));
    }
}

/// Everything that publication asks of a text: that it is a valid document, that the engine executes all of it, and that
/// it compiles. What is wrong is reported at once, except that only a document without other errors is compiled.
pub fn check(text: &str, limits: &Limits) -> Checked {
    let mut draft = crate::parse::draft(text, limits);
    if let Some(document) = &draft.document {
        let mut further = crate::unsupported(document);
        further.extend(schemas(document));
        draft.extend(further);
    }
    let graph = match draft.document.take().filter(|_| draft.is_valid) {
        Some(document) => compile(&document, limits)
            .map_err(|errors| draft.extend(errors.iter().map(diagnostic).collect()))
            .ok(),
        None => None,
    };
    if let Some(graph) = &graph {
        draft.extend(saga::warnings(graph));
    }
    Checked { graph, diagnostics: draft.diagnostics, source: draft.source }
}

/// What is wrong with the schemas of a document, wherever they stand.
fn schemas(document: &Document) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    walk(document, &mut |construct, path| {
        let (input, output, export) = match construct {
            Construct::Document(own) => (&own.input, &own.output, &None),
            Construct::Task(own) => (&own.common.input, &own.common.output, &own.common.export),
            Construct::Policy(_) => return,
        };
        let schemas = [
            ("input", input.as_ref().and_then(|input| input.schema.as_ref())),
            ("output", output.as_ref().and_then(|output| output.schema.as_ref())),
            ("export", export.as_ref().and_then(|export| export.schema.as_ref())),
        ];
        for (key, schema) in schemas {
            let Some((schema, Err(message))) = schema.map(|it| (it, Schema::of(it))) else {
                continue;
            };
            let source = match &schema.source {
                SchemaSource::Document(_) if schema.is_json() => "document",
                SchemaSource::Document(_) => "format",
                SchemaSource::Resource(_) => "resource",
            };
            let path = path.key(key).key("schema").key(source).pointer();
            if diagnostics.len() < DIAGNOSTICS_MAX {
                diagnostics.push(Diagnostic::new(Code::NotCompilable, path, message));
            }
        }
    });
    diagnostics
}

fn diagnostic(error: &CompileError) -> Diagnostic {
    let path = Pointer::from(error.path.as_str());
    Diagnostic::new(Code::NotCompilable, path, error.message.clone())
}
