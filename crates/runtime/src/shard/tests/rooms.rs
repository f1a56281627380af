//! Limits of how many instances run at once: who has room, who waits for it, and what crashes and refusals do to that.

use expect_test::expect;

use super::check;

#[test]
fn those_who_wait_come_in_order() {
    check(
        "
        use bounded
        start a bounded
        start b bounded; start c bounded
        settle
        limits
        read c
        answer a.pay
        settle
        answer b.pay
        settle
        answer c.pay
        settle
        limits
        ",
        expect![[r#"
            > use bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > start b bounded; start c bounded
            > settle
              start a: created, a pending @2
              commit of 3
                b: queued | b asks for room 1→150 #2 after #1, listed pending
                c: queued | c asks for room 1→150 #3 after #2, listed pending
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              start b: created, b pending @5
              start c: created, c pending @5
              commit of 3
                shard 150: taken 1→150 #2, b waits in workflow #1
                shard 150: taken 1→150 #3, c waits in workflow #2
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 2 wait @8
            > read c
              read c: c pending for room in the workflow test/bounded with 1 ahead @8
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #4 after #3, no message 1 #2, no message 1 #3
            > settle
              commit of 1
                shard 150: taken 1→150 #4, left workflow #0, b has room in workflow #1, room for b 150→1 #2 after #1, no message 150 #1
              commit of 1
                b: admitted started activated requested | taken 150→1 #2, listed running, pending, no message 1 #4
              call b.pay, attempt 1, key 2
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, b leaves 1→150 #5 after #4
            > settle
              commit of 1
                shard 150: taken 1→150 #5, left workflow #1, c has room in workflow #2, room for c 150→1 #3 after #2, no message 150 #2
              commit of 1
                c: admitted started activated requested | taken 150→1 #3, listed running, pending, no message 1 #5
              call c.pay, attempt 1, key 3
            > answer c.pay
              commit of 1
                c: settled completed workflow-completed | listed completed, no pending, c leaves 1→150 #6 after #5
            > settle
              commit of 1
                shard 150: taken 1→150 #6, left workflow #2, no message 150 #3
            > limits
              limits: the workflow test/bounded: 0 of 1 run, 0 wait @16
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn a_crash_gives_no_place_twice_and_forgets_none() {
    check(
        "
        use bounded
        start a bounded
        durable
        restart
        settle
        start b bounded
        settle
        restart
        settle
        answer a.pay
        durable
        restart
        settle
        limits
        answer b.pay
        settle
        limits
        ",
        expect![[r#"
            > use bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > durable
              start a: created, a pending @2
              commit of 1
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
            > restart
              catalog
              commit of 1
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
            > settle
              load a
              commit of 1
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > start b bounded
              commit of 1
                b: queued | b asks for room 1→150 #2 after #1, listed pending
            > settle
              start b: created, b pending @5
              commit of 1
                shard 150: taken 1→150 #2, b waits in workflow #1, no message 150 #1
            > restart
              catalog
              load a
              call a.pay, attempt 1, key 1
            > settle
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #3 after #2, no message 1 #2
            > durable
              commit of 1
                shard 150: taken 1→150 #3, left workflow #0, b has room in workflow #1, room for b 150→1 #2 after #1
            > restart
              catalog
              commit of 1
                shard 150: taken 1→150 #3, left workflow #0, b has room in workflow #1, room for b 150→1 #2 after #1
            > settle
              load b
              commit of 1
                b: admitted started activated requested | taken 150→1 #2, listed running, pending, no message 1 #3
              call b.pay, attempt 1, key 2
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait @9
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, b leaves 1→150 #4 after #3
            > settle
              commit of 1
                shard 150: taken 1→150 #4, left workflow #1, no message 150 #2
            > limits
              limits: the workflow test/bounded: 0 of 1 run, 0 wait @11
        "#]],
    );
}

#[test]
fn what_waits_can_be_cancelled() {
    check(
        "
        use bounded
        start a bounded
        start b bounded
        start c bounded
        settle
        cancel b
        settle
        limits
        answer a.pay
        settle
        read c
        ",
        expect![[r#"
            > use bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > start b bounded
            > start c bounded
            > settle
              start a: created, a pending @2
              commit of 3
                b: queued | b asks for room 1→150 #2 after #1, listed pending
                c: queued | c asks for room 1→150 #3 after #2, listed pending
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              start b: created, b pending @5
              start c: created, c pending @5
              commit of 3
                shard 150: taken 1→150 #2, b waits in workflow #1
                shard 150: taken 1→150 #3, c waits in workflow #2
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > cancel b
              commit of 1
                b: workflow-cancelled | listed cancelled, b leaves 1→150 #4 after #3, no message 1 #2, no message 1 #3
            > settle
              cancel b: b cancelled @9
              commit of 1
                shard 150: taken 1→150 #4, left workflow #1, no message 150 #1
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 1 wait @10
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #5 after #4, no message 1 #4
            > settle
              commit of 1
                shard 150: taken 1→150 #5, left workflow #0, c has room in workflow #2, room for c 150→1 #2 after #1
              commit of 1
                c: admitted started activated requested | taken 150→1 #2, listed running, pending, no message 1 #5
              call c.pay, attempt 1, key 2
            > read c
              read c: c running, pay running @13
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn the_limit_of_the_version_in_force_counts_for_all_versions() {
    check(
        "
        use bounded
        start a bounded
        start b bounded
        start c bounded
        settle
        publish bounded@2.0.0
        settle
        limits
        tag bounded 1.0.0
        settle
        answer a.pay
        settle
        limits
        answer b.pay
        settle
        limits
        ",
        expect![[r#"
            > use bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > start b bounded
            > start c bounded
            > settle
              start a: created, a pending @2
              commit of 3
                b: queued | b asks for room 1→150 #2 after #1, listed pending
                c: queued | c asks for room 1→150 #3 after #2, listed pending
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              start b: created, b pending @5
              start c: created, c pending @5
              commit of 3
                shard 150: taken 1→150 #2, b waits in workflow #1
                shard 150: taken 1→150 #3, c waits in workflow #2
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > publish bounded@2.0.0
              commit of 1
                catalog
            > settle
              catalog
              publish bounded@2.0.0: created @9
              commit of 1
                shard 150: b has room in workflow #1, room for b 150→1 #2 after #1, no message 150 #1
              commit of 1
                b: admitted started activated requested | taken 150→1 #2, listed running, pending, no message 1 #2, no message 1 #3
              call b.pay, attempt 1, key 2
            > limits
              limits: the workflow test/bounded: 2 of 2 run, 1 wait @11
            > tag bounded 1.0.0
              commit of 1
                catalog
            > settle
              catalog
              tag: created @12
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #4 after #3
            > settle
              commit of 1
                shard 150: taken 1→150 #4, left workflow #0, no message 150 #2
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 1 wait @14
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, b leaves 1→150 #5 after #4, no message 1 #4
            > settle
              commit of 1
                shard 150: taken 1→150 #5, left workflow #1, c has room in workflow #2, room for c 150→1 #3 after #2
              commit of 1
                c: admitted started activated requested | taken 150→1 #3, listed running, pending, no message 1 #5
              call c.pay, attempt 1, key 3
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait @17
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn an_instance_stands_in_the_line_of_its_workflow_and_then_of_its_namespace() {
    check(
        "
        limit running_max 2
        use bounded pay
        start a bounded
        settle
        start b bounded
        start c pay
        settle
        start d pay
        settle
        limits
        read b; read d
        answer a.pay
        settle
        limits
        read b; read d
        answer c.pay
        settle
        limits
        ",
        expect![[r#"
            > limit running_max 2
            > use bounded pay
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > settle
              start a: created, a pending @3
              commit of 1
                shard 150: taken 1→150 #1, a has room in workflow #0, a asks for room 150→17 #1 after #0
              commit of 1
                shard 17: taken 150→17 #1, a has room in namespace #0, room for a 17→1 #1 after #0
              commit of 1
                a: admitted started activated requested | taken 17→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > start b bounded
              commit of 1
                b: queued | b asks for room 1→150 #2 after #1, listed pending
            > start c pay
            > settle
              start b: created, b pending @7
              commit of 2
                c: queued | c asks for room 1→17 #3 after #0, listed pending
                shard 150: taken 1→150 #2, b waits in workflow #1, no message 150 #1
              start c: created, c pending @9
              commit of 1
                shard 17: taken 1→17 #3, c has room in namespace #1, room for c 17→1 #2 after #1, no message 17 #1
              commit of 1
                c: admitted started activated requested | taken 17→1 #2, listed running, pending, no message 1 #2, no message 1 #3
              call c.pay, attempt 1, key 2
            > start d pay
              commit of 1
                d: queued | d asks for room 1→17 #4 after #3, listed pending
            > settle
              start d: created, d pending @12
              commit of 1
                shard 17: taken 1→17 #4, d waits in namespace #2, no message 17 #2
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 1 wait; the namespace test: 2 of 2 run, 1 wait @13
            > read b; read d
              read b: b pending for room in the workflow test/bounded with 0 ahead @13
              read d: d pending for room in the namespace test with 0 ahead @13
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #5 after #2, no message 1 #4
            > settle
              commit of 1
                shard 150: taken 1→150 #5, left workflow #0, b has room in workflow #1, b asks for room 150→17 #2 after #1, a leaves 150→17 #3 after #2
              commit of 2
                shard 17: taken 150→17 #2, b waits in namespace #3
                shard 17: taken 150→17 #3, left namespace #0, d has room in namespace #2, room for d 17→1 #3 after #2
              commit of 1
                d: admitted started activated requested | taken 17→1 #3, listed running, pending, no message 1 #5
              call d.pay, attempt 1, key 3
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait; the namespace test: 2 of 2 run, 1 wait @18
            > read b; read d
              read b: b pending for room in the namespace test with 0 ahead @18
              read d: d running, pay running @18
            > answer c.pay
              commit of 1
                c: settled completed workflow-completed | listed completed, no pending, c leaves 1→17 #6 after #4
            > settle
              commit of 1
                shard 17: taken 1→17 #6, left namespace #1, b has room in namespace #3, room for b 17→1 #4 after #3, no message 17 #3
              commit of 1
                b: admitted started activated requested | taken 17→1 #4, listed running, pending, no message 1 #6
              call b.pay, attempt 1, key 4
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait; the namespace test: 2 of 2 run, 0 wait @21
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn limits_of_namespaces_change_with_a_start_of_the_server() {
    check(
        "
        limit running_max 1
        use pay
        start a pay
        start b pay
        start c pay
        settle
        limit running_max 2
        limits
        settle
        limit running_max 1
        answer a.pay
        settle
        limits
        answer b.pay
        settle
        read c
        ",
        expect![[r#"
            > limit running_max 1
            > use pay
            > start a pay
              commit of 1
                a: queued | a asks for room 1→17 #1 after #0, listed pending
            > start b pay
            > start c pay
            > settle
              start a: created, a pending @2
              commit of 3
                b: queued | b asks for room 1→17 #2 after #1, listed pending
                c: queued | c asks for room 1→17 #3 after #2, listed pending
                shard 17: taken 1→17 #1, a has room in namespace #0, room for a 17→1 #1 after #0
              start b: created, b pending @5
              start c: created, c pending @5
              commit of 3
                shard 17: taken 1→17 #2, b waits in namespace #1
                shard 17: taken 1→17 #3, c waits in namespace #2
                a: admitted started activated requested | taken 17→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > limit running_max 2
            > limits
            > settle
              load b
              limits: the namespace test: 2 of 2 run, 1 wait @9
              commit of 1
                b: admitted started activated requested | taken 17→1 #2, listed running, pending, no message 1 #2, no message 1 #3
              call b.pay, attempt 1, key 2
            > limit running_max 1
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→17 #4 after #3
            > settle
              commit of 1
                shard 17: taken 1→17 #4, left namespace #0, no message 17 #1, no message 17 #2
            > limits
              limits: the namespace test: 1 of 1 run, 1 wait @12
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, b leaves 1→17 #5 after #4, no message 1 #4
            > settle
              commit of 1
                shard 17: taken 1→17 #5, left namespace #1, c has room in namespace #2, room for c 17→1 #3 after #2
              load c
              commit of 1
                c: admitted started activated requested | taken 17→1 #3, listed running, pending, no message 1 #5
              call c.pay, attempt 1, key 3
            > read c
              read c: c running, pay running @15
        "#]],
    );
}

#[test]
fn an_awaited_child_runs_in_the_place_of_its_parent() {
    check(
        "
        use bounded of-bounded
        start a bounded
        start b of-bounded
        settle
        limits
        answer b/1.pay
        settle
        ",
        expect![[r#"
            > use bounded of-bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > start b of-bounded
            > settle
              start a: created, a pending @3
              commit of 2
                b: started activated child-requested | listed waiting, start b/1 1→131 #2 after #0
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              start b: created, b waiting, kid waiting @5
              commit of 2
                b/1: started activated requested | taken 1→131 #2, listed running, pending
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call b/1.pay, attempt 1, key 1
              call a.pay, attempt 1, key 2
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait @7
            > answer b/1.pay
              commit of 1
                b/1: settled completed workflow-completed | listed completed, no pending, end of b/1 131→1 #1 after #0
            > settle
              commit of 1
                b: child-ended completed workflow-completed | taken 131→1 #1, listed completed, no message 1 #2
        "#]],
    );
}

#[test]
fn a_child_that_nobody_awaits_waits_like_others() {
    check(
        "
        use bounded loose-bounded
        start a bounded
        start b loose-bounded
        settle
        limits
        answer a.pay
        settle
        limits
        ",
        expect![[r#"
            > use bounded loose-bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > start b loose-bounded
            > settle
              start a: created, a pending @3
              commit of 2
                b: started activated child-requested completed workflow-completed | listed completed, start b/1 1→131 #2 after #0
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              start b: created, b completed {"n":1} @5
              commit of 2
                b/1: queued | taken 1→131 #2, b/1 asks for room 131→150 #1 after #0, listed pending
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
              commit of 1
                shard 150: taken 131→150 #1, b/1 waits in workflow #1
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 1 wait @8
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #3 after #1, no message 1 #2
            > settle
              commit of 1
                shard 150: taken 1→150 #3, left workflow #0, b/1 has room in workflow #1, room for b/1 150→131 #2 after #0, no message 150 #1
              commit of 1
                b/1: admitted started activated requested | taken 150→131 #2, listed running, pending, no message 131 #1
              call b/1.pay, attempt 1, key 2
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait @11
        "#]],
    );
}

/// Else it would wait for the place of an instance that waits for its key.
#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn who_holds_a_key_for_which_a_running_one_waits_goes_on_without_room() {
    check(
        "
        limit running_max 1
        use queued later
        start a later
        settle
        start b queued
        settle
        answer a.first
        settle
        limits
        answer b.pay
        settle
        answer a/1.pay
        settle
        limits
        ",
        expect![[r#"
            > limit running_max 1
            > use queued later
            > start a later
              commit of 1
                a: queued | a asks for room 1→17 #1 after #0, listed pending
            > settle
              start a: created, a pending @3
              commit of 1
                shard 17: taken 1→17 #1, a has room in namespace #0, room for a 17→1 #1 after #0
              commit of 1
                a: admitted started activated requested | taken 17→1 #1, listed running, pending, no message 1 #1
              call a.first, attempt 1, key 1
            > start b queued
              commit of 1
                b: queued | b holds "1", b asks for room 89→17 #1 after #0, listed pending
            > settle
              start b: created, b pending @6
              commit of 1
                shard 17: taken 89→17 #1, b waits in namespace #1, no message 17 #1
            > answer a.first
              commit of 1
                a: settled completed activated child-requested | no pending, start a/1 1→89 #2 after #0
            > settle
              commit of 1
                a/1: queued | taken 1→89 #2, a/1 waits for "1", a/1 awaits b 89→89 #2 after #0, listed pending, no message 89 #1
              commit of 1
                shard 89: taken 89→89 #2, b asks for room at once 89→17 #3 after #1
              commit of 1
                shard 17: taken 89→17 #3, b has room in namespace #1, room for b 17→89 #2 after #0
              commit of 1
                b: admitted started activated requested | taken 17→89 #2, listed running, pending, no message 89 #2, no message 89 #3
              call b.pay, attempt 1, key 2
            > limits
              limits: the namespace test: 2 of 1 run, 0 wait @12
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, no turn for "1", a/1 holds "1", admit a/1 89→89 #4 after #2, b leaves 89→17 #5 after #3
            > settle
              commit of 2
                a/1: admitted started activated requested | taken 89→89 #4, listed running, pending
                shard 17: taken 89→17 #5, left namespace #1, no message 17 #2
              call a/1.pay, attempt 1, key 3
            > answer a/1.pay
              commit of 1
                a/1: settled completed workflow-completed | listed completed, no pending, no turn for "1", end of a/1 89→1 #6 after #0, no message 89 #4, no message 89 #5
            > settle
              commit of 1
                a: child-ended completed workflow-completed | taken 89→1 #6, listed completed, a leaves 1→17 #3 after #1, no message 1 #2
              commit of 1
                shard 17: taken 1→17 #3, left namespace #0
            > limits
              limits: the namespace test: 0 of 1 run, 0 wait @18
        "#]],
    );
}

#[test]
fn a_key_comes_before_room() {
    check(
        "
        limit running_max 1
        use queued pay
        start a queued
        start b pay
        start c queued
        settle
        limits
        read b; read c
        answer a.pay
        settle
        read c
        answer b.pay
        settle
        limits
        ",
        expect![[r#"
            > limit running_max 1
            > use queued pay
            > start a queued
              commit of 1
                a: queued | a holds "1", a asks for room 89→17 #1 after #0, listed pending
            > start b pay
            > start c queued
            > settle
              start a: created, a pending @3
              commit of 3
                b: queued | b asks for room 1→17 #1 after #0, listed pending
                c: queued | c waits for "1", listed pending
                shard 17: taken 89→17 #1, a has room in namespace #0, room for a 17→89 #1 after #0
              start b: created, b pending @6
              start c: created, c pending behind a with 1 ahead @6
              commit of 2
                shard 17: taken 1→17 #1, b waits in namespace #1
                a: admitted started activated requested | taken 17→89 #1, listed running, pending, no message 89 #1
              call a.pay, attempt 1, key 1
            > limits
              limits: the namespace test: 1 of 1 run, 1 wait @8
            > read b; read c
              read b: b pending for room in the namespace test with 0 ahead @8
              read c: c pending behind a with 1 ahead @8
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, no turn for "1", c holds "1", admit c 89→89 #2 after #0, a leaves 89→17 #3 after #1
            > settle
              commit of 2
                shard 89: taken 89→89 #2, c asks for room 89→17 #4 after #3
                shard 17: taken 89→17 #3, left namespace #0, b has room in namespace #1, room for b 17→1 #2 after #0, no message 17 #1
              commit of 2
                shard 17: taken 89→17 #4, c waits in namespace #2
                b: admitted started activated requested | taken 17→1 #2, listed running, pending, no message 1 #1
              call b.pay, attempt 1, key 2
            > read c
              read c: c pending for room in the namespace test with 0 ahead @13
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending, b leaves 1→17 #2 after #1
            > settle
              commit of 1
                shard 17: taken 1→17 #2, left namespace #1, c has room in namespace #2, room for c 17→89 #3 after #1, no message 17 #2
              commit of 1
                c: admitted started activated requested | taken 17→89 #3, listed running, pending, no message 89 #2, no message 89 #3, no message 89 #4
              call c.pay, attempt 1, key 3
            > limits
              limits: the namespace test: 1 of 1 run, 0 wait @16
        "#]],
    );
}

#[test]
fn what_is_reopened_has_a_place_at_once() {
    check(
        "
        use bounded-faulty
        start a bounded-faulty
        settle
        limits
        retry a
        settle
        limits
        ",
        expect![[r#"
            > use bounded-faulty
            > start a bounded-faulty
              commit of 1
                a: queued | a asks for room 1→238 #1 after #0, listed pending
            > settle
              start a: created, a pending @2
              commit of 1
                shard 238: taken 1→238 #1, a has room in workflow #0, room for a 238→1 #1 after #0
              commit of 1
                a: admitted started activated failed workflow-faulted | taken 238→1 #1, listed faulted, a leaves 1→238 #2 after #1, no message 1 #1
              commit of 1
                shard 238: taken 1→238 #2, left workflow #0, no message 238 #1
            > limits
              limits: the workflow test/bounded-faulty: 0 of 1 run, 0 wait @5
            > retry a
              load a
              commit of 1
                a: reopened activated failed workflow-faulted | listed faulted, a asks for room at once 1→238 #3 after #2, a leaves 1→238 #4 after #3, no message 1 #2
            > settle
              retry a: a faulted faulty (), fail faulted @6
              commit of 2
                shard 238: taken 1→238 #3, a has room in workflow #0, room for a 238→1 #2 after #1
                shard 238: taken 1→238 #4, left workflow #0
              load a
              commit of 1
                shard 1: taken 238→1 #2, no message 1 #3, no message 1 #4
            > limits
              limits: the workflow test/bounded-faulty: 0 of 1 run, 0 wait @9
        "#]],
    );
}

#[test]
fn a_root_has_so_many_below_its_children() {
    check(
        "
        limit descendants_max 1
        use pay parent grand
        start a grand wait=60s
        settle
        read a
        ",
        expect![[r#"
            > limit descendants_max 1
            > use pay parent grand
            > start a grand wait=60s
              commit of 1
                a: started activated×2 child-requested activated child-requested | listed waiting, start a/1 1→9 #1 after #0, start a/2 1→234 #2 after #0
            > settle
              commit of 2
                a/1: started activated child-requested | taken 1→9 #1, listed waiting, start a/1/1 9→76 #1 after #0
                a/2: started activated child-requested | taken 1→234 #2, listed waiting, start a/2/1 234→93 #1 after #0
              commit of 2
                a/1/1: queued | taken 9→76 #1, a/1/1 asks for room 76→1 #1 after #0, listed pending
                a/2/1: queued | taken 234→93 #1, a/2/1 asks for room 93→1 #1 after #0, listed pending
              commit of 2
                shard 1: taken 76→1 #1, a/1/1 has room in root #0, room for a/1/1 1→76 #3 after #0, no message 1 #1, no message 1 #2
                shard 1: taken 93→1 #1, no room for a/2/1 1→93 #4 after #0
              commit of 2
                a/1/1: admitted started activated requested | taken 1→76 #3, listed running, pending, no message 76 #1
                a/2/1: workflow-faulted | taken 1→93 #4, listed faulted, a/2/1 leaves 93→1 #2 after #1, end of a/2/1 93→234 #3 after #0, no message 93 #1
              call a/1/1.pay, attempt 1, key 1
              commit of 2
                shard 1: taken 93→1 #2, no message 1 #3, no message 1 #4
                a/2: child-ended failed workflow-faulted | taken 93→234 #3, listed faulted, end of a/2 234→1 #2 after #0, no message 234 #1
              commit of 1
                a: child-ended failed child-cancelled undo-began | taken 234→1 #2, listed running, cancel a/1 1→9 #5 after #1
              commit of 1
                a/1: child-cancelled workflow-cancelled | taken 1→9 #5, listed cancelled, cancel a/1/1 9→76 #2 after #1, end of a/1 9→1 #3 after #0, no message 9 #1
              commit of 2
                a/1/1: abandoned workflow-cancelled | taken 9→76 #2, listed cancelled, no pending, a/1/1 leaves 76→1 #2 after #1, end of a/1/1 76→9 #3 after #0
                a: child-ended undo-ended workflow-faulted | taken 9→1 #3, listed faulted, no message 1 #5
              load a/1
              withdraw a call of a/1/1
              start a: created, a faulted too many instances below one root (as many instances below its root's children are there as may: 1) @18
              commit of 1
                shard 1: taken 76→1 #2, left root #0
              commit of 1
                shard 9: taken 76→9 #3, no message 9 #2, no message 9 #3
            > read a
              load a
              read a: a faulted too many instances below one root (as many instances below its root's children are there as may: 1) @20
        "#]],
    );
}

#[test]
fn starts_are_refused_when_too_many_wait() {
    check(
        "
        limit instances_waiting_max 1
        use bounded
        start a bounded
        settle
        start b bounded
        settle
        start c bounded
        settle
        limits
        ",
        expect![[r#"
            > limit instances_waiting_max 1
            > use bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > settle
              start a: created, a pending @2
              commit of 1
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              commit of 1
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > start b bounded
              commit of 1
                b: queued | b asks for room 1→150 #2 after #1, listed pending
            > settle
              start b: created, b pending @5
              commit of 1
                shard 150: taken 1→150 #2, b waits in workflow #1, no message 150 #1
            > start c bounded
              start c: refused: 1 instances wait for room under that of the workflow test/bounded, which is the limit @6
            > settle
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 1 wait @6
        "#]],
    );
}

#[test]
fn what_was_refused_gave_no_place() {
    check(
        "
        use bounded
        start a bounded
        start b bounded
        settle
        answer a.pay
        durable
        refused
        settle
        limits
        after 2s
        settle
        limits
        ",
        expect![[r#"
            > use bounded
            > start a bounded
              commit of 1
                a: queued | a asks for room 1→150 #1 after #0, listed pending
            > start b bounded
            > settle
              start a: created, a pending @2
              commit of 2
                b: queued | b asks for room 1→150 #2 after #1, listed pending
                shard 150: taken 1→150 #1, a has room in workflow #0, room for a 150→1 #1 after #0
              start b: created, b pending @4
              commit of 2
                shard 150: taken 1→150 #2, b waits in workflow #1
                a: admitted started activated requested | taken 150→1 #1, listed running, pending, no message 1 #1
              call a.pay, attempt 1, key 1
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending, a leaves 1→150 #3 after #2, no message 1 #2
            > durable
              commit of 1
                shard 150: taken 1→150 #3, left workflow #0, b has room in workflow #1, room for b 150→1 #2 after #1, no message 150 #1
            > refused
            > settle
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 1 wait @7
            > after 2s
              commit of 1
                shard 150: taken 1→150 #3, left workflow #0, b has room in workflow #1, room for b 150→1 #3 after #1, no message 150 #1
            > settle
              commit of 1
                b: admitted started activated requested | taken 150→1 #3, listed running, pending, no message 1 #3
              call b.pay, attempt 1, key 2
            > limits
              limits: the workflow test/bounded: 1 of 1 run, 0 wait @9
        "#]],
    );
}
