//! Instances that cannot be rebuilt: what people see of them, and how they go on.

use expect_test::expect;

use super::check;

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told once")]
fn an_instance_whose_definition_is_gone_shows_an_incident_and_goes_on_once_it_is_back() {
    check(
        "
        use pay pure
        start a pay; start b pay; start c pure
        settle
        restart without pay
        settle
        read a
        retry a
        cancel b
        read c
        settle
        restart
        settle
        retry a
        answer a.pay
        settle
        ",
        expect![[r#"
            > use pay pure
            > start a pay; start b pay; start c pure
              commit of 3
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
                c: started activated completed workflow-completed | listed completed
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @5
              call b.pay, attempt 1, key 2
              start b: created, b running, pay running @5
              start c: created, c completed {"done":1} @5
            > restart without pay
              catalog
              load a
              load b
              row of a
              row of b
              commit of 2
                shard 1: listed running, unloadable
                shard 1: listed running, unloadable
            > settle
            > read a
              load a
              row of a
              read a: a running the instance cannot be loaded (the definition test/pay:1.0.0 cannot be compiled by this version; `retry` loads it again), incident: the instance cannot be loaded @7
            > retry a
              load a
              row of a
              retry a: refused: the instance cannot be loaded: the definition test/pay:1.0.0 cannot be compiled by this version @7
            > cancel b
              load b
              row of b
              cancel b: refused: the instance cannot be loaded: the definition test/pay:1.0.0 cannot be compiled by this version @7
            > read c
              load c
              read c: c completed {"done":1} @7
            > settle
            > restart
              catalog
              load a
              load b
              call a.pay, attempt 1, key 1
              call b.pay, attempt 1, key 2
              commit of 2
                shard 1: listed running, no unloadable
                shard 1: listed running, no unloadable
            > settle
            > retry a
              retry a: refused: the instance is running: only an instance with an incident can be retried @9
            > answer a.pay
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
        "#]],
    );
}

#[test]
fn a_timer_that_wakes_an_unloadable_instance_costs_nobody_anything() {
    check(
        "
        use nap
        start a nap
        settle
        restart without nap
        after 60s
        settle
        retry a
        settle
        lose lookups
        retry a
        ",
        expect![[r#"
            > use nap
            > start a nap
              commit of 1
                a: started activated waiting | listed waiting, timer +60s
            > settle
              start a: created, a waiting, nap waiting @2
            > restart without nap
              catalog
            > after 60s
              load a
              row of a
              commit of 1
                shard 1: listed waiting, unloadable
            > settle
            > retry a
              load a
              row of a
              retry a: refused: the instance cannot be loaded: the definition test/nap:1.0.0 cannot be compiled by this version @3
            > settle
            > lose lookups
            > retry a
              load a
              row of a
              retry a: refused: the instance cannot be loaded: the definition test/nap:1.0.0 cannot be compiled by this version @3
        "#]],
    );
}

#[test]
fn what_a_refusal_keeps_from_being_shown_is_shown_the_next_time() {
    check(
        "
        use pay
        start a pay
        settle
        restart without pay
        refused
        read a
        settle
        ",
        expect![[r#"
            > use pay
            > start a pay
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > restart without pay
              catalog
              load a
              row of a
              commit of 1
                shard 1: listed running, unloadable
            > refused
            > read a
              load a
              row of a
              commit of 1
                shard 1: listed running, unloadable
            > settle
              read a: a running the instance cannot be loaded (the definition test/pay:1.0.0 cannot be compiled by this version; `retry` loads it again), incident: the instance cannot be loaded @3
        "#]],
    );
}
