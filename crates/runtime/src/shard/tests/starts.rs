//! Start keys.

use expect_test::expect;

use super::check;

#[test]
fn starts_under_one_key_while_the_store_is_asked_become_one() {
    check(
        "
        use pay
        hold lookups
        start a pay key=k
        start b pay key=k
        start c pay key=k {\"n\":9}
        let lookups
        durable
        ",
        expect![[r#"
            > use pay
            > hold lookups
            > start a pay key=k
              look up test/pay/client/k
            > start b pay key=k
            > start c pay key=k {"n":9}
            > let lookups
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
              start b: a running, pay running @2
              start c: refused: the idempotency key was already used for another start (instance a) @2
        "#]],
    );
}

#[test]
fn a_key_whose_start_is_not_durable_yet_is_known() {
    check(
        "
        use pay
        start a pay key=k
        start b pay key=k
        start c pay key=k {\"n\":9}
        durable
        start d pay key=k
        ",
        expect![[r#"
            > use pay
            > start a pay key=k
              look up test/pay/client/k
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > start b pay key=k
            > start c pay key=k {"n":9}
            > durable
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
              start b: a running, pay running @2
              start c: refused: the idempotency key was already used for another start (instance a) @2
            > start d pay key=k
              look up test/pay/client/k
              start d: a running, pay running @2
        "#]],
    );
}

#[test]
fn another_body_or_version_is_another_start() {
    check(
        "
        use pay
        start a pay key=k
        settle
        start b pay key=k
        start c pay key=k {\"n\":9}
        start d pay key=k version=1.0.0
        ",
        expect![[r#"
            > use pay
            > start a pay key=k
              look up test/pay/client/k
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > start b pay key=k
              look up test/pay/client/k
              start b: a running, pay running @2
            > start c pay key=k {"n":9}
              look up test/pay/client/k
              start c: refused: the idempotency key was already used for another start (instance a) @2
            > start d pay key=k version=1.0.0
              look up test/pay/client/k
              start d: refused: the idempotency key was already used for another start (instance a) @2
        "#]],
    );
}

#[test]
fn keys_belong_to_their_workflow() {
    check(
        "
        use pay pure
        start a pay key=k
        start b pure key=k
        settle
        ",
        expect![[r#"
            > use pay pure
            > start a pay key=k
              look up test/pay/client/k
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > start b pure key=k
              look up test/pure/client/k
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @3
              commit of 1
                b: started activated completed workflow-completed | key test/pure/client/k, listed completed
              start b: created, b completed {"done":1} @4
        "#]],
    );
}

#[test]
fn a_key_is_remembered_for_a_day() {
    check(
        "
        use pure
        start a pure key=k
        settle
        after 23h
        start b pure key=k
        after 1h
        start c pure key=k
        settle
        ",
        expect![[r#"
            > use pure
            > start a pure key=k
              look up test/pure/client/k
              commit of 1
                a: started activated completed workflow-completed | key test/pure/client/k, listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > after 23h
            > start b pure key=k
              look up test/pure/client/k
              load a
              start b: a completed {"done":1} @2
            > after 1h
            > start c pure key=k
              look up test/pure/client/k
              load a
              commit of 1
                c: started activated completed workflow-completed | key test/pure/client/k, listed completed
            > settle
              start c: created, c completed {"done":1} @3
        "#]],
    );
}

#[test]
fn a_key_is_remembered_while_its_instance_lives() {
    check(
        "
        use pay
        start a pay key=k
        settle
        after 48h
        start b pay key=k
        ",
        expect![[r#"
            > use pay
            > start a pay key=k
              look up test/pay/client/k
              commit of 1
                a: started activated requested | key test/pay/client/k, listed running, pending
            > settle
              call a.pay, attempt 1, key 1
              start a: created, a running, pay running @2
            > after 48h
            > start b pay key=k
              look up test/pay/client/k
              start b: a running, pay running @2
        "#]],
    );
}

#[test]
fn a_key_is_remembered_while_its_instance_lives_outside_of_memory() {
    check(
        "
        limit instances_cached_max 0
        use stuck
        start a stuck key=k
        settle
        after 48h
        start b stuck key=k; start c stuck key=k {\"n\":9}
        restart
        start d stuck key=k
        cancel a
        settle
        start e stuck key=k
        settle
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use stuck
            > start a stuck key=k
              look up test/stuck/client/k
              commit of 1
                a: started activated failed incident-raised | key test/stuck/client/k, listed waiting
            > settle
              start a: created, a waiting stuck (), fail faulted, incident: stuck @2
            > after 48h
            > start b stuck key=k; start c stuck key=k {"n":9}
              look up test/stuck/client/k
              load a
              start b: a waiting stuck (), fail faulted, incident: stuck @2
              start c: refused: the idempotency key was already used for another start (instance a) @2
            > restart
              catalog
            > start d stuck key=k
              look up test/stuck/client/k
              load a
              start d: a waiting stuck (), fail faulted, incident: stuck @2
            > cancel a
              load a
              commit of 1
                a: workflow-cancelled | listed cancelled
            > settle
              cancel a: a cancelled @3
            > start e stuck key=k
              look up test/stuck/client/k
              load a
              commit of 1
                e: started activated failed incident-raised | key test/stuck/client/k, listed waiting
            > settle
              start e: created, e waiting stuck (), fail faulted, incident: stuck @4
        "#]],
    );
}

#[test]
fn a_lookup_that_fails_refuses_its_starts_and_is_made_again() {
    check(
        "
        use pay
        lose lookups
        start a pay key=k; start b pay key=k
        let lookups
        start c pay key=k
        durable
        ",
        expect![[r#"
            > use pay
            > lose lookups
            > start a pay key=k; start b pay key=k
              look up test/pay/client/k
              start a: refused: the server is not available: storage failed: the disk does not answer @1
              start b: refused: the server is not available: storage failed: the disk does not answer @1
            > let lookups
            > start c pay key=k
              look up test/pay/client/k
              commit of 1
                c: started activated requested | key test/pay/client/k, listed running, pending
            > durable
              call c.pay, attempt 1, key 1
              start c: created, c running, pay running @2
        "#]],
    );
}

#[test]
fn a_key_that_expired_is_judged_when_its_instance_can_be_loaded() {
    check(
        "
        limit instances_cached_max 0
        use stuck
        start a stuck key=k
        settle
        after 48h
        lose loads
        start b stuck key=k
        let loads
        start c stuck key=k
        ",
        expect![[r#"
            > limit instances_cached_max 0
            > use stuck
            > start a stuck key=k
              look up test/stuck/client/k
              commit of 1
                a: started activated failed incident-raised | key test/stuck/client/k, listed waiting
            > settle
              start a: created, a waiting stuck (), fail faulted, incident: stuck @2
            > after 48h
            > lose loads
            > start b stuck key=k
              look up test/stuck/client/k
              load a
              start b: refused: the instance cannot be loaded: the disk does not answer @2
            > let loads
            > start c stuck key=k
              look up test/stuck/client/k
              load a
              start c: a waiting stuck (), fail faulted, incident: stuck @2
        "#]],
    );
}

#[test]
fn a_workflow_that_is_not_there_cannot_be_started() {
    check(
        "
        use pay
        start a pure
        start b pay version=2.0.0
        start c pay version=^1.0.0
        ",
        expect![[r#"
            > use pay
            > start a pure
              start a: refused: the workflow test/pure is not published @1
            > start b pay version=2.0.0
              start b: refused: the workflow test/pay has no version, tag or match for "2.0.0"; published: 1.0.0 @1
            > start c pay version=^1.0.0
              commit of 1
                c: started activated requested | listed running, pending
        "#]],
    );
}
