//! Branches of a fork that need others.

use expect_test::{Expect, expect};

use crate::harness::{check, check_lines};

/// Two services at once; packing needs both, billing the payment alone.
const ORDER: &str = "
    do:
      - order:
          fork:
            branches:
              - pack:
                  set: {input: '${ . }', seen: '${ $context }'}
                  metadata: {motet: {needs: [pay, pick]}}
              - pick:
                  call: http
                  with: {method: get, endpoint: http://pick.test/}
                  export: {as: '${ $context + {pick: ., last: \"pick\"} }'}
              - pay:
                  call: http
                  with: {method: get, endpoint: http://pay.test/}
                  export: {as: '${ $context + {pay: ., last: \"pay\"} }'}
              - bill:
                  set: {seen: '${ $context }'}
                  metadata: {motet: {needs: [pay]}}
      - after: {set: {outputs: '${ . }', context: '${ $context }'}}
    ";

#[test]
fn a_branch_begins_when_what_it_needs_is_complete() {
    check(
        ORDER,
        "start {\"in\":1}\nanswer pay 200 \"P\"\nanswer pick 200 \"K\"",
        expect![[r#"
        > start {"in":1}
        +0s 0 started
        +0s 1 /do/0/order begins fork of pack after pick and pay, pick, pay, bill after pay
        +0s 2 /do/0/order/fork/branches/1/pick begins
        +0s 2 /do/0/order/fork/branches/1/pick calls #1 K1 GET http://pick.test/ until +60s ⇒ call
        +0s 3 /do/0/order/fork/branches/2/pay begins
        +0s 3 /do/0/order/fork/branches/2/pay calls #1 K2 GET http://pay.test/ until +60s ⇒ call
        = running · unanswered: pick, pay
        > answer pay 200 "P"
        +0s 3 /do/0/order/fork/branches/2/pay #1 gives "P"
        +0s 3 /do/0/order/fork/branches/2/pay done context {"in":1,"pay":"P","last":"pay"} → end of scope
        +0s 4 /do/0/order/fork/branches/3/bill begins
        +0s 4 /do/0/order/fork/branches/3/bill done output {"seen":{"in":1,"pay":"P","last":"pay"}} → end of scope
        = running · unanswered: pick
        > answer pick 200 "K"
        +0s 2 /do/0/order/fork/branches/1/pick #1 gives "K"
        +0s 2 /do/0/order/fork/branches/1/pick done context {"in":1,"pick":"K","last":"pick"} → end of scope
        +0s 5 /do/0/order/fork/branches/0/pack begins
        +0s 5 /do/0/order/fork/branches/0/pack done output {"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}} → end of scope
        +0s 1 /do/0/order done → after
        +0s 6 /do/1/after begins
        +0s 6 /do/1/after done output {"outputs":[{"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}},"K","P",{"seen":{"in":1,"pay":"P","last":"pay"}}],"context":{"in":1,"pick":"K","last":"pay","pay":"P"}} → end of scope
        +0s 0 completed {"outputs":[{"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}},"K","P",{"seen":{"in":1,"pay":"P","last":"pay"}}],"context":{"in":1,"pick":"K","last":"pay","pay":"P"}}
        = completed {"outputs":[{"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}},"K","P",{"seen":{"in":1,"pay":"P","last":"pay"}}],"context":{"in":1,"pick":"K","last":"pay","pay":"P"}}
    "#]],
    );
}

#[test]
fn the_order_of_the_answers_does_not_change_the_result() {
    check_lines(
        &["="],
        ORDER,
        "start {\"in\":1}\nanswer pick 200 \"K\"\nanswer pay 200 \"P\"",
        expect![[r#"
            = running · unanswered: pick, pay
            = running · unanswered: pay
            = completed {"outputs":[{"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}},"K","P",{"seen":{"in":1,"pay":"P","last":"pay"}}],"context":{"in":1,"pick":"K","last":"pay","pay":"P"}}
        "#]],
    );
}

#[test]
fn a_failing_branch_keeps_those_from_beginning_that_need_it_until_it_is_retried() {
    check_lines(
        &["/fork/", "="],
        ORDER,
        "start {\"in\":1}\nanswer pick 200 \"K\"\nanswer pay 400\nretry\nanswer pay 200 \"P\"",
        expect![[r#"
            +0s 2 /do/0/order/fork/branches/1/pick begins
            +0s 2 /do/0/order/fork/branches/1/pick calls #1 K1 GET http://pick.test/ until +60s ⇒ call
            +0s 3 /do/0/order/fork/branches/2/pay begins
            +0s 3 /do/0/order/fork/branches/2/pay calls #1 K2 GET http://pay.test/ until +60s ⇒ call
            = running · unanswered: pick, pay
            +0s 2 /do/0/order/fork/branches/1/pick #1 gives "K"
            +0s 2 /do/0/order/fork/branches/1/pick done context {"in":1,"pick":"K","last":"pick"} → end of scope
            = running · unanswered: pay
            +0s 3 /do/0/order/fork/branches/2/pay #1 fails: 400 communication (the service answered with an error: GET http://pay.test/ answered 400)
            +0s 3 /do/0/order/fork/branches/2/pay fails: 400 communication at /do/0/order/fork/branches/2/pay (the service answered with an error: GET http://pay.test/ answered 400)
            +0s 0 faulted in step 3: 400 communication at /do/0/order/fork/branches/2/pay (the service answered with an error: GET http://pay.test/ answered 400)
            = faulted in step 3: 400 communication at /do/0/order/fork/branches/2/pay (the service answered with an error: GET http://pay.test/ answered 400)
            +0s 4 /do/0/order/fork/branches/2/pay begins
            +0s 4 /do/0/order/fork/branches/2/pay calls #1 K2 GET http://pay.test/ until +60s ⇒ call
            = running · unanswered: pay
            +0s 4 /do/0/order/fork/branches/2/pay #1 gives "P"
            +0s 4 /do/0/order/fork/branches/2/pay done context {"in":1,"pay":"P","last":"pay"} → end of scope
            +0s 5 /do/0/order/fork/branches/0/pack begins
            +0s 5 /do/0/order/fork/branches/0/pack done output {"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}} → end of scope
            +0s 6 /do/0/order/fork/branches/3/bill begins
            +0s 6 /do/0/order/fork/branches/3/bill done output {"seen":{"in":1,"pay":"P","last":"pay"}} → end of scope
            = completed {"outputs":[{"input":{"in":1},"seen":{"in":1,"pick":"K","last":"pay","pay":"P"}},"K","P",{"seen":{"in":1,"pay":"P","last":"pay"}}],"context":{"in":1,"pick":"K","last":"pay","pay":"P"}}
        "#]],
    );
}

/// The context after a fork of `set`s, whose branches are given as name, needs and what they export.
fn check_context(branches: &[(&str, &str, &str)], expected: Expect) {
    let branches: String = branches
        .iter()
        .map(|(name, needs, export)| {
            format!(
                "      - {name}: {{set: {{by: {name}}}, export: {{as: '${{ {export} }}'}}, metadata: {{motet: {{needs: [{needs}]}}}}}}\n"
            )
        })
        .collect();
    let document = format!(
        "do:\n- all:\n    fork:\n      branches:\n{branches}- after: {{set: {{context: '${{ $context }}'}}}}\n"
    );
    check_lines(&["="], &document, "start {\"old\":1,\"kept\":2}", expected);
}

#[test]
fn what_comes_later_has_the_last_word_wherever_it_stands() {
    let later = r#"$context + {who: "later"}"#;
    let earlier = r#"$context + {who: "earlier"}"#;
    check_context(
        &[("later", "earlier", later), ("earlier", "", earlier)],
        expect![[r#"
        = completed {"context":{"old":1,"kept":2,"who":"later"}}
    "#]],
    );
    check_context(
        &[("earlier", "", earlier), ("later", "earlier", later)],
        expect![[r#"
        = completed {"context":{"old":1,"kept":2,"who":"later"}}
    "#]],
    );
}

#[test]
fn what_a_branch_takes_back_is_gone() {
    check_context(
        &[
            ("adds", "", "$context + {new: 1, old: 9}"),
            ("removes", "adds", "$context | del(.new) | .old = 1"),
        ],
        expect![[r#"
            = completed {"context":{"old":1,"kept":2}}
        "#]],
    );
}

#[test]
fn a_diamond_takes_over_only_what_each_side_changed() {
    check_context(
        &[
            ("top", "", "$context + {k: 1}"),
            ("left", "top", "$context + {k: 2}"),
            ("right", "top", "$context + {right: true}"),
            ("bottom", "left, right", "$context + {seen: $context}"),
        ],
        expect![[r#"
            = completed {"context":{"old":1,"kept":2,"k":2,"right":true,"seen":{"old":1,"kept":2,"k":2,"right":true}}}
        "#]],
    );
}

#[test]
fn a_skipped_branch_counts_as_complete_and_passes_on_what_it_would_have_seen() {
    check_lines(
        &["skips", "="],
        "
        do:
          - all:
              fork:
                branches:
                  - last: {set: {seen: '${ $context }'}, metadata: {motet: {needs: [skipped]}}}
                  - skipped: {if: $context.first != 1, set: {n: 0}, metadata: {motet: {needs: [first]}}}
                  - first: {set: {n: 1}, export: {as: '${ {first: 1} }'}}
          - after: {set: {got: '${ . }', context: '${ $context }'}}
        ",
        "start {\"in\":1}",
        expect![[r#"
            = completed {"got":[{"seen":{"first":1}},{"in":1},{"n":1}],"context":{"first":1}}
        "#]],
    );
}

#[test]
fn an_end_leaves_those_that_wait_behind() {
    check_lines(
        &["begins", "="],
        "
        do:
          - all:
              fork:
                branches:
                  - ends: {set: {n: 1}, then: end}
                  - never: {set: {n: 2}, metadata: {motet: {needs: [ends]}}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/all begins fork of ends, never after ends
            +0s 2 /do/0/all/fork/branches/0/ends begins
            = completed {"n":1}
        "#]],
    );
}

#[test]
fn a_caught_error_ends_what_waits_as_well() {
    check_lines(
        &["begins", "caught", "="],
        "
        do:
          - guarded:
              try:
                - all:
                    fork:
                      branches:
                        - bad: {raise: {error: {type: https://example.com/bad, status: 400}}}
                        - never: {set: {n: 2}, metadata: {motet: {needs: [bad]}}}
              catch: {do: [{instead: {set: {n: 3}}}]}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/guarded begins
            +0s 2 /do/0/guarded/try/0/all begins fork of bad, never after bad
            +0s 3 /do/0/guarded/try/0/all/fork/branches/0/bad begins
            +0s 4 /do/0/guarded/catch/do/0/instead begins
            = completed {"n":3}
        "#]],
    );
}
