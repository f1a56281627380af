//! Files that cannot be understood: everything that is wrong, and where.

use expect_test::expect;

use crate::check;

#[test]
fn everything_wrong_is_told_at_once() {
    check(
        "
        definitions: x.yaml
        scenarios:
          - name: first
            definition: missing.yaml
            expect: {status: done}
          - name: second
            definition: {do: [{a: {set: {n: 1}}}]}
            mocks:
              calls:
                - {call: a}
                - {call: b, answer: {status: 99}}
                - {call: c, answer: {fail: loudly}}
                - {call: d, answer: {base64: '*'}}
                - {call: e, answer: {body: 1, text: x, delay: 5}}
              workflows:
                - {workflow: sub, result: {output: 1}}
                - {workflow: test/sub, result: {output: 1, cancelled: true}}
            commands: [{at: soon, cancel: x}, {cancel: x, retry: true}, {at: PT1S}]
            expect: {output: 1, elapsed: {least: PT1S}, assert: '. +'}
          - name: third
            definition: {do: [{a: {set: {n: 1}}}]}
          - {name: third, expect: {}}
        ",
        expect![[r#"
            1:1 "definitions" is unknown here; known are $schema, title, definition, workflows, secrets, mocks, scenarios
            3:5 it has no definition: name a file, or write a document here
            4:5 there is no file "missing.yaml"
            10:11 expected `answer` (for every call) or `answers` (one after the other)
            11:21 a status has three digits
            12:30 a call fails by connection, silence or timeout
            13:30 not base64: Invalid symbol 42, offset 0.
            14:48 expected a text
            16:12 a workflow is written as namespace/name
            17:32 a result is one of output, error, cancelled and pending
            18:17 "soon" is not an ISO 8601 duration: expected a form such as PT30S, PT1H30M or P2D
            18:39 a command is one of cancel, suspend, resume and retry
            18:65 a command is one of cancel, suspend, resume and retry
            19:35 "least" is unknown here; known are min, max
            19:49 expected term at the end
            20:5 "expect" is missing
            22:5 it has no definition: name a file, or write a document here
        "#]],
    );
}

#[test]
fn no_yaml() {
    check(
        "scenarios: [",
        expect![[r#"
        2:1 this is not YAML: while parsing a node, did not find expected node content
    "#]],
    );
}

#[test]
fn two_of_one_name() {
    check(
        "
        definition: {do: [{a: {set: {n: 1}}}]}
        scenarios: [{name: a, expect: {}}, {name: b, expect: {}}, {name: a, expect: {}}]
        ",
        expect![[r#"
            2:59 two scenarios are called "a"
        "#]],
    );
}

#[test]
fn a_refused_definition_may_be_what_is_expected() {
    check(
        "
        scenarios:
          - name: expected
            definition: {do: [{a: {set: {n: 1}, then: nowhere}}]}
            expect: {refused: [unknown-task]}
          - name: otherwise
            definition: {do: [{a: {set: {n: 1}, then: nowhere}}]}
            expect: {refused: [other]}
          - name: not at all
            definition: {do: [{a: {set: {n: 1}}}]}
            expect: {refused: [other]}
          - name: by surprise
            definition: {do: [{a: {set: {n: 1}, then: nowhere}}]}
            expect: {}
        ",
        expect![[r#"
            it
              ok   expected (0 calls)
              FAIL otherwise (0 calls)
                  it:5:5
                  /scenarios/1/definition is refused (unknown-task):
                  error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
                    --> /scenarios/1/definition:10:13
                     |
                  10 |       then: nowhere
                     |             ^^^^^^^
              FAIL not at all (0 calls)
                  it:10:14
                  the definition is taken; expected was other
              FAIL by surprise (0 calls)
                  it:11:5
                  /scenarios/3/definition is refused (unknown-task):
                  error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
                    --> /scenarios/3/definition:10:13
                     |
                  10 |       then: nowhere
                     |             ^^^^^^^
            1 passed, 3 failed, 1 run
        "#]],
    );
}
