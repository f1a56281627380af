//! Topics: what is durable when, what a refusal and a crash take back, and what nobody gets twice.

use expect_test::expect;

use super::world::World;
use super::{check, check_lines};

#[test]
fn an_event_is_answered_when_it_is_durable_and_reaches_who_waits() {
    check(
        "
        use listen
        start one listen {\"n\":1} shard=1
        start two listen {\"n\":2} shard=2
        settle
        event a.b e1 {\"n\":2}
        durable
        settle
        ",
        expect![[r#"
            > use listen
            > start one listen {"n":1} shard=1
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > start two listen {"n":2} shard=2
            > settle
              load test/a.b
              start one: created, one waiting, heard waiting @2
              commit of 1
                two: started activated listening | listed waiting, two listens 2→6 #1 after #0
              start two: created, two waiting, heard waiting @3
              commit of 2
                shard 6: taken 1→6 #1, listen of one at test/a.b
                shard 6: taken 2→6 #1, listen of two at test/a.b
            > event a.b e1 {"n":2}
              commit of 1
                shard 6: event test/a.b #1, no listen of two at test/a.b, e1 for two 6→2 #1 after #0
            > durable
              event e1: accepted @6
              commit of 1
                two: consumed completed workflow-completed | taken 6→2 #1, listed completed, no message 2 #1
            > settle
        "#]],
    );
}

#[test]
fn what_came_before_is_accepted_and_changes_nothing() {
    check(
        "
        use pure
        event a.b e1
        event a.b e1
        durable
        event a.b e1
        ",
        expect![[r#"
            > use pure
            > event a.b e1
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > event a.b e1
            > durable
              event e1: accepted @2
              event e1: known @2
            > event a.b e1
              event e1: known @2
        "#]],
    );
}

#[test]
fn a_listen_looks_back_over_what_came_before_it() {
    check(
        "
        use listen
        event a.b e1 {\"n\":1}
        event a.b e2 {\"n\":2}
        settle
        start late listen {\"n\":2} wait=30s
        settle
        ",
        expect![[r#"
            > use listen
            > event a.b e1 {"n":1}
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > event a.b e2 {"n":2}
            > settle
              event e1: accepted @2
              commit of 1
                shard 6: event test/a.b #2
              event e2: accepted @3
            > start late listen {"n":2} wait=30s
              commit of 1
                late: started activated listening | listed waiting, late listens 1→6 #1 after #0
            > settle
              commit of 1
                shard 6: taken 1→6 #1, listen of late at test/a.b, no listen of late at test/a.b, e2 for late 6→1 #1 after #0
              commit of 1
                late: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
              start late: created, late completed [{"n":2}] @6
        "#]],
    );
}

#[test]
fn what_a_refusal_takes_back_was_never_published() {
    check(
        "
        use listen
        start one listen {\"n\":1}
        settle
        event a.b e1 {\"n\":1}
        refused
        event a.b e1 {\"n\":1}
        settle
        read one
        ",
        expect![[r#"
            > use listen
            > start one listen {"n":1}
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > settle
              load test/a.b
              start one: created, one waiting, heard waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > event a.b e1 {"n":1}
              commit of 1
                shard 6: event test/a.b #1, no listen of one at test/a.b, e1 for one 6→1 #1 after #0
            > refused
              event e1: refused: the server is not available: the disk is full: no space left @3
              load test/a.b
            > event a.b e1 {"n":1}
              commit of 1
                shard 6: event test/a.b #1, no listen of one at test/a.b, e1 for one 6→1 #2 after #0
            > settle
              event e1: accepted @4
              commit of 1
                one: consumed completed workflow-completed | taken 6→1 #2, listed completed, no message 1 #1
            > read one
              load one
              read one: one completed [{"n":1}] @5
        "#]],
    );
}

#[test]
fn a_refused_delivery_is_made_again_and_taken_once() {
    check(
        "
        use hear-two
        start one hear-two
        settle
        event a.b e1
        durable
        refused
        after 2s
        settle
        read one
        event a.b e2
        settle
        read one
        ",
        expect![[r#"
            > use hear-two
            > start one hear-two
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > settle
              load test/a.b
              start one: created, one waiting, one waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > event a.b e1
              commit of 1
                shard 6: event test/a.b #1, no listen of one at test/a.b, e1 for one 6→1 #1 after #0
            > durable
              event e1: accepted @4
              commit of 1
                one: consumed completed activated listening | taken 6→1 #1, listed waiting, one listens 1→6 #2 after #1, no message 1 #1
            > refused
            > after 2s
              load one
              commit of 1
                shard 1: no message 1 #1
            > settle
              commit of 1
                one: consumed completed activated listening | taken 6→1 #1, listed waiting, one listens 1→6 #3 after #1
              commit of 1
                shard 6: taken 1→6 #3, listen of one at test/a.b, no message 6 #1
            > read one
              read one: one waiting, two waiting @7
            > event a.b e2
              commit of 1
                shard 6: event test/a.b #2, e2 for one 6→1 #2 after #1
            > settle
              event e2: accepted @8
              commit of 1
                one: consumed completed workflow-completed | taken 6→1 #2, listed completed, one listens no more 1→6 #4 after #3, no message 1 #3
              commit of 1
                shard 6: taken 1→6 #4, no listen of one at test/a.b, no message 6 #2
            > read one
              load one
              read one: one completed [null] @10
        "#]],
    );
}

#[test]
fn a_crash_between_the_event_and_its_delivery_loses_nothing() {
    check(
        "
        use listen
        start one listen {\"n\":1}
        settle
        event a.b e1 {\"n\":1}
        durable
        restart
        settle
        read one
        ",
        expect![[r#"
            > use listen
            > start one listen {"n":1}
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > settle
              load test/a.b
              start one: created, one waiting, heard waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > event a.b e1 {"n":1}
              commit of 1
                shard 6: event test/a.b #1, no listen of one at test/a.b, e1 for one 6→1 #1 after #0
            > durable
              event e1: accepted @4
              commit of 1
                one: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
            > restart
              catalog
              load one
              commit of 1
                one: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
            > settle
            > read one
              load one
              read one: one completed [{"n":1}] @5
        "#]],
    );
}

#[test]
fn a_crash_keeps_the_listens_and_the_events() {
    check(
        "
        use listen
        event a.b e1 {\"n\":7}
        start one listen {\"n\":1}
        settle
        restart
        event a.b e1 {\"n\":7}
        event a.b e2 {\"n\":1}
        settle
        start late listen {\"n\":7} wait=30s
        settle
        ",
        expect![[r#"
            > use listen
            > event a.b e1 {"n":7}
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > start one listen {"n":1}
            > settle
              event e1: accepted @2
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
              start one: created, one waiting, heard waiting @3
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > restart
              catalog
            > event a.b e1 {"n":7}
              load test/a.b
              event e1: known @4
            > event a.b e2 {"n":1}
              commit of 1
                shard 6: event test/a.b #2, no listen of one at test/a.b, e2 for one 6→1 #1 after #0
            > settle
              load one
              event e2: accepted @5
              commit of 1
                one: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
            > start late listen {"n":7} wait=30s
              commit of 1
                late: started activated listening | listed waiting, late listens 1→6 #2 after #1
            > settle
              commit of 1
                shard 6: taken 1→6 #2, listen of late at test/a.b, no listen of late at test/a.b, e1 for late 6→1 #2 after #1, no message 6 #1
              commit of 1
                late: consumed completed workflow-completed | taken 6→1 #2, listed completed, no message 1 #2
              start late: created, late completed [{"n":7}] @9
        "#]],
    );
}

#[test]
fn what_is_emitted_goes_out_with_its_step() {
    check(
        "
        use tell hear
        start ear hear shard=1
        settle
        start mouth tell shard=2
        refused
        start mouth tell shard=2
        settle
        read ear
        ",
        expect![[r#"
            > use tell hear
            > start ear hear shard=1
              commit of 1
                ear: started activated listening | listed waiting, ear listens 1→6 #1 after #0
            > settle
              load test/a.b
              start ear: created, ear waiting, heard waiting @3
              commit of 1
                shard 6: taken 1→6 #1, listen of ear at test/a.b
            > start mouth tell shard=2
              commit of 1
                mouth: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0
            > refused
              start mouth: refused: the server is not available: the disk is full: no space left @4
            > start mouth tell shard=2
              commit of 1
                mouth: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #2 after #0
            > settle
              start mouth: created, mouth completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @5
              commit of 1
                shard 6: taken 2→6 #2, event test/a.b #1, no listen of ear at test/a.b, told for ear 6→1 #1 after #0
              commit of 1
                ear: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
            > read ear
              load ear
              read ear: ear completed [{"n":1}] @7
        "#]],
    );
}

#[test]
fn who_listens_to_everything_gets_what_is_passed_on() {
    check(
        "
        use pure
        event a.b e0
        settle
        use hear-all
        start ear hear-all
        settle
        event a.b e1
        event c.d e2
        event c.d e2
        settle
        read ear
        ",
        expect![[r#"
            > use pure
            > event a.b e0
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > settle
              event e0: accepted @2
            > use hear-all
            > start ear hear-all
              commit of 1
                ear: started activated listening | listed waiting, ear listens 1→247 #1 after #0
            > settle
              load test/*
              start ear: created, ear waiting, all waiting @4
              commit of 1
                shard 247: taken 1→247 #1, listen of ear at test/*
            > event a.b e1
              commit of 1
                shard 6: event test/a.b #2, pass on e1 6→247 #1 after #0
            > event c.d e2
              load test/c.d
            > event c.d e2
            > settle
              event e1: accepted @6
              commit of 2
                shard 172: event test/c.d #1, pass on e2 172→247 #1 after #0
                shard 247: taken 6→247 #1, event test/* #1, e1 for ear 247→1 #1 after #0
              event e2: accepted @8
              event e2: known @8
              commit of 2
                shard 247: taken 172→247 #1, event test/* #2, e2 for ear 247→1 #2 after #1
                ear: consumed handled | taken 247→1 #1, no message 1 #1
              commit of 1
                ear: consumed handled completed workflow-completed | taken 247→1 #2, listed completed, ear listens no more 1→247 #2 after #1
              commit of 1
                shard 247: taken 1→247 #2, no listen of ear at test/*, no message 247 #1, no message 247 #2
            > read ear
              load ear
              read ear: ear completed [null,null] @12
        "#]],
    );
}

#[test]
fn many_who_wait_for_one_event_get_it_slice_by_slice() {
    check_lines(
        &["giving", "read ear", "commit of", "catalog", "accepted"],
        "
        use hear
        many 300 ear hear
        settle
        event a.b e1
        durable
        restart
        settle
        read ear1
        read ear300
        ",
        expect![[r#"
              commit of 300
              commit of 300
              commit of 2
                shard 6: event test/a.b #1, no listen of ear1 at test/a.b, e1 for ear1 6→1 #1 after #0, no listen of ear2 at test/a.b, e1 for ear2 6→1 #2 after #1, no listen of ear3 at test/a.b, e1 for ear3 6→1 #3 after #2, no listen of ear4 at test/a.b, e1 for ear4 6→1 #4 after #3, no listen of ear5 at test/a.b, e1 for ear5 6→1 #5 after #4, no listen of ear6 at test/a.b, e1 for ear6 6→1 #6 after #5, no listen of ear7 at test/a.b, e1 for ear7 6→1 #7 after #6, no listen of ear8 at test/a.b, e1 for ear8 6→1 #8 after #7, no listen of ear9 at test/a.b, e1 for ear9 6→1 #9 after #8, no listen of ear10 at test/a.b, e1 for ear10 6→1 #10 after #9, no listen of ear11 at test/a.b, e1 for ear11 6→1 #11 after #10, no listen of ear12 at test/a.b, e1 for ear12 6→1 #12 after #11, no listen of ear13 at test/a.b, e1 for ear13 6→1 #13 after #12, no listen of ear14 at test/a.b, e1 for ear14 6→1 #14 after #13, no listen of ear15 at test/a.b, e1 for ear15 6→1 #15 after #14, no listen of ear16 at test/a.b, e1 for ear16 6→1 #16 after #15, no listen of ear17 at test/a.b, e1 for ear17 6→1 #17 after #16, no listen of ear18 at test/a.b, e1 for ear18 6→1 #18 after #17, no listen of ear19 at test/a.b, e1 for ear19 6→1 #19 after #18, no listen of ear20 at test/a.b, e1 for ear20 6→1 #20 after #19, no listen of ear21 at test/a.b, e1 for ear21 6→1 #21 after #20, no listen of ear22 at test/a.b, e1 for ear22 6→1 #22 after #21, no listen of ear23 at test/a.b, e1 for ear23 6→1 #23 after #22, no listen of ear24 at test/a.b, e1 for ear24 6→1 #24 after #23, no listen of ear25 at test/a.b, e1 for ear25 6→1 #25 after #24, no listen of ear26 at test/a.b, e1 for ear26 6→1 #26 after #25, no listen of ear27 at test/a.b, e1 for ear27 6→1 #27 after #26, no listen of ear28 at test/a.b, e1 for ear28 6→1 #28 after #27, no listen of ear29 at test/a.b, e1 for ear29 6→1 #29 after #28, no listen of ear30 at test/a.b, e1 for ear30 6→1 #30 after #29, no listen of ear31 at test/a.b, e1 for ear31 6→1 #31 after #30, no listen of ear32 at test/a.b, e1 for ear32 6→1 #32 after #31, no listen of ear33 at test/a.b, e1 for ear33 6→1 #33 after #32, no listen of ear34 at test/a.b, e1 for ear34 6→1 #34 after #33, no listen of ear35 at test/a.b, e1 for ear35 6→1 #35 after #34, no listen of ear36 at test/a.b, e1 for ear36 6→1 #36 after #35, no listen of ear37 at test/a.b, e1 for ear37 6→1 #37 after #36, no listen of ear38 at test/a.b, e1 for ear38 6→1 #38 after #37, no listen of ear39 at test/a.b, e1 for ear39 6→1 #39 after #38, no listen of ear40 at test/a.b, e1 for ear40 6→1 #40 after #39, no listen of ear41 at test/a.b, e1 for ear41 6→1 #41 after #40, no listen of ear42 at test/a.b, e1 for ear42 6→1 #42 after #41, no listen of ear43 at test/a.b, e1 for ear43 6→1 #43 after #42, no listen of ear44 at test/a.b, e1 for ear44 6→1 #44 after #43, no listen of ear45 at test/a.b, e1 for ear45 6→1 #45 after #44, no listen of ear46 at test/a.b, e1 for ear46 6→1 #46 after #45, no listen of ear47 at test/a.b, e1 for ear47 6→1 #47 after #46, no listen of ear48 at test/a.b, e1 for ear48 6→1 #48 after #47, no listen of ear49 at test/a.b, e1 for ear49 6→1 #49 after #48, no listen of ear50 at test/a.b, e1 for ear50 6→1 #50 after #49, no listen of ear51 at test/a.b, e1 for ear51 6→1 #51 after #50, no listen of ear52 at test/a.b, e1 for ear52 6→1 #52 after #51, no listen of ear53 at test/a.b, e1 for ear53 6→1 #53 after #52, no listen of ear54 at test/a.b, e1 for ear54 6→1 #54 after #53, no listen of ear55 at test/a.b, e1 for ear55 6→1 #55 after #54, no listen of ear56 at test/a.b, e1 for ear56 6→1 #56 after #55, no listen of ear57 at test/a.b, e1 for ear57 6→1 #57 after #56, no listen of ear58 at test/a.b, e1 for ear58 6→1 #58 after #57, no listen of ear59 at test/a.b, e1 for ear59 6→1 #59 after #58, no listen of ear60 at test/a.b, e1 for ear60 6→1 #60 after #59, no listen of ear61 at test/a.b, e1 for ear61 6→1 #61 after #60, no listen of ear62 at test/a.b, e1 for ear62 6→1 #62 after #61, no listen of ear63 at test/a.b, e1 for ear63 6→1 #63 after #62, no listen of ear64 at test/a.b, e1 for ear64 6→1 #64 after #63, no listen of ear65 at test/a.b, e1 for ear65 6→1 #65 after #64, no listen of ear66 at test/a.b, e1 for ear66 6→1 #66 after #65, no listen of ear67 at test/a.b, e1 for ear67 6→1 #67 after #66, no listen of ear68 at test/a.b, e1 for ear68 6→1 #68 after #67, no listen of ear69 at test/a.b, e1 for ear69 6→1 #69 after #68, no listen of ear70 at test/a.b, e1 for ear70 6→1 #70 after #69, no listen of ear71 at test/a.b, e1 for ear71 6→1 #71 after #70, no listen of ear72 at test/a.b, e1 for ear72 6→1 #72 after #71, no listen of ear73 at test/a.b, e1 for ear73 6→1 #73 after #72, no listen of ear74 at test/a.b, e1 for ear74 6→1 #74 after #73, no listen of ear75 at test/a.b, e1 for ear75 6→1 #75 after #74, no listen of ear76 at test/a.b, e1 for ear76 6→1 #76 after #75, no listen of ear77 at test/a.b, e1 for ear77 6→1 #77 after #76, no listen of ear78 at test/a.b, e1 for ear78 6→1 #78 after #77, no listen of ear79 at test/a.b, e1 for ear79 6→1 #79 after #78, no listen of ear80 at test/a.b, e1 for ear80 6→1 #80 after #79, no listen of ear81 at test/a.b, e1 for ear81 6→1 #81 after #80, no listen of ear82 at test/a.b, e1 for ear82 6→1 #82 after #81, no listen of ear83 at test/a.b, e1 for ear83 6→1 #83 after #82, no listen of ear84 at test/a.b, e1 for ear84 6→1 #84 after #83, no listen of ear85 at test/a.b, e1 for ear85 6→1 #85 after #84, no listen of ear86 at test/a.b, e1 for ear86 6→1 #86 after #85, no listen of ear87 at test/a.b, e1 for ear87 6→1 #87 after #86, no listen of ear88 at test/a.b, e1 for ear88 6→1 #88 after #87, no listen of ear89 at test/a.b, e1 for ear89 6→1 #89 after #88, no listen of ear90 at test/a.b, e1 for ear90 6→1 #90 after #89, no listen of ear91 at test/a.b, e1 for ear91 6→1 #91 after #90, no listen of ear92 at test/a.b, e1 for ear92 6→1 #92 after #91, no listen of ear93 at test/a.b, e1 for ear93 6→1 #93 after #92, no listen of ear94 at test/a.b, e1 for ear94 6→1 #94 after #93, no listen of ear95 at test/a.b, e1 for ear95 6→1 #95 after #94, no listen of ear96 at test/a.b, e1 for ear96 6→1 #96 after #95, no listen of ear97 at test/a.b, e1 for ear97 6→1 #97 after #96, no listen of ear98 at test/a.b, e1 for ear98 6→1 #98 after #97, no listen of ear99 at test/a.b, e1 for ear99 6→1 #99 after #98, no listen of ear100 at test/a.b, e1 for ear100 6→1 #100 after #99, no listen of ear101 at test/a.b, e1 for ear101 6→1 #101 after #100, no listen of ear102 at test/a.b, e1 for ear102 6→1 #102 after #101, no listen of ear103 at test/a.b, e1 for ear103 6→1 #103 after #102, no listen of ear104 at test/a.b, e1 for ear104 6→1 #104 after #103, no listen of ear105 at test/a.b, e1 for ear105 6→1 #105 after #104, no listen of ear106 at test/a.b, e1 for ear106 6→1 #106 after #105, no listen of ear107 at test/a.b, e1 for ear107 6→1 #107 after #106, no listen of ear108 at test/a.b, e1 for ear108 6→1 #108 after #107, no listen of ear109 at test/a.b, e1 for ear109 6→1 #109 after #108, no listen of ear110 at test/a.b, e1 for ear110 6→1 #110 after #109, no listen of ear111 at test/a.b, e1 for ear111 6→1 #111 after #110, no listen of ear112 at test/a.b, e1 for ear112 6→1 #112 after #111, no listen of ear113 at test/a.b, e1 for ear113 6→1 #113 after #112, no listen of ear114 at test/a.b, e1 for ear114 6→1 #114 after #113, no listen of ear115 at test/a.b, e1 for ear115 6→1 #115 after #114, no listen of ear116 at test/a.b, e1 for ear116 6→1 #116 after #115, no listen of ear117 at test/a.b, e1 for ear117 6→1 #117 after #116, no listen of ear118 at test/a.b, e1 for ear118 6→1 #118 after #117, no listen of ear119 at test/a.b, e1 for ear119 6→1 #119 after #118, no listen of ear120 at test/a.b, e1 for ear120 6→1 #120 after #119, no listen of ear121 at test/a.b, e1 for ear121 6→1 #121 after #120, no listen of ear122 at test/a.b, e1 for ear122 6→1 #122 after #121, no listen of ear123 at test/a.b, e1 for ear123 6→1 #123 after #122, no listen of ear124 at test/a.b, e1 for ear124 6→1 #124 after #123, no listen of ear125 at test/a.b, e1 for ear125 6→1 #125 after #124, no listen of ear126 at test/a.b, e1 for ear126 6→1 #126 after #125, no listen of ear127 at test/a.b, e1 for ear127 6→1 #127 after #126, no listen of ear128 at test/a.b, e1 for ear128 6→1 #128 after #127, no listen of ear129 at test/a.b, e1 for ear129 6→1 #129 after #128, no listen of ear130 at test/a.b, e1 for ear130 6→1 #130 after #129, no listen of ear131 at test/a.b, e1 for ear131 6→1 #131 after #130, no listen of ear132 at test/a.b, e1 for ear132 6→1 #132 after #131, no listen of ear133 at test/a.b, e1 for ear133 6→1 #133 after #132, no listen of ear134 at test/a.b, e1 for ear134 6→1 #134 after #133, no listen of ear135 at test/a.b, e1 for ear135 6→1 #135 after #134, no listen of ear136 at test/a.b, e1 for ear136 6→1 #136 after #135, no listen of ear137 at test/a.b, e1 for ear137 6→1 #137 after #136, no listen of ear138 at test/a.b, e1 for ear138 6→1 #138 after #137, no listen of ear139 at test/a.b, e1 for ear139 6→1 #139 after #138, no listen of ear140 at test/a.b, e1 for ear140 6→1 #140 after #139, no listen of ear141 at test/a.b, e1 for ear141 6→1 #141 after #140, no listen of ear142 at test/a.b, e1 for ear142 6→1 #142 after #141, no listen of ear143 at test/a.b, e1 for ear143 6→1 #143 after #142, no listen of ear144 at test/a.b, e1 for ear144 6→1 #144 after #143, no listen of ear145 at test/a.b, e1 for ear145 6→1 #145 after #144, no listen of ear146 at test/a.b, e1 for ear146 6→1 #146 after #145, no listen of ear147 at test/a.b, e1 for ear147 6→1 #147 after #146, no listen of ear148 at test/a.b, e1 for ear148 6→1 #148 after #147, no listen of ear149 at test/a.b, e1 for ear149 6→1 #149 after #148, no listen of ear150 at test/a.b, e1 for ear150 6→1 #150 after #149, no listen of ear151 at test/a.b, e1 for ear151 6→1 #151 after #150, no listen of ear152 at test/a.b, e1 for ear152 6→1 #152 after #151, no listen of ear153 at test/a.b, e1 for ear153 6→1 #153 after #152, no listen of ear154 at test/a.b, e1 for ear154 6→1 #154 after #153, no listen of ear155 at test/a.b, e1 for ear155 6→1 #155 after #154, no listen of ear156 at test/a.b, e1 for ear156 6→1 #156 after #155, no listen of ear157 at test/a.b, e1 for ear157 6→1 #157 after #156, no listen of ear158 at test/a.b, e1 for ear158 6→1 #158 after #157, no listen of ear159 at test/a.b, e1 for ear159 6→1 #159 after #158, no listen of ear160 at test/a.b, e1 for ear160 6→1 #160 after #159, no listen of ear161 at test/a.b, e1 for ear161 6→1 #161 after #160, no listen of ear162 at test/a.b, e1 for ear162 6→1 #162 after #161, no listen of ear163 at test/a.b, e1 for ear163 6→1 #163 after #162, no listen of ear164 at test/a.b, e1 for ear164 6→1 #164 after #163, no listen of ear165 at test/a.b, e1 for ear165 6→1 #165 after #164, no listen of ear166 at test/a.b, e1 for ear166 6→1 #166 after #165, no listen of ear167 at test/a.b, e1 for ear167 6→1 #167 after #166, no listen of ear168 at test/a.b, e1 for ear168 6→1 #168 after #167, no listen of ear169 at test/a.b, e1 for ear169 6→1 #169 after #168, no listen of ear170 at test/a.b, e1 for ear170 6→1 #170 after #169, no listen of ear171 at test/a.b, e1 for ear171 6→1 #171 after #170, no listen of ear172 at test/a.b, e1 for ear172 6→1 #172 after #171, no listen of ear173 at test/a.b, e1 for ear173 6→1 #173 after #172, no listen of ear174 at test/a.b, e1 for ear174 6→1 #174 after #173, no listen of ear175 at test/a.b, e1 for ear175 6→1 #175 after #174, no listen of ear176 at test/a.b, e1 for ear176 6→1 #176 after #175, no listen of ear177 at test/a.b, e1 for ear177 6→1 #177 after #176, no listen of ear178 at test/a.b, e1 for ear178 6→1 #178 after #177, no listen of ear179 at test/a.b, e1 for ear179 6→1 #179 after #178, no listen of ear180 at test/a.b, e1 for ear180 6→1 #180 after #179, no listen of ear181 at test/a.b, e1 for ear181 6→1 #181 after #180, no listen of ear182 at test/a.b, e1 for ear182 6→1 #182 after #181, no listen of ear183 at test/a.b, e1 for ear183 6→1 #183 after #182, no listen of ear184 at test/a.b, e1 for ear184 6→1 #184 after #183, no listen of ear185 at test/a.b, e1 for ear185 6→1 #185 after #184, no listen of ear186 at test/a.b, e1 for ear186 6→1 #186 after #185, no listen of ear187 at test/a.b, e1 for ear187 6→1 #187 after #186, no listen of ear188 at test/a.b, e1 for ear188 6→1 #188 after #187, no listen of ear189 at test/a.b, e1 for ear189 6→1 #189 after #188, no listen of ear190 at test/a.b, e1 for ear190 6→1 #190 after #189, no listen of ear191 at test/a.b, e1 for ear191 6→1 #191 after #190, no listen of ear192 at test/a.b, e1 for ear192 6→1 #192 after #191, no listen of ear193 at test/a.b, e1 for ear193 6→1 #193 after #192, no listen of ear194 at test/a.b, e1 for ear194 6→1 #194 after #193, no listen of ear195 at test/a.b, e1 for ear195 6→1 #195 after #194, no listen of ear196 at test/a.b, e1 for ear196 6→1 #196 after #195, no listen of ear197 at test/a.b, e1 for ear197 6→1 #197 after #196, no listen of ear198 at test/a.b, e1 for ear198 6→1 #198 after #197, no listen of ear199 at test/a.b, e1 for ear199 6→1 #199 after #198, no listen of ear200 at test/a.b, e1 for ear200 6→1 #200 after #199, no listen of ear201 at test/a.b, e1 for ear201 6→1 #201 after #200, no listen of ear202 at test/a.b, e1 for ear202 6→1 #202 after #201, no listen of ear203 at test/a.b, e1 for ear203 6→1 #203 after #202, no listen of ear204 at test/a.b, e1 for ear204 6→1 #204 after #203, no listen of ear205 at test/a.b, e1 for ear205 6→1 #205 after #204, no listen of ear206 at test/a.b, e1 for ear206 6→1 #206 after #205, no listen of ear207 at test/a.b, e1 for ear207 6→1 #207 after #206, no listen of ear208 at test/a.b, e1 for ear208 6→1 #208 after #207, no listen of ear209 at test/a.b, e1 for ear209 6→1 #209 after #208, no listen of ear210 at test/a.b, e1 for ear210 6→1 #210 after #209, no listen of ear211 at test/a.b, e1 for ear211 6→1 #211 after #210, no listen of ear212 at test/a.b, e1 for ear212 6→1 #212 after #211, no listen of ear213 at test/a.b, e1 for ear213 6→1 #213 after #212, no listen of ear214 at test/a.b, e1 for ear214 6→1 #214 after #213, no listen of ear215 at test/a.b, e1 for ear215 6→1 #215 after #214, no listen of ear216 at test/a.b, e1 for ear216 6→1 #216 after #215, no listen of ear217 at test/a.b, e1 for ear217 6→1 #217 after #216, no listen of ear218 at test/a.b, e1 for ear218 6→1 #218 after #217, no listen of ear219 at test/a.b, e1 for ear219 6→1 #219 after #218, no listen of ear220 at test/a.b, e1 for ear220 6→1 #220 after #219, no listen of ear221 at test/a.b, e1 for ear221 6→1 #221 after #220, no listen of ear222 at test/a.b, e1 for ear222 6→1 #222 after #221, no listen of ear223 at test/a.b, e1 for ear223 6→1 #223 after #222, no listen of ear224 at test/a.b, e1 for ear224 6→1 #224 after #223, no listen of ear225 at test/a.b, e1 for ear225 6→1 #225 after #224, no listen of ear226 at test/a.b, e1 for ear226 6→1 #226 after #225, no listen of ear227 at test/a.b, e1 for ear227 6→1 #227 after #226, no listen of ear228 at test/a.b, e1 for ear228 6→1 #228 after #227, no listen of ear229 at test/a.b, e1 for ear229 6→1 #229 after #228, no listen of ear230 at test/a.b, e1 for ear230 6→1 #230 after #229, no listen of ear231 at test/a.b, e1 for ear231 6→1 #231 after #230, no listen of ear232 at test/a.b, e1 for ear232 6→1 #232 after #231, no listen of ear233 at test/a.b, e1 for ear233 6→1 #233 after #232, no listen of ear234 at test/a.b, e1 for ear234 6→1 #234 after #233, no listen of ear235 at test/a.b, e1 for ear235 6→1 #235 after #234, no listen of ear236 at test/a.b, e1 for ear236 6→1 #236 after #235, no listen of ear237 at test/a.b, e1 for ear237 6→1 #237 after #236, no listen of ear238 at test/a.b, e1 for ear238 6→1 #238 after #237, no listen of ear239 at test/a.b, e1 for ear239 6→1 #239 after #238, no listen of ear240 at test/a.b, e1 for ear240 6→1 #240 after #239, no listen of ear241 at test/a.b, e1 for ear241 6→1 #241 after #240, no listen of ear242 at test/a.b, e1 for ear242 6→1 #242 after #241, no listen of ear243 at test/a.b, e1 for ear243 6→1 #243 after #242, no listen of ear244 at test/a.b, e1 for ear244 6→1 #244 after #243, no listen of ear245 at test/a.b, e1 for ear245 6→1 #245 after #244, no listen of ear246 at test/a.b, e1 for ear246 6→1 #246 after #245, no listen of ear247 at test/a.b, e1 for ear247 6→1 #247 after #246, no listen of ear248 at test/a.b, e1 for ear248 6→1 #248 after #247, no listen of ear249 at test/a.b, e1 for ear249 6→1 #249 after #248, no listen of ear250 at test/a.b, e1 for ear250 6→1 #250 after #249, no listen of ear251 at test/a.b, e1 for ear251 6→1 #251 after #250, no listen of ear252 at test/a.b, e1 for ear252 6→1 #252 after #251, no listen of ear253 at test/a.b, e1 for ear253 6→1 #253 after #252, no listen of ear254 at test/a.b, e1 for ear254 6→1 #254 after #253, no listen of ear255 at test/a.b, e1 for ear255 6→1 #255 after #254, no listen of ear256 at test/a.b, e1 for ear256 6→1 #256 after #255, giving test/a.b
                shard 6: no listen of ear257 at test/a.b, e1 for ear257 6→1 #257 after #256, no listen of ear258 at test/a.b, e1 for ear258 6→1 #258 after #257, no listen of ear259 at test/a.b, e1 for ear259 6→1 #259 after #258, no listen of ear260 at test/a.b, e1 for ear260 6→1 #260 after #259, no listen of ear261 at test/a.b, e1 for ear261 6→1 #261 after #260, no listen of ear262 at test/a.b, e1 for ear262 6→1 #262 after #261, no listen of ear263 at test/a.b, e1 for ear263 6→1 #263 after #262, no listen of ear264 at test/a.b, e1 for ear264 6→1 #264 after #263, no listen of ear265 at test/a.b, e1 for ear265 6→1 #265 after #264, no listen of ear266 at test/a.b, e1 for ear266 6→1 #266 after #265, no listen of ear267 at test/a.b, e1 for ear267 6→1 #267 after #266, no listen of ear268 at test/a.b, e1 for ear268 6→1 #268 after #267, no listen of ear269 at test/a.b, e1 for ear269 6→1 #269 after #268, no listen of ear270 at test/a.b, e1 for ear270 6→1 #270 after #269, no listen of ear271 at test/a.b, e1 for ear271 6→1 #271 after #270, no listen of ear272 at test/a.b, e1 for ear272 6→1 #272 after #271, no listen of ear273 at test/a.b, e1 for ear273 6→1 #273 after #272, no listen of ear274 at test/a.b, e1 for ear274 6→1 #274 after #273, no listen of ear275 at test/a.b, e1 for ear275 6→1 #275 after #274, no listen of ear276 at test/a.b, e1 for ear276 6→1 #276 after #275, no listen of ear277 at test/a.b, e1 for ear277 6→1 #277 after #276, no listen of ear278 at test/a.b, e1 for ear278 6→1 #278 after #277, no listen of ear279 at test/a.b, e1 for ear279 6→1 #279 after #278, no listen of ear280 at test/a.b, e1 for ear280 6→1 #280 after #279, no listen of ear281 at test/a.b, e1 for ear281 6→1 #281 after #280, no listen of ear282 at test/a.b, e1 for ear282 6→1 #282 after #281, no listen of ear283 at test/a.b, e1 for ear283 6→1 #283 after #282, no listen of ear284 at test/a.b, e1 for ear284 6→1 #284 after #283, no listen of ear285 at test/a.b, e1 for ear285 6→1 #285 after #284, no listen of ear286 at test/a.b, e1 for ear286 6→1 #286 after #285, no listen of ear287 at test/a.b, e1 for ear287 6→1 #287 after #286, no listen of ear288 at test/a.b, e1 for ear288 6→1 #288 after #287, no listen of ear289 at test/a.b, e1 for ear289 6→1 #289 after #288, no listen of ear290 at test/a.b, e1 for ear290 6→1 #290 after #289, no listen of ear291 at test/a.b, e1 for ear291 6→1 #291 after #290, no listen of ear292 at test/a.b, e1 for ear292 6→1 #292 after #291, no listen of ear293 at test/a.b, e1 for ear293 6→1 #293 after #292, no listen of ear294 at test/a.b, e1 for ear294 6→1 #294 after #293, no listen of ear295 at test/a.b, e1 for ear295 6→1 #295 after #294, no listen of ear296 at test/a.b, e1 for ear296 6→1 #296 after #295, no listen of ear297 at test/a.b, e1 for ear297 6→1 #297 after #296, no listen of ear298 at test/a.b, e1 for ear298 6→1 #298 after #297, no listen of ear299 at test/a.b, e1 for ear299 6→1 #299 after #298, no listen of ear300 at test/a.b, e1 for ear300 6→1 #300 after #299, no giving test/a.b
              event e1: accepted @603
              commit of 300
              catalog
              commit of 1
              commit of 299
            > read ear1
              read ear1: ear1 completed [null] @903
            > read ear300
              read ear300: ear300 completed [null] @903
        "#]],
    );
}

#[test]
fn mail_is_answered_when_it_is_durable() {
    check(
        "
        use hear
        start one hear
        settle
        mail one c.d m1
        durable
        mail one c.d m1
        mail one a.b m2
        durable
        settle
        mail one a.b m3
        ",
        expect![[r#"
            > use hear
            > start one hear
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > settle
              load test/a.b
              start one: created, one waiting, heard waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > mail one c.d m1
              commit of 1
                one: received | no message 1 #1
            > durable
              mail m1 to one: one waiting, heard waiting @4
            > mail one c.d m1
              mail m1 to one: one waiting, heard waiting @4
            > mail one a.b m2
              commit of 1
                one: received consumed completed workflow-completed | listed completed, one listens no more 1→6 #2 after #1
            > durable
              mail m2 to one: one completed [null] @5
              commit of 1
                shard 6: taken 1→6 #2, no listen of one at test/a.b
            > settle
            > mail one a.b m3
              load one
              mail m3 to one: refused: the instance is completed: it has ended and takes no event @6
        "#]],
    );
}

#[test]
fn a_topic_that_cannot_be_read_is_read_again() {
    check(
        "
        use hear
        lose scans
        event a.b e1
        start one hear
        settle
        let scans
        after 2s
        settle
        event a.b e2
        settle
        read one
        ",
        expect![[r#"
            > use hear
            > lose scans
            > event a.b e1
              load test/a.b
              event e1: refused: the server is not available: storage failed: the disk does not answer @1
            > start one hear
              commit of 1
                one: started activated listening | listed waiting, one listens 1→6 #1 after #0
            > settle
              start one: created, one waiting, heard waiting @2
            > let scans
            > after 2s
              load test/a.b
              commit of 1
                shard 6: taken 1→6 #1, listen of one at test/a.b
            > settle
            > event a.b e2
              commit of 1
                shard 6: event test/a.b #1, no listen of one at test/a.b, e2 for one 6→1 #1 after #0
            > settle
              event e2: accepted @4
              commit of 1
                one: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
            > read one
              load one
              read one: one completed [null] @5
        "#]],
    );
}

#[test]
fn old_events_are_forgotten_by_a_sweep() {
    check(
        "
        use pure
        event a.b e1
        settle
        after 25h
        sweep
        settle
        event a.b e1
        settle
        ",
        expect![[r#"
            > use pure
            > event a.b e1
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > settle
              event e1: accepted @2
            > after 25h
            > sweep
              sweep ended
              commit of 1
                shard 6: faded test/a.b #1, no event test/a.b #1
            > settle
            > event a.b e1
              load test/a.b
              commit of 1
                shard 6: event test/a.b #1
            > settle
              event e1: accepted @4
        "#]],
    );
}

#[test]
fn a_listen_that_was_cancelled_makes_room_for_another() {
    check(
        "
        limit subscriptions_max 1
        use hear
        start ear hear shard=1
        settle
        start late hear shard=2
        settle
        cancel ear
        settle
        start other hear shard=3
        settle
        ",
        expect![[r#"
            > limit subscriptions_max 1
            > use hear
            > start ear hear shard=1
              commit of 1
                ear: started activated listening | listed waiting, ear listens 1→6 #1 after #0
            > settle
              load test/a.b
              start ear: created, ear waiting, heard waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of ear at test/a.b
            > start late hear shard=2
              commit of 1
                late: started activated listening | listed waiting, late listens 2→6 #1 after #0
            > settle
              start late: created, late waiting, heard waiting @4
              commit of 1
                shard 6: taken 2→6 #1, no listen of late 6→2 #1 after #0
              commit of 1
                late: unsubscribed failed workflow-faulted | taken 6→2 #1, listed faulted, late listens no more 2→6 #2 after #1, no message 2 #1
              commit of 1
                shard 6: taken 2→6 #2, no message 6 #1
            > cancel ear
              commit of 1
                ear: unsubscribed workflow-cancelled | listed cancelled, ear listens no more 1→6 #2 after #1, no message 1 #1
            > settle
              cancel ear: ear cancelled @8
              commit of 1
                shard 6: taken 1→6 #2, no listen of ear at test/a.b
            > start other hear shard=3
              commit of 1
                other: started activated listening | listed waiting, other listens 3→6 #1 after #0
            > settle
              load test/a.b
              start other: created, other waiting, heard waiting @10
              commit of 1
                shard 6: taken 3→6 #1, listen of other at test/a.b
        "#]],
    );
}

#[test]
fn a_chain_of_listens_is_sent_each_event_once() {
    let mut world = World::new();
    world.run("use hear-many; start one hear-many; settle");
    for nth in 1..=20 {
        world.run(&format!("event a.b e{nth} {{\"n\":{nth}}}\nsettle"));
        if nth % 7 == 0 {
            world.run("restart\nsettle");
        }
    }
    world.run("read one");
    let transcript = world.transcript();
    assert_eq!(transcript.matches(" for one ").count(), 20, "{transcript}");
    assert!(transcript.contains("one completed [{\"n\":20}]"), "{transcript}");
}
