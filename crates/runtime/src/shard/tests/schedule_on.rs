//! Schedules that events start: each event, or each complete set, has one start.

use expect_test::expect;

use super::check;

#[test]
fn each_event_starts_one() {
    check(
        "
        use heeding
        event a.b e1 {\"n\":1}
        settle
        event a.b e1 {\"n\":1}
        event x.y e2
        settle
        show heeding
        ",
        expect![[r#"
            > use heeding
            > event a.b e1 {"n":1}
              commit of 1
                shard 6: event test/a.b #1, e1 for schedule 185 6→185 #1 after #0
            > settle
              event e1: accepted @4
              commit of 1
                shard 185: taken 6→185 #1, schedule on test/a.b (1 running), start heeding:on+0s 185→101 #2 after #0, no message 185 #1
              load heeding:on+0s
              commit of 1
                heeding:on+0s: started activated completed workflow-completed | taken 185→101 #2, listed completed, heeding:on+0s completed 101→185 #1 after #0
              commit of 1
                shard 185: taken 101→185 #1, schedule on test/a.b, no message 185 #2
            > event a.b e1 {"n":1}
              event e1: known @7
            > event x.y e2
              load test/x.y
              commit of 1
                shard 91: event test/x.y #1
            > settle
              event e2: accepted @8
            > show heeding
              show: on test/a.b @8
        "#]],
    );
}

#[test]
fn what_came_before_the_schedule_starts_nothing_and_what_came_since_does() {
    check(
        "
        event a.b e1 {\"n\":1}
        settle
        after 1s
        publish heeding
        durable
        event a.b e2 {\"n\":2}
        settle
        show heeding
        ",
        expect![[r#"
            > event a.b e1 {"n":1}
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > settle
              event e1: accepted @1
            > after 1s
            > publish heeding
              commit of 1
                catalog
            > durable
              catalog
              publish heeding: created @2
              commit of 1
                shard 185: schedule on test/a.b, schedule 185 listens 185→6 #1 after #0
            > event a.b e2 {"n":2}
            > settle
              commit of 2
                shard 6: event test/a.b #2
                shard 6: taken 185→6 #1, listen of schedule 185 at test/a.b, e2 for schedule 185 6→185 #1 after #0
              event e2: accepted @5
              commit of 1
                shard 185: taken 6→185 #1, schedule on test/a.b (1 running), start heeding:on+1s 185→252 #2 after #0, no message 185 #1
              load heeding:on+1s
              commit of 1
                heeding:on+1s: started activated completed workflow-completed | taken 185→252 #2, listed completed, heeding:on+1s completed 252→185 #1 after #0
              commit of 1
                shard 185: taken 252→185 #1, schedule on test/a.b, no message 185 #2
            > show heeding
              show: on test/a.b @8
        "#]],
    );
}

#[test]
fn a_set_needs_all_of_its_events_and_each_value_has_its_own() {
    check(
        "
        use heed-all
        event a.b e1 {\"n\":1}; event a.b e2 {\"n\":2}; event a.b e3 {\"n\":2}
        settle
        show heed-all
        restart
        event c.d e4 {\"n\":2}
        settle
        show heed-all
        ",
        expect![[r#"
            > use heed-all
            > event a.b e1 {"n":1}; event a.b e2 {"n":2}; event a.b e3 {"n":2}
              commit of 3
                shard 6: event test/a.b #1, e1 for schedule 239 6→239 #1 after #0
                shard 6: event test/a.b #2, e2 for schedule 239 6→239 #2 after #1
                shard 6: event test/a.b #3, e3 for schedule 239 6→239 #3 after #2
            > settle
              event e1: accepted @7
              event e2: accepted @7
              event e3: accepted @7
              commit of 3
                shard 239: taken 6→239 #1, schedule on test/a.b test/c.d (1 gathering), set #1.0, set #1.1, no message 239 #1, no message 239 #2
                shard 239: taken 6→239 #2, schedule on test/a.b test/c.d (2 gathering), set #2.0, set #2.1
                shard 239: taken 6→239 #3, schedule on test/a.b test/c.d (3 gathering), set #3.0, set #3.1
            > show heed-all
              show: on test/a.b test/c.d (3 gathering) @10
            > restart
              catalog
            > event c.d e4 {"n":2}
              load test/c.d
              commit of 1
                shard 172: event test/c.d #1, e4 for schedule 239 172→239 #1 after #0
            > settle
              event e4: accepted @11
              commit of 1
                shard 239: taken 172→239 #1, schedule on test/a.b test/c.d (1 running, 2 gathering), no set #2.0, no set #2.1, start heed-all:on+0s 239→168 #3 after #0
              load heed-all:on+0s
              commit of 1
                heed-all:on+0s: started activated completed workflow-completed | taken 239→168 #3, listed completed, heed-all:on+0s completed 168→239 #1 after #0
              commit of 1
                shard 239: taken 168→239 #1, schedule on test/a.b test/c.d (2 gathering), no message 239 #3
            > show heed-all
              show: on test/a.b test/c.d (2 gathering) @14
        "#]],
    );
}

#[test]
fn a_condition_ends_the_gathering() {
    check(
        "
        use heed-until
        event a.b e1 1; event a.b e2 2
        settle
        restart
        event a.b e3 3
        settle
        show heed-until
        ",
        expect![[r#"
            > use heed-until
            > event a.b e1 1; event a.b e2 2
              commit of 2
                shard 6: event test/a.b #1, e1 for schedule 68 6→68 #1 after #0
                shard 6: event test/a.b #2, e2 for schedule 68 6→68 #2 after #1
            > settle
              event e1: accepted @5
              event e2: accepted @5
              commit of 2
                shard 68: taken 6→68 #1, schedule on test/a.b (1 gathering), set #1.0, set #1.1, no message 68 #1
                shard 68: taken 6→68 #2, schedule on test/a.b (1 gathering), set #1.0, set #1.2
            > restart
              catalog
            > event a.b e3 3
              load test/a.b
              commit of 1
                shard 6: event test/a.b #3, e3 for schedule 68 6→68 #3 after #2, no message 6 #1, no message 6 #2
            > settle
              event e3: accepted @8
              commit of 1
                shard 68: taken 6→68 #3, schedule on test/a.b (1 running), no set #1.0, no set #1.1, no set #1.2, start heed-until:on+0s 68→162 #2 after #0
              load heed-until:on+0s
              commit of 1
                heed-until:on+0s: started activated completed workflow-completed | taken 68→162 #2, listed completed, heed-until:on+0s completed 162→68 #1 after #0
              commit of 1
                shard 68: taken 162→68 #1, schedule on test/a.b, no message 68 #2
            > show heed-until
              show: on test/a.b @11
        "#]],
    );
}

#[test]
fn any_event_of_the_namespace() {
    check(
        "
        use heed-any
        event a.b e1
        settle
        show heed-any
        ",
        expect![[r#"
            > use heed-any
            > event a.b e1
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1, pass on e1 6→247 #1 after #0
            > settle
              event e1: accepted @4
              commit of 1
                shard 247: taken 6→247 #1, event test/* #1, e1 for schedule 139 247→139 #1 after #0
              commit of 1
                shard 139: taken 247→139 #1, schedule on test/* (1 running), start heed-any:on+0s 139→203 #2 after #0, no message 139 #1
              load heed-any:on+0s
              commit of 1
                heed-any:on+0s: started activated completed workflow-completed | taken 139→203 #2, listed completed, heed-any:on+0s completed 203→139 #1 after #0
              commit of 1
                shard 139: taken 203→139 #1, schedule on test/*, no message 139 #2
            > show heed-any
              show: on test/* @8
        "#]],
    );
}

#[test]
fn what_a_refusal_takes_back_comes_again() {
    check(
        "
        use heed-all
        event a.b e1 {\"n\":1}
        settle
        event c.d e2 {\"n\":1}
        durable
        durable
        refused
        after 1s
        settle
        show heed-all
        ",
        expect![[r#"
            > use heed-all
            > event a.b e1 {"n":1}
              commit of 1
                shard 6: event test/a.b #1, e1 for schedule 239 6→239 #1 after #0
            > settle
              event e1: accepted @5
              commit of 1
                shard 239: taken 6→239 #1, schedule on test/a.b test/c.d (1 gathering), set #1.0, set #1.1, no message 239 #1, no message 239 #2
            > event c.d e2 {"n":1}
              commit of 1
                shard 172: event test/c.d #1, e2 for schedule 239 172→239 #1 after #0
            > durable
              event e2: accepted @7
              commit of 1
                shard 239: taken 172→239 #1, schedule on test/a.b test/c.d (1 running), no set #1.0, no set #1.1, start heed-all:on+0s 239→240 #3 after #0
            > durable
              load heed-all:on+0s
              commit of 1
                heed-all:on+0s: started activated completed workflow-completed | taken 239→240 #3, listed completed, heed-all:on+0s completed 240→239 #1 after #0
            > refused
            > after 1s
              load heed-all:on+0s
              commit of 2
                shard 6: no message 6 #1
                shard 172: no message 172 #1
            > settle
              commit of 1
                heed-all:on+0s: started activated completed workflow-completed | taken 239→240 #3, listed completed, heed-all:on+0s completed 240→239 #2 after #0
              commit of 1
                shard 239: taken 240→239 #2, schedule on test/a.b test/c.d, no message 239 #3
            > show heed-all
              show: on test/a.b test/c.d @12
        "#]],
    );
}

#[test]
fn a_crash_anywhere_on_the_way_starts_it_once() {
    check(
        "
        use heeding
        event a.b e1 {\"n\":1}
        durable
        restart
        durable
        restart
        durable
        restart
        settle
        show heeding
        ",
        expect![[r#"
            > use heeding
            > event a.b e1 {"n":1}
              commit of 1
                shard 6: event test/a.b #1, e1 for schedule 185 6→185 #1 after #0
            > durable
              event e1: accepted @4
              commit of 1
                shard 185: taken 6→185 #1, schedule on test/a.b (1 running), start heeding:on+0s 185→101 #2 after #0, no message 185 #1
            > restart
              catalog
              commit of 1
                shard 185: taken 6→185 #1, schedule on test/a.b (1 running), start heeding:on+0s 185→101 #2 after #0
            > durable
              load heeding:on+0s
              commit of 1
                heeding:on+0s: started activated completed workflow-completed | taken 185→101 #2, listed completed, heeding:on+0s completed 101→185 #1 after #0
            > restart
              catalog
              load heeding:on+0s
              commit of 1
                heeding:on+0s: started activated completed workflow-completed | taken 185→101 #2, listed completed, heeding:on+0s completed 101→185 #1 after #0
            > durable
              commit of 1
                shard 185: taken 101→185 #1, schedule on test/a.b, no message 185 #1, no message 185 #2
            > restart
              catalog
              commit of 1
                shard 185: taken 101→185 #1, schedule on test/a.b
            > settle
            > show heeding
              show: on test/a.b @7
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn one_that_runs_makes_others_wait_or_be_left_out() {
    check(
        "
        use heed-skip heed-queue heed-replace
        event a.b e1
        settle
        event a.b e2; event a.b e3
        settle
        show heed-skip; show heed-queue; show heed-replace
        restart
        after 60s
        settle
        show heed-skip; show heed-queue; show heed-replace
        ",
        expect![[r#"
            > use heed-skip heed-queue heed-replace
            > event a.b e1
              commit of 1
                shard 6: event test/a.b #1, e1 for schedule 86 6→86 #1 after #0, e1 for schedule 175 6→175 #2 after #0, e1 for schedule 219 6→219 #3 after #0
            > settle
              event e1: accepted @10
              commit of 3
                shard 86: taken 6→86 #1, schedule on test/a.b (1 running), start heed-replace:on+0s 86→49 #2 after #0, no message 86 #1
                shard 175: taken 6→175 #2, schedule on test/a.b (1 running), start heed-queue:on+0s 175→225 #2 after #0, no message 175 #1
                shard 219: taken 6→219 #3, schedule on test/a.b (1 running), start heed-skip:on+0s 219→200 #2 after #0, no message 219 #1
              load heed-replace:on+0s
              load heed-queue:on+0s
              load heed-skip:on+0s
              commit of 3
                heed-replace:on+0s: started activated waiting | taken 86→49 #2, listed waiting, timer +60s
                heed-queue:on+0s: started activated waiting | taken 175→225 #2, listed waiting, timer +60s
                heed-skip:on+0s: started activated waiting | taken 219→200 #2, listed waiting, timer +60s
            > event a.b e2; event a.b e3
              commit of 2
                shard 6: event test/a.b #2, e2 for schedule 86 6→86 #4 after #1, e2 for schedule 175 6→175 #5 after #2, e2 for schedule 219 6→219 #6 after #3, no message 6 #1, no message 6 #2, no message 6 #3
                shard 6: event test/a.b #3, e3 for schedule 86 6→86 #7 after #4, e3 for schedule 175 6→175 #8 after #5, e3 for schedule 219 6→219 #9 after #6
            > settle
              event e2: accepted @18
              event e3: accepted @18
              commit of 6
                shard 86: taken 6→86 #4, schedule on test/a.b (1 running, 1 gathered), set #3.0, set #3.1, replace heed-replace:on+0s 86→49 #3 after #2, no message 86 #2
                shard 175: taken 6→175 #5, schedule on test/a.b (1 running, 1 gathered), set #3.0, set #3.1, no message 175 #2
                shard 219: taken 6→219 #6, schedule on test/a.b (1 running, 1 left out), no message 219 #2
                shard 86: taken 6→86 #7, schedule on test/a.b (1 running, 1 gathered, 1 left out), no set #3.0, no set #3.1, set #5.0, set #5.1, replace heed-replace:on+0s 86→49 #4 after #3
                shard 175: taken 6→175 #8, schedule on test/a.b (1 running, 2 gathered), set #5.0, set #5.1
                shard 219: taken 6→219 #9, schedule on test/a.b (1 running, 2 left out)
              commit of 2
                heed-replace:on+0s: workflow-cancelled | taken 86→49 #3, listed cancelled, no timer +60s, heed-replace:on+0s cancelled 49→86 #1 after #0
                shard 49: taken 86→49 #4
              commit of 1
                shard 86: taken 49→86 #1, schedule on test/a.b (1 running, 1 left out), no set #5.0, no set #5.1, start heed-replace:on+0.000002s 86→170 #5 after #0, no message 86 #3
              load heed-replace:on+0.000002s
              commit of 1
                heed-replace:on+0.000002s: started activated waiting | taken 86→170 #5, listed waiting, timer +60s
            > show heed-skip; show heed-queue; show heed-replace
              show: on test/a.b (1 running, 2 left out) @28
              show: on test/a.b (1 running, 2 gathered) @28
              show: on test/a.b (1 running, 1 left out) @28
            > restart
              catalog
            > after 60s
              load heed-replace:on+0.000002s
              load heed-skip:on+0s
              load heed-queue:on+0s
              commit of 3
                shard 6: no message 6 #4, no message 6 #5, no message 6 #6, no message 6 #7, no message 6 #8, no message 6 #9
                shard 49: no message 49 #1
                shard 86: no message 86 #4, no message 86 #5
            > settle
              commit of 3
                heed-replace:on+0.000002s: fired completed activated completed workflow-completed | listed completed, no timer +60s, heed-replace:on+0.000002s completed 170→86 #1 after #0
                heed-skip:on+0s: fired completed activated completed workflow-completed | listed completed, no timer +60s, heed-skip:on+0s completed 200→219 #1 after #0
                heed-queue:on+0s: fired completed activated completed workflow-completed | listed completed, no timer +60s, heed-queue:on+0s completed 225→175 #1 after #0
              commit of 3
                shard 86: taken 170→86 #1, schedule on test/a.b (1 left out)
                shard 219: taken 200→219 #1, schedule on test/a.b (2 left out)
                shard 175: taken 225→175 #1, schedule on test/a.b (1 running, 1 gathered), no set #3.0, no set #3.1, start heed-queue:on+0.000001s 175→20 #3 after #0
              load heed-queue:on+0.000001s
              commit of 1
                heed-queue:on+0.000001s: started activated waiting | taken 175→20 #3, listed waiting, timer +120s
            > show heed-skip; show heed-queue; show heed-replace
              show: on test/a.b (2 left out) @38
              show: on test/a.b (1 running, 1 gathered) @38
              show: on test/a.b (1 left out) @38
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the transcript is long")]
fn a_version_that_waits_for_the_same_goes_on_and_another_begins_anew() {
    check(
        "
        use heeding
        use heeding@2.0.0
        event a.b e1
        settle
        publish heeding@3.0.0
        after 1s
        event a.b e2; event c.d e3
        after 1s
        settle
        event a.b e4; event c.d e5
        settle
        show heeding
        after 1s
        tag heeding 1.0.0
        settle
        event c.d e6
        settle
        show heeding
        publish heeding@4.0.0
        tag heeding 4.0.0
        settle
        event a.b e7
        settle
        show heeding
        ",
        expect![[r#"
            > use heeding
            > use heeding@2.0.0
            > event a.b e1
              commit of 1
                shard 6: event test/a.b #1, e1 for schedule 185 6→185 #1 after #0
            > settle
              event e1: accepted @6
              commit of 1
                shard 185: taken 6→185 #1, schedule after +600s on test/a.b (1 running), start heeding:on+0s 185→101 #2 after #0
              load heeding:on+0s
              commit of 1
                heeding:on+0s: started activated completed workflow-completed | taken 185→101 #2, listed completed, heeding:on+0s completed 101→185 #1 after #0
              commit of 1
                shard 185: taken 101→185 #1, schedule after +600s on test/a.b, no message 185 #2
            > publish heeding@3.0.0
              commit of 1
                catalog
            > after 1s
            > event a.b e2; event c.d e3
              load test/c.d
            > after 1s
            > settle
              catalog
              publish heeding@3.0.0: created @10
              commit of 5
                shard 6: no message 6 #1
                shard 101: no message 101 #1
                shard 6: event test/a.b #2, e2 for schedule 185 6→185 #2 after #1
                shard 172: event test/c.d #1
                shard 185: schedule on test/a.b test/c.d, schedule 185 listens no more 185→6 #3 after #1, schedule 185 listens 185→6 #4 after #3, schedule 185 listens 185→172 #5 after #0
              event e2: accepted @15
              event e3: accepted @15
              commit of 4
                shard 185: taken 6→185 #2, schedule on test/a.b test/c.d (1 running), start heeding:on+1s 185→252 #6 after #0
                shard 6: taken 185→6 #3, no listen of schedule 185 at test/a.b
                shard 6: taken 185→6 #4, listen of schedule 185 at test/a.b
                shard 172: taken 185→172 #5, listen of schedule 185 at test/c.d
              load heeding:on+1s
              commit of 1
                heeding:on+1s: started activated completed workflow-completed | taken 185→252 #6, listed completed, heeding:on+1s completed 252→185 #1 after #0
              commit of 1
                shard 185: taken 252→185 #1, schedule on test/a.b test/c.d, no message 185 #3, no message 185 #4, no message 185 #5, no message 185 #6
            > event a.b e4; event c.d e5
              commit of 2
                shard 6: event test/a.b #3, e4 for schedule 185 6→185 #3 after #2, no message 6 #2
                shard 172: event test/c.d #2, e5 for schedule 185 172→185 #1 after #0
            > settle
              event e4: accepted @23
              event e5: accepted @23
              commit of 2
                shard 185: taken 6→185 #3, schedule on test/a.b test/c.d (1 running), start heeding:on+2s 185→225 #7 after #0
                shard 185: taken 172→185 #1, schedule on test/a.b test/c.d (2 running), start heeding:on+2.000001s 185→70 #8 after #0
              load heeding:on+2s
              load heeding:on+2.000001s
              commit of 2
                heeding:on+2s: started activated completed workflow-completed | taken 185→225 #7, listed completed, heeding:on+2s completed 225→185 #1 after #0
                heeding:on+2.000001s: started activated completed workflow-completed | taken 185→70 #8, listed completed, heeding:on+2.000001s completed 70→185 #1 after #0
              commit of 2
                shard 185: taken 225→185 #1, schedule on test/a.b test/c.d (1 running), no message 185 #7
                shard 185: taken 70→185 #1, schedule on test/a.b test/c.d, no message 185 #8
            > show heeding
              show: on test/a.b test/c.d @29
            > after 1s
              commit of 5
                shard 6: no message 6 #3
                shard 70: no message 70 #1
                shard 172: no message 172 #1
                shard 225: no message 225 #1
                shard 252: no message 252 #1
            > tag heeding 1.0.0
            > settle
              commit of 1
                catalog
              catalog
              tag: created @35
              commit of 1
                shard 185: schedule on test/a.b, schedule 185 listens no more 185→6 #9 after #4, schedule 185 listens no more 185→172 #10 after #5, schedule 185 listens 185→6 #11 after #9
              commit of 3
                shard 6: taken 185→6 #9, no listen of schedule 185 at test/a.b
                shard 172: taken 185→172 #10, no listen of schedule 185 at test/c.d
                shard 6: taken 185→6 #11, listen of schedule 185 at test/a.b
            > event c.d e6
              commit of 1
                shard 172: event test/c.d #3
            > settle
              event e6: accepted @40
            > show heeding
              show: on test/a.b @40
            > publish heeding@4.0.0
              commit of 1
                catalog
            > tag heeding 4.0.0
            > settle
              catalog
              publish heeding@4.0.0: created @41
              commit of 1
                catalog
              catalog
              tag: created @42
              commit of 1
                shard 185: no schedule, schedule 185 listens no more 185→6 #12 after #11, no message 185 #9, no message 185 #10, no message 185 #11
              commit of 1
                shard 6: taken 185→6 #12, no listen of schedule 185 at test/a.b
            > event a.b e7
              commit of 1
                shard 6: event test/a.b #4
            > settle
              event e7: accepted @45
            > show heeding
              show: refused: test/heeding: the version in force has no schedule @45
        "#]],
    );
}

#[test]
fn a_pause_leaves_out_and_only_events_start_it() {
    check(
        "
        use heeding
        pause schedule heeding
        event a.b e1
        settle
        resume schedule heeding
        event a.b e2
        settle
        trigger schedule heeding
        show heeding
        ",
        expect![[r#"
            > use heeding
            > pause schedule heeding
              commit of 1
                shard 185: audit schedule.pause by ann, schedule on test/a.b (paused), no message 185 #1
            > event a.b e1
            > settle
              pause schedule: on test/a.b (paused) @4
              commit of 1
                shard 6: event test/a.b #1, e1 for schedule 185 6→185 #1 after #0
              event e1: accepted @5
              commit of 1
                shard 185: taken 6→185 #1, schedule on test/a.b (1 left out, paused)
            > resume schedule heeding
              commit of 1
                shard 185: audit schedule.resume by ann, schedule on test/a.b (1 left out)
            > event a.b e2
            > settle
              resume schedule: on test/a.b (1 left out) @7
              commit of 1
                shard 6: event test/a.b #2, e2 for schedule 185 6→185 #2 after #1, no message 6 #1
              event e2: accepted @8
              commit of 1
                shard 185: taken 6→185 #2, schedule on test/a.b (1 running, 1 left out), start heeding:on+0s 185→252 #2 after #0
              load heeding:on+0s
              commit of 1
                heeding:on+0s: started activated completed workflow-completed | taken 185→252 #2, listed completed, heeding:on+0s completed 252→185 #1 after #0
              commit of 1
                shard 185: taken 252→185 #1, schedule on test/a.b (1 left out), no message 185 #2
            > trigger schedule heeding
              trigger schedule: refused: test/heeding: only events start it: start an instance with those events as its input @11
            > show heeding
              show: on test/a.b (1 left out) @11
        "#]],
    );
}

#[test]
fn a_topic_that_takes_no_more_is_asked_again() {
    check(
        "
        limit subscriptions_max 1
        use hear
        start one hear shard=1
        settle
        use heeding
        show heeding
        cancel one
        event a.b e1
        settle
        after 60s
        settle
        show heeding
        ",
        expect![[r#"
            > limit subscriptions_max 1
            > use hear
            > start one hear shard=1
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > settle
              load test/a.b
              start one: created, one waiting, heard waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > use heeding
            > show heeding
              show: on test/a.b (subscriptions_max is 1) @7
            > cancel one
              commit of 1
                one: unsubscribed workflow-cancelled | listed cancelled, one listens no more 1→6 #2 after #1, no message 1 #1
            > event a.b e1
            > settle
              cancel one: one cancelled @8
              commit of 2
                shard 6: event test/a.b #1, no listen of one at test/a.b, e1 for one 6→1 #2 after #0, no message 6 #1
                shard 6: taken 1→6 #2
              load one
              event e1: accepted @10
              commit of 1
                shard 1: taken 6→1 #2, no message 1 #2
            > after 60s
              commit of 2
                shard 185: schedule on test/a.b, schedule 185 listens 185→6 #2 after #1
                shard 6: no message 6 #2
            > settle
              commit of 1
                shard 6: taken 185→6 #2, listen of schedule 185 at test/a.b, e1 for schedule 185 6→185 #3 after #1
              commit of 1
                shard 185: taken 6→185 #3, schedule on test/a.b (1 running), start heeding:on+0s 185→101 #3 after #0, no message 185 #2
              load heeding:on+0s
              commit of 1
                heeding:on+0s: started activated completed workflow-completed | taken 185→101 #3, listed completed, heeding:on+0s completed 101→185 #1 after #0
              commit of 1
                shard 185: taken 101→185 #1, schedule on test/a.b, no message 185 #3
            > show heeding
              show: on test/a.b @17
        "#]],
    );
}

#[test]
fn sets_that_nothing_completes_give_way() {
    check(
        "
        limit schedule_sets_max 2
        use heed-all
        event a.b e1 {\"n\":1}; event a.b e2 {\"n\":2}; event a.b e3 {\"n\":3}
        settle
        event c.d f1 {\"n\":1}; event c.d f3 {\"n\":3}
        settle
        show heed-all
        ",
        expect![[r#"
            > limit schedule_sets_max 2
            > use heed-all
            > event a.b e1 {"n":1}; event a.b e2 {"n":2}; event a.b e3 {"n":3}
              commit of 3
                shard 6: event test/a.b #1, e1 for schedule 239 6→239 #1 after #0
                shard 6: event test/a.b #2, e2 for schedule 239 6→239 #2 after #1
                shard 6: event test/a.b #3, e3 for schedule 239 6→239 #3 after #2
            > settle
              event e1: accepted @7
              event e2: accepted @7
              event e3: accepted @7
              commit of 3
                shard 239: taken 6→239 #1, schedule on test/a.b test/c.d (1 gathering), set #1.0, set #1.1, no message 239 #1, no message 239 #2
                shard 239: taken 6→239 #2, schedule on test/a.b test/c.d (2 gathering), set #2.0, set #2.1
                shard 239: taken 6→239 #3, schedule on test/a.b test/c.d (too many sets of events are not complete, the oldest is left out: schedule_sets_max is 2) (2 gathering, 1 left out), no set #1.0, no set #1.1, set #3.0, set #3.1
            > event c.d f1 {"n":1}; event c.d f3 {"n":3}
              commit of 2
                shard 172: event test/c.d #1, f1 for schedule 239 172→239 #1 after #0
                shard 172: event test/c.d #2, f3 for schedule 239 172→239 #2 after #1
            > settle
              event f1: accepted @12
              event f3: accepted @12
              commit of 2
                shard 239: taken 172→239 #1, schedule on test/a.b test/c.d (too many sets of events are not complete, the oldest is left out: schedule_sets_max is 2) (2 gathering, 2 left out), no set #2.0, no set #2.1, set #4.0, set #4.1
                shard 239: taken 172→239 #2, schedule on test/a.b test/c.d (too many sets of events are not complete, the oldest is left out: schedule_sets_max is 2) (1 running, 1 gathering, 2 left out), no set #3.0, no set #3.1, start heed-all:on+0s 239→221 #3 after #0
              load heed-all:on+0s
              commit of 1
                heed-all:on+0s: started activated completed workflow-completed | taken 239→221 #3, listed completed, heed-all:on+0s completed 221→239 #1 after #0
              commit of 1
                shard 239: taken 221→239 #1, schedule on test/a.b test/c.d (too many sets of events are not complete, the oldest is left out: schedule_sets_max is 2) (1 gathering, 2 left out), no message 239 #3
            > show heed-all
              show: on test/a.b test/c.d (too many sets of events are not complete, the oldest is left out: schedule_sets_max is 2) (1 gathering, 2 left out) @16
        "#]],
    );
}
