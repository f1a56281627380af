//! Lifecycle events: which ones go out for what happens, those of an instance in the order of its history.

use expect_test::{Expect, expect};

use super::world::World;

/// Compares what goes out, a line for each event, in order.
#[track_caller]
fn check(script: &str, expect: Expect) {
    let mut world = World::new();
    world.run("sink out io.serverlessworkflow.*");
    world.run(script);
    let transcript = world.transcript();
    let mut lines = String::new();
    for line in transcript.lines() {
        if let Some(statement) = line.strip_prefix("> ") {
            lines.push_str(&format!("> {statement}\n"));
        }
        for told in line.split(", ").flat_map(|part| part.split(" | ")) {
            if let Some(told) = told.strip_prefix("outgoing to out #") {
                lines.push_str(&format!("{told}\n"));
            }
        }
    }
    expect.assert_eq(&lines);
}

#[test]
fn a_workflow_and_its_tasks_begin_and_complete_with_redacted_data() {
    check(
        "use told-pure\nstart one told-pure",
        expect![[r#"
        > sink out io.serverlessworkflow.*
        > use told-pure
        > start one told-pure
        0 workflow.started
        1 task.created /do/0/note
        1 task.started /do/0/note
        2 task.completed /do/0/note
        3 workflow.completed {"done":"[redacted]"}
    "#]],
    );
}

#[test]
fn a_workflow_that_did_not_ask_is_not_told_of() {
    check(
        "use pure\nstart one pure\nsettle",
        expect![[r#"
        > sink out io.serverlessworkflow.*
        > use pure
        > start one pure
        > settle
    "#]],
    );
}

#[test]
fn suspended_resumed_and_cancelled() {
    check(
        "use told-nap\nstart one told-nap\nsettle\nsuspend one\nsettle\nrestart\nresume one\nsettle\ncancel one",
        expect![[r#"
            > sink out io.serverlessworkflow.*
            > use told-nap
            > start one told-nap
            0 workflow.started
            1 task.created /do/0/nap
            1 task.started /do/0/nap
            > settle
            > suspend one
            3 workflow.suspended
            3 task.suspended /do/0/nap
            > settle
            > restart
            > resume one
            4 workflow.resumed
            4 task.resumed /do/0/nap
            > settle
            > cancel one
            5 task.cancelled /do/0/nap
            5 workflow.cancelled
        "#]],
    );
}

#[test]
fn an_error_is_caught_after_a_retry() {
    check(
        "use told-again\nstart one told-again\nsettle\nafter 1s\nsettle",
        expect![[r#"
        > sink out io.serverlessworkflow.*
        > use told-again
        > start one told-again
        0 workflow.started
        1 task.created /do/0/tries
        1 task.started /do/0/tries
        2 task.created /do/0/tries/try/0/inner
        2 task.started /do/0/tries/try/0/inner
        3 task.created /do/0/tries/try/0/inner/do/0/fail
        3 task.started /do/0/tries/try/0/inner/do/0/fail
        4 task.faulted /do/0/tries/try/0/inner/do/0/fail {"type":"https://example.com/no","status":500,"instance":"/do/0/tries/try/0/inner/do/0/fail","detail":"[redacted]"}
        5 task.faulted /do/0/tries/try/0/inner {"type":"https://example.com/no","status":500,"instance":"/do/0/tries/try/0/inner/do/0/fail","detail":"[redacted]"}
        > settle
        > after 1s
        6 task.retried /do/0/tries
        7 task.created /do/0/tries/try/0/inner
        7 task.started /do/0/tries/try/0/inner
        8 task.created /do/0/tries/try/0/inner/do/0/fail
        8 task.started /do/0/tries/try/0/inner/do/0/fail
        9 task.faulted /do/0/tries/try/0/inner/do/0/fail {"type":"https://example.com/no","status":500,"instance":"/do/0/tries/try/0/inner/do/0/fail","detail":"[redacted]"}
        10 task.faulted /do/0/tries/try/0/inner {"type":"https://example.com/no","status":500,"instance":"/do/0/tries/try/0/inner/do/0/fail","detail":"[redacted]"}
        11 task.created /do/0/tries/catch/do/0/mend
        11 task.started /do/0/tries/catch/do/0/mend
        12 task.completed /do/0/tries/catch/do/0/mend
        13 task.completed /do/0/tries
        14 workflow.completed {"done":"[redacted]"}
        > settle
    "#]],
    );
}

#[test]
fn an_error_that_nobody_catches_and_another_try() {
    check(
        "use told-deep\nstart one told-deep\nsettle\nretry one\nsettle",
        expect![[r#"
        > sink out io.serverlessworkflow.*
        > use told-deep
        > start one told-deep
        0 workflow.started
        1 task.created /do/0/outer
        1 task.started /do/0/outer
        2 task.created /do/0/outer/do/0/fail
        2 task.started /do/0/outer/do/0/fail
        3 task.faulted /do/0/outer/do/0/fail {"type":"https://example.com/no","status":500,"instance":"/do/0/outer/do/0/fail","detail":"[redacted]"}
        4 task.faulted /do/0/outer {"type":"https://example.com/no","status":500,"instance":"/do/0/outer/do/0/fail","detail":"[redacted]"}
        4 workflow.faulted {"type":"https://example.com/no","status":500,"instance":"/do/0/outer/do/0/fail","detail":"[redacted]"}
        > settle
        > retry one
        5 workflow.resumed
        5 task.resumed /do/0/outer
        6 task.created /do/0/outer/do/0/fail
        6 task.started /do/0/outer/do/0/fail
        7 task.faulted /do/0/outer/do/0/fail {"type":"https://example.com/no","status":500,"instance":"/do/0/outer/do/0/fail","detail":"[redacted]"}
        8 task.faulted /do/0/outer {"type":"https://example.com/no","status":500,"instance":"/do/0/outer/do/0/fail","detail":"[redacted]"}
        8 workflow.faulted {"type":"https://example.com/no","status":500,"instance":"/do/0/outer/do/0/fail","detail":"[redacted]"}
        > settle
    "#]],
    );
}

#[test]
fn who_loses_a_race_is_cancelled() {
    check(
        "use told-race\nstart one told-race\nsettle\nanswer one.left\nsettle",
        expect![[r#"
        > sink out io.serverlessworkflow.*
        > use told-race
        > start one told-race
        0 workflow.started
        1 task.created /do/0/race
        1 task.started /do/0/race
        2 task.created /do/0/race/fork/branches/0/left
        2 task.started /do/0/race/fork/branches/0/left
        4 task.created /do/0/race/fork/branches/1/right
        4 task.started /do/0/race/fork/branches/1/right
        > settle
        > answer one.left
        8 task.completed /do/0/race/fork/branches/0/left
        9 task.cancelled /do/0/race/fork/branches/1/right
        9 task.completed /do/0/race
        10 workflow.completed {"n":2}
        > settle
    "#]],
    );
}

#[test]
fn iterations_side_by_side() {
    check(
        "use told-side\nstart one told-side\nsettle\nafter 1s\nsettle",
        expect![[r#"
        > sink out io.serverlessworkflow.*
        > use told-side
        > start one told-side
        0 workflow.started
        1 task.created /do/0/each
        1 task.started /do/0/each
        3 task.created /do/0/each/do/0/nap
        3 task.started /do/0/each/do/0/nap
        6 task.created /do/0/each/do/0/nap
        6 task.started /do/0/each/do/0/nap
        > settle
        > after 1s
        10 task.completed /do/0/each/do/0/nap
        11 task.completed /do/0/each/do/0/nap
        14 task.completed /do/0/each
        15 workflow.completed [{"n":1},{"n":1}]
        > settle
    "#]],
    );
}

#[test]
fn correlation_begins_and_completes() {
    check(
        "use told-listen\nstart one told-listen {\"n\":1}\nsettle\nevent a.b e1 {\"n\":1}\nsettle",
        expect![[r#"
            > sink out io.serverlessworkflow.*
            > use told-listen
            > start one told-listen {"n":1}
            0 workflow.started
            1 task.created /do/0/heard
            1 task.started /do/0/heard
            2 workflow.correlation-started
            > settle
            > event a.b e1 {"n":1}
            > settle
            3 workflow.correlation-completed {}
            4 task.completed /do/0/heard
            5 workflow.completed [{"n":1}]
        "#]],
    );
}
