//! A defect of the engine costs one instance.

use expect_test::expect;

use super::check;

#[test]
fn an_input_that_panics_is_kept_and_fed_again() {
    check(
        "
        use chain
        start a chain; start b chain
        settle
        defect a
        answer a.pay; answer b.pay
        heal a
        settle
        read a
        retry a
        settle
        answer a.ship
        settle
        ",
        expect![[r#"
            > use chain
            > start a chain; start b chain
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @3
              call b.pay, attempt 1, key 2
              start b: created, b running, pay running @3
            > defect a
            > answer a.pay; answer b.pay
              load a
              commit of 1
                b: settled completed activated requested
            > heal a
            > settle
              call b.ship, attempt 1, key 3
              commit of 1
                a: incident-raised | listed running
            > read a
              read a: a running, pay running, incident: a defect of the engine @5
            > retry a
              commit of 1
                a: reopened fed settled completed activated requested | listed running
            > settle
              call a.ship, attempt 1, key 4
              retry a: a running, ship running @6
            > answer a.ship
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn what_waits_in_a_frame_comes_before_the_panic() {
    check(
        "
        use fork
        start a fork
        settle
        answer a.left
        defect a
        answer a.right
        heal a
        durable
        settle
        restart
        retry a
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
            > defect a
            > answer a.right
            > heal a
            > durable
              load a
              commit of 1
                a: incident-raised | listed running
            > settle
            > restart
              catalog
              load a
            > retry a
              commit of 1
                a: reopened fed settled completed×2 workflow-completed | listed completed, no pending
            > settle
              retry a: a completed [{"n":2},{"n":2}] @5
        "#]],
    );
}

#[test]
fn a_frame_that_is_refused_under_a_panic_is_done_again() {
    check(
        "
        use fork
        start a fork
        settle
        answer a.left
        defect a
        answer a.right
        heal a
        refused
        after 1s
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
            > defect a
            > answer a.right
            > heal a
            > refused
              load a
              call a.left, attempt 1, key 1
              commit of 1
                a: incident-raised | listed running
            > after 1s
            > settle
        "#]],
    );
}

#[test]
fn a_command_that_panics_is_refused() {
    check(
        "
        use nap
        start a nap
        settle
        defect a
        suspend a
        heal a
        settle
        after 60s
        read a
        retry a
        settle
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > defect a
            > suspend a
              load a
              suspend a: refused: the instance cannot be loaded: the instance met a defect of the engine @2
              commit of 1
                a: incident-raised | listed waiting, no timer +60s
            > heal a
            > settle
            > after 60s
            > read a
              read a: a waiting, nap waiting, incident: a defect of the engine @3
            > retry a
              commit of 1
                a: reopened fired fed suspended | listed suspended
            > settle
              retry a: a suspended, nap waiting @4
        "#]],
    );
}

#[test]
fn an_instance_with_an_incident_waits_for_a_person() {
    check(
        "
        use stuck
        start a stuck wait=5s
        settle
        after 5s
        retry a
        settle
        ",
        expect![[r#"
            > use stuck
            > start a stuck wait=5s
              commit of 1
                a: started activated failed incident-raised | listed waiting
            > settle
            > after 5s
              start a: created, a waiting stuck (), fail faulted, incident: stuck @2
            > retry a
              commit of 1
                a: reopened activated failed incident-raised | listed waiting
            > settle
              retry a: a waiting stuck (), fail faulted, incident: stuck @3
        "#]],
    );
}

#[test]
fn an_instance_whose_panic_cannot_be_written_down_is_left_as_it_is_stored() {
    check(
        "
        use nap
        start a nap
        settle
        lasting-defect a
        read a wait=70s; suspend a
        after 60s
        heal a
        read a
        restart
        settle
        read a
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > lasting-defect a
            > read a wait=70s; suspend a
              load a
              suspend a: refused: the instance cannot be loaded: the instance met a defect of the engine @2
            > after 60s
            > heal a
            > read a
              load a
              read a: a waiting, nap waiting @2
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > restart
              catalog
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > settle
            > read a
              load a
              read a: a completed {"awake":true} @3
        "#]],
    );
}

#[test]
fn a_second_defect_leaves_the_input_of_the_first_one_kept() {
    check(
        "
        use fork
        start a fork
        settle
        defect a
        answer a.left
        settle
        answer a.right
        settle
        restart
        settle
        heal a
        retry a
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
            > defect a
            > answer a.left
              load a
              commit of 1
                a: incident-raised | listed running
            > settle
            > answer a.right
              load a
              commit of 1
                a: incident-raised | listed running
            > settle
            > restart
              catalog
              load a
            > settle
            > heal a
            > retry a
              commit of 1
                a: reopened fed settled fed settled completed×3 workflow-completed | listed completed, no pending
            > settle
              retry a: a completed [{"n":2},{"n":2}] @5
        "#]],
    );
}
