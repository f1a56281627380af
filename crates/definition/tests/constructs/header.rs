//! The header, and what stands at the top level.

use expect_test::expect;

use super::document;

#[test]
fn names_and_versions() {
    document(
        r#"
document: { dsl: 1.0, namespace: t, name: t, version: 1.0.0 }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:18: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
    document(
        r#"
document: { dsl: 1.1.0, namespace: Shop, name: my order, version: v1 }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:18: error[unsupported-dsl]: version 1.1.0 of the language is not supported: write the document for 1.0.x
            line:1:36: error[invalid-name]: `Shop` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`shop` would do)
            line:1:48: error[invalid-name]: `my order` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`my-order` would do)
            line:1:67: error[invalid-version]: `v1` is no semantic version: write three numbers, as in `1.0.0`
        "#]],
    );
    document(
        r#"
document: { dsl: one, namespace: "", name: a.b, version: 1.0.0.0 }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:18: error[invalid-version]: `one` is no semantic version: write three numbers, as in `1.0.0`
            line:1:34: error[invalid-name]: `` is no name: use 1 to 63 lower-case letters, digits and inner hyphens
            line:1:44: error[invalid-name]: `a.b` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`a-b` would do)
            line:1:58: error[invalid-version]: `1.0.0.0` is no semantic version: write three numbers, as in `1.0.0`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.0-alpha1, namespace: a-b-c, name: 0, version: 1.0.0-rc.1+b }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:56: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
    document(
        r#"
document: [ 1.0.3 ]
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:11: error[wrong-type]: an object is expected here, found a list
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, title: 5, summary: [], tags: x, metadata: 7 }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:71: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:1:83: error[wrong-type]: text is expected here, found a list
            line:1:93: error[wrong-type]: an object is expected here, found text
            line:1:106: error[wrong-type]: an object is expected here, found a number
        "#]],
    );
}

#[test]
fn missing_and_unknown_parts() {
    document(
        r#"
document: {}
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:1: error[missing-property]: the property `dsl` is missing: add it
            line:1:1: error[missing-property]: the property `namespace` is missing: add it
            line:1:1: error[missing-property]: the property `name` is missing: add it
            line:1:1: error[missing-property]: the property `version` is missing: add it
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
"#,
        expect![[r#"
            line:1:1: error[missing-property]: the property `do` is missing: add it
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
do: {}
"#,
        expect![[r#"
            line:2:5: error[wrong-type]: a list is expected here, found an object
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
do: []
"#,
        expect![[r#"
            line:2:5: error[empty-task-list]: the task list is empty: add a task
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
inputs: {}
outptu: {}
timeouts: {}
anything: { goes: true }
metadata: { motet: { businessKey: .id } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:1: warning[suspicious-property]: the property `inputs` has no meaning here: did you mean `input`?
            line:3:1: warning[suspicious-property]: the property `outptu` has no meaning here: did you mean `output`?
            line:4:1: warning[suspicious-property]: the property `timeouts` has no meaning here: did you mean `timeout`?
            line:5:1: warning[suspicious-property]: the property `anything` has no meaning here, and no effect
            line:6:1: warning[suspicious-property]: the property `metadata` has no meaning here: a workflow's metadata stand under `document`
        "#]],
    );
}

#[test]
fn data_flow_of_the_workflow() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
input: { schem: {}, from: 5 }
output: { as: [], schema: {} }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:10: error[unknown-property]: the property `schem` is not known here: use `from` or `schema` (did you mean `schema`?)
            line:2:27: error[wrong-type]: an expression or an object is expected here, found a number
            line:3:15: error[wrong-type]: an expression or an object is expected here, found a list
            line:3:19: error[missing-property]: one of the properties is missing: add `document` or `resource`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
input: { schema: { document: {}, resource: { endpoint: https://a.b } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:10: error[conflicting-properties]: `document` and `resource` exclude each other: keep one
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
input: { from: "${ $input }" }
output: { as: "${ $output.x + $context.y }" }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[undefined-variable]: unknown variable $input; available here: $runtime, $secrets, $workflow
            line:3:19: error[undefined-variable]: unknown variable $output; available here: $context, $runtime, $secrets, $workflow
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
input: { schema: { format: 5, document: {} } }
output: { schema: { resource: { name: a } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:28: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:3:21: error[missing-property]: the property `endpoint` is missing: add it
        "#]],
    );
}

#[test]
fn evaluation_and_timeout() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
evaluate: { language: javascript, mode: lax, extra: 1 }
timeout: nowhere
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:23: error[invalid-value]: `javascript` is not known here: use `jq`
            line:2:41: error[invalid-value]: `lax` is not known here: use `strict` or `loose`
            line:2:46: error[unknown-property]: the property `extra` is not known here: use `language` or `mode`
            line:3:10: error[unknown-timeout]: `nowhere` is not declared in `use.timeouts`: declare it there
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
evaluate: jq
timeout: { before: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:11: error[wrong-type]: an object is expected here, found text
            line:3:1: error[missing-property]: the property `after` is missing: add it
            line:3:12: error[unknown-property]: the property `before` is not known here: use `after`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
timeout: { after: -5 }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:19: error[invalid-duration]: a duration needs its unit: write `{ seconds: 30 }` or `PT30S`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { timeouts: { short: { after: PT1S } } }
timeout: shrt
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:3:10: error[unknown-timeout]: `shrt` is not declared in `use.timeouts`: declare it there (did you mean `short`?)
        "#]],
    );
}

#[test]
fn schedules() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '0 0 * * *', every: PT1S, after: { hours: 1 } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '0 0 * *' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[invalid-value]: a cron expression has five fields (minute, hour, day of the month, month, day of the week), or six with the second first; this one has 4
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '0 0 0 * * *' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![""],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '60 24 0 13 8' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[invalid-value]: `60` is no minute: use 0 to 59, `*`, or ranges, lists and steps of these
            line:2:23: error[invalid-value]: `24` is no hour: use 0 to 23, `*`, or ranges, lists and steps of these
            line:2:26: error[invalid-value]: `0` is no day of the month: use 1 to 31, `*`, or ranges, lists and steps of these
            line:2:28: error[invalid-value]: `13` is no month: use 1 to 12, `*`, or ranges, lists and steps of these
            line:2:31: error[invalid-value]: `8` is no day of the week: use 0 to 7, `*`, or ranges, lists and steps of these
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '*/5 0-6/2 1,15,31 jan-MAR mon' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '*/0 6-5 1,, foo 1-2-3' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[invalid-value]: the step of `*/0` is not a number from 1 to 59
            line:2:24: error[invalid-value]: the range `6-5` ends before it begins
            line:2:30: error[invalid-value]: `` is no day of the month: use 1 to 31, `*`, or ranges, lists and steps of these
            line:2:31: error[invalid-value]: `` is no day of the month: use 1 to 31, `*`, or ranges, lists and steps of these
            line:2:32: error[invalid-value]: `foo` is no month: use 1 to 12, `*`, or ranges, lists and steps of these
            line:2:36: error[invalid-value]: `1-2-3` is no day of the week: use 0 to 7, `*`, or ranges, lists and steps of these
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '? L 15W * 5#2' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[invalid-value]: `?` is no minute: use 0 to 59, `*`, or ranges, lists and steps of these
            line:2:22: error[invalid-value]: `L` is no hour: use 0 to 23, `*`, or ranges, lists and steps of these
            line:2:24: error[invalid-value]: `15W` is no day of the month: use 1 to 31, `*`, or ranges, lists and steps of these
            line:2:30: error[invalid-value]: `5#2` is no day of the week: use 0 to 7, `*`, or ranges, lists and steps of these
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '+1 -1 1/ /2 *-2' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[invalid-value]: `+1` is no minute: use 0 to 59, `*`, or ranges, lists and steps of these
            line:2:23: error[invalid-value]: `-1` is no hour: use 0 to 23, `*`, or ranges, lists and steps of these
            line:2:26: error[invalid-value]: the step of `1/` is not a number from 1 to 31
            line:2:29: error[invalid-value]: `/2` is no month: use 1 to 12, `*`, or ranges, lists and steps of these
            line:2:32: error[invalid-value]: `*-2` is no day of the week: use 0 to 7, `*`, or ranges, lists and steps of these
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '@daily' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '@dialy' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[invalid-value]: `@dialy` is not known: use one such as `@daily` or `@hourly`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: '' }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:19: error[invalid-value]: a cron expression has five fields (minute, hour, day of the month, month, day of the week), or six with the second first; this one has 0
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { cron: 5, every: often, evry: PT1S, read: data }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:1: error[missing-property]: the property `on` is missing: add it
            line:2:19: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:2:29: error[invalid-duration]: `often` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
            line:2:36: error[unknown-property]: the property `evry` is not known here: use `after`, `cron`, `every`, `on` or `read` (did you mean `every`?)
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
schedule: { on: { one: { with: { type: a } } }, read: all }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:55: error[invalid-value]: `all` is not known here: use `data`, `envelope` or `raw`
        "#]],
    );
}

#[test]
fn time_zones() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: Europe/Berlin } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: UTC } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: America/Argentina/Buenos_Aires } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: Etc/GMT+5 } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: EST5EDT } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: europe/berlin } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:107: error[invalid-value]: `europe/berlin` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: "+02:00" } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:107: error[invalid-value]: `+02:00` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: Europe/ } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:107: error[invalid-value]: `Europe/` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: "Europe Berlin" } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:107: error[invalid-value]: `Europe Berlin` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: "" } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:107: error[invalid-value]: `` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { schedule: { timezone: A/B/C/D } } } }
schedule: { every: PT1S }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:107: error[invalid-value]: `A/B/C/D` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`
        "#]],
    );
}

#[test]
fn extensions_of_the_document() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { onFault: retry, onfault: fault, attributes: [], businessKey: "${ $input.id }", schedule: { overlap: both, catchup: some, zone: UTC } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:94: error[invalid-value]: `retry` is not known here: use `fault` or `incident`
            line:1:101: error[unknown-property]: the property `onfault` is not known here: use `attributes`, `businessKey`, `concurrency`, `lifecycle`, `limits`, `onFault`, `redact` or `schedule` (did you mean `onFault`?)
            line:1:129: error[wrong-type]: an object is expected here, found a list
            line:1:150: error[undefined-variable]: unknown variable $input; available here: $runtime, $secrets, $workflow
            line:1:164: error[misplaced-metadata]: the document has no `schedule` that this could apply to: add one
            line:1:185: error[invalid-value]: `both` is not known here: use `allow`, `skip`, `queue` or `replace`
            line:1:200: error[invalid-value]: `some` is not known here: use `none`, `last` or `all`
            line:1:206: error[unknown-property]: the property `zone` is not known here: use `catchup`, `overlap` or `timezone`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { limits: { running: 0 } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:104: error[invalid-value]: 0 is out of range: use a whole number from 1 to 1000000
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { limits: { running: 1000001, runnning: 1 } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:104: error[invalid-value]: 1000001 is out of range: use a whole number from 1 to 1000000
            line:1:113: error[unknown-property]: the property `runnning` is not known here: use `running` (did you mean `running`?)
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { limits: 1 } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:93: error[wrong-type]: an object is expected here, found a number
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { attributes: { id: "${ .id", ok: "${ .id }" }, businessKey: "${ $context.id }" }, Motet: {} } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:104: error[invalid-expression]: the expression does not compile: this expression does not end: expected a closing brace
            line:1:148: error[undefined-variable]: unknown variable $context; available here: $runtime, $secrets, $workflow
            line:1:166: warning[suspicious-property]: the property `Motet` has no meaning here: did you mean `motet`?
        "#]],
    );
}

#[test]
fn what_instances_are_found_by_and_wait_for() {
    document(
        r#"
document:
  dsl: 1.0.3
  namespace: t
  name: t
  version: 1.0.0
  metadata:
    motet:
      attributes: { a.b: "${ .x }", 1st: 1, fine_name-2: "${ .y }" }
      concurrency: { policy: both, keys: 1 }
do:
  - call:
      set: { x: 1 }
      metadata:
        motet: { attributes: { carrier: "${ $output.x }", other: "${ $nowhere }" }, businessKey: "${ .x }" }"#,
        expect![[r#"
            line:8:21: error[invalid-value]: `a.b` is no name of a search attribute: use a letter, then at most 63 letters, digits, `_` and `-`
            line:8:37: error[invalid-value]: `1st` is no name of a search attribute: use a letter, then at most 63 letters, digits, `_` and `-`
            line:9:7: error[missing-property]: the property `key` is missing: add it (`keys` may be meant to be `key`)
            line:9:30: error[invalid-value]: `both` is not known here: use `queue`, `reject` or `replace`
            line:9:36: error[unknown-property]: the property `keys` is not known here: use `key` or `policy` (did you mean `key`?)
            line:14:70: error[undefined-variable]: unknown variable $nowhere; available here: $authorization, $context, $input, $output, $runtime, $secrets, $task, $workflow
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { concurrency: { key: "${ $workflow.id }" } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:1:109: error[undefined-variable]: unknown variable $workflow; no variables are available here
        "#]],
    );
}

#[test]
fn there_are_not_more_attributes_than_can_be_found() {
    let attributes: String = (0..33).map(|nth| format!("a{nth}: 1, ")).collect();
    let source = format!(
        "document: {{ dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: {{ motet: {{ attributes: {{ {attributes} }} }} }} }}\ndo: [ {{ done: {{ set: {{ x: 1 }} }} }} ]"
    );
    document(
        &source,
        expect![[r#"
        line:1:85: error[invalid-value]: there are more than 32 search attributes
    "#]],
    );
}
