//! Children, and the messages between shards that start, end and cancel them.

use expect_test::expect;
use motet_engine::End;
use motet_journal::Message;
use motet_types::{ShardId, StepId};

use super::check;
use super::world::World;

#[test]
fn a_child_starts_ends_and_is_acknowledged() {
    check(
        "
        use parent pay
        start a parent wait=60s
        durable
        durable
        answer a/1.pay {\"n\":5}
        durable
        durable
        after 1s
        settle
        ",
        expect![[r#"
            > use parent pay
            > start a parent wait=60s
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→2 #1 after #0
            > durable
              commit of 1
                a/1: started activated requested | taken 1→2 #1, listed running, pending
            > durable
              call a/1.pay, attempt 1, key 1
            > answer a/1.pay {"n":5}
              commit of 1
                a/1: settled completed workflow-completed | listed completed, no pending, end of a/1 2→1 #1 after #0
            > durable
              commit of 1
                a: child-ended completed workflow-completed | taken 2→1 #1, listed completed, no message 1 #1
            > durable
              start a: created, a completed {"n":5} @6
            > after 1s
              commit of 1
                shard 2: no message 2 #1
            > settle
        "#]],
    );
}

#[test]
fn acknowledgements_ride_on_the_next_commit_of_their_shard() {
    check(
        "
        use loose pure pay
        start a loose
        settle
        start b pay
        ",
        expect![[r#"
            > use loose pure pay
            > start a loose
              commit of 1
                a: started activated child-requested completed workflow-completed | listed completed, start a/1 1→120 #1 after #0
            > settle
              start a: created, a completed {"n":1} @4
              commit of 1
                a/1: started activated completed workflow-completed | taken 1→120 #1, listed completed
            > start b pay
              commit of 1
                b: started activated requested | listed running, pending, no message 1 #1
        "#]],
    );
}

#[test]
fn children_run_side_by_side() {
    check(
        "
        use siblings pure
        start a siblings wait=60s
        settle
        ",
        expect![[r#"
            > use siblings pure
            > start a siblings wait=60s
              commit of 1
                a: started activated×2 child-requested activated child-requested activated child-requested | listed waiting, start a/1 1→27 #1 after #0, start a/2 1→120 #2 after #0, start a/3 1→237 #3 after #0
            > settle
              commit of 3
                a/1: started activated completed workflow-completed | taken 1→27 #1, listed completed, end of a/1 27→1 #1 after #0
                a/2: started activated completed workflow-completed | taken 1→120 #2, listed completed, end of a/2 120→1 #1 after #0
                a/3: started activated completed workflow-completed | taken 1→237 #3, listed completed, end of a/3 237→1 #1 after #0
              commit of 3
                a: child-ended completed | taken 27→1 #1, no message 1 #1
                a: child-ended completed | taken 120→1 #1, no message 1 #2
                a: child-ended completed×2 workflow-completed | taken 237→1 #1, listed completed, no message 1 #3 | snapshot
              start a: created, a completed [{"done":1},{"done":1},{"done":1}] @9
        "#]],
    );
}

#[test]
fn a_child_that_cannot_start_is_answered() {
    check(
        "
        use parent
        start a parent wait=60s
        settle
        use pay
        restart without pay
        start b parent wait=60s
        settle
        ",
        expect![[r#"
            > use parent
            > start a parent wait=60s
              commit of 1
                a: started activated failed workflow-faulted | listed faulted
            > settle
              start a: created, a faulted there is no such workflow (the workflow test/pay is not published), kid faulted @2
            > use pay
            > restart without pay
              catalog
            > start b parent wait=60s
              commit of 1
                b: started activated child-requested | listed waiting, start b/1 1→155 #1 after #0
            > settle
              commit of 1
                shard 155: taken 1→155 #1, end of b/1 155→1 #1 after #0
              commit of 1
                b: child-ended failed workflow-faulted | taken 155→1 #1, listed faulted, no message 1 #1
              start b: created, b faulted the child cannot start (the server is not available: test/pay:1.0.0 cannot be compiled by this server), kid faulted @6
        "#]],
    );
}

#[test]
fn a_child_that_faults_faults_its_parent() {
    check(
        "
        use of-faulty faulty
        start a of-faulty wait=60s
        settle
        ",
        expect![[r#"
            > use of-faulty faulty
            > start a of-faulty wait=60s
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→183 #1 after #0
            > settle
              commit of 1
                a/1: started activated failed workflow-faulted | taken 1→183 #1, listed faulted, end of a/1 183→1 #1 after #0
              commit of 1
                a: child-ended failed workflow-faulted | taken 183→1 #1, listed faulted, no message 1 #1
              start a: created, a faulted faulty (), kid faulted @5
        "#]],
    );
}

#[test]
fn cancelling_a_parent_cancels_the_child_that_it_awaits() {
    check(
        "
        use parent pay
        start a parent wait=60s
        settle
        cancel a
        settle
        read a/1
        answer a/1.pay
        levels
        ",
        expect![[r#"
            > use parent pay
            > start a parent wait=60s
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→2 #1 after #0
            > settle
              commit of 1
                a/1: started activated requested | taken 1→2 #1, listed running, pending
              call a/1.pay, attempt 1, key 1
            > cancel a
              commit of 1
                a: child-cancelled workflow-cancelled | listed cancelled, cancel a/1 1→2 #2 after #1, no message 1 #1
            > settle
              start a: created, a cancelled @5
              cancel a: a cancelled @5
              commit of 1
                a/1: abandoned workflow-cancelled | taken 1→2 #2, listed cancelled, no pending, end of a/1 2→1 #1 after #0
              load a
              withdraw a call of a/1
              commit of 1
                shard 1: taken 2→1 #1, no message 1 #2
            > read a/1
              load a/1
              read a/1: a/1 cancelled @7
            > answer a/1.pay
              load a/1
              commit of 1
                a/1: settled | no message 2 #1
            > levels
              0 in flight, 0 waiting, 1 live, 0 timers
        "#]],
    );
}

#[test]
fn a_parent_outside_of_memory_is_loaded_for_its_child() {
    check(
        "
        limit instances_cached_max 0
        use of-nap nap
        start a of-nap
        settle
        levels
        after 60s
        settle
        read a
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use of-nap nap
            > start a of-nap
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→222 #1 after #0
            > settle
              start a: created, a waiting, kid waiting @3
              commit of 1
                a/1: started activated waiting | taken 1→222 #1, listed waiting, timer +60s
            > levels
              0 in flight, 0 waiting, 0 live, 1 timers
            > after 60s
              load a/1
              commit of 1
                shard 1: no message 1 #1
            > settle
              commit of 1
                a/1: fired completed activated completed workflow-completed | listed completed, no timer +60s, end of a/1 222→1 #1 after #0
              load a
              commit of 1
                a: child-ended completed workflow-completed | taken 222→1 #1, listed completed
            > read a
              load a
              read a: a completed {"awake":true} @7
        "#]],
    );
}

#[test]
fn messages_set_out_again_after_a_restart_and_are_taken_once() {
    check(
        "
        use parent pay
        start a parent
        durable
        restart
        settle
        restart
        answer a/1.pay
        durable
        restart
        settle
        after 1s
        settle
        read a
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
            > restart
              catalog
              commit of 1
                a/1: started activated requested | taken 1→2 #1, listed running, pending
            > settle
              call a/1.pay, attempt 1, key 1
            > restart
              catalog
              load a/1
              call a/1.pay, attempt 1, key 1
            > answer a/1.pay
              commit of 1
                a/1: settled completed workflow-completed | listed completed, no pending, end of a/1 2→1 #1 after #0
            > durable
              load a
              commit of 1
                a: child-ended completed workflow-completed | taken 2→1 #1, listed completed, no message 1 #1
            > restart
              catalog
              load a
              commit of 1
                a: child-ended completed workflow-completed | taken 2→1 #1, listed completed, no message 1 #1
            > settle
            > after 1s
              commit of 1
                shard 2: no message 2 #1
            > settle
            > read a
              load a
              read a: a completed {"n":2} @7
        "#]],
    );
}

#[test]
fn a_message_behind_one_whose_taking_was_refused_is_not_lost() {
    check(
        "
        use parent pay
        start a parent
        durable
        cancel a
        refused
        cancel a
        durable
        after 1s
        settle
        after 1s
        settle
        read a/1
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
            > cancel a
            > refused
              cancel a: refused: the server is not available: the disk is full: no space left @3
            > cancel a
              load a
              commit of 1
                a: child-cancelled workflow-cancelled | listed cancelled, cancel a/1 1→2 #3 after #1
            > durable
              cancel a: a cancelled @4
            > after 1s
              load a
              commit of 2
                a/1: started activated requested | taken 1→2 #1, listed running, pending
                a/1: abandoned workflow-cancelled | taken 1→2 #3, listed cancelled, no pending, end of a/1 2→1 #1 after #0
            > settle
              load a
              commit of 1
                a/1: settled
              commit of 1
                shard 1: taken 2→1 #1, no message 1 #1, no message 1 #3
            > after 1s
              commit of 1
                shard 2: no message 2 #1
            > settle
            > read a/1
              load a/1
              read a/1: a/1 cancelled @9
        "#]],
    );
}

#[test]
fn a_message_that_waits_for_a_load_is_not_taken_before_one_that_was_refused() {
    let mut world = World::new();
    world.quietly(|world| {
        world.run("use of-nap nap\nstart a of-nap; start b of-nap\nsettle\nhold loads");
        let ends = ["a", "b"].map(|parent| end_of(world, parent));
        world.plant(ShardId(5), ShardId(1), &ends);
    });
    world.run(
        "
        restart
        let load a
        refused
        let loads
        after 1s
        settle
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
          load b
          commit of 1
            a: child-ended completed workflow-completed | taken 5→1 #1, listed completed, no message 1 #1, no message 1 #2
        > refused
        > let loads
        > after 1s
          load a
          commit of 1
            shard 1: no message 1 #1, no message 1 #2
        > settle
          commit of 2
            a: child-ended completed workflow-completed | taken 5→1 #1, listed completed
            b: child-ended completed workflow-completed | taken 5→1 #2, listed completed
        > after 1s
          commit of 1
            shard 5: no message 5 #1, no message 5 #2
        > settle
        > read a; read b
          load a
          load b
          read a: a completed {} @11
          read b: b completed {} @11
    "#]].assert_eq(&world.transcript());
}

#[test]
fn a_long_queue_behind_one_load_does_not_fill_the_stack() {
    // The end of a child, told again and again: only the first one means something.
    const MESSAGES: usize = 20_000;
    let mut world = World::new();
    world.quietly(|world| {
        world.run(
            "
            limit instances_cached_max 0
            use of-nap nap
            start a of-nap
            settle
            ",
        );
        let ends = vec![end_of(world, "a"); MESSAGES];
        world.plant(world.id("a/1").shard(), world.id("a").shard(), &ends);
        world.run("hold loads\nrestart\nsettle");
        world.run("let loads\nsettle\nafter 2s\nsettle");
    });
    world.run("read a");
    assert!(world.transcript().contains("read a: a completed"), "the end was taken");
}

/// What an instance of `of-nap` is told when its child has ended.
pub(super) fn end_of(world: &World, parent: &str) -> Message {
    let (parent, child) = (world.id(parent), world.id(&format!("{parent}/1")));
    let end = End::Completed(motet_expr::json::object::<String>([]));
    Message::ChildEnded { parent, step: StepId(1), child, end, undoable: false }
}
