use serde_json::json;

use super::*;

#[test]
fn arrivals_are_read_and_outcomes_passed_over() {
    let log = concat!(
        r#"{"line":"arrival","number":0,"at":"1970-01-01T00:00:01.000002Z","method":"POST","path":"/charges","key":"k","digest":"d","traceparent":null}"#,
        "\n",
        r#"{"line":"outcome","number":0,"at":"1970-01-01T00:00:02Z","status":201,"repeated":false,"fault":null}"#,
        "\n",
        r#"{"line":"arrival","number":2,"at":"1970-01-01T00:00:03Z","method":"POST","path":"/refunds","key":null,"digest":"e","traceparent":null}"#,
        "\n",
    );
    let arrival = |at, key: &str, request: &str| Arrival {
        service: 1,
        at,
        key: key.to_owned(),
        request: request.to_owned(),
    };
    assert_eq!(
        read_arrivals(1, log).unwrap(),
        [
            arrival(1_000_002, "k", "payments POST /charges d"),
            arrival(3_000_000, "", "payments POST /refunds e"),
        ]
    );
    let error = read_arrivals(1, "{\"line\":").unwrap_err().to_string();
    assert_eq!(error, "payments logged {\"line\":");
}

#[test]
fn an_attempt_lasts_from_its_request_to_its_outcome() {
    let at = |second: u32| format!("1970-01-01T00:00:{second:02}Z");
    let timeout = json!({ "type": "https://x/errors/timeout" });
    let history = [
        json!({ "type": "started", "step": 0, "at": at(0) }),
        json!({ "type": "requested", "step": 2, "at": at(1), "idempotencyKey": "a" }),
        json!({ "type": "requested", "step": 3, "at": at(1), "idempotencyKey": "b" }),
        json!({ "type": "resent", "step": 2, "at": at(2) }),
        json!({ "type": "settled", "step": 2, "at": at(3), "error": timeout }),
        json!({ "type": "requested", "step": 2, "at": at(4), "idempotencyKey": "a" }),
        json!({ "type": "settled", "step": 2, "at": at(5), "output": {} }),
        json!({ "type": "abandoned", "step": 3, "at": at(6) }),
        json!({ "type": "settled", "step": 3, "at": at(7), "output": {} }),
        json!({ "type": "requested", "step": 4, "at": at(8), "idempotencyKey": "c" }),
    ];
    let attempt = |key: &str, from: i64, to: Option<i64>, timed_out| Attempt {
        key: key.to_owned(),
        from: from * 1_000_000,
        to: to.map(|to| to * 1_000_000),
        timed_out,
    };
    assert_eq!(
        read_attempts(&history).unwrap(),
        [
            attempt("a", 1, Some(3), true),
            attempt("b", 1, Some(6), false),
            attempt("a", 4, Some(5), false),
            attempt("c", 8, None, false),
        ]
    );
    let nameless = [json!({ "type": "requested", "step": 2, "at": at(1) })];
    assert_eq!(read_attempts(&nameless).unwrap_err().to_string(), "a call has no key");
}
