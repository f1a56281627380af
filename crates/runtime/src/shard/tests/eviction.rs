//! What leaves memory, and that nothing is lost by it.

use std::collections::BTreeMap;
use std::time::Duration;

use expect_test::expect;

use super::check;
use super::script::answered;
use super::world::World;
use crate::shard::Input;

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

#[test]
fn histories_are_the_same_whatever_stays_in_memory() {
    let mut loads = [0, 0];
    for seed in 1..=30 {
        let (huge, few) = random_life(seed, 10_000);
        let (tiny, many) = random_life(seed, 0);
        assert!(huge.len() >= 8, "seed {seed}: {huge:?}");
        assert!(
            huge.values().all(|history| history.contains("workflow-")),
            "seed {seed}: {huge:#?}"
        );
        assert_eq!(huge, tiny, "seed {seed}");
        loads = [loads[0] + few, loads[1] + many];
    }
    assert!(loads[1] > loads[0] + 250, "a tiny cache reloads: {loads:?}");
}

/// What one random script leaves of each instance, with so many idle ones kept, and how often instances were loaded.
///
/// The script is drawn before anything runs: what it does depends on the seed alone.
fn random_life(seed: u64, cached_max: usize) -> (BTreeMap<String, String>, usize) {
    const WORKFLOWS: [&str; 8] =
        ["chain", "fork", "two-naps", "of-nap", "siblings", "hasty", "stuck", "kid-and-nap"];
    let mut world = World::new();
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut draw = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    world.limit("instances_cached_max", cached_max);
    world.run("use pay pure nap chain fork two-naps of-nap siblings hasty stuck kid-and-nap");
    for nth in 0..8 {
        let workflow = WORKFLOWS[draw(8) as usize];
        world.run(&format!("start i{nth} {workflow}\nsettle"));
    }
    for _ in 0..40 {
        let name = format!("i{}", draw(8));
        match draw(8) {
            0 => world.run(&format!("suspend {name}")),
            1 => world.run(&format!("resume {name}")),
            2 => world.run(&format!("read {name}")),
            3 => world.pass(Duration::from_secs(draw(20))),
            4 => world.run(&format!("retry {name}")),
            _ => {
                let calls = world.calls_by_name();
                if let Some((id, step, attempt)) = calls.get(draw(4) as usize).copied() {
                    world.feed(Input::Outcome { id, step, attempt, outcome: answered(&[]) });
                }
            }
        }
        world.settle();
    }
    // Everything comes to its end.
    for nth in 0..8 {
        world.run(&format!("resume i{nth}\nsettle\ncancel i{nth}\nsettle"));
    }
    world.pass(Duration::from_secs(1_000));
    world.settle();
    (world.histories(), world.loads())
}
