//! Limits: each ends in an error or a pause, never in silence.

use expect_test::expect;

use crate::harness::{check, check_lines};

const LOOP: &str = "
    do:
      - count: {set: {n: '${ (.n // 0) + 1 }'}}
      - again: {switch: [{more: {when: .n < 5, then: count}}, {enough: {then: end}}]}
    ";

#[test]
fn steps_max() {
    check(
        LOOP,
        "limit steps_max 5\nstart {}\nretry",
        expect![[r#"
            > limit steps_max 5
            > start {}
            +0s 0 started
            +0s 1 /do/0/count begins
            +0s 1 /do/0/count done output {"n":1} → again
            +0s 2 /do/1/again begins
            +0s 2 /do/1/again done → count
            +0s 3 /do/0/count begins
            +0s 3 /do/0/count done output {"n":2} → again
            +0s 4 /do/1/again begins
            +0s 4 /do/1/again done → count
            +0s 5 /do/0/count begins
            +0s 5 /do/0/count fails: 500 runtime at /do/0/count (too many steps: the instance has activated 5 steps)
            +0s 0 faulted in step 5: 500 runtime at /do/0/count (too many steps: the instance has activated 5 steps)
            = faulted in step 5: 500 runtime at /do/0/count (too many steps: the instance has activated 5 steps)
            > retry
            +0s 0 reopened
            +0s 6 /do/0/count begins
            +0s 6 /do/0/count fails: 500 runtime at /do/0/count (too many steps: the instance has activated 5 steps)
            +0s 0 faulted in step 6: 500 runtime at /do/0/count (too many steps: the instance has activated 5 steps)
            = faulted in step 6: 500 runtime at /do/0/count (too many steps: the instance has activated 5 steps)
        "#]],
    );
}

#[test]
fn steps_max_is_not_caught() {
    check_lines(
        &["catches", "fails", "="],
        "
        do:
          - tries:
              try: [{count: {set: {n: 1}, then: count}}]
              catch: {}
        ",
        "limit steps_max 6\nstart {}",
        expect![[r#"
            +0s 6 /do/0/tries/try/0/count fails: 500 runtime at /do/0/tries/try/0/count (too many steps: the instance has activated 6 steps)
            = faulted in step 6: 500 runtime at /do/0/tries/try/0/count (too many steps: the instance has activated 6 steps)
        "#]],
    );
}

#[test]
fn a_step_yields_after_so_many_records() {
    check(
        LOOP,
        "limit step_records_max 8\nstart {}\ncontinue\ncontinue all",
        expect![[r#"
            > limit step_records_max 8
            > start {}
            +0s 0 started
            +0s 1 /do/0/count begins
            +0s 1 /do/0/count done output {"n":1} → again
            +0s 2 /do/1/again begins
            +0s 2 /do/1/again done → count
            +0s 3 /do/0/count begins
            +0s 3 /do/0/count done output {"n":2} → again
            +0s 4 /do/1/again begins
            +0s 4 /do/1/again done → count
            +0s 0 yields
            = running · has work
            > continue
            +0s 5 /do/0/count begins
            +0s 5 /do/0/count done output {"n":3} → again
            +0s 6 /do/1/again begins
            +0s 6 /do/1/again done → count
            +0s 7 /do/0/count begins
            +0s 7 /do/0/count done output {"n":4} → again
            +0s 8 /do/1/again begins
            +0s 8 /do/1/again done → count
            +0s 0 yields
            = running · has work
            > continue all
            +0s 9 /do/0/count begins
            +0s 9 /do/0/count done output {"n":5} → again
            +0s 10 /do/1/again begins
            +0s 10 /do/1/again done → end of workflow
            +0s 0 completed {"n":5}
            = completed {"n":5}
        "#]],
    );
}

#[test]
fn a_step_yields_after_so_much_fuel_or_so_many_bytes() {
    let words = ["yields", "="];
    check_lines(
        &words,
        LOOP,
        "limit step_fuel_max 40\nstart {}\ncontinue all",
        expect![[r#"
            +0s 0 yields
            = running · has work
            = completed {"n":5}
        "#]],
    );
    check_lines(
        &words,
        LOOP,
        "limit step_bytes_max 150\nstart {}\ncontinue all",
        expect![[r#"
            +0s 0 yields
            = running · has work
            = completed {"n":5}
        "#]],
    );
}

#[test]
fn a_yielding_instance_takes_commands() {
    check_lines(
        &["yields", "suspended", "resumed", "cancelled", "="],
        "do: [{forever: {set: {n: 1}, then: forever}}]",
        "
        limit step_records_max 4
        start {}
        continue
        suspend
        continue
        resume
        cancel
        ",
        expect![[r#"
            +0s 0 yields
            = running · has work
            +0s 0 yields
            = running · has work
            +0s 0 suspended
            = suspended
            = suspended
            +0s 0 resumed
            +0s 0 yields
            = running · has work
            +0s 0 cancelled
            = cancelled
        "#]],
    );
}

#[test]
fn payload_bytes_max_of_every_value() {
    for (task, expected) in [
        (
            "set: '${ [range(20)] }'",
            expect![[r#"
              +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: output has 51 bytes as JSON, payload_bytes_max is 48)
        "#]],
        ),
        (
            "set: {n: 1}, output: {as: '${ [range(20)] }'}",
            expect![[r#"
              +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: output has 51 bytes as JSON, payload_bytes_max is 48)
        "#]],
        ),
        (
            "set: {n: 1}, export: {as: '${ [range(20)] }'}",
            expect![[r#"
              +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: export has 51 bytes as JSON, payload_bytes_max is 48)
        "#]],
        ),
        (
            "set: {n: 1}, input: {from: '${ [range(20)] }'}",
            expect![[r#"
              +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: input has 51 bytes as JSON, payload_bytes_max is 48)
        "#]],
        ),
        (
            "for: {in: '[range(20)]'}, do: [{x: {set: {n: 1}}}]",
            expect![[r#"
              +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: for.in has 51 bytes as JSON, payload_bytes_max is 48)
        "#]],
        ),
        (
            "call: f, with: {list: '${ [range(20)] }'}",
            expect![[r#"
              +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: with has 60 bytes as JSON, payload_bytes_max is 48)
        "#]],
        ),
        (
            "call: http, with: {method: post, endpoint: 'http://a.test/', body: '${ [range(20)] }'}",
            expect![[r#"
                  +0s 1 /do/0/big fails: 500 runtime at /do/0/big (too large: with.body has 51 bytes as JSON, payload_bytes_max is 48)
            "#]],
        ),
    ] {
        check_lines(
            &["fails"],
            &format!("use: {{functions: {{f: {{set: {{n: 1}}}}}}}}\ndo: [{{big: {{{task}}}}}]"),
            "limit payload_bytes_max 48\nstart {}",
            expected,
        );
    }
}

#[test]
fn an_expression_that_does_not_end_is_an_error() {
    check_lines(
        &["fails"],
        "do: [{forever: {set: {n: '${ last(range(1e9)) }'}}}]",
        "limit expression_fuel_max 1000\nstart {}",
        expect![[r#"
              +0s 1 /do/0/forever fails: 400 expression at /do/0/forever (an expression failed: set: the expression has used up its fuel)
        "#]],
    );
}

#[test]
fn instance_bytes_max() {
    check_lines(
        &["fails", "faulted", "="],
        "
    do:
      - grow: {set: {text: '${ (.text // \"x\") + (.text // \"x\") }', n: '${ (.n // 0) + 1 }'}, then: grow}
    ",
        "limit instance_bytes_max 50000\nstart {}",
        expect![[r#"
            +0s 0 faulted in step 0: 500 runtime at  (the instance is too large: the instance holds about 65653 bytes, instance_bytes_max is 50000)
            = faulted in step 0: 500 runtime at  (the instance is too large: the instance holds about 65653 bytes, instance_bytes_max is 50000)
        "#]],
    );
}
