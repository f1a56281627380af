//! Transcripts: a document, and everything that is said about it.

use expect_test::{Expect, expect};
use motet_definition::{Code, Colour, lines, parse, report, unsupported};
use motet_types::Limits;

/// A whole document and the diagnostics that it gets, one a line.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&transcript(text, &Limits::default()));
}

/// The same for a document of which only the part after the header matters; it begins in line 2.
fn check_body(body: &str, expected: Expect) {
    check(&format!("{HEADER}{body}"), expected);
}

/// What of a valid document is not executed yet.
fn check_unsupported(body: &str, expected: Expect) {
    let parsed = parse(&format!("{HEADER}{body}"), &Limits::default());
    let document = parsed.document.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics));
    let mut found = unsupported(&document);
    parsed.source.locate(&mut found);
    expected.assert_eq(&lines("w", &found));
}

fn transcript(text: &str, limits: &Limits) -> String {
    lines("w", &parse(text, limits).diagnostics)
}

const HEADER: &str = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }\n";

#[test]
fn text_that_is_no_document() {
    check(
        "",
        expect![[r#"
        w:1:1: error[empty-document]: the document is empty: it needs at least `document` and `do`
    "#]],
    );
    check(
        "# nothing but a comment\n",
        expect![[r#"
        w:1:1: error[empty-document]: the document is empty: it needs at least `document` and `do`
    "#]],
    );
    check(
        "do: [a: b",
        expect![[r#"
        w:1:10: error[syntax]: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
    "#]],
    );
    check(
        "- a\n- b\n",
        expect![[r#"
        w:1:1: error[wrong-type]: an object is expected here, found a list
    "#]],
    );
    check(
        "document: {}\ndo: []\n---\nb: 2\n",
        expect![[r#"
        w:3:1: error[several-documents]: a second document begins here: put one document into one file
    "#]],
    );
    check(
        "{\"document\": {}, \"do\": []} trailing",
        expect![[r#"
        w:1:28: error[syntax]: this is not YAML: did not find expected <document start>
    "#]],
    );
    check(
        "a: 1\n  b: 2\n",
        expect![[r#"
        w:2:4: error[syntax]: this is not YAML: mapping values are not allowed in this context
    "#]],
    );
}

#[test]
fn yaml_that_would_surprise() {
    check_body(
        "do: []\ndo:\n  - a: { set: { x: 1, x: 2 } }\n",
        expect![[r#"
        w:3:1: error[duplicate-key]: the key `do` already stands in line 2: keep one of the two
        w:4:23: error[duplicate-key]: the key `x` already stands in line 4: keep one of the two
    "#]],
    );
    check_body(
        "x-b: &x { b: 1 }\ndo:\n  - a: { set: { <<: *x } }\n",
        expect![[r#"
        w:4:15: error[invalid-value]: `set` sets nothing: add a property
        w:4:17: error[merge-key]: merge keys (`<<`) are not part of YAML 1.2: write the properties out
    "#]],
    );
    check_body(
        "do:\n  - a: { set: { ? [a] : 1, ~: 2, true: 3, 8080: 80 } }\n",
        expect![[r#"
        w:3:19: error[invalid-key]: a key must be text, not a list or an object
        w:3:28: error[invalid-key]: a key must be text: put `~` in quotes
        w:3:34: error[invalid-key]: a key must be text: put `true` in quotes
    "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: .inf, y: -.INF, z: .nan, w: 12e03 } }\n",
        expect![[r#"
        w:3:20: error[invalid-number]: `.inf` is not a number of JSON: put it in quotes to make it a string
        w:3:29: error[invalid-number]: `-.INF` is not a number of JSON: put it in quotes to make it a string
        w:3:39: error[invalid-number]: `.nan` is not a number of JSON: put it in quotes to make it a string
    "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: !secret s, y: !!int abc, z: !!int 7, w: !!str 7, v: ! 7 } }\n",
        expect![[r#"
            w:3:20: error[unknown-tag]: only the tags of the YAML core schema are known (`!!str`, `!!int`, …): leave it out
            w:3:34: error[unknown-tag]: `abc` is not a value of the tag `!!int`: leave the tag out
        "#]],
    );
    check_body(
        "x: &x [*x]\ndo:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
        w:2:8: error[alias-expansion]: this alias stands inside its own anchor: a document cannot contain itself
    "#]],
    );
}

#[test]
fn limits_of_the_text() {
    let limits = Limits { document_bytes_max: 80, ..Limits::default() };
    expect![[r#"
        w:1:1: error[document-too-large]: the document has 93 bytes, the limit is 80: split it, or move data out of it
    "#]]
        .assert_eq(&transcript(&format!("{HEADER}do:\n  - a: {{ set: {{ x: 1 }} }}\n"), &limits));
    let limits = Limits { depth_max: 6, ..Limits::default() };
    expect![[r#"
        w:1:9: error[too-deep]: the document nests deeper than 6 levels: flatten it
    "#]]
    .assert_eq(&transcript("x: [[[[[[1]]]]]]\n", &limits));
    expect![[r#"
        w:1:12: error[too-deep]: the document nests deeper than 6 levels: flatten it
    "#]]
    .assert_eq(&transcript("{\"x\": [[[[[[1]]]]]]}", &limits));
    let key = "k".repeat(2_000);
    check_body(
        &format!("{key}: 1\ndo:\n  - a: {{ set: {{ x: 1 }} }}\n"),
        expect![[r#"
        w:2:2001: error[syntax]: this is not YAML: simple key expect ':'
    "#]],
    );
    let bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    check(
        bomb,
        expect![[r#"
        w:4:29: error[alias-expansion]: aliases add more than 10000 values to the document: write the parts out
    "#]],
    );
    let digits = "9".repeat(2_000);
    check_body(
        &format!("do:\n  - a: {{ set: {{ x: {digits} }} }}\n"),
        expect![[r#"
        w:3:20: error[invalid-number]: a number may have 1000 digits: put this one in quotes to make it a string
    "#]],
    );
}

#[test]
fn header() {
    check(
        "do:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
        w:1:1: error[missing-property]: the property `document` is missing: add it
    "#]],
    );
    check(
        "document: { dsl: 2.0.0, namespace: My_Space, name: -x, version: 1.0, titel: x }\ndo:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
            w:1:18: error[unsupported-dsl]: version 2.0.0 of the language is not supported: write the document for 1.0.x
            w:1:36: error[invalid-name]: `My_Space` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`my-space` would do)
            w:1:52: error[invalid-name]: `-x` is no name: use 1 to 63 lower-case letters, digits and inner hyphens
            w:1:65: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            w:1:70: error[unknown-property]: the property `titel` is not known here: use `dsl`, `metadata`, `name`, `namespace`, `summary`, `tags`, `title` or `version` (did you mean `title`?)
        "#]],
    );
    check(
        "document: { dsl: 1.0.3, namespace: t, name: t, verson: 1.0.0 }\nuses: {}\nop:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
            w:1:1: error[missing-property]: the property `version` is missing: add it (`verson` may be meant to be `version`)
            w:1:1: error[missing-property]: the property `do` is missing: add it
            w:1:48: error[unknown-property]: the property `verson` is not known here: use `dsl`, `metadata`, `name`, `namespace`, `summary`, `tags`, `title` or `version` (did you mean `version`?)
            w:2:1: warning[suspicious-property]: the property `uses` has no meaning here: did you mean `use`?
            w:3:1: warning[suspicious-property]: the property `op` has no meaning here, and no effect
        "#]],
    );
    check(
        "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motett: {}, motet: { onfault: incident, onFault: ignore } } }\ndo:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
            w:1:76: warning[suspicious-property]: the property `motett` has no meaning here: did you mean `motet`?
            w:1:97: error[unknown-property]: the property `onfault` is not known here: use `attributes`, `businessKey`, `concurrency`, `lifecycle`, `limits`, `onFault`, `redact` or `schedule` (did you mean `onFault`?)
            w:1:125: error[invalid-value]: `ignore` is not known here: use `fault` or `incident`
        "#]],
    );
}

#[test]
fn shape_of_tasks() {
    check_body(
        "do:\n  - a: { sett: { x: 1 } }\n  - b: { then: end }\n  - c: { set: { x: 1 }, wait: PT1S }\n",
        expect![[r#"
            w:3:5: error[no-task-kind]: the task does nothing: add `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait` (`sett` may be meant to be `set`)
            w:4:5: error[no-task-kind]: the task does nothing: add `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait`
            w:5:5: error[several-task-kinds]: a task does one thing, this one has `set` and `wait`: make them two tasks
        "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: 1 } }\n    b: { set: {} }\n  - {}\n  - just text\n",
        expect![[r#"
            w:3:5: error[task-item]: one item holds `a` and `b`: begin each with `- `
            w:4:15: error[invalid-value]: `set` sets nothing: add a property
            w:5:5: error[task-item]: a task is missing here: write its name, a colon and its properties
            w:6:5: error[wrong-type]: an object is expected here, found text
        "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: 1 }, iff: .x, timout: PT1S }\n",
        expect![[r#"
        w:3:25: error[unknown-property]: the property `iff` is not known here: use `export`, `if`, `input`, `metadata`, `output`, `set`, `then` or `timeout`
        w:3:34: error[unknown-property]: the property `timout` is not known here: use `export`, `if`, `input`, `metadata`, `output`, `set`, `then` or `timeout` (did you mean `timeout`?)
    "#]],
    );
    check_body(
        "do:\n  - a: { for: { in: 5 }, do: [] }\n  - b: { for: { each: x } }\n",
        expect![[r#"
            w:3:21: error[wrong-type]: an expression or a list of objects is expected here, found a number
            w:3:30: error[empty-task-list]: the task list is empty: add a task
            w:4:5: error[missing-property]: the property `do` is missing: add it
            w:4:10: error[missing-property]: the property `in` is missing: add it
        "#]],
    );
    check_body(
        "do:\n  - a: { try: [], catch: { retry: 5, erors: {} } }\n",
        expect![[r#"
        w:3:15: error[empty-task-list]: the task list is empty: add a task
        w:3:35: error[wrong-type]: a retry policy, or the name of one in `use.retries`, is expected here, found a number
        w:3:38: error[unknown-property]: the property `erors` is not known here: use `as`, `do`, `errors`, `exceptWhen`, `retry`, `then` or `when` (did you mean `errors`?)
    "#]],
    );
    check_body(
        "do:\n  - a: { switch: [] }\n  - b: { switch: [ { x: { when: . } }, { y: { then: end }, z: { then: end } } ] }\n",
        expect![[r#"
            w:3:18: error[invalid-value]: the switch has no case: add one
            w:4:22: error[missing-property]: the property `then` is missing: add it
            w:4:40: error[task-item]: one item holds `y` and `z`: begin each with `- `
        "#]],
    );
}

#[test]
fn shape_of_calls_runs_and_events() {
    check_body(
        "do:\n  - a: { call: http, with: { method: get, endpont: x } }\n  - b: { call: http }\n  - c: { call: '' }\n",
        expect![[r#"
            w:3:22: error[missing-property]: the property `endpoint` is missing: add it (`endpont` may be meant to be `endpoint`)
            w:3:43: error[unknown-property]: the property `endpont` is not known here: use `body`, `endpoint`, `headers`, `method`, `output`, `query` or `redirect` (did you mean `endpoint`?)
            w:4:5: error[missing-property]: the property `with` is missing: add it
            w:5:8: error[invalid-value]: the call names nothing: write `call: http` or a function
        "#]],
    );
    check_body(
        "do:\n  - a: { run: {} }\n  - b: { run: { shell: { command: x }, script: { language: js, code: x } } }\n",
        expect![[r#"
            w:3:10: error[missing-property]: one of the properties is missing: add `container`, `script`, `shell` or `workflow`
            w:4:10: error[conflicting-properties]: `script` and `shell` exclude each other: keep one
        "#]],
    );
    check_body(
        "do:\n  - a: { run: { container: { image: x, lifetime: { cleanup: always, after: PT1S } } } }\n  - b: { run: { container: { image: x, lifetime: { cleanup: eventually } }, return: nothing } }\n",
        expect![[r#"
            w:3:69: error[conflicting-properties]: `after` goes with `cleanup: eventually` only: remove it
            w:4:40: error[missing-property]: the property `after` is missing: add it
            w:4:85: error[invalid-value]: `nothing` is not known here: use `stdout`, `stderr`, `code`, `all` or `none`
        "#]],
    );
    check_body(
        "do:\n  - a: { listen: { to: { any: [], until: { any: [], until: . } } } }\n  - b: { listen: { to: { one: { with: {} } } } }\n",
        expect![[r#"
            w:3:42: error[nested-until]: the strategy of an `until` has no `until` of its own: remove the inner one
            w:4:39: error[invalid-value]: the filter is empty: name an attribute
        "#]],
    );
    check_body(
        "do: nothing\n",
        expect![[r#"
        w:2:5: error[wrong-type]: a list is expected here, found text
    "#]],
    );
}

#[test]
fn values() {
    check_body(
        "do:\n  - a: { wait: 5 }\n  - b: { wait: soon }\n  - c: { wait: {} }\n  - d: { wait: { seconds: -1, minute: 1 } }\n  - e: { wait: P1M }\n  - f: { wait: { days: 99999 } }\n  - g: { wait: PT }\n",
        expect![[r#"
            w:3:16: error[invalid-duration]: a duration needs its unit: write `{ seconds: 30 }` or `PT30S`
            w:4:16: error[invalid-duration]: `soon` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
            w:5:16: error[invalid-duration]: a duration names at least one of days, hours, minutes, seconds, milliseconds
            w:6:27: error[invalid-value]: -1 is too small: use a whole number of at least 0
            w:6:31: error[unknown-property]: the property `minute` is not known here: use `days`, `hours`, `milliseconds`, `minutes` or `seconds` (did you mean `minutes`?)
            w:7:16: warning[calendar-duration]: a year is taken as 365 days and a month as 30: write days instead
            w:8:16: error[duration-too-long]: the duration is longer than the limit of 3660 days: shorten it
            w:9:16: error[invalid-duration]: `PT` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
        "#]],
    );
    check_body(
        "do:\n  - a: { raise: { error: { type: 'not a uri', status: 99 } } }\n  - b: { raise: { error: { type: https://a.b/b, status: '500' } } }\n",
        expect![[r#"
            w:3:34: error[invalid-uri]: `not a uri` is no URI: it holds white space, write %20
            w:3:55: error[invalid-status]: 99 is no HTTP status: use a number from 100 to 599
            w:4:57: error[wrong-type]: an HTTP status, a number from 100 to 599, is expected here, found text
        "#]],
    );
    check_body(
        "do:\n  - a: { call: http, with: { method: get, endpoint: 'https://a.b/{b', headers: { x: 1, y: [] }, output: body } }\n",
        expect![[r#"
            w:3:53: error[invalid-uri]: `https://a.b/{b` is no URI: its braces do not pair up, or hold no name
            w:3:85: warning[non-portable-value]: other runtimes take only text for `x`: put it in quotes
            w:3:91: error[wrong-type]: text is expected here, found a list
            w:3:105: error[invalid-value]: `body` is not known here: use `raw`, `content` or `response`
        "#]],
    );
    check_body(
        "do:\n  - a: { call: http, with: { method: get it, endpoint: 'https://a.b/${ .b }/c', query: plain } }\n",
        expect![[r#"
            w:3:38: error[invalid-value]: `get it` is no HTTP method: use one such as `get` or `post`
            w:3:56: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
            w:3:88: error[wrong-type]: an object or an expression in `${ … }` is expected here, found plain text
        "#]],
    );
    check_body(
        "do:\n  - a: { for: { each: $item, in: . , at: 'the index' }, do: [ { b: { set: { x: 1 } } } ] }\n",
        expect![[r#"
            w:3:23: error[invalid-variable]: `$item` cannot name a variable: use letters, digits and `_`, without `$` and spaces
            w:3:42: error[invalid-variable]: `the index` cannot name a variable: use letters, digits and `_`, without `$` and spaces
        "#]],
    );
    check_body(
        "use: { retries: { r: { backoff: { exponential: { factor: 0.5 } }, jitter: { from: PT2S, to: PT1S }, limit: { attempt: { count: -1 } } } } }\ndo:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
            w:2:58: error[invalid-value]: the factor must be at least 1
            w:2:75: error[invalid-value]: the jitter ends before it begins: exchange `from` and `to`
            w:2:128: error[invalid-value]: -1 is out of range: use a whole number from 0 to 4294967295
        "#]],
    );
}

#[test]
fn names_and_flow() {
    check_body(
        "do:\n  - a: { set: { x: 1 } }\n  - a: { set: { x: 2 } }\n  - end: { set: { x: 3 } }\n",
        expect![[r#"
            w:4:5: error[duplicate-task-name]: another task of this list is named `a` (number 1): rename one of them
            w:5:5: error[reserved-task-name]: `end` is a flow directive and cannot name a task: rename it
        "#]],
    );
    check_body(
        "do: []\n",
        expect![[r#"
        w:2:5: error[empty-task-list]: the task list is empty: add a task
    "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: 1 }, then: bb }\n  - b: { do: [ { c: { set: { x: 1 }, then: b } } ], then: c }\n  - bbb: { set: { x: 1 } }\n",
        expect![[r#"
            w:3:31: error[unknown-task]: there is no task `bb`: name a task of this list, or `continue`, `exit` or `end`
            w:4:44: error[task-out-of-scope]: the task `b` is in another scope: a task can only be followed by one of its own list
            w:4:59: error[task-out-of-scope]: the task `c` is in another scope: a task can only be followed by one of its own list
        "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: 1 }, then: d }\n  - b: { set: { x: 1 } }\n  - c: { set: { x: 1 } }\n  - d: { set: { x: 1 }, if: .x, then: end }\n  - e: { set: { x: 1 }, then: exit }\n  - f: { set: { x: 1 } }\n",
        expect![[r#"
            w:4:5: warning[unreachable-task]: nothing leads to the task `b`: the flow goes elsewhere before it
            w:8:5: warning[unreachable-task]: nothing leads to the task `f`: the flow goes elsewhere before it
        "#]],
    );
    check_body(
        "do:\n  - s: { switch: [ { a: { when: .x, then: b } }, { d: { then: exit } }, { e: { then: end } } ] }\n  - a: { set: { x: 1 } }\n  - b: { set: { x: 1 } }\n",
        expect![[r#"
            w:3:75: error[several-defaults]: `d` has no `when` either, and is the default: add a `when` to one of them
            w:4:5: warning[unreachable-task]: nothing leads to the task `a`: the flow goes elsewhere before it
        "#]],
    );
    check_body(
        "do:\n  - f: { fork: { branches: [ { a: { set: { x: 1 }, then: b } }, { b: { set: { x: 1 } } }, { b: { set: { x: 1 } } } ] } }\n  - g: { fork: { branches: [] } }\n",
        expect![[r#"
            w:3:58: error[task-out-of-scope]: a branch cannot go on to `b`: branches run side by side and end at the join
            w:3:93: error[duplicate-task-name]: another task of this list is named `b` (number 2): rename one of them
            w:4:28: error[empty-task-list]: the fork has no branch: add one
        "#]],
    );
}

#[test]
fn references() {
    check_body(
        "use: { secrets: [token], errors: { broken: { type: https://a.b/b, status: 500 } } }\n\
         timeout: short\n\
         do:\n\
         \x20 - a: { raise: { error: brokn } }\n\
         \x20 - b: { try: [ { c: { set: { x: 1 } } } ], catch: { retry: often } }\n\
         \x20 - d: { call: htpp, timeout: long }\n\
         \x20 - e: { call: 'f:1.0.0@store' }\n\
         \x20 - g: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { use: login } } } }\n\
         \x20 - h: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { basic: { use: tokn } } } } }\n\
         \x20 - i: { call: http, with: { method: get, endpoint: https://a.b, headers: { x: 'Bearer ${ $secrets.password }' } } }\n",
        expect![[r#"
            w:3:10: error[unknown-timeout]: `short` is not declared in `use.timeouts`: declare it there
            w:5:26: error[unknown-error]: `brokn` is not declared in `use.errors`: declare it there (did you mean `broken`?)
            w:6:5: warning[unreachable-task]: nothing leads to the task `b`: the flow goes elsewhere before it
            w:6:61: error[unknown-retry]: `often` is not declared in `use.retries`: declare it there
            w:7:16: error[unknown-function]: `htpp` is not declared in `use.functions`: declare it there (did you mean `http`?)
            w:7:31: error[unknown-timeout]: `long` is not declared in `use.timeouts`: declare it there
            w:8:16: error[unknown-catalog]: `store` is not declared in `use.catalogs`: declare it there
            w:9:96: error[unknown-authentication]: `login` is not declared in `use.authentications`: declare it there
            w:10:105: error[unknown-secret]: the secret `tokn` is not declared in `use.secrets`: add it there (did you mean `token`?)
            w:11:100: error[unknown-secret]: the secret `password` is not declared in `use.secrets`: add it there
        "#]],
    );
    check_body(
        "use: { functions: { a: { call: b }, b: { do: [ { x: { call: a } } ] }, c: { call: a } } }\ndo:\n  - a: { call: a }\n",
        expect![[r#"
            w:2:21: error[recursive-function]: the function `a` calls itself, directly or through others: use `for` or a `then` instead
            w:2:37: error[recursive-function]: the function `b` calls itself, directly or through others: use `for` or a `then` instead
        "#]],
    );
}

#[test]
fn expressions_and_their_variables() {
    check_body(
        "do:\n  - a: { if: '.a >', set: { x: '${ .b + }', y: 'text ${ nope(1) } text' } }\n",
        expect![[r#"
            w:3:19: error[invalid-expression]: the expression does not compile: expected term at the end
            w:3:41: error[invalid-expression]: the expression does not compile: expected term at the end
            w:3:57: error[invalid-expression]: the expression does not compile: unknown function nope with 1 argument
        "#]],
    );
    check_body(
        "input: { from: $context }\ndo:\n  - a: { if: $input, set: { x: '${ $output }' }, export: { as: $output }, output: { as: $item } }\noutput: { as: $task }\n",
        expect![[r#"
            w:2:16: error[undefined-variable]: unknown variable $context; available here: $runtime, $secrets, $workflow
            w:4:14: error[undefined-variable]: unknown variable $input; available here: $context, $runtime, $secrets, $task, $workflow
            w:4:36: error[undefined-variable]: unknown variable $output; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            w:4:89: error[undefined-variable]: unknown variable $item; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            w:5:15: error[undefined-variable]: unknown variable $task; available here: $context, $runtime, $secrets, $workflow
        "#]],
    );
    check_body(
        "do:\n  - a: { for: { each: n, in: $n }, while: $index < 3, do: [ { b: { set: { x: '${ $n }', y: '${ $item }' } } } ], output: { as: $n } }\n",
        expect![[r#"
            w:3:30: error[undefined-variable]: unknown variable $n; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            w:3:96: error[undefined-variable]: unknown variable $item; available here: $authorization, $context, $index, $input, $n, $runtime, $secrets, $task, $workflow
            w:3:128: error[undefined-variable]: unknown variable $n; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    check_body(
        "do:\n  - a:\n      try: [ { b: { set: { x: '${ $error }' } } } ]\n      catch: { as: e, when: $error.status == 500, do: [ { c: { set: { x: '${ $e }' } } } ] }\n",
        expect![[r#"
            w:4:35: error[undefined-variable]: unknown variable $error; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            w:5:29: error[undefined-variable]: unknown variable $error; available here: $authorization, $context, $e, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: '${ 1 } and ${ unclosed' } }\n",
        expect![[r#"
            w:3:32: error[invalid-expression]: the expression does not compile: this expression does not end: expected a closing brace
        "#]],
    );
    check_body(
        "do:\n  - a: { set: { x: '${ .a ) x ${ .b ( } and ${ nope }', y: '${ $one } ${ .two + }' } }\n",
        expect![[r#"
            w:3:21: error[invalid-expression]: the expression does not compile: this brace is not closed
            w:3:37: error[invalid-expression]: the expression does not compile: this parenthesis is not closed
            w:3:48: error[invalid-expression]: the expression does not compile: unknown function nope
            w:3:64: error[undefined-variable]: unknown variable $one; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            w:3:81: error[invalid-expression]: the expression does not compile: expected term at the end
        "#]],
    );
}

#[test]
fn secrets_are_worked_with_only_inside_calls() {
    check_body(
        "use: { secrets: [s] }\n\
         do:\n\
         \x20 - passes: { set: { x: '${ $secrets.s }', y: '${ { a: $secrets.s.b, b: [.c, $secrets[\"s\"]] } }' } }\n\
         \x20 - compares: { if: '$secrets.s == \"x\"', set: { x: 1 } }\n\
         \x20 - joins: { set: { x: 'Bearer ${ $secrets.s }', y: '${ $secrets.s | length }', z: '${ [$secrets.s] | tojson }' } }\n\
         \x20 - decides: { if: $secrets.s, for: { in: $secrets.s }, while: $secrets.s, do: [ { x: { wait: '${ $secrets.s }' } } ] }\n\
         \x20 - looks: { set: { x: '${ $secrets | keys }' } }\n\
         \x20 - calls: { call: http, with: { method: get, endpoint: https://a.b, headers: { a: 'Bearer ${ $secrets.s }' } } }\n",
        expect![[r#"
            w:5:21: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:6:24: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:6:53: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:6:84: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:7:20: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:7:43: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:7:64: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:7:95: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
            w:8:24: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
        "#]],
    );
}

#[test]
fn our_extensions() {
    check_body(
        "do:\n\
         \x20 - a: { set: { x: 1 }, metadata: { motet: { compensat: [], pivot: true, saga: true } } }\n\
         \x20 - b: { wait: PT1S, metadata: { motet: { until: '.a +', parallel: 0, idempotent: true } } }\n\
         \x20 - c: { call: job, metadata: { motet: { version: newest, compensate: [ { u: { call: human, export: { as: . }, metadata: { motet: { pivot: true } } } } ] } } }\n\
         \x20 - d: { call: job, metadata: { motet: { compensate: [] } } }\n",
        expect![[r#"
            w:3:46: error[unknown-property]: the property `compensat` is not known here: use `attributes`, `businessKey`, `compensate`, `idempotent`, `needs`, `parallel`, `pivot`, `redact`, `saga`, `until` or `version` (did you mean `compensate`?)
            w:3:61: error[misplaced-metadata]: `pivot` has no meaning on this task: it belongs on a task that acts: `call`, `run`, `emit`, or one that holds such tasks
            w:3:74: error[misplaced-metadata]: `saga` has no meaning on this task: it belongs on `do` or `try`
            w:4:55: error[invalid-expression]: the expression does not compile: expected term at the end
            w:4:68: error[invalid-value]: 0 is out of range: use a whole number from 1 to 1000
            w:4:71: error[misplaced-metadata]: `idempotent` has no meaning on this task: it belongs on `call`
            w:5:8: error[missing-property]: `type` is missing: add it
            w:5:51: error[invalid-version]: `newest` is no range of versions: write one such as `^2` or `1.4.0`
            w:5:93: error[misplaced-metadata]: an undo cannot export: remove it
            w:5:124: error[misplaced-metadata]: an undo is never undone: remove `compensate` and `pivot` from it
            w:6:8: error[missing-property]: `type` is missing: add it
            w:6:54: error[empty-task-list]: the task list is empty: add a task
        "#]],
    );
    check_body(
        "do:\n  - f:\n      fork:\n        branches:\n\
         \x20         - a: { set: { x: 1 }, metadata: { motet: { needs: [b] } } }\n\
         \x20         - b: { set: { x: 1 }, metadata: { motet: { needs: [c] } } }\n\
         \x20         - c: { set: { x: 1 }, metadata: { motet: { needs: [a, bb] } } }\n",
        expect![[r#"
            w:6:61: error[invalid-needs]: `a` waits for branches that wait for it, so none would ever start
            w:7:61: error[invalid-needs]: `b` waits for branches that wait for it, so none would ever start
            w:8:61: error[invalid-needs]: `c` waits for branches that wait for it, so none would ever start
            w:8:65: error[invalid-needs]: the fork has no branch `bb`: name one of its branches
        "#]],
    );
    check(
        "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { overlap: skipp }, attributes: { a: '${ $context }' } } } }\ndo:\n  - a: { set: { x: 1 } }\n",
        expect![[r#"
            w:1:85: error[misplaced-metadata]: the document has no `schedule` that this could apply to: add one
            w:1:106: error[invalid-value]: `skipp` is not known here: use `allow`, `skip`, `queue` or `replace` (did you mean `skip`?)
            w:1:136: error[undefined-variable]: unknown variable $context; available here: $runtime, $secrets, $workflow
        "#]],
    );
}

#[test]
fn calls_that_may_not_be_repeated() {
    let calls = [
        "{ call: http, with: { method: post, endpoint: https://a.example/b } }",
        "{ call: http, with: { method: POST, endpoint: 'http://payments:8080/b' } }",
        "{ call: http, with: { method: post, endpoint: 'http://payments/{id}' } }",
        "{ call: http, with: { method: put, endpoint: https://a.example/b } }",
        "{ call: http, with: { method: post, endpoint: https://a.example/b }, metadata: { motet: { idempotent: true } } }",
    ];
    let tasks: String =
        calls.iter().enumerate().map(|(idx, call)| format!("  - t{idx}: {call}\n")).collect();
    check_body(
        &format!("do:\n{tasks}"),
        expect![[r#"
            w:3:39: warning[undeclared-idempotency]: after a crash this call is sent again under its idempotency key: say with `metadata.motet.idempotent` whether the host heeds that
            w:4:39: warning[undeclared-idempotency]: after a crash this call is sent again under its idempotency key: say with `metadata.motet.idempotent` whether the host heeds that
            w:5:55: warning[unknown-service]: no service `payments` is registered: calls fail until it is; write its port or its domain if a host is meant
        "#]],
    );
}

#[test]
fn everything_that_is_not_executed_yet() {
    let everything = include_str!("documents/everything.yaml");
    let parsed = parse(everything, &Limits::default());
    let mut found = unsupported(&parsed.document.unwrap());
    parsed.source.locate(&mut found);
    expect![[r#"
        w:25:3: error[unsupported-extensions]: `use.extensions` is not executed yet: remove it from this document
        w:22:3: error[unsupported-catalogs]: `use.catalogs` is not executed yet: remove it from this document
        w:21:15: error[unsupported-digest]: `digest` authentication is not executed yet: use `basic` or `bearer` with a secret
        w:50:57: error[unsupported-service-version]: `metadata.motet.version` is not executed yet: put the version into the address of the service
        w:92:25: error[unsupported-container]: `run: container` is not executed yet: let a service do it, and call it with `call: http`
        w:93:22: error[unsupported-script]: `run: script` is not executed yet: let a service do it, and call it with `call: http`
        w:94:24: error[unsupported-script]: `run: script` is not executed yet: let a service do it, and call it with `call: http`
        w:95:21: error[unsupported-shell]: `run: shell` is not executed yet: let a service do it, and call it with `call: http`
        w:97:12: error[unsupported-grpc]: `call: grpc` is not executed yet: reach the service over HTTP, with `call: http`
        w:98:13: error[unsupported-openapi]: `call: openapi` is not executed yet: reach the service over HTTP, with `call: http`
        w:99:13: error[unsupported-asyncapi]: `call: asyncapi` is not executed yet: reach the service over HTTP, with `call: http`
        w:100:13: error[unsupported-asyncapi]: `call: asyncapi` is not executed yet: reach the service over HTTP, with `call: http`
        w:101:14: error[unsupported-a2a]: `call: a2a` is not executed yet: reach the service over HTTP, with `call: http`
        w:102:13: error[unsupported-mcp]: `call: mcp` is not executed yet: reach the service over HTTP, with `call: http`
        w:103:14: error[unsupported-mcp]: `call: mcp` is not executed yet: reach the service over HTTP, with `call: http`
        w:104:19: error[unsupported-catalogued-function]: A function of a catalog is not executed yet: copy the function into `use.functions`
        w:105:15: error[unsupported-function-uri]: A function at a URI is not executed yet: copy the function into `use.functions`
    "#]].assert_eq(&lines("w", &found));
}

#[test]
fn everything_that_is_executed() {
    check_unsupported(
        "use: { functions: { f: { set: { a: 1 } } }, authentications: { b: { basic: { username: u, password: p } } } }\n\
         do:\n\
         \x20 - a: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { bearer: { token: t } } } }, metadata: { motet: { idempotent: true } } }\n\
         \x20 - b: { call: f }\n\
         \x20 - c: { fork: { branches: [ { d: { wait: PT1S } } ] } }\n\
         \x20 - e: { try: [ { g: { raise: { error: { type: https://a.b/b, status: 500 } } } } ], catch: { retry: { delay: PT1S } } }\n\
         \x20 - h: { run: { workflow: { namespace: a, name: b, version: latest } } }\n",
        expect![[""]],
    );
}

#[test]
fn what_is_not_executed_is_refused_each_by_its_own_code() {
    check_unsupported(
        "do:\n\
         \x20 - a: { call: job, with: { type: x }, metadata: { motet: { pivot: true } } }\n\
         \x20 - b: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { digest: { username: u, password: p } } } } }\n\
         \x20 - c: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { oauth2: { authority: https://a.b, grant: password } } } } }\n\
         \x20 - d: { call: http, with: { method: get, endpoint: { uri: https://a.b, authentication: { oidc: { authority: https://a.b, grant: password } } } } }\n",
        expect![[r#"
            w:4:91: error[unsupported-digest]: `digest` authentication is not executed yet: use `basic` or `bearer` with a secret
            w:5:91: error[unsupported-oauth2]: `oauth2` authentication is not executed yet: use `basic` or `bearer` with a secret
            w:6:91: error[unsupported-oidc]: `oidc` authentication is not executed yet: use `basic` or `bearer` with a secret
        "#]],
    );
    let text = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { overlap: skip } } } }\nschedule: { every: P1D }\ndo:\n  - a: { set: { x: 1 } }\n";
    let parsed = parse(text, &Limits::default());
    let mut found = unsupported(&parsed.document.unwrap());
    parsed.source.locate(&mut found);
    expect![""].assert_eq(&lines("w", &found));
}

#[test]
fn a_report_shows_the_lines() {
    let text =
        format!("{HEADER}do:\n  - été:\n      set: {{ x: '${{ $nothing }}' }}\n      thn: end\n");
    let parsed = parse(&text, &Limits::default());
    let drawn = report("order.yaml", &parsed.source, &parsed.diagnostics, Colour::Never);
    expect![[r#"
        error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
         --> order.yaml:4:21
          |
        4 |       set: { x: '${ $nothing }' }
          |                     ^^^^^^^^

        error[unknown-property]: the property `thn` is not known here: use `export`, `if`, `input`, `metadata`, `output`, `set`, `then` or `timeout`
         --> order.yaml:5:7
          |
        5 |       thn: end
          |       ^^^
          |
          = help: did you mean `then`?

    "#]].assert_eq(&drawn);
    let coloured = report("order.yaml", &parsed.source, &parsed.diagnostics, Colour::Always);
    assert!(coloured.contains("\u{1b}["), "colours are escape sequences");
}

#[test]
fn json_and_windows_line_ends_have_the_same_places() {
    check(
        "{\"document\": {\"dsl\": \"1.0.3\", \"namespace\": \"t\", \"name\": \"t\", \"version\": \"1.0.0\"},\r\n \"do\": [{\"é\\ud83d\\ude00\": {\"set\": {\"x\": 1}, \"then\": \"nowhere\"}}]}",
        expect![[r#"
            w:2:53: error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
        "#]],
    );
    check(
        "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }\r\ndo:\r\n  - é:\r\n      set: { x: 1 }\r\n      then: nowhere\r\n",
        expect![[r#"
            w:5:13: error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
        "#]],
    );
}

/// All but the one that only the graph compiler gives.
#[test]
fn every_code_is_shown_by_a_transcript() {
    let transcripts = include_str!("diagnostics.rs");
    let missing: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| *code != Code::NotCompilable.as_str())
        .filter(|code| !transcripts.contains(&format!("[{code}]")))
        .collect();
    assert!(missing.is_empty(), "no transcript shows {missing:?}");
}

#[test]
fn hosts_of_one_label_are_services() {
    check_body(
        "do:\n  - a: { call: http, with: { method: get, endpoint: 'http://payments/{id}' } }\n  - b: { call: http, with: { method: get, endpoint: { uri: 'https://Payments-1?x=${ .x }' } } }\n",
        expect![[r#"
            w:3:53: warning[unknown-service]: no service `payments` is registered: calls fail until it is; write its port or its domain if a host is meant
            w:4:60: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
            w:4:60: warning[unknown-service]: no service `payments-1` is registered: calls fail until it is; write its port or its domain if a host is meant
        "#]],
    );
    check_body(
        "do:\n  - a: { call: http, with: { method: get, endpoint: 'http://payments:80/' } }\n  - b: { call: http, with: { method: get, endpoint: http://localhost/ } }\n  - c: { call: http, with: { method: get, endpoint: 'http://{host}/' } }\n  - d: { call: http, with: { method: get, endpoint: 'http://10.0.0.1/' } }\n  - e: { call: http, with: { method: get, endpoint: 'http://[::1]/' } }\n  - f: { call: http, with: { method: get, endpoint: 'http://${ .host }/' } }\n",
        expect![[r#"
            w:8:53: warning[non-portable-value]: other runtimes take no white space in an address: write `${.id}` without it
        "#]],
    );
}

#[test]
fn expressions_without_quotes_get_a_hint() {
    for (body, expected) in [
        (
            "do:\n  - a:\n      set: ${ { b: .c } }\n",
            expect![[r#"
            w:4:18: error[syntax]: this is not YAML: mapping values are not allowed in this context (put the expression in quotes, as in "${ { a: .b } }")
        "#]],
        ),
        (
            "do:\n  - a: { set: ${ .c } }\n",
            expect![[r#"
            w:3:16: error[syntax]: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}' (put the expression in quotes, as in "${ { a: .b } }")
        "#]],
        ),
        (
            "do:\n  - a:\n      set:\n        - ${ [ { b: 1 } ] }\n",
            expect![[r#"
            w:5:9: error[wrong-type]: an object or an expression is expected here, found a list
        "#]],
        ),
        (
            "do:\n  - a:\n      set: { b: c: d }\n",
            expect![[r#"
            w:4:18: error[syntax]: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
        "#]],
        ),
        (
            "do:\n  - a: { set: { x: \"costs ${ .x }\" }\n",
            expect![[r#"
            w:4:1: error[syntax]: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
        "#]],
        ),
    ] {
        check_body(body, expected);
    }
}

/// What is not executed, and schemas, are judged although other parts are wrong; what stands in a broken part is not.
#[test]
fn everything_is_reported_at_once() {
    let text = "input: { schema: { document: { type: strng } } }\ndo:\n  - a: { run: { shell: { command: ls } }, then: nowhere }\n  - b: { run: { script: { language: js } }, iff: .x }\n  - c: { set: { x: '${ .y + }' }, export: { schema: { format: avro, document: {} } } }\n  - d: { call: grpc }\n";
    let checked = motet_definition::graph::check(&format!("{HEADER}{text}"), &Limits::default());
    assert!(checked.graph.is_none());
    expect![[r#"
        w:2:30: error[not-compilable]: the schema is not a JSON Schema: /type: "strng" is not valid under any of the schemas listed in the 'anyOf' keyword
        w:4:17: error[unsupported-shell]: `run: shell` is not executed yet: let a service do it, and call it with `call: http`
        w:4:49: error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
        w:5:17: error[missing-property]: one of the properties is missing: add `code` or `source`
        w:5:45: error[unknown-property]: the property `iff` is not known here: use `export`, `if`, `input`, `metadata`, `output`, `run`, `then` or `timeout`
        w:6:29: error[invalid-expression]: the expression does not compile: expected term at the end
        w:6:63: error[not-compilable]: a schema of format "avro" is not supported: write it as JSON Schema (`format: json`)
        w:7:5: error[missing-property]: the property `with` is missing: add it
    "#]].assert_eq(&lines("w", &checked.diagnostics));
}

#[test]
fn what_an_undo_may_hold_and_what_nothing_undoes() {
    let text = "do:\n  - a: { call: http, with: { method: put, endpoint: https://a.b }, metadata: { motet: { compensate: [ { u: { do: [ { v: { set: { x: 1 }, then: end } } ] } } ] } } }\n";
    let checked = motet_definition::graph::check(&format!("{HEADER}{text}"), &Limits::default());
    expect![[r#"
        w:3:121: error[not-compilable]: a flow directive of an undo names a task of its own list, `continue` or `exit`: an undo cannot end the workflow
    "#]].assert_eq(&lines("w", &checked.diagnostics));
    let undone = "metadata: { motet: { compensate: [ { u: { set: { x: 1 } } } ] } }";
    let call = "call: http, with: { method: put, endpoint: https://a.b }";
    let text = format!(
        "do:\n  - a: {{ {call}, {undone} }}\n  - b: {{ {call} }}\n  - c: {{ call: http, with: {{ method: get, endpoint: https://a.b }} }}\n  - d: {{ {call}, {undone} }}\n  - e: {{ {call} }}\n"
    );
    let checked = motet_definition::graph::check(&format!("{HEADER}{text}"), &Limits::default());
    expect![[r#"
        w:4:5: warning[uncompensated-call]: nothing undoes `b`, although `a` before it and `d` after it are undone: add a `compensate`, or an empty effect such as `set`, to say that this is meant
    "#]].assert_eq(&lines("w", &checked.diagnostics));
    let plan = motet_definition::graph::saga::plan(&checked.graph.expect("no errors"));
    expect![[r#"
        t/t:1.0.0: undone from the last line to the first
          a  call  undone by u
          b  call  cannot be undone
          c  call  changes nothing
          d  call  undone by u
          e  call  cannot be undone
    "#]]
    .assert_eq(&plan.expect("it can be undone").text());
}
