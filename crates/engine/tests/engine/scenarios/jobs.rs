//! `call: job` and `call: human`.

use expect_test::expect;

use crate::harness::{check, check_lines};

const LABEL: &str = "
    do:
      - label:
          call: job
          with: {type: print-label, input: {id: '${ .id }'}, priority: 5, timeout: PT2M, heartbeat: {seconds: 10}}
      - after: {set: {printed: '${ .label }'}}
";

const TRIED: &str = "
    do:
      - tried:
          try:
            - label: {call: job, with: {type: print-label}}
          catch:
            errors: {with: {type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication'}}
            retry: {delay: PT1S, limit: {attempt: {count: 1}}}
            do: [{sorry: {set: {sorry: true}}}]
";

const APPROVE: &str = "
    do:
      - approve:
          call: human
          with:
            title: 'Approve ${ .id }'
            groups: [clerks]
            form: {type: object, required: [ok], properties: {ok: {type: boolean}}, additionalProperties: false}
            due: PT1H
            escalate: {groups: [managers], due: PT2H}
      - after: {set: {approved: '${ .ok }'}}
";

#[test]
fn a_worker_completes_a_job() {
    check(
        LABEL,
        "start {\"id\":7}\njob label complete {\"label\":\"L7\"}",
        expect![[r#"
        > start {"id":7}
        +0s 0 started
        +0s 1 /do/0/label begins
        +0s 1 /do/0/label leaves job #1 K1 for worker of print-label priority 5 timeout 120s beat 10s {"id":7}
        = waiting
        > job label complete {"label":"L7"}
        +0s 1 /do/0/label job #1 gives {"label":"L7"}
        +0s 1 /do/0/label done → after
        +0s 2 /do/1/after begins
        +0s 2 /do/1/after done output {"printed":"L7"} → end of scope
        +0s 0 completed {"printed":"L7"}
        = completed {"printed":"L7"}
    "#]],
    );
}

#[test]
fn a_job_is_completed_once_and_by_its_present_attempt() {
    check(
        LABEL,
        "
        start {\"id\":7}
        job label#2 complete {}
        job label#1 fail communication 3 5s
        job label#1 complete {\"label\":\"late\"}
        suspend
        job label#2 complete {\"label\":\"L7\"}
        job label#2 complete {\"label\":\"again\"}
        resume
        job label#2 complete {\"label\":\"again\"}
        ",
        expect![[r#"
            > start {"id":7}
            +0s 0 started
            +0s 1 /do/0/label begins
            +0s 1 /do/0/label leaves job #1 K1 for worker of print-label priority 5 timeout 120s beat 10s {"id":7}
            = waiting
            > job label#2 complete {}
            ! there is no such job
            = waiting
            > job label#1 fail communication 3 5s
            +0s 1 /do/0/label job again #2 from +5s by w1: 500 communication at /do/0/label (the worker failed: out of paper)
            = waiting
            > job label#1 complete {"label":"late"}
            ! attempt 1 is over, the job is at attempt 2
            = waiting
            > suspend
            +0s 0 suspended
            = suspended
            > job label#2 complete {"label":"L7"}
            +0s 1 /do/0/label job #2 gives {"label":"L7"}
            = suspended
            > job label#2 complete {"label":"again"}
            ! the job is over: it was done already, or nobody waits for it any more
            = suspended
            > resume
            +0s 0 resumed
            +0s 1 /do/0/label done → after
            +0s 2 /do/1/after begins
            +0s 2 /do/1/after done output {"printed":"L7"} → end of scope
            +0s 0 completed {"printed":"L7"}
            = completed {"printed":"L7"}
            > job label#2 complete {"label":"again"}
            ! the job is over: it was done already, or nobody waits for it any more
            = completed {"printed":"L7"}
        "#]],
    );
}

#[test]
fn a_job_is_given_back_as_often_as_its_worker_says_then_its_error_rises() {
    check(
        TRIED,
        "
        start {}
        job label fail communication 2
        job label fail communication 2
        job label fail communication 2
        advance 1s
        job label fail communication
        ",
        expect![[r#"
            > start {}
            +0s 0 started
            +0s 1 /do/0/tried begins
            +0s 2 /do/0/tried/try/0/label begins
            +0s 2 /do/0/tried/try/0/label leaves job #1 K1 for worker of print-label priority 0 {}
            = waiting
            > job label fail communication 2
            +0s 2 /do/0/tried/try/0/label job again #2 from +1s by w1: 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper)
            = waiting
            > job label fail communication 2
            +0s 2 /do/0/tried/try/0/label job again #3 from +2s by w1: 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper)
            = waiting
            > job label fail communication 2
            +0s 2 /do/0/tried/try/0/label job #3 fails: 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper) maybe-run by w1
            +0s 2 /do/0/tried/try/0/label fails: 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper)
            +0s 1 /do/0/tried catches 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper): retry 1 at +1s
            = waiting · due +1s
            > advance 1s
            +1s 1 /do/0/tried tries again
            +1s 3 /do/0/tried/try/0/label begins
            +1s 3 /do/0/tried/try/0/label leaves job #1 K1 for worker of print-label priority 0 {}
            = waiting
            > job label fail communication
            +1s 3 /do/0/tried/try/0/label job #1 fails: 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper) maybe-run by w1
            +1s 3 /do/0/tried/try/0/label fails: 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper)
            +1s 1 /do/0/tried catches 500 communication at /do/0/tried/try/0/label (the worker failed: out of paper): handled from sorry
            +1s 4 /do/0/tried/catch/do/0/sorry begins
            +1s 4 /do/0/tried/catch/do/0/sorry done output {"sorry":true} → end of scope
            +1s 1 /do/0/tried done → end of scope
            +1s 0 completed {"sorry":true}
            = completed {"sorry":true}
        "#]],
    );
}

#[test]
fn a_job_that_nobody_awaits_is_withdrawn() {
    check(
        "
        do:
          - race:
              fork:
                compete: true
                branches:
                  - label: {call: job, with: {type: print-label}}
                  - short: {wait: PT1S}
          - slow: {call: job, with: {type: slow}, timeout: {after: PT5S}}
        ",
        "
        start {}
        advance 1s
        job label complete {}
        advance 5s
        job slow complete {}
        retry
        job slow complete {\"done\":true}
        ",
        expect![[r#"
            > start {}
            +0s 0 started
            +0s 1 /do/0/race begins race of label, short
            +0s 2 /do/0/race/fork/branches/0/label begins
            +0s 2 /do/0/race/fork/branches/0/label leaves job #1 K1 for worker of print-label priority 0 {}
            +0s 3 /do/0/race/fork/branches/1/short begins
            +0s 3 /do/0/race/fork/branches/1/short waits until +1s
            = waiting · due +1s
            > advance 1s
            +1s 3 /do/0/race/fork/branches/1/short timer Wait
            +1s 2 /do/0/race/fork/branches/0/label withdraws job #1
            +1s 3 /do/0/race/fork/branches/1/short done → end of scope
            +1s 1 /do/0/race done → slow
            +1s 4 /do/1/slow begins until +6s
            +1s 4 /do/1/slow leaves job #1 K2 for worker of slow priority 0 {}
            = waiting · due +6s
            > job label complete {}
            ! the job is over: it was done already, or nobody waits for it any more
            = waiting · due +6s
            > advance 5s
            +6s 4 /do/1/slow timer Timeout
            +6s 4 /do/1/slow withdraws job #1
            +6s 4 /do/1/slow fails: 408 timeout at /do/1/slow (timed out: slow did not end within its timeout)
            +6s 0 faulted in step 4: 408 timeout at /do/1/slow (timed out: slow did not end within its timeout)
            = faulted in step 4: 408 timeout at /do/1/slow (timed out: slow did not end within its timeout)
            > job slow complete {}
            ! the job is over: it was done already, or nobody waits for it any more
            = faulted in step 4: 408 timeout at /do/1/slow (timed out: slow did not end within its timeout)
            > retry
            +6s 0 reopened
            +6s 5 /do/1/slow begins until +11s
            +6s 5 /do/1/slow leaves job #1 K2 for worker of slow priority 0 {}
            = waiting · due +11s
            > job slow complete {"done":true}
            +6s 5 /do/1/slow job #1 gives {"done":true}
            +6s 5 /do/1/slow done → end of scope
            +6s 0 completed {"done":true}
            = completed {"done":true}
        "#]],
    );
}

#[test]
fn cancelling_withdraws_jobs_and_tasks() {
    check_lines(
        &["withdraws", "=", "!"],
        "
        do:
          - both:
              fork:
                branches:
                  - label: {call: job, with: {type: print-label}}
                  - approve: {call: human, with: {assignee: ada}}
        ",
        "start {}\ncancel\njob label complete {}\ntask approve claim ada",
        expect![[r#"
            = waiting
            +0s 2 /do/0/both/fork/branches/0/label withdraws job #1
            +0s 3 /do/0/both/fork/branches/1/approve withdraws job #1
            = cancelled
            ! the job is over: it was done already, or nobody waits for it any more
            = cancelled
            ! the job is over: it was done already, or nobody waits for it any more
            = cancelled
        "#]],
    );
}

#[test]
fn what_a_job_asks_for_may_be_computed_and_wrong() {
    for (with, expected) in [
        (
            "{type: '${ .kind }'}",
            expect![[r#"
            +0s 1 /do/0/label fails: 400 configuration at /do/0/label (not a job's type: with.type: "no such/type" is not the type of a job)
        "#]],
        ),
        (
            "{type: '${ .kind }', priority: '${ 2000 }'}",
            expect![[r#"
            +0s 1 /do/0/label fails: 400 configuration at /do/0/label (not a job's type: with.type: "no such/type" is not the type of a job)
        "#]],
        ),
        (
            "{type: x, timeout: '${ .kind }'}",
            expect![[r#"
            +0s 1 /do/0/label fails: 400 expression at /do/0/label (not a duration: "no such/type" is not a duration: expected PT30S or {"seconds": 30})
        "#]],
        ),
        (
            "{type: x, input: '${ error(\"no\") }'}",
            expect![[r#"
            +0s 1 /do/0/label fails: 400 expression at /do/0/label (an expression failed: with.input: no)
        "#]],
        ),
    ] {
        let document = format!("do:\n- label: {{call: job, with: {with}}}");
        check_lines(&["fails"], &document, "start {\"kind\":\"no such/type\"}", expected);
    }
}

#[test]
fn a_person_claims_and_completes_a_task_whose_form_is_checked() {
    check(
        APPROVE,
        "
        start {\"id\":7}
        task approve unclaim ada
        task approve claim ada
        task approve claim ada
        task approve claim bob
        task approve complete bob {\"ok\":true}
        task approve complete ada {\"ok\":\"yes\",\"more\":1}
        task approve unclaim ada
        task approve claim bob
        job approve fail runtime
        task approve complete bob {\"ok\":true}
        task approve complete bob {\"ok\":true}
        ",
        expect![[r#"
            > start {"id":7}
            +0s 0 started
            +0s 1 /do/0/approve begins
            +0s 1 /do/0/approve leaves job #1 K1 for one of clerks, due +3600s {"id":7}
            = waiting · due +3600s
            > task approve unclaim ada
            ! the task is not claimed by ada
            = waiting · due +3600s
            > task approve claim ada
            +0s 1 /do/0/approve claimed by ada: one of clerks, claimed by ada, due +3600s
            = waiting · due +3600s
            > task approve claim ada
            ! nothing to do
            = waiting · due +3600s
            > task approve claim bob
            ! the task is claimed by ada
            = waiting · due +3600s
            > task approve complete bob {"ok":true}
            ! the task is claimed by ada
            = waiting · due +3600s
            > task approve complete ada {"ok":"yes","more":1}
            ! the output does not fit the form
            = waiting · due +3600s
            > task approve unclaim ada
            +0s 1 /do/0/approve unclaimed by ada: one of clerks, due +3600s
            = waiting · due +3600s
            > task approve claim bob
            +0s 1 /do/0/approve claimed by bob: one of clerks, claimed by bob, due +3600s
            = waiting · due +3600s
            > job approve fail runtime
            ! it is not a job of this kind
            = waiting · due +3600s
            > task approve complete bob {"ok":true}
            +0s 1 /do/0/approve job #1 gives {"ok":true} by bob
            +0s 1 /do/0/approve done → after
            +0s 2 /do/1/after begins
            +0s 2 /do/1/after done output {"approved":true} → end of scope
            +0s 0 completed {"approved":true}
            = completed {"approved":true}
            > task approve complete bob {"ok":true}
            ! the job is over: it was done already, or nobody waits for it any more
            = completed {"approved":true}
        "#]],
    );
}

#[test]
fn a_task_whose_due_time_is_over_goes_to_others_and_then_fails() {
    check(
        APPROVE,
        "start {\"id\":7}\ntask approve claim ada\nadvance 1h\nadvance 2h",
        expect![[r#"
            > start {"id":7}
            +0s 0 started
            +0s 1 /do/0/approve begins
            +0s 1 /do/0/approve leaves job #1 K1 for one of clerks, due +3600s {"id":7}
            = waiting · due +3600s
            > task approve claim ada
            +0s 1 /do/0/approve claimed by ada: one of clerks, claimed by ada, due +3600s
            = waiting · due +3600s
            > advance 1h
            +3600s 1 /do/0/approve timer Due
            +3600s 1 /do/0/approve escalated: one of managers, due +10800s
            = waiting · due +10800s
            > advance 2h
            +10800s 1 /do/0/approve timer Due
            +10800s 1 /do/0/approve withdraws job #1
            +10800s 1 /do/0/approve fails: 408 timeout at /do/0/approve (a person did not answer: the task was not completed by its due time)
            +10800s 0 faulted in step 1: 408 timeout at /do/0/approve (a person did not answer: the task was not completed by its due time)
            = faulted in step 1: 408 timeout at /do/0/approve (a person did not answer: the task was not completed by its due time)
        "#]],
    );
}

#[test]
fn a_task_may_fail_at_its_due_time_or_just_be_late() {
    let task = |more: &str| {
        format!("do:\n- approve: {{call: human, with: {{assignee: ada, due: PT1H{more}}}}}")
    };
    check(
        &task(", escalate: timeout"),
        "start {}\nadvance 1h",
        expect![[r#"
        > start {}
        +0s 0 started
        +0s 1 /do/0/approve begins
        +0s 1 /do/0/approve leaves job #1 K1 for ada, due +3600s {}
        = waiting · due +3600s
        > advance 1h
        +3600s 1 /do/0/approve timer Due
        +3600s 1 /do/0/approve withdraws job #1
        +3600s 1 /do/0/approve fails: 408 timeout at /do/0/approve (a person did not answer: the task was not completed by its due time)
        +3600s 0 faulted in step 1: 408 timeout at /do/0/approve (a person did not answer: the task was not completed by its due time)
        = faulted in step 1: 408 timeout at /do/0/approve (a person did not answer: the task was not completed by its due time)
    "#]],
    );
    check(
        &task(""),
        "start {}\nadvance 2h\ntask approve complete ada null",
        expect![[r#"
        > start {}
        +0s 0 started
        +0s 1 /do/0/approve begins
        +0s 1 /do/0/approve leaves job #1 K1 for ada, due +3600s {}
        = waiting
        > advance 2h
        = waiting
        > task approve complete ada null
        +7200s 1 /do/0/approve job #1 gives null by ada
        +7200s 1 /do/0/approve done → end of scope
        +7200s 0 completed null
        = completed null
    "#]],
    );
}

#[test]
fn a_task_is_reassigned_and_only_its_assignee_takes_it() {
    check(
        "do:\n- approve: {call: human, with: {assignee: ada}}",
        "
        start {}
        task approve claim bob
        task approve reassign bob
        task approve claim ada
        task approve reassign - clerks,owners
        task approve claim carol
        task approve complete carol 1
        ",
        expect![[r#"
            > start {}
            +0s 0 started
            +0s 1 /do/0/approve begins
            +0s 1 /do/0/approve leaves job #1 K1 for ada {}
            = waiting
            > task approve claim bob
            ! the task is assigned to ada: reassign it first
            = waiting
            > task approve reassign bob
            +0s 1 /do/0/approve reassigned by boss: bob
            = waiting
            > task approve claim ada
            ! the task is assigned to bob: reassign it first
            = waiting
            > task approve reassign - clerks,owners
            +0s 1 /do/0/approve reassigned by boss: one of clerks, owners
            = waiting
            > task approve claim carol
            +0s 1 /do/0/approve claimed by carol: one of clerks, owners, claimed by carol
            = waiting
            > task approve complete carol 1
            +0s 1 /do/0/approve job #1 gives 1 by carol
            +0s 1 /do/0/approve done → end of scope
            +0s 0 completed 1
            = completed 1
        "#]],
    );
}

#[test]
fn commands_for_workers_are_not_for_people() {
    check_lines(
        &["!"],
        "do:\n- label: {call: job, with: {type: x}}",
        "start {}\ntask label claim ada\ntask label reassign ada\njob label#7 complete 1",
        expect![[r#"
            ! it is not a job of this kind
            ! it is not a job of this kind
            ! there is no such job
        "#]],
    );
}

#[test]
fn an_output_that_is_too_large_is_refused() {
    check_lines(
        &["!"],
        "do:\n- label: {call: job, with: {type: x}}",
        "limit payload_bytes_max 20\nstart {}\njob label complete \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        expect![[r#"
            ! too large or too deep: the output has 32 bytes as JSON, payload_bytes_max is 20
        "#]],
    );
}
