//! Calls wait for a service that is away or full, and nothing is lost or burnt by it.

use expect_test::expect;

use super::{check, check_lines};

#[test]
fn a_breaker_that_opens_parks_calls_and_they_leave_one_by_one_when_it_is_back() {
    check_lines(
        &["call", "park", "released", "describe", "answer", "fail", "after", "completed"],
        "
        use look
        service service: billing, breaker: { calls: 2, open: 5s }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a look; start b look
        settle
        fail a.look not-run; fail b.look not-run
        start c look
        settle
        describe billing
        after 1s
        settle
        after 4s
        settle
        fail a.look not-run
        settle
        describe billing
        after 10s
        settle
        answer a.look
        settle
        describe billing
        answer b.look
        settle
        answer c.look
        settle
        describe billing
        ",
        expect![[r#"
            > service service: billing, breaker: { calls: 2, open: 5s }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
            > fail a.look not-run; fail b.look not-run
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 3 wait for 1.0.0 since +0s for breaker until +5s (3 look by +3600s patience); 10.0.0.1:80 passing @5
            > after 1s
                a: parked | listed waiting
                b: parked | listed waiting
                c: parked | listed waiting
            > after 4s
                a: released | listed running
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
            > fail a.look not-run
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 3 wait for 1.0.0 since +0s for breaker until +15s (3 look by +3600s patience); 10.0.0.1:80 passing @9
            > after 10s
                a: parked | listed waiting
                a: released | listed running
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
            > answer a.look
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 ramping 1 in flight; 1 wait for 1.0.0 since +0s for breaker (1 look by +3600s patience); 10.0.0.1:80 passing @13
            > answer b.look
                b: settled completed workflow-completed | listed completed, no pending
                c: released | listed running
              call c.look, attempt 1, key 3, at http://10.0.0.1:80
            > answer c.look
                c: settled completed workflow-completed | listed completed, no pending
            > describe billing
              describe billing: 1.0.0 weight 100 ramping 0 in flight; 10.0.0.1:80 passing @16
        "#]],
    );
}

#[test]
fn after_a_crash_the_breaker_is_remembered_by_those_who_wait() {
    check_lines(
        &["call", "park", "released", "describe", "answer", "after", "completed", "restart"],
        "
        use look
        service service: billing, breaker: { calls: 2, open: 30s }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a look; start b look
        settle
        fail a.look not-run; fail b.look not-run
        after 1s
        settle
        restart
        settle
        describe billing
        after 29s
        settle
        answer a.look
        settle
        answer b.look
        settle
        ",
        expect![[r#"
            > service service: billing, breaker: { calls: 2, open: 30s }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
            > after 1s
                a: parked | listed waiting
                b: parked | listed waiting
            > restart
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 2 wait for 1.0.0 since +0s for breaker until +30s (2 look by +3600s patience); 10.0.0.1:80 passing @6
            > after 29s
                a: released | listed running
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
            > answer a.look
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
            > answer b.look
                b: settled completed workflow-completed | listed completed, no pending
        "#]],
    );
}

#[test]
fn patience_has_an_end_and_what_may_not_be_repeated_fails_at_once() {
    check_lines(
        &["start", "call", "park", "read", "after"],
        "
        use ask ask-once look
        service service: billing, patience: 20s, idempotency: key, versions: [{ version: 1.0.0 }]
        settle
        start a ask wait=60s
        settle
        after 1s
        settle
        after 19s
        settle
        register billing one http://10.0.0.1:80 version=1.0.0
        settle
        start b ask wait=60s; start c ask-once wait=60s; start d look wait=60s
        settle
        answer b.ask 503; answer c.ask 503; answer d.look 503
        settle
        answer b.ask 404; answer d.look
        settle
        ",
        expect![[r#"
            > start a ask wait=60s
                a: started activated requested | listed running, pending
            > after 1s
                a: parked | listed waiting
            > after 19s
              start a: created, a faulted the service was not reached (the service test/billing was not available for as long as calls wait for it: it has no endpoint that may be called), ask faulted @7
            > start b ask wait=60s; start c ask-once wait=60s; start d look wait=60s
                b: started activated requested | listed running, pending
                c: started activated requested | listed running, pending
                d: started activated requested | listed running, pending
              call b.ask, attempt 1, key 1, at http://10.0.0.1:80
              call c.ask, attempt 1, key 2, at http://10.0.0.1:80
              call d.look, attempt 1, key 3, at http://10.0.0.1:80
              call b.ask, attempt 1, key 1, at http://10.0.0.1:80
              call d.look, attempt 1, key 3, at http://10.0.0.1:80
              start c: created, c faulted the service answered with an error (POST http://billing/ask answered 503: {"n":2}), ask faulted @12
              start b: created, b faulted the service answered with an error (POST http://billing/ask?n=1 answered 404: {"n":2}), ask faulted @14
              start d: created, d completed {"n":2} @14
        "#]],
    );
}

#[test]
fn no_more_calls_are_in_flight_than_the_document_says_and_what_has_begun_goes_first() {
    check_lines(
        &["call", "park", "describe", "after"],
        "
        use look pay-ask
        service service: billing, limits: { inFlight: 1 }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start p pay-ask
        settle
        start a look; start b look
        settle
        answer p.pay
        settle
        describe billing
        after 1s
        settle
        answer a.look
        settle
        answer p.ask
        settle
        answer b.look
        settle
        describe billing
        ",
        expect![[r#"
              call p.pay, attempt 1, key 1
              call a.look, attempt 1, key 2, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 1 in flight; 2 wait for 1.0.0 since +0s for limit (1 look by +3600s patience, 1 pay-ask by +3600s patience); 10.0.0.1:80 passing @7
            > after 1s
                b: parked | listed waiting
                p: parked | listed waiting
              call p.ask, attempt 1, key 3, at http://10.0.0.1:80
              call b.look, attempt 1, key 4, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; 10.0.0.1:80 passing @14
        "#]],
    );
}

#[test]
fn so_many_leave_in_a_second_and_the_others_at_their_time() {
    check_lines(
        &["call", "after", "describe"],
        "
        use look
        service service: billing, limits: { rate: { perSecond: 2, burst: 1 } }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a look; start b look; start c look
        settle
        describe billing
        after 499ms
        after 1ms
        after 500ms
        settle
        describe billing
        ",
        expect![[r#"
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 1 in flight; 2 wait for 1.0.0 since +0s for limit until +0.5s (2 look by +3600s patience); 10.0.0.1:80 passing @5
            > after 499ms
            > after 1ms
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
            > after 500ms
              call c.look, attempt 1, key 3, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 3 in flight; 10.0.0.1:80 passing @7
        "#]],
    );
}

#[test]
fn without_an_endpoint_calls_wait_until_one_registers() {
    check_lines(
        &["call", "describe", "register", "parked", "released"],
        "
        use look ask-both
        service service: billing, versions: [{ version: 1.0.0 }]
        settle
        start a look; start b ask-both
        settle
        describe billing
        after 1s
        settle
        register billing one http://10.0.0.1:80 version=1.0.0
        settle
        describe billing
        ",
        expect![[r#"
            > describe billing
              describe billing: 3 wait for 1.0.0 since +0s for endpoint (2 of 1 ask-both by +3600s patience, 1 look by +3600s patience) @5
                a: parked | listed waiting
                b: parked | listed running
                b: parked | listed waiting
            > register billing one http://10.0.0.1:80 version=1.0.0
              register billing one: created, believed for 90s @9
                a: released | listed running
                b: released | listed running
                b: released | listed running
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
              call b.ask, attempt 1, key 2, at http://10.0.0.1:80
              call b.look, attempt 1, key 3, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 3 in flight; one passing until +91s @12
        "#]],
    );
}

#[test]
fn who_waits_can_be_cancelled_can_time_out_and_hears_when_the_service_is_deleted() {
    check_lines(
        &["call", "describe", "cancel", "after", "start", "parked", "settled"],
        "
        use look ask-soon
        service service: billing, versions: [{ version: 1.0.0 }]
        settle
        start a look; start b ask-soon wait=60s; start c look wait=60s
        settle
        describe billing
        cancel a
        settle
        describe billing
        after 10s
        settle
        describe billing
        no service billing
        settle
        ",
        expect![[r#"
            > start a look; start b ask-soon wait=60s; start c look wait=60s
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, timer +10s, pending
                c: started activated requested | listed running, pending
              start a: created, a running, look running @6
            > describe billing
              describe billing: 3 wait for 1.0.0 since +0s for endpoint (1 ask-soon by +10s task, 2 look by +3600s patience) @6
            > cancel a
                a: abandoned workflow-cancelled | listed cancelled, no pending
              cancel a: a cancelled @7
                a: settled
            > describe billing
              describe billing: 2 wait for 1.0.0 since +0s for endpoint (1 ask-soon by +10s task, 1 look by +3600s patience) @8
            > after 10s
                c: parked | listed waiting
              start b: created, b faulted timed out (ask did not end within its timeout), ask faulted @10
                b: settled
            > describe billing
              describe billing: 1 wait for 1.0.0 since +0s for endpoint (1 look by +3600s patience) @11
                c: settled failed workflow-faulted | listed faulted, no pending
              start c: created, c faulted the service is not known (no service test/billing is registered: publish its document, let its endpoints register, or write the port of the host), look faulted @13
        "#]],
    );
}

#[test]
fn who_waits_leaves_memory_and_comes_back_when_it_is_its_turn() {
    check_lines(
        &["call", "load", "levels", "live", "describe", "released"],
        "
        limit instances_cached_max 1
        use look ask-both
        service service: billing, limits: { inFlight: 1 }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a look
        settle
        start b look
        settle
        start c ask-both
        settle
        start d look
        settle
        after 1s
        settle
        levels
        answer a.look
        settle
        describe billing
        levels
        answer b.look
        settle
        answer c.ask
        settle
        answer c.look
        settle
        answer d.look
        settle
        describe billing
        levels
        ",
        expect![[r#"
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
            > levels
              1 in flight, 4 waiting, 2 live, 0 timers
              load b
              load c
                b: released | listed running
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 1 in flight; 3 wait for 1.0.0 since +0s for limit (2 of 1 ask-both by +3600s patience, 1 look by +3600s patience); 10.0.0.1:80 passing @13
            > levels
              1 in flight, 3 waiting, 2 live, 0 timers
                c: released | listed running
              call c.ask, attempt 1, key 3, at http://10.0.0.1:80
                c: released | listed running
              call c.look, attempt 1, key 4, at http://10.0.0.1:80
              load d
                d: released | listed running
              call d.look, attempt 1, key 5, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; 10.0.0.1:80 passing @20
            > levels
              0 in flight, 0 waiting, 0 live, 0 timers
        "#]],
    );
}

#[test]
fn a_release_that_is_refused_gives_its_place_back() {
    check(
        "
        use look
        service service: billing, limits: { inFlight: 1 }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a look; start b look
        settle
        after 1s
        settle
        answer a.look
        refused
        describe billing
        after 1s
        settle
        describe billing
        ",
        expect![[r#"
            > use look
            > service service: billing, limits: { inFlight: 1 }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
              commit of 1
                shard 256: service billing, audit service.set by ann
            > settle
              service service: billing,: created @2
            > start a look; start b look
              commit of 2
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
            > settle
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
              start a: created, a running, look running @4
              start b: created, b running, look running @4
            > after 1s
              commit of 1
                b: parked | listed waiting
            > settle
            > answer a.look
              commit of 2
                a: settled completed workflow-completed | listed completed, no pending
                b: released | listed running
            > refused
            > describe billing
              describe billing: 1.0.0 weight 100 closed 0 in flight; 10.0.0.1:80 passing @5
            > after 1s
              load a
              load b
              call a.look, attempt 1, key 1, at http://10.0.0.1:80
            > settle
            > describe billing
              describe billing: 1.0.0 weight 100 closed 1 in flight; 1 wait for 1.0.0 since +0s for limit (1 look by +3600s patience); 10.0.0.1:80 passing @5
        "#]],
    );
}

#[test]
fn what_was_sent_and_may_not_be_repeated_is_not_sent_again_after_a_crash() {
    check_lines(
        &["call", "start", "read", "restart"],
        "
        use ask look
        service service: billing, idempotency: none, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a ask; start b look
        settle
        restart
        settle
        read a; read b
        ",
        expect![[r#"
            > start a ask; start b look
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
              call a.ask, attempt 1, key 1, at http://10.0.0.1:80
              start a: created, a running, ask running @5
              call b.look, attempt 1, key 2, at http://10.0.0.1:80
              start b: created, b running, look running @5
            > restart
            > read a; read b
              read a: a faulted the outcome of the call is unknown (outcome: unknown; the call may have been sent and must not be sent again (idempotent: false)), ask faulted @7
              read b: b faulted the outcome of the call is unknown (outcome: unknown; the call may have been sent and must not be sent again (idempotent: false)), look faulted @7
        "#]],
    );
}

#[test]
fn a_try_that_may_have_run_is_written_down_and_undone_whatever_the_next_one_tells() {
    check_lines(
        &["call", "doubted", "settled", "start"],
        "
        use ask-undo
        service service: billing, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] }]
        settle
        start a ask-undo wait=60s; start b ask-undo wait=60s
        settle
        answer a.ask 504; answer b.ask 429
        settle
        answer a.ask 404; answer b.ask 404
        settle
        answer a.unask
        settle
        ",
        expect![[r#"
            > start a ask-undo wait=60s; start b ask-undo wait=60s
                a: started activated requested | listed running, pending
                b: started activated requested | listed running, pending
              call a.ask, attempt 1, key 1, at http://10.0.0.2:80
              call b.ask, attempt 1, key 2, at http://10.0.0.1:80
              call a.ask, attempt 1, key 1, at http://10.0.0.1:80
              call b.ask, attempt 1, key 2, at http://10.0.0.2:80
                a: doubted
                a: settled failed undo-began activated×2 requested | listed running
                b: settled failed workflow-faulted | listed faulted, no pending
              call a.unask, attempt 1, key 3, at http://10.0.0.1:80
              start b: created, b faulted the service answered with an error (PUT http://billing/ask answered 404: {"n":2}), ask faulted @7
                a: settled completed undone undo-ended workflow-faulted | listed faulted, no pending
              start a: created, a faulted the service answered with an error (PUT http://billing/ask answered 404: {"n":2}) @8
        "#]],
    );
}
