//! Who is hit while a service is away: which workflows, how many of their instances, and until when they may wait.

use expect_test::expect;

use super::check_lines;

#[test]
fn an_open_breaker_says_which_workflows_wait_how_many_and_until_when() {
    check_lines(
        &["describe", "figures", "billing@", "after", "levels", "live", "faulted", "restart"],
        "
        limit instances_cached_max 1
        use look ask-soon ask-both look-within hurried
        service service: billing, patience: 60s, breaker: { calls: 2, open: 30s }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80'] }]
        settle
        start a look; start b look
        settle
        fail a.look not-run; fail b.look not-run
        start c ask-soon; start d ask-both; start e look-within; start f hurried
        settle
        describe billing
        figures
        after 1s
        settle
        levels
        describe billing
        restart
        settle
        describe billing
        after 9s
        settle
        describe billing
        after 5s
        settle
        describe billing
        figures
        ",
        expect![[r#"
              notice test/billing@1.0.0 opened
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 7 wait for 1.0.0 since +0s for breaker until +30s (1 hurried by +8s task, 1 ask-soon by +10s task, 1 look-within by +15s workflow, 2 of 1 ask-both by +60s patience, 2 look by +60s patience); 10.0.0.1:80 passing @12
            > figures
              figures: test/billing@1.0.0: 0 answered, 2 failed, 0 overloaded, 0 withdrawn, 0ns, changes {"opened": 1}, held {"breaker": 5}, open 0 in flight, limit Some(20), [("passing", 1)]
                test/billing@1.0.0: 7 wait for breaker
                test/billing@1.0.0 10.0.0.1:80: 0 answered, 2 failed, 0 overloaded, 0 withdrawn @12
            > after 1s
            > levels
              0 in flight, 7 waiting, 1 live, 3 timers
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 7 wait for 1.0.0 since +0s for breaker until +30s (1 hurried by +8s task, 1 ask-soon by +10s task, 1 look-within by +15s workflow, 2 of 1 ask-both by +60s patience, 2 look by +60s patience); 10.0.0.1:80 passing @19
            > restart
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 7 wait for 1.0.0 since +0s for breaker until +30s (1 hurried by +8s task, 1 ask-soon by +10s task, 1 look-within by +15s workflow, 2 of 1 ask-both by +60s patience, 2 look by +60s patience); 10.0.0.1:80 passing @19
            > after 9s
                f: fired abandoned failed workflow-faulted | listed faulted, no timer +8s, no pending
                c: fired abandoned failed workflow-faulted | listed faulted, no timer +10s, no pending
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 5 wait for 1.0.0 since +0s for breaker until +30s (1 look-within by +15s workflow, 2 of 1 ask-both by +60s patience, 2 look by +60s patience); 10.0.0.1:80 passing @23
            > after 5s
                e: fired abandoned workflow-faulted | listed faulted, no timer +15s, no pending
            > describe billing
              describe billing: 1.0.0 weight 100 open 0 in flight; 4 wait for 1.0.0 since +0s for breaker until +30s (2 of 1 ask-both by +60s patience, 2 look by +60s patience); 10.0.0.1:80 passing @25
            > figures
              figures: test/billing@1.0.0: 0 answered, 0 failed, 0 overloaded, 0 withdrawn, 0ns, changes {}, held {"breaker": 7}, open 0 in flight, limit Some(20), [("passing", 1)]
                test/billing@1.0.0: 4 wait for breaker @25
        "#]],
    );
}

#[test]
fn who_is_turned_away_or_leaves_is_not_counted_any_more() {
    check_lines(
        &["describe", "figures", "billing@", "call", "register", "after", "cancel"],
        "
        use look ask-both
        service service: billing, patience: 20s, versions: [{ version: 1.0.0 }]
        settle
        start a look; start b ask-both
        settle
        describe billing
        figures
        cancel b
        settle
        describe billing
        start c look
        settle
        after 20s
        settle
        describe billing
        start d look
        settle
        describe billing
        register billing one http://10.0.0.1:80 version=1.0.0
        settle
        describe billing
        figures
        ",
        expect![[r#"
            > describe billing
              describe billing: 3 wait for 1.0.0 since +0s for endpoint (2 of 1 ask-both by +20s patience, 1 look by +20s patience) @5
            > figures
              figures: test/billing@1.0.0: 3 wait for endpoint @5
            > cancel b
                b: abandoned×2 workflow-cancelled | listed cancelled, no pending
              cancel b: b cancelled @6
            > describe billing
              describe billing: 1 wait for 1.0.0 since +0s for endpoint (1 look by +20s patience) @8
            > after 20s
            > describe billing
              describe billing:  @13
            > describe billing
              describe billing: 1 wait for 1.0.0 since +20s for endpoint (1 look by +40s patience) @14
            > register billing one http://10.0.0.1:80 version=1.0.0
              register billing one: created, believed for 90s @15
              call d.look, attempt 1, key 1, at http://10.0.0.1:80
            > describe billing
              describe billing: 1.0.0 weight 100 closed 1 in flight; one passing until +110s @15
            > figures
              figures: test/billing@1.0.0: 0 answered, 0 failed, 0 overloaded, 0 withdrawn, 0ns, changes {}, held {"endpoint": 2}, closed 1 in flight, limit Some(20), [("passing", 1)] @15
        "#]],
    );
}
