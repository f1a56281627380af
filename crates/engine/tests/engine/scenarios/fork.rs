//! `fork`, of all and of the first.

use expect_test::{Expect, expect};

use crate::harness::{check, check_lines};

const BOTH: &str = "
    do:
      - both:
          fork:
            branches:
              - left: {call: http, with: {method: get, endpoint: http://left.test/}}
              - right: {call: http, with: {method: get, endpoint: http://right.test/}}
    ";

const RACE: &str = "
    do:
      - race:
          fork:
            compete: true
            branches:
              - left: {call: http, with: {method: get, endpoint: http://left.test/}}
              - right: {call: http, with: {method: get, endpoint: http://right.test/}}
    ";

#[test]
fn outputs_stand_in_declaration_order() {
    check(
        BOTH,
        "answer right 200 \"R\"\nanswer left 200 \"L\"",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/both begins fork of left, right
            +0s 2 /do/0/both/fork/branches/0/left begins
            +0s 2 /do/0/both/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/right begins
            +0s 3 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer right 200 "R"
            +0s 3 /do/0/both/fork/branches/1/right #1 gives "R"
            +0s 3 /do/0/both/fork/branches/1/right done → end of scope
            = running · unanswered: left
            > answer left 200 "L"
            +0s 2 /do/0/both/fork/branches/0/left #1 gives "L"
            +0s 2 /do/0/both/fork/branches/0/left done → end of scope
            +0s 1 /do/0/both done → end of scope
            +0s 0 completed ["L","R"]
            = completed ["L","R"]
        "#]],
    );
}

#[test]
fn a_failing_branch_takes_the_others_with_it() {
    check(
        BOTH,
        "answer right 500\nlate left 200 \"L\"",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/both begins fork of left, right
            +0s 2 /do/0/both/fork/branches/0/left begins
            +0s 2 /do/0/both/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/right begins
            +0s 3 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer right 500
            +0s 3 /do/0/both/fork/branches/1/right #1 fails: 500 communication (the service answered with an error: GET http://right.test/ answered 500) maybe-run
            +0s 3 /do/0/both/fork/branches/1/right fails: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            +0s 2 /do/0/both/fork/branches/0/left abandons #1 ⇒ withdraw
            +0s 0 faulted in step 3: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            = faulted in step 3: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500) · unanswered: left (abandoned)
            > late left 200 "L"
            +0s 2 /do/0/both/fork/branches/0/left #1 gives "L"
            = faulted in step 3: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
        "#]],
    );
}

#[test]
fn a_retry_sends_what_was_taken_along_again() {
    check(
        BOTH,
        "
        answer right 500
        retry
        late left 200 \"old\"
        answer left 200 \"L\"
        answer right 200 \"R\"
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/both begins fork of left, right
            +0s 2 /do/0/both/fork/branches/0/left begins
            +0s 2 /do/0/both/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/right begins
            +0s 3 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer right 500
            +0s 3 /do/0/both/fork/branches/1/right #1 fails: 500 communication (the service answered with an error: GET http://right.test/ answered 500) maybe-run
            +0s 3 /do/0/both/fork/branches/1/right fails: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            +0s 2 /do/0/both/fork/branches/0/left abandons #1 ⇒ withdraw
            +0s 0 faulted in step 3: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            = faulted in step 3: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500) · unanswered: left (abandoned)
            > retry
            +0s 0 reopened
            +0s 4 /do/0/both/fork/branches/1/right begins
            +0s 4 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            +0s 2 /do/0/both/fork/branches/0/left calls again #2 until +60s ⇒ call
            = running · unanswered: left (abandoned), left, right
            > late left 200 "old"
            +0s 2 /do/0/both/fork/branches/0/left #1 gives "old"
            = running · unanswered: left, right
            > answer left 200 "L"
            +0s 2 /do/0/both/fork/branches/0/left #2 gives "L"
            +0s 2 /do/0/both/fork/branches/0/left done → end of scope
            = running · unanswered: right
            > answer right 200 "R"
            +0s 4 /do/0/both/fork/branches/1/right #1 gives "R"
            +0s 4 /do/0/both/fork/branches/1/right done → end of scope
            +0s 1 /do/0/both done → end of scope
            +0s 0 completed ["L","R"]
            = completed ["L","R"]
        "#]],
    );
}

#[test]
fn the_first_branch_wins_the_race() {
    check(
        RACE,
        "answer right 200 \"R\"\nlate left 200 \"L\"",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/race begins race of left, right
            +0s 2 /do/0/race/fork/branches/0/left begins
            +0s 2 /do/0/race/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/race/fork/branches/1/right begins
            +0s 3 /do/0/race/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer right 200 "R"
            +0s 3 /do/0/race/fork/branches/1/right #1 gives "R"
            +0s 2 /do/0/race/fork/branches/0/left abandons #1 ⇒ withdraw
            +0s 3 /do/0/race/fork/branches/1/right done → end of scope
            +0s 1 /do/0/race done → end of scope
            +0s 0 completed "R"
            = completed "R" · unanswered: left (abandoned)
            > late left 200 "L"
            +0s 2 /do/0/race/fork/branches/0/left #1 gives "L"
            = completed "R"
        "#]],
    );
}

#[test]
fn a_failing_branch_is_out_of_the_race() {
    check(
        RACE,
        "answer left 500\nanswer right 200 \"R\"",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/race begins race of left, right
            +0s 2 /do/0/race/fork/branches/0/left begins
            +0s 2 /do/0/race/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/race/fork/branches/1/right begins
            +0s 3 /do/0/race/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer left 500
            +0s 2 /do/0/race/fork/branches/0/left #1 fails: 500 communication (the service answered with an error: GET http://left.test/ answered 500) maybe-run
            +0s 2 /do/0/race/fork/branches/0/left fails: 500 communication at /do/0/race/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500)
            +0s 1 /do/0/race branch left is out: 500 communication at /do/0/race/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500)
            = running · unanswered: right
            > answer right 200 "R"
            +0s 3 /do/0/race/fork/branches/1/right #1 gives "R"
            +0s 3 /do/0/race/fork/branches/1/right done → end of scope
            +0s 1 /do/0/race done → end of scope
            +0s 0 completed "R"
            = completed "R"
        "#]],
    );
}

#[test]
fn if_all_fail_the_first_error_counts() {
    check_lines(
        &["out", "fails", "="],
        RACE,
        "answer right 503\nanswer left 500",
        expect![[r#"
            = running · unanswered: left, right
            +0s 3 /do/0/race/fork/branches/1/right #1 fails: 503 communication (the service answered with an error: GET http://right.test/ answered 503)
            +0s 3 /do/0/race/fork/branches/1/right fails: 503 communication at /do/0/race/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 503)
            +0s 1 /do/0/race branch right is out: 503 communication at /do/0/race/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 503)
            = running · unanswered: left
            +0s 2 /do/0/race/fork/branches/0/left #1 fails: 500 communication (the service answered with an error: GET http://left.test/ answered 500) maybe-run
            +0s 2 /do/0/race/fork/branches/0/left fails: 500 communication at /do/0/race/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500)
            +0s 1 /do/0/race fails: 503 communication at /do/0/race/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 503)
            = faulted in step 1: 503 communication at /do/0/race/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 503)
        "#]],
    );
}

#[test]
fn a_lost_race_can_be_caught() {
    check_lines(
        &["out", "catches", "="],
        "
        do:
          - tries:
              try:
                - race:
                    fork:
                      compete: true
                      branches:
                        - left: {raise: {error: {type: 'https://x.test/left', status: 500}}}
                        - right: {raise: {error: {type: 'https://x.test/right', status: 500}}}
              catch: {as: problem, do: [{keep: {set: {was: '${ $problem }'}}}]}
        ",
        "",
        expect![[r#"
            +0s 2 /do/0/tries/try/0/race branch left is out: 500 https://x.test/left at /do/0/tries/try/0/race/fork/branches/0/left
            +0s 1 /do/0/tries catches 500 https://x.test/left at /do/0/tries/try/0/race/fork/branches/0/left: handled from keep
            +0s 5 /do/0/tries/catch/do/0/keep done output {"was":{"type":"https://x.test/left","status":500,"instance":"/do/0/tries/try/0/race/fork/branches/0/left"}} → end of scope
            = completed {"was":{"type":"https://x.test/left","status":500,"instance":"/do/0/tries/try/0/race/fork/branches/0/left"}}
        "#]],
    );
}

#[test]
fn branches_that_are_pure_run_in_order_and_the_first_one_wins() {
    check(
        "
        do:
          - race:
              fork:
                compete: true
                branches:
                  - red: {set: {is: red}}
                  - green: {set: {is: green}}
        ",
        "",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/race begins race of red, green
            +0s 2 /do/0/race/fork/branches/0/red begins
            +0s 2 /do/0/race/fork/branches/0/red done output {"is":"red"} → end of scope
            +0s 1 /do/0/race done → end of scope
            +0s 0 completed {"is":"red"}
            = completed {"is":"red"}
        "#]],
    );
}

#[test]
fn a_skipped_branch_neither_wins_nor_loses_a_race() {
    check_lines(
        &["skipped", "abandons", "branch", "done", "="],
        "
        do:
          - race:
              fork:
                compete: true
                branches:
                  - asks: {call: http, with: {method: get, endpoint: http://ask.test/}}
                  - skipped: {if: 'false', set: {n: 1}}
                  - alsoAsks: {call: http, with: {method: get, endpoint: http://also.test/}}
        ",
        "start {\"in\":1}\nanswer asks 404\nanswer alsoAsks 200 {\"out\":2}",
        expect![[r#"
            +0s 1 /do/0/race begins race of asks, skipped, alsoAsks
            +0s 2 /do/0/race/fork/branches/0/asks begins
            +0s 2 /do/0/race/fork/branches/0/asks calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            +0s 1 /do/0/race/fork/branches/1/skipped skipped → end of scope
            +0s 3 /do/0/race/fork/branches/2/alsoAsks begins
            +0s 3 /do/0/race/fork/branches/2/alsoAsks calls #1 K2 GET http://also.test/ until +60s ⇒ call
            = running · unanswered: asks, alsoAsks
            +0s 2 /do/0/race/fork/branches/0/asks #1 fails: 404 communication (the service answered with an error: GET http://ask.test/ answered 404)
            +0s 2 /do/0/race/fork/branches/0/asks fails: 404 communication at /do/0/race/fork/branches/0/asks (the service answered with an error: GET http://ask.test/ answered 404)
            +0s 1 /do/0/race branch asks is out: 404 communication at /do/0/race/fork/branches/0/asks (the service answered with an error: GET http://ask.test/ answered 404)
            = running · unanswered: alsoAsks
            +0s 3 /do/0/race/fork/branches/2/alsoAsks #1 gives {"out":2}
            +0s 3 /do/0/race/fork/branches/2/alsoAsks done → end of scope
            +0s 1 /do/0/race done → end of scope
            = completed {"out":2}
        "#]],
    );
}

/// The end of a race between two branches.
fn race(first: &str, second: &str, expected: Expect) {
    let race =
        format!("do: [{{race: {{fork: {{compete: true, branches: [{first}, {second}]}}}}}}]");
    check_lines(&["faulted in"], &race, "start", expected);
}

#[test]
fn a_race_whose_branches_fail_or_are_skipped_fails_whatever_comes_last() {
    race(
        FAILING,
        SKIPPED,
        expect![[r#"
        +0s 0 faulted in step 1: 418 about:blank at /do/0/race/fork/branches/0/failing (tea)
        = faulted in step 1: 418 about:blank at /do/0/race/fork/branches/0/failing (tea)
    "#]],
    );
    race(
        SKIPPED,
        FAILING,
        expect![[r#"
        +0s 0 faulted in step 1: 418 about:blank at /do/0/race/fork/branches/1/failing (tea)
        = faulted in step 1: 418 about:blank at /do/0/race/fork/branches/1/failing (tea)
    "#]],
    );
}

const FAILING: &str = "{failing: {raise: {error: {type: about:blank, status: 418, title: tea}}}}";
const SKIPPED: &str = "{skipped: {if: 'false', set: {n: 1}}}";

#[test]
fn a_race_of_which_no_branch_runs_passes_its_input() {
    check_lines(
        &["race", "="],
        "
        do:
          - race: {fork: {compete: true, branches: [{a: {if: 'false', set: {n: 1}}}, {b: {if: 'false', set: {n: 2}}}]}}
        ",
        "start {\"in\":1}",
        expect![[r#"
            +0s 1 /do/0/race begins race of a, b
            +0s 1 /do/0/race/fork/branches/0/a skipped → end of scope
            +0s 1 /do/0/race/fork/branches/1/b skipped → end of scope
            +0s 1 /do/0/race done → end of scope
            = completed {"in":1}
        "#]],
    );
}

#[test]
fn end_within_a_fork_keeps_what_was_exported_by_then() {
    check_lines(
        &["="],
        "
        output: {as: '${ $context }'}
        do:
          - both:
              fork:
                branches:
                  - left: {set: {l: 1}, export: {as: '${ $context + {left: 1} }'}}
                  - open:
                      do:
                        - exports: {set: {o: 1}, export: {as: '${ $context + {open: 1} }'}}
                        - asks: {call: http, with: {method: get, endpoint: http://open.test/}}
                  - right:
                      do:
                        - inner:
                            fork:
                              compete: true
                              branches:
                                - ends:
                                    do:
                                      - one: {set: {r: 1}, export: {as: '${ $context + {right: 1} }'}}
                                      - asks2: {call: http, with: {method: get, endpoint: http://end.test/}, then: end}
                                - other: {wait: {seconds: 1}}
        ",
        "start {\"begin\":0}\nanswer asks2 200 {}",
        expect![[r#"
            = running · due +1s · unanswered: asks, asks2
            = completed {"begin":0,"left":1,"right":1} · unanswered: asks (abandoned)
        "#]],
    );
}

#[test]
fn a_branch_that_ends_the_workflow_exports_too() {
    check_lines(
        &["="],
        "
        output: {as: '${ $context }'}
        do:
          - both:
              fork:
                branches:
                  - stays: {wait: {seconds: 1}}
                  - ends: {set: {n: 1}, export: {as: '${ {by: \"ends\"} }'}, then: end}
        ",
        "",
        expect![[r#"
            = completed {"by":"ends"}
        "#]],
    );
}

#[test]
fn contexts_fold_in_declaration_order() {
    check_lines(
        &["done", "="],
        "
        output: {as: '${ $context }'}
        do:
          - both:
              fork:
                branches:
                  - left:
                      call: http
                      with: {method: get, endpoint: http://left.test/}
                      export: {as: '${ $context + {left: ., both: \"left\"} | del(.gone) }'}
                  - right:
                      set: {r: '${ $context.kept }'}
                      export: {as: '${ $context + {right: .r, both: \"right\"} }'}
          - shows: {set: {context: '${ $context }'}}
        ",
        "start {\"kept\":1,\"gone\":2}\nanswer left 200 \"L\"",
        expect![[r#"
            +0s 3 /do/0/both/fork/branches/1/right done output {"r":1} context {"kept":1,"gone":2,"right":1,"both":"right"} → end of scope
            = running · unanswered: left
            +0s 2 /do/0/both/fork/branches/0/left done context {"kept":1,"left":"L","both":"left"} → end of scope
            +0s 1 /do/0/both done → shows
            +0s 4 /do/1/shows done output {"context":{"kept":1,"left":"L","both":"right","right":1}} → end of scope
            = completed {"kept":1,"left":"L","both":"right","right":1}
        "#]],
    );
}

#[test]
fn a_branch_does_not_see_what_another_exports() {
    check_lines(
        &["done", "="],
        "
        do:
          - both:
              fork:
                branches:
                  - left: {set: {l: 1}, export: {as: '${ {secret: 1} }'}}
                  - right:
                      do:
                        - pause: {wait: {seconds: 1}}
                        - look: {set: {sees: '${ $context }'}}
        ",
        "start {\"begin\":1}\nadvance 1s",
        expect![[r#"
            +0s 2 /do/0/both/fork/branches/0/left done output {"l":1} context {"secret":1} → end of scope
            = waiting · due +1s
            +1s 4 /do/0/both/fork/branches/1/right/do/0/pause done → look
            +1s 5 /do/0/both/fork/branches/1/right/do/1/look done output {"sees":{"begin":1}} → end of scope
            +1s 3 /do/0/both/fork/branches/1/right done → end of scope
            +1s 1 /do/0/both done → end of scope
            = completed [{"l":1},{"sees":{"begin":1}}]
        "#]],
    );
}

#[test]
fn only_the_winner_of_a_race_exports() {
    check_lines(
        &["done", "="],
        "
        output: {as: '${ $context }'}
        do:
          - race:
              fork:
                compete: true
                branches:
                  - slow:
                      do:
                        - exports: {set: {n: 1}, export: {as: '${ {by: \"slow\"} }'}}
                        - asks: {call: http, with: {method: get, endpoint: http://slow.test/}}
                  - quick: {set: {n: 2}, export: {as: '${ {by: \"quick\"} }'}}
        ",
        "",
        expect![[r#"
            +0s 3 /do/0/race/fork/branches/1/quick done output {"n":2} context {"by":"quick"} → end of scope
            +0s 1 /do/0/race done → end of scope
            = completed {"by":"quick"}
        "#]],
    );
}

#[test]
fn exit_ends_a_branch_alone() {
    check_lines(
        &["done", "="],
        "
        do:
          - both:
              fork:
                branches:
                  - left: {do: [{one: {set: {n: 1}, then: exit}}, {never: {set: {n: 0}}}]}
                  - right: {set: {n: 2}, then: exit}
          - after: {set: {got: '${ . }'}}
        ",
        "",
        expect![[r#"
            +0s 3 /do/0/both/fork/branches/1/right done output {"n":2} → end of scope
            +0s 4 /do/0/both/fork/branches/0/left/do/0/one done output {"n":1} → end of scope
            +0s 2 /do/0/both/fork/branches/0/left done → end of scope
            +0s 1 /do/0/both done → after
            +0s 5 /do/1/after done output {"got":[{"n":1},{"n":2}]} → end of scope
            = completed {"got":[{"n":1},{"n":2}]}
        "#]],
    );
}
