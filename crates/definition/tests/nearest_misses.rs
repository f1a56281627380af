//! Every code by its nearest miss: what gets it, exactly where, and what just does not.

#![expect(clippy::too_many_lines, reason = "tables of documents, one entry a code")]

use expect_test::{Expect, expect};
use motet_definition::graph::check as publish;
use motet_definition::{Code, Diagnostic};
use motet_types::Limits;

/// Not here: what needs a text too long to be shown, what is unlike any other (`error_pages`), and what no version executes yet.
const ELSEWHERE: [&str; 3] = ["document-too-large", "too-deep", "non-portable-value"];

const HEADER: &str = "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0}\n";

/// `wrong` gets the code at the marked place, and `right`, which differs as little as possible, does not get it.
fn check(code: &str, wrong: &str, right: &str, marked: Expect) {
    let found = diagnostics(wrong);
    let own: Vec<&Diagnostic> = found.iter().filter(|it| it.code.as_str() == code).collect();
    let [first, ..] = own.as_slice() else { panic!("{code}: {wrong} gets {found:#?}") };
    let span = first.span.expect("a document of text has places");
    let text = whole(wrong);
    let (before, rest) = text.split_at(span.start);
    let (meant, after) = rest.split_at(span.end - span.start);
    let line = before.matches('\n').count() + 1;
    assert_eq!(span.line, line, "{code}: {wrong}");
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    assert_eq!(span.column, column, "{code}: {wrong}");
    let text = format!("{before}»{meant}«{after}");
    marked.assert_eq(text.strip_prefix(HEADER).unwrap_or(&text).trim_end());
    let others = diagnostics(right);
    let own = others.iter().find(|it| it.code.as_str() == code);
    assert!(own.is_none(), "{code}: {right} gets it, too");
    // What is not executed is of the language all the same.
    let errors = others.iter().filter(|it| it.is_error());
    let error = errors.clone().find(|it| !it.code.as_str().starts_with("unsupported-"));
    assert!(error.is_none(), "{code}: {right} gets {error:?}");
}

fn diagnostics(text: &str) -> Vec<Diagnostic> {
    publish(&whole(text), &Limits::default()).diagnostics
}

/// A document without a header gets one.
fn whole(text: &str) -> String {
    let has_header = text.contains("document:") && !text.contains("schema");
    if has_header || text.starts_with('#') { text.to_owned() } else { format!("{HEADER}{text}") }
}

#[test]
fn every_code_has_its_nearest_miss() {
    let here: String = include_str!("nearest_misses.rs").split_whitespace().collect();
    for code in Code::ALL.iter().map(|code| code.as_str()) {
        let elsewhere = ELSEWHERE.contains(&code)
            || code.starts_with("unsupported-") && code != "unsupported-dsl";
        assert_eq!(here.contains(&format!("check(\"{code}\",")), !elsewhere, "{code}");
    }
}

#[test]
fn what_the_text_may_hold() {
    check("syntax", "do: [a: b", "do: [{a: {set: {x: b}}}]", expect!["do: [a: b»«"]);
    check(
        "empty-document",
        "# a comment alone\n",
        "do:\n- a: {set: {x: 1}}\n",
        expect!["»«# a comment alone"],
    );
    check(
        "several-documents",
        "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0}\ndo:\n- a: {set: {x: 1}}\n---\nx: 1\n",
        "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0}\ndo:\n- a: {set: {x: 1}}\n# ---\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}}
            »---«
            x: 1"#]],
    );
    check(
        "duplicate-key",
        "do:\n- a: {set: {x: 1, x: 2}}\n",
        "do:\n- a: {set: {x: 1, X: 2}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1, »x«: 2}}"#]],
    );
    check(
        "invalid-key",
        "do:\n- a: {set: {x: 1, true: 2}}\n",
        "do:\n- a: {set: {x: 1, 'true': 2, 8080: 3}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1, »true«: 2}}"#]],
    );
    check(
        "merge-key",
        "x: &x {y: 1}\ndo:\n- a: {set: {<<: *x}}\n",
        "x: &x {y: 1}\ndo:\n- a: {set: {'<<': *x}}\n",
        expect![[r#"
            x: &x {y: 1}
            do:
            - a: {set: {»<<«: *x}}"#]],
    );
    check(
        "unknown-tag",
        "do:\n- a: {set: {x: !secret s}}\n",
        "do:\n- a: {set: {x: !!str 7}}\n",
        expect![[r#"
            do:
            - a: {set: {x: »!secret s«}}"#]],
    );
    check(
        "invalid-number",
        "do:\n- a: {set: {x: .inf}}\n",
        "do:\n- a: {set: {x: '.inf', y: 1e3, z: inf}}\n",
        expect![[r#"
            do:
            - a: {set: {x: ».inf«}}"#]],
    );
    check(
        "alias-expansion",
        "x: &x [*x]\ndo:\n- a: {set: {x: 1}}\n",
        "x: &x [1]\ny: [*x, *x]\ndo:\n- a: {set: {x: 1}}\n",
        expect![[r#"
            x: &x [»*x«]
            do:
            - a: {set: {x: 1}}"#]],
    );
}

#[test]
fn the_shape_of_a_document() {
    check(
        "wrong-type",
        "do:\n- a: {set: {x: 1}, if: 5}\n",
        "do:\n- a: {set: {x: 1}, if: '5'}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, if: »5«}"#]],
    );
    check(
        "missing-property",
        "do:\n- a: {for: {each: x}, do: [{b: {set: {x: 1}}}]}\n",
        "do:\n- a: {for: {in: .x}, do: [{b: {set: {x: 1}}}]}\n",
        expect![[r#"
            do:
            - a: {»for«: {each: x}, do: [{b: {set: {x: 1}}}]}"#]],
    );
    check(
        "unknown-property",
        "do:\n- a: {set: {x: 1}, timout: PT1S}\n",
        "do:\n- a: {set: {x: 1}, timeout: {after: PT1S}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, »timout«: PT1S}"#]],
    );
    check(
        "suspicious-property",
        "uses: {}\ndo:\n- a: {set: {x: 1}}\n",
        "x-owner: {}\ndo:\n- a: {set: {x: 1}}\n",
        expect![[r#"
            »uses«: {}
            do:
            - a: {set: {x: 1}}"#]],
    );
    check(
        "invalid-value",
        "do:\n- a: {set: {}}\n",
        "do:\n- a: {set: '${ {} }'}\n",
        expect![[r#"
        do:
        - a: {set: »{}«}"#]],
    );
    check(
        "conflicting-properties",
        "do:\n- a: {try: [{b: {set: {x: 1}}}], catch: {retry: {backoff: {linear: {}, constant: {}}}}}\n",
        "do:\n- a: {try: [{b: {set: {x: 1}}}], catch: {retry: {backoff: {linear: {}}}}}\n",
        expect![[r#"
            do:
            - a: {try: [{b: {set: {x: 1}}}], catch: {retry: {»backoff«: {linear: {}, constant: {}}}}}"#]],
    );
    check(
        "task-item",
        "do:\n- a: {set: {x: 1}}\n  b: {set: {x: 1}}\n",
        "do:\n- a: {set: {x: 1}}\n- b: {set: {x: 1}}\n",
        expect![[r#"
            do:
            - »a: {set: {x: 1}}«
              b: {set: {x: 1}}"#]],
    );
    check(
        "no-task-kind",
        "do:\n- a: {then: end}\n",
        "do:\n- a: {set: {x: 1}, then: end}\n",
        expect![[r#"
            do:
            - »a«: {then: end}"#]],
    );
    check(
        "several-task-kinds",
        "do:\n- a: {set: {x: 1}, wait: PT1S}\n",
        "do:\n- a: {set: {wait: PT1S}}\n",
        expect![[r#"
            do:
            - »a«: {set: {x: 1}, wait: PT1S}"#]],
    );
    check(
        "nested-until",
        "do:\n- a: {listen: {to: {any: [], until: {any: [], until: .x}}}}\n",
        "do:\n- a: {listen: {to: {any: [], until: {any: []}}}}\n",
        expect![[r#"
            do:
            - a: {listen: {to: {any: [], until: »{any: [], until: .x}«}}}"#]],
    );
}

#[test]
fn values_expressions_and_calls() {
    check(
        "unsupported-dsl",
        "document: {dsl: 2.0.0, namespace: t, name: t, version: 1.0.0}\ndo:\n- a: {set: {x: 1}}\n",
        "document: {dsl: 1.0.99, namespace: t, name: t, version: 1.0.0}\ndo:\n- a: {set: {x: 1}}\n",
        expect![[r#"
            document: {dsl: »2.0.0«, namespace: t, name: t, version: 1.0.0}
            do:
            - a: {set: {x: 1}}"#]],
    );
    check(
        "invalid-version",
        "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0.0}\ndo:\n- a: {set: {x: 1}}\n",
        "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0-rc.1+build}\ndo:\n- a: {set: {x: 1}}\n",
        expect![[r#"
            document: {dsl: 1.0.3, namespace: t, name: t, version: »1.0.0.0«}
            do:
            - a: {set: {x: 1}}"#]],
    );
    check(
        "invalid-name",
        "document: {dsl: 1.0.3, namespace: t, name: order_item, version: 1.0.0}\ndo:\n- a: {set: {x: 1}}\n",
        "document: {dsl: 1.0.3, namespace: t, name: order-item, version: 1.0.0}\ndo:\n- a: {set: {x: 1}}\n",
        expect![[r#"
            document: {dsl: 1.0.3, namespace: t, name: »order_item«, version: 1.0.0}
            do:
            - a: {set: {x: 1}}"#]],
    );
    check(
        "invalid-name",
        "do:\n- a: {run: {workflow: {namespace: Shop, name: order, version: latest}}}\n",
        "do:\n- a: {run: {workflow: {namespace: shop, name: order, version: latest}}}\n",
        expect![[r#"
            do:
            - a: {run: {workflow: {namespace: »Shop«, name: order, version: latest}}}"#]],
    );
    check(
        "invalid-name",
        "do:\n- a: {run: {workflow: {namespace: shop, name: '${ .x }', version: latest}}}\n",
        "do:\n- a: {run: {workflow: {namespace: shop, name: x, version: latest}}}\n",
        expect![[r#"
            do:
            - a: {run: {workflow: {namespace: shop, name: »'${ .x }'«, version: latest}}}"#]],
    );
    check(
        "invalid-duration",
        "do:\n- a: {wait: 5 minutes}\n",
        "do:\n- a: {wait: PT5M}\n",
        expect![[r#"
            do:
            - a: {wait: »5 minutes«}"#]],
    );
    check(
        "duration-too-long",
        "do:\n- a: {wait: {days: 3661}}\n",
        "do:\n- a: {wait: {days: 3660}}\n",
        expect![[r#"
            do:
            - a: {wait: »{days: 3661}«}"#]],
    );
    check(
        "calendar-duration",
        "do:\n- a: {wait: P1M}\n",
        "do:\n- a: {wait: PT1M}\n",
        expect![[r#"
            do:
            - a: {wait: »P1M«}"#]],
    );
    check(
        "invalid-uri",
        "do:\n- a: {call: http, with: {method: get, endpoint: 'https://a.b/ c'}}\n",
        "do:\n- a: {call: http, with: {method: get, endpoint: 'https://a.b/%20c'}}\n",
        expect![[r#"
            do:
            - a: {call: http, with: {method: get, endpoint: »'https://a.b/ c'«}}"#]],
    );
    check(
        "invalid-status",
        "do:\n- a: {raise: {error: {type: 'https://a.b/c', status: 600}}}\n",
        "do:\n- a: {raise: {error: {type: 'https://a.b/c', status: 599}}}\n",
        expect![[r#"
            do:
            - a: {raise: {error: {type: 'https://a.b/c', status: »600«}}}"#]],
    );
    check(
        "invalid-variable",
        "do:\n- a: {for: {each: $x, in: .x}, do: [{b: {set: {x: 1}}}]}\n",
        "do:\n- a: {for: {each: x_1, in: .x}, do: [{b: {set: {x: 1}}}]}\n",
        expect![[r#"
            do:
            - a: {for: {each: »$x«, in: .x}, do: [{b: {set: {x: 1}}}]}"#]],
    );
    check(
        "invalid-expression",
        "do:\n- a: {set: {x: '${ .x + }'}}\n",
        "do:\n- a: {set: {x: '$ .x + '}}\n",
        expect![[r#"
            do:
            - a: {set: {x: '${ .x + »«}'}}"#]],
    );
    check(
        "undefined-variable",
        "do:\n- a: {set: {x: '${ $item }'}}\n",
        "do:\n- a: {for: {in: .x}, do: [{b: {set: {x: '${ $item }'}}}]}\n",
        expect![[r#"
            do:
            - a: {set: {x: '${ »$item« }'}}"#]],
    );
    check(
        "secret-outside-call",
        "use: {secrets: [s]}\ndo:\n- a: {set: {x: '${ $secrets.s + \"x\" }'}}\n",
        "use: {secrets: [s]}\ndo:\n- a: {set: {x: '${ $secrets.s }'}}\n",
        expect![[r#"
            use: {secrets: [s]}
            do:
            - a: {set: {x: »'${ $secrets.s + "x" }'«}}"#]],
    );
    check(
        "unknown-service",
        "do:\n- a: {call: http, with: {method: get, endpoint: http://payments/charges}}\n",
        "do:\n- a: {call: http, with: {method: get, endpoint: http://payments:80/charges}}\n",
        expect![[r#"
            do:
            - a: {call: http, with: {method: get, endpoint: »http://payments/charges«}}"#]],
    );
    check(
        "unknown-service",
        "do:\n- a: {call: http, with: {method: get, endpoint: {uri: 'http://payments/{id}'}}}\n",
        "do:\n- a: {call: http, with: {method: get, endpoint: {uri: 'http://localhost/{id}'}}}\n",
        expect![[r#"
            do:
            - a: {call: http, with: {method: get, endpoint: {uri: »'http://payments/{id}'«}}}"#]],
    );
    check(
        "undeclared-idempotency",
        "do:\n- a: {call: http, with: {method: post, endpoint: https://a.b/c}}\n",
        "do:\n- a: {call: http, with: {method: put, endpoint: https://a.b/c}}\n",
        expect![[r#"
            do:
            - a: {call: http, with: {method: »post«, endpoint: https://a.b/c}}"#]],
    );
    check(
        "not-compilable",
        "input: {schema: {document: {type: strng}}}\ndo:\n- a: {set: {x: 1}}\n",
        "input: {schema: {document: {type: string}}}\ndo:\n- a: {set: {x: 1}}\n",
        expect![[r#"
            input: {schema: {document: »{type: strng}«}}
            do:
            - a: {set: {x: 1}}"#]],
    );
    check(
        "not-compilable",
        "do:\n- a: {set: {x: 1}, export: {schema: {resource: {endpoint: https://a.b/c}}}}\n",
        "do:\n- a: {set: {x: 1}, export: {schema: {format: 'json:2020-12', document: {}}}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, export: {schema: {resource: »{endpoint: https://a.b/c}«}}}"#]],
    );
    check(
        "not-compilable",
        "do:\n- a: {set: {x: 1}, output: {schema: {format: avro, document: {}}}}\n",
        "do:\n- a: {set: {x: 1}, output: {schema: {document: {minimum: 1}}}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, output: {schema: {format: »avro«, document: {}}}}"#]],
    );
}

#[test]
fn names_and_flow() {
    check("empty-task-list", "do: []\n", "do:\n- a: {set: {x: 1}}\n", expect!["do: »[]«"]);
    check(
        "duplicate-task-name",
        "do:\n- a: {set: {x: 1}}\n- a: {set: {x: 2}}\n",
        "do:\n- a: {set: {x: 1}}\n- A: {set: {x: 2}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}}
            - »a«: {set: {x: 2}}"#]],
    );
    check(
        "reserved-task-name",
        "do:\n- exit: {set: {x: 1}}\n",
        "do:\n- Exit: {set: {x: 1}}\n",
        expect![[r#"
            do:
            - »exit«: {set: {x: 1}}"#]],
    );
    check(
        "unknown-task",
        "do:\n- a: {set: {x: 1}, then: B}\n- b: {set: {x: 1}}\n",
        "do:\n- a: {set: {x: 1}, then: b}\n- b: {set: {x: 1}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, then: »B«}
            - b: {set: {x: 1}}"#]],
    );
    check(
        "task-out-of-scope",
        "do:\n- a: {do: [{b: {set: {x: 1}, then: c}}]}\n- c: {set: {x: 1}}\n",
        "do:\n- a: {do: [{b: {set: {x: 1}, then: exit}}], then: c}\n- c: {set: {x: 1}}\n",
        expect![[r#"
            do:
            - a: {do: [{b: {set: {x: 1}, then: »c«}}]}
            - c: {set: {x: 1}}"#]],
    );
    check(
        "several-defaults",
        "do:\n- a: {switch: [{b: {then: end}}, {c: {then: exit}}]}\n",
        "do:\n- a: {switch: [{b: {when: .x, then: end}}, {c: {then: exit}}]}\n",
        expect![[r#"
            do:
            - a: {switch: [{b: {then: end}}, {»c«: {then: exit}}]}"#]],
    );
    check(
        "unreachable-task",
        "do:\n- a: {set: {x: 1}, then: end}\n- b: {set: {x: 1}}\n",
        "do:\n- a: {set: {x: 1}, if: .x, then: end}\n- b: {set: {x: 1}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, then: end}
            - »b«: {set: {x: 1}}"#]],
    );
    check(
        "unknown-error",
        "do:\n- a: {raise: {error: broke}}\n",
        "use: {errors: {broke: {type: 'https://a.b/c', status: 500}}}\ndo:\n- a: {raise: {error: broke}}\n",
        expect![[r#"
            do:
            - a: {raise: {error: »broke«}}"#]],
    );
    check(
        "unknown-retry",
        "do:\n- a: {try: [{b: {set: {x: 1}}}], catch: {retry: often}}\n",
        "use: {retries: {often: {delay: PT1S}}}\ndo:\n- a: {try: [{b: {set: {x: 1}}}], catch: {retry: often}}\n",
        expect![[r#"
            do:
            - a: {try: [{b: {set: {x: 1}}}], catch: {retry: »often«}}"#]],
    );
    check(
        "unknown-timeout",
        "do:\n- a: {set: {x: 1}, timeout: short}\n",
        "use: {timeouts: {short: {after: PT1S}}}\ndo:\n- a: {set: {x: 1}, timeout: short}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, timeout: »short«}"#]],
    );
    check(
        "unknown-function",
        "use: {functions: {greet: {set: {x: 1}}}}\ndo:\n- a: {call: grete}\n",
        "use: {functions: {greet: {set: {x: 1}}}}\ndo:\n- a: {call: greet}\n",
        expect![[r#"
            use: {functions: {greet: {set: {x: 1}}}}
            do:
            - a: {call: »grete«}"#]],
    );
    check(
        "recursive-function",
        "use: {functions: {f: {call: g}, g: {call: f}}}\ndo:\n- a: {call: f}\n",
        "use: {functions: {f: {call: g}, g: {set: {x: 1}}}}\ndo:\n- a: {call: f}\n",
        expect![[r#"
            use: {functions: {»f«: {call: g}, g: {call: f}}}
            do:
            - a: {call: f}"#]],
    );
    check(
        "unknown-authentication",
        "do:\n- a: {call: http, with: {method: get, endpoint: {uri: https://a.b/c, authentication: {use: me}}}}\n",
        "use: {authentications: {me: {bearer: {token: t}}}}\ndo:\n- a: {call: http, with: {method: get, endpoint: {uri: https://a.b/c, authentication: {use: me}}}}\n",
        expect![[r#"
            do:
            - a: {call: http, with: {method: get, endpoint: {uri: https://a.b/c, authentication: {use: »me«}}}}"#]],
    );
    check(
        "unknown-secret",
        "do:\n- a: {call: http, with: {method: get, endpoint: https://a.b/c, headers: {k: '${ $secrets.key }'}}}\n",
        "use: {secrets: [key]}\ndo:\n- a: {call: http, with: {method: get, endpoint: https://a.b/c, headers: {k: '${ $secrets.key }'}}}\n",
        expect![[r#"
            do:
            - a: {call: http, with: {method: get, endpoint: https://a.b/c, headers: {k: '${ $secrets.»key« }'}}}"#]],
    );
    check(
        "unknown-catalog",
        "do:\n- a: {call: 'log:1.0.0@ours'}\n",
        "do:\n- a: {call: 'log:1.0.0@default'}\n",
        expect![[r#"
            do:
            - a: {call: »'log:1.0.0@ours'«}"#]],
    );
    check(
        "misplaced-metadata",
        "do:\n- a: {set: {x: 1}, metadata: {motet: {idempotent: true}}}\n",
        "do:\n- a: {set: {x: 1}, metadata: {idempotent: true}}\n",
        expect![[r#"
            do:
            - a: {set: {x: 1}, metadata: {motet: {»idempotent«: true}}}"#]],
    );
    check(
        "invalid-needs",
        "do:\n- a: {fork: {branches: [{b: {set: {x: 1}, metadata: {motet: {needs: [b]}}}}]}}\n",
        "do:\n- a: {fork: {branches: [{b: {set: {x: 1}}}, {c: {set: {x: 1}, metadata: {motet: {needs: [b]}}}}]}}\n",
        expect![[r#"
            do:
            - a: {fork: {branches: [{b: {set: {x: 1}, metadata: {motet: {needs: »[b]«}}}}]}}"#]],
    );
}

#[test]
fn what_nothing_undoes() {
    let call = |name: &str, undo: &str| {
        format!("- {name}: {{call: http, with: {{method: put, endpoint: https://a.b}}{undo}}}")
    };
    let undo = ", metadata: {motet: {compensate: [{u: {set: {x: 1}}}]}}";
    let tasks = |middle: &str| {
        format!("do:\n{}\n{}\n{}\n", call("a", undo), call("b", middle), call("c", undo))
    };
    check(
        "uncompensated-call",
        &tasks(""),
        &tasks(undo),
        expect![[r#"
        do:
        - a: {call: http, with: {method: put, endpoint: https://a.b}, metadata: {motet: {compensate: [{u: {set: {x: 1}}}]}}}
        - »b«: {call: http, with: {method: put, endpoint: https://a.b}}
        - c: {call: http, with: {method: put, endpoint: https://a.b}, metadata: {motet: {compensate: [{u: {set: {x: 1}}}]}}}"#]],
    );
}
