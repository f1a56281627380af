//! Idempotency keys: the same for the same work, another for other work.

use expect_test::expect;

use crate::harness::{check_lines, transcript};

#[test]
fn a_retry_of_the_same_request_repeats_the_key() {
    check_lines(
        &["calls"],
        "
        do:
          - tries:
              try: [{pay: {call: http, with: {method: post, endpoint: http://pay.test/, body: '${ . }'}}}]
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 2}}}}
        ",
        "
        start {\"sum\":1}
        answer pay 503
        advance 1s
        fail pay silence
        advance 1s
        answer pay 200
        ",
        expect![[r#"
            +0s 2 /do/0/tries/try/0/pay calls #1 K1 POST http://pay.test/ json {"sum":1} until +60s ⇒ call
            +1s 3 /do/0/tries/try/0/pay calls #1 K1 POST http://pay.test/ json {"sum":1} until +61s ⇒ call
            +2s 4 /do/0/tries/try/0/pay calls #1 K1 POST http://pay.test/ json {"sum":1} until +62s ⇒ call
        "#]],
    );
}

#[test]
fn a_retry_that_asks_for_something_else_gets_another_key() {
    check_lines(
        &["calls"],
        "
        do:
          - tries:
              try: [{pay: {call: http, with: {method: post, endpoint: http://pay.test/, body: '${ now }'}}}]
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}
        ",
        "
        answer pay 503
        advance 1s
        ",
        expect![[r#"
            +0s 2 /do/0/tries/try/0/pay calls #1 K1 POST http://pay.test/ json 1767225600 until +60s ⇒ call
            +1s 3 /do/0/tries/try/0/pay calls #1 K2 POST http://pay.test/ json 1767225601 until +61s ⇒ call
        "#]],
    );
}

#[test]
fn every_iteration_has_its_own_key() {
    check_lines(
        &["calls"],
        "
        do:
          - rows:
              for: {in: '[1, 2]'}
              do:
                - cells:
                    for: {in: '[1, 2]'}
                    do: [{pay: {call: http, with: {method: post, endpoint: http://pay.test/}}}]
        ",
        "
        answer pay 200
        answer pay 200
        answer pay 200
        ",
        expect![[r#"
            +0s 3 /do/0/rows/do/0/cells/do/0/pay calls #1 K1 POST http://pay.test/ until +60s ⇒ call
            +0s 4 /do/0/rows/do/0/cells/do/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
            +0s 6 /do/0/rows/do/0/cells/do/0/pay calls #1 K3 POST http://pay.test/ until +60s ⇒ call
            +0s 7 /do/0/rows/do/0/cells/do/0/pay calls #1 K4 POST http://pay.test/ until +60s ⇒ call
        "#]],
    );
}

#[test]
fn every_visit_has_its_own_key() {
    check_lines(
        &["calls", "="],
        "
        do:
          - pay: {call: http, with: {method: post, endpoint: http://pay.test/}}
          - again: {switch: [{more: {when: . < 3, then: pay}}, {enough: {then: end}}]}
        ",
        "
        answer pay 200 1
        answer pay 200 2
        answer pay 200 3
        ",
        expect![[r#"
            +0s 1 /do/0/pay calls #1 K1 POST http://pay.test/ until +60s ⇒ call
            = running · unanswered: pay
            +0s 3 /do/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
            = running · unanswered: pay
            +0s 5 /do/0/pay calls #1 K3 POST http://pay.test/ until +60s ⇒ call
            = running · unanswered: pay
            = completed 3
        "#]],
    );
}

#[test]
fn every_place_has_its_own_key() {
    check_lines(
        &["calls"],
        "
        use: {functions: {pay: {call: http, with: {method: post, endpoint: http://pay.test/}}}}
        do:
          - both:
              fork:
                branches:
                  - left: {call: pay}
                  - right: {call: pay}
          - last: {call: pay}
        ",
        "
        answer pay 200
        answer pay 200
        ",
        expect![[r#"
            +0s 4 /use/functions/pay calls #1 K1 POST http://pay.test/ until +60s ⇒ call
            +0s 5 /use/functions/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
            +0s 7 /use/functions/pay calls #1 K3 POST http://pay.test/ until +60s ⇒ call
        "#]],
    );
}

#[test]
fn a_retried_instance_repeats_the_key() {
    check_lines(
        &["calls", "reopened"],
        "
        do:
          - rows:
              for: {in: '[1, 2]'}
              do: [{pay: {call: http, with: {method: post, endpoint: http://pay.test/}}}]
        ",
        "
        answer pay 200
        answer pay 500
        retry
        answer pay 500
        retry
        ",
        expect![[r#"
            +0s 2 /do/0/rows/do/0/pay calls #1 K1 POST http://pay.test/ until +60s ⇒ call
            +0s 3 /do/0/rows/do/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
            +0s 0 reopened
            +0s 4 /do/0/rows/do/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
            +0s 0 reopened
            +0s 5 /do/0/rows/do/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
        "#]],
    );
}

#[test]
fn what_is_sent_again_keeps_key_and_request() {
    check_lines(
        &["calls", "reopened"],
        "
        do:
          - both:
              fork:
                branches:
                  - left: {call: http, with: {method: post, endpoint: http://left.test/, body: '${ now }'}}
                  - right: {call: http, with: {method: post, endpoint: http://right.test/}}
        ",
        "
        answer right 500
        sleep 5s
        retry
        ",
        expect![[r#"
            +0s 2 /do/0/both/fork/branches/0/left calls #1 K1 POST http://left.test/ json 1767225600 until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/right calls #1 K2 POST http://right.test/ until +60s ⇒ call
            +5s 0 reopened
            +5s 4 /do/0/both/fork/branches/1/right calls #1 K2 POST http://right.test/ until +65s ⇒ call
            +5s 2 /do/0/both/fork/branches/0/left calls again #2 until +65s ⇒ call
        "#]],
    );
}

#[test]
fn a_retried_try_inside_a_loop_repeats_the_key_of_its_iteration() {
    check_lines(
        &["iteration", "calls"],
        "
        do:
          - rows:
              for: {in: '[1, 2]'}
              do:
                - tries:
                    try: [{pay: {call: http, with: {method: post, endpoint: http://pay.test/}}}]
                    catch: {retry: {limit: {attempt: {count: 1}}}}
        ",
        "
        answer pay 503
        timers
        answer pay 200
        answer pay 503
        timers
        ",
        expect![[r#"
            +0s 1 /do/0/rows iteration 0
            +0s 3 /do/0/rows/do/0/tries/try/0/pay calls #1 K1 POST http://pay.test/ until +60s ⇒ call
            +0s 4 /do/0/rows/do/0/tries/try/0/pay calls #1 K1 POST http://pay.test/ until +60s ⇒ call
            +0s 1 /do/0/rows iteration 1
            +0s 6 /do/0/rows/do/0/tries/try/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
            +0s 7 /do/0/rows/do/0/tries/try/0/pay calls #1 K2 POST http://pay.test/ until +60s ⇒ call
        "#]],
    );
}

/// The key goes by what is asked, not by which activation asks it: secrets are no exception.
#[test]
fn a_retry_of_a_request_with_secrets_repeats_the_key() {
    let document = "
        use: {secrets: [pin, token]}
        do:
          - tries:
              try:
                - pay:
                    call: http
                    with:
                      method: post
                      endpoint: {uri: http://pay.test/, authentication: {bearer: {token: '${ $secrets.token }'}}}
                      headers: {x-mac: '${ $secrets.pin + .sum | @base64 }'}
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}
        ";
    let script = "
        start {\"sum\":\"1\"}
        answer pay 503
        advance 1s
        answer pay 500
        retry
        ";
    let transcript = transcript(document, script);
    let calls = transcript.lines().filter(|line| line.contains(" calls #"));
    let keys: Vec<&str> = calls.filter_map(|line| line.split(' ').nth(5)).collect();
    assert_eq!(keys, ["K1", "K1", "K1"], "{transcript}");
}

#[test]
fn a_secret_expression_over_something_else_gets_another_key() {
    let document = "
        use: {secrets: [pin]}
        do:
          - tries:
              try:
                - pay:
                    call: http
                    with:
                      method: post
                      endpoint: http://pay.test/
                      headers: {x-mac: '${ \"\\($secrets.pin) \\($task.startedAt.epoch.seconds)\" }'}
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}
        ";
    let transcript = transcript(document, "answer pay 503\nadvance 1s");
    let calls = transcript.lines().filter(|line| line.contains(" calls #"));
    let keys: Vec<&str> = calls.filter_map(|line| line.split(' ').nth(5)).collect();
    assert_eq!(keys, ["K1", "K2"], "{transcript}");
}
