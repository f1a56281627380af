//! Documents made to be slow: what each costs is bounded by a multiple of its length.

use std::fmt::Write as _;

use motet_types::Limits;

use super::measured;
use crate::{Colour, DIAGNOSTICS_MAX, graph, parse, report, unsupported};

/// Steps that a byte of a document may cost. A diagnostic may look through all properties of the objects around it, so that the
/// worst of these documents costs 150; a loop inside a loop over one would cost thousands.
const STEPS_PER_BYTE_MAX: u64 = 200;

/// A sound loop takes twice the steps for twice the document, and what is done once for each kept diagnostic less than that; a
/// loop inside a loop takes four times as many.
const GROWTH_MAX: f64 = 2.6;

#[test]
fn twice_a_heavy_document_is_twice_the_work() {
    let mut broken = String::new();
    for (name, body) in HEAVY {
        let (half, whole) = (document(&body(1)), document(&body(2)));
        assert!(whole.len() <= Limits::default().document_bytes_max, "{name}: {}", whole.len());
        let (small, large) = (work(name, &half), work(name, &whole));
        let per_byte = large / whole.len() as u64;
        // Where a fixed cost outweighs what the length costs, there is nothing to compare.
        let growth = large as f64 / small.max(1) as f64;
        if growth > GROWTH_MAX || per_byte > STEPS_PER_BYTE_MAX {
            let _ = writeln!(broken, "{name}: {small}, then {large} steps, {per_byte} per byte");
        }
    }
    assert!(broken.is_empty(), "these cost too much:\n{broken}");
}

#[test]
fn the_counts_would_show_a_loop_inside_a_loop() {
    let words: Vec<String> = (0..100).map(|n| format!("word{n}")).collect();
    let known: Vec<&str> = words.iter().map(String::as_str).collect();
    let quadratic = |count: usize| {
        let run = || {
            known[..count]
                .iter()
                .filter_map(|word| crate::read::nearest(word, &known[..count]))
                .count()
        };
        measured(run).1
    };
    let growth = quadratic(100) as f64 / quadratic(50) as f64;
    assert!(growth > GROWTH_MAX, "{growth}");
}

/// Steps of reading a document, of drawing what is wrong with it, and of compiling it where nothing is.
fn work(name: &str, text: &str) -> u64 {
    let limits = Limits::default();
    let (diagnostics, steps) = measured(|| {
        let parsed = parse(text, &limits);
        let drawn = report("f", &parsed.source, &parsed.diagnostics, Colour::Never);
        assert_eq!(drawn.is_empty(), parsed.diagnostics.is_empty(), "{name}");
        if let Some(document) = &parsed.document {
            assert!(unsupported(document).len() <= DIAGNOSTICS_MAX, "{name}");
            drop(graph::compile(document, &limits));
        }
        parsed.diagnostics.len()
    });
    assert!(diagnostics <= DIAGNOSTICS_MAX, "{name}: {diagnostics}");
    steps
}

fn document(body: &str) -> String {
    let header = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }\n";
    if body.starts_with('{') { body.to_owned() } else { format!("{header}{body}") }
}

fn repeated(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, "{}", line(n));
        text
    })
}

/// What each is, and its text in one and in two sizes.
type Heavy = (&'static str, fn(usize) -> String);

/// Each shows more problems than are kept in its smaller size already, or none.
const HEAVY: &[Heavy] = &[
    ("gotos to nowhere", |size| {
        tasks(size * 1_500, |n| format!("{{ set: {{ a: 1 }}, then: u{n} }}"))
    }),
    ("gotos backwards", |size| {
        tasks(size * 1_500, |n| format!("{{ set: {{ a: 1 }}, then: t{} }}", n / 2))
    }),
    ("one name for all", |size| {
        format!("do:\n{}", repeated(size * 1_500, |_| "- t: { set: { a: 1 } }\n".to_owned()))
    }),
    ("a switch of many cases", |size| {
        let cases = repeated(size * 1_500, |n| format!("    - c{n}: {{ when: .a, then: t{n} }}\n"));
        format!("do:\n- t0:\n    switch:\n{cases}")
    }),
    ("unknown functions", |size| tasks(size * 2_000, |n| format!("{{ call: unknown{n} }}"))),
    ("functions of catalogs", |size| {
        let catalogs = |n| format!("    c{n}: {{ endpoint: 'http://a.b' }}\n");
        let calls = tasks(size * 2_000, |n| format!("{{ call: 'f:1.0.0@c{n}' }}"));
        format!("use:\n  catalogs:\n{}{calls}", repeated(size * 2_000, catalogs))
    }),
    ("a chain of functions", |size| {
        let functions = repeated(size * 2_000, |n| format!("    f{n}: {{ call: f{} }}\n", n + 1));
        format!("use:\n  functions:\n{functions}do: [ {{ a: {{ call: f0 }} }} ]\n")
    }),
    ("secrets, each used", |size| {
        let names = repeated(size * 2_000, |n| format!("s{n}, "));
        let tasks = tasks(size * 2_000, |n| format!("{{ set: {{ a: '${{ $secrets.s{n} }}' }} }}"));
        format!("use: {{ secrets: [{}] }}\n{tasks}", names.trim_end_matches(", "))
    }),
    ("errors, each caught by name", |size| {
        let error = |n| format!("    e{n}: {{ type: 'http://a.b/{n}', status: 400 }}\n");
        let tasks = tasks(size * 2_000, |n| format!("{{ raise: {{ error: e{n} }} }}"));
        format!("use:\n  errors:\n{}{tasks}", repeated(size * 2_000, error))
    }),
    ("a circle of needs", |size| {
        let count = size * 800;
        let branches = repeated(count, |n| {
            let next = (n + 1) % count;
            format!(
                "      - b{n}: {{ set: {{ a: 1 }}, metadata: {{ motet: {{ needs: [b{next}, x{n}] }} }} }}\n"
            )
        });
        format!("do:\n- f:\n    fork:\n      branches:\n{branches}")
    }),
    ("a branch that needs all others", |size| {
        let branches = repeated(size * 1_000, |n| format!("      - b{n}: {{ set: {{ a: 1 }} }}\n"));
        let needs = repeated(size * 1_000, |n| format!("b{n}, "));
        let last = format!(
            "{{ set: {{ a: 1 }}, metadata: {{ motet: {{ needs: [{}] }} }} }}",
            needs.trim_end_matches(", ")
        );
        format!("do:\n- f:\n    fork:\n      branches:\n{branches}      - all: {last}\n")
    }),
    ("unknown keys", |size| {
        format!("use:\n{}do: []\n", repeated(size * 4_000, |n| format!("  key{n}: 1\n")))
    }),
    ("duplicate keys", |size| {
        format!("x:\n{}do: []\n", repeated(size * 4_000, |_| "  k: 1\n".to_owned()))
    }),
    ("duplicate keys in one line", |size| {
        let keys = repeated(size * 4_000, |_| "\"k\":1,".to_owned());
        format!("{{\"x\":{{{}}}}}", keys.trim_end_matches(','))
    }),
    ("broken tasks", |size| tasks(size * 4_000, |_| "1".to_owned())),
    ("broken tasks in one line", |size| {
        let tasks = repeated(size * 2_500, |n| format!("{{\"t{n}\":{{\"st\":1}}}},"));
        format!("{{\"do\":[{}]}}", tasks.trim_end_matches(','))
    }),
    ("expressions", |size| {
        tasks(size * 1_500, |n| format!("{{ set: {{ a: '${{ .a{n} + $x }}' }} }}"))
    }),
    ("deep flow", |size| format!("x: {}", "[".repeat(size * 250_000))),
    ("deep block", |size| {
        format!("x:\n{}", repeated(500 + size * 100, |n| format!("{}-\n", " ".repeat(n))))
    }),
    ("deep tasks", |size| {
        let deep = format!("{}{}", "{ do: [ { a: ".repeat(20), "{ set: { a: $x } }");
        tasks(size * 200, |_| format!("{deep}{}", " } ] }".repeat(20)))
    }),
    ("deep data", |size| {
        let deep = format!("{}'${{ $x }}'{}", "{ a: ".repeat(40), " }".repeat(40));
        tasks(size * 500, |_| format!("{{ set: {deep} }}"))
    }),
    ("long words", |size| {
        tasks(size * 100, |_| format!("{{ set: {{ a: 1 }}, {}: 1 }}", "k".repeat(1_000)))
    }),
    ("many anchors", |size| repeated(size * 2_500, |n| format!("k{n}: &a{n} [1]\n"))),
    ("one anchor, many aliases", |size| {
        format!("x: &a [1, 2, 3]\n{}", repeated(size * 1_000, |n| format!("k{n}: *a\n")))
    }),
];

/// A list of tasks with names of their own.
fn tasks(count: usize, task: impl Fn(usize) -> String) -> String {
    format!("do:\n{}", repeated(count, |n| format!("- t{n}: {}\n", task(n))))
}
