//! `emit`.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn what_is_left_out_follows_from_the_step() {
    check(
        "
        do:
          - place:
              emit: {event: {with: {type: order.placed, data: {id: '${ .order }'}}}}
        ",
        r#"start {"order":7}"#,
        expect![[r#"
            > start {"order":7}
            +0s 0 started
            +0s 1 /do/0/place begins
            +0s 1 /do/0/place emits {"specversion":"1.0","id":"<id>-1a6ff0697ae9fd2ecfab02ada160194c","source":"/workflows/test/flow/instances/<id>","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"order.placed","data":{"id":7}} ⇒ publish
            +0s 1 /do/0/place done output {"specversion":"1.0","id":"<id>-1a6ff0697ae9fd2ecfab02ada160194c","source":"/workflows/test/flow/instances/<id>","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"order.placed","data":{"id":7}} → end of scope
            +0s 0 completed {"specversion":"1.0","id":"<id>-1a6ff0697ae9fd2ecfab02ada160194c","source":"/workflows/test/flow/instances/<id>","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"order.placed","data":{"id":7}}
            = completed {"specversion":"1.0","id":"<id>-1a6ff0697ae9fd2ecfab02ada160194c","source":"/workflows/test/flow/instances/<id>","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"order.placed","data":{"id":7}}
        "#]],
    );
}

#[test]
fn what_is_written_stands() {
    check_lines(
        &["emits"],
        "
        do:
          - place:
              emit:
                event:
                  with:
                    type: '${ \"order.\" + .what }'
                    source: https://shop.example
                    id: '${ .id }'
                    time: '2026-02-03T04:05:06Z'
                    subject: '${ 7 }'
                    traceparent: abc
                    missing: '${ .nothing }'
        ",
        r#"start {"what":"placed","id":"o-1"}"#,
        expect![[r#"
            +0s 1 /do/0/place emits {"specversion":"1.0","type":"order.placed","source":"https://shop.example","id":"o-1","time":"2026-02-03T04:05:06Z","subject":"7","traceparent":"abc"} ⇒ publish
        "#]],
    );
}

#[test]
fn a_retry_that_emits_the_same_event_repeats_its_id() {
    check_lines(
        &["emits", "completed"],
        "
        do:
          - body:
              try:
                - tell: {emit: {event: {with: {type: a.b, data: {n: 1}}}}}
                - ask: {call: http, with: {method: get, endpoint: https://x.example/a}}
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}
        ",
        "
        fail ask connection
        advance 1s
        answer ask 200 {}
        ",
        expect![[r#"
            +0s 2 /do/0/body/try/0/tell emits {"specversion":"1.0","id":"<id>-cfd8091d817b12a28052a370aa144d69","source":"/workflows/test/flow/instances/<id>","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","type":"a.b","data":{"n":1}} ⇒ publish
            +1s 4 /do/0/body/try/0/tell emits {"specversion":"1.0","id":"<id>-cfd8091d817b12a28052a370aa144d69","source":"/workflows/test/flow/instances/<id>","time":"2026-01-01T00:00:01.000Z","datacontenttype":"application/json","type":"a.b","data":{"n":1}} ⇒ publish
            +1s 0 completed {}
            = completed {}
        "#]],
    );
}

#[test]
fn what_is_no_event_is_an_error_of_the_step() {
    for (with, expected) in [
        (
            "{type: '${ \"\" }'}",
            expect![[r#"
            +0s 0 faulted in step 1: 400 validation at /do/0/tell (not a CloudEvent: type: must not be empty)
            = faulted in step 1: 400 validation at /do/0/tell (not a CloudEvent: type: must not be empty)
        "#]],
        ),
        (
            "{type: a, Upper: x}",
            expect![[r#"
            +0s 0 faulted in step 1: 400 validation at /do/0/tell (not a CloudEvent: Upper: names of attributes have small letters and digits only, at most 64)
            = faulted in step 1: 400 validation at /do/0/tell (not a CloudEvent: Upper: names of attributes have small letters and digits only, at most 64)
        "#]],
        ),
        (
            "{type: a, time: '${ \"now\" }'}",
            expect![[r#"
            +0s 0 faulted in step 1: 400 validation at /do/0/tell (not a CloudEvent: time: is no instant of RFC 3339, as in 2026-01-31T12:00:00Z)
            = faulted in step 1: 400 validation at /do/0/tell (not a CloudEvent: time: is no instant of RFC 3339, as in 2026-01-31T12:00:00Z)
        "#]],
        ),
    ] {
        let document = format!("do: [{{tell: {{emit: {{event: {{with: {with}}}}}}}}}]");
        check_lines(&["faulted in"], &document, "start", expected);
    }
}
