//! Tasks and their flow.

use expect_test::expect;

use super::tasks;

#[test]
fn names_and_kinds() {
    tasks(
        r#"
- a: { set: { x: 1 }, call: http }"#,
        expect![[r#"
            line:1:3: error[several-task-kinds]: a task does one thing, this one has `call` and `set`: make them two tasks
        "#]],
    );
    tasks(
        r#"
- a: {}"#,
        expect![[r#"
            line:1:3: error[no-task-kind]: the task does nothing: add `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait`
        "#]],
    );
    tasks(
        r#"
- a: 5
- b: [ 1 ]
- c: text"#,
        expect![[r#"
            line:1:6: error[wrong-type]: an object is expected here, found a number
            line:2:6: error[wrong-type]: an object is expected here, found a list
            line:3:6: error[wrong-type]: an object is expected here, found text
        "#]],
    );
    tasks(
        r#"
- continue: { set: { x: 1 } }
- exit: { set: { x: 1 } }"#,
        expect![[r#"
            line:1:3: error[reserved-task-name]: `continue` is a flow directive and cannot name a task: rename it
            line:2:3: error[reserved-task-name]: `exit` is a flow directive and cannot name a task: rename it
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: 1 } }
- b: { set: { x: 1 } }
- a: { set: { x: 1 } }
- a: { set: { x: 1 } }"#,
        expect![[r#"
            line:3:3: error[duplicate-task-name]: another task of this list is named `a` (number 1): rename one of them
            line:4:3: error[duplicate-task-name]: another task of this list is named `a` (number 3): rename one of them
        "#]],
    );
    tasks(
        r#"
- a: { lisen: { to: { one: { with: { type: a } } } } }"#,
        expect![[r#"
            line:1:3: error[no-task-kind]: the task does nothing: add `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait` (`lisen` may be meant to be `listen`)
        "#]],
    );
}

#[test]
fn common_properties() {
    tasks(
        r#"
- a: { if: 5, set: { x: 1 } }"#,
        expect![[r#"
            line:1:12: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
    tasks(
        r#"
- a: { if: "", set: { x: 1 } }"#,
        expect![[r#"
            line:1:12: error[invalid-expression]: the expression does not compile: expected term at the end
        "#]],
    );
    tasks(
        r#"
- a: { input: [], output: 5, export: x, timeout: 5, then: 5, metadata: x, set: { x: 1 } }"#,
        expect![[r#"
            line:1:15: error[wrong-type]: an object is expected here, found a list
            line:1:27: error[wrong-type]: an object is expected here, found a number
            line:1:38: error[wrong-type]: an object is expected here, found text
            line:1:50: error[wrong-type]: a timeout, or the name of one in `use.timeouts`, is expected here, found a number
            line:1:59: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:1:72: error[wrong-type]: an object is expected here, found text
        "#]],
    );
    tasks(
        r#"
- a: { if: $output, input: { from: $input }, output: { as: $output }, export: { as: $output }, set: { x: 1 } }"#,
        expect![[r#"
            line:1:12: error[undefined-variable]: unknown variable $output; available here: $context, $runtime, $secrets, $task, $workflow
            line:1:36: error[undefined-variable]: unknown variable $input; available here: $context, $runtime, $secrets, $task, $workflow
            line:1:60: error[undefined-variable]: unknown variable $output; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { timeout: never, set: { x: 1 } }"#,
        expect![[r#"
            line:1:17: error[unknown-timeout]: `never` is not declared in `use.timeouts`: declare it there
        "#]],
    );
    tasks(
        r#"
- a: { input: { schema: { resource: { endpoint: 5 } } }, set: { x: 1 } }"#,
        expect![[r#"
            line:1:49: error[wrong-type]: a URI or an object with `uri` is expected here, found a number
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: 1 }, metadata: { motet: { compensat: [], unknown: 1 } } }"#,
        expect![[r#"
            line:1:44: error[unknown-property]: the property `compensat` is not known here: use `attributes`, `businessKey`, `compensate`, `idempotent`, `needs`, `parallel`, `pivot`, `redact`, `saga`, `until` or `version` (did you mean `compensate`?)
            line:1:59: error[unknown-property]: the property `unknown` is not known here: use `attributes`, `businessKey`, `compensate`, `idempotent`, `needs`, `parallel`, `pivot`, `redact`, `saga`, `until` or `version`
        "#]],
    );
}

#[test]
fn set() {
    tasks(
        r#"
- a: { set: {} }"#,
        expect![[r#"
            line:1:13: error[invalid-value]: `set` sets nothing: add a property
        "#]],
    );
    tasks(
        r#"
- a: { set: plain }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { set: [ 1 ] }"#,
        expect![[r#"
            line:1:13: error[wrong-type]: an object or an expression is expected here, found a list
        "#]],
    );
    tasks(
        r#"
- a: { set: 5 }"#,
        expect![[r#"
            line:1:13: error[wrong-type]: an object or an expression is expected here, found a number
        "#]],
    );
    tasks(
        r#"
- a: { set: "${ .a" }"#,
        expect![[r#"
            line:1:14: error[invalid-expression]: the expression does not compile: this expression does not end: expected a closing brace
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: "${ .a } and ${ $b }", y: [ "${ 1 + }" ], z: { w: "${ foo }" } } }"#,
        expect![[r#"
            line:1:34: error[undefined-variable]: unknown variable $b; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            line:1:54: error[invalid-expression]: the expression does not compile: expected term at the end
            line:1:72: error[invalid-expression]: the expression does not compile: unknown function foo
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: "$context.y", y: ".z", z: "{ .a }" } }"#,
        expect![[""]],
    );
}

#[test]
fn flow() {
    tasks(
        r#"
- a: { set: { x: 1 }, then: c }
- b: { set: { x: 1 } }
- c: { set: { x: 1 }, then: a }"#,
        expect![[r#"
            line:2:3: warning[unreachable-task]: nothing leads to the task `b`: the flow goes elsewhere before it
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: 1 }, then: end }
- b: { set: { x: 1 }, then: exit }
- c: { set: { x: 1 } }"#,
        expect![[r#"
            line:2:3: warning[unreachable-task]: nothing leads to the task `b`: the flow goes elsewhere before it
        "#]],
    );
    tasks(
        r#"
- a: { do: [ { b: { set: { x: 1 }, then: c } } ] }
- c: { set: { x: 1 } }"#,
        expect![[r#"
            line:1:42: error[task-out-of-scope]: the task `c` is in another scope: a task can only be followed by one of its own list
        "#]],
    );
    tasks(
        r#"
- a: { do: [ { b: { set: { x: 1 } } } ], then: b }"#,
        expect![[r#"
            line:1:48: error[task-out-of-scope]: the task `b` is in another scope: a task can only be followed by one of its own list
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: 1 }, then: Ende }
- b: { set: { x: 1 }, then: continu }"#,
        expect![[r#"
            line:1:29: error[unknown-task]: there is no task `Ende`: name a task of this list, or `continue`, `exit` or `end`
            line:2:29: error[unknown-task]: there is no task `continu`: name a task of this list, or `continue`, `exit` or `end` (did you mean `continue`?)
        "#]],
    );
    tasks(
        r#"
- a: { set: { x: 1 }, then: a }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { if: .x, set: { x: 1 }, then: end }
- b: { set: { x: 1 } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { raise: { error: { type: https://a.b/b, status: 500 } } }
- b: { set: { x: 1 } }"#,
        expect![[r#"
            line:2:3: warning[unreachable-task]: nothing leads to the task `b`: the flow goes elsewhere before it
        "#]],
    );
}

#[test]
fn switch() {
    tasks(
        r#"
- a: { switch: [ { b: { when: .x, then: nowhere } }, { c: { then: end } } ] }"#,
        expect![[r#"
            line:1:41: error[unknown-task]: there is no task `nowhere`: name a task of this list, or `continue`, `exit` or `end`
        "#]],
    );
    tasks(
        r#"
- a: { switch: [ { b: { then: end } }, { c: { then: exit } } ] }"#,
        expect![[r#"
            line:1:42: error[several-defaults]: `b` has no `when` either, and is the default: add a `when` to one of them
        "#]],
    );
    tasks(
        r#"
- a: { switch: { b: { then: end } } }"#,
        expect![[r#"
            line:1:16: error[wrong-type]: a list is expected here, found an object
        "#]],
    );
    tasks(
        r#"
- a: { switch: [ { b: { when: "1 +", then: end } }, { c: { when: 5, then: end } }, d ] }"#,
        expect![[r#"
            line:1:66: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:1:84: error[wrong-type]: an object is expected here, found text
        "#]],
    );
    tasks(
        r#"
- a: { switch: [ { b: { when: .x, then: end, else: exit } } ] }"#,
        expect![[r#"
            line:1:46: error[unknown-property]: the property `else` is not known here: use `then` or `when`
        "#]],
    );
    tasks(
        r#"
- a: { switch: [ { b: { when: .x, then: end } }, { c: { then: end } } ] }
- d: { set: { x: 1 } }"#,
        expect![[r#"
            line:2:3: warning[unreachable-task]: nothing leads to the task `d`: the flow goes elsewhere before it
        "#]],
    );
}

#[test]
fn loops() {
    tasks(
        r#"
- a: { for: { each: x }, do: [ { b: { set: { x: 1 } } } ] }"#,
        expect![[r#"
            line:1:8: error[missing-property]: the property `in` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { for: { in: .items, eech: x }, do: [ { b: { set: { x: "${ $item + $index }" } } } ] }"#,
        expect![[r#"
            line:1:27: error[unknown-property]: the property `eech` is not known here: use `at`, `each` or `in` (did you mean `each`?)
        "#]],
    );
    tasks(
        r#"
- a: { for: { each: order, in: .items, at: nth }, while: $item, do: [ { b: { set: { x: "${ $order.id + $nth }" } } } ] }"#,
        expect![[r#"
            line:1:58: error[undefined-variable]: unknown variable $item; available here: $authorization, $context, $input, $nth, $order, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { for: { each: "", in: .items, at: 1x }, do: [ { b: { set: { x: 1 } } } ] }"#,
        expect![[r#"
            line:1:21: error[invalid-variable]: `` cannot name a variable: use letters, digits and `_`, without `$` and spaces
            line:1:41: error[invalid-variable]: `1x` cannot name a variable: use letters, digits and `_`, without `$` and spaces
        "#]],
    );
    tasks(
        r#"
- a: { for: { in: [ 1, 2 ] }, do: [ { b: { set: { x: 1 } } } ] }"#,
        expect![[r#"
            line:1:21: error[wrong-type]: an object is expected here, found a number
            line:1:24: error[wrong-type]: an object is expected here, found a number
        "#]],
    );
    tasks(
        r#"
- a: { for: { in: [ { a: "${ $item }" } ] }, do: [ { b: { set: { x: "${ $item }" } } } ] }
- c: { set: { x: "${ $item }" } }"#,
        expect![[r#"
            line:1:30: error[undefined-variable]: unknown variable $item; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            line:2:22: error[undefined-variable]: unknown variable $item; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { while: .x, do: [ { b: { set: { x: 1 } } } ] }"#,
        expect![[r#"
            line:1:8: error[unknown-property]: the property `while` is not known here: use `do`, `export`, `if`, `input`, `metadata`, `output`, `then` or `timeout`
        "#]],
    );
}

#[test]
fn forks() {
    tasks(
        r#"
- a: { fork: {} }"#,
        expect![[r#"
            line:1:8: error[missing-property]: the property `branches` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { fork: { branches: [] } }"#,
        expect![[r#"
            line:1:26: error[empty-task-list]: the fork has no branch: add one
        "#]],
    );
    tasks(
        r#"
- a: { fork: { branches: { b: { set: { x: 1 } } } } }"#,
        expect![[r#"
            line:1:26: error[wrong-type]: a list is expected here, found an object
        "#]],
    );
    tasks(
        r#"
- a: { fork: { compete: maybe, branches: [ { b: { set: { x: 1 }, then: c } }, { c: { set: { x: 1 } } } ] } }"#,
        expect![[r#"
            line:1:25: error[wrong-type]: `true` or `false` is expected here, found text
            line:1:72: error[task-out-of-scope]: a branch cannot go on to `c`: branches run side by side and end at the join
        "#]],
    );
    tasks(
        r#"
- a: { fork: { branches: [ { b: { set: { x: 1 } } }, { b: { set: { x: 1 } } } ] } }"#,
        expect![[r#"
            line:1:56: error[duplicate-task-name]: another task of this list is named `b` (number 1): rename one of them
        "#]],
    );
    tasks(
        r#"
- a: { fork: { branches: [ { b: { set: { x: 1 }, metadata: { motet: { needs: [ c, d ] } } } }, { c: { set: { x: 1 }, metadata: { motet: { needs: [ b ] } } } } ] } }"#,
        expect![[r#"
            line:1:78: error[invalid-needs]: `b` waits for branches that wait for it, so none would ever start
            line:1:83: error[invalid-needs]: the fork has no branch `d`: name one of its branches
            line:1:146: error[invalid-needs]: `c` waits for branches that wait for it, so none would ever start
        "#]],
    );
    tasks(
        r#"
- a: { fork: { compete: true, branches: [ { b: { set: { x: 1 }, metadata: { motet: { needs: [ c ] } } } }, { c: { set: { x: 1 } } } ] } }
- d: { do: [ { e: { set: { x: 1 } } }, { f: { set: { x: 1 }, metadata: { motet: { needs: [ e ] } } } } ] }"#,
        expect![[r#"
            line:1:86: error[invalid-needs]: branches of a race need none of each other, because the first that is done ends it: remove `needs` or `compete`
            line:2:83: error[misplaced-metadata]: `needs` has no meaning on this task: it belongs on a branch of `fork`
        "#]],
    );
}

#[test]
fn trying() {
    tasks(
        r#"
- a: { try: [ { b: { set: { x: 1 } } } ] }"#,
        expect![[r#"
            line:1:3: error[missing-property]: the property `catch` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { catch: {} }"#,
        expect![[r#"
            line:1:3: error[no-task-kind]: the task does nothing: add `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait`
        "#]],
    );
    tasks(
        r#"
- a: { try: [ { b: { set: { x: 1 } } } ], catch: { errors: { with: { status: x, typ: y } }, as: $e, when: "(", retry: nowhere } }"#,
        expect![[r#"
            line:1:78: error[wrong-type]: an HTTP status, a number from 100 to 599, is expected here, found text
            line:1:81: warning[suspicious-property]: the property `typ` has no meaning here: did you mean `type`?
            line:1:97: error[invalid-variable]: `$e` cannot name a variable: use letters, digits and `_`, without `$` and spaces
            line:1:108: error[invalid-expression]: the expression does not compile: this parenthesis is not closed
            line:1:119: error[unknown-retry]: `nowhere` is not declared in `use.retries`: declare it there
        "#]],
    );
    tasks(
        r#"
- a: { try: [ { b: { set: { x: 1 } } } ], catch: { as: problem, when: $error.status, exceptWhen: $problem.status, do: [ { c: { set: { x: "${ $error }" } } } ] } }"#,
        expect![[r#"
            line:1:71: error[undefined-variable]: unknown variable $error; available here: $authorization, $context, $input, $problem, $runtime, $secrets, $task, $workflow
            line:1:142: error[undefined-variable]: unknown variable $error; available here: $authorization, $context, $input, $problem, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { try: [ { b: { set: { x: "${ $error }" } } } ], catch: { do: [] } }"#,
        expect![[r#"
            line:1:36: error[undefined-variable]: unknown variable $error; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
            line:1:68: error[empty-task-list]: the task list is empty: add a task
        "#]],
    );
    tasks(
        r#"
- a: { try: [ { b: { set: { x: 1 } } } ], catch: { then: elsewhere, retry: { limit: { attempt: { count: 1.5 } } } } }"#,
        expect![[r#"
            line:1:58: error[unknown-task]: there is no task `elsewhere`: name a task of this list, or `continue`, `exit` or `end`
            line:1:105: error[wrong-type]: a whole number is expected here, found a number
        "#]],
    );
}

#[test]
fn raising_and_waiting() {
    tasks(
        r#"
- a: { raise: {} }"#,
        expect![[r#"
            line:1:8: error[missing-property]: the property `error` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { raise: { error: unknown } }"#,
        expect![[r#"
            line:1:24: error[unknown-error]: `unknown` is not declared in `use.errors`: declare it there
        "#]],
    );
    tasks(
        r#"
- a: { raise: { error: { type: "", status: 600 } } }"#,
        expect![[r#"
            line:1:32: error[invalid-uri]: `` is no URI: it is empty
            line:1:44: error[invalid-status]: 600 is no HTTP status: use a number from 100 to 599
        "#]],
    );
    tasks(
        r#"
- a: { raise: { error: { type: "https://a.b/${ .b", status: 500, detail: "${ $nothing }" } } }"#,
        expect![[r#"
            line:1:45: error[invalid-expression]: the expression does not compile: this expression does not end: expected a closing brace
            line:1:78: error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { wait: "" }"#,
        expect![[r#"
            line:1:14: error[invalid-duration]: `` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
        "#]],
    );
    tasks(
        r#"
- a: { wait: { secnds: 1 } }"#,
        expect![[r#"
            line:1:14: error[invalid-duration]: a duration names at least one of days, hours, minutes, seconds, milliseconds
            line:1:16: error[unknown-property]: the property `secnds` is not known here: use `days`, `hours`, `milliseconds`, `minutes` or `seconds` (did you mean `seconds`?)
        "#]],
    );
    tasks(
        r#"
- a: { wait: PT1.5S }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { wait: "${ .x" }"#,
        expect![[r#"
            line:1:14: error[invalid-duration]: `${ .x` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
        "#]],
    );
    tasks(
        r#"
- a: { wait: -PT1S }"#,
        expect![[r#"
            line:1:14: error[invalid-duration]: `-PT1S` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
        "#]],
    );
    tasks(
        r#"
- a: { wait: { days: 4000 } }"#,
        expect![[r#"
            line:1:14: error[duration-too-long]: the duration is longer than the limit of 3660 days: shorten it
        "#]],
    );
    tasks(
        r#"
- a: { wait: P1Y2M }"#,
        expect![[r#"
            line:1:14: warning[calendar-duration]: a year is taken as 365 days and a month as 30: write days instead
        "#]],
    );
}
