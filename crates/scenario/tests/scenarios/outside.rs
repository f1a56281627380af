//! Workers, people, and events that come from elsewhere.

use expect_test::expect;

use crate::check;

#[test]
fn workers_do_jobs_fail_them_and_leave_them() {
    check(
        "
        scenarios:
          - name: done at the third try
            definition: {do: [{print: {call: job, with: {type: label, input: {id: '${ .id }'}, priority: 3}}}]}
            input: {id: 7}
            mocks:
              jobs:
                - job: label
                  answers:
                    - {fail: no paper, retries: 5, backoff: PT10S, delay: PT1S, by: w-1}
                    - {fail: {type: timeout, title: jammed}, retries: 5}
                    - {compute: '{label: .input.id, attempt: .attempts}', delay: PT1S, by: w-2}
            crashAtEachCommit: true
            expect:
              output: {label: 7, attempt: 3}
              jobs: [{task: print, type: label, input: {id: 7}, priority: 3, attempts: 3, by: w-2, state: completed}]
              elapsed: PT14S
          - name: failed for good
            definition: {do: [{print: {call: job, with: {type: label}}}]}
            mocks: {jobs: [{job: print, answer: {fail: {status: 402, type: 'https://example.com/broke'}}}]}
            expect: {error: {type: 'https://example.com/broke', status: 402, instance: /do/0/print}, jobs: [{state: failed}]}
          - name: nobody does it
            definition: {do: [{print: {call: job, with: {type: label}, timeout: {after: {hours: 1}}}}]}
            mocks: {jobs: [{job: /do/0/print, answer: {pending: true}}]}
            expect: {error: {type: timeout}, elapsed: PT1H, jobs: [{state: withdrawn}]}
          - name: nobody is said to do it
            definition: {do: [{print: {call: job, with: {type: label}}}]}
            expect: {output: {}}
          - name: one more than answers
            definition: {do: [{f: {for: {in: '${ [1, 2] }'}, do: [{print: {call: job, with: {type: label}}}]}}]}
            mocks: {jobs: [{job: label, answers: [{output: 1}]}]}
            expect: {output: 1}
        ",
        expect![[r#"
            it
              ok   done at the third try (0 calls, 14s, 5 runs)
              ok   failed for good (0 calls)
              ok   nobody does it (0 calls, 3600s)
              FAIL nobody is said to do it (0 calls)
                  it:27:5
                  no mock does the job print
              FAIL one more than answers (0 calls)
                  it:31:5
                  task print: the mock has 1 answers, and this is one more job
            3 passed, 2 failed, 9 runs
        "#]],
    );
}

#[test]
fn people_complete_their_tasks() {
    let approve = "{approve: {call: human, with: {title: 'Order ${ .id }', groups: [clerks], form: {type: object, required: [ok]}, due: P1D, escalate: {groups: [managers]}}}}";
    check(
        &format!(
            "
        definition: {{do: [{approve}]}}
        scenarios:
          - name: in time
            input: {{id: 7}}
            mocks: {{people: [{{task: approve, answer: {{output: {{ok: true}}, by: ada, delay: PT2H}}}}]}}
            crashAtEachCommit: true
            expect:
              output: {{ok: true}}
              people: [{{task: approve, title: Order 7, groups: [clerks], by: ada, state: completed}}]
              elapsed: PT2H
          - name: after it was escalated
            mocks: {{people: [{{task: approve, answer: {{output: {{ok: false}}, delay: P2D}}}}]}}
            expect: {{output: {{ok: false}}, people: [{{groups: [managers]}}], elapsed: P2D}}
          - name: with what the form does not admit
            mocks: {{people: [{{task: approve, answer: {{output: {{}}}}}}]}}
            expect: {{output: {{}}}}
        "
        ),
        expect![[r#"
            it
              ok   in time (0 calls, 7200s, 3 runs)
              ok   after it was escalated (0 calls, 172800s)
              FAIL with what the form does not admit (0 calls)
                  it:16:5
                  task approve: what is done with it is refused: the output does not fit the form; "ok" is a required property
            2 passed, 1 failed, 5 runs
        "#]],
    );
}

#[test]
fn events_come_at_their_time_and_after_tasks() {
    check(
        "
        scenarios:
          - name: after a while
            definition: {do: [{paid: {listen: {to: {one: {with: {type: order.paid, data: '${ .order == 7 }'}}}}}}]}
            mocks:
              events:
                - {at: PT1H, event: {type: order.paid, data: {order: 8}}}
                - {at: PT2H, event: {type: order.paid, data: {order: 7}}}
            crashAtEachCommit: true
            expect: {output: [{order: 7}], elapsed: PT2H}
          - name: to the instance
            definition: {do: [{rest: {wait: PT1M}}, {paid: {listen: {to: {one: {with: {type: order.paid}}}}}}]}
            mocks: {events: [{at: PT1S, event: {type: order.paid, data: 1}, to: instance}]}
            expect: {output: [1], elapsed: PT1M}
          - name: a service answers by an event
            definition:
              do:
                - ask: {call: http, with: {method: post, endpoint: 'http://a.test/x', body: {order: 7}}}
                - paid: {listen: {to: {one: {with: {type: order.paid}}}}}
            mocks:
              calls: [{call: ask, answer: {status: 202}}]
              events: [{after: ask, delay: PT3S, compute: '{type: \"order.paid\", data: .body.order}'}]
            expect: {output: [7], elapsed: PT3S}
          - name: somebody answers what is emitted
            definition:
              do:
                - tell: {emit: {event: {with: {type: order.ready, data: {order: 7}}}}}
                - got: {listen: {to: {one: {with: {type: order.got}}}}}
            mocks: {events: [{after: tell, compute: '{type: \"order.got\", data: .event.data}'}]}
            expect: {output: [{order: 7}], events: [{type: order.ready, data: {order: 7}}]}
          - name: of what is kept
            definition: {do: [{paid: {listen: {to: {one: {with: {type: order.paid}, correlate: {o: {from: .data, expect: '${ 7 }'}}}}}}}]}
            mocks: {events: [{at: before, event: {type: order.paid, data: 7}}]}
            expect: {output: [7]}
          - name: without an event
            definition: {do: [{paid: {listen: {to: {one: {with: {type: order.paid}}}}}}]}
            expect: {status: waiting, events: []}
        ",
        expect![[r#"
            it
              ok   after a while (0 calls, 7200s, 3 runs)
              ok   to the instance (0 calls, 60s)
              ok   a service answers by an event (1 call, 3s)
              ok   somebody answers what is emitted (0 calls)
              ok   of what is kept (0 calls)
              ok   without an event (0 calls)
            6 passed, 0 failed, 8 runs
        "#]],
    );
}

#[test]
fn what_cannot_be_understood() {
    check(
        "
        scenarios:
          - name: it
            definition: {do: [{a: {set: {n: 1}}}]}
            mocks:
              jobs:
                - {job: a, answer: {output: 1, fail: x}}
                - {job: a}
              people:
                - {task: a, answer: {fail: x}}
              events:
                - {event: {data: 1}}
                - {at: before, event: {type: x}, to: instance}
                - {at: PT1S, compute: .}
                - {at: PT1S, after: a, event: {type: x}}
                - {event: {type: x}, to: everybody}
              workflows:
                - {workflow: test/x, result: {cancelled: true, undo: true}}
            commands: [{suspend: x, force: true}]
            failAtEachStep: {a: forwards, b: [1], c: {status: done}}
            expect: {}
        ",
        expect![[r#"
            6:20 what becomes of it is one of output, compute, fail and pending
            7:11 expected `answer` (for every one) or `answers` (one after the other)
            9:30 "fail" is unknown here; known are output, compute, pending, delay, times, by
            11:12 this is no CloudEvent: type: is missing
            12:11 there is no instance yet to which it could go
            13:11 expected `event`, or, for what comes after a task, `compute`
            14:11 an event comes `at` a time or `after` a task, not both
            15:30 an event goes to the `instance`, or without `to` to everybody
            17:30 only what has completed, and gives an `output`, can undo what it did
            18:16 `force` and `compensate` belong to a cancel
            19:22 expected the tasks that are undone in order, `onwards`, or {undo, status}
            19:39 expected a text
            19:47 no status of an instance: completed, faulted, cancelled, waiting, suspended
        "#]],
    );
}
