//! The gate before calls, and what recovery sends again.

use expect_test::expect;

use super::check;
use super::script::answered;
use super::world::World;
use crate::shard::Input;

#[test]
fn calls_wait_for_their_turn() {
    check(
        "
        limit calls_in_flight_max 2
        use pay
        start a pay; start b pay; start c pay; start d pay
        durable
        levels
        answer a.pay; answer b.pay
        levels
        ",
        expect![[r#"
            > limit calls_in_flight_max 2
            > use pay
            > start a pay; start b pay; start c pay; start d pay
              commit of 4
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated requested | listed running, pending
                d: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              call b.pay, attempt 1, key 2
              start b: created, b running, pay running @5
              start c: created, c running, pay running @5
              start d: created, d running, pay running @5
            > levels
              2 in flight, 2 waiting, 4 live, 0 timers
            > answer a.pay; answer b.pay
              call c.pay, attempt 1, key 3
              call d.pay, attempt 1, key 4
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: settled completed workflow-completed | listed completed, no pending
            > levels
              2 in flight, 0 waiting, 4 live, 0 timers
        "#]],
    );
}

#[test]
fn instances_with_a_completed_call_go_first() {
    check(
        "
        limit calls_in_flight_max 1
        use chain pay
        start a chain; start b pay; start c pay
        durable
        answer a.pay
        durable
        answer b.pay
        settle
        answer a.ship
        settle
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use chain pay
            > start a chain; start b pay; start c pay
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              start b: created, b running, pay running @5
              start c: created, c running, pay running @5
            > answer a.pay
              call b.pay, attempt 1, key 2
              commit of 1
                a: settled completed activated requested
            > durable
            > answer b.pay
              call a.ship, attempt 1, key 3
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending
            > settle
            > answer a.ship
              call c.pay, attempt 1, key 4
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn tasks_before_the_first_call_do_not_make_an_instance_one_that_has_begun() {
    check(
        "
        limit calls_in_flight_max 1
        use chain pay prepared
        start a chain; start b pay; start c prepared
        durable
        answer a.pay
        durable
        answer b.pay
        settle
        answer a.ship
        settle
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use chain pay prepared
            > start a chain; start b pay; start c prepared
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated completed activated completed activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @6
              start b: created, b running, pay running @6
              start c: created, c running, pay running @6
            > answer a.pay
              call b.pay, attempt 1, key 2
              commit of 1
                a: settled completed activated requested
            > durable
            > answer b.pay
              call a.ship, attempt 1, key 3
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending
            > settle
            > answer a.ship
              call c.pay, attempt 1, key 4
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn a_new_instance_does_not_wait_for_ever_behind_those_that_have_begun() {
    check(
        "
        limit calls_in_flight_max 1
        use chain pay
        start a chain; start b pay; start c pay
        durable
        after 20s
        settle
        answer a.pay
        settle
        answer b.pay
        settle
        answer c.pay
        settle
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use chain pay
            > start a chain; start b pay; start c pay
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              start b: created, b running, pay running @5
              start c: created, c running, pay running @5
            > after 20s
              commit of 2
                b: parked | listed waiting
                c: parked | listed waiting
            > settle
            > answer a.pay
              commit of 2
                a: settled completed activated requested
                b: released | listed running
            > settle
              call b.pay, attempt 1, key 2
            > answer b.pay
              commit of 2
                b: settled completed workflow-completed | listed completed, no pending
                c: released | listed running
            > settle
              call c.pay, attempt 1, key 3
            > answer c.pay
              call a.ship, attempt 1, key 4
              commit of 1
                c: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn a_call_that_is_given_up_in_the_queue_never_leaves() {
    check(
        "
        limit calls_in_flight_max 1
        use pay hasty
        start a pay; start b hasty; start c pay
        durable
        after 5s
        settle
        answer a.pay
        settle
        levels
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use pay hasty
            > start a pay; start b hasty; start c pay
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, timer +5s, pending
                c: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              start b: created, b running, pay running @5
              start c: created, c running, pay running @5
            > after 5s
              commit of 2
                b: fired abandoned failed workflow-faulted | listed faulted, no timer +5s, no pending
                c: parked | listed waiting
            > settle
              commit of 1
                b: settled
            > answer a.pay
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                c: released | listed running
            > settle
              call c.pay, attempt 1, key 2
            > levels
              1 in flight, 0 waiting, 1 live, 0 timers
        "#]],
    );
}

#[test]
fn an_outcome_that_comes_twice_or_too_late_changes_nothing() {
    check(
        "
        use chain
        start a chain
        settle
        answer a.pay; answer a.pay
        settle
        answer a.pay
        levels
        cancel a
        answer a.ship
        settle
        levels
        ",
        expect![[r#"
            > use chain
            > start a chain
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > answer a.pay; answer a.pay
              commit of 1
                a: settled completed activated requested
            > settle
              call a.ship, attempt 1, key 2
            > answer a.pay
            > levels
              1 in flight, 0 waiting, 1 live, 0 timers
            > cancel a
              commit of 1
                a: abandoned workflow-cancelled | listed cancelled, no pending
            > answer a.ship
            > settle
              withdraw a call of a
              cancel a: a cancelled @4
              commit of 1
                a: settled
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
        "#]],
    );
}

#[test]
fn a_call_that_is_abandoned_before_it_leaves_is_answered_for() {
    check(
        "
        use chain
        start a chain
        cancel a
        settle
        levels
        ",
        expect![[r#"
            > use chain
            > start a chain
              commit of 1
                a: started activated requested | listed running, pending
            > cancel a
            > settle
              start a: created, a running, pay running @2
              commit of 1
                a: abandoned workflow-cancelled | listed cancelled, no pending
              cancel a: a cancelled @3
              commit of 1
                a: settled
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
        "#]],
    );
}

#[test]
fn what_was_in_flight_leaves_again_under_its_key() {
    check(
        "
        use chain
        start a chain
        settle
        answer a.pay
        settle
        restart
        answer a.ship
        settle
        ",
        expect![[r#"
            > use chain
            > start a chain
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > answer a.pay
              commit of 1
                a: settled completed activated requested
            > settle
              call a.ship, attempt 1, key 2
            > restart
              catalog
              load a
              call a.ship, attempt 1, key 2
            > answer a.ship
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn what_must_not_be_repeated_is_of_unknown_outcome() {
    check(
        "
        use once
        start a once
        settle
        restart
        settle
        read a
        ",
        expect![[r#"
            > use once
            > start a once
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > restart
              catalog
              load a
              commit of 1
                a: settled failed workflow-faulted | listed faulted, no pending
            > settle
            > read a
              load a
              read a: a faulted the outcome of the call is unknown (outcome: unknown; the call may have been sent and must not be sent again (idempotent: false)), pay faulted @3
        "#]],
    );
}

#[test]
fn what_must_not_be_repeated_and_was_never_sent_waits_on() {
    check(
        "
        limit calls_in_flight_max 1
        use pay once
        start a pay; start b once
        settle
        suspend b
        refused
        read b
        after 1s
        settle
        answer a.pay
        settle
        answer b.pay
        settle
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use pay once
            > start a pay; start b once
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @4
              start b: created, b running, pay running @4
            > suspend b
              commit of 1
                b: suspended | listed suspended
            > refused
              suspend b: refused: the server is not available: the disk is full: no space left @4
            > read b
              load b
              read b: b running, pay running @4
            > after 1s
              commit of 1
                b: parked | listed waiting
            > settle
            > answer a.pay
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
            > settle
              call b.pay, attempt 1, key 2
            > answer b.pay
              commit of 1
                b: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn recovery_keeps_within_the_gate_and_loads_a_few_hundred_at_a_time() {
    let mut world = World::new();
    let mut rounds = Vec::new();
    world.quietly(|world| {
        world.run("use pay\nmany 2000 n pay\nsettle\nlimit calls_in_flight_max 600");
        loop {
            let calls = world.take_calls();
            if calls.is_empty() {
                return;
            }
            rounds.push(calls.len());
            for (id, step, attempt) in calls {
                let outcome = answered(&[]);
                world.feed(Input::Outcome { id, step, attempt, outcome });
            }
            world.settle();
        }
    });
    assert_eq!(world.machine.levels(), [0; 6]);
    expect![[r#"
        sent at a time: [600, 600, 600, 200]
        loaded at a time: 512
    "#]]
    .assert_eq(&format!("sent at a time: {rounds:?}\nloaded at a time: {}\n", world.asked_max()));
}

#[test]
fn a_call_that_waits_for_a_second_is_parked_and_leaves_once_its_release_is_durable() {
    check(
        "
        limit calls_in_flight_max 1
        use pay
        start a pay; start b pay; start c pay
        durable
        after 900ms
        after 100ms
        settle
        read b
        answer a.pay
        durable
        answer b.pay
        durable
        levels
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use pay
            > start a pay; start b pay; start c pay
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @4
              start b: created, b running, pay running @4
              start c: created, c running, pay running @4
            > after 900ms
            > after 100ms
              commit of 2
                b: parked | listed waiting
                c: parked | listed waiting
            > settle
            > read b
              read b: b waiting, pay waiting @6
            > answer a.pay
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
            > durable
              call b.pay, attempt 1, key 2
            > answer b.pay
              commit of 2
                b: settled completed workflow-completed | listed completed, no pending
                c: released | listed running
            > durable
              call c.pay, attempt 1, key 3
            > levels
              1 in flight, 0 waiting, 1 live, 0 timers
        "#]],
    );
}

#[test]
fn a_release_that_is_refused_gives_its_place_back() {
    check(
        "
        limit calls_in_flight_max 1
        use pay
        start a pay; start b pay
        durable
        after 1s
        settle
        answer a.pay
        refused
        after 1s
        settle
        answer a.pay
        settle
        levels
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use pay
            > start a pay; start b pay
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @3
              start b: created, b running, pay running @3
            > after 1s
              commit of 1
                b: parked | listed waiting
            > settle
            > answer a.pay
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
            > refused
            > after 1s
              load a
              load b
              call a.pay, attempt 1, key 1
            > settle
            > answer a.pay
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
            > settle
              call b.pay, attempt 1, key 2
            > levels
              1 in flight, 0 waiting, 1 live, 0 timers
        "#]],
    );
}

#[test]
fn a_parked_call_that_never_left_may_be_sent_after_a_crash_though_it_must_not_be_repeated() {
    check(
        "
        limit calls_in_flight_max 1
        use pay once
        start a pay; start b once
        durable
        after 1s
        settle
        restart
        settle
        answer a.pay
        settle
        levels
        restart
        settle
        read b
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use pay once
            > start a pay; start b once
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @4
              start b: created, b running, pay running @4
            > after 1s
              commit of 1
                b: parked | listed waiting
            > settle
            > restart
              catalog
              load a
              load b
              call a.pay, attempt 1, key 1
            > settle
            > answer a.pay
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
            > settle
              call b.pay, attempt 1, key 2
            > levels
              1 in flight, 0 waiting, 1 live, 0 timers
            > restart
              catalog
              load b
              commit of 1
                b: settled failed workflow-faulted | listed faulted, no pending
            > settle
            > read b
              load b
              read b: b faulted the outcome of the call is unknown (outcome: unknown; the call may have been sent and must not be sent again (idempotent: false)), pay faulted @8
        "#]],
    );
}

#[test]
fn a_parked_call_that_is_cancelled_never_leaves() {
    check(
        "
        limit calls_in_flight_max 1
        use pay
        start a pay; start b pay
        durable
        after 1s
        settle
        cancel b
        settle
        answer a.pay
        settle
        levels
        ",
        expect![[r#"
            > limit calls_in_flight_max 1
            > use pay
            > start a pay; start b pay
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @3
              start b: created, b running, pay running @3
            > after 1s
              commit of 1
                b: parked | listed waiting
            > settle
            > cancel b
              commit of 1
                b: abandoned workflow-cancelled | listed cancelled, no pending
            > settle
              cancel b: b cancelled @5
              commit of 1
                b: settled
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
        "#]],
    );
}
