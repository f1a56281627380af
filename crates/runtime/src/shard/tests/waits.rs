//! Who waits for an end, and who watches.

use expect_test::expect;

use super::check;

#[test]
fn an_end_in_the_same_step_is_told_with_its_frame() {
    check(
        "
        use pure
        start a pure wait=30s
        durable
        ",
        expect![[r#"
            > use pure
            > start a pure wait=30s
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > durable
              start a: created, a completed {"done":1} @2
        "#]],
    );
}

#[test]
fn an_end_later_is_told_to_everybody_who_waits() {
    check(
        "
        use pay
        start a pay wait=30s
        read a wait=30s; read a wait=20s
        durable
        read a wait=30s
        answer a.pay
        durable
        after 60s
        ",
        expect![[r#"
            > use pay
            > start a pay wait=30s
              commit of 1
                a: started activated requested | listed running, pending
            > read a wait=30s; read a wait=20s
            > durable
              call a.pay, attempt 1, key 1
            > read a wait=30s
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > durable
              start a: created, a completed {"n":2} @3
              read a: a completed {"n":2} @3
              read a: a completed {"n":2} @3
              read a: a completed {"n":2} @3
            > after 60s
        "#]],
    );
}

#[test]
fn patience_ends_one_by_one() {
    check(
        "
        use pay
        start a pay wait=30s
        durable
        read a wait=10s; read a wait=10s; read a wait=20s
        after 9s
        after 1s
        after 10s
        after 10s
        ",
        expect![[r#"
            > use pay
            > start a pay wait=30s
              commit of 1
                a: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
            > read a wait=10s; read a wait=10s; read a wait=20s
            > after 9s
            > after 1s
              read a: a running, pay running @2
              read a: a running, pay running @2
            > after 10s
              read a: a running, pay running @2
            > after 10s
              start a: created, a running, pay running @2
        "#]],
    );
}

#[test]
fn who_waits_for_an_instance_outside_of_memory_is_told_its_end() {
    check(
        "
        limit instances_cached_max 0
        use nap
        start a nap wait=100s
        settle
        levels
        read a wait=5s
        after 5s
        after 55s
        settle
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use nap
            > start a nap wait=100s
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
            > levels
              0 in flight, 0 waiting, 0 live, 1 timers
            > read a wait=5s
              load a
            > after 5s
              load a
              read a: a waiting, nap waiting @2
            > after 55s
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > settle
              start a: created, a completed {"awake":true} @3
        "#]],
    );
}

#[test]
fn who_waits_keeps_waiting_over_a_refused_end() {
    check(
        "
        use pay
        start a pay wait=30s
        settle
        answer a.pay
        refused
        after 1s
        answer a.pay
        durable
        ",
        expect![[r#"
            > use pay
            > start a pay wait=30s
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > refused
            > after 1s
              load a
              call a.pay, attempt 1, key 1
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > durable
              start a: created, a completed {"n":2} @3
        "#]],
    );
}

#[test]
fn a_watcher_sees_entries_in_order_once_they_are_durable() {
    check(
        "
        use chain
        start a chain
        settle
        watch a as w
        answer a.pay
        durable
        answer a.ship
        durable
        ",
        expect![[r#"
            > use chain
            > start a chain
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > watch a as w
              watch a: watching @2
            > answer a.pay
              commit of 1
                a: settled completed activated requested
            > durable
              call a.ship, attempt 1, key 2
              w sees 3 settled, 4 completed, 5 activated, 6 requested
            > answer a.ship
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > durable
              w sees 7 settled, 8 completed, 9 workflow-completed
              w sees no more
        "#]],
    );
}

#[test]
fn a_watcher_that_has_seen_enough_is_let_go() {
    check(
        "
        use chain
        start a chain
        settle
        watch a as w; watch a as v
        unwatch w
        answer a.pay
        durable
        answer a.ship
        durable
        ",
        expect![[r#"
            > use chain
            > start a chain
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > watch a as w; watch a as v
              watch a: watching @2
              watch a: watching @2
            > unwatch w
            > answer a.pay
              commit of 1
                a: settled completed activated requested
            > durable
              call a.ship, attempt 1, key 2
              w sees 3 settled, 4 completed, 5 activated, 6 requested
              w sees no more
              v sees 3 settled, 4 completed, 5 activated, 6 requested
            > answer a.ship
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > durable
              v sees 7 settled, 8 completed, 9 workflow-completed
              v sees no more
        "#]],
    );
}

#[test]
fn there_is_nothing_to_watch_after_the_end() {
    check(
        "
        use pure
        start a pure
        settle
        watch a as w
        ",
        expect![[r#"
            > use pure
            > start a pure
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > watch a as w
              load a
              w sees no more
              watch a: watching @2
        "#]],
    );
}

#[test]
fn a_watched_instance_may_leave_memory() {
    check(
        "
        limit instances_cached_max 0
        use nap
        start a nap
        settle
        watch a as w
        levels
        after 60s
        settle
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > watch a as w
              load a
              watch a: watching @2
            > levels
              0 in flight, 0 waiting, 0 live, 1 timers
            > after 60s
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > settle
              w sees 3 fired, 4 completed, 5 activated, 6 completed, 7 workflow-completed
              w sees no more
        "#]],
    );
}
