//! Sources and sinks: an offset is stored with what its messages caused, and what goes out waits until it has arrived.

use expect_test::expect;

use super::{check, check_lines};

#[test]
fn an_offset_is_stored_with_the_events_before_it() {
    check(
        "
        use hear
        start ear hear shard=1
        settle
        source orders 0 - 3 a.b:e1 c.d:e2
        durable
        settle
        read ear
        offsets orders
        ",
        expect![[r#"
            > use hear
            > start ear hear shard=1
              commit of 1
                ear: started activated listening | listed waiting, ear listens 1→6 #1 after #0
            > settle
              load test/a.b
              start ear: created, ear waiting, heard waiting @2
              commit of 1
                shard 6: taken 1→6 #1, listen of ear at test/a.b
            > source orders 0 - 3 a.b:e1 c.d:e2
              commit of 1
                shard 96: orders/0 read up to 3, publish a.b 96→6 #1 after #0, publish c.d 96→172 #2 after #0
            > durable
              load test/c.d
              source orders/0: done @4
              commit of 1
                shard 6: taken 96→6 #1, event test/a.b #1, no listen of ear at test/a.b, e1 for ear 6→1 #1 after #0
            > settle
              commit of 2
                shard 172: taken 96→172 #2, event test/c.d #1
                ear: consumed completed workflow-completed | taken 6→1 #1, listed completed, no message 1 #1
            > read ear
              load ear
              read ear: ear completed [null] @7
            > offsets orders
              offsets orders: [(0, 3)] @7
        "#]],
    );
}

#[test]
fn a_batch_that_comes_twice_or_too_early_is_not_taken() {
    check(
        "
        use pure
        source orders 0 - 3 a.b:e1
        source orders 0 - 3 a.b:e1
        source orders 0 7 9 a.b:e3
        source orders 1 - 5 a.b:e4
        durable
        settle
        source orders 0 3 4 a.b:e2
        settle
        offsets orders
        offsets others
        ",
        expect![[r#"
            > use pure
            > source orders 0 - 3 a.b:e1
              commit of 1
                shard 96: orders/0 read up to 3, publish a.b 96→6 #1 after #0
            > source orders 0 - 3 a.b:e1
            > source orders 0 7 9 a.b:e3
            > source orders 1 - 5 a.b:e4
            > durable
              load test/a.b
              source orders/0: done @2
              source orders/0: refused: the source is read up to another offset: Some(3) @2
              source orders/0: refused: the source is read up to another offset: Some(3) @2
              commit of 1
                shard 153: orders/1 read up to 5, publish a.b 153→6 #1 after #0
            > settle
              source orders/1: done @3
              commit of 2
                shard 6: taken 96→6 #1, event test/a.b #1
                shard 6: taken 153→6 #1, event test/a.b #2
            > source orders 0 3 4 a.b:e2
              commit of 1
                shard 96: orders/0 read up to 4, publish a.b 96→6 #2 after #1, no message 96 #1
            > settle
              source orders/0: done @6
              commit of 1
                shard 6: taken 96→6 #2, event test/a.b #3
            > offsets orders
              offsets orders: [(0, 4), (1, 5)] @7
            > offsets others
              offsets others: [] @7
        "#]],
    );
}

#[test]
fn a_refusal_takes_offset_and_events_back_together() {
    check(
        "
        use pure
        source orders 0 - 3 a.b:e1
        source orders 0 3 4 a.b:e2
        refused
        offsets orders
        source orders 0 3 4 a.b:e2
        source orders 0 - 3 a.b:e1
        settle
        offsets orders
        ",
        expect![[r#"
            > use pure
            > source orders 0 - 3 a.b:e1
              commit of 1
                shard 96: orders/0 read up to 3, publish a.b 96→6 #1 after #0
            > source orders 0 3 4 a.b:e2
            > refused
              source orders/0: refused: the server is not available: the disk is full: no space left @1
              source orders/0: refused: the server is not available: the disk is full: no space left @1
            > offsets orders
              offsets orders: [] @1
            > source orders 0 3 4 a.b:e2
              source orders/0: refused: the source is read up to another offset: None @1
            > source orders 0 - 3 a.b:e1
              commit of 1
                shard 96: orders/0 read up to 3, publish a.b 96→6 #3 after #0
            > settle
              load test/a.b
              source orders/0: done @2
              commit of 1
                shard 6: taken 96→6 #3, event test/a.b #1
            > offsets orders
              offsets orders: [(0, 3)] @3
        "#]],
    );
}

#[test]
fn after_a_crash_a_source_goes_on_where_it_was_durable() {
    check(
        "
        use pure
        source orders 0 - 3 a.b:e1
        durable
        source orders 0 3 4 a.b:e2
        restart
        settle
        offsets orders
        source orders 0 3 4 a.b:e2
        settle
        restart
        offsets orders
        ",
        expect![[r#"
            > use pure
            > source orders 0 - 3 a.b:e1
              commit of 1
                shard 96: orders/0 read up to 3, publish a.b 96→6 #1 after #0
            > durable
              load test/a.b
              source orders/0: done @2
              commit of 1
                shard 6: taken 96→6 #1, event test/a.b #1
            > source orders 0 3 4 a.b:e2
            > restart
              catalog
              load test/a.b
              commit of 1
                shard 6: taken 96→6 #1, event test/a.b #1
            > settle
            > offsets orders
              offsets orders: [(0, 3)] @3
            > source orders 0 3 4 a.b:e2
              commit of 1
                shard 96: orders/0 read up to 4, publish a.b 96→6 #2 after #1, no message 96 #1
            > settle
              source orders/0: done @4
              commit of 1
                shard 6: taken 96→6 #2, event test/a.b #2
            > restart
              catalog
            > offsets orders
              offsets orders: [(0, 4)] @5
        "#]],
    );
}

#[test]
fn an_offset_moves_without_events_too() {
    check(
        "
        use pure
        source orders 0 - 3
        source orders 0 3 2
        settle
        offsets orders
        ",
        expect![[r#"
            > use pure
            > source orders 0 - 3
              commit of 1
                shard 96: orders/0 read up to 3
            > source orders 0 3 2
            > settle
              source orders/0: done @2
              commit of 1
                shard 96: orders/0 read up to 2
              source orders/0: done @3
            > offsets orders
              offsets orders: [(0, 2)] @3
        "#]],
    );
}

#[test]
fn what_goes_out_waits_in_the_commit_that_caused_it() {
    check(
        "
        sink all
        sink some a.*
        sink others x.y
        use tell
        start mouth tell shard=2
        settle
        delivered some mouth 2
        settle
        ",
        expect![[r#"
            > sink all
              catalog
            > sink some a.*
              catalog
            > sink others x.y
              catalog
            > use tell
            > start mouth tell shard=2
              commit of 1
                mouth: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0, outgoing to all #2, outgoing to some #2
            > settle
              load test/a.b
              start mouth: created, mouth completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @2
              commit of 1
                shard 6: taken 2→6 #1, event test/a.b #1
            > delivered some mouth 2
              commit of 1
                shard 2: no outgoing to some #2, no message 2 #1
            > settle
              delivered some: done @4
        "#]],
    );
}

#[test]
fn what_a_refused_step_sent_out_never_was() {
    check(
        "
        sink all
        use tell
        start mouth tell shard=2
        refused
        start mouth tell shard=2
        settle
        ",
        expect![[r#"
            > sink all
              catalog
            > use tell
            > start mouth tell shard=2
              commit of 1
                mouth: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0, outgoing to all #2
            > refused
              start mouth: refused: the server is not available: the disk is full: no space left @1
            > start mouth tell shard=2
              commit of 1
                mouth: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #2 after #0, outgoing to all #2
            > settle
              load test/a.b
              start mouth: created, mouth completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @2
              commit of 1
                shard 6: taken 2→6 #2, event test/a.b #1
        "#]],
    );
}

#[test]
fn what_a_sink_refuses_is_kept_until_somebody_decides() {
    check_lines(
        &["> ", "shard 2: no outgoing", "refused by", "sinks:", "refuses"],
        "
        sink all
        use tell
        start mouth tell shard=2; start beak tell shard=2
        settle
        refuses all mouth 2
        refused
        sinks
        refuses all mouth 2; refuses all beak 2
        settle
        restart
        sinks
        change all retry
        settle
        sinks
        refuses all mouth 2
        settle
        change all discard
        settle
        delivered all beak 2
        settle
        sinks
        ",
        expect![[r#"
            > sink all
            > use tell
            > start mouth tell shard=2; start beak tell shard=2
            > settle
            > refuses all mouth 2
                shard 2: no outgoing to all #2, refused by all #2, no message 2 #1, no message 2 #2
            > refused
              refuses all: refused: the server is not available: the disk is full: no space left @5
            > sinks
              sinks: all 2 waiting 0 refused 0 dropped @5
            > refuses all mouth 2; refuses all beak 2
                shard 2: no outgoing to all #2, refused by all #2, no message 2 #1, no message 2 #2
                shard 2: no outgoing to all #2, refused by all #2
            > settle
              refuses all: done @7
              refuses all: done @7
            > restart
            > sinks
              sinks: all 0 waiting 2 refused 0 dropped @7
            > change all retry
                shard 2: no longer refused by all #2, outgoing to all #2, no longer refused by all #2, outgoing to all #2
            > settle
            > sinks
              sinks: all 2 waiting 0 refused 0 dropped @8
            > refuses all mouth 2
                shard 2: no outgoing to all #2, refused by all #2
            > settle
              refuses all: done @9
            > change all discard
                shard 2: no longer refused by all #2
            > settle
            > delivered all beak 2
                shard 2: no outgoing to all #2
            > settle
            > sinks
              sinks: all 0 waiting 0 refused 0 dropped @11
        "#]],
    );
}

#[test]
fn beyond_its_limit_of_refused_events_a_sink_gets_no_more_aside() {
    check(
        "
        limit sink_refused_max 1
        sink all
        use tell
        start mouth tell shard=2; start beak tell shard=2
        settle
        refuses all mouth 2
        settle
        refuses all beak 2
        sinks
        ",
        expect![[r#"
            > limit sink_refused_max 1
            > sink all
              catalog
            > use tell
            > start mouth tell shard=2; start beak tell shard=2
              commit of 2
                mouth: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0, outgoing to all #2
                beak: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #2 after #1, outgoing to all #2
            > settle
              load test/a.b
              start mouth: created, mouth completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @3
              start beak: created, beak completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @3
              commit of 2
                shard 6: taken 2→6 #1, event test/a.b #1
                shard 6: taken 2→6 #2
            > refuses all mouth 2
              commit of 1
                shard 2: no outgoing to all #2, refused by all #2, no message 2 #1, no message 2 #2
            > settle
              refuses all: done @6
            > refuses all beak 2
              refuses all: refused: the sink all has refused 1 events, which is the limit: retry or discard them @6
            > sinks
              sinks: all 1 waiting 1 refused 0 dropped @6
        "#]],
    );
}

#[test]
fn while_a_sink_has_as_much_waiting_as_may_nothing_begins_that_would_add_to_it() {
    check_lines(
        &["start", "sinks:", "> ", "outgoing"],
        "
        limit sink_events_max 2
        sink all a.*
        use tell pure
        start one tell shard=2 key=k; start two tell shard=2
        settle
        start three tell shard=2
        start again tell shard=2 key=k
        settle
        start other pure shard=2
        settle
        sinks
        delivered all one 2
        settle
        start four tell shard=2
        settle
        restart
        sinks
        ",
        expect![[r#"
            > limit sink_events_max 2
            > sink all a.*
            > use tell pure
            > start one tell shard=2 key=k; start two tell shard=2
                two: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0, outgoing to all #2
            > settle
              start two: created, two completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @3
                one: started activated emitted completed workflow-completed | key test/tell/client/k, listed completed, publish a.b 108→6 #1 after #0, outgoing to all #2
              start one: created, one completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @4
            > start three tell shard=2
              start three: refused: 2 events wait for the sink all, which is the limit: nothing begins that would add to them @6
            > start again tell shard=2 key=k
              start again: one completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @6
            > settle
            > start other pure shard=2
                other: started activated completed workflow-completed | listed completed, no message 2 #1
            > settle
              start other: created, other completed {"done":1} @7
            > sinks
              sinks: all 2 waiting 0 refused 0 dropped, holds starts up @7
            > delivered all one 2
                shard 108: no outgoing to all #2, no message 108 #1
            > settle
            > start four tell shard=2
                four: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #2 after #1, outgoing to all #2
            > settle
              start four: created, four completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @9
            > restart
            > sinks
              sinks: all 2 waiting 0 refused 0 dropped, holds starts up @10
        "#]],
    );
}

#[test]
fn a_sink_may_go_without_what_is_too_much() {
    check_lines(
        &["start", "sinks:", "> ", "outgoing"],
        "
        limit sink_events_max 1
        sink all
        dropping all
        use tell
        start one tell shard=2
        settle
        start two tell shard=2
        settle
        sinks
        ",
        expect![[r#"
            > limit sink_events_max 1
            > sink all
            > dropping all
            > use tell
            > start one tell shard=2
                one: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0, outgoing to all #2
            > settle
              start one: created, one completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @2
            > start two tell shard=2
                two: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #2 after #1, no message 2 #1
            > settle
              start two: created, two completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @4
            > sinks
              sinks: all 1 waiting 0 refused 1 dropped @5
        "#]],
    );
}

#[test]
fn what_waits_for_a_sink_that_is_gone_stays_until_it_is_removed() {
    check_lines(
        &["start", "sinks:", "> ", "outgoing"],
        "
        sink all
        use tell
        start one tell shard=2
        settle
        no sink all
        sinks
        start two tell shard=2
        settle
        change all remove
        settle
        sinks
        ",
        expect![[r#"
            > sink all
            > use tell
            > start one tell shard=2
                one: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #1 after #0, outgoing to all #2
            > settle
              start one: created, one completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @2
            > no sink all
            > sinks
              sinks: all 1 waiting 0 refused 0 dropped, not configured @3
            > start two tell shard=2
                two: started activated emitted completed workflow-completed | listed completed, publish a.b 2→6 #2 after #1, no message 2 #1
            > settle
              start two: created, two completed {"specversion":"1.0","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","id":"told","source":"/tell","data":{"n":1}} @4
            > change all remove
                shard 2: no outgoing to all #2, no message 2 #2
            > settle
            > sinks
              sinks:  @6
        "#]],
    );
}
