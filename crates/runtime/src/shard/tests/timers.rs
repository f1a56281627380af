//! Timers.

use std::time::Duration;

use expect_test::expect;

use super::world::World;
use super::{check, check_lines};

#[test]
fn a_timer_row_moves_with_the_earliest_timer() {
    check(
        "
        use two-naps
        start a two-naps
        settle
        after 59s
        after 1s
        settle
        after 60s
        settle
        ",
        expect![[r#"
            > use two-naps
            > start a two-naps
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > after 59s
            > after 1s
              commit of 1
                a: fired completed activated waiting | listed waiting, no timer +60s, timer +120s
            > settle
            > after 60s
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +120s
            > settle
        "#]],
    );
}

#[test]
fn the_earliest_comes_first() {
    check(
        "
        use nap
        start a nap
        settle
        after 5s
        start b nap
        settle
        after 60s
        settle
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > after 5s
            > start b nap
              commit of 1
                b: started activated waiting | listed waiting, timer +65s
            > settle
              start b: created, b waiting, nap waiting @3
            > after 60s
              commit of 2
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
                b: fired completed activated completed workflow-completed | listed completed, no timer +65s
            > settle
        "#]],
    );
}

#[test]
fn a_timer_loads_its_instance() {
    check(
        "
        limit instances_cached_max 0
        use nap
        start a nap
        settle
        levels
        after 60s
        durable
        restart
        levels
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > levels
              0 in flight, 0 waiting, 0 live, 1 timers
            > after 60s
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > durable
            > restart
              catalog
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
        "#]],
    );
}

#[test]
fn timers_outlive_the_server() {
    check(
        "
        use nap
        start a nap
        settle
        restart
        levels
        after 70s
        settle
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > restart
              catalog
            > levels
              0 in flight, 0 waiting, 0 live, 1 timers
            > after 70s
              load a
              commit of 1
                a: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > settle
        "#]],
    );
}

#[test]
fn a_call_is_given_up_at_its_timeout() {
    check(
        "
        use hasty
        start a hasty wait=30s
        settle
        after 5s
        settle
        answer a.pay
        ",
        expect![[r#"
            > use hasty
            > start a hasty wait=30s
              commit of 1
                a: started activated requested | listed running, timer +5s, pending
            > settle
              call a.pay, attempt 1, key 1
            > after 5s
              commit of 1
                a: fired abandoned failed workflow-faulted | listed faulted, no timer +5s, no pending
            > settle
              withdraw a call of a
              start a: created, a faulted timed out (pay did not end within its timeout), pay faulted @3
            > answer a.pay
              load a
              commit of 1
                a: settled
        "#]],
    );
}

#[test]
fn a_suspended_instance_sleeps_over_its_timer() {
    check(
        "
        use nap
        start a nap
        settle
        suspend a
        settle
        levels
        after 60s
        restart
        levels
        resume a
        settle
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
            > settle
              suspend a: a suspended, nap waiting @3
            > levels
              0 in flight, 0 waiting, 1 live, 0 timers
            > after 60s
            > restart
              catalog
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
            > resume a
              load a
              commit of 1
                a: resumed fired completed activated completed workflow-completed | listed completed
            > settle
              resume a: a completed {"awake":true} @4
        "#]],
    );
}

#[test]
fn a_tick_wakes_a_few_hundred() {
    let mut world = World::new();
    world.run("use nap\nmany 1200 n nap\nsettle");
    world.pass(Duration::from_secs(60));
    let mut woken = Vec::new();
    while world.machine.next_due().is_some_and(|due| due <= world.now()) {
        world.feed(crate::shard::Input::Tick);
        woken.push(world.machine.counters().timers_fired);
    }
    assert_eq!(woken, [512, 1024, 1200]);
    world.settle();
    assert_eq!(world.machine.counters().ended, 1200);
    assert_eq!(world.machine.levels(), [0; 6]);
}

#[test]
fn no_more_are_loaded_at_once_than_there_is_room_for() {
    // A tick looks at 512 timers, and 1,024 are loaded at once; whoever is in memory does not wait for the others.
    check_lines(
        &[">", "in flight"],
        "
        limit instances_cached_max 1
        use nap
        hold loads
        many 1500 n nap
        start a nap
        settle
        after 60s
        levels
        after 1ms
        levels
        after 1ms
        levels
        let loads
        levels
        settle
        levels
        ",
        expect![[r#"
            > limit instances_cached_max 1
            > use nap
            > hold loads
            > many 1500 n nap
            > start a nap
            > settle
            > after 60s
            > levels
              0 in flight, 0 waiting, 513 live, 989 timers
            > after 1ms
            > levels
              0 in flight, 0 waiting, 1025 live, 476 timers
            > after 1ms
            > levels
              0 in flight, 0 waiting, 1025 live, 476 timers
            > let loads
            > levels
              0 in flight, 0 waiting, 1501 live, 0 timers
            > settle
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
        "#]],
    );
}
