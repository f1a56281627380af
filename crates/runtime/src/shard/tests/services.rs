//! Services: endpoints come, are called, fall silent and go; a restart forgets nobody.

use expect_test::expect;

use super::{check, check_lines};

#[test]
fn a_call_goes_to_an_endpoint_that_has_registered() {
    check(
        "
        use ask
        register billing one http://10.0.0.1:8080/base
        durable
        start a ask
        settle
        answer a.ask
        settle
        describe billing
        ",
        expect![[r#"
            > use ask
            > register billing one http://10.0.0.1:8080/base
              commit of 1
                shard 256: endpoint billing/one
            > durable
              register billing one: created, believed for 90s @2
            > start a ask
              commit of 1
                a: started activated requested | listed running, pending
            > settle
              call a.ask, attempt 1, key 1, at http://10.0.0.1:8080/base
              start a: created, a running, ask running @3
            > answer a.ask
              commit of 1
                a: settled completed workflow-completed | listed completed, no pending
            > settle
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one passing until +90s @4
        "#]],
    );
}

#[test]
fn without_the_service_the_call_is_wrong_and_without_an_endpoint_it_waits() {
    check_lines(
        &["start", "read", "call"],
        "
        use ask
        start a ask wait=10s
        settle
        service service: billing, versions: [{ version: 1.0.0 }]
        settle
        start b ask wait=10s
        settle
        ",
        expect![[r#"
            > start a ask wait=10s
                a: started activated requested | listed running, pending
              start a: created, a faulted the service is not known (no service test/billing is registered: publish its document, let its endpoints register, or write the port of the host), ask faulted @3
            > start b ask wait=10s
                b: started activated requested | listed running, pending
        "#]],
    );
}

#[test]
fn a_heartbeat_is_no_commit_and_news_are_one() {
    check(
        "
        register billing one http://10.0.0.1:8080
        register billing one http://10.0.0.1:8080
        durable
        register billing one http://10.0.0.1:8080
        register billing one http://10.0.0.1:9090 version=2.0.0
        describe billing
        durable
        describe billing
        deregister billing two
        deregister billing one
        describe billing
        durable
        describe billing
        ",
        expect![[r#"
            > register billing one http://10.0.0.1:8080
              commit of 1
                shard 256: endpoint billing/one
            > register billing one http://10.0.0.1:8080
            > durable
              register billing one: created, believed for 90s @1
              register billing one: believed for 90s @1
            > register billing one http://10.0.0.1:8080
              register billing one: believed for 90s @1
            > register billing one http://10.0.0.1:9090 version=2.0.0
              commit of 1
                shard 256: endpoint billing/one
            > describe billing
            > durable
              register billing one: believed for 90s @2
              describe billing: 0.0.0 weight 1 closed 0 in flight; one passing until +90s @2
            > describe billing
              describe billing: 2.0.0 weight 1 closed 0 in flight; one passing until +90s @2
            > deregister billing two
              deregister billing two: refused: the service test/billing has no endpoint two @2
            > deregister billing one
              commit of 1
                shard 256: no endpoint billing/one
            > describe billing
            > durable
              deregister billing one: done @3
              describe billing: 2.0.0 weight 1 closed 0 in flight; one passing until +90s @3
            > describe billing
              describe billing: refused: there is no service test/billing @3
        "#]],
    );
}

#[test]
fn what_is_refused_is_not_there() {
    check(
        "
        register billing one http://10.0.0.1:8080
        refused
        describe billing
        register billing one http://10.0.0.1:8080
        settle
        deregister billing one; register billing one http://10.0.0.1:8080
        settle
        describe billing
        ",
        expect![[r#"
            > register billing one http://10.0.0.1:8080
              commit of 1
                shard 256: endpoint billing/one
            > refused
              register billing one: refused: the server is not available: the disk is full: no space left @0
            > describe billing
              describe billing: refused: there is no service test/billing @0
            > register billing one http://10.0.0.1:8080
              commit of 1
                shard 256: endpoint billing/one
            > settle
              register billing one: created, believed for 90s @1
            > deregister billing one; register billing one http://10.0.0.1:8080
              commit of 2
                shard 256: no endpoint billing/one
                shard 256: endpoint billing/one
            > settle
              deregister billing one: done @3
              register billing one: created, believed for 90s @3
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one passing until +90s @3
        "#]],
    );
}

#[test]
fn the_silent_are_suspect_first_and_go_one_after_the_other() {
    check_lines(
        &["describe", "endpoint", "after"],
        "
        register billing one http://10.0.0.1:8080 lease=10s; register billing two http://10.0.0.2:8080 lease=10s; register billing three http://10.0.0.3:8080 lease=10s
        settle
        after 8s
        register billing one http://10.0.0.1:8080 lease=10s
        after 4s
        describe billing
        after 8s
        settle
        after 2s
        settle
        describe billing
        after 30s
        settle
        after 40s
        settle
        describe billing
        ",
        expect![[r#"
                shard 256: endpoint billing/one
                shard 256: endpoint billing/two
                shard 256: endpoint billing/three
            > after 8s
            > after 4s
            > describe billing
              describe billing: 0.0.0 weight 3 closed 0 in flight; one passing until +18s; three suspect until +10s; two suspect until +10s @3
            > after 8s
                shard 256: no endpoint billing/two
            > after 2s
            > describe billing
              describe billing: 0.0.0 weight 2 closed 0 in flight; one suspect until +18s; three suspect until +10s @4
            > after 30s
            > after 40s
                shard 256: no endpoint billing/three
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one suspect until +18s @5
        "#]],
    );
}

#[test]
fn the_last_one_stays_suspect_and_a_call_that_succeeds_restores_it() {
    check_lines(
        &["describe", "endpoint", "call", "after"],
        "
        use ask
        register billing one http://10.0.0.1:8080 lease=10s
        settle
        after 10s
        after 600s
        settle
        describe billing
        start a ask
        settle
        answer a.ask
        settle
        describe billing
        after 86500s
        settle
        describe billing
        ",
        expect![[r#"
                shard 256: endpoint billing/one
            > after 10s
            > after 600s
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one suspect until +10s @2
              call a.ask, attempt 1, key 1, at http://10.0.0.1:8080
            > describe billing
              describe billing: 0.0.0 weight 1 closed 0 in flight; one passing until +620s @4
            > after 86500s
                shard 256: no endpoint billing/one
            > describe billing
              describe billing: refused: there is no service test/billing @5
        "#]],
    );
}

#[test]
fn a_restart_forgets_nobody_and_gives_everybody_time() {
    check(
        "
        service service: billing, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.9:80'] }]
        register billing one http://10.0.0.1:8080 lease=10s
        register billing two http://10.0.0.2:8080 lease=10s
        settle
        drain billing 10.0.0.9:80; drain billing two
        settle
        after 3600s; restart
        describe billing
        undrain billing 10.0.0.9:80
        settle
        services
        ",
        expect![[r#"
            > service service: billing, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.9:80'] }]
              commit of 1
                shard 256: service billing, audit service.set by ann
            > register billing one http://10.0.0.1:8080 lease=10s
            > register billing two http://10.0.0.2:8080 lease=10s
            > settle
              service service: billing,: created @1
              commit of 2
                shard 256: endpoint billing/one
                shard 256: endpoint billing/two
              register billing one: created, believed for 10s @3
              register billing two: created, believed for 10s @3
            > drain billing 10.0.0.9:80; drain billing two
              commit of 2
                shard 256: endpoint billing/10.0.0.9:80 draining, audit endpoint.drain by ann
                shard 256: endpoint billing/two draining, audit endpoint.drain by ann
            > settle
              drain billing 10.0.0.9:80: done @5
              drain billing two: done @5
            > after 3600s; restart
              catalog
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; 10.0.0.9:80 draining; one passing until +3610s; two draining until +3610s @5
            > undrain billing 10.0.0.9:80
              commit of 1
                shard 256: no endpoint billing/10.0.0.9:80, audit endpoint.undrain by ann
            > settle
              undrain billing 10.0.0.9:80: done @6
            > services
              services: billing 2/3 passing @6
        "#]],
    );
}

#[test]
fn probes_come_at_their_time_and_change_where_calls_go() {
    check(
        "
        use ask
        service service: billing, health: { http: /health, interval: 5s, unhealthy: 2 }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] }]
        settle
        after 5s
        probed 10.0.0.1:80 bad; probed 10.0.0.2:80 good
        after 5s
        probed 10.0.0.1:80 bad; probed 10.0.0.2:80 good
        describe billing
        start a ask; start b ask
        settle
        after 5s
        probed 10.0.0.1:80 good
        describe billing
        ",
        expect![[r#"
            > use ask
            > service service: billing, health: { http: /health, interval: 5s, unhealthy: 2 }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] }]
              commit of 1
                shard 256: service billing, audit service.set by ann
            > settle
              service service: billing,: created @2
            > after 5s
              probe billing/10.0.0.1:80
              probe billing/10.0.0.2:80
            > probed 10.0.0.1:80 bad; probed 10.0.0.2:80 good
            > after 5s
              probe billing/10.0.0.1:80
              probe billing/10.0.0.2:80
            > probed 10.0.0.1:80 bad; probed 10.0.0.2:80 good
              notice test/billing@1.0.0 10.0.0.1:80 failing
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; 10.0.0.1:80 failing; 10.0.0.2:80 passing @2
            > start a ask; start b ask
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > settle
              call a.ask, attempt 1, key 1, at http://10.0.0.2:80
              start a: created, a running, ask running @4
              call b.ask, attempt 1, key 2, at http://10.0.0.2:80
              start b: created, b running, ask running @4
            > after 5s
              probe billing/10.0.0.1:80
              probe billing/10.0.0.2:80
            > probed 10.0.0.1:80 good
              notice test/billing@1.0.0 10.0.0.1:80 passing
            > describe billing
              describe billing: 1.0.0 weight 100 closed 2 in flight; 10.0.0.1:80 passing; 10.0.0.2:80 passing @4
        "#]],
    );
}

#[test]
fn a_document_says_which_versions_get_calls() {
    check(
        "
        service service: billing, versions: [{ version: 1.0.0, weight: 0 }, { version: 2.0.0, endpoints: ['http://10.0.0.2:80'] }]
        register billing old http://10.0.0.1:80 version=1.0.0
        register billing new http://10.0.0.3:80 version=3.0.0
        settle
        describe billing
        register billing 10.0.0.2:80 http://10.0.0.4:80
        service service: billing, versions: [{ version: 3.0.0 }]
        settle
        describe billing
        no service billing
        settle
        describe billing
        no service billing
        ",
        expect![[r#"
            > service service: billing, versions: [{ version: 1.0.0, weight: 0 }, { version: 2.0.0, endpoints: ['http://10.0.0.2:80'] }]
              commit of 1
                shard 256: service billing, audit service.set by ann
            > register billing old http://10.0.0.1:80 version=1.0.0
            > register billing new http://10.0.0.3:80 version=3.0.0
            > settle
              service service: billing,: created @1
              commit of 2
                shard 256: endpoint billing/old
                shard 256: endpoint billing/new
              register billing old: created, believed for 90s @3
              register billing new: created, believed for 90s @3
            > describe billing
              describe billing: 1.0.0 weight 0 closed 0 in flight; 2.0.0 weight 100 closed 0 in flight; 3.0.0 weight 0 closed 0 in flight; 10.0.0.2:80 passing; new passing until +90s; old passing until +90s @3
            > register billing 10.0.0.2:80 http://10.0.0.4:80
              register billing 10.0.0.2:80: refused: the endpoint 10.0.0.2:80 of test/billing stands in its document, or was found by DNS @3
            > service service: billing, versions: [{ version: 3.0.0 }]
              commit of 1
                shard 256: service billing, audit service.set by ann
            > settle
              service service: billing,: done @4
            > describe billing
              describe billing: 1.0.0 weight 0 closed 0 in flight; 3.0.0 weight 100 closed 0 in flight; new passing until +90s; old passing until +90s @4
            > no service billing
              commit of 1
                shard 256: no endpoint billing/new, no endpoint billing/old, no service billing, audit service.delete by ann
            > settle
              no service billing: done @5
            > describe billing
              describe billing: refused: there is no service test/billing @5
            > no service billing
              no service billing: refused: there is no service test/billing @5
        "#]],
    );
}

#[test]
fn dns_names_endpoints_and_an_answer_that_vanishes_takes_nobody_away() {
    check_lines(
        &["describe", "endpoint", "resolve", "after"],
        "
        service service: billing, versions: [{ version: 1.0.0, endpoints: [{ dns: bill.internal, port: 80, interval: 10s }] }]
        settle
        resolved bill.internal 10.0.0.1 10.0.0.2
        settle
        after 10s
        resolved bill.internal 10.0.0.1 10.0.0.3
        settle
        describe billing
        after 10s
        resolved bill.internal
        after 10s
        resolved bill.internal 10.0.0.1 10.0.0.3
        after 10s
        describe billing
        restart
        describe billing
        ",
        expect![[r#"
            > service service: billing, versions: [{ version: 1.0.0, endpoints: [{ dns: bill.internal, port: 80, interval: 10s }] }]
              resolve bill.internal
            > resolved bill.internal 10.0.0.1 10.0.0.2
                shard 256: endpoint billing/bill.internal/10.0.0.1:80, endpoint billing/bill.internal/10.0.0.2:80
            > after 10s
              resolve bill.internal
            > resolved bill.internal 10.0.0.1 10.0.0.3
                shard 256: endpoint billing/bill.internal/10.0.0.3:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; bill.internal/10.0.0.1:80 passing until +40s; bill.internal/10.0.0.2:80 passing until +30s; bill.internal/10.0.0.3:80 passing until +40s @3
            > after 10s
              resolve bill.internal
            > resolved bill.internal
            > after 10s
              resolve bill.internal
            > resolved bill.internal 10.0.0.1 10.0.0.3
            > after 10s
              resolve bill.internal
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; bill.internal/10.0.0.1:80 passing until +60s; bill.internal/10.0.0.2:80 suspect until +30s; bill.internal/10.0.0.3:80 passing until +60s @3
              resolve bill.internal
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; bill.internal/10.0.0.1:80 passing until +70s; bill.internal/10.0.0.2:80 passing until +70s; bill.internal/10.0.0.3:80 passing until +70s @3
        "#]],
    );
}
