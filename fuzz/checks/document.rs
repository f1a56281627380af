//! Documents: any text is judged, a graph exists exactly without errors, and what is taken survives printing.

use motet_definition::graph::{Checked, Format, check as check_text, draw};
use motet_definition::{Colour, lines, parse, print, report, to_json, to_yaml};
use motet_types::Limits;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let limits = Limits { vertices_max: 2_000, ..Limits::default() };
    let Checked { graph, diagnostics, source } = check_text(text, &limits);
    let refused = diagnostics.iter().any(|diagnostic| diagnostic.is_error());
    assert_eq!(graph.is_none(), refused, "{diagnostics:#?}");
    for diagnostic in &diagnostics {
        let span = diagnostic.span.expect("every diagnostic of a text has a place");
        assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
    }
    report("f", &source, &diagnostics, Colour::Always);
    lines("f", &diagnostics);
    if let Some(graph) = graph {
        for format in Format::ALL {
            draw(&graph, format);
        }
    }
    let Some(document) = parse(text, &limits).document else {
        return;
    };
    let value = print(&document);
    for printed in [to_yaml(&value), to_json(&value)] {
        // What is printed may be longer than what was read, by its indentation.
        let limits = Limits { document_bytes_max: usize::MAX, ..limits.clone() };
        let again = parse(&printed, &limits).document;
        assert_eq!(again.as_ref(), Some(&document), "{printed}");
    }
}
