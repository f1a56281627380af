//! What passes, what does not, and what is said then.

use expect_test::expect;

use crate::{check, of_one_call, said};

#[test]
fn what_is_as_expected_passes() {
    check(
        &of_one_call(
            "mocks: {calls: [{call: ask, answer: {status: 201, body: {id: 7}, delay: PT2S}}]}
expect:
  output: {id: 7}
  calls: [{method: POST, uri: 'http://a.test/x', body: {n: 1}, headers: {content-type: application/json}}]
  elapsed: PT2S",
        ),
        expect![[r#"
            it
              ok   it (1 call, 2s)
            1 passed, 0 failed, 1 run
        "#]],
    );
}

#[test]
fn everything_that_is_not_as_expected_is_told() {
    check(
        &of_one_call(
            "mocks: {calls: [{call: ask, answer: {body: {id: 7, extra: [1]}}}]}
expect:
  status: faulted
  output: {id: 8}
  calls: [{method: GET, body: {m: 1}}, other]
  elapsed: PT1S
  assert: [.output.id == 7, .output.id == 8]",
        ),
        expect![[r#"
            it
              FAIL it (1 call)
                  it:6:7
                  status: expected faulted, was completed
                  it:7:16
                  output.id: expected 8, was 7
                  it:7:7
                  output.extra: expected nothing, was [1]
                  it:8:16
                  calls[0].method: expected "GET", was "POST"
                  it:8:36
                  calls[0].body.m: expected 1, was nothing
                  it:8:44
                  calls[1]: expected {"task":"other"}, was nothing
                  it:9:7
                  elapsed: expected 1s, was 0ns
                  it:10:33
                  it does not hold that .output.id == 8
            0 passed, 1 failed, 1 run
        "#]],
    );
}

#[test]
fn a_call_that_nobody_answers_fails_the_scenario() {
    check(
        &of_one_call("expect: {output: $any}"),
        expect![[r#"
            it
              FAIL it (1 call)
                  it:4:5
                  task ask: no mock answers POST http://a.test/x
            0 passed, 1 failed, 1 run
        "#]],
    );
}

#[test]
fn answers_that_are_used_up_are_not_made_up() {
    check(
        "
        scenarios:
          - name: twice
            definition:
              do:
                - first: {call: http, with: {method: get, endpoint: 'http://a.test/x'}}
                - second: {call: http, with: {method: get, endpoint: 'http://a.test/x'}}
            mocks: {calls: [{call: 'GET http://a.test/x', answers: [{body: 1}]}]}
            expect: {output: 1}
        ",
        expect![[r#"
            it
              FAIL twice (2 calls)
                  it:8:5
                  task second: the mock has 1 answers, and this is one more call: GET http://a.test/x
            0 passed, 1 failed, 1 run
        "#]],
    );
}

#[test]
fn mocks_are_found_by_task_reference_and_template() {
    check(
        "
        scenarios:
          - name: it
            definition:
              do:
                - one: {call: http, with: {method: get, endpoint: 'http://a.test/x/1?q=2'}}
                - two: {call: http, with: {method: get, endpoint: 'http://a.test/x/2/y'}}
                - three: {call: http, with: {method: get, endpoint: 'http://a.test/x/3?q=4'}}
            mocks:
              calls:
                - {call: one, answer: {body: 1}}
                - {call: /do/1/two, answer: {body: 2}}
                - {call: 'GET http://a.test/x/{id}?q=5', answer: {body: wrong}}
                - {call: 'GET http://a.test/{id}', answer: {body: wrong}}
                - {call: 'GET http://a.test/x/{id}?q={q}', answer: {compute: '{body: .uri}'}}
            expect:
              output: http://a.test/x/3?q=4
              calls: [{reference: /do/0/one}, {task: two}, {uri: {$regex: 'q=4$'}}]
        ",
        expect![[r#"
            it
              ok   it (3 calls)
            1 passed, 0 failed, 1 run
        "#]],
    );
}

#[test]
fn what_waits_for_ever_is_waiting() {
    check(
        "
        scenarios:
          - name: a child that never ends
            definition: {do: [{sub: {run: {workflow: {namespace: test, name: sub, version: '1.0.0'}}}}]}
            mocks: {workflows: [{workflow: test/sub, result: {pending: true}}]}
            expect: {status: waiting, children: [{workflow: test/sub, version: 1.0.0}]}
          - name: and is expected to end
            definition: {do: [{sub: {run: {workflow: {namespace: test, name: sub, version: '1.0.0'}}}}]}
            mocks: {workflows: [{workflow: test/sub, result: {pending: true}}]}
            expect: {output: {}}
        ",
        expect![[r#"
            it
              ok   a child that never ends (0 calls)
              FAIL and is expected to end (0 calls)
                  it:9:5
                  status: expected completed, was waiting
                  it:9:14
                  output: expected {}, was null
            1 passed, 1 failed, 2 runs
        "#]],
    );
}

#[test]
fn commands_come_at_their_time() {
    check(
        "
        scenarios:
          - name: cancelled while it waits
            definition: {do: [{rest: {wait: {days: 400}}}]}
            commands: [{at: PT5S, cancel: enough}]
            expect: {status: cancelled, elapsed: PT5S}
          - name: suspended and resumed
            definition: {do: [{rest: {wait: {seconds: 10}}}]}
            commands: [{at: PT5S, suspend: a look}, {at: PT60S, resume: true}]
            expect: {output: {}, elapsed: PT60S}
          - name: refused
            definition: {do: [{rest: {wait: {seconds: 1}}}]}
            commands: [{at: PT5S, cancel: too late}]
            expect: {output: {}}
        ",
        expect![[r#"
            it
              ok   cancelled while it waits (0 calls, 5s)
              ok   suspended and resumed (0 calls, 60s)
              FAIL refused (0 calls, 1s)
                  it:13:5
                  a command is refused: the instance is completed: it has ended and cannot be cancelled (Cancel { reason: Some("too late"), force: false, without_undo: false })
            2 passed, 1 failed, 3 runs
        "#]],
    );
}

#[test]
fn a_retried_instance_goes_on() {
    check(
        &of_one_call(
            "mocks: {calls: [{call: ask, answers: [{status: 400}, {body: fine}]}]}
commands: [{at: PT60S, retry: true}]
expect: {output: fine, calls: [ask, ask], elapsed: PT60S}",
        ),
        expect![[r#"
            it
              ok   it (2 calls, 60s)
            1 passed, 0 failed, 1 run
        "#]],
    );
}

#[test]
fn secrets_reach_services_and_nothing_else() {
    let text = "
        secrets: {pin: s3cret, account: {username: ada, password: x}}
        scenarios:
          - name: it
            definition:
              use: {secrets: [pin, account]}
              do:
                - ask:
                    call: http
                    with:
                      method: get
                      endpoint: {uri: 'http://a.test/x', authentication: {basic: {use: account}}}
                      headers: {x-pin: '${ $secrets.pin }', x-long: '${ $secrets.pin + \"!\" }'}
            mocks: {calls: [{call: ask, answer: {body: ok}}]}
            expect:
              output: ok
              calls: [{headers: {x-pin: s3cret, x-long: s3cret!, authorization: 'Basic YWRhOng='}}]
        ";
    check(
        text,
        expect![[r#"
            it
              ok   it (1 call)
            1 passed, 0 failed, 1 run
        "#]],
    );
    let without = text.replace("secrets: {pin: s3cret, ", "secrets: {");
    assert!(said(&without).contains("a secret is not available"), "{}", said(&without));
}

#[test]
fn real_children_run_in_the_same_time() {
    check(
        "
        workflows:
          - document: {dsl: 1.0.3, namespace: test, name: sub, version: 1.2.0}
            do: [{rest: {wait: {seconds: 3}}}, {give: {set: {doubled: '${ .n * 2 }'}}}]
        scenarios:
          - name: it
            definition:
              do: [{sub: {run: {workflow: {namespace: test, name: sub, version: ^1, input: {n: 4}}}}}]
            crashAtEachCommit: true
            expect:
              output: {doubled: 8}
              elapsed: PT3S
              children: [{workflow: test/sub, version: 1.2.0, status: completed, input: {n: 4}}]
        ",
        expect![[r#"
            it
              ok   it (0 calls, 3s, 5 runs)
            1 passed, 0 failed, 5 runs
        "#]],
    );
}

#[test]
fn build_servers_get_xml_and_programs_json() {
    let text = "scenarios: [{name: 'a <b>', definition: {do: [{a: {set: {n: 1}}}]}, expect: {output: {n: 2}}}]";
    let suite = motet_scenario::read("it", text, &mut |_| Err(String::new())).unwrap();
    let results = [motet_scenario::run_suite(&suite, None)];
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="it" tests="1" failures="1">
            <testcase classname="it" name="a &lt;b&gt;" time="0.000">
              <failure message="output.n: expected 2, was 1">it:1:87</failure>
            </testcase>
          </testsuite>
        </testsuites>
    "#]]
    .assert_eq(&motet_scenario::as_junit(&results));
    let value = motet_scenario::as_json(&results);
    expect![[r#"
        - file: it
          passed: false
          scenarios:
            - name: a <b>
              passed: false
              runs: 1
              calls: 0
              elapsedMillis: 0
              mismatches:
                - pointer: "/scenarios/0/expect/output/n"
                  line: 1
                  column: 87
                  message: "output.n: expected 2, was 1"
          coverage: []
    "#]]
    .assert_eq(&motet_definition::to_yaml(&value));
}
