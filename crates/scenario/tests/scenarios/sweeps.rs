//! What is found when things fail.

use expect_test::expect;

use crate::check;

const PAY_THEN_SHIP: &str = "
        definition:
          do:
            - pay: {call: http, with: {method: post, endpoint: 'http://a.test/pay'}, metadata: {motet: {idempotent: true}}}
            - ship: {call: http, with: {method: post, endpoint: 'http://a.test/ship'}, metadata: {motet: {idempotent: true}}}
        mocks: {calls: [{call: pay, answer: {}}, {call: ship, answer: {}}]}
        ";

fn pay_then_ship(rest: &str) -> String {
    // The definition stands at the top, so that the file has one coverage.
    let body = PAY_THEN_SHIP.trim_end();
    format!("{body}\n        scenarios:\n          - name: it\n{rest}")
}

#[test]
fn money_without_goods_is_found() {
    check(
        &pay_then_ship(
            "
            failAtEachCall: true
            invariants: ['[.calls[] | select(.answer == \"200\") | .task] | . == [] or . == [\"pay\", \"ship\"]']
            expect: {output: null}
        ",
        ),
        expect![[r#"
            it
              FAIL it (2 calls, 9 runs)
                  it:9:18
                  with connection of call 2 (ship) once: it does not hold that [.calls[] | select(.answer == "200") | .task] | . == [] or . == ["pay", "ship"] (the instance was faulted)
                  it:9:18
                  with connection of call 2 (ship) for good: it does not hold that [.calls[] | select(.answer == "200") | .task] | . == [] or . == ["pay", "ship"] (the instance was faulted)
                  it:9:18
                  with silence of call 2 (ship) once: it does not hold that [.calls[] | select(.answer == "200") | .task] | . == [] or . == ["pay", "ship"] (the instance was faulted)
                  it:9:18
                  with silence of call 2 (ship) for good: it does not hold that [.calls[] | select(.answer == "200") | .task] | . == [] or . == ["pay", "ship"] (the instance was faulted)
            0 passed, 1 failed, 9 runs
        "#]],
    );
}

#[test]
fn failing_without_saying_what_holds_is_no_test() {
    check(
        &pay_then_ship(
            "
            failAtEachCall: true
            expect: {output: null}
        ",
        ),
        expect![[r#"
            7:5 failAtEachCall needs `invariants`: what is to hold whatever fails
        "#]],
    );
}

#[test]
fn a_crash_changes_nothing_but_for_what_must_not_be_repeated() {
    check(
        "
        scenarios:
          - name: repeatable
            definition: {do: [{pay: {call: http, with: {method: post, endpoint: 'http://a.test/pay'}, metadata: {motet: {idempotent: true}}}}]}
            mocks: {calls: [{call: pay, answer: {delay: PT1S}}]}
            crashAtEachCommit: true
            expect: {output: null}
          - name: not repeatable
            definition: {do: [{pay: {call: http, with: {method: post, endpoint: 'http://a.test/pay'}, metadata: {motet: {idempotent: false}}}}]}
            mocks: {calls: [{call: pay, answer: {delay: PT1S}}]}
            crashAtEachCommit: true
            invariants: ['.status == \"completed\"']
            expect: {output: null}
        ",
        expect![[r#"
            it
              ok   repeatable (1 call, 1s, 3 runs)
              FAIL not repeatable (1 call, 1s, 3 runs)
                  it:11:18
                  with a crash after commit 1 of 2: it does not hold that .status == "completed" (the instance was faulted)
            1 passed, 1 failed, 6 runs
        "#]],
    );
}

/// Stock, money, the pivot, and what comes after it.
const ORDER: &str = "
        definition:
          do:
            - reserve:
                call: http
                with: {method: put, endpoint: 'http://a.test/stock'}
                metadata: {motet: {compensate: [{release: {call: http, with: {method: delete, endpoint: 'http://a.test/stock'}}}]}}
            - print:
                call: job
                with: {type: label}
                metadata: {motet: {compensate: [{shred: {call: job, with: {type: shredder}}}]}}
            - pay:
                call: http
                with: {method: put, endpoint: 'http://a.test/pay'}
                metadata: {motet: {pivot: true, compensate: [{refund: {call: http, with: {method: delete, endpoint: 'http://a.test/pay'}}}]}}
            - tell: {run: {workflow: {namespace: test, name: tell, version: 1.0.0}}}
            - ship: {call: http, with: {method: put, endpoint: 'http://a.test/ship'}}
        mocks:
          calls: [{call: 'PUT http://a.test/{x}', answer: {}}, {call: 'DELETE http://a.test/{x}', answer: {}}]
          jobs: [{job: label, answer: {output: {}}}, {job: shredder, answer: {output: {}}}]
          workflows: [{workflow: test/tell, result: {output: {}}}]
        ";

fn order(rest: &str) -> String {
    let body = ORDER.trim_end();
    format!("{body}\n        scenarios:\n          - name: it\n{rest}")
}

#[test]
fn each_step_fails_for_good_and_is_undone_as_the_table_says() {
    check(
        &order(
            "
            failAtEachStep:
              reserve: [reserve?]
              print: [print?, reserve]
              pay: [pay?, print, reserve]
              tell: onwards
              ship: onwards
            failAtEachCall: true
            invariants: ['.status == \"completed\" or (.undo | all(.state == \"undone\"))']
            expect: {output: null, undo: []}
        ",
        ),
        expect![[r#"
            it
              ok   it (3 calls, 21 runs)
            1 passed, 0 failed, 21 runs
        "#]],
    );
}

#[test]
fn a_table_that_is_wrong_is_told() {
    check(
        &order(
            "
            failAtEachStep:
              reserve: []
              pay: {undo: [pay?, print, reserve], status: completed}
              tell: onwards
              ship: []
              sing: []
            expect: {output: null}
        ",
        ),
        expect![[r#"
            it
              FAIL it (3 calls, 8 runs)
                  it:24:7
                  with silence of reserve#1 for good: expected to be undone nothing, was reserve (unknown)
                  it:23:5
                  no row says what is undone when print fails
                  it:25:7
                  with connection of pay#1 for good: status: expected completed, was faulted
                  it:25:7
                  with silence of pay#1 for good: status: expected completed, was faulted
                  it:27:7
                  with connection of ship#1 for good: status: expected faulted, was completed
                  it:27:7
                  with silence of ship#1 for good: status: expected faulted, was completed
                  it:28:7
                  no step is called sing: nothing fails there
            0 passed, 1 failed, 8 runs
        "#]],
    );
}

#[test]
fn a_cancel_undoes_and_behind_the_pivot_it_is_refused() {
    check(
        &order(
            "
            mocks: {calls: [{call: pay, answer: {delay: PT1S}}, {call: ship, answer: {delay: PT1S}}, {call: release, answers: [{status: 503, times: 3}, {}]}]}
            commands: [{at: PT0.5S, cancel: enough}]
            crashAtEachCommit: true
            expect:
              status: cancelled
              undo: [{task: pay, outcome: completed}, print, {task: reserve, outcome: completed, state: undone}]
              calls: [reserve, pay, refund, release, release, release, release]
              jobs: [print, shred]
          - name: behind the pivot
            mocks: {calls: [{call: ship, answer: {delay: PT1S}}]}
            commands: [{at: PT0.5S, cancel: too late, refused: true}]
            expect: {output: null, undo: []}
          - name: by force
            mocks: {calls: [{call: ship, answer: {delay: PT1S}}]}
            commands: [{at: PT0.5S, cancel: all the same, force: true}]
            expect: {status: cancelled, undo: [pay, print, reserve]}
          - name: without undo
            mocks: {calls: [{call: pay, answer: {delay: PT1S}}]}
            commands: [{at: PT0.5S, cancel: leave it, compensate: false}]
            expect: {status: cancelled, undo: []}
          - name: not refused though it should be
            commands: [{cancel: x, refused: true}]
            mocks: {calls: [{call: pay, answer: {delay: PT1S}}]}
            expect: {status: cancelled}
        ",
        ),
        expect![[r#"
            it
              ok   it (7 calls, 9.106275s, 15 runs)
              ok   behind the pivot (3 calls, 1s)
              ok   by force (5 calls, 500ms)
              ok   without undo (2 calls, 500ms)
              FAIL not refused though it should be (1 call)
                  it:46:5
                  a command is not refused (Cancel { reason: Some("x"), force: false, without_undo: false })
            4 passed, 1 failed, 19 runs
        "#]],
    );
}

#[test]
fn a_mocked_workflow_undoes_what_it_did() {
    check(
        "
        scenarios:
          - name: it
            definition:
              do:
                - sub: {run: {workflow: {namespace: test, name: sub, version: 1.0.0}}}
                - no: {raise: {error: {type: runtime, status: 500}}}
            mocks: {workflows: [{workflow: test/sub, result: {output: 1, undo: PT5S}}]}
            crashAtEachCommit: true
            expect: {error: {status: 500}, undo: [sub], children: [{workflow: test/sub, undone: true}], elapsed: PT5S}
        ",
        expect![[r#"
            it
              ok   it (0 calls, 5s, 4 runs)
            1 passed, 0 failed, 4 runs
        "#]],
    );
}
