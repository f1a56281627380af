//! No text makes the reader panic, and what it takes survives printing.

use motet_definition::{Colour, lines, parse, print, report, to_json, to_yaml, unsupported};
use motet_types::Limits;
use proptest::prelude::*;

const SEED: &str = include_str!("documents/everything.yaml");

/// Pieces that steer a text into corners of YAML, JSON and the language.
const PIECES: [&str; 32] = [
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "? ",
    "|\n",
    ">-\n",
    "#",
    "${ ",
    "$secrets.x",
    "\u{feff}",
    "\r\n",
    "\t",
    "é",
    "\u{2028}",
    "0x",
    "1e999",
    ".inf",
    "---\n",
    "...\n",
    "do:",
    "until: ",
];

fn check(text: &str) {
    let parsed = parse(text, &Limits::default());
    let refused = parsed.diagnostics.iter().any(|diagnostic| diagnostic.is_error());
    assert_eq!(parsed.document.is_none(), refused, "{:#?}", parsed.diagnostics);
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span.expect("every diagnostic of a text has a place");
        assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
    }
    let drawn = report("f.yaml", &parsed.source, &parsed.diagnostics, Colour::Always);
    assert_eq!(drawn.is_empty(), parsed.diagnostics.is_empty());
    assert!(lines("f.yaml", &parsed.diagnostics).lines().count() >= parsed.diagnostics.len());
    if let Some(document) = parsed.document {
        let _ = unsupported(&document);
        let value = print(&document);
        for printed in [to_yaml(&value), to_json(&value)] {
            let again = parse(&printed, &Limits::default());
            assert_eq!(again.document.as_ref(), Some(&document), "{printed}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn a_mutated_document_is_read_without_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12usize, 0..PIECES.len()), 1..6)
    ) {
        let mut text: Vec<char> = SEED.chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(text.len());
            let end = (at + removed).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        check(&text.into_iter().collect::<String>());
    }

    #[test]
    fn soup_of_pieces_is_read_without_panic(pieces in prop::collection::vec(0..PIECES.len(), 0..40)) {
        check(&pieces.iter().map(|piece| PIECES[*piece]).collect::<String>());
    }

    #[test]
    fn any_text_survives_printing(text in any::<String>(), key in "\\PC{1,12}") {
        let quoted = serde_json::to_string(&text).unwrap();
        let key = serde_json::to_string(&key).unwrap();
        let document = format!(
            r#"{{"document":{{"dsl":"1.0.0","namespace":"a","name":"b","version":"1.0.0",
               "tags":{{{key}:{quoted},"list":[{quoted},[[{quoted}],{{{key}:{quoted}}}]]}}}},
               "do":[{{"s":{{"set":{{"x":1}}}}}}]}}"#
        );
        check(&document);
    }
}

#[test]
fn the_seed_itself_is_taken() {
    let parsed = parse(SEED, &Limits::default());
    assert!(parsed.document.is_some(), "{:#?}", parsed.diagnostics);
    check(SEED);
}
