//! Steps that are given away: the instance waits for its step as for a load.

use std::sync::Arc;

use expect_test::expect;
use motet_engine::ChildRequest;
use motet_journal::Message;
use motet_types::{InstanceId, ShardId, StepId, WorkflowName, WorkflowRef};

use super::check;
use super::children::end_of;
use super::world::{BEGIN, World};

#[test]
fn every_kind_of_step_may_be_given_away() {
    check(
        "
        limit fuel_local_max 0
        use chain
        start a chain wait=60s
        settle
        suspend a; answer a.pay
        resume a
        settle
        answer a.ship
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use chain
            > start a chain wait=60s
              a step goes away
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
            > suspend a; answer a.pay
              a step goes away
              a step goes away
              commit of 1
                a: suspended | listed suspended
            > resume a
              a step goes away
            > settle
              suspend a: a suspended, pay running @3
              commit of 2
                a: settled | no pending
                a: resumed completed activated requested | listed running, pending
              call a.ship, attempt 1, key 2
              resume a: a running, ship running @5
            > answer a.ship
              a step goes away
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
              start a: created, a completed {"n":2} @6
        "#]],
    );
}

#[test]
fn one_that_is_cheap_for_a_while_stays() {
    check(
        "
        limit fuel_local_max 20000
        use long; use pure
        start a pure
        start b pure
        start c long {\"n\":2}
        start d long {\"n\":2}
        start e long {\"n\":200}
        settle
        start f long {\"n\":2}
        after 60s
        start g long {\"n\":2}
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 20000
            > use long; use pure
            > start a pure
              a step goes away
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > start b pure
            > start c long {"n":2}
              a step goes away
            > start d long {"n":2}
            > start e long {"n":200}
            > settle
              start a: created, a completed {"done":1} @3
              commit of 6
                b: started activated completed workflow-completed | listed completed
                c: started activated iterated activated completed iterated activated completed×2 workflow-completed | listed completed
                d: started activated iterated activated completed iterated activated completed×2 workflow-completed | listed completed
                e: 258 records | listed running, pending | snapshot
                e: 257 records | snapshot
                e: 91 records | listed completed, no pending | snapshot
              start b: created, b completed {"done":1} @9
              start c: created, c completed {"n":2} @9
              start d: created, d completed {"n":2} @9
              start e: created, e running, loop running @9
            > start f long {"n":2}
              commit of 1
                f: started activated iterated activated completed iterated activated completed×2 workflow-completed | listed completed
            > after 60s
            > start g long {"n":2}
            > settle
              start f: created, f completed {"n":2} @10
              commit of 1
                g: started activated iterated activated completed iterated activated completed×2 workflow-completed | listed completed
              start g: created, g completed {"n":2} @11
        "#]],
    );
}

#[test]
fn whatever_comes_for_an_instance_that_is_away_waits() {
    check(
        "
        limit fuel_local_max 0
        use fork
        start a fork
        settle
        hold steps
        answer a.left
        read a; suspend a; watch a as w
        answer a.right
        levels
        let steps
        settle
        resume a
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use fork
            > start a fork
              a step goes away
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > settle
              call a.left, attempt 1, key 1
              call a.right, attempt 1, key 2
              start a: created, a running, both running, left running, right running @2
            > hold steps
            > answer a.left
              a step goes away
            > read a; suspend a; watch a as w
            > answer a.right
            > levels
              0 in flight, 0 waiting, 1 live, 0 timers, 1 away
            > let steps
              a step goes away
              commit of 1
                a: settled completed
              a step goes away
            > settle
              read a: a running, both running, right running @3
              commit of 2
                a: suspended | listed suspended
                a: settled | no pending
              w sees 9 settled
              suspend a: a suspended, both running, right running @5
              watch a: watching @5
            > resume a
              a step goes away
              commit of 1
                a: resumed completed×2 workflow-completed | listed completed
            > settle
              w sees 10 resumed, 11 completed, 12 completed, 13 workflow-completed
              w sees no more
              resume a: a completed [{"n":2},{"n":2}] @6
        "#]],
    );
}

#[test]
fn a_batch_that_is_refused_meanwhile_sends_the_step_back() {
    check(
        "
        limit fuel_local_max 0
        use fork
        start a fork
        settle
        answer a.left
        hold steps
        answer a.right; suspend a
        refused
        let steps
        after 1s
        answer a.left
        settle
        read a
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use fork
            > start a fork
              a step goes away
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > settle
              call a.left, attempt 1, key 1
              call a.right, attempt 1, key 2
              start a: created, a running, both running, left running, right running @2
            > answer a.left
              a step goes away
              commit of 1
                a: settled completed
            > hold steps
            > answer a.right; suspend a
              a step goes away
            > refused
              load a
              a step goes away
            > let steps
              a step goes away
              a step goes away
              commit of 1
                a: settled completed
              call a.left, attempt 1, key 1
            > after 1s
            > answer a.left
              a step goes away
            > settle
              commit of 2
                a: suspended | listed suspended
                a: settled | no pending
              suspend a: a suspended, both running, left running @5
            > read a
              read a: a suspended, both running, left running @5
        "#]],
    );
}

/// That a call may have run is about to be written when a commit that was handed over before becomes durable.
#[test]
fn a_doubt_that_is_refused_is_written_again() {
    check(
        "
        limit fuel_local_max 0
        use undone-fork
        start a undone-fork
        settle
        hold steps
        restart
        let step
        durable
        let steps
        refused
        after 1s
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use undone-fork
            > start a undone-fork
              a step goes away
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > settle
              call a.left, attempt 1, key 1
              call a.right, attempt 1, key 2
              start a: created, a running, both running, left running, right running @2
            > hold steps
            > restart
              catalog
              load a
              a step goes away
            > let step
              a step goes away
              commit of 1
                a: doubted
            > durable
            > let steps
              call a.right, attempt 1, key 2
              call a.left, attempt 1, key 1
              commit of 1
                a: doubted
            > refused
            > after 1s
              load a
              a step goes away
              a step goes away
              commit of 1
                a: doubted
            > settle
              commit of 1
                a: doubted
        "#]],
    );
}

#[test]
fn of_what_is_refused_with_two_commits_one_load_is_asked_for() {
    check(
        "
        limit fuel_local_max 0
        use fork
        start a fork
        settle
        answer a.left
        suspend a
        hold steps
        answer a.right
        hold loads
        refused
        after 1s
        let steps
        let loads
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use fork
            > start a fork
              a step goes away
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > settle
              call a.left, attempt 1, key 1
              call a.right, attempt 1, key 2
              start a: created, a running, both running, left running, right running @2
            > answer a.left
              a step goes away
              commit of 1
                a: settled completed
            > suspend a
              a step goes away
            > hold steps
            > answer a.right
              a step goes away
            > hold loads
            > refused
              suspend a: refused: the server is not available: the disk is full: no space left @2
              load a
            > after 1s
            > let steps
            > let loads
              a step goes away
              a step goes away
              call a.left, attempt 1, key 1
              commit of 1
                a: settled completed
            > settle
        "#]],
    );
}

#[test]
fn a_step_that_comes_back_before_the_load_is_dropped() {
    check(
        "
        limit fuel_local_max 0
        use fork
        start a fork
        settle
        answer a.left
        hold steps; hold loads
        answer a.right
        refused
        after 1s
        let steps
        let loads
        answer a.left
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use fork
            > start a fork
              a step goes away
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > settle
              call a.left, attempt 1, key 1
              call a.right, attempt 1, key 2
              start a: created, a running, both running, left running, right running @2
            > answer a.left
              a step goes away
              commit of 1
                a: settled completed
            > hold steps; hold loads
            > answer a.right
              a step goes away
            > refused
              load a
            > after 1s
            > let steps
            > let loads
              a step goes away
              a step goes away
              call a.left, attempt 1, key 1
              commit of 1
                a: settled completed
            > answer a.left
              a step goes away
            > settle
              commit of 1
                a: settled completed×2 workflow-completed | listed completed, no pending
        "#]],
    );
}

#[test]
fn what_began_in_a_refused_batch_is_gone_when_its_step_comes_back() {
    check(
        "
        limit fuel_local_max 0
        limit step_records_max 10
        use long
        start a long wait=60s {\"n\":10}
        hold steps
        after 1s
        refused
        let steps
        after 1s
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > limit step_records_max 10
            > use long
            > start a long wait=60s {"n":10}
              a step goes away
              a step goes away
              commit of 1
                a: started activated iterated activated completed iterated activated completed iterated activated completed yielded | listed running, pending
              a step goes away
              a step goes away
            > hold steps
            > after 1s
            > refused
              start a: refused: the server is not available: the disk is full: no space left @1
            > let steps
            > after 1s
        "#]],
    );
}

#[test]
fn a_panic_elsewhere_costs_one_instance() {
    check(
        "
        limit fuel_local_max 0
        use chain
        start a chain; start b chain
        settle
        hold steps
        answer a.pay; answer b.pay; suspend a
        defect a
        let steps
        heal a
        settle
        read a
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use chain
            > start a chain; start b chain
              a step goes away
              a step goes away
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @3
              call b.pay, attempt 1, key 2
              start b: created, b running, pay running @3
            > hold steps
            > answer a.pay; answer b.pay; suspend a
              a step goes away
              a step goes away
            > defect a
            > let steps
              load a
              commit of 1
                b: settled completed activated requested
              a step goes away
              a step goes away
            > heal a
            > settle
              call b.ship, attempt 1, key 3
              commit of 1
                a: incident-raised | listed running
              suspend a: refused: the instance cannot be loaded: the instance met a defect of the engine @5
              load a
              a step goes away
              commit of 1
                a: incident-raised | listed running
            > read a
              read a: a running, pay running, incident: a defect of the engine @6
        "#]],
    );
}

#[test]
fn a_start_that_panics_elsewhere_is_not_taken() {
    check(
        "
        limit fuel_local_max 0
        use pure
        start a pure
        hold steps
        start b pure key=k
        start c pure key=k
        start d pure key=k {\"n\":2}
        let steps
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use pure
            > start a pure
              a step goes away
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > hold steps
            > start b pure key=k
              look up test/pure/client/k
              a step goes away
            > start c pure key=k
            > start d pure key=k {"n":2}
            > let steps
            > settle
              start a: created, a completed {"done":1} @2
              commit of 1
                b: started activated completed workflow-completed | key test/pure/client/k, listed completed
              start b: created, b completed {"done":1} @3
              start c: b completed {"done":1} @3
              start d: refused: the idempotency key was already used for another start (instance b) @3
        "#]],
    );
}

#[test]
fn a_call_whose_instance_is_away_leaves_when_it_is_back() {
    check(
        "
        limit fuel_local_max 0
        limit calls_in_flight_max 1
        use fork
        start a fork
        hold steps
        suspend a
        durable
        levels
        let steps
        settle
        answer a.left
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > limit calls_in_flight_max 1
            > use fork
            > start a fork
              a step goes away
              commit of 1
                a: started activated×2 requested activated requested | listed running, pending
            > hold steps
            > suspend a
              a step goes away
            > durable
              start a: created, a running, both running, left running, right running @2
            > levels
              0 in flight, 2 waiting, 1 live, 0 timers, 1 away
            > let steps
              call a.left, attempt 1, key 1
              commit of 1
                a: suspended | listed suspended
            > settle
              suspend a: a suspended, both running, left running, right running @3
            > answer a.left
              a step goes away
              call a.right, attempt 1, key 2
              commit of 1
                a: settled
            > settle
        "#]],
    );
}

#[test]
fn timers_that_come_due_meanwhile_fire_after_it() {
    check(
        "
        limit fuel_local_max 0
        use hasty
        start a hasty
        settle
        hold steps
        answer a.pay
        after 5s
        let steps
        settle
        read a
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use hasty
            > start a hasty
              a step goes away
              commit of 1
                a: started activated requested | listed running, timer +5s, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > hold steps
            > answer a.pay
              a step goes away
            > after 5s
            > let steps
              a step goes away
              commit of 1
                a: settled completed workflow-completed | listed completed, no timer +5s, no pending
            > settle
            > read a
              load a
              read a: a completed {"n":2} @3
        "#]],
    );
}

#[test]
fn a_child_begins_elsewhere_and_is_cancelled_when_it_is_there() {
    check(
        "
        limit fuel_local_max 0
        use parent pay
        start a parent
        hold steps; durable
        cancel a
        let steps
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use parent pay
            > start a parent
              a step goes away
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→2 #1 after #0
            > hold steps; durable
              a step goes away
              start a: created, a waiting, kid waiting @3
            > cancel a
              a step goes away
            > let steps
              commit of 2
                a/1: started activated requested | taken 1→2 #1, listed running, pending
                a: child-cancelled workflow-cancelled | listed cancelled, cancel a/1 1→2 #2 after #1
            > settle
              call a/1.pay, attempt 1, key 1
              a step goes away
              cancel a: a cancelled @5
              commit of 1
                a/1: abandoned workflow-cancelled | taken 1→2 #2, listed cancelled, no pending, end of a/1 2→1 #1 after #0
              load a
              withdraw a call of a/1
              a step goes away
              commit of 1
                shard 1: taken 2→1 #1, no message 1 #1, no message 1 #2
        "#]],
    );
}

#[test]
fn a_message_is_not_taken_that_a_refusal_outran() {
    let mut world = World::new();
    world.quietly(|world| {
        world.run("limit fuel_local_max 0\nuse of-nap nap\nstart a of-nap; start b of-nap\nsettle");
        let ends = ["a", "b"].map(|parent| end_of(world, parent));
        world.plant(ShardId(5), ShardId(1), &ends);
        world.run("hold loads");
    });
    world.run(
        "
        restart
        let load a
        hold steps; let load b
        refused
        let steps; let loads
        after 1s
        settle
        read a; read b
        ",
    );
    expect![[r#"
        > restart
          catalog
          load a
        > let load a
          a step goes away
          load b
          commit of 1
            a: child-ended completed workflow-completed | taken 5→1 #1, listed completed, no message 1 #1, no message 1 #2
        > hold steps; let load b
          a step goes away
        > refused
        > let steps; let loads
          load b
        > after 1s
          load a
          commit of 1
            shard 1: no message 1 #1, no message 1 #2
          a step goes away
          a step goes away
        > settle
          commit of 2
            a: child-ended completed workflow-completed | taken 5→1 #1, listed completed
            b: child-ended completed workflow-completed | taken 5→1 #2, listed completed
        > read a; read b
          load a
          load b
          read a: a completed {} @10
          read b: b completed {} @10
    "#]].assert_eq(&world.transcript());
}

#[test]
fn a_child_does_not_begin_whose_message_a_refusal_outran() {
    let mut world = World::new();
    world.quietly(|world| {
        world.run("limit fuel_local_max 0\nuse nap pay\nstart a nap\nsettle");
        let kids = ["first", "second"].map(|name| start_of(world, name));
        world.plant(ShardId(5), ShardId(9), &kids);
    });
    world.run(
        "
        hold steps; restart
        let steps
        hold steps
        refused
        let steps
        after 1s
        settle
        ",
    );
    expect![[r#"
        > hold steps; restart
          catalog
          a step goes away
        > let steps
          a step goes away
          commit of 1
            first: started activated requested | taken 5→9 #1, listed running, pending
        > hold steps
        > refused
        > let steps
        > after 1s
          a step goes away
          a step goes away
          commit of 1
            first: started activated requested | taken 5→9 #1, listed running, pending
        > settle
          call first.pay, attempt 1, key 1
          commit of 1
            second: started activated requested | taken 5→9 #2, listed running, pending
          call second.pay, attempt 1, key 2
    "#]]
    .assert_eq(&world.transcript());
}

#[test]
fn a_definition_that_keeps_everybody_busy_begins_no_more() {
    let mut world = World::new();
    world.quietly(|world| {
        world.run("limit fuel_local_max 0\nuse pure\nhold steps\nmany 256 a pure");
    });
    world.run("levels\nstart b pure\nstart c pure key=k");
    expect![[r#"
        > levels
          0 in flight, 0 waiting, 256 live, 0 timers, 256 away
        > start b pure
          start b: refused: the server has more work than it admits @1
        > start c pure key=k
          look up test/pure/client/k
          start c: refused: the server has more work than it admits @1
    "#]]
    .assert_eq(&world.transcript());
}

/// A message by which a child of `pay` begins on shard 9.
fn start_of(world: &mut World, name: &str) -> Message {
    let random = world.random(name, ShardId(9));
    let id = InstanceId::new(BEGIN, ShardId(9), random);
    let workflow = WorkflowName {
        namespace: "test".parse().expect("a label"),
        name: "pay".parse().expect("a label"),
    };
    let child = ChildRequest {
        id,
        definition: WorkflowRef { workflow, version: "1.0.0".parse().expect("a version") },
        start_key: name.to_owned(),
        input: motet_expr::json::object::<String>([]),
        awaited: false,
        root: world.id("a"),
        depth: 1,
        undoable: false,
    };
    Message::StartChild { parent: world.id("a"), step: StepId(1), child: Arc::new(child) }
}

#[test]
fn what_was_away_at_a_crash_is_done_again() {
    check(
        "
        limit fuel_local_max 0
        use chain; use nap
        start a chain; start b nap
        settle
        hold steps
        answer a.pay
        after 60s
        let steps
        restart
        answer a.pay
        settle
        ",
        expect![[r#"
            > limit fuel_local_max 0
            > use chain; use nap
            > start a chain; start b nap
              a step goes away
              a step goes away
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated waiting | listed waiting, timer +60s
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @4
              start b: created, b waiting, nap waiting @4
            > hold steps
            > answer a.pay
              a step goes away
            > after 60s
              a step goes away
            > let steps
              commit of 2
                a: settled completed activated requested
                b: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > restart
              catalog
              load b
              load a
              a step goes away
              a step goes away
              a step goes away
              call a.pay, attempt 1, key 1
              commit of 1
                b: fired completed activated completed workflow-completed | listed completed, no timer +60s
            > answer a.pay
              a step goes away
            > settle
              commit of 1
                a: settled completed activated requested
              call a.ship, attempt 1, key 2
        "#]],
    );
}
