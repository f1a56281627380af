//! Endpoints that live by their checks, and who follows what becomes of them.

use expect_test::expect;

use super::check_lines;

const LINES: [&str; 8] =
    ["agent", "describe", "look", "endpoint", "news", "after", "probe", "call"];

#[test]
fn what_is_said_of_a_check_is_written_when_it_is_news() {
    check_lines(
        &LINES,
        "
        agent register billing one http://10.0.0.1:80 ttl=10s
        settle
        describe billing
        agent passing service:one:1; settle
        agent passing service:one:1; settle
        agent warning service:one:1; agent passing service:one:1; settle
        describe billing
        agent critical service:one:2; agent leave two; agent find one
        settle
        restart
        describe billing
        agent leave one; agent passing service:one:1; settle
        ",
        expect![[r#"
            > agent register billing one http://10.0.0.1:80 ttl=10s
                shard 256: endpoint billing/one
              agent register billing: created, believed for 10s @1
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one failing until +10s service:one:1=critical @1
            > agent passing service:one:1; settle
                shard 256: endpoint billing/one
              agent passing service:one:1: done @2
            > agent passing service:one:1; settle
              agent passing service:one:1: done @2
            > agent warning service:one:1; agent passing service:one:1; settle
                shard 256: endpoint billing/one
                shard 256: endpoint billing/one
              agent warning service:one:1: done @4
              agent passing service:one:1: done @4
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one passing until +10s service:one:1=passing @4
            > agent critical service:one:2; agent leave two; agent find one
              agent critical service:one:2: refused: no check with the id "service:one:2" is registered in the namespace test @4
              agent leave two: refused: no service with the id "two" is registered in the namespace test @4
              agent find one: one is of test/billing @4
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one passing until +10s service:one:1=passing @4
            > agent leave one; agent passing service:one:1; settle
                shard 256: no endpoint billing/one
              agent leave one: done @5
              agent passing service:one:1: refused: no check with the id "service:one:1" is registered in the namespace test @5
        "#]],
    );
}

#[test]
fn each_check_is_believed_for_its_own_time_and_nobody_is_forgotten_who_did_not_ask_for_it() {
    check_lines(
        &LINES,
        "
        agent register billing one http://10.0.0.1:80 ttl=10s ttl=30s status=passing
        agent register billing two http://10.0.0.2:80 ttl=10s status=passing forget=60s
        agent register billing three http://10.0.0.3:80
        settle
        after 8s; agent passing service:one:2; settle
        after 4s; describe billing
        agent passing service:one:1; settle
        describe billing
        after 70s; settle; describe billing
        after 86400s; settle; describe billing
        ",
        expect![[r#"
            > agent register billing one http://10.0.0.1:80 ttl=10s ttl=30s status=passing
                shard 256: endpoint billing/one
            > agent register billing two http://10.0.0.2:80 ttl=10s status=passing forget=60s
            > agent register billing three http://10.0.0.3:80
              agent register billing: created, believed for 10s @1
                shard 256: endpoint billing/two
                shard 256: endpoint billing/three
              agent register billing: created, believed for 10s @3
              agent register billing: created, believed for 90s @3
            > after 8s; agent passing service:one:2; settle
              agent passing service:one:2: done @3
            > after 4s; describe billing
              describe billing: 0.0.0 weight 3 closed 0 in flight; one passing until +10s service:one:1=passing service:one:2=passing; three passing; two passing until +10s service:two:1=passing @3
            > agent passing service:one:1; settle
              agent passing service:one:1: done @3
            > describe billing
              describe billing: 0.0.0 weight 3 closed 0 in flight; one passing until +22s service:one:1=passing service:one:2=passing; three passing; two suspect until +10s service:two:1=critical @3
            > after 70s; settle; describe billing
                shard 256: no endpoint billing/two
              describe billing: 0.0.0 weight 2 closed 0 in flight; one suspect until +22s service:one:1=critical service:one:2=critical; three passing @4
            > after 86400s; settle; describe billing
              describe billing: 0.0.0 weight 2 closed 0 in flight; one suspect until +22s service:one:1=critical service:one:2=critical; three passing @4
        "#]],
    );
}

#[test]
fn a_revision_grows_with_what_is_seen_and_does_not_go_back() {
    check_lines(
        &LINES,
        "
        follow
        use ask
        look billing
        agent register billing one http://10.0.0.1:80 ttl=10s status=passing
        settle
        look billing
        after 5s; agent passing service:one:1; look billing
        after 10s; look billing
        start a ask; settle; answer a.ask; settle
        look billing
        after 1s; restart; look billing
        agent leave one; settle
        after 1s; look billing
        agent register billing one http://10.0.0.1:80; settle; look billing
        ",
        expect![[r#"
            > look billing
              look billing: revision begin+0us; not there @1
            > agent register billing one http://10.0.0.1:80 ttl=10s status=passing
                shard 256: endpoint billing/one
              agent register billing: created, believed for 10s @2
              news of billing
            > look billing
              look billing: revision begin+1us; 0.0.0 weight 1 closed 0 in flight; one passing until +10s service:one:1=passing @2
            > after 5s; agent passing service:one:1; look billing
              agent passing service:one:1: done @2
              look billing: revision begin+1us; 0.0.0 weight 1 closed 0 in flight; one passing until +15s service:one:1=passing @2
            > after 10s; look billing
              look billing: revision begin+1us; 0.0.0 weight 1 closed 0 in flight; one passing until +15s service:one:1=passing @2
              news of billing
              call a.ask, attempt 1, key 1, at http://10.0.0.1:80
              news of billing
            > look billing
              look billing: revision begin+15000002us; 0.0.0 weight 1 closed 0 in flight; one passing until +25s service:one:1=passing @4
            > after 1s; restart; look billing
              look billing: revision begin+16000001us; 0.0.0 weight 1 closed 0 in flight; one passing until +26s service:one:1=passing @4
              news of billing
            > agent leave one; settle
                shard 256: no endpoint billing/one
              agent leave one: done @5
              news of billing
            > after 1s; look billing
              look billing: revision begin+16000002us; not there @5
            > agent register billing one http://10.0.0.1:80; settle; look billing
                shard 256: endpoint billing/one
              agent register billing: created, believed for 90s @6
              news of billing
              look billing: revision begin+17000001us; 0.0.0 weight 1 closed 0 in flight; one passing @6
        "#]],
    );
}

#[test]
fn an_id_is_of_one_service_and_a_check_of_one_endpoint() {
    check_lines(
        &LINES,
        "
        agent register billing one http://10.0.0.1:80 ttl=10s
        settle
        agent register shipping one http://10.0.0.1:80 ttl=10s
        settle
        agent find one
        describe billing
        agent register billing two http://10.0.0.2:80 ttl=10s; settle
        agent probe two service:one:1 5s
        agent probe two own 5s; settle
        after 5s
        probed two bad
        after 5s
        probed two bad
        after 5s
        probed two bad
        agent passing own
        describe billing
        agent drop own; settle
        agent drop own; describe billing
        register billing plain http://10.0.0.3:80; settle
        agent leave plain
        ",
        expect![[r#"
            > agent register billing one http://10.0.0.1:80 ttl=10s
                shard 256: endpoint billing/one
              agent register billing: created, believed for 10s @1
            > agent register shipping one http://10.0.0.1:80 ttl=10s
                shard 256: no endpoint billing/one
                shard 256: endpoint shipping/one
              agent register shipping: created, believed for 10s @3
            > agent find one
              agent find one: one is of test/shipping @3
            > describe billing
              describe billing: refused: there is no service test/billing @3
            > agent register billing two http://10.0.0.2:80 ttl=10s; settle
                shard 256: endpoint billing/two
              agent register billing: created, believed for 10s @4
            > agent probe two service:one:1 5s
              agent probe two: refused: the check "service:one:1" of the namespace test is one of another endpoint @4
            > agent probe two own 5s; settle
                shard 256: endpoint billing/two
              agent probe two: done @5
              probe billing/two
            > after 5s
            > probed two bad
            > after 5s
              probe billing/two
            > probed two bad
            > after 5s
              probe billing/two
            > probed two bad
            > agent passing own
              agent passing own: refused: the check "own" of the namespace test asks the endpoint itself: nothing is said of it @5
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; two failing until +10s service:two:1=critical own=critical @5
            > agent drop own; settle
                shard 256: endpoint billing/two
              agent drop own: done @6
            > agent drop own; describe billing
              agent drop own: refused: no check with the id "own" is registered in the namespace test @6
              describe billing: 0.0.0 weight 1 closed 0 in flight; two failing until +25s service:two:1=critical @6
                shard 256: endpoint billing/plain
            > agent leave plain
              agent leave plain: refused: no service with the id "plain" is registered in the namespace test @7
        "#]],
    );
}
