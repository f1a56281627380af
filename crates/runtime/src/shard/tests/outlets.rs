//! Sources and sinks: an offset is stored with what its messages caused, and what goes out waits until it has arrived.

use expect_test::expect;

use super::check;

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
