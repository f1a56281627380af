//! What is said about mistakes, construct by construct: a text, and its diagnostics. Lines are those of the text shown.
#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

mod calls;
mod components;
mod events;
mod extensions;
mod header;
mod runs;
mod secrets;
mod tasks;

use expect_test::Expect;
use motet_definition::{lines, parse};
use motet_types::Limits;

const HEADER: &str = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }";

/// A whole document.
fn document(text: &str, expected: Expect) {
    let text = text.trim_start_matches('\n');
    expected.assert_eq(&lines("line", &parse(text, &Limits::default()).diagnostics));
}

/// Tasks below `do`; lines count from the first task.
fn tasks(text: &str, expected: Expect) {
    let tasks = text.trim_start_matches('\n');
    let parsed = parse(&format!("{HEADER}\ndo:\n{tasks}\n"), &Limits::default());
    let mut found = parsed.diagnostics;
    for span in found.iter_mut().filter_map(|diagnostic| diagnostic.span.as_mut()) {
        span.line = span.line.saturating_sub(2).max(1);
    }
    expected.assert_eq(&lines("line", &found));
}
