//! `for` with iterations side by side.

use expect_test::expect;

use crate::harness::{check, check_lines};

/// Asks a service about each item; `parallel` says how.
fn asking(parallel: &str) -> String {
    format!(
        "
        do:
          - all:
              for: {{in: .items}}
              metadata: {{motet: {{parallel: {parallel}}}}}
              do:
                - ask:
                    call: http
                    with: {{method: get, endpoint: '${{ \"http://\\($item).test/\\($index)\" }}'}}
          - after: {{set: {{got: '${{ . }}'}}}}
        "
    )
}

#[test]
fn at_most_so_many_are_open_and_results_stand_in_the_order_of_the_items() {
    check(
        &asking("2"),
        "
        start {\"items\":[\"a\",\"b\",\"c\"]}
        answer ask@5 200 \"B\"
        answer ask@7 200 \"C\"
        answer ask@3 200 \"A\"
        ",
        expect![[r#"
            > start {"items":["a","b","c"]}
            +0s 0 started
            +0s 1 /do/0/all begins over ["a","b","c"], 2 at a time
            +0s 2 /do/0/all begins iteration 0
            +0s 3 /do/0/all/do/0/ask begins
            +0s 3 /do/0/all/do/0/ask calls #1 K1 GET http://a.test/0 until +60s ⇒ call
            +0s 4 /do/0/all begins iteration 1
            +0s 5 /do/0/all/do/0/ask begins
            +0s 5 /do/0/all/do/0/ask calls #1 K2 GET http://b.test/1 until +60s ⇒ call
            = running · unanswered: ask, ask
            > answer ask@5 200 "B"
            +0s 5 /do/0/all/do/0/ask #1 gives "B"
            +0s 5 /do/0/all/do/0/ask done → end of scope
            +0s 4 /do/0/all done → end of scope
            +0s 6 /do/0/all begins iteration 2
            +0s 7 /do/0/all/do/0/ask begins
            +0s 7 /do/0/all/do/0/ask calls #1 K3 GET http://c.test/2 until +60s ⇒ call
            = running · unanswered: ask, ask
            > answer ask@7 200 "C"
            +0s 7 /do/0/all/do/0/ask #1 gives "C"
            +0s 7 /do/0/all/do/0/ask done → end of scope
            +0s 6 /do/0/all done → end of scope
            = running · unanswered: ask
            > answer ask@3 200 "A"
            +0s 3 /do/0/all/do/0/ask #1 gives "A"
            +0s 3 /do/0/all/do/0/ask done → end of scope
            +0s 2 /do/0/all done → end of scope
            +0s 1 /do/0/all done → after
            +0s 8 /do/1/after begins
            +0s 8 /do/1/after done output {"got":["A","B","C"]} → end of scope
            +0s 0 completed {"got":["A","B","C"]}
            = completed {"got":["A","B","C"]}
        "#]],
    );
}

#[test]
fn every_iteration_begins_with_the_input_of_the_loop() {
    check_lines(
        &["="],
        "
        do:
          - all:
              for: {each: n, at: place, in: '[3, 4]'}
              metadata: {motet: {parallel: 9}}
              do:
                - one: {set: {n: '${ $n }', place: '${ $place }', was: '${ . }'}}
                - two: {set: {n: '${ .n + 1 }', place: '${ .place }', was: '${ .was.in }'}}
        ",
        "start {\"in\":7}",
        expect![[r#"
            = completed [{"n":4,"place":0,"was":7},{"n":5,"place":1,"was":7}]
        "#]],
    );
}

#[test]
fn nothing_to_go_through_gives_an_empty_list() {
    check_lines(
        &["begins", "done", "="],
        &asking("2"),
        "start {\"items\":[]}",
        expect![[r#"
        +0s 1 /do/0/all begins over [], 2 at a time
        +0s 1 /do/0/all done → after
        +0s 2 /do/1/after begins
        +0s 2 /do/1/after done output {"got":[]} → end of scope
        = completed {"got":[]}
    "#]],
    );
    check_lines(
        &["="],
        &asking("{collect: false}"),
        "start {\"items\":null}",
        expect![[r#"
        = completed {"got":{"items":null}}
    "#]],
    );
}

#[test]
fn without_collect_the_input_goes_on() {
    check_lines(
        &["="],
        &asking("{max: 9, collect: false}"),
        "start {\"items\":[\"a\",\"b\"]}\nanswer ask@5 200 \"B\"\nanswer ask@3 200 \"A\"",
        expect![[r#"
            = running · unanswered: ask, ask
            = running · unanswered: ask
            = completed {"got":{"items":["a","b"]}}
        "#]],
    );
}

#[test]
fn the_first_failure_ends_the_loop_and_takes_the_others_along() {
    check_lines(
        &["calls", "abandons", "fails", "="],
        &asking("2"),
        "start {\"items\":[\"a\",\"b\",\"c\"]}\nanswer ask@5 400",
        expect![[r#"
            +0s 3 /do/0/all/do/0/ask calls #1 K1 GET http://a.test/0 until +60s ⇒ call
            +0s 5 /do/0/all/do/0/ask calls #1 K2 GET http://b.test/1 until +60s ⇒ call
            = running · unanswered: ask, ask
            +0s 5 /do/0/all/do/0/ask #1 fails: 400 communication (the service answered with an error: GET http://b.test/1 answered 400)
            +0s 5 /do/0/all/do/0/ask fails: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://b.test/1 answered 400)
            +0s 3 /do/0/all/do/0/ask abandons #1 ⇒ withdraw
            = faulted in step 5: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://b.test/1 answered 400) · unanswered: ask (abandoned)
        "#]],
    );
}

#[test]
fn a_retry_goes_on_with_the_iterations_that_were_open() {
    check_lines(
        &["calls", "="],
        &asking("2"),
        "
        start {\"items\":[\"a\",\"b\",\"c\"]}
        answer ask@5 400
        retry
        late ask@3 200 \"old\"
        answer ask@6 200 \"B\"
        answer ask@3 200 \"A\"
        answer ask@8 200 \"C\"
        ",
        expect![[r#"
            +0s 3 /do/0/all/do/0/ask calls #1 K1 GET http://a.test/0 until +60s ⇒ call
            +0s 5 /do/0/all/do/0/ask calls #1 K2 GET http://b.test/1 until +60s ⇒ call
            = running · unanswered: ask, ask
            = faulted in step 5: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://b.test/1 answered 400) · unanswered: ask (abandoned)
            +0s 6 /do/0/all/do/0/ask calls #1 K2 GET http://b.test/1 until +60s ⇒ call
            +0s 3 /do/0/all/do/0/ask calls again #2 until +60s ⇒ call
            = running · unanswered: ask (abandoned), ask, ask
            = running · unanswered: ask, ask
            +0s 8 /do/0/all/do/0/ask calls #1 K3 GET http://c.test/2 until +60s ⇒ call
            = running · unanswered: ask, ask
            = running · unanswered: ask
            = completed {"got":["A","B","C"]}
        "#]],
    );
}

#[test]
fn without_fail_fast_the_others_run_to_their_end_first() {
    check_lines(
        &["calls", "gives up", "fails", "="],
        &asking("{max: 2, failFast: false}"),
        "
        start {\"items\":[\"a\",\"b\",\"c\"]}
        answer ask@5 404
        answer ask@7 200 \"C\"
        answer ask@3 400
        ",
        expect![[r#"
            +0s 3 /do/0/all/do/0/ask calls #1 K1 GET http://a.test/0 until +60s ⇒ call
            +0s 5 /do/0/all/do/0/ask calls #1 K2 GET http://b.test/1 until +60s ⇒ call
            = running · unanswered: ask, ask
            +0s 5 /do/0/all/do/0/ask #1 fails: 404 communication (the service answered with an error: GET http://b.test/1 answered 404)
            +0s 5 /do/0/all/do/0/ask fails: 404 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://b.test/1 answered 404)
            +0s 4 /do/0/all gives up: 404 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://b.test/1 answered 404)
            +0s 7 /do/0/all/do/0/ask calls #1 K3 GET http://c.test/2 until +60s ⇒ call
            = running · unanswered: ask, ask
            = running · unanswered: ask
            +0s 3 /do/0/all/do/0/ask #1 fails: 400 communication (the service answered with an error: GET http://a.test/0 answered 400)
            +0s 3 /do/0/all/do/0/ask fails: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://a.test/0 answered 400)
            +0s 2 /do/0/all gives up: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://a.test/0 answered 400)
            +0s 1 /do/0/all fails: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://a.test/0 answered 400)
            = faulted in step 1: 400 communication at /do/0/all/do/0/ask (the service answered with an error: GET http://a.test/0 answered 400)
        "#]],
    );
}

#[test]
fn an_error_caught_within_an_iteration_is_a_result_like_any_other() {
    check_lines(
        &["="],
        "
        do:
          - all:
              for: {in: '[1, 2]'}
              metadata: {motet: {parallel: 2}}
              do:
                - one:
                    try: [{odd: {if: $item == 1, raise: {error: {type: https://example.com/odd, status: 400}}}}]
                    catch: {do: [{instead: {set: {odd: true}}}]}
        ",
        "start {\"in\":1}",
        expect![[r#"
            = completed [{"odd":true},{"in":1}]
        "#]],
    );
}

#[test]
fn an_error_caught_around_the_loop_ends_its_iterations() {
    check_lines(
        &["abandons", "="],
        "
        do:
          - guarded:
              try:
                - all:
                    for: {in: '[1, 2]'}
                    metadata: {motet: {parallel: 2}}
                    do: [{ask: {call: http, with: {method: get, endpoint: 'http://{n}.test/'}, input: {from: '{n: $item}'}}}]
              catch: {do: [{instead: {set: {n: 3}}}]}
        ",
        "answer ask@4 400",
        expect![[r#"
            = running · unanswered: ask, ask
            +0s 6 /do/0/guarded/try/0/all/do/0/ask abandons #1 ⇒ withdraw
            = completed {"n":3} · unanswered: ask (abandoned)
        "#]],
    );
}

#[test]
fn while_is_asked_before_each_iteration_begins() {
    check_lines(
        &["begins iteration", "no further", "="],
        "
        do:
          - some:
              for: {in: '[1, 2, 3, 4]'}
              while: $item < 3
              metadata: {motet: {parallel: 3}}
              do: [{one: {set: {n: '${ $item }'}}}]
        ",
        "",
        expect![[r#"
            +0s 2 /do/0/some begins iteration 0
            +0s 4 /do/0/some begins iteration 1
            +0s 1 /do/0/some begins no further iteration
            = completed [{"n":1},{"n":2}]
        "#]],
    );
}

#[test]
fn a_failing_while_fails_the_loop() {
    check_lines(
        &["fails", "="],
        "
        do:
          - some:
              for: {in: '[1, 2]'}
              while: if $item == 2 then error(\"no\") else true end
              metadata: {motet: {parallel: 3}}
              do: [{one: {wait: {seconds: 1}}}]
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/some fails: 400 expression at /do/0/some (an expression failed: while: no)
            = faulted in step 1: 400 expression at /do/0/some (an expression failed: while: no)
        "#]],
    );
}

#[test]
fn exports_are_folded_in_the_order_of_the_items() {
    check_lines(
        &["="],
        "
        do:
          - all:
              for: {in: '[3, 1, 2]'}
              metadata: {motet: {parallel: 3}}
              do:
                - rest: {wait: '${ {seconds: $item} }'}
                - one:
                    set: {seen: '${ $context }'}
                    export: {as: '${ $context + {last: $item, (\"of\\($item)\"): true} }'}
          - after: {set: {got: '${ . }', context: '${ $context }'}}
        ",
        "start {\"in\":1}\nsleep 1s\ntimers\nsleep 1s\ntimers\nsleep 1s\ntimers",
        expect![[r#"
            = waiting · due +1s
            = waiting · due +1s
            = waiting · due +2s
            = waiting · due +2s
            = waiting · due +3s
            = waiting · due +3s
            = completed {"got":[{"seen":{"in":1}},{"seen":{"in":1}},{"seen":{"in":1}}],"context":{"in":1,"last":2,"of3":true,"of1":true,"of2":true}}
        "#]],
    );
}

#[test]
fn end_within_an_iteration_ends_the_workflow_with_what_was_exported() {
    check_lines(
        &["abandons", "="],
        "
        output: {as: '${ {last: ., context: $context} }'}
        do:
          - all:
              for: {in: '[1, 2, 3]'}
              metadata: {motet: {parallel: 3}}
              do:
                - one: {set: {n: '${ $item }'}, export: {as: '${ $context + {(\"of\\($item)\"): true} }'}}
                - slow: {if: $item == 1, call: http, with: {method: get, endpoint: http://slow.test/}}
                - stop: {if: $item == 2, set: {stopped: true}, then: end}
        ",
        "start {\"in\":1}",
        expect![[r#"
            +0s 5 /do/0/all/do/1/slow abandons #1 ⇒ withdraw
            = completed {"last":{"stopped":true},"context":{"in":1,"of2":true}} · unanswered: slow (abandoned)
        "#]],
    );
}

#[test]
fn exit_ends_an_iteration_alone() {
    check_lines(
        &["="],
        "
        do:
          - all:
              for: {in: '[1, 2]'}
              metadata: {motet: {parallel: 2}}
              do: [{one: {set: {n: '${ $item }'}, then: exit}}, {never: {set: {n: 0}}}]
        ",
        "",
        expect![[r#"
            = completed [{"n":1},{"n":2}]
        "#]],
    );
}

#[test]
fn a_timeout_ends_the_loop() {
    check_lines(
        &["abandons", "fails", "="],
        "
        do:
          - all:
              for: {in: '[1, 2]'}
              metadata: {motet: {parallel: 2}}
              timeout: {after: {seconds: 2}}
              do: [{one: {call: http, with: {method: get, endpoint: 'http://one.test/{n}'}, input: {from: '{n: $item}'}}}]
        ",
        "answer one@3 200 1\nsleep 2s\ntimers",
        expect![[r#"
            = running · due +2s · unanswered: one, one
            = running · due +2s · unanswered: one
            = running · due +2s · unanswered: one
            +2s 5 /do/0/all/do/0/one abandons #1 ⇒ withdraw
            +2s 1 /do/0/all fails: 408 timeout at /do/0/all (timed out: all did not end within its timeout)
            = faulted in step 1: 408 timeout at /do/0/all (timed out: all did not end within its timeout) · unanswered: one (abandoned)
        "#]],
    );
}

#[test]
fn a_suspended_loop_begins_nothing() {
    check_lines(
        &["calls", "="],
        &asking("1"),
        "start {\"items\":[\"a\",\"b\"]}\nsuspend\nanswer ask@3 200 1\nresume\nanswer ask@5 200 2",
        expect![[r#"
            +0s 3 /do/0/all/do/0/ask calls #1 K1 GET http://a.test/0 until +60s ⇒ call
            = running · unanswered: ask
            = suspended · unanswered: ask
            = suspended
            +0s 5 /do/0/all/do/0/ask calls #1 K2 GET http://b.test/1 until +60s ⇒ call
            = running · unanswered: ask
            = completed {"got":[1,2]}
        "#]],
    );
}

#[test]
fn loops_within_loops_and_forks() {
    check_lines(
        &["="],
        "
        do:
          - outer:
              for: {each: row, in: '[[1, 2], [3]]'}
              metadata: {motet: {parallel: 2}}
              do:
                - inner:
                    for: {each: cell, at: column, in: $row}
                    metadata: {motet: {parallel: 2}}
                    do:
                      - both:
                          fork:
                            branches:
                              - left: {set: '${ [$row, $cell, $index, $column] }'}
                              - right: {set: '${ $cell }'}
        ",
        "",
        expect![[r#"
            = completed [[[[[1,2],1,0,0],1],[[[1,2],2,0,1],2]],[[[[3],3,1,0],3]]]
        "#]],
    );
}

#[test]
fn a_long_loop_yields_again_and_again() {
    check_lines(
        &["="],
        "
        do:
          - all:
              for: {in: '[range(1000)]'}
              metadata: {motet: {parallel: 100}}
              do: [{one: {set: '${ $item }', export: {as: '${ {last: $item} }'}}}]
              output: {as: '${ [length, first, last, add] }'}
          - after: {set: {got: '${ . }', context: '${ $context }'}}
        ",
        "continue all",
        expect![[r#"
            = running · has work
            = completed {"got":[1000,0,999,499500],"context":{"last":999}}
        "#]],
    );
}
