//! A batch that the store refuses takes with it everything that was computed since.

use expect_test::expect;

use super::check;

#[test]
fn a_refused_start_never_was() {
    check(
        "
        use pay
        start a pay
        start b pay
        refused
        after 1s
        start c pay
        durable
        ",
        expect![[r#"
            > use pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > start b pay
            > refused
              start a: refused: the server is not available: the disk is full: no space left @1
              start b: refused: the server is not available: the disk is full: no space left @1
            > after 1s
            > start c pay
              commit of 1
                c: started activated requested | listed running, pending
            > durable
              call c.pay, attempt 1, key 1
              start c: created, c running, pay running @2
        "#]],
    );
}

#[test]
fn a_client_who_waits_for_a_refused_start_is_told_at_once() {
    check(
        "
        use pay
        start a pay key=k wait=30s
        read a wait=30s
        refused
        after 40s
        ",
        expect![[r#"
            > use pay
            > start a pay key=k wait=30s
              look up test/pay/client/k
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > read a wait=30s
            > refused
              start a: refused: the server is not available: the disk is full: no space left @1
              read a: refused: the server is not available: the disk is full: no space left @1
            > after 40s
        "#]],
    );
}

#[test]
fn an_instance_goes_on_from_what_is_durable_after_a_rest() {
    check(
        "
        use chain
        start a chain wait=60s
        settle
        answer a.pay
        refused
        after 900ms
        after 100ms
        answer a.pay
        settle
        answer a.ship
        settle
        ",
        expect![[r#"
            > use chain
            > start a chain wait=60s
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
            > answer a.pay
              commit of 1
                a: settled completed activated requested
            > refused
            > after 900ms
            > after 100ms
              load a
              call a.pay, attempt 1, key 1
            > answer a.pay
              commit of 1
                a: settled completed activated requested
            > settle
              call a.ship, attempt 1, key 2
            > answer a.ship
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
              start a: created, a completed {"n":2} @4
        "#]],
    );
}

#[test]
fn a_call_that_still_runs_is_not_sent_twice() {
    check(
        "
        use fork
        start a fork
        settle
        answer a.left
        refused
        after 1s
        answer a.right
        answer a.left
        settle
        ",
        expect![[r#"
            > use fork
            > start a fork
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > settle
              call a.left, attempt 1, key 1
              call a.right, attempt 1, key 2
              start a: created, a running, both running, left running, right running @2
            > answer a.left
              commit of 1
                a: settled completed
            > refused
            > after 1s
              load a
              call a.left, attempt 1, key 1
            > answer a.right
              commit of 1
                a: settled completed
            > answer a.left
            > settle
              commit of 1
                a: settled completed×2 workflow-completed | listed completed, no pending
        "#]],
    );
}

#[test]
fn what_was_built_meanwhile_goes_too() {
    check(
        "
        use nap pay
        start a nap
        settle
        start b pay
        suspend a; read a
        refused
        read a
        ",
        expect![[r#"
            > use nap pay
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @3
            > start b pay
              commit of 1
                b: started activated requested | listed running, pending
            > suspend a; read a
            > refused
              start b: refused: the server is not available: the disk is full: no space left @3
              suspend a: refused: the server is not available: the disk is full: no space left @3
              read a: refused: the server is not available: the disk is full: no space left @3
            > read a
              load a
              read a: a waiting, nap waiting @3
        "#]],
    );
}

#[test]
fn a_refused_start_key_is_free_again() {
    check(
        "
        use pay
        start a pay key=k
        refused
        start b pay key=k {\"n\":7}
        durable
        ",
        expect![[r#"
            > use pay
            > start a pay key=k
              look up test/pay/client/k
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > refused
              start a: refused: the server is not available: the disk is full: no space left @1
            > start b pay key=k {"n":7}
              look up test/pay/client/k
              commit of 1
                b: started activated requested | key test/pay/client/k, listed running, pending
            > durable
              call b.pay, attempt 1, key 1
              start b: created, b running, pay running @2
        "#]],
    );
}

#[test]
fn a_refused_publication_never_was() {
    check(
        "
        publish pay
        publish pay
        refused
        start a pay
        publish pay
        durable
        start a pay
        ",
        expect![[r#"
            > publish pay
              commit of 1
                catalog
            > publish pay
            > refused
              publish pay: refused: the server is not available: the disk is full: no space left @0
              publish pay: refused: the server is not available: the disk is full: no space left @0
            > start a pay
              start a: refused: the workflow test/pay is not published @0
            > publish pay
              commit of 1
                catalog
            > durable
              catalog
              publish pay: created @1
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
        "#]],
    );
}

#[test]
fn a_message_is_taken_again_after_its_taking_was_refused() {
    check(
        "
        use parent pay
        start a parent
        durable
        refused
        after 1s
        settle
        answer a/1.pay
        settle
        ",
        expect![[r#"
            > use parent pay
            > start a parent
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→2 #1 after #0
            > durable
              start a: created, a waiting, kid waiting @3
              commit of 1
                a/1: started activated requested | taken 1→2 #1, listed running, pending
            > refused
            > after 1s
              commit of 1
                a/1: started activated requested | taken 1→2 #1, listed running, pending
            > settle
              call a/1.pay, attempt 1, key 1
            > answer a/1.pay
              commit of 1
                a/1: settled completed workflow-completed | listed completed, no pending, end of a/1 2→1 #1 after #0
            > settle
              commit of 1
                a: child-ended completed workflow-completed | taken 2→1 #1, listed completed, no message 1 #1
        "#]],
    );
}

#[test]
fn a_message_is_sent_by_the_step_that_is_done_again() {
    check(
        "
        use parent pay
        start a pay
        start b parent
        refused
        after 1s
        start b parent
        settle
        ",
        expect![[r#"
            > use parent pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > start b parent
            > refused
              start a: refused: the server is not available: the disk is full: no space left @2
              start b: refused: the server is not available: the disk is full: no space left @2
            > after 1s
            > start b parent
              commit of 1
                b: started activated child-requested | listed waiting, start b/1 1→207 #2 after #0
            > settle
              start b: created, b waiting, kid waiting @3
              commit of 1
                b/1: started activated requested | taken 1→207 #2, listed running, pending
              call b/1.pay, attempt 1, key 1
        "#]],
    );
}

#[test]
fn a_timer_fires_again_after_its_firing_was_refused() {
    check(
        "
        use nap
        start a nap
        settle
        after 60s
        refused
        after 1s
        settle
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > after 60s
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > refused
            > after 1s
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > settle
        "#]],
    );
}

#[test]
fn acknowledgements_that_were_refused_ride_again() {
    check(
        "
        use of-pure pure pay
        start a of-pure wait=60s
        settle
        after 1s
        refused
        after 1s
        settle
        restart
        settle
        ",
        expect![[r#"
            > use of-pure pure pay
            > start a of-pure wait=60s
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→120 #1 after #0
            > settle
              commit of 1
                a/1: started activated completed workflow-completed | taken 1→120 #1, listed completed, end of a/1 120→1 #1 after #0
              commit of 1
                a: child-ended completed workflow-completed | taken 120→1 #1, listed completed, no message 1 #1
              start a: created, a completed {"done":1} @6
            > after 1s
              commit of 1
                shard 120: no message 120 #1
            > refused
            > after 1s
              commit of 1
                shard 120: no message 120 #1
            > settle
            > restart
              catalog
            > settle
        "#]],
    );
}

#[test]
fn an_unknown_outcome_stops_the_server() {
    check(
        "
        use pay
        start a pay
        start b pay
        unknown
        ",
        expect![[r#"
            > use pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > start b pay
            > unknown
              start a: refused: the server is not available: the outcome of a commit is unknown: the sync failed @1
              start b: refused: the server is not available: the outcome of a commit is unknown: the sync failed @1
              stop: the outcome of a commit is unknown: the sync failed
        "#]],
    );
}

#[test]
fn a_load_that_is_awaited_no_more_says_nothing() {
    check(
        "
        use nap
        start a nap
        settle
        hold loads
        restart
        read a
        late load a
        let load a
        late load a
        read a
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > hold loads
            > restart
              catalog
            > read a
              load a
            > late load a
            > let load a
              read a: a waiting, nap waiting @2
            > late load a
            > read a
              read a: a waiting, nap waiting @2
        "#]],
    );
    check(
        "
        use listen
        event a.b e1 {\"n\":1}
        settle
        hold scans
        restart
        event a.b e1 {\"n\":1}
        late topic a.b
        let scans
        late topic a.b
        settle
        ",
        expect![[r#"
            > use listen
            > event a.b e1 {"n":1}
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > settle
              event e1: accepted @2
            > hold scans
            > restart
              catalog
            > event a.b e1 {"n":1}
              load test/a.b
            > late topic a.b
            > let scans
              event e1: known @2
            > late topic a.b
            > settle
        "#]],
    );
}
