//! What leaves memory, and that nothing is lost by it.

use expect_test::expect;

use super::check;

#[test]
fn ended_instances_leave_at_once_and_idle_ones_oldest_first() {
    check(
        "
        limit instances_cached_max 2
        use nap pure pay
        start p pure; start q pay
        settle
        start a nap
        settle
        start b nap
        settle
        levels
        suspend a
        settle
        start c nap
        settle
        levels
        read a; read c
        read b
        ",
        expect![[r#"
            > limit instances_cached_max 2
            > use nap pure pay
            > start p pure; start q pay
              commit of 2
                p: started activated completed workflow-completed | listed completed
                q: started activated requested | listed running, pending
            > settle
              start p: created, p completed {"done":1} @5
              call q.pay, attempt 1, key 1
              start q: created, q running, pay running @5
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @6
            > start b nap
              commit of 1
                b: started activated waiting | listed waiting, timer +60s
            > settle
              start b: created, b waiting, nap waiting @7
            > levels
              1 in flight, 0 waiting, 3 live, 2 timers
            > suspend a
              commit of 1
                a: suspended | listed suspended, no timer +60s
            > settle
              suspend a: a suspended, nap waiting @8
            > start c nap
              commit of 1
                c: started activated waiting | listed waiting, timer +60s
            > settle
              start c: created, c waiting, nap waiting @9
            > levels
              1 in flight, 0 waiting, 3 live, 2 timers
            > read a; read c
              read a: a suspended, nap waiting @9
              read c: c waiting, nap waiting @9
            > read b
              load b
              read b: b waiting, nap waiting @9
        "#]],
    );
}

#[test]
fn an_instance_that_cannot_be_loaded_is_refused_and_others_go_on() {
    check(
        "
        limit instances_cached_max 0
        use nap
        start a nap
        settle
        lose loads
        read a; suspend a; watch a as w
        let loads
        read a
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > lose loads
            > read a; suspend a; watch a as w
              load a
              w sees no more
              read a: refused: the instance cannot be loaded: the disk does not answer @2
              suspend a: refused: the instance cannot be loaded: the disk does not answer @2
              watch a: refused: the instance cannot be loaded: the disk does not answer @2
            > let loads
            > read a
              load a
              read a: a waiting, nap waiting @2
        "#]],
    );
}

#[test]
fn a_timer_whose_load_fails_is_not_forgotten() {
    check(
        "
        limit instances_cached_max 0
        use nap
        start a nap
        settle
        lose loads
        after 60s
        let loads
        after 1s
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
            > lose loads
            > after 60s
              load a
            > let loads
            > after 1s
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > settle
        "#]],
    );
}
