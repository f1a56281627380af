//! Group commit, and what leaves with its frame.

use expect_test::expect;

use super::check;

#[test]
fn inputs_between_two_flushes_share_a_batch_and_the_next_is_built_meanwhile() {
    check(
        "
        use pay pure
        start a pay; start b pay; start c pure
        start d pay; start e pay
        start f pure
        durable
        durable
        ",
        expect![[r#"
            > use pay pure
            > start a pay; start b pay; start c pure
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated completed workflow-completed | listed completed
            > start d pay; start e pay
            > start f pure
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              call b.pay, attempt 1, key 2
              start b: created, b running, pay running @5
              start c: created, c completed {"done":1} @5
              commit of 3
                d: started activated requested | listed running, pending
                e: started activated requested | listed running, pending
                f: started activated completed workflow-completed | listed completed
            > durable
              call d.pay, attempt 1, key 3
              start d: created, d running, pay running @8
              call e.pay, attempt 1, key 4
              start e: created, e running, pay running @8
              start f: created, f completed {"done":1} @8
        "#]],
    );
}

#[test]
fn replies_rejections_and_calls_leave_with_their_frame() {
    check(
        "
        use pay
        start a pay
        suspend a; suspend a
        durable
        durable
        suspend a
        answer a.pay
        ",
        expect![[r#"
            > use pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > suspend a; suspend a
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
              commit of 1
                a: suspended | listed suspended
            > durable
              suspend a: a suspended, pay running @3
              suspend a: refused: the instance is suspended: it is suspended already @3
            > suspend a
              suspend a: refused: the instance is suspended: it is suspended already @3
            > answer a.pay
              commit of 1
                a: settled | no pending
        "#]],
    );
}

#[test]
fn a_read_waits_for_what_it_rests_on_and_for_nothing_else() {
    check(
        "
        use pure pay
        start a pay
        settle
        read a
        answer a.pay
        read a
        durable
        read a
        ",
        expect![[r#"
            > use pure pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @3
            > read a
              read a: a running, pay running @3
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > read a
            > durable
              read a: a completed {"n":2} @4
            > read a
              load a
              read a: a completed {"n":2} @4
        "#]],
    );
}

#[test]
fn a_read_while_another_batch_is_in_flight_leaves_with_it() {
    check(
        "
        use nap
        start a nap
        settle
        start b nap
        read a
        durable
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > start b nap
              commit of 1
                b: started activated waiting | listed waiting, timer +60s
            > read a
            > durable
              start b: created, b waiting, nap waiting @3
              read a: a waiting, nap waiting @3
        "#]],
    );
}

#[test]
fn a_rejection_waits_for_the_state_that_it_rests_on() {
    check(
        "
        use nap
        start a nap
        settle
        suspend a
        suspend a
        durable
        suspend a
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > suspend a
              commit of 1
                a: suspended | listed suspended, no timer +60s
            > suspend a
            > durable
              suspend a: a suspended, nap waiting @3
              suspend a: refused: the instance is suspended: it is suspended already @3
            > suspend a
              suspend a: refused: the instance is suspended: it is suspended already @3
        "#]],
    );
}

#[test]
fn a_snapshot_comes_with_every_sixteenth_record() {
    check(
        "
        limit step_records_max 12
        use long
        start a long {\"n\":9}
        settle
        restart
        read a
        ",
        expect![[r#"
            > limit step_records_max 12
            > use long
            > start a long {"n":9}
              commit of 2
                a: started activated iterated activated completed iterated activated completed iterated activated completed iterated yielded | listed running, pending
                a: activated completed iterated activated completed iterated activated completed iterated activated completed iterated yielded | snapshot
            > settle
              start a: created, a running, loop running @3
              commit of 1
                a: activated completed iterated activated completed×2 workflow-completed | listed completed, no pending
            > restart
              catalog
            > read a
              load a
              read a: a completed {"n":9} @4
        "#]],
    );
}

#[test]
fn a_long_step_yields_to_others() {
    check(
        "
        limit step_records_max 300
        use long pure
        start a long {\"n\":150}; start b pure
        start c pure
        settle
        ",
        expect![[r#"
            > limit step_records_max 300
            > use long pure
            > start a long {"n":150}; start b pure
              commit of 3
                a: 301 records | listed running, pending | snapshot
                b: started activated completed workflow-completed | listed completed
                a: 154 records | listed completed, no pending | snapshot
            > start c pure
            > settle
              start a: created, a running, loop running @5
              start b: created, b completed {"done":1} @5
              commit of 1
                c: started activated completed workflow-completed | listed completed
              start c: created, c completed {"done":1} @6
        "#]],
    );
}

#[test]
fn the_catalog_changes_for_starts_when_it_is_durable() {
    check(
        "
        publish pay
        start a pay
        publish pay
        durable
        start a pay
        publish pay
        ",
        expect![[r#"
            > publish pay
              commit of 1
                catalog
            > start a pay
            > publish pay
            > durable
              catalog
              publish pay: created @1
              start a: refused: the workflow test/pay is not published @1
              publish pay: there already @1
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > publish pay
        "#]],
    );
}
