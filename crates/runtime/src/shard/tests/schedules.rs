//! Schedules: each nominal time has one start, whatever happens to the server.

use expect_test::expect;

use super::check;

/// Whole lives of a schedule's instances.
#[test]
fn every_minute() {
    check(
        "
        use minutely
        after 60s
        durable
        durable
        settle
        after 60s
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > durable
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #1 after #0
            > durable
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s, no message 90 #1
            > settle
            > after 60s
              commit of 2
                shard 90: schedule every +180s (1 running), start minutely:every+120s 90→226 #2 after #0
                shard 209: no message 209 #1
            > settle
              load minutely:every+120s
              commit of 1
                minutely:every+120s: started activated completed workflow-completed | taken 90→226 #2, listed completed, minutely:every+120s completed 226→90 #1 after #0
              commit of 1
                shard 90: taken 226→90 #1, schedule every +180s, no message 90 #2
            > show minutely
              show: every +180s @9
        "#]],
    );
}

/// The schedule is there when the message comes that tells it of the end.
#[test]
fn an_end_that_was_on_its_way_arrives_after_a_restart() {
    check(
        "
        use minutely
        after 60s
        durable
        durable
        restart
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > durable
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #1 after #0
            > durable
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s, no message 90 #1
            > restart
              catalog
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s, no message 90 #1
            > settle
            > show minutely
              show: every +120s @5
        "#]],
    );
}

#[test]
fn what_was_asked_for_is_not_asked_for_again() {
    check(
        "
        use minutely
        after 60s
        durable
        restart
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > durable
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #1 after #0
            > restart
              catalog
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #1 after #0
            > settle
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s, no message 90 #1
            > show minutely
              show: every +120s @5
        "#]],
    );
}

#[test]
fn what_was_not_durable_comes_again() {
    check(
        "
        use minutely
        after 60s
        restart
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > restart
              catalog
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > settle
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #1 after #0
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s, no message 90 #1
            > show minutely
              show: every +120s @5
        "#]],
    );
}

#[test]
fn a_refused_commit_comes_again_a_little_later() {
    check(
        "
        use minutely
        after 60s
        refused
        after 1s
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > refused
            > after 1s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #2 after #0
            > settle
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #2, listed completed, minutely:every+60s completed 209→90 #1 after #0
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s, no message 90 #2
            > show minutely
              show: every +120s @5
        "#]],
    );
}

#[test]
fn a_refused_start_comes_again_under_its_id() {
    check(
        "
        use minutely
        after 60s
        durable
        refused
        after 1s
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > durable
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #1 after #0
            > refused
            > after 1s
              load minutely:every+60s
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #1, listed completed, minutely:every+60s completed 209→90 #2 after #0
            > settle
              commit of 1
                shard 90: taken 209→90 #2, schedule every +120s, no message 90 #1
            > show minutely
              show: every +120s @5
        "#]],
    );
}

#[test]
fn after_the_end_of_the_one_before() {
    check(
        "
        use chained
        after 60s
        settle
        after 60s
        settle
        show chained
        after 60s
        settle
        show chained
        ",
        expect![[r#"
            > use chained
            > after 60s
              commit of 1
                shard 254: schedule after - (1 running), start chained:after+60s 254→36 #1 after #0
            > settle
              load chained:after+60s
              commit of 1
                chained:after+60s: started activated waiting | taken 254→36 #1, listed waiting, timer +120s
            > after 60s
              commit of 2
                chained:after+60s: fired completed activated completed workflow-completed | listed completed, no timer +120s, chained:after+60s completed 36→254 #1 after #0
                shard 254: no message 254 #1
            > settle
              commit of 1
                shard 254: taken 36→254 #1, schedule after +180s
            > show chained
              show: after +180s @7
            > after 60s
              commit of 2
                shard 254: schedule after - (1 running), start chained:after+180s 254→111 #2 after #0
                shard 36: no message 36 #1
            > settle
              load chained:after+180s
              commit of 1
                chained:after+180s: started activated waiting | taken 254→111 #2, listed waiting, timer +240s
            > show chained
              show: after - (1 running) @10
        "#]],
    );
}

#[test]
fn overlap_skip() {
    check(
        "
        use skipping
        after 40s
        settle
        after 40s
        settle
        after 20s
        settle
        after 20s
        settle
        show skipping
        ",
        expect![[r#"
            > use skipping
            > after 40s
              commit of 1
                shard 185: schedule every +80s (1 running), start skipping:every+40s 185→129 #1 after #0
            > settle
              load skipping:every+40s
              commit of 1
                skipping:every+40s: started activated waiting | taken 185→129 #1, listed waiting, timer +100s
            > after 40s
              commit of 1
                shard 185: schedule every +120s (1 running, 1 left out), no message 185 #1
            > settle
            > after 20s
              commit of 1
                skipping:every+40s: fired completed activated completed workflow-completed | listed completed, no timer +100s, skipping:every+40s completed 129→185 #1 after #0
            > settle
              commit of 1
                shard 185: taken 129→185 #1, schedule every +120s (1 left out)
            > after 20s
              commit of 2
                shard 185: schedule every +160s (1 running, 1 left out), start skipping:every+120s 185→238 #2 after #0
                shard 129: no message 129 #1
            > settle
              load skipping:every+120s
              commit of 1
                skipping:every+120s: started activated waiting | taken 185→238 #2, listed waiting, timer +180s
            > show skipping
              show: every +160s (1 running, 1 left out) @10
        "#]],
    );
}

#[test]
fn overlap_queue() {
    check(
        "
        use queueing
        after 20s
        settle
        after 20s
        settle
        after 20s
        settle
        show queueing
        after 20s
        settle
        show queueing
        ",
        expect![[r#"
            > use queueing
            > after 20s
              commit of 1
                shard 65: schedule every +40s (1 running), start queueing:every+20s 65→58 #1 after #0
            > settle
              load queueing:every+20s
              commit of 1
                queueing:every+20s: started activated waiting | taken 65→58 #1, listed waiting, timer +80s
            > after 20s
              commit of 1
                shard 65: schedule every +60s (1 running, 1 waiting), no message 65 #1
            > settle
            > after 20s
              commit of 1
                shard 65: schedule every +80s (1 running, 1 waiting, 1 left out)
            > settle
            > show queueing
              show: every +80s (1 running, 1 waiting, 1 left out) @6
            > after 20s
              commit of 2
                queueing:every+20s: fired completed activated completed workflow-completed | listed completed, no timer +80s, queueing:every+20s completed 58→65 #1 after #0
                shard 65: schedule every +100s (1 running, 1 waiting, 2 left out)
            > settle
              commit of 1
                shard 65: taken 58→65 #1, schedule every +100s (1 running, 2 left out), start queueing:every+40s 65→199 #2 after #0
              load queueing:every+40s
              commit of 1
                queueing:every+40s: started activated waiting | taken 65→199 #2, listed waiting, timer +140s
            > show queueing
              show: every +100s (1 running, 2 left out) @10
        "#]],
    );
}

#[test]
fn overlap_replace() {
    check(
        "
        use replacing
        after 40s
        settle
        after 40s
        settle
        show replacing
        ",
        expect![[r#"
            > use replacing
            > after 40s
              commit of 1
                shard 87: schedule every +80s (1 running), start replacing:every+40s 87→89 #1 after #0
            > settle
              load replacing:every+40s
              commit of 1
                replacing:every+40s: started activated waiting | taken 87→89 #1, listed waiting, timer +100s
            > after 40s
              commit of 1
                shard 87: schedule every +120s (1 running, 1 waiting), replace replacing:every+40s 87→89 #2 after #1, no message 87 #1
            > settle
              commit of 1
                replacing:every+40s: workflow-cancelled | taken 87→89 #2, listed cancelled, no timer +100s, replacing:every+40s cancelled 89→87 #1 after #0
              commit of 1
                shard 87: taken 89→87 #1, schedule every +120s (1 running), start replacing:every+80s 87→100 #3 after #0, no message 87 #2
              load replacing:every+80s
              commit of 1
                replacing:every+80s: started activated waiting | taken 87→100 #3, listed waiting, timer +140s
            > show replacing
              show: every +120s (1 running) @8
        "#]],
    );
}

#[test]
fn downtime_makes_up_for_the_last() {
    check(
        "
        use minutely
        after 600.5s; restart
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 600.5s; restart
              catalog
              commit of 1
                shard 90: schedule every +660s (2 running), start minutely:every+540s 90→0 #1 after #0, start minutely:every+600s 90→41 #2 after #0
            > settle
              load minutely:every+540s
              load minutely:every+600s
              commit of 2
                minutely:every+540s: started activated completed workflow-completed | taken 90→0 #1, listed completed, minutely:every+540s completed 0→90 #1 after #0
                minutely:every+600s: started activated completed workflow-completed | taken 90→41 #2, listed completed, minutely:every+600s completed 41→90 #1 after #0
              commit of 2
                shard 90: taken 0→90 #1, schedule every +660s (1 running), no message 90 #1
                shard 90: taken 41→90 #1, schedule every +660s, no message 90 #2
            > show minutely
              show: every +660s @7
        "#]],
    );
}

#[test]
fn downtime_makes_up_for_nothing() {
    check(
        "
        use forgetful
        after 600.5s; restart
        settle
        show forgetful
        ",
        expect![[r#"
            > use forgetful
            > after 600.5s; restart
              catalog
              commit of 1
                shard 233: schedule every +660s (1 running), start forgetful:every+600s 233→15 #1 after #0
            > settle
              load forgetful:every+600s
              commit of 1
                forgetful:every+600s: started activated completed workflow-completed | taken 233→15 #1, listed completed, forgetful:every+600s completed 15→233 #1 after #0
              commit of 1
                shard 233: taken 15→233 #1, schedule every +660s, no message 233 #1
            > show forgetful
              show: every +660s @5
        "#]],
    );
}

#[test]
fn downtime_makes_up_for_all() {
    check(
        "
        use diligent
        after 2000s; restart
        settle
        show diligent
        ",
        expect![[r#"
            > use diligent
            > after 2000s; restart
              catalog
              commit of 1
                shard 206: schedule every +2400s (3 running), start diligent:every+600s 206→162 #1 after #0, start diligent:every+1200s 206→85 #2 after #0, start diligent:every+1800s 206→40 #3 after #0
            > settle
              load diligent:every+600s
              load diligent:every+1200s
              load diligent:every+1800s
              commit of 3
                diligent:every+600s: started activated completed workflow-completed | taken 206→162 #1, listed completed, diligent:every+600s completed 162→206 #1 after #0
                diligent:every+1200s: started activated completed workflow-completed | taken 206→85 #2, listed completed, diligent:every+1200s completed 85→206 #1 after #0
                diligent:every+1800s: started activated completed workflow-completed | taken 206→40 #3, listed completed, diligent:every+1800s completed 40→206 #1 after #0
              commit of 3
                shard 206: taken 162→206 #1, schedule every +2400s (2 running), no message 206 #1
                shard 206: taken 85→206 #1, schedule every +2400s (1 running), no message 206 #2
                shard 206: taken 40→206 #1, schedule every +2400s, no message 206 #3
            > show diligent
              show: every +2400s @9
        "#]],
    );
}

#[test]
fn what_is_made_up_for_comes_one_after_the_other() {
    check(
        "
        use patient
        after 2000s; restart
        settle
        show patient
        ",
        expect![[r#"
            > use patient
            > after 2000s; restart
              catalog
              commit of 1
                shard 247: schedule every +2400s (1 running, 2 waiting), start patient:every+600s 247→240 #1 after #0
            > settle
              load patient:every+600s
              commit of 1
                patient:every+600s: started activated completed workflow-completed | taken 247→240 #1, listed completed, patient:every+600s completed 240→247 #1 after #0
              commit of 1
                shard 247: taken 240→247 #1, schedule every +2400s (1 running, 1 waiting), start patient:every+1200s 247→244 #2 after #0, no message 247 #1
              load patient:every+1200s
              commit of 1
                patient:every+1200s: started activated completed workflow-completed | taken 247→244 #2, listed completed, patient:every+1200s completed 244→247 #1 after #0
              commit of 1
                shard 247: taken 244→247 #1, schedule every +2400s (1 running), start patient:every+1800s 247→249 #3 after #0, no message 247 #2
              load patient:every+1800s
              commit of 1
                patient:every+1800s: started activated completed workflow-completed | taken 247→249 #3, listed completed, patient:every+1800s completed 249→247 #1 after #0
              commit of 1
                shard 247: taken 249→247 #1, schedule every +2400s, no message 247 #3
            > show patient
              show: every +2400s @9
        "#]],
    );
}

#[test]
fn another_version_goes_on_where_its_times_are_the_same() {
    check(
        "
        use minutely
        after 30s
        use minutely@2.0.0
        show minutely
        tag minutely 1.0.0
        settle
        show minutely
        use minutely@3.0.0
        show minutely
        tag minutely 3.0.0
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 30s
            > use minutely@2.0.0
            > show minutely
              show: every +60s after +630s @4
            > tag minutely 1.0.0
              commit of 1
                catalog
            > settle
              catalog
              tag: created @5
              commit of 1
                shard 90: schedule every +60s
            > show minutely
              show: every +60s @6
            > use minutely@3.0.0
            > show minutely
              show: every +60s @7
            > tag minutely 3.0.0
              commit of 1
                catalog
            > settle
              catalog
              tag: created @8
              commit of 1
                shard 90: no schedule
            > show minutely
              show: refused: test/minutely: the version in force has no schedule @9
        "#]],
    );
}

#[test]
fn a_pause_leaves_out_what_comes_due() {
    check(
        "
        use minutely
        pause schedule minutely
        settle
        after 150s
        restart
        resume schedule minutely
        settle
        after 30s
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > pause schedule minutely
              commit of 1
                shard 90: audit schedule.pause by ann, schedule every +60s (paused)
            > settle
              pause schedule: every +60s (paused) @3
            > after 150s
            > restart
              catalog
            > resume schedule minutely
              commit of 1
                shard 90: audit schedule.resume by ann, schedule every +180s
            > settle
              resume schedule: every +180s @4
            > after 30s
              commit of 1
                shard 90: schedule every +240s (1 running), start minutely:every+180s 90→175 #1 after #0
            > settle
              load minutely:every+180s
              commit of 1
                minutely:every+180s: started activated completed workflow-completed | taken 90→175 #1, listed completed, minutely:every+180s completed 175→90 #1 after #0
              commit of 1
                shard 90: taken 175→90 #1, schedule every +240s, no message 90 #1
            > show minutely
              show: every +240s @7
        "#]],
    );
}

/// The commit that started it was refused; it has its start before the pause, not none at all.
#[test]
fn a_pause_leaves_out_nothing_that_came_due_before() {
    check(
        "
        use minutely
        after 60s
        refused
        pause schedule minutely
        settle
        resume schedule minutely
        settle
        settle
        show minutely
        ",
        expect![[r#"
            > use minutely
            > after 60s
              commit of 1
                shard 90: schedule every +120s (1 running), start minutely:every+60s 90→209 #1 after #0
            > refused
            > pause schedule minutely
              commit of 1
                shard 90: audit schedule.pause by ann, schedule every +120s (1 running, paused), start minutely:every+60s 90→209 #2 after #0
            > settle
              load minutely:every+60s
              pause schedule: every +120s (1 running, paused) @3
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #2, listed completed, minutely:every+60s completed 209→90 #1 after #0
              commit of 1
                shard 90: taken 209→90 #1, schedule every +120s (paused), no message 90 #2
            > resume schedule minutely
              commit of 1
                shard 90: audit schedule.resume by ann, schedule every +120s
            > settle
              resume schedule: every +120s @6
            > settle
            > show minutely
              show: every +120s @6
        "#]],
    );
}

#[test]
fn people_start_more() {
    check(
        "
        use minutely skipping
        trigger schedule minutely; trigger schedule minutely
        settle
        after 180s
        settle
        backfill minutely 0s 180s
        settle
        backfill minutely 200s 100s
        backfill minutely 0s 200s
        trigger schedule pure
        show pure
        ",
        expect![[r#"
            > use minutely skipping
            > trigger schedule minutely; trigger schedule minutely
              commit of 2
                shard 90: audit schedule.trigger by ann, schedule every +60s (1 running), start minutely:manual+0s 90→207 #1 after #0
                shard 90: audit schedule.trigger by ann, schedule every +60s (2 running), start minutely:manual+0.000001s 90→199 #2 after #0
            > settle
              load minutely:manual+0s
              trigger schedule: every +60s (1 running) @6
              load minutely:manual+0.000001s
              trigger schedule: every +60s (2 running) @6
              commit of 2
                minutely:manual+0s: started activated completed workflow-completed | taken 90→207 #1, listed completed, minutely:manual+0s completed 207→90 #1 after #0
                minutely:manual+0.000001s: started activated completed workflow-completed | taken 90→199 #2, listed completed, minutely:manual+0.000001s completed 199→90 #1 after #0
              commit of 2
                shard 90: taken 207→90 #1, schedule every +60s (1 running), no message 90 #1
                shard 90: taken 199→90 #1, schedule every +60s, no message 90 #2
            > after 180s
              commit of 4
                shard 185: schedule every +200s (1 running, 1 left out), start skipping:every+120s 185→238 #1 after #0
                shard 90: schedule every +240s (2 running), start minutely:every+120s 90→226 #3 after #0, start minutely:every+180s 90→175 #4 after #0
                shard 199: no message 199 #1
                shard 207: no message 207 #1
            > settle
              load skipping:every+120s
              load minutely:every+120s
              load minutely:every+180s
              commit of 3
                skipping:every+120s: started activated waiting | taken 185→238 #1, listed waiting, timer +240s
                minutely:every+120s: started activated completed workflow-completed | taken 90→226 #3, listed completed, minutely:every+120s completed 226→90 #1 after #0
                minutely:every+180s: started activated completed workflow-completed | taken 90→175 #4, listed completed, minutely:every+180s completed 175→90 #1 after #0
              commit of 2
                shard 90: taken 226→90 #1, schedule every +240s (1 running), no message 90 #3
                shard 90: taken 175→90 #1, schedule every +240s, no message 90 #4
            > backfill minutely 0s 180s
              commit of 1
                shard 90: audit schedule.backfill by ann, schedule every +240s (1 running), start minutely:every+60s 90→209 #5 after #0
            > settle
              load minutely:every+60s
              backfill: every +240s (1 running) @20
              commit of 1
                minutely:every+60s: started activated completed workflow-completed | taken 90→209 #5, listed completed, minutely:every+60s completed 209→90 #1 after #0
              commit of 1
                shard 90: taken 209→90 #1, schedule every +240s, no message 90 #5
            > backfill minutely 200s 100s
              backfill: refused: test/minutely: the span ends before it begins, or has not passed yet @22
            > backfill minutely 0s 200s
              backfill: refused: test/minutely: the span ends before it begins, or has not passed yet @22
            > trigger schedule pure
              trigger schedule: refused: test/pure: the version in force has no schedule @22
            > show pure
              show: refused: test/pure: the version in force has no schedule @22
        "#]],
    );
}

#[test]
fn a_schedule_in_local_time() {
    check(
        "
        use nightly
        show nightly
        after 5400s
        settle
        show nightly
        ",
        expect![[r#"
            > use nightly
            > show nightly
              show: cron +5400s @2
            > after 5400s
              commit of 1
                shard 186: schedule cron +91800s (1 running), start nightly:cron+5400s 186→160 #1 after #0
            > settle
              load nightly:cron+5400s
              commit of 1
                nightly:cron+5400s: started activated completed workflow-completed | taken 186→160 #1, listed completed, nightly:cron+5400s completed 160→186 #1 after #0
              commit of 1
                shard 186: taken 160→186 #1, schedule cron +91800s, no message 186 #1
            > show nightly
              show: cron +91800s @5
        "#]],
    );
}
