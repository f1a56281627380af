//! Our extensions of tasks.

use expect_test::expect;

use super::tasks;

#[test]
fn of_tasks() {
    tasks(
        r#"
- a: { set: { x: 1 }, metadata: { motet: { saga: true, pivot: true, idempotent: true, version: ^1, parallel: 2, until: .x } } }"#,
        expect![[r#"
            line:1:44: error[misplaced-metadata]: `saga` has no meaning on this task: it belongs on `do` or `try`
            line:1:56: error[misplaced-metadata]: `pivot` has no meaning on this task: it belongs on a task that acts: `call`, `run`, `emit`, or one that holds such tasks
            line:1:69: error[misplaced-metadata]: `idempotent` has no meaning on this task: it belongs on `call`
            line:1:87: error[misplaced-metadata]: `version` has no meaning on this task: it belongs on `call`
            line:1:100: error[misplaced-metadata]: `parallel` has no meaning on this task: it belongs on `for`
            line:1:113: error[misplaced-metadata]: `until` has no meaning on this task: it belongs on `wait`
        "#]],
    );
    tasks(
        r#"
- a: { call: job, metadata: { motet: { version: newest, idempotent: 5, saga: false } } }"#,
        expect![[r#"
            line:1:6: error[missing-property]: `type` is missing: add it
            line:1:49: error[invalid-version]: `newest` is no range of versions: write one such as `^2` or `1.4.0`
            line:1:69: error[wrong-type]: `true` or `false` is expected here, found a number
            line:1:72: error[misplaced-metadata]: `saga` has no meaning on this task: it belongs on `do` or `try`
        "#]],
    );
    tasks(
        r#"
- a: { for: { in: . }, do: [ { b: { set: { x: 1 } } } ], metadata: { motet: { parallel: 0 } } }
- c: { for: { in: . }, do: [ { b: { set: { x: 1 } } } ], metadata: { motet: { parallel: { max: 5, failfast: true } } } }"#,
        expect![[r#"
            line:1:89: error[invalid-value]: 0 is out of range: use a whole number from 1 to 1000
            line:2:99: error[unknown-property]: the property `failfast` is not known here: use `collect`, `failFast` or `max` (did you mean `failFast`?)
        "#]],
    );
    tasks(
        r#"
- a: { wait: PT0S, metadata: { motet: { until: "$nothing" } } }"#,
        expect![[r#"
            line:1:49: error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { call: job, metadata: { motet: { compensate: [ { b: { set: { x: 1 }, export: { as: . }, metadata: { motet: { compensate: [] } } } } ] } } }"#,
        expect![[r#"
            line:1:6: error[missing-property]: `type` is missing: add it
            line:1:76: error[misplaced-metadata]: an undo cannot export: remove it
            line:1:107: error[misplaced-metadata]: an undo is never undone: remove `compensate` and `pivot` from it
            line:1:116: error[misplaced-metadata]: `compensate` has no meaning on this task: it belongs on a task that acts: `call`, `run`, `emit`, or one that holds such tasks
            line:1:128: error[empty-task-list]: the task list is empty: add a task
        "#]],
    );
    tasks(
        r#"
- a: { for: { each: x, in: . }, do: [ { b: { call: job, metadata: { motet: { compensate: [ { c: { set: { y: "${ $x }" } } } ] } } } } ] }"#,
        expect![[r#"
            line:1:44: error[missing-property]: `type` is missing: add it
            line:1:113: error[undefined-variable]: unknown variable $x; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
}
