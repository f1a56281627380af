//! `retry`: when it begins again, how long it waits, when it has had enough.

use expect_test::{Expect, expect};

use crate::harness::{check, check_lines};

/// A call that is retried under this policy, answered with 503 as often as the policy allows, up to `times`.
fn delays(retry: &str, times: usize, expected: Expect) {
    let document = format!(
        "
        do:
          - tries:
              try: [{{ask: {{call: http, with: {{method: get, endpoint: http://ask.test/}}}}}}]
              catch: {{retry: {retry}}}
        "
    );
    let script = "answer ask 503\nadvance 1h\n".repeat(times);
    check_lines(&["catches", "tries again", "faulted"], &document, &script, expected);
}

#[test]
fn the_whole_course_of_a_retry() {
    check(
        "
        use: {retries: {often: {delay: {seconds: 2}, limit: {attempt: {count: 2}}}}}
        do:
          - tries:
              try:
                - prepare: {set: {n: '${ (.n // 0) + 1 }'}}
                - ask: {call: http, with: {method: get, endpoint: 'http://ask.test/{n}'}}
              catch: {retry: often}
        ",
        "
        start {\"n\":1}
        answer ask 503
        advance 1999ms
        advance 1ms
        answer ask 200 {\"ok\":1}
        ",
        expect![[r#"
            > start {"n":1}
            +0s 0 started
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/prepare begins
            +0s 2 /do/0/tries/try/0/prepare done output {"n":2} → ask
            +0s 3 /do/0/tries/try/1/ask begins
            +0s 3 /do/0/tries/try/1/ask calls #1 K1 GET http://ask.test/2 until +60s ⇒ call
            = running · unanswered: ask
            > answer ask 503
            +0s 3 /do/0/tries/try/1/ask #1 fails: 503 communication (the service answered with an error: GET http://ask.test/2 answered 503)
            +0s 3 /do/0/tries/try/1/ask fails: 503 communication at /do/0/tries/try/1/ask (the service answered with an error: GET http://ask.test/2 answered 503)
            +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/1/ask (the service answered with an error: GET http://ask.test/2 answered 503): retry 1 at +2s
            = waiting · due +2s
            > advance 1999ms
            = waiting · due +2s
            > advance 1ms
            +2s 1 /do/0/tries tries again
            +2s 4 /do/0/tries/try/0/prepare begins
            +2s 4 /do/0/tries/try/0/prepare done output {"n":2} → ask
            +2s 5 /do/0/tries/try/1/ask begins
            +2s 5 /do/0/tries/try/1/ask calls #1 K1 GET http://ask.test/2 until +62s ⇒ call
            = running · unanswered: ask
            > answer ask 200 {"ok":1}
            +2s 5 /do/0/tries/try/1/ask #1 gives {"ok":1}
            +2s 5 /do/0/tries/try/1/ask done → end of scope
            +2s 1 /do/0/tries done → end of scope
            +2s 0 completed {"ok":1}
            = completed {"ok":1}
        "#]],
    );
}

#[test]
fn constant() {
    delays(
        "{delay: {seconds: 3}, backoff: {constant: {}}, limit: {attempt: {count: 2}}}",
        3,
        expect![[r#"
            +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +3s
            +3s 1 /do/0/tries tries again
            +3600s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 2 at +3603s
            +3603s 1 /do/0/tries tries again
            +7200s 0 faulted in step 4: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 4: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 4: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
}

#[test]
fn linear() {
    delays(
        "{delay: {seconds: 3}, backoff: {linear: {}}, limit: {attempt: {count: 3}}}",
        3,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +3s
              +3s 1 /do/0/tries tries again
              +3600s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 2 at +3606s
              +3606s 1 /do/0/tries tries again
              +7200s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 3 at +7209s
              +7209s 1 /do/0/tries tries again
        "#]],
    );
    delays(
        "{delay: {seconds: 3}, backoff: {linear: {increment: {seconds: 10}, maxDelay: {seconds: 15}}}, limit: {attempt: {count: 3}}}",
        3,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +3s
              +3s 1 /do/0/tries tries again
              +3600s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 2 at +3613s
              +3613s 1 /do/0/tries tries again
              +7200s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 3 at +7215s
              +7215s 1 /do/0/tries tries again
        "#]],
    );
}

#[test]
fn exponential() {
    delays(
        "{delay: {seconds: 1}, backoff: {exponential: {}}, limit: {attempt: {count: 4}}}",
        4,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +1s
              +1s 1 /do/0/tries tries again
              +3600s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 2 at +3602s
              +3602s 1 /do/0/tries tries again
              +7200s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 3 at +7204s
              +7204s 1 /do/0/tries tries again
              +10800s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 4 at +10808s
              +10808s 1 /do/0/tries tries again
        "#]],
    );
    delays(
        "{delay: {seconds: 1}, backoff: {exponential: {factor: 3, maxDelay: {seconds: 5}}}, limit: {attempt: {count: 3}}}",
        3,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +1s
              +1s 1 /do/0/tries tries again
              +3600s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 2 at +3603s
              +3603s 1 /do/0/tries tries again
              +7200s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 3 at +7205s
              +7205s 1 /do/0/tries tries again
        "#]],
    );
}

#[test]
fn jitter_follows_from_instance_step_and_attempt() {
    delays(
        "{delay: {seconds: 1}, jitter: {from: {seconds: 1}, to: {seconds: 2}}, limit: {attempt: {count: 3}}}",
        3,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +2.936299s
              +2.936299s 1 /do/0/tries tries again
              +3600s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 2 at +3602.556994s
              +3602.556994s 1 /do/0/tries tries again
              +7200s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 3 at +7202.178585s
              +7202.178585s 1 /do/0/tries tries again
        "#]],
    );
}

#[test]
fn without_a_delay_it_begins_again_at_once() {
    delays(
        "{limit: {attempt: {count: 1}}}",
        2,
        expect![[r#"
            +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +0s
            +0s 1 /do/0/tries tries again
            +3600s 0 faulted in step 3: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 3: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 3: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
}

#[test]
fn the_count_does_not_count_the_first_attempt() {
    delays(
        "{delay: {seconds: 1}, limit: {attempt: {count: 1}}}",
        2,
        expect![[r#"
            +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +1s
            +1s 1 /do/0/tries tries again
            +3600s 0 faulted in step 3: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 3: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 3: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
    delays(
        "{delay: {seconds: 1}, limit: {attempt: {count: 0}}}",
        1,
        expect![[r#"
            +0s 0 faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
}

#[test]
fn the_limit_of_the_duration_is_from_the_first_attempt_to_the_start_of_the_last() {
    delays(
        "{delay: {seconds: 4}, limit: {duration: {seconds: 5}}}",
        1,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +4s
              +4s 1 /do/0/tries tries again
        "#]],
    );
    delays(
        "{delay: {seconds: 6}, limit: {duration: {seconds: 5}}}",
        1,
        expect![[r#"
            +0s 0 faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
}

#[test]
fn when_and_except_when_of_the_policy() {
    delays(
        "{when: $error.status == 503, delay: {seconds: 1}, limit: {attempt: {count: 1}}}",
        1,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +1s
              +1s 1 /do/0/tries tries again
        "#]],
    );
    delays(
        "{exceptWhen: $error.status == 503, delay: {seconds: 1}}",
        1,
        expect![[r#"
            +0s 0 faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
}

#[test]
fn exhausted_with_a_handler_the_handler_runs_once() {
    check_lines(
        &["catches", "tries again", "done", "="],
        "
        do:
          - tries:
              try: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]
              catch:
                retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}
                do: [{handle: {set: {status: '${ $error.status }'}}}]
        ",
        "
        answer ask 500
        advance 1s
        answer ask 503
        ",
        expect![[r#"
            = running · unanswered: ask
            +0s 1 /do/0/tries catches 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500): retry 1 at +1s
            = waiting · due +1s
            +1s 1 /do/0/tries tries again
            = running · unanswered: ask
            +1s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): handled from handle
            +1s 4 /do/0/tries/catch/do/0/handle done output {"status":503} → end of scope
            +1s 1 /do/0/tries done → end of scope
            = completed {"status":503}
        "#]],
    );
}

#[test]
fn exhausted_with_a_directive_it_is_followed() {
    check_lines(
        &["catches", "begins", "="],
        "
        do:
          - tries:
              try: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]
              catch: {retry: {limit: {attempt: {count: 0}}}, then: last}
          - never: {set: {n: 1}}
          - last: {set: {n: 2}}
        ",
        "answer ask 500",
        expect![[r#"
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/ask begins
            = running · unanswered: ask
            +0s 1 /do/0/tries catches 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500): done with it
            +0s 3 /do/2/last begins
            = completed {"n":2}
        "#]],
    );
}

#[test]
fn exhausted_with_neither_the_error_is_raised_again() {
    check_lines(
        &["catches", "fails", "="],
        "
        do:
          - outer:
              try:
                - tries:
                    try: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]
                    catch: {retry: {limit: {attempt: {count: 0}}}}
              catch: {do: [{handle: {set: {at: '${ $error.instance }'}}}]}
        ",
        "answer ask 500",
        expect![[r#"
            = running · unanswered: ask
            +0s 3 /do/0/outer/try/0/tries/try/0/ask #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 3 /do/0/outer/try/0/tries/try/0/ask fails: 500 communication at /do/0/outer/try/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +0s 1 /do/0/outer catches 500 communication at /do/0/outer/try/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500): handled from handle
            = completed {"at":"/do/0/outer/try/0/tries/try/0/ask"}
        "#]],
    );
}

#[test]
fn an_attempt_has_its_own_limit() {
    check(
        "
        do:
          - tries:
              try: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]
              catch:
                retry: {delay: {seconds: 1}, limit: {attempt: {count: 1, duration: {seconds: 5}}}}
        ",
        "
        advance 5s
        late ask 200 {\"late\":true}
        advance 1s
        answer ask 200 {\"ok\":true}
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/tries begins attempt until +5s
            +0s 2 /do/0/tries/try/0/ask begins
            +0s 2 /do/0/tries/try/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · due +5s · unanswered: ask
            > advance 5s
            +5s 2 /do/0/tries/try/0/ask abandons #1 ⇒ withdraw
            +5s 1 /do/0/tries catches 408 timeout at /do/0/tries (timed out: an attempt did not end within the limit of its retry policy): retry 1 at +6s
            = waiting · due +6s · unanswered: ask (abandoned)
            > late ask 200 {"late":true}
            +5s 2 /do/0/tries/try/0/ask #1 gives {"late":true}
            = waiting · due +6s
            > advance 1s
            +6s 1 /do/0/tries tries again until +11s
            +6s 3 /do/0/tries/try/0/ask begins
            +6s 3 /do/0/tries/try/0/ask calls #1 K1 GET http://ask.test/ until +66s ⇒ call
            = running · due +11s · unanswered: ask
            > answer ask 200 {"ok":true}
            +6s 3 /do/0/tries/try/0/ask #1 gives {"ok":true}
            +6s 3 /do/0/tries/try/0/ask done → end of scope
            +6s 1 /do/0/tries done → end of scope
            +6s 0 completed {"ok":true}
            = completed {"ok":true}
        "#]],
    );
}

#[test]
fn an_attempt_that_runs_out_without_retries_left_fails_the_try() {
    check_lines(
        &["catches", "fails", "="],
        "
        do:
          - tries:
              try: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]
              catch: {retry: {limit: {attempt: {count: 0, duration: {seconds: 5}}}}}
        ",
        "advance 5s",
        expect![[r#"
            = running · due +5s · unanswered: ask
            +5s 1 /do/0/tries fails: 408 timeout at /do/0/tries (timed out: an attempt did not end within the limit of its retry policy)
            = faulted in step 1: 408 timeout at /do/0/tries (timed out: an attempt did not end within the limit of its retry policy) · unanswered: ask (abandoned)
        "#]],
    );
}

#[test]
fn the_context_of_a_failed_attempt_stays() {
    check_lines(
        &["="],
        "
        output: {as: '${ $context }'}
        do:
          - tries:
              try:
                - marks: {set: {n: 1}, export: {as: '${ {attempts: (($context.attempts // 0) + 1)} }'}}
                - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
              catch: {retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}
        ",
        "start {}\nanswer ask 503\nadvance 1s\nanswer ask 200",
        expect![[r#"
            = running · unanswered: ask
            = waiting · due +1s
            = running · unanswered: ask
            = completed {"attempts":2}
        "#]],
    );
}

#[test]
fn a_delay_may_be_computed() {
    delays(
        "{delay: '${ {seconds: 7} }', limit: {attempt: {count: 1}}}",
        1,
        expect![[r#"
              +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): retry 1 at +7s
              +7s 1 /do/0/tries tries again
        "#]],
    );
}
