//! Order, conditions, directives, switches.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn a_skipped_task_passes_its_raw_input_and_its_directive_is_ignored() {
    check(
        "
        do:
          - first: {set: {n: 1}}
          - skipped:
              if: .n > 1
              input: {from: '${ error(\"not evaluated\") }'}
              set: {n: 99}
              export: {as: '${ 99 }'}
              then: end
          - last: {set: {n: '${ .n + 1 }', context: '${ $context }'}}
        ",
        "",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/first begins
            +0s 1 /do/0/first done output {"n":1} → skipped
            +0s 0 /do/1/skipped skipped → last
            +0s 2 /do/2/last begins
            +0s 2 /do/2/last done output {"n":2,"context":null} → end of scope
            +0s 0 completed {"n":2,"context":null}
            = completed {"n":2,"context":null}
        "#]],
    );
}

#[test]
fn a_condition_that_fails_is_an_error_of_the_task() {
    check_lines(
        &["begins", "fails", "="],
        "do: [{asks: {if: '.n | keys', set: {n: 1}}}]",
        r#"start {"n":1}"#,
        expect![[r#"
            +0s 1 /do/0/asks begins
            +0s 1 /do/0/asks fails: 400 expression at /do/0/asks (an expression failed: if: cannot use 1 as array or object)
            = faulted in step 1: 400 expression at /do/0/asks (an expression failed: if: cannot use 1 as array or object)
        "#]],
    );
}

#[test]
fn only_false_and_null_are_false() {
    check_lines(
        &["begins", "skipped"],
        "
        do:
          - zero: {if: '0', set: {n: 0}}
          - text: {if: '\"\"', set: {n: 0}}
          - nothing: {if: 'null', set: {n: 0}}
          - empty: {if: 'empty', set: {n: 0}}
          - no: {if: 'false', set: {n: 0}}
        ",
        "",
        expect![[r#"
              +0s 1 /do/0/zero begins
              +0s 2 /do/1/text begins
              +0s 0 /do/2/nothing skipped → empty
              +0s 0 /do/3/empty skipped → no
              +0s 0 /do/4/no skipped → end of scope
        "#]],
    );
}

#[test]
fn forward_and_back() {
    check_lines(
        &["begins", "done", "="],
        "
        do:
          - begin: {set: {n: 0}, then: count}
          - never: {set: {n: 100}}
          - count: {set: {n: '${ .n + 1 }'}}
          - again:
              switch:
                - more: {when: .n < 3, then: count}
                - enough: {then: finish}
          - never2: {set: {n: 200}}
          - finish: {set: {total: '${ .n }'}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/begin begins
            +0s 1 /do/0/begin done output {"n":0} → count
            +0s 2 /do/2/count begins
            +0s 2 /do/2/count done output {"n":1} → again
            +0s 3 /do/3/again begins
            +0s 3 /do/3/again done → count
            +0s 4 /do/2/count begins
            +0s 4 /do/2/count done output {"n":2} → again
            +0s 5 /do/3/again begins
            +0s 5 /do/3/again done → count
            +0s 6 /do/2/count begins
            +0s 6 /do/2/count done output {"n":3} → again
            +0s 7 /do/3/again begins
            +0s 7 /do/3/again done → finish
            +0s 8 /do/5/finish begins
            +0s 8 /do/5/finish done output {"total":3} → end of scope
            = completed {"total":3}
        "#]],
    );
}

#[test]
fn a_task_may_follow_itself() {
    check_lines(
        &["begins", "skipped", "="],
        "
        do:
          - count: {if: '(.n // 0) < 3', set: {n: '${ (.n // 0) + 1 }'}, then: count}
          - after: {set: {n: '${ .n }', after: true}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/count begins
            +0s 2 /do/0/count begins
            +0s 3 /do/0/count begins
            +0s 0 /do/0/count skipped → after
            +0s 4 /do/1/after begins
            = completed {"n":3,"after":true}
        "#]],
    );
}

#[test]
fn exit_leaves_one_scope_and_end_the_workflow() {
    check_lines(
        &["begins", "done", "="],
        "
        do:
          - outer:
              do:
                - inner:
                    do:
                      - leaves: {set: {by: exit}, then: exit}
                      - never: {set: {by: never}}
                - after: {set: {by: '${ .by + \", then end\" }'}, then: end}
                - never2: {set: {by: never}}
          - never3: {set: {by: never}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/outer begins
            +0s 2 /do/0/outer/do/0/inner begins
            +0s 3 /do/0/outer/do/0/inner/do/0/leaves begins
            +0s 3 /do/0/outer/do/0/inner/do/0/leaves done output {"by":"exit"} → end of scope
            +0s 2 /do/0/outer/do/0/inner done → after
            +0s 4 /do/0/outer/do/1/after begins
            +0s 4 /do/0/outer/do/1/after done output {"by":"exit, then end"} → end of workflow
            = completed {"by":"exit, then end"}
        "#]],
    );
}

#[test]
fn exit_of_the_main_scope_ends_the_workflow() {
    check_lines(
        &["done", "="],
        "
        do:
          - leaves: {set: {by: exit}, then: exit}
          - never: {set: {by: never}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/leaves done output {"by":"exit"} → end of workflow
            = completed {"by":"exit"}
        "#]],
    );
}

#[test]
fn a_composite_has_a_directive_of_its_own() {
    check_lines(
        &["done", "="],
        "
        do:
          - outer:
              do: [{inner: {set: {n: 1}}}]
              then: last
          - never: {set: {n: 2}}
          - last: {set: {n: '${ .n + 10 }'}}
        ",
        "",
        expect![[r#"
            +0s 2 /do/0/outer/do/0/inner done output {"n":1} → end of scope
            +0s 1 /do/0/outer done → last
            +0s 3 /do/2/last done output {"n":11} → end of scope
            = completed {"n":11}
        "#]],
    );
}

const SWITCH: &str = "
    do:
      - chooses:
          switch:
            - small: {when: .n < 10, then: small}
            - even: {when: .n % 2 == 0, then: even}
          then: neither
      - small: {set: {is: small}, then: end}
      - even: {set: {is: even}, then: end}
      - neither: {set: {is: '${ \"neither: \\(.n)\" }'}}
    ";

#[test]
fn the_first_case_that_holds() {
    check_lines(
        &["done", "="],
        SWITCH,
        r#"start {"n":4}"#,
        expect![[r#"
            +0s 1 /do/0/chooses done → small
            +0s 2 /do/1/small done output {"is":"small"} → end of workflow
            = completed {"is":"small"}
        "#]],
    );
    check_lines(
        &["done", "="],
        SWITCH,
        r#"start {"n":12}"#,
        expect![[r#"
            +0s 1 /do/0/chooses done → even
            +0s 2 /do/2/even done output {"is":"even"} → end of workflow
            = completed {"is":"even"}
        "#]],
    );
}

#[test]
fn no_case_holds() {
    check_lines(
        &["done", "="],
        SWITCH,
        r#"start {"n":13}"#,
        expect![[r#"
            +0s 1 /do/0/chooses done → neither
            +0s 2 /do/3/neither done output {"is":"neither: 13"} → end of scope
            = completed {"is":"neither: 13"}
        "#]],
    );
}

#[test]
fn the_default_is_taken_last_wherever_it_stands() {
    check_lines(
        &["done", "="],
        "
        do:
          - chooses:
              switch:
                - otherwise: {then: end}
                - small: {when: .n < 10, then: small}
          - small: {set: {is: small}}
        ",
        r#"start {"n":4}"#,
        expect![[r#"
            +0s 1 /do/0/chooses done → small
            +0s 2 /do/1/small done output {"is":"small"} → end of scope
            = completed {"is":"small"}
        "#]],
    );
}

#[test]
fn a_case_that_fails_is_an_error_of_the_switch() {
    check_lines(
        &["fails", "="],
        "do: [{chooses: {switch: [{broken: {when: '.n | keys', then: end}}]}}]",
        r#"start {"n":4}"#,
        expect![[r#"
            +0s 1 /do/0/chooses fails: 400 expression at /do/0/chooses (an expression failed: when: cannot use 4 as array or object)
            = faulted in step 1: 400 expression at /do/0/chooses (an expression failed: when: cannot use 4 as array or object)
        "#]],
    );
}

#[test]
fn end_within_a_branch_ends_the_others() {
    check(
        "
        do:
          - both:
              fork:
                branches:
                  - slow: {call: http, with: {method: get, endpoint: http://slow.test/}}
                  - quick:
                      do:
                        - pause: {wait: {seconds: 1}}
                        - stop: {set: {stopped: true}, then: end}
          - never: {set: {n: 1}}
        ",
        "
        advance 1s
        late slow withdrawn
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/both begins fork of slow, quick
            +0s 2 /do/0/both/fork/branches/0/slow begins
            +0s 2 /do/0/both/fork/branches/0/slow calls #1 K1 GET http://slow.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/quick begins
            +0s 4 /do/0/both/fork/branches/1/quick/do/0/pause begins
            +0s 4 /do/0/both/fork/branches/1/quick/do/0/pause waits until +1s
            = running · due +1s · unanswered: slow
            > advance 1s
            +1s 4 /do/0/both/fork/branches/1/quick/do/0/pause timer Wait
            +1s 4 /do/0/both/fork/branches/1/quick/do/0/pause done → stop
            +1s 5 /do/0/both/fork/branches/1/quick/do/1/stop begins
            +1s 2 /do/0/both/fork/branches/0/slow abandons #1 ⇒ withdraw
            +1s 5 /do/0/both/fork/branches/1/quick/do/1/stop done output {"stopped":true} → end of workflow
            +1s 0 completed {"stopped":true}
            = completed {"stopped":true} · unanswered: slow (abandoned)
            > late slow withdrawn
            +1s 2 /do/0/both/fork/branches/0/slow #1 fails: 500 runtime (withdrawn: the call was never sent)
            = completed {"stopped":true}
        "#]],
    );
}

#[test]
fn set_replaces_the_data() {
    check_lines(
        &["done", "="],
        "
        do:
          - object: {set: {nested: {list: [1, '${ .a }', {deep: '${ .b }'}], text: 'a ${ .a } b ${ .b }'}}}
          - whole: {set: '${ .nested.list }'}
        ",
        r#"start {"a":1,"b":"x"}"#,
        expect![[r#"
            +0s 1 /do/0/object done output {"nested":{"list":[1,1,{"deep":"x"}],"text":"a 1 b x"}} → whole
            +0s 2 /do/1/whole done output [1,1,{"deep":"x"}] → end of scope
            = completed [1,1,{"deep":"x"}]
        "#]],
    );
}
