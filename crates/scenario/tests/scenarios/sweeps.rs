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
