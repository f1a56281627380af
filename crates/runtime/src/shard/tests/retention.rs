//! What has ended long enough ago is forgotten, and nothing else is.

use expect_test::expect;

use super::{World, check};

#[test]
fn an_instance_is_forgotten_when_its_time_is_over() {
    check(
        "
        use pure
        start a pure
        settle
        after 719h
        sweep
        sweep
        after 2h
        sweep
        durable
        read a
        sweep
        after 61s
        sweep
        ",
        expect![[r#"
            > use pure
            > start a pure
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 719h
            > sweep
              sweep ended
            > sweep
              sweep start
            > after 2h
            > sweep
              sweep ended
              load a
              commit of 1
                a: forget, unlisted, no end
            > durable
            > read a
              load a
              read a: refused: there is no instance a @3
            > sweep
              sweep start
            > after 61s
            > sweep
              sweep ended
        "#]],
    );
}

#[test]
fn live_instances_stay_however_old_they_are() {
    check(
        "
        use pay nap stuck
        start a pay; start c stuck
        settle
        start b nap
        suspend b
        settle
        after 2000h
        settle
        sweep
        sweep
        levels
        ",
        expect![[r#"
            > use pay nap stuck
            > start a pay; start c stuck
              commit of 2
                a: started activated requested | listed running, pending
                c: started activated failed incident-raised | listed waiting
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              start c: created, c waiting stuck (), fail faulted, incident: stuck @5
            > start b nap
              commit of 1
                b: started activated waiting | listed waiting, timer +60s
            > suspend b
            > settle
              start b: created, b waiting, nap waiting @6
              commit of 1
                b: suspended | listed suspended, no timer +60s
              suspend b: b suspended, nap waiting @7
            > after 2000h
            > settle
            > sweep
              sweep ended
            > sweep
              sweep start
            > levels
              1 in flight, 0 waiting, 3 live, 0 timers
        "#]],
    );
}

#[test]
fn the_instance_decides_and_not_its_row() {
    check(
        "
        use pay
        start a pay
        settle
        answer a.pay 500
        settle
        after 721h
        hold loads
        retry a; sweep
        let loads
        settle
        answer a.pay
        settle
        sweep
        after 61s
        sweep
        ",
        expect![[r#"
            > use pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > answer a.pay 500
              commit of 1
                a: settled failed workflow-faulted | listed faulted, no pending
            > settle
            > after 721h
            > hold loads
            > retry a; sweep
              load a
              sweep ended
            > let loads
              commit of 1
                a: reopened activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              retry a: a running, pay running @4
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
            > sweep
              sweep start
            > after 61s
            > sweep
              sweep ended
              load a
        "#]],
    );
}

#[test]
fn nobody_gets_in_between_the_removal_and_its_end() {
    check(
        "
        use faulty
        start a faulty
        settle
        after 721h
        hold loads
        sweep
        retry a; read a
        let loads
        retry a
        read a
        durable
        retry a
        ",
        expect![[r#"
            > use faulty
            > start a faulty
              commit of 1
                a: started activated failed workflow-faulted | listed faulted
            > settle
              start a: created, a faulted faulty (), fail faulted @2
            > after 721h
            > hold loads
            > sweep
              sweep ended
              load a
            > retry a; read a
            > let loads
              commit of 1
                a: forget, unlisted, no end
            > retry a
            > read a
            > durable
              retry a: refused: there is no instance a @3
              read a: refused: there is no instance a @3
              retry a: refused: there is no instance a @3
              read a: refused: there is no instance a @3
            > retry a
              load a
              retry a: refused: there is no instance a @3
        "#]],
    );
}

#[test]
fn a_refused_removal_is_tried_again() {
    check(
        "
        use pure
        start a pure
        settle
        after 721h
        sweep
        read a
        refused
        after 2s
        read a
        sweep
        settle
        after 61s
        sweep
        settle
        read a
        ",
        expect![[r#"
            > use pure
            > start a pure
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 721h
            > sweep
              sweep ended
              load a
              commit of 1
                a: forget, unlisted, no end
            > read a
            > refused
              read a: refused: the server is not available: the disk is full: no space left @2
            > after 2s
              load a
            > read a
              load a
              read a: a completed {"done":1} @2
            > sweep
              sweep start
            > settle
            > after 61s
            > sweep
              sweep ended
              load a
              commit of 1
                a: forget, unlisted, no end
            > settle
            > read a
              load a
              read a: refused: there is no instance a @3
        "#]],
    );
}

#[test]
fn a_child_stays_until_its_root_may_go() {
    check(
        "
        use pure kid-and-nap
        start a kid-and-nap
        settle
        suspend a
        settle
        after 721h
        sweep
        resume a
        settle
        after 61s
        sweep; sweep
        after 61s
        sweep
        after 721h
        sweep
        after 61s
        sweep
        ",
        expect![[r#"
            > use pure kid-and-nap
            > start a kid-and-nap
              commit of 1
                a: started activated child-requested | listed waiting, start a/1 1→120 #1 after #0
            > settle
              start a: created, a waiting, kid waiting @3
              commit of 1
                a/1: started activated completed workflow-completed | taken 1→120 #1, listed completed, end of a/1 120→1 #1 after #0
              commit of 1
                a: child-ended completed activated waiting | taken 120→1 #1, listed waiting, timer +60s, no message 1 #1
            > suspend a
              commit of 1
                a: suspended | listed suspended, no timer +60s
            > settle
              suspend a: a suspended, nap waiting @6
            > after 721h
              commit of 1
                shard 120: no message 120 #1
            > sweep
              sweep ended
              load a/1
            > resume a
            > settle
              commit of 1
                a: resumed fired completed activated completed workflow-completed | listed completed
              resume a: a completed {"awake":true} @8
            > after 61s
            > sweep; sweep
              sweep start
            > after 61s
            > sweep
              sweep ended
              load a/1
              load a
            > after 721h
            > sweep
              sweep start
            > after 61s
            > sweep
              sweep ended
              load a/1
              load a
              load a/1
              commit of 1
                a: forget, unlisted, no end
        "#]],
    );
}

#[test]
fn root_and_child_go_in_either_order() {
    check(
        "
        use pure of-pure
        start a of-pure shard=1; start b of-pure shard=254
        settle
        after 721h
        sweep
        settle
        read a; read b
        ",
        expect![[r#"
            > use pure of-pure
            > start a of-pure shard=1; start b of-pure shard=254
              commit of 2
                a: started activated child-requested | listed waiting, start a/1 1→120 #1 after #0
                b: started activated child-requested | listed waiting, start b/1 254→200 #1 after #0
            > settle
              start a: created, a waiting, kid waiting @4
              start b: created, b waiting, kid waiting @4
              commit of 2
                a/1: started activated completed workflow-completed | taken 1→120 #1, listed completed, end of a/1 120→1 #1 after #0
                b/1: started activated completed workflow-completed | taken 254→200 #1, listed completed, end of b/1 200→254 #1 after #0
              commit of 2
                a: child-ended completed workflow-completed | taken 120→1 #1, listed completed, no message 1 #1
                b: child-ended completed workflow-completed | taken 200→254 #1, listed completed, no message 254 #1
            > after 721h
              commit of 2
                shard 120: no message 120 #1
                shard 200: no message 200 #1
            > sweep
              sweep ended
              load a
              load a/1
              load b/1
              load b
              load b/1
            > settle
              commit of 4
                a: forget, unlisted, no end
                a/1: forget, unlisted, no end
                b: forget, unlisted, no end
                b/1: forget, unlisted, no end
            > read a; read b
              load a
              load b
              read a: refused: there is no instance a @14
              read b: refused: there is no instance b @14
        "#]],
    );
}

#[test]
fn a_page_has_256_rows_and_a_pass_takes_them_all() {
    let mut world = World::new();
    let forgotten = |world: &mut World, script: &str| {
        world.run(script);
        let counters = world.machine.counters();
        assert_eq!(counters.sweeps_failed, 0);
        (counters.forgotten, counters.keys_expired)
    };
    let begin = "
        use pure nap
        many 200 first pure
        settle
        start key pure key=one; start alive nap
        suspend alive
        many 200 second pure
        settle
        after 721h
        start young pure
        settle
    ";
    assert_eq!(forgotten(&mut world, begin), (0, 0));
    assert_eq!(forgotten(&mut world, "sweep\nsettle"), (256, 0));
    assert_eq!(forgotten(&mut world, "sweep\nsettle"), (256, 1), "the other table has its turn");
    assert_eq!(forgotten(&mut world, "sweep\nsettle"), (401, 1));
    assert_eq!(forgotten(&mut world, "after 61s\nsweep\nsettle"), (401, 1));
    assert_eq!(forgotten(&mut world, "restart\nsweep\nsettle"), (0, 0));
}

#[test]
fn a_start_key_goes_with_its_time_unless_its_instance_lives() {
    check(
        "
        use pure nap
        start a pure key=one; start b nap key=two
        settle
        suspend b
        settle
        after 25h
        sweep
        sweep
        settle
        start c pure key=one
        settle
        ",
        expect![[r#"
            > use pure nap
            > start a pure key=one; start b nap key=two
              look up test/pure/client/one
              look up test/nap/client/two
              commit of 2
                a: started activated completed workflow-completed | key test/pure/client/one, listed completed
                b: started activated waiting | key test/nap/client/two, listed waiting, timer +60s
            > settle
              start a: created, a completed {"done":1} @4
              start b: created, b waiting, nap waiting @4
            > suspend b
              commit of 1
                b: suspended | listed suspended, no timer +60s
            > settle
              suspend b: b suspended, nap waiting @5
            > after 25h
            > sweep
              sweep ended
            > sweep
              sweep start
              load a
              look up test/pure/client/one
              commit of 1
                shard 116: no key test/pure/client/one
            > settle
            > start c pure key=one
              look up test/pure/client/one
              commit of 1
                c: started activated completed workflow-completed | key test/pure/client/one, listed completed
            > settle
              start c: created, c completed {"done":1} @7
        "#]],
    );
}

#[test]
fn a_start_under_an_expired_key_overtakes_its_removal() {
    check(
        "
        use pure
        start a pure key=one
        settle
        after 25h
        sweep
        hold lookups
        sweep
        start b pure key=one
        let lookups
        settle
        after 61s
        sweep
        sweep
        start c pure key=one
        ",
        expect![[r#"
            > use pure
            > start a pure key=one
              look up test/pure/client/one
              commit of 1
                a: started activated completed workflow-completed | key test/pure/client/one, listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 25h
            > sweep
              sweep ended
            > hold lookups
            > sweep
              sweep start
              load a
              look up test/pure/client/one
            > start b pure key=one
            > let lookups
              load a
              commit of 1
                b: started activated completed workflow-completed | key test/pure/client/one, listed completed
            > settle
              start b: created, b completed {"done":1} @3
            > after 61s
            > sweep
              sweep ended
            > sweep
              sweep start
            > start c pure key=one
              look up test/pure/client/one
              load b
              start c: b completed {"done":1} @3
        "#]],
    );
}

#[test]
fn a_start_behind_the_removal_of_its_key_is_kept() {
    check(
        "
        use pure
        start a pure key=one
        settle
        after 25h
        sweep
        sweep
        start b pure key=one
        settle
        start c pure key=one
        ",
        expect![[r#"
            > use pure
            > start a pure key=one
              look up test/pure/client/one
              commit of 1
                a: started activated completed workflow-completed | key test/pure/client/one, listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 25h
            > sweep
              sweep ended
            > sweep
              sweep start
              load a
              look up test/pure/client/one
              commit of 1
                shard 116: no key test/pure/client/one
            > start b pure key=one
              look up test/pure/client/one
              load a
            > settle
              commit of 1
                b: started activated completed workflow-completed | key test/pure/client/one, listed completed
              start b: created, b completed {"done":1} @4
            > start c pure key=one
              look up test/pure/client/one
              load b
              start c: b completed {"done":1} @4
        "#]],
    );
}

#[test]
fn what_cannot_be_read_is_left_and_looked_at_again() {
    check(
        "
        use pure
        start a pure key=one
        settle
        after 721h
        lose scans
        sweep
        let scans; lose loads
        sweep
        sweep
        let loads; lose lookups
        after 61s
        sweep
        durable
        sweep
        let lookups
        after 61s
        sweep
        sweep
        settle
        ",
        expect![[r#"
            > use pure
            > start a pure key=one
              look up test/pure/client/one
              commit of 1
                a: started activated completed workflow-completed | key test/pure/client/one, listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 721h
            > lose scans
            > sweep
              sweep ended
            > let scans; lose loads
            > sweep
              sweep ended
              load a
            > sweep
              sweep start
              load a
            > let loads; lose lookups
            > after 61s
            > sweep
              sweep ended
              load a
              commit of 1
                a: forget, unlisted, no end
            > durable
            > sweep
              sweep start
              load a
              look up test/pure/client/one
            > let lookups
            > after 61s
            > sweep
              sweep ended
            > sweep
              sweep start
              load a
              look up test/pure/client/one
              commit of 1
                shard 116: no key test/pure/client/one
            > settle
        "#]],
    );
}

#[test]
fn a_page_is_read_when_the_last_one_is_done() {
    check(
        "
        use pure
        start a pure
        settle
        after 721h
        hold scans
        sweep
        sweep
        hold loads; let scans
        sweep
        sweep
        let loads
        sweep
        durable; sweep
        ",
        expect![[r#"
            > use pure
            > start a pure
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 721h
            > hold scans
            > sweep
              sweep ended
            > sweep
            > hold loads; let scans
              load a
            > sweep
            > sweep
            > let loads
              commit of 1
                a: forget, unlisted, no end
            > sweep
            > durable; sweep
              sweep start
        "#]],
    );
}

#[test]
fn sweeps_come_faster_while_much_is_due() {
    let mut world = World::new();
    world.run("use pure\nmany 1500 a pure\nsettle\nafter 721h");
    let mut every = Vec::new();
    for _ in 0..22 {
        world.run("sweep\nsettle");
        every.push((world.machine.counters().forgotten, world.machine.sweep_every().as_millis()));
    }
    let told: Vec<String> = every.iter().map(|(gone, every)| format!("{gone}:{every}")).collect();
    expect!["256:1000 256:500 512:500 768:250 1024:125 1280:62 1500:31 1500:62 1500:125 1500:250 1500:500 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000 1500:1000"].assert_eq(&told.join(" "));
}

#[test]
fn what_is_too_much_for_its_namespace_goes_first_ended_first() {
    check(
        "
        limit retention_bytes 1700
        use pure nap
        start a pure
        start b pure
        start alive nap
        start c pure
        settle
        sweep
        settle
        read a
        read b
        read c
        read alive
        ",
        expect![[r#"
            > limit retention_bytes 1700
            > use pure nap
            > start a pure
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > start b pure
            > start alive nap
            > start c pure
            > settle
              start a: created, a completed {"done":1} @3
              commit of 3
                b: started activated completed workflow-completed | listed completed
                alive: started activated waiting | listed waiting, timer +60s
                c: started activated completed workflow-completed | listed completed
              start b: created, b completed {"done":1} @6
              start alive: created, alive waiting, nap waiting @6
              start c: created, c completed {"done":1} @6
            > sweep
              sweep ended
              load a
              load b
              load c
              commit of 1
                a: forget, unlisted, no end
            > settle
            > read a
              load a
              read a: refused: there is no instance a @7
            > read b
              load b
              read b: b completed {"done":1} @7
            > read c
              load c
              read c: c completed {"done":1} @7
            > read alive
              read alive: alive waiting, nap waiting @7
        "#]],
    );
}

#[test]
fn an_instance_stays_while_its_key_leads_to_it_whatever_it_takes() {
    check(
        "
        limit retention_bytes 1
        use pure
        start a pure key=one
        start b pure
        settle
        sweep
        settle
        after 25h
        sweep
        sweep
        settle
        ",
        expect![[r#"
            > limit retention_bytes 1
            > use pure
            > start a pure key=one
              look up test/pure/client/one
              commit of 1
                a: started activated completed workflow-completed | key test/pure/client/one, listed completed
            > start b pure
            > settle
              start a: created, a completed {"done":1} @2
              commit of 1
                b: started activated completed workflow-completed | listed completed
              start b: created, b completed {"done":1} @3
            > sweep
              sweep ended
              load b
              load a
              commit of 1
                b: forget, unlisted, no end
            > settle
            > after 25h
            > sweep
              sweep start
              load a
              look up test/pure/client/one
              commit of 1
                shard 116: no key test/pure/client/one
            > sweep
              sweep ended
              load a
            > settle
              commit of 1
                a: forget, unlisted, no end
        "#]],
    );
}

#[test]
fn what_ended_instances_take_is_known_after_a_restart_and_a_refusal() {
    let mut world = World::new();
    world.run("use pure\nstart a pure\nsettle\nstart b pure\nsettle");
    let bytes = world.machine.ended_bytes();
    assert!((1_200..3_000).contains(&bytes), "two instances take {bytes}");
    world.run("start c pure\nrefused\nrestart");
    assert_eq!(world.machine.ended_bytes(), bytes);
    world.run("start d pure\nsettle");
    assert_eq!(world.machine.ended_bytes() * 2, bytes * 3, "each takes the same");
    world.run("after 721h\nsweep\nsettle");
    assert_eq!(world.machine.ended_bytes(), 0);
    world.run("restart");
    assert_eq!(world.machine.ended_bytes(), 0);
}

#[test]
fn a_namespace_may_have_an_age_of_its_own() {
    let mut world = World::new();
    let hour = std::time::Duration::from_secs(3_600);
    world.limits.retention_age_by_namespace.insert("test".to_owned(), 100 * hour);
    world.limits.retention_age_by_namespace.insert("other".to_owned(), hour);
    world.run("restart\nuse pure\nstart a pure\nsettle\nafter 99h\nsweep\nsettle");
    assert_eq!(world.machine.counters().forgotten, 0);
    world.run("after 2h\nsweep\nsweep\nsettle");
    assert_eq!(world.machine.counters().forgotten, 1);
}
