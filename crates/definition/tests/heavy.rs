//! Documents made to be slow: each is read within the limit of bytes, and far within the limit of patience.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use motet_definition::{Colour, DIAGNOSTICS_MAX, parse, report, unsupported};
use motet_types::Limits;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn heavy_documents_are_read_in_good_time() {
    let header = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }\n";
    for (name, body) in heavy_documents() {
        let text = if body.starts_with('{') { body } else { format!("{header}{body}") };
        assert!(text.len() <= Limits::default().document_bytes_max, "{name}: {}", text.len());
        let start = Instant::now();
        let parsed = parse(&text, &Limits::default());
        let drawn = report("f", &parsed.source, &parsed.diagnostics, Colour::Never);
        assert_eq!(drawn.is_empty(), parsed.diagnostics.is_empty(), "{name}");
        // A sound reader needs about a second here, unoptimised; one with a quadratic loop needs minutes.
        assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
        assert!(parsed.diagnostics.len() <= DIAGNOSTICS_MAX, "{name}");
        if let Some(document) = parsed.document {
            assert!(unsupported(&document).len() <= DIAGNOSTICS_MAX, "{name}");
        }
    }
}

fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{}", line(n));
        text
    })
}

fn heavy_documents() -> [(&'static str, String); 14] {
    [
        (
            "gotos to nowhere",
            format!(
                "do:\n{}",
                repeated(6_000, |n| format!("- t{n}: {{ set: {{ a: 1 }}, then: u{n} }}\n"))
            ),
        ),
        (
            "gotos backwards",
            format!(
                "do:\n{}",
                repeated(6_000, |n| format!("- t{n}: {{ set: {{ a: 1 }}, then: t{} }}\n", n / 2))
            ),
        ),
        (
            "unknown functions",
            format!("do:\n{}", repeated(8_333, |n| format!("- t{n}: {{ call: unknown{n} }}\n"))),
        ),
        (
            "a chain of functions",
            format!(
                "use:\n  functions:\n{}do: [ {{ a: {{ call: f0 }} }} ]\n",
                repeated(8_333, |n| format!("    f{n}: {{ call: f{} }}\n", n + 1))
            ),
        ),
        (
            "a circle of needs",
            format!(
                "do:\n- f:\n    fork:\n      branches:\n{}",
                repeated(3_000, |n| format!(
                    "      - b{n}: {{ set: {{ a: 1 }}, metadata: {{ motet: {{ needs: [b{}, x{n}] }} }} }}\n",
                    (n + 1) % 3_000
                ))
            ),
        ),
        (
            "unknown keys",
            format!("use:\n{}do: []\n", repeated(20_000, |n| format!("  key{n}: 1\n"))),
        ),
        ("duplicate keys", format!("x:\n{}do: []\n", repeated(33_333, |_| "  k: 1\n".to_owned()))),
        ("broken tasks", format!("do:\n{}", repeated(20_000, |n| format!("- t{n}: 1\n")))),
        (
            "one long line",
            format!(
                "{{\"do\": [{}]}}",
                repeated(10_000, |n| format!("{{\"t{n}\":{{\"st\":1}}}},")).trim_end_matches(',')
            ),
        ),
        (
            "expressions",
            format!(
                "do:\n{}",
                repeated(5_000, |n| format!("- t{n}: {{ set: {{ a: '${{ .a{n} + $x }}' }} }}\n"))
            ),
        ),
        ("deep flow", format!("x: {}", "[".repeat(500_000))),
        ("deep block", format!("x:\n{}", repeated(700, |n| format!("{}-\n", " ".repeat(n))))),
        ("long words", format!("do:\n- a: {{ set: {{ a: 1 }}, {}: 1 }}\n", "k".repeat(1_000))),
        ("many anchors", repeated(13_333, |n| format!("k{n}: &a{n} [1]\n"))),
    ]
}
