//! `listen`, against real topics.

use expect_test::expect;

use crate::harness::{check, check_lines};

const ONE: &str = "
    do:
      - ready: {listen: {to: {one: {with: {type: a.b}}}}}
    ";

#[test]
fn one_takes_the_first_event_that_fits() {
    check(
        ONE,
        "
        event other.kind e0 1
        event a.b e1 {\"k\":1}
        event a.b e2 {\"k\":2}
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ready begins
            +0s 1 /do/0/ready listens once at test/a.b ⇒ subscribe
            = waiting
            > event other.kind e0 1
            = waiting
            > event a.b e1 {"k":1}
            +0s 1 /do/0/ready takes e1 for [0] as Output, the last one
            +0s 1 /do/0/ready done output [{"k":1}] → end of scope
            +0s 0 completed [{"k":1}]
            = completed [{"k":1}]
            > event a.b e2 {"k":2}
            = completed [{"k":1}]
        "#]],
    );
}

#[test]
fn a_duplicate_is_known_by_source_and_id() {
    check_lines(
        &["takes", "completed"],
        "
        do:
          - first: {listen: {to: {one: {with: {type: a.b}}}}}
          - second: {listen: {to: {one: {with: {type: a.b}}}}}
        ",
        "
        event a.b e1 1
        event a.b e1 1
        event a.b e2 2
        ",
        expect![[r#"
            +0s 1 /do/0/first takes e1 for [0] as Output, the last one
            +0s 2 /do/1/second takes e2 for [0] as Output, the last one ⇒ unsubscribe
            +0s 0 completed [2]
            = completed [2]
        "#]],
    );
}

#[test]
fn a_late_listen_looks_back_to_the_start_of_its_instance() {
    check_lines(
        &["listens", "takes", "completed", "= "],
        "
        do:
          - pause: {wait: {seconds: 5}}
          - ready: {listen: {to: {one: {with: {type: a.b}}}}}
        ",
        "
        event a.b e1 1
        advance 5s
        ",
        expect![[r#"
            = waiting · due +5s
            = waiting · due +5s
            +5s 2 /do/1/ready listens once at test/a.b ⇒ subscribe
            +5s 2 /do/1/ready takes e1 for [0] as Output, the last one
            +5s 0 completed [1]
            = completed [1]
        "#]],
    );
}

#[test]
fn all_takes_one_event_for_each_filter_in_the_order_of_arrival() {
    check_lines(
        &["takes", "completed", "listens"],
        "
        do:
          - both:
              listen:
                to:
                  all:
                    - with: {type: a, data: '${ .n > 1 }'}
                    - with: {type: b}
        ",
        "
        event a e1 {\"n\":1}
        event b e2 {\"n\":2}
        event b e3 {\"n\":3}
        event a e4 {\"n\":4}
        ",
        expect![[r#"
            +0s 1 /do/0/both listens at test/a, test/b ⇒ subscribe
            +0s 1 /do/0/both takes e2 for [1] as Output
            +0s 1 /do/0/both takes e4 for [0] as Output, the last one ⇒ unsubscribe
            +0s 0 completed [{"n":2},{"n":4}]
            = completed [{"n":2},{"n":4}]
        "#]],
    );
}

#[test]
fn any_until_a_condition_collects() {
    check_lines(
        &["takes", "gives", "completed"],
        "
        do:
          - some: {listen: {to: {any: [{with: {type: a}}, {with: {type: b}}], until: '${ length == 2 }'}}}
        ",
        "
        event a e1 1
        event b e2 2
        event a e3 3
        ",
        expect![[r#"
            +0s 1 /do/0/some takes e1 for [0] as Queue
            +0s 1 /do/0/some event gives 1
            +0s 1 /do/0/some takes e2 for [1] as Queue
            +0s 1 /do/0/some event gives 2, the last one ⇒ unsubscribe
            +0s 0 completed [1,2]
            = completed [1,2]
            = completed [1,2]
        "#]],
    );
}

#[test]
fn events_that_only_until_matches_are_left_out() {
    check_lines(
        &["takes", "completed", "listens"],
        "
        do:
          - some:
              listen: {to: {any: [{with: {type: a}}], until: {one: {with: {type: stop}}}}}
        ",
        "
        event a e1 1
        event a e2 2
        event stop e3 3
        event a e4 4
        ",
        expect![[r#"
            +0s 1 /do/0/some listens at test/a, test/stop ⇒ subscribe
            +0s 1 /do/0/some takes e1 for [0] as Output
            +0s 1 /do/0/some takes e2 for [0] as Output
            +0s 1 /do/0/some takes e3 for [1] as Mark, the last one ⇒ unsubscribe
            +0s 0 completed [1,2]
            = completed [1,2]
            = completed [1,2]
        "#]],
    );
}

#[test]
fn no_filter_takes_everything_at_the_topic_of_all_events() {
    check_lines(
        &["takes", "completed", "listens"],
        "do: [{all: {listen: {to: {any: []}, read: envelope}}}]",
        "event whatever e1 1",
        expect![[r#"
            +0s 1 /do/0/all listens once at test/* ⇒ subscribe
            +0s 1 /do/0/all takes e1 for [0] as Output, the last one
            +0s 0 completed [{"specversion":"1.0","id":"e1","source":"/test","type":"whatever","data":1}]
            = completed [{"specversion":"1.0","id":"e1","source":"/test","type":"whatever","data":1}]
        "#]],
    );
}

#[test]
fn the_three_ways_to_read() {
    for (read, expected) in [
        (
            "data",
            expect![[r#"
        +0s 0 completed [{"k":1.0}]
        = completed [{"k":1.0}]
    "#]],
        ),
        (
            "envelope",
            expect![[r#"
        +0s 0 completed [{"specversion":"1.0","id":"e1","source":"/test","type":"a","data":{"k":1.0}}]
        = completed [{"specversion":"1.0","id":"e1","source":"/test","type":"a","data":{"k":1.0}}]
    "#]],
        ),
        (
            "raw",
            expect![[r#"
        +0s 0 completed ["{\"k\":1.0}"]
        = completed ["{\"k\":1.0}"]
    "#]],
        ),
    ] {
        let document = format!(
            "do: [{{ready: {{listen: {{to: {{one: {{with: {{type: a}}}}}}, read: {read}}}}}}}]"
        );
        check_lines(&["completed"], &document, "event a e1 {\"k\":1.0}", expected);
    }
}

#[test]
fn foreach_handles_one_event_at_a_time_in_order() {
    check(
        "
        do:
          - some:
              listen: {to: {any: [{with: {type: a}}], until: {one: {with: {type: stop}}}}}
              foreach:
                item: it
                at: nth
                do:
                  - ask: {call: http, with: {method: get, endpoint: '${ \"https://x.example/\" + $it.name }'}}
                output: {as: '${ {answer: ., nth: $nth, name: $it.name} }'}
                export: {as: '${ {last: $output.name} }'}
        ",
        "
        event a e1 {\"name\":\"one\"}
        event a e2 {\"name\":\"two\"}
        answer ask 200 {\"ok\":1}
        event stop e3
        answer ask 200 {\"ok\":2}
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/some begins
            +0s 1 /do/0/some listens at test/a, test/stop ⇒ subscribe
            = waiting
            > event a e1 {"name":"one"}
            +0s 1 /do/0/some takes e1 for [0] as Queue
            +0s 1 /do/0/some handles the next event from ask
            +0s 2 /do/0/some/foreach/do/0/ask begins
            +0s 2 /do/0/some/foreach/do/0/ask calls #1 K1 GET https://x.example/one until +60s ⇒ call
            = running · unanswered: ask
            > event a e2 {"name":"two"}
            +0s 1 /do/0/some takes e2 for [0] as Queue
            = running · unanswered: ask
            > answer ask 200 {"ok":1}
            +0s 2 /do/0/some/foreach/do/0/ask #1 gives {"ok":1}
            +0s 2 /do/0/some/foreach/do/0/ask done → end of scope
            +0s 1 /do/0/some event gives {"answer":{"ok":1},"nth":0,"name":"one"} context {"last":"one"}
            +0s 1 /do/0/some handles the next event from ask
            +0s 3 /do/0/some/foreach/do/0/ask begins
            +0s 3 /do/0/some/foreach/do/0/ask calls #1 K2 GET https://x.example/two until +60s ⇒ call
            = running · unanswered: ask
            > event stop e3
            +0s 1 /do/0/some takes e3 for [1] as Mark, the last one ⇒ unsubscribe
            = running · unanswered: ask
            > answer ask 200 {"ok":2}
            +0s 3 /do/0/some/foreach/do/0/ask #1 gives {"ok":2}
            +0s 3 /do/0/some/foreach/do/0/ask done → end of scope
            +0s 1 /do/0/some event gives {"answer":{"ok":2},"nth":1,"name":"two"} context {"last":"two"}
            +0s 1 /do/0/some done output [{"answer":{"ok":1},"nth":0,"name":"one"},{"answer":{"ok":2},"nth":1,"name":"two"}] → end of scope
            +0s 0 completed [{"answer":{"ok":1},"nth":0,"name":"one"},{"answer":{"ok":2},"nth":1,"name":"two"}]
            = completed [{"answer":{"ok":1},"nth":0,"name":"one"},{"answer":{"ok":2},"nth":1,"name":"two"}]
        "#]],
    );
}

#[test]
fn expected_values_pick_the_event_and_look_back_over_the_window() {
    check_lines(
        &["listens", "takes", "completed"],
        "
        do:
          - ready:
              listen:
                to:
                  one:
                    with: {type: a}
                    correlate: {order: {from: '${ .data.order }', expect: '${ .id }'}}
        ",
        "
        start {\"id\":7}
        event a e1 {\"order\":6}
        event a e2 {\"order\":7}
        ",
        expect![[r#"
            +0s 1 /do/0/ready listens once at test/a ⇒ subscribe
            +0s 1 /do/0/ready takes e2 for [0] as Output, the last one
            +0s 0 completed [{"order":7}]
            = completed [{"order":7}]
        "#]],
    );
}

#[test]
fn without_an_expected_value_the_first_event_sets_it() {
    check_lines(
        &["takes", "completed", "! "],
        "
        do:
          - both:
              listen:
                to:
                  all:
                    - with: {type: a}
                      correlate: {order: {from: .data.order}}
                    - with: {type: b}
                      correlate: {order: {from: .data.order}}
        ",
        "
        event b e1 {\"order\":2}
        event a e2 {\"order\":1}
        event a e3 {\"order\":2}
        ",
        expect![[r#"
            +0s 1 /do/0/both takes e1 for [1] as Output expecting {"order":2}
            ! nothing to do
            +0s 1 /do/0/both takes e3 for [0] as Output, the last one ⇒ unsubscribe
            +0s 0 completed [{"order":2},{"order":2}]
            = completed [{"order":2},{"order":2}]
        "#]],
    );
}

#[test]
fn an_attribute_may_be_a_value_of_the_task_or_a_pattern() {
    check_lines(
        &["listens", "takes", "completed"],
        "
        do:
          - mine: {listen: {to: {one: {with: {type: a, data: '${ $input.id }'}}}}}
          - like: {listen: {to: {one: {with: {type: 'a\\.(b|c)', source: '/te.*'}}}}}
        ",
        "
        start {\"id\":7}
        event a e1 6
        event a e2 7
        event a.d e3 1
        event a.c e4 2
        ",
        expect![[r#"
            +0s 1 /do/0/mine listens once at test/a ⇒ subscribe
            +0s 1 /do/0/mine takes e2 for [0] as Output, the last one
            +0s 2 /do/1/like listens at test/* ⇒ subscribe
            +0s 2 /do/1/like takes e4 for [0] as Output, the last one ⇒ unsubscribe
            +0s 0 completed [2]
            = completed [2]
        "#]],
    );
}

#[test]
fn parallel_listens_each_get_an_event_and_later_ones_do_not() {
    check_lines(
        &["takes", "completed", "= "],
        "
        do:
          - both:
              fork:
                branches:
                  - left: {listen: {to: {one: {with: {type: a}}}}}
                  - right: {listen: {to: {one: {with: {type: a}}}}}
          - later: {listen: {to: {one: {with: {type: a}}}}}
        ",
        "
        event a e1 1
        event a e2 2
        ",
        expect![[r#"
            = waiting
            +0s 2 /do/0/both/fork/branches/0/left takes e1 for [0] as Output, the last one
            +0s 3 /do/0/both/fork/branches/1/right takes e1 for [0] as Output, the last one
            = waiting
            +0s 4 /do/1/later takes e2 for [0] as Output, the last one ⇒ unsubscribe
            +0s 0 completed [2]
            = completed [2]
        "#]],
    );
}

#[test]
fn a_timeout_ends_the_wait_and_tells_the_topics() {
    check(
        "
        do:
          - guarded:
              try:
                - ready:
                    listen: {to: {one: {with: {type: a}}}}
                    timeout: {after: {seconds: 5}}
              catch: {errors: {with: {status: 408}}, do: [{late: {set: {late: true}}}]}
        ",
        "
        advance 5s
        event a e1 1
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/guarded begins
            +0s 2 /do/0/guarded/try/0/ready begins until +5s
            +0s 2 /do/0/guarded/try/0/ready listens once at test/a ⇒ subscribe
            = waiting · due +5s
            > advance 5s
            +5s 2 /do/0/guarded/try/0/ready timer Timeout
            +5s 2 /do/0/guarded/try/0/ready listens no more ⇒ unsubscribe
            +5s 2 /do/0/guarded/try/0/ready fails: 408 timeout at /do/0/guarded/try/0/ready (timed out: ready did not end within its timeout)
            +5s 1 /do/0/guarded catches 408 timeout at /do/0/guarded/try/0/ready (timed out: ready did not end within its timeout): handled from late
            +5s 3 /do/0/guarded/catch/do/0/late begins
            +5s 3 /do/0/guarded/catch/do/0/late done output {"late":true} → end of scope
            +5s 1 /do/0/guarded done → end of scope
            +5s 0 completed {"late":true}
            = completed {"late":true}
            > event a e1 1
            = completed {"late":true}
        "#]],
    );
}

#[test]
fn a_race_that_is_lost_listens_no_more() {
    check_lines(
        &["listens", "takes", "completed"],
        "
        do:
          - race:
              fork:
                compete: true
                branches:
                  - left: {listen: {to: {one: {with: {type: a}}}}}
                  - right: {listen: {to: {one: {with: {type: b}}}}}
        ",
        "
        event b e1 1
        event a e2 2
        ",
        expect![[r#"
            +0s 2 /do/0/race/fork/branches/0/left listens once at test/a ⇒ subscribe
            +0s 3 /do/0/race/fork/branches/1/right listens once at test/b ⇒ subscribe
            +0s 3 /do/0/race/fork/branches/1/right takes e1 for [0] as Output, the last one
            +0s 2 /do/0/race/fork/branches/0/left listens no more ⇒ unsubscribe
            +0s 0 completed [1]
            = completed [1]
            = completed [1]
        "#]],
    );
}

#[test]
fn events_are_taken_while_it_is_suspended_and_handled_when_it_resumes() {
    check_lines(
        &["takes", "completed", "= "],
        ONE,
        "
        suspend
        event a.b e1 1
        resume
        ",
        expect![[r#"
            = waiting
            = suspended
            +0s 1 /do/0/ready takes e1 for [0] as Output, the last one
            = suspended
            +0s 0 completed [1]
            = completed [1]
        "#]],
    );
}

#[test]
fn a_retried_instance_listens_again_and_keeps_what_it_took() {
    check_lines(
        &["listens", "takes", "reopened", "completed", "= "],
        "
        do:
          - both:
              fork:
                branches:
                  - pair: {listen: {to: {all: [{with: {type: a}}, {with: {type: b}}]}}}
                  - ask: {call: http, with: {method: get, endpoint: https://x.example/a}}
        ",
        "
        event a e1 1
        fail ask connection
        event b e2 2
        retry
        answer ask 200 {}
        ",
        expect![[r#"
            +0s 2 /do/0/both/fork/branches/0/pair listens at test/a, test/b ⇒ subscribe
            = running · unanswered: ask
            +0s 2 /do/0/both/fork/branches/0/pair takes e1 for [0] as Output
            = running · unanswered: ask
            +0s 2 /do/0/both/fork/branches/0/pair listens no more ⇒ unsubscribe
            = faulted in step 3: 500 communication at /do/0/both/fork/branches/1/ask (the service was not reached: connection refused)
            = faulted in step 3: 500 communication at /do/0/both/fork/branches/1/ask (the service was not reached: connection refused)
            +0s 0 reopened
            +0s 2 /do/0/both/fork/branches/0/pair listens at test/a, test/b ⇒ subscribe
            +0s 2 /do/0/both/fork/branches/0/pair takes e2 for [1] as Output, the last one ⇒ unsubscribe
            = running · unanswered: ask
            +0s 0 completed [[1,2],{}]
            = completed [[1,2],{}]
        "#]],
    );
}

#[test]
fn mail_waits_for_a_listen() {
    check_lines(
        &["is sent", "takes", "completed", "= ", "! "],
        "
        do:
          - pause: {wait: {seconds: 5}}
          - ready: {listen: {to: {one: {with: {type: a}}}}}
        ",
        "
        mail b e0 0
        mail a e1 1
        mail a e1 1
        advance 5s
        mail a e2 2
        ",
        expect![[r#"
            = waiting · due +5s
            +0s 0 is sent e0
            = waiting · due +5s
            +0s 0 is sent e1
            = waiting · due +5s
            ! nothing to do
            = waiting · due +5s
            +5s 2 /do/1/ready takes e1 from the mail for [0] as Output, the last one ⇒ unsubscribe
            +5s 0 completed [1]
            = completed [1]
            ! the instance is completed: it has ended and takes no event
            = completed [1]
        "#]],
    );
}

#[test]
fn mail_is_bounded() {
    check_lines(
        &["is sent", "! "],
        "do: [{pause: {wait: {seconds: 5}}}]",
        "
        limit events_waiting_max 1
        start
        mail a e1 1
        mail a e2 1
        ",
        expect![[r#"
            +0s 0 is sent e1
            ! the instance is waiting: as many events as it may hold wait for a listen
        "#]],
    );
}

#[test]
fn a_listen_that_takes_too_much_faults() {
    check_lines(
        &["takes", "faulted in"],
        "do: [{some: {listen: {to: {any: [{with: {type: a}}], until: '${ false }'}}}}]",
        "
        limit listen_events_max 2
        start
        event a e1 1
        event a e2 2
        event a e3 3
        ",
        expect![[r#"
            +0s 1 /do/0/some takes e1 for [0] as Queue
            +0s 1 /do/0/some takes e2 for [0] as Queue
            +0s 0 faulted in step 1: 500 runtime at /do/0/some (too many events: listen_events_max is 2)
            = faulted in step 1: 500 runtime at /do/0/some (too many events: listen_events_max is 2)
        "#]],
    );
}

#[test]
fn what_topics_refuse_is_an_error_of_the_listen() {
    for (limit, expected) in [
        (
            "limit subscriptions_max 0",
            expect![[r#"
            +0s 0 faulted in step 1: 500 runtime at /do/0/ready (cannot listen: subscriptions_max is 0)
            = faulted in step 1: 500 runtime at /do/0/ready (cannot listen: subscriptions_max is 0)
        "#]],
        ),
        (
            "limit event_filters_max 0",
            expect![[r#"
            +0s 0 faulted in step 1: 500 runtime at /do/0/ready (cannot listen: listens have too many different filters: event_filters_max is 0)
            = faulted in step 1: 500 runtime at /do/0/ready (cannot listen: listens have too many different filters: event_filters_max is 0)
        "#]],
        ),
    ] {
        check_lines(&["faulted in"], ONE, &format!("{limit}\nstart"), expected);
    }
}

#[test]
fn an_instance_that_remembers_too_much_looks_back_less_far() {
    check_lines(
        &["listens", "takes", "completed"],
        "
        do:
          - first: {listen: {to: {any: [{with: {type: a}}], until: '${ length == 3 }'}}}
          - second: {listen: {to: {one: {with: {type: a}}}}}
        ",
        "
        limit events_remembered_max 3
        start
        event a e1 1
        advance 1s
        event a e2 2
        advance 1s
        event a e3 3
        advance 1s
        event a e4 4
        ",
        expect![[r#"
            +0s 1 /do/0/first listens at test/a ⇒ subscribe
            +0s 1 /do/0/first takes e1 for [0] as Queue
            +1s 1 /do/0/first takes e2 for [0] as Queue
            +2s 1 /do/0/first takes e3 for [0] as Queue
            +2s 2 /do/1/second listens at test/a and forgets what came before +1.000001s ⇒ subscribe
            +3s 2 /do/1/second takes e4 for [0] as Output, the last one ⇒ unsubscribe
            +3s 0 completed [4]
            = completed [4]
        "#]],
    );
}

/// Between missing an event that is very late and taking one twice, the miss shows: the wait goes on, and takes what comes next.
#[test]
fn a_listen_that_waits_already_takes_nothing_from_before_what_its_instance_remembers() {
    check_lines(
        &["listens", "takes", "completed"],
        "
        do:
          - both:
              fork:
                branches:
                  - waits: {listen: {to: {one: {with: {type: b}}}}}
                  - other:
                      do:
                        - first: {listen: {to: {any: [{with: {type: a}}], until: '${ length == 2 }'}}}
                        - second: {listen: {to: {one: {with: {type: a}}}}}
        ",
        "
        limit events_remembered_max 2
        start
        delayed b e0 0
        advance 1s
        event a e1 1
        advance 1s
        event a e2 2
        arrive
        advance 1s
        event b e3 3
        event a e4 4
        ",
        expect![[r#"
            +0s 2 /do/0/both/fork/branches/0/waits listens once at test/b ⇒ subscribe
            +0s 4 /do/0/both/fork/branches/1/other/do/0/first listens at test/a ⇒ subscribe
            +1s 4 /do/0/both/fork/branches/1/other/do/0/first takes e1 for [0] as Queue
            +2s 4 /do/0/both/fork/branches/1/other/do/0/first takes e2 for [0] as Queue
            +2s 5 /do/0/both/fork/branches/1/other/do/1/second listens at test/a and forgets what came before +2.000001s ⇒ subscribe
            +2s 2 /do/0/both/fork/branches/0/waits listens once at test/b ⇒ subscribe
            +3s 2 /do/0/both/fork/branches/0/waits takes e3 for [0] as Output, the last one
            +3s 5 /do/0/both/fork/branches/1/other/do/1/second takes e4 for [0] as Output, the last one ⇒ unsubscribe
            +3s 0 completed [[3],[4]]
            = completed [[3],[4]]
        "#]],
    );
}
