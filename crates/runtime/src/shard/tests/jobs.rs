//! Jobs: leases, races, restarts, refusals.

use expect_test::expect;

use super::check;

#[test]
fn a_job_leaves_when_it_is_durable_to_the_worker_that_waited_first() {
    check(
        "
        use label
        ask w1 label wait=30s; ask w2 label wait=30s
        start a label
        durable
        start b label
        settle
        complete a.1#1 {\"ok\":1}
        settle
        read a
        ",
        expect![[r#"
            > use label
            > ask w1 label wait=30s; ask w2 label wait=30s
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > durable
              start a: created, a waiting, label waiting @2
              w1: gets a.1#1 until +60s {"n":1} @2
            > start b label
              commit of 1
                b: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start b: created, b waiting, label waiting @3
              w2: gets b.1#1 until +60s {"n":1} @3
            > complete a.1#1 {"ok":1}
              commit of 1
                a: job-settled completed workflow-completed | listed completed, no job label
            > settle
              complete a.1#1: done @4
            > read a
              load a
              read a: a completed {"ok":1} @4
        "#]],
    );
}

#[test]
fn a_worker_that_waits_in_vain_gets_nothing() {
    check(
        "
        use label
        ask w1 label wait=5s; ask w2 other
        after 5s
        start a label
        settle
        ask w3 label of=elsewhere
        ask w3 label of=test
        ",
        expect![[r#"
            > use label
            > ask w1 label wait=5s; ask w2 other
              w2: gets nothing @1
            > after 5s
              w1: gets nothing @1
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +5s
            > settle
              start a: created, a waiting, label waiting @2
            > ask w3 label of=elsewhere
              w3: gets nothing @2
            > ask w3 label of=test
              w3: gets a.1#1 until +65s {"n":1} @2
        "#]],
    );
}

#[test]
fn of_two_workers_the_first_completion_counts() {
    check(
        "
        use label
        start a label
        settle
        ask w1 label lease=5s
        after 5s
        ask w2 label lease=5s
        complete a.1#1 {\"by\":2}; complete a.1#1 {\"by\":1}
        settle
        beat a.1#1 as w1
        read a
        ",
        expect![[r#"
            > use label
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @2
            > ask w1 label lease=5s
              w1: gets a.1#1 until +5s {"n":1} @2
            > after 5s
            > ask w2 label lease=5s
              w2: gets a.1#1 until +10s {"n":1} @2
            > complete a.1#1 {"by":2}; complete a.1#1 {"by":1}
              commit of 1
                a: job-settled completed workflow-completed | listed completed, no job label
            > settle
              complete a.1#1: done @3
              complete a.1#1: refused: the job is over: it was done already, or nobody waits for it any more @3
            > beat a.1#1 as w1
              load a
              beat a.1#1: lost: nobody waits for this attempt of the job any more @3
            > read a
              load a
              read a: a completed {"by":2} @3
        "#]],
    );
}

#[test]
fn a_job_that_loses_its_workers_fails() {
    check(
        "
        limit job_workers_lost_max 3
        use label
        start a label; start b label
        settle
        ask w1 label max=2 lease=5s
        after 5s
        ask w2 label max=2 lease=5s
        fail-job b.1#1 5 0s
        settle
        after 5s
        ask w3 label max=2 lease=5s
        after 5s
        settle
        complete a.1#1
        ask w4 label max=2 lease=5s
        read a
        ",
        expect![[r#"
            > limit job_workers_lost_max 3
            > use label
            > start a label; start b label
              commit of 2
                a: started activated job-created | listed waiting, job label #1 ready +0s
                b: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @3
              start b: created, b waiting, label waiting @3
            > ask w1 label max=2 lease=5s
              w1: gets a.1#1 until +5s {"n":1}, b.1#1 until +5s {"n":1} @3
            > after 5s
            > ask w2 label max=2 lease=5s
              w2: gets a.1#1 until +10s {"n":1}, b.1#1 until +10s {"n":1} @3
            > fail-job b.1#1 5 0s
              commit of 1
                b: job-returned | job label #2 ready +5s
            > settle
              fail b.1#1: done @4
            > after 5s
            > ask w3 label max=2 lease=5s
              w3: gets a.1#1 until +15s {"n":1}, b.1#2 until +15s {"n":1} @4
            > after 5s
              commit of 1
                a: job-settled failed workflow-faulted | listed faulted, no job label
            > settle
            > complete a.1#1
              load a
              complete a.1#1: refused: the job is over: it was done already, or nobody waits for it any more @5
            > ask w4 label max=2 lease=5s
              w4: gets b.1#2 until +20s {"n":1} @5
            > read a
              load a
              read a: a faulted the job loses its workers (the leases of 3 workers ended one after the other, and none of them was heard of again: job_workers_lost_max), label faulted @5
        "#]],
    );
}

#[test]
fn the_counting_of_lost_workers_begins_anew_with_the_server_and_with_an_attempt() {
    check(
        "
        limit job_workers_lost_max 2
        use label
        start a label
        settle
        ask w1 label lease=5s
        after 5s
        restart
        after 30s
        ask w2 label lease=5s
        fail-job a.1#1 9 0s
        settle
        ask w3 label lease=5s
        after 5s
        settle
        ask w4 label lease=5s
        after 5s
        settle
        ",
        expect![[r#"
            > limit job_workers_lost_max 2
            > use label
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @2
            > ask w1 label lease=5s
              w1: gets a.1#1 until +5s {"n":1} @2
            > after 5s
            > restart
              catalog
            > after 30s
            > ask w2 label lease=5s
              load a
              w2: gets a.1#1 until +40s {"n":1} @2
            > fail-job a.1#1 9 0s
              commit of 1
                a: job-returned | job label #2 ready +35s
            > settle
              fail a.1#1: done @3
            > ask w3 label lease=5s
              w3: gets a.1#2 until +40s {"n":1} @3
            > after 5s
            > settle
            > ask w4 label lease=5s
              w4: gets a.1#2 until +45s {"n":1} @3
            > after 5s
              commit of 1
                a: job-settled failed workflow-faulted | listed faulted, no job label
            > settle
        "#]],
    );
}

#[test]
fn a_heartbeat_keeps_a_job_and_learns_that_it_was_cancelled() {
    check(
        "
        use quick
        start a quick
        settle
        ask w1 quick
        after 1s
        beat a.1#1 as w1
        after 1.5s
        beat a.1#1 as w2
        beat a.1#1 as w1
        after 5s
        beat a.1#1 as w1
        after 1s
        ask w2 quick lease=1s
        beat a.1#1 as w1
        cancel a
        settle
        beat a.1#1 as w2
        complete a.1#1 {}
        beat a.7#1
        ",
        expect![[r#"
            > use quick
            > start a quick
              commit of 1
                a: started activated job-created | listed waiting, job quick #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @2
            > ask w1 quick
              w1: gets a.1#1 until +2s {"n":1} @2
            > after 1s
            > beat a.1#1 as w1
              beat a.1#1: kept until +3s @2
            > after 1.5s
            > beat a.1#1 as w2
              beat a.1#1: lost: the lease was over, and another worker has the job @2
            > beat a.1#1 as w1
              beat a.1#1: kept until +4.5s @2
            > after 5s
            > beat a.1#1 as w1
              beat a.1#1: kept until +9.5s @2
            > after 1s
            > ask w2 quick lease=1s
              w2: gets nothing @2
            > beat a.1#1 as w1
              beat a.1#1: kept until +10.5s @2
            > cancel a
              commit of 1
                a: job-withdrawn workflow-cancelled | listed cancelled, no job quick
            > settle
              cancel a: a cancelled @3
            > beat a.1#1 as w2
              load a
              beat a.1#1: lost: nobody waits for this attempt of the job any more @3
            > complete a.1#1 {}
              load a
              complete a.1#1: refused: the job is over: it was done already, or nobody waits for it any more @3
            > beat a.7#1
              load a
              beat a.7#1: refused: there is no such job @3
        "#]],
    );
}

#[test]
fn after_a_restart_a_job_stays_with_its_worker_for_a_while() {
    check(
        "
        use label quick
        start a label; start b quick
        settle
        ask w1 label; ask w1 quick
        restart
        ask w2 label; ask w2 quick
        after 10s
        ask w2 label; ask w2 quick
        after 10s
        beat a.1#1 as w1
        after 20s
        ask w2 label
        start c label
        settle
        ask w2 label
        complete a.1#1 {}
        settle
        ",
        expect![[r#"
            > use label quick
            > start a label; start b quick
              commit of 2
                a: started activated job-created | listed waiting, job label #1 ready +0s
                b: started activated job-created | listed waiting, job quick #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @4
              start b: created, b waiting, label waiting @4
            > ask w1 label; ask w1 quick
              w1: gets a.1#1 until +60s {"n":1} @4
              w1: gets b.1#1 until +2s {"n":1} @4
            > restart
              catalog
            > ask w2 label; ask w2 quick
              w2: gets nothing @4
              w2: gets nothing @4
            > after 10s
            > ask w2 label; ask w2 quick
              load b
              w2: gets nothing @4
              w2: gets b.1#1 until +12s {"n":1} @4
            > after 10s
            > beat a.1#1 as w1
              load a
              beat a.1#1: kept until +80s @4
            > after 20s
            > ask w2 label
              w2: gets nothing @4
            > start c label
              commit of 1
                c: started activated job-created | listed waiting, job label #1 ready +40s
            > settle
              start c: created, c waiting, label waiting @5
            > ask w2 label
              w2: gets c.1#1 until +100s {"n":1} @5
            > complete a.1#1 {}
              commit of 1
                a: job-settled completed workflow-completed | listed completed, no job label
            > settle
              complete a.1#1: done @6
        "#]],
    );
}

#[test]
fn what_was_refused_is_neither_lost_nor_given_out() {
    check(
        "
        use label
        ask w1 label wait=60s
        start a label
        refused
        start b label
        settle
        complete b.1#1 {}
        refused
        after 1s
        ask w2 label
        complete b.1#1 {}
        settle
        ",
        expect![[r#"
            > use label
            > ask w1 label wait=60s
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > refused
              start a: refused: the server is not available: the disk is full: no space left @1
            > start b label
              commit of 1
                b: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start b: created, b waiting, label waiting @2
              w1: gets b.1#1 until +60s {"n":1} @2
            > complete b.1#1 {}
              commit of 1
                b: job-settled completed workflow-completed | listed completed, no job label
            > refused
              complete b.1#1: refused: the server is not available: the disk is full: no space left @2
            > after 1s
              load b
            > ask w2 label
              w2: gets nothing @2
            > complete b.1#1 {}
              commit of 1
                b: job-settled completed workflow-completed | listed completed, no job label
            > settle
              complete b.1#1: done @3
        "#]],
    );
}

#[test]
fn a_job_that_is_given_back_rests_and_has_another_attempt() {
    check(
        "
        use label
        start a label
        settle
        ask w1 label
        fail-job a.1#1 1 5s
        settle
        ask w2 label wait=30s
        complete a.1#1 {}
        after 5s
        fail-job a.1#2 1
        settle
        ",
        expect![[r#"
            > use label
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @2
            > ask w1 label
              w1: gets a.1#1 until +60s {"n":1} @2
            > fail-job a.1#1 1 5s
              commit of 1
                a: job-returned | job label #2 ready +5s
            > settle
              fail a.1#1: done @3
            > ask w2 label wait=30s
            > complete a.1#1 {}
              complete a.1#1: refused: attempt 1 is over, the job is at attempt 2 @3
            > after 5s
              w2: gets a.1#2 until +65s {"n":1} @3
            > fail-job a.1#2 1
              commit of 1
                a: job-settled failed workflow-faulted | listed faulted, no job label
            > settle
              fail a.1#2: done @4
        "#]],
    );
}

#[test]
fn instances_that_left_memory_are_loaded_for_their_jobs() {
    check(
        "
        limit instances_cached_max 1
        use label
        start a label; start b label; start c label
        settle
        hold loads
        ask w1 label max=3
        let loads
        lose loads
        ask w2 label wait=30s; start d label
        settle
        ",
        expect![[r#"
            > limit instances_cached_max 1
            > use label
            > start a label; start b label; start c label
              commit of 3
                a: started activated job-created | listed waiting, job label #1 ready +0s
                b: started activated job-created | listed waiting, job label #1 ready +0s
                c: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @4
              start b: created, b waiting, label waiting @4
              start c: created, c waiting, label waiting @4
            > hold loads
            > ask w1 label max=3
              load a
              load b
            > let loads
              w1: gets c.1#1 until +60s {"n":1}, a.1#1 until +60s {"n":1}, b.1#1 until +60s {"n":1} @4
            > lose loads
            > ask w2 label wait=30s; start d label
              commit of 1
                d: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start d: created, d waiting, label waiting @5
              w2: gets d.1#1 until +60s {"n":1} @5
        "#]],
    );
}

#[test]
fn nobody_works_for_a_suspended_instance() {
    check(
        "
        use label
        start a label
        settle
        suspend a
        settle
        ask w1 label wait=30s
        resume a
        settle
        ",
        expect![[r#"
            > use label
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @2
            > suspend a
              commit of 1
                a: suspended | listed suspended
            > settle
              suspend a: a suspended, label waiting @3
            > ask w1 label wait=30s
            > resume a
              commit of 1
                a: resumed | listed waiting
            > settle
              resume a: a waiting, label waiting @4
              w1: gets a.1#1 until +60s {"n":1} @4
        "#]],
    );
}

#[test]
fn a_higher_priority_goes_first_but_not_for_ever() {
    check(
        "
        use label
        start low label {\"n\":0}
        after 45s
        start high label {\"n\":5}
        settle
        ask w1 label
        start higher label {\"n\":9}
        settle
        after 60s
        start late label {\"n\":9}
        settle
        ask w1 label
        ask w1 label
        ",
        expect![[r#"
            > use label
            > start low label {"n":0}
              commit of 1
                low: started activated job-created | listed waiting, job label #1 ready +0s
            > after 45s
            > start high label {"n":5}
            > settle
              start low: created, low waiting, label waiting @2
              commit of 1
                high: started activated job-created | listed waiting, job label #1 ready +45s
              start high: created, high waiting, label waiting @3
            > ask w1 label
              w1: gets high.1#1 until +105s {"n":5} @3
            > start higher label {"n":9}
              commit of 1
                higher: started activated job-created | listed waiting, job label #1 ready +45s
            > settle
              start higher: created, higher waiting, label waiting @4
            > after 60s
            > start late label {"n":9}
              commit of 1
                late: started activated job-created | listed waiting, job label #1 ready +105s
            > settle
              start late: created, late waiting, label waiting @5
            > ask w1 label
              w1: gets higher.1#1 until +165s {"n":9} @5
            > ask w1 label
              w1: gets high.1#1 until +165s {"n":5} @5
        "#]],
    );
}

#[test]
fn workers_that_wait_share_what_there_is() {
    check(
        "
        use label
        ask w1 label max=10 wait=30s; ask w2 label max=10 wait=30s; ask w3 label max=1 wait=30s
        many 4 a label
        durable
        settle
        ",
        expect![[r#"
            > use label
            > ask w1 label max=10 wait=30s; ask w2 label max=10 wait=30s; ask w3 label max=1 wait=30s
            > many 4 a label
              commit of 4
                a1: started activated job-created | listed waiting, job label #1 ready +0s
                a2: started activated job-created | listed waiting, job label #1 ready +0s
                a3: started activated job-created | listed waiting, job label #1 ready +0s
                a4: started activated job-created | listed waiting, job label #1 ready +0s
            > durable
              start a1: created, a1 waiting, label waiting @5
              start a2: created, a2 waiting, label waiting @5
              start a3: created, a3 waiting, label waiting @5
              start a4: created, a4 waiting, label waiting @5
              w1: gets a1.1#1 until +60s {"n":1}, a2.1#1 until +60s {"n":1} @5
              w2: gets a3.1#1 until +60s {"n":1} @5
              w3: gets a4.1#1 until +60s {"n":1} @5
            > settle
        "#]],
    );
}

#[test]
fn what_nobody_took_goes_to_the_next() {
    check(
        "
        use label
        start a label
        settle
        ask w1 label
        ask w2 label wait=9s
        undelivered a.1#1
        complete a.1#2 {}
        complete a.9#1 {}
        complete a.0#1 {}
        ",
        expect![[r#"
            > use label
            > start a label
              commit of 1
                a: started activated job-created | listed waiting, job label #1 ready +0s
            > settle
              start a: created, a waiting, label waiting @2
            > ask w1 label
              w1: gets a.1#1 until +60s {"n":1} @2
            > ask w2 label wait=9s
            > undelivered a.1#1
              w2: gets a.1#1 until +60s {"n":1} @2
            > complete a.1#2 {}
              complete a.1#2: refused: there is no such job @2
            > complete a.9#1 {}
              complete a.9#1: refused: there is no such job @2
            > complete a.0#1 {}
              complete a.0#1: refused: there is no such job @2
        "#]],
    );
}

#[test]
fn tasks_are_listed_for_their_groups_and_claims_are_durable() {
    check(
        "
        use approve
        start a approve
        settle
        claim a.1 ada
        restart
        claim a.1 bob
        claim a.1 ada
        settle
        claim a.1 ada
        claim a.1 bob
        complete a.1 {}
        ask w1 label
        ",
        expect![[r#"
            > use approve
            > start a approve
              commit of 1
                a: started activated task-created | listed waiting, task of "" open, task of "clerks" open, task of "bosses" open
            > settle
              start a: created, a waiting, approve waiting @2
            > claim a.1 ada
              commit of 1
                a: task-claimed | task of "" claimed, task of "clerks" claimed, task of "bosses" claimed
            > restart
              catalog
            > claim a.1 bob
              load a
              commit of 1
                a: task-claimed | task of "" claimed, task of "clerks" claimed, task of "bosses" claimed
            > claim a.1 ada
            > settle
              claim a.1: a.1 is with Some("bob") @3
              claim a.1: refused: the task is claimed by bob @3
            > claim a.1 ada
              claim a.1: refused: the task is claimed by bob @3
            > claim a.1 bob
              claim a.1: a.1 is with Some("bob") @3
            > complete a.1 {}
              complete a.1: refused: the task is claimed by bob @3
            > ask w1 label
              w1: gets nothing @3
        "#]],
    );
}
