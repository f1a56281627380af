//! `run: workflow`.

use expect_test::expect;

use crate::harness::{Setup, catalog, check_lines_with, check_with, parent};
use motet_types::Limits;

fn published() -> Setup {
    let versions = [
        "shop/pay:1.0.0",
        "shop/pay:1.4.0",
        "shop/pay:2.0.0",
        "shop/pay:3.0.0-rc.1",
        "other/pay:9.0.0",
    ];
    Setup { catalog: catalog(&versions), ..Setup::default() }
}

const AWAITED: &str = "
    do:
      - pay:
          run: {workflow: {namespace: shop, name: pay, version: '1.0.0', input: {sum: '${ .sum }'}}}
          output: {as: '${ {paid: .} }'}
    ";

#[test]
fn an_awaited_child() {
    check_with(
        published(),
        AWAITED,
        "start {\"sum\":5}\nchild pay completed {\"ok\":true}\nchild pay completed {}",
        expect![[r#"
            > start {"sum":5}
            +0s 0 started
            +0s 1 /do/0/pay begins
            +0s 1 /do/0/pay asks for shop/pay:1.0.0 {"sum":5} depth 1 ⇒ start child
            = waiting
            > child pay completed {"ok":true}
            +0s 1 /do/0/pay child gives {"ok":true}
            +0s 1 /do/0/pay done output {"paid":{"ok":true}} → end of scope
            +0s 0 completed {"paid":{"ok":true}}
            = completed {"paid":{"ok":true}}
            > child pay completed {}
            ! nothing to do
            = completed {"paid":{"ok":true}}
        "#]],
    );
}

#[test]
fn an_error_of_the_child_is_one_of_the_task() {
    check_with(
        published(),
        AWAITED,
        "start {\"sum\":5}\nchild pay failed no answer",
        expect![[r#"
            > start {"sum":5}
            +0s 0 started
            +0s 1 /do/0/pay begins
            +0s 1 /do/0/pay asks for shop/pay:1.0.0 {"sum":5} depth 1 ⇒ start child
            = waiting
            > child pay failed no answer
            +0s 1 /do/0/pay child fails: 500 communication at /do/0/pay (a call of the child failed: no answer)
            +0s 1 /do/0/pay fails: 500 communication at /do/0/pay (a call of the child failed: no answer)
            +0s 0 faulted in step 1: 500 communication at /do/0/pay (a call of the child failed: no answer)
            = faulted in step 1: 500 communication at /do/0/pay (a call of the child failed: no answer)
        "#]],
    );
}

#[test]
fn a_retried_parent_starts_another_child() {
    check_lines_with(
        published(),
        &["asks", "reopened", "="],
        AWAITED,
        "
        start {\"sum\":5}
        child pay failed no answer
        retry
        child pay completed {}
        ",
        expect![[r#"
            +0s 1 /do/0/pay asks for shop/pay:1.0.0 {"sum":5} depth 1 ⇒ start child
            = waiting
            = faulted in step 1: 500 communication at /do/0/pay (a call of the child failed: no answer)
            +0s 0 reopened
            +0s 2 /do/0/pay asks for shop/pay:1.0.0 {"sum":5} depth 1 ⇒ start child
            = waiting
            = completed {"paid":{}}
        "#]],
    );
}

#[test]
fn a_retried_try_starts_another_child() {
    check_lines_with(
        published(),
        &["asks", "catches", "="],
        "
        do:
          - tries:
              try: [{pay: {run: {workflow: {namespace: shop, name: pay, version: '1.0.0', input: {}}}}}]
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}
        ",
        "
        child pay failed first
        advance 1s
        child pay completed {\"second\":true}
        ",
        expect![[r#"
            +0s 2 /do/0/tries/try/0/pay asks for shop/pay:1.0.0 {} depth 1 ⇒ start child
            = waiting
            +0s 1 /do/0/tries catches 500 communication at /do/0/tries/try/0/pay (a call of the child failed: first): retry 1 at +1s
            = waiting · due +1s
            +1s 3 /do/0/tries/try/0/pay asks for shop/pay:1.0.0 {} depth 1 ⇒ start child
            = waiting
            = completed {"second":true}
        "#]],
    );
}

#[test]
fn a_child_that_nobody_awaits() {
    check_with(
        published(),
        "
        do:
          - pay: {run: {workflow: {namespace: shop, name: pay, version: '2.0.0', input: {n: 1}}, await: false}}
          - after: {set: {got: '${ . }'}}
        ",
        "start {\"in\":1}",
        expect![[r#"
            > start {"in":1}
            +0s 0 started
            +0s 1 /do/0/pay begins
            +0s 1 /do/0/pay asks for shop/pay:2.0.0 {"n":1} depth 1, nobody waits ⇒ start child
            +0s 1 /do/0/pay done → after
            +0s 2 /do/1/after begins
            +0s 2 /do/1/after done output {"got":{"in":1}} → end of scope
            +0s 0 completed {"got":{"in":1}}
            = completed {"got":{"in":1}}
        "#]],
    );
}

#[test]
fn without_an_input_the_child_gets_that_of_the_task() {
    check_lines_with(
        published(),
        &["asks"],
        "do: [{pay: {input: {from: '${ .n }'}, run: {workflow: {namespace: shop, name: pay, version: '1.0.0'}}}}]",
        "start {\"n\":[1]}",
        expect![[r#"
              +0s 1 /do/0/pay asks for shop/pay:1.0.0 [1] depth 1 ⇒ start child
        "#]],
    );
}

#[test]
fn versions_are_resolved_when_the_step_begins() {
    for (version, expected) in [
        (
            "latest",
            expect![[r#"
                  +0s 1 /do/0/pay asks for shop/pay:2.0.0 null depth 1 ⇒ start child
            "#]],
        ),
        (
            "^1",
            expect![[r#"
                  +0s 1 /do/0/pay asks for shop/pay:1.4.0 null depth 1 ⇒ start child
            "#]],
        ),
        (
            "1.0.0",
            expect![[r#"
                  +0s 1 /do/0/pay asks for shop/pay:1.0.0 null depth 1 ⇒ start child
            "#]],
        ),
        (
            "3.0.0-rc.1",
            expect![[r#"
                  +0s 1 /do/0/pay asks for shop/pay:3.0.0-rc.1 null depth 1 ⇒ start child
            "#]],
        ),
        (
            ">=4",
            expect![[r#"
                  +0s 1 /do/0/pay fails: 400 configuration at /do/0/pay (there is no such workflow: the workflow shop/pay has no version, tag or match for ">=4"; published: 3.0.0-rc.1, 2.0.0, 1.4.0, 1.0.0)
            "#]],
        ),
        (
            "7.7.7",
            expect![[r#"
                  +0s 1 /do/0/pay fails: 400 configuration at /do/0/pay (there is no such workflow: the workflow shop/pay has no version, tag or match for "7.7.7"; published: 3.0.0-rc.1, 2.0.0, 1.4.0, 1.0.0)
            "#]],
        ),
    ] {
        check_lines_with(
            published(),
            &["asks", "fails"],
            &format!(
                "do: [{{pay: {{run: {{workflow: {{namespace: shop, name: pay, version: '{version}'}}}}}}}}]"
            ),
            "",
            expected,
        );
    }
}

#[test]
fn an_unknown_workflow() {
    check_lines_with(
        published(),
        &["fails", "="],
        "do: [{pay: {run: {workflow: {namespace: shop, name: nobody, version: latest}}}}]",
        "",
        expect![[r#"
            +0s 1 /do/0/pay fails: 400 configuration at /do/0/pay (there is no such workflow: the workflow shop/nobody is not published)
            = faulted in step 1: 400 configuration at /do/0/pay (there is no such workflow: the workflow shop/nobody is not published)
        "#]],
    );
}

#[test]
fn cancelling_the_parent_cancels_awaited_children() {
    check_with(
        published(),
        AWAITED,
        "start {\"sum\":5}\ncancel no more\nchild pay cancelled",
        expect![[r#"
            > start {"sum":5}
            +0s 0 started
            +0s 1 /do/0/pay begins
            +0s 1 /do/0/pay asks for shop/pay:1.0.0 {"sum":5} depth 1 ⇒ start child
            = waiting
            > cancel no more
            +0s 1 /do/0/pay lets the child go ⇒ cancel child
            +0s 0 cancelled: no more
            = cancelled
            > child pay cancelled
            ! nothing to do
            = cancelled
        "#]],
    );
}

#[test]
fn a_child_whose_parent_timed_out_begins_again_when_it_is_retried() {
    check_with(
        published(),
        "
        timeout: {after: {seconds: 10}}
        do: [{pay: {run: {workflow: {namespace: shop, name: pay, version: '1.0.0', input: {}}}}}]
        ",
        "
        advance 10s
        retry
        child pay completed {\"ok\":true}
        ",
        expect![[r#"
            > start
            +0s 0 started until +10s
            +0s 1 /do/0/pay begins
            +0s 1 /do/0/pay asks for shop/pay:1.0.0 {} depth 1 ⇒ start child
            = waiting · due +10s
            > advance 10s
            +10s 0 timer Timeout
            +10s 1 /do/0/pay lets the child go ⇒ cancel child
            +10s 0 faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
            = faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
            > retry
            +10s 0 reopened
            +10s 2 /do/0/pay begins
            +10s 2 /do/0/pay asks for shop/pay:1.0.0 {} depth 1 ⇒ start child
            = waiting
            > child pay completed {"ok":true}
            +10s 2 /do/0/pay child gives {"ok":true}
            +10s 2 /do/0/pay done → end of scope
            +10s 0 completed {"ok":true}
            = completed {"ok":true}
        "#]],
    );
}

#[test]
fn a_lost_race_cancels_its_child() {
    check_lines_with(
        published(),
        &["child", "="],
        "
        do:
          - race:
              fork:
                compete: true
                branches:
                  - pay: {run: {workflow: {namespace: shop, name: pay, version: '1.0.0', input: {}}}}
                  - pause: {wait: {seconds: 1}}
        ",
        "advance 1s\nchild pay completed {}",
        expect![[r#"
            +0s 2 /do/0/race/fork/branches/0/pay asks for shop/pay:1.0.0 {} depth 1 ⇒ start child
            = waiting · due +1s
            +1s 2 /do/0/race/fork/branches/0/pay lets the child go ⇒ cancel child
            = completed null
            > child pay completed {}
            = completed null
        "#]],
    );
}

#[test]
fn a_child_tells_its_parent_how_it_ended() {
    let child = || Setup { parent: Some(parent(1)), ..published() };
    let document = "do: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]";
    let ends = ["ask 200 7", "ask 500"].map(|answer| format!("answer {answer}"));
    let words = ["⇒ tell", "!"];
    check_lines_with(
        child(),
        &words,
        document,
        &ends[0],
        expect![[r#"
              +0s 0 completed 7 ⇒ tell parent
        "#]],
    );
    check_lines_with(
        child(),
        &words,
        document,
        &format!("{}\nretry", ends[1]),
        expect![[r#"
            +0s 0 faulted in step 1: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500) ⇒ tell parent
            ! the instance is faulted: its parent has already taken its error
        "#]],
    );
    check_lines_with(
        child(),
        &words,
        document,
        "cancel",
        expect![[r#"
              +0s 0 cancelled ⇒ tell parent
        "#]],
    );
}

#[test]
fn children_nest_only_so_deep() {
    let deep = |depth| Setup { parent: Some(parent(depth)), ..published() };
    let document = "do: [{pay: {run: {workflow: {namespace: shop, name: pay, version: '1.0.0'}}}}]";
    let depth_max = Limits::default().children_depth_max;
    check_lines_with(
        deep(depth_max - 1),
        &["asks", "fails"],
        document,
        "",
        expect![[r#"
              +0s 1 /do/0/pay asks for shop/pay:1.0.0 null depth 64 ⇒ start child
        "#]],
    );
    check_lines_with(
        deep(depth_max),
        &["asks", "fails"],
        document,
        "",
        expect![[r#"
              +0s 1 /do/0/pay fails: 500 runtime at /do/0/pay (children are nested too deep: children_depth_max is 64)
        "#]],
    );
}
