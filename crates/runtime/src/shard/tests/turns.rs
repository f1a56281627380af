//! Concurrency keys: who runs, who waits for whom, and what crashes and refusals do to that.

use expect_test::expect;

use super::check;

#[test]
fn those_who_wait_come_in_order() {
    check(
        "
        use queued
        start a queued
        settle
        start b queued; start c queued
        settle
        start d queued {\"n\":2}
        settle
        read c
        answer a.pay
        settle
        answer b.pay
        settle
        answer c.pay
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
            > start b queued; start c queued
              commit of 2
                b: queued | b waits for "1", listed pending
                c: queued | c waits for "1", listed pending
            > settle
              start b: created, b pending behind a with 1 ahead @5
              start c: created, c pending behind a with 2 ahead @5
            > start d queued {"n":2}
              commit of 2
                d: queued admitted | d holds "2", listed running, pending
                d: started activated requested | listed running
            > settle
              start d: created, d running @7
              call d.pay, attempt 1, key 2
            > read c
              read c: c pending behind a with 2 ahead @7
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1", b holds "1", admit b 89→89 #1 after #0
            > settle
              commit of 1
                b: admitted started activated requested | taken 89→89 #1, listed running, pending
              call b.pay, attempt 1, key 3
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, no turn for "1", c holds "1", admit c 89→89 #2 after #1, no message 89 #1
            > settle
              commit of 1
                c: admitted started activated requested | taken 89→89 #2, listed running, pending
              call c.pay, attempt 1, key 4
            > answer c.pay
              commit of 1
                c: settled completed workflow-completed | listed completed, no pending, no turn for "1", no message 89 #2
            > settle
        "#]],
    );
}

#[test]
fn a_held_key_refuses_others() {
    check(
        "
        use sole
        start a sole
        start b sole
        settle
        answer a.pay; start c sole
        settle
        start d sole
        settle
        ",
        expect![[r#"
            > use sole
            > start a sole
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b sole
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
              start b: refused: instance a of test/sole holds the concurrency key "1": the workflow's policy is to refuse others @3
            > answer a.pay; start c sole
              commit of 3
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1"
                c: queued admitted | c holds "1", listed running, pending
                c: started activated requested | listed running
            > settle
              start c: created, c running @6
              call c.pay, attempt 1, key 2
            > start d sole
              start d: refused: instance c of test/sole holds the concurrency key "1": the workflow's policy is to refuse others @6
            > settle
        "#]],
    );
}

#[test]
fn a_newer_one_takes_the_place_of_those_before() {
    check(
        "
        use newest
        start a newest
        settle
        start b newest
        start c newest
        settle
        answer a.pay
        settle
        ",
        expect![[r#"
            > use newest
            > start a newest
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
            > start b newest
              commit of 1
                b: queued | b waits for "1", a gives way 131→131 #1 after #0, listed pending
            > start c newest
            > settle
              start b: created, b pending behind a with 1 ahead @4
              commit of 2
                c: queued | c waits for "1", a gives way 131→131 #2 after #1, b gives way 131→131 #3 after #2, listed pending
                a: abandoned workflow-cancelled | taken 131→131 #1, listed cancelled, no pending, no turn for "1", b holds "1", admit b 131→131 #4 after #3
              start c: created, c pending behind a with 2 ahead @6
              withdraw a call of a
              commit of 3
                shard 131: taken 131→131 #2
                b: workflow-cancelled | taken 131→131 #3, listed cancelled, no turn for "1", c holds "1", admit c 131→131 #5 after #4
                shard 131: taken 131→131 #4, no message 131 #1
              commit of 1
                c: admitted started activated requested | taken 131→131 #5, listed running, pending, no message 131 #2, no message 131 #3
              call c.pay, attempt 1, key 2
            > answer a.pay
              load a
              commit of 1
                a: settled | no message 131 #4, no message 131 #5
            > settle
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a transcript of three lives")]
fn the_line_outlives_the_server() {
    check(
        "
        use queued
        start a queued
        settle
        start b queued; start c queued
        settle
        restart
        read c
        answer a.pay
        durable
        restart
        settle
        read b
        cancel b
        settle
        restart
        settle
        read c
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
            > start b queued; start c queued
              commit of 2
                b: queued | b waits for "1", listed pending
                c: queued | c waits for "1", listed pending
            > settle
              start b: created, b pending behind a with 1 ahead @5
              start c: created, c pending behind a with 2 ahead @5
            > restart
              catalog
              load a
              call a.pay, attempt 1, key 1
            > read c
              load c
              read c: c pending behind a with 2 ahead @5
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1", b holds "1", admit b 89→89 #1 after #0
            > durable
              load b
              commit of 1
                b: admitted started activated requested | taken 89→89 #1, listed running, pending
            > restart
              catalog
              load b
              commit of 1
                b: admitted started activated requested | taken 89→89 #1, listed running, pending
            > settle
              call b.pay, attempt 1, key 2
            > read b
              read b: b running, pay running @7
            > cancel b
              commit of 1
                b: abandoned workflow-cancelled | listed cancelled, no pending, no turn for "1", c holds "1", admit c 89→89 #2 after #1, no message 89 #1
            > settle
              load c
              withdraw a call of b
              cancel b: b cancelled @8
              commit of 1
                c: admitted started activated requested | taken 89→89 #2, listed running, pending
              call c.pay, attempt 1, key 3
            > restart
              catalog
              load c
              call c.pay, attempt 1, key 3
            > settle
            > read c
              read c: c running, pay running @9
        "#]],
    );
}

#[test]
fn what_was_refused_took_no_place() {
    check(
        "
        use queued
        start a queued
        start b queued
        refused
        after 2s
        start c queued
        settle
        answer c.pay
        start d queued
        refused
        after 2s
        settle
        read c
        start e queued
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b queued
            > refused
              start a: refused: the server is not available: the disk is full: no space left @1
              start b: refused: the server is not available: the disk is full: no space left @1
            > after 2s
            > start c queued
              commit of 2
                c: queued admitted | c holds "1", listed running, pending
                c: started activated requested | listed running
            > settle
              start c: created, c running @3
              call c.pay, attempt 1, key 1
            > answer c.pay
              commit of 1
                c: settled completed workflow-completed | listed completed, no pending, no turn for "1"
            > start d queued
            > refused
              start d: refused: the server is not available: the disk is full: no space left @3
            > after 2s
              load c
              call c.pay, attempt 1, key 1
            > settle
            > read c
              read c: c running, pay running @3
            > start e queued
              commit of 1
                e: queued | e waits for "1", listed pending
            > settle
              start e: created, e pending behind c with 1 ahead @4
        "#]],
    );
}

#[test]
fn the_line_is_bounded() {
    check(
        "
        limit concurrency_queue_max 1
        use queued
        start a queued
        start b queued
        start c queued
        settle
        cancel b
        start d queued
        settle
        ",
        expect![[r#"
            > limit concurrency_queue_max 1
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b queued
            > start c queued
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
              commit of 1
                b: queued | b waits for "1", listed pending
              start b: created, b pending behind a with 1 ahead @4
              start c: refused: 1 instances of test/queued wait for the concurrency key "1", which is the limit @4
            > cancel b
              commit of 1
                b: workflow-cancelled | listed cancelled, no turn for "1"
            > start d queued
            > settle
              cancel b: b cancelled @5
              commit of 1
                d: queued | d waits for "1", listed pending
              start d: created, d pending behind a with 1 ahead @6
        "#]],
    );
}

#[test]
fn an_input_without_a_key_starts_nothing() {
    check(
        "
        use queued
        start a queued {}
        start b queued {\"n\":[1]}
        start c queued {\"n\":\"\"}
        start d queued {\"n\":true}
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued {}
              start a: refused: the start has no concurrency key: concurrency.key: a key is a number, a truth value or a text of 1 to 1024 bytes @1
            > start b queued {"n":[1]}
              start b: refused: the start has no concurrency key: concurrency.key: a key is a number, a truth value or a text of 1 to 1024 bytes @1
            > start c queued {"n":""}
              start c: refused: the start has no concurrency key: concurrency.key: a key is a number, a truth value or a text of 1 to 1024 bytes @1
            > start d queued {"n":true}
              commit of 2
                d: queued admitted | d holds "true", listed running, pending
                d: started activated requested | listed running
            > settle
              start d: created, d running @3
              call d.pay, attempt 1, key 1
        "#]],
    );
}

#[test]
fn children_stand_in_line_or_are_refused() {
    check(
        "
        use queued sole of-queued of-sole
        start a queued
        start b of-queued wait=60s
        start x sole
        start y of-sole wait=60s
        settle
        answer a.pay
        settle
        answer b/1.pay
        settle
        ",
        expect![[r#"
            > use queued sole of-queued of-sole
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b of-queued wait=60s
            > start x sole
            > start y of-sole wait=60s
            > settle
              start a: created, a running @6
              call a.pay, attempt 1, key 1
              commit of 4
                b: started activated child-requested | listed waiting, start b/1 1→89 #1 after #0
                x: queued admitted | x holds "1", listed running, pending
                x: started activated requested | listed running
                y: started activated child-requested | listed waiting, start y/1 1→131 #2 after #0
              start x: created, x running @10
              call x.pay, attempt 1, key 2
              commit of 2
                b/1: queued | taken 1→89 #1, b/1 waits for "1", b/1 awaits a 89→89 #1 after #0, listed pending
                shard 131: taken 1→131 #2, end of y/1 131→1 #1 after #0
              commit of 2
                shard 89: taken 89→89 #1
                y: child-ended failed workflow-faulted | taken 131→1 #1, listed faulted, no message 1 #1, no message 1 #2
              start y: created, y faulted the child cannot start (instance x of test/sole holds the concurrency key "1": the workflow's policy is to refuse others), kid faulted @14
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1", b/1 holds "1", admit b/1 89→89 #2 after #1, no message 89 #1
            > settle
              commit of 1
                b/1: admitted started activated requested | taken 89→89 #2, listed running, pending
              call b/1.pay, attempt 1, key 3
            > answer b/1.pay
              commit of 1
                b/1: settled completed workflow-completed | listed completed, no pending, no turn for "1", end of b/1 89→1 #3 after #0, no message 89 #2
            > settle
              commit of 1
                b: child-ended completed workflow-completed | taken 89→1 #3, listed completed
              start b: created, b completed {"n":2} @18
        "#]],
    );
}

#[test]
fn a_child_never_waits_for_its_parent() {
    check(
        "
        use lonely
        start a lonely wait=60s
        settle
        ",
        expect![[r#"
            > use lonely
            > start a lonely wait=60s
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated child-requested | listed waiting, no pending, start a/1 33→33 #1 after #0
            > settle
              commit of 1
                shard 33: taken 33→33 #1, end of a/1 33→33 #2 after #1
              commit of 1
                a: child-ended failed workflow-faulted | taken 33→33 #2, listed faulted, no turn for "1", no message 33 #1
              start a: created, a faulted the child cannot start (instance a of test/lonely holds the concurrency key "1": it would wait for an instance that waits for it), kid faulted @5
        "#]],
    );
}

#[test]
fn starts_of_a_schedule_stand_in_line() {
    check(
        "
        use queued-nap
        after 40s
        settle
        after 40s
        settle
        after 20s
        settle
        ",
        expect![[r#"
            > use queued-nap
            > after 40s
              commit of 1
                shard 0: schedule every +80s (1 running), start queued-nap:every+40s 0→179 #1 after #0
            > settle
              load queued-nap:every+40s
              commit of 2
                queued-nap:every+40s: queued admitted | taken 0→179 #1, queued-nap:every+40s holds "every", listed running, pending
                queued-nap:every+40s: started activated waiting | listed waiting, timer +100s, no pending
            > after 40s
              commit of 1
                shard 0: schedule every +120s (2 running), start queued-nap:every+80s 0→179 #2 after #1, no message 0 #1
            > settle
              load queued-nap:every+80s
              commit of 1
                queued-nap:every+80s: queued | taken 0→179 #2, queued-nap:every+80s waits for "every", listed pending
            > after 20s
              commit of 2
                queued-nap:every+40s: fired completed activated completed workflow-completed | listed completed, no timer +100s, no turn for "every", queued-nap:every+80s holds "every", admit queued-nap:every+80s 179→179 #1 after #0, queued-nap:every+40s completed 179→0 #2 after #0
                shard 0: no message 0 #2
            > settle
              commit of 2
                queued-nap:every+80s: admitted started activated waiting | taken 179→179 #1, listed waiting, timer +160s
                shard 0: taken 179→0 #2, schedule every +120s (1 running)
        "#]],
    );
}

#[test]
fn a_start_key_finds_what_waits() {
    check(
        "
        use queued
        start a queued
        start b queued key=k
        settle
        start c queued key=k
        start d queued key=k {\"n\":2}
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b queued key=k
              look up test/queued/client/k
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
              commit of 1
                b: queued | key test/queued/client/k, b waits for "1", listed pending
              start b: created, b pending behind a with 1 ahead @4
            > start c queued key=k
              look up test/queued/client/k
              start c: b pending behind a with 1 ahead @4
            > start d queued key=k {"n":2}
              look up test/queued/client/k
              start d: refused: the idempotency key was already used for another start (instance b) @4
            > settle
        "#]],
    );
}

#[test]
fn one_that_goes_on_after_its_end_needs_its_key_again() {
    check(
        "
        use queued
        start a queued
        start b queued
        settle
        answer a.pay 500
        settle
        retry a
        settle
        answer b.pay
        settle
        retry a
        start c queued
        settle
        read c
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b queued
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
              commit of 1
                b: queued | b waits for "1", listed pending
              start b: created, b pending behind a with 1 ahead @4
            > answer a.pay 500
              commit of 1
                a: settled failed workflow-faulted | listed faulted, no pending, no turn for "1", b holds "1", admit b 89→89 #1 after #0
            > settle
              commit of 1
                b: admitted started activated requested | taken 89→89 #1, listed running, pending
              call b.pay, attempt 1, key 2
            > retry a
              load a
              retry a: refused: the instance is faulted: instance b has taken its concurrency key "1" meanwhile @6
            > settle
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, no turn for "1", no message 89 #1
            > settle
            > retry a
              load a
              commit of 1
                a: reopened activated requested | listed running, pending, a holds "1"
            > start c queued
            > settle
              call a.pay, attempt 1, key 1
              retry a: a running, pay running @8
              commit of 1
                c: queued | c waits for "1", listed pending
              start c: created, c pending behind a with 1 ahead @9
            > read c
              read c: c pending behind a with 1 ahead @9
        "#]],
    );
}

#[test]
fn a_purge_takes_the_start_key_along() {
    check(
        "
        use queued
        start a queued key=k
        settle
        answer a.pay
        settle
        purge a
        settle
        start b queued key=k
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued key=k
              look up test/queued/client/k
              commit of 2
                a: queued admitted | key test/queued/client/k, a holds "1", listed running, pending
                a: started activated requested | listed running
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1"
            > settle
            > purge a
              load a
              commit of 1
                a: forget, unlisted, no key test/queued/client/k, audit instance.purge by ann
            > settle
              purge a: purged @5
            > start b queued key=k
              look up test/queued/client/k
              commit of 2
                b: queued admitted | key test/queued/client/k, b holds "1", listed running, pending
                b: started activated requested | listed running
            > settle
              start b: created, b running @7
              call b.pay, attempt 1, key 2
        "#]],
    );
}

#[test]
fn one_that_waits_can_be_suspended() {
    check(
        "
        use queued
        start a queued
        start b queued
        settle
        suspend b
        settle
        answer a.pay
        settle
        resume b
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b queued
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
              commit of 1
                b: queued | b waits for "1", listed pending
              start b: created, b pending behind a with 1 ahead @4
            > suspend b
              commit of 1
                b: suspended | listed suspended
            > settle
              suspend b: b suspended behind a with 1 ahead @5
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1", b holds "1", admit b 89→89 #1 after #0
            > settle
              commit of 1
                b: admitted | taken 89→89 #1, listed suspended
            > resume b
              commit of 1
                b: resumed started activated requested | listed running, pending, no message 89 #1
            > settle
              call b.pay, attempt 1, key 2
              resume b: b running, pay running @8
        "#]],
    );
}

#[test]
fn a_defect_at_the_beginning_keeps_the_turn() {
    check(
        "
        use queued
        start a queued
        start b queued
        settle
        defect b
        answer a.pay
        settle
        heal b
        retry b
        settle
        ",
        expect![[r#"
            > use queued
            > start a queued
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b queued
            > settle
              start a: created, a running @3
              call a.pay, attempt 1, key 1
              commit of 1
                b: queued | b waits for "1", listed pending
              start b: created, b pending behind a with 1 ahead @4
            > defect b
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1", b holds "1", admit b 89→89 #1 after #0
            > settle
              load b
              commit of 1
                shard 89: taken 89→89 #1
              commit of 1
                b: incident-raised | listed pending
            > heal b
            > retry b
              commit of 1
                b: reopened fed admitted started activated requested | listed running, pending, no message 89 #1
            > settle
              call b.pay, attempt 1, key 2
              retry b: b running, pay running @8
        "#]],
    );
}

/// Of a circle of three the last one to wait is refused; the others go on.
#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn circles_of_any_length_are_found() {
    check(
        "
        use ring
        start a ring {\"n\":1,\"next\":2}
        start b ring {\"n\":2,\"next\":3}
        start c ring {\"n\":3,\"next\":1}
        settle
        answer a.first {\"next\":2}
        settle
        answer b.first {\"next\":3}
        settle
        answer c.first {\"next\":1}
        settle
        read c
        ",
        expect![[r#"
            > use ring
            > start a ring {"n":1,"next":2}
              commit of 2
                a: queued admitted | a holds "1", listed running, pending
                a: started activated requested | listed running
            > start b ring {"n":2,"next":3}
            > start c ring {"n":3,"next":1}
            > settle
              start a: created, a running @3
              call a.first, attempt 1, key 1
              commit of 4
                b: queued admitted | b holds "2", listed running, pending
                b: started activated requested | listed running
                c: queued admitted | c holds "3", listed running, pending
                c: started activated requested | listed running
              start b: created, b running @7
              call b.first, attempt 1, key 2
              start c: created, c running @7
              call c.first, attempt 1, key 3
            > answer a.first {"next":2}
              commit of 1
                a: settled completed activated child-requested | no pending, start a/1 199→215 #1 after #0
            > settle
              commit of 1
                a/1: queued | taken 199→215 #1, a/1 waits for "2", a/1 awaits b 215→215 #1 after #0, listed pending
              commit of 1
                shard 215: taken 215→215 #1
            > answer b.first {"next":3}
              commit of 1
                b: settled completed activated child-requested | no pending, start b/1 215→114 #2 after #0, no message 215 #1
            > settle
              commit of 1
                b/1: queued | taken 215→114 #2, b/1 waits for "3", b/1 awaits c 114→114 #1 after #0, listed pending
              commit of 1
                shard 114: taken 114→114 #1
            > answer c.first {"next":1}
              commit of 1
                c: settled completed activated child-requested | no pending, start c/1 114→199 #2 after #0, no message 114 #1
            > settle
              commit of 1
                c/1: queued | taken 114→199 #2, c/1 waits for "1", c/1 awaits a 199→199 #2 after #0, listed pending, no message 199 #1
              commit of 1
                shard 199: taken 199→199 #2, c/1 awaits a/1 199→215 #3 after #1
              commit of 1
                shard 215: taken 199→215 #3, c/1 awaits b 215→215 #3 after #1, no message 215 #2
              commit of 1
                shard 215: taken 215→215 #3, c/1 awaits b/1 215→114 #4 after #2
              commit of 1
                shard 114: taken 215→114 #4, c/1 awaits c 114→114 #3 after #1, no message 114 #2
              commit of 1
                shard 114: taken 114→114 #3, c/1 awaits c/1 114→199 #4 after #2
              commit of 1
                c/1: workflow-faulted | taken 114→199 #4, listed faulted, no turn for "1", end of c/1 199→114 #4 after #0, no message 199 #2, no message 199 #3
              commit of 1
                c: child-ended failed workflow-faulted | taken 199→114 #4, listed faulted, no turn for "3", b/1 holds "3", admit b/1 114→114 #5 after #3, no message 114 #3, no message 114 #4
              commit of 1
                b/1: admitted started activated requested | taken 114→114 #5, listed running, pending
              call b/1.first, attempt 1, key 4
            > read c
              load c
              read c: c faulted it would wait for ever (the holder of its concurrency key waits for it, over 5 instances), kid faulted @23
        "#]],
    );
}
