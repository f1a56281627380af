//! The audit grows with what people do, and no further.

use expect_test::expect;

use super::check;

#[test]
fn entries_go_that_are_too_old() {
    check(
        "
        note backup
        settle
        after 2400h
        note retry
        settle
        after 7224h
        sweep
        settle
        levels
        after 700s
        sweep
        settle
        ",
        expect![[r#"
            > note backup
              commit of 1
                shard 0: audit server.backup by ann
            > settle
              note: done @1
            > after 2400h
            > note retry
              commit of 1
                shard 0: audit sink.retry by ann
            > settle
              note: done @2
            > after 7224h
            > sweep
              sweep ended
              commit of 1
                shard 0: no audit
            > settle
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
            > after 700s
            > sweep
              sweep start
            > settle
        "#]],
    );
}

#[test]
fn of_more_than_there_may_be_the_first_go() {
    check(
        "
        limit audit_entries_max 2
        note backup; note backup; note backup; note retry; note retry
        settle
        sweep
        settle
        sweep
        settle
        sweep
        settle
        after 700s
        sweep
        settle
        ",
        expect![[r#"
            > limit audit_entries_max 2
            > note backup; note backup; note backup; note retry; note retry
              commit of 5
                shard 0: audit server.backup by ann
                shard 0: audit server.backup by ann
                shard 0: audit server.backup by ann
                shard 0: audit sink.retry by ann
                shard 0: audit sink.retry by ann
            > settle
              note: done @5
              note: done @5
              note: done @5
              note: done @5
              note: done @5
            > sweep
              sweep ended
            > settle
            > sweep
              sweep start
              commit of 1
                shard 0: no audit, no audit, no audit
            > settle
            > sweep
            > settle
            > after 700s
            > sweep
              sweep ended
            > settle
        "#]],
    );
}

#[test]
fn what_changes_nothing_in_a_schedule_says_nothing() {
    check(
        "
        use minutely
        pause schedule minutely
        settle
        resume schedule minutely
        settle
        resume schedule minutely
        settle
        ",
        expect![[r#"
            > use minutely
            > pause schedule minutely
              commit of 1
                shard 90: audit schedule.pause by ann, schedule every +60s (paused)
            > settle
              pause schedule: every +60s (paused) @3
            > resume schedule minutely
              commit of 1
                shard 90: audit schedule.resume by ann, schedule every +60s
            > settle
              resume schedule: every +60s @4
            > resume schedule minutely
              resume schedule: every +60s @4
            > settle
        "#]],
    );
}
