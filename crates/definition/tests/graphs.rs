//! Documents and the graphs that they become: an outline names every way on that is not the next task.
#![allow(clippy::too_many_lines, reason = "a table is as long as it has rows")]

use expect_test::{Expect, expect};
use motet_definition::graph::{Checked, Format, check, draw};
use motet_definition::lines;
use motet_types::Limits;

const HEADER: &str = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }";

/// The outline of a document's graph, or what stands against one; warnings are left out.
fn outline(text: &str, expected: Expect) {
    let text = format!("{HEADER}{text}");
    let Checked { graph, mut diagnostics, .. } = check(&text, &Limits::default());
    expected.assert_eq(&match graph {
        Some(graph) => draw(&graph, Format::Text),
        None => {
            diagnostics.retain(|diagnostic| diagnostic.is_error());
            lines("line", &diagnostics)
        }
    });
}

#[test]
fn sequences_and_jumps() {
    outline(
        r#"
do:
  - one: { set: { x: 1 } }
  - two: { if: .x, set: { x: 2 }, then: four }
  - three: { set: { x: 3 }, then: exit }
  - four: { set: { x: 4 }, then: three }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ one  set
            ├─ two  set  if …  → four
            ├─ three  set  → end of list
            └─ four  set  → three
        "#]],
    );
    outline(
        r#"
do:
  - count: { set: { n: "${ .n + 1 }" } }
  - again: { switch: [ { more: { when: .n < 6, then: count } }, { enough: { then: end } } ] }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ count  set
            └─ again  switch  more → count  enough → end
        "#]],
    );
    outline(
        r#"
do:
  - only: { set: { x: 1 }, then: continue }
"#,
        expect![[r#"
            t/t:1.0.0
            └─ only  set
        "#]],
    );
    outline(
        r#"
do:
  - self: { if: .again, wait: PT1M, then: self }
"#,
        expect![[r#"
            t/t:1.0.0
            └─ self  wait 1m  if …  → self
        "#]],
    );
}

#[test]
fn nested_scopes() {
    outline(
        r#"
do:
  - a:
      do:
        - b: { do: [ { c: { set: { x: 1 }, then: exit } }, { d: { set: { x: 1 } } } ] }
        - e: { set: { x: 1 }, then: b }
  - f: { set: { x: 1 }, then: end }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ a  do
            │  ├─ b  do
            │  │  ├─ c  set  → end of list
            │  │  └─ d  set
            │  └─ e  set  → b
            └─ f  set  → end
        "#]],
    );
}

#[test]
fn switches() {
    outline(
        r#"
do:
  - pick:
      switch:
        - first: { when: .a, then: left }
        - second: { when: .b, then: right }
  - left: { set: { x: 1 }, then: end }
  - right: { set: { x: 2 } }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ pick  switch  first → left  second → right  → left
            ├─ left  set  → end
            └─ right  set
        "#]],
    );
    outline(
        r#"
do:
  - pick:
      if: .any
      switch:
        - only: { when: .a, then: exit }
      then: last
  - middle: { set: { x: 1 } }
  - last: { set: { x: 2 } }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ pick  switch  if …  only → end of list  → last
            ├─ middle  set
            └─ last  set
        "#]],
    );
    outline(
        r#"
do:
  - outer:
      do:
        - pick: { switch: [ { a: { when: .a, then: end } }, { b: { when: .b, then: continue } }, { c: { then: exit } } ] }
        - next: { set: { x: 1 } }
"#,
        expect![[r#"
            t/t:1.0.0
            └─ outer  do
               ├─ pick  switch  a → end  b → next  c → end of list
               └─ next  set
        "#]],
    );
}

#[test]
fn loops() {
    outline(
        r#"
do:
  - each:
      for: { each: line, in: .lines, at: nth }
      while: $nth < 3
      do:
        - skip: { if: $line == null, set: { x: 1 }, then: exit }
        - keep: { set: { line: "${ $line }" } }
  - pairs:
      for: { each: x, in: .xs }
      do:
        - inner:
            for: { each: y, in: .ys }
            do: [ { pair: { set: { x: "${ $x }", y: "${ $y }" } } } ]
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ each  for each line
            │  ├─ skip  set  if …  → end of list
            │  └─ keep  set
            └─ pairs  for each x
               └─ inner  for each y
                  └─ pair  set
        "#]],
    );
}

#[test]
fn forks() {
    outline(
        r#"
do:
  - all:
      fork:
        branches:
          - left: { do: [ { a: { set: { x: 1 } } }, { b: { set: { x: 1 } } } ] }
          - right: { wait: PT2H, then: exit }
          - gone: { set: { x: 1 }, then: end }
  - race:
      fork: { compete: true, branches: [ { quick: { wait: PT0.5S } }, { slow: { wait: P1D } } ] }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ all  fork
            │  ├─ left  do
            │  │  ├─ a  set
            │  │  └─ b  set
            │  ├─ right  wait 2h
            │  └─ gone  set  → end
            └─ race  fork, the first wins
               ├─ quick  wait 500ms
               └─ slow  wait 1d
        "#]],
    );
}

#[test]
fn retries_and_handlers() {
    outline(
        r#"
use: { retries: { often: { delay: PT1S, limit: { attempt: { count: 3 } } } } }
do:
  - plain: { try: [ { ask: { wait: PT1S } } ], catch: {} }
  - again: { try: [ { ask: { wait: PT1S } } ], catch: { retry: often } }
  - handled: { try: [ { ask: { wait: PT1S } } ], catch: { as: problem, do: [ { note: { set: { x: "${ $problem }" } } }, { give-up: { raise: { error: { type: "https://example.com/errors/gone", status: 410 } } } } ] } }
  - moved: { try: [ { ask: { wait: PT1S } } ], catch: { then: last } }
  - middle: { set: { x: 1 } }
  - last: { set: { x: 1 } }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ plain  try
            │  └─ ask  wait 1s
            ├─ again  try, with retries
            │  └─ ask  wait 1s
            ├─ handled  try
            │  ├─ try
            │  │  └─ ask  wait 1s
            │  └─ catch
            │     ├─ note  set
            │     └─ give-up  raise 410
            ├─ moved  try  caught → last
            │  └─ ask  wait 1s
            ├─ middle  set
            └─ last  set
        "#]],
    );
    outline(
        r#"
do:
  - outer:
      try:
        - inner:
            try: [ { ask: { wait: PT1S } } ]
            catch: { errors: { with: { status: 503 } }, retry: { delay: PT1S }, then: after }
        - between: { set: { x: 1 } }
        - after: { set: { x: 1 } }
      catch: { then: end }
"#,
        expect![[r#"
            t/t:1.0.0
            └─ outer  try  caught → end
               ├─ inner  try, with retries  caught → after
               │  └─ ask  wait 1s
               ├─ between  set
               └─ after  set
        "#]],
    );
}

#[test]
fn functions() {
    outline(
        r#"
use:
  functions:
    once: { set: { x: 1 } }
    twice: { do: [ { a: { call: once } }, { b: { call: once } } ] }
    pick: { switch: [ { yes: { when: .yes, then: exit } }, { no: { then: end } } ] }
do:
  - simple: { call: once, with: { y: 2 } }
  - nested: { call: twice, then: end }
  - choice: { call: pick }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ simple  call a function
            │  └─ once  set
            ├─ nested  call a function  → end
            │  └─ twice  do
            │     ├─ a  call a function
            │     │  └─ once  set
            │     └─ b  call a function
            │        └─ once  set
            └─ choice  call a function
               └─ pick  switch  yes → end of list  no → end
        "#]],
    );
}

#[test]
fn calls() {
    outline(
        r#"
use: { authentications: { login: { basic: { username: me, password: secret } } } }
do:
  - literal: { call: http, with: { method: get, endpoint: https://example.com } }
  - template: { call: http, with: { method: delete, endpoint: "https://example.com/{id}" } }
  - service: { call: http, with: { method: POST, endpoint: http://payments/charges } }
  - interpolated: { call: http, with: { method: put, endpoint: "https://example.com/${.id}" } }
  - computed: { call: http, with: { method: "${ .method }", endpoint: "${ .base }/${ .id }" } }
  - guarded: { call: http, with: { method: get, endpoint: { uri: https://example.com, authentication: { use: login } }, output: response } }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ literal  GET https://example.com
            ├─ template  DELETE https://example.com/{id}
            ├─ service  POST http://payments/charges
            ├─ interpolated  PUT a computed address
            ├─ computed  call a computed address
            └─ guarded  GET https://example.com
        "#]],
    );
}

#[test]
fn children_waits_and_errors() {
    outline(
        r#"
use: { errors: { gone: { type: https://example.com/errors/gone, status: 410 } } }
do:
  - exact: { run: { workflow: { namespace: shop, name: pay, version: 1.2.3 } } }
  - range: { run: { workflow: { namespace: shop, name: pay, version: ^1, input: { id: "${ .id }" } }, await: false } }
  - nap: { wait: { hours: 1, seconds: 5 } }
  - until: { wait: "${ .pause }" }
  - named: { if: .gone, raise: { error: gone } }
  - inline: { raise: { error: { type: "https://example.com/errors/${.kind}", status: 500 } } }
"#,
        expect![[r#"
            t/t:1.0.0
            ├─ exact  run shop/pay:1.2.3
            ├─ range  run shop/pay:^1
            ├─ nap  wait 1h 5s
            ├─ until  wait
            ├─ named  raise 410  if …
            └─ inline  raise 500
        "#]],
    );
}

#[test]
fn what_does_not_compile() {
    outline(
        r#"
do:
  - a: { input: { schema: { document: { type: nonsense } } }, set: { x: 1 } }
  - b: { output: { schema: { resource: { endpoint: https://example.com/a.json } } }, set: { x: 1 } }
  - c: { export: { schema: { format: avro, document: {} } }, set: { x: 1 } }
"#,
        expect![[r#"
            line:3:39: error[not-compilable]: the schema is not a JSON Schema: /type: "nonsense" is not valid under any of the schemas listed in the 'anyOf' keyword
            line:4:40: error[not-compilable]: a schema by reference is not supported: write it under `document`
            line:5:38: error[not-compilable]: a schema of format "avro" is not supported: write it as JSON Schema (`format: json`)
        "#]],
    );
    outline(
        r#"
do:
  - a: { run: { workflow: { namespace: Shop, name: "a b", version: 1.0.0 } } }
"#,
        expect![[r#"
            line:3:40: error[invalid-name]: `Shop` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`shop` would do)
            line:3:52: error[invalid-name]: `a b` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`a-b` would do)
        "#]],
    );
    outline(
        r#"
do:
  - a: { run: { script: { language: js, code: '1' } } }
  - b: { call: grpc, with: { proto: { endpoint: file://a }, service: { name: S, host: h }, method: M } }
"#,
        expect![[r#"
            line:3:17: error[unsupported-script]: `run: script` is not executed yet: let a service do it, and call it with `call: http`
            line:4:10: error[unsupported-grpc]: `call: grpc` is not executed yet: reach the service over HTTP, with `call: http`
        "#]],
    );
}

#[test]
fn a_digest_depends_on_the_meaning_alone() {
    let digest = |text: &str| {
        let checked = check(&format!("{HEADER}\n{text}"), &Limits::default());
        checked.graph.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics)).digest
    };
    let text = "do:\n  - a: { set: { x: 1, y: [ 2 ] }, then: end }\n";
    let same = [
        "do: [ { a: { then: end, set: { y: [ 2 ], x: 1 } } } ]\n",
        "# a comment\ndo:\n- \"a\":\n    set: { \"x\": 1, 'y': [ 2 ] }\n    then: end\n",
    ];
    for other in same {
        assert_eq!(digest(other), digest(text), "{other}");
    }
    let different = [
        "do:\n  - a: { set: { x: 1, y: [ 2 ] } }\n",
        "do:\n  - b: { set: { x: 1, y: [ 2 ] }, then: end }\n",
        "do:\n  - a: { set: { x: 1.0, y: [ 2 ] }, then: end }\n",
        "do:\n  - a: { set: { x: 1, y: [ 2 ] }, then: exit }\n",
        "do:\n  - a: { set: { x: \"1\", y: [ 2 ] }, then: end }\n",
    ];
    for other in different {
        assert_ne!(digest(other), digest(text), "{other}");
    }
}
