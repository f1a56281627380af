//! Reusable components.

use expect_test::expect;

use super::document;

#[test]
fn kinds_of_components() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { function: {}, secret: [] }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:8: error[unknown-property]: the property `function` is not known here: use `authentications`, `catalogs`, `errors`, `extensions`, `functions`, `retries`, `secrets` or `timeouts` (did you mean `functions`?)
            line:2:22: error[unknown-property]: the property `secret` is not known here: use `authentications`, `catalogs`, `errors`, `extensions`, `functions`, `retries`, `secrets` or `timeouts` (did you mean `secrets`?)
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: [], retries: 5, secrets: x, timeouts: { a: PT1S }, errors: { e: { status: 500 } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:19: error[wrong-type]: an object is expected here, found a list
            line:2:32: error[wrong-type]: an object is expected here, found a number
            line:2:44: error[wrong-type]: a list is expected here, found text
            line:2:62: error[wrong-type]: an object is expected here, found text
            line:2:80: error[missing-property]: the property `type` is missing: add it
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ 1, { a: b } ], catalogs: { c: https://a.b } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:19: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:2:22: error[wrong-type]: text is expected here, found an object
            line:2:49: error[wrong-type]: an object is expected here, found text
        "#]],
    );
}

#[test]
fn functions() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: { f: { call: f } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:21: error[recursive-function]: the function `f` calls itself, directly or through others: use `for` or a `then` instead
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: { f: { do: [ { a: { call: g } } ] }, g: { for: { in: . }, do: [ { a: { call: f } } ] }, h: { call: g } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:21: error[recursive-function]: the function `f` calls itself, directly or through others: use `for` or a `then` instead
            line:2:56: error[recursive-function]: the function `g` calls itself, directly or through others: use `for` or a `then` instead
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: { f: { set: { x: 1 }, then: done } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:47: error[task-out-of-scope]: a function is one task and cannot go on to `done`: use `continue`, `exit` or `end`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: { f: { set: { x: 1 }, then: edn }, g: { set: { x: 1 }, then: end }, h: { set: { x: 1 }, then: exit } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:47: error[task-out-of-scope]: a function is one task and cannot go on to `edn`: use `continue`, `exit` or `end` (did you mean `end`?)
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: { f: { switch: [ { a: { when: .x, then: b } }, { c: { then: continue } } ] }, g: { try: [ { a: { set: { x: 1 } } } ], catch: { then: f } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:59: error[task-out-of-scope]: a function is one task and cannot go on to `b`: use `continue`, `exit` or `end`
            line:2:152: error[task-out-of-scope]: a function is one task and cannot go on to `f`: use `continue`, `exit` or `end`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { functions: { f: { st: { x: 1 } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:21: error[no-task-kind]: the task does nothing: add `call`, `do`, `emit`, `for`, `fork`, `listen`, `raise`, `run`, `set`, `switch`, `try` or `wait`
        "#]],
    );
}

#[test]
fn retries_errors_and_timeouts() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { retries: { r: { dely: PT1S, when: 5, backoff: { linear: {}, constant: {} }, limit: { attempts: 3 }, jitter: { from: PT1S } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:24: error[unknown-property]: the property `dely` is not known here: use `backoff`, `delay`, `exceptWhen`, `jitter`, `limit` or `when` (did you mean `delay`?)
            line:2:42: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
            line:2:45: error[conflicting-properties]: `constant` and `linear` exclude each other: keep one
            line:2:93: error[unknown-property]: the property `attempts` is not known here: use `attempt` or `duration` (did you mean `attempt`?)
            line:2:108: error[missing-property]: the property `to` is missing: add it
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { retries: { r: { delay: soon, backoff: {}, limit: { attempt: { count: many, duration: 5 } } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:31: error[invalid-duration]: `soon` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`
            line:2:37: error[missing-property]: one of the properties is missing: add `constant`, `exponential` or `linear`
            line:2:77: error[wrong-type]: a whole number is expected here, found text
            line:2:93: error[invalid-duration]: a duration needs its unit: write `{ seconds: 30 }` or `PT30S`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { errors: { e: { type: "not a uri", status: 42, titel: x } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:29: error[invalid-uri]: `not a uri` is no URI: it holds white space, write %20
            line:2:50: error[invalid-status]: 42 is no HTTP status: use a number from 100 to 599
            line:2:54: error[unknown-property]: the property `titel` is not known here: use `detail`, `instance`, `status`, `title` or `type` (did you mean `title`?)
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { timeouts: { t: { after: P5000D }, u: {} } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:32: error[duration-too-long]: the duration is longer than the limit of 3660 days: shorten it
            line:2:42: error[missing-property]: the property `after` is missing: add it
        "#]],
    );
}

#[test]
fn authentications() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { authentications: { a: { basic: { username: u } }, b: { bearer: {} }, c: { digets: {} }, d: { basic: { use: nobody } }, e: {} } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:32: error[missing-property]: the property `password` is missing: add it
            line:2:63: error[missing-property]: the property `token` is missing: add it
            line:2:77: error[missing-property]: one of the properties is missing: add `basic`, `bearer`, `digest`, `oauth2` or `oidc` (`digets` may be meant to be `digest`)
            line:2:82: warning[suspicious-property]: the property `digets` has no meaning here: did you mean `digest`?
            line:2:115: error[unknown-secret]: the secret `nobody` is not declared in `use.secrets`: add it there
            line:2:127: error[missing-property]: one of the properties is missing: add `basic`, `bearer`, `digest`, `oauth2` or `oidc`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { authentications: { a: { oauth2: { grant: password } }, b: { oauth2: { authority: https://a.b, grant: guess } }, c: { oidc: { authority: https://a.b, grant: password, client: { authentication: magic } } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:32: error[missing-property]: the property `authority` is missing: add it
            line:2:109: error[invalid-value]: `guess` is not known here: use `authorization_code`, `client_credentials`, `password`, `refresh_token` or `urn:ietf:params:oauth:grant-type:token-exchange`
            line:2:200: error[invalid-value]: `magic` is not known here: use `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt` or `none`
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ], authentications: { a: { bearer: { token: "${ $secrets.tokn }" } }, b: { bearer: { use: toekn } } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:82: error[unknown-secret]: the secret `tokn` is not declared in `use.secrets`: add it there (did you mean `token`?)
            line:2:115: error[unknown-secret]: the secret `toekn` is not declared in `use.secrets`: add it there (did you mean `token`?)
        "#]],
    );
}

#[test]
fn extensions_and_catalogs() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { extensions: [ { a: { extend: calls } }, { b: {} }, {}, { c: { extend: all, before: [] } } ] }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:37: error[invalid-value]: `calls` is not known here: use `call`, `composite`, `emit`, `for`, `listen`, `raise`, `run`, `set`, `switch`, `try`, `wait` or `all` (did you mean `call`?)
            line:2:50: error[missing-property]: the property `extend` is missing: add it
            line:2:59: error[task-item]: an extension is missing here: write its name and its properties
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { extensions: { a: { extend: all } } }
do: [ { done: { set: { x: 1 } } } ]"#,
        expect![[r#"
            line:2:20: error[wrong-type]: a list is expected here, found an object
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { catalogs: { c: { endpoint: "https://a.b/{" } } }
do:
  - a: { call: "f:1.0.0@d" }
  - b: { call: "f:1.0.0@c" }
"#,
        expect![[r#"
            line:2:35: error[invalid-uri]: `https://a.b/{` is no URI: its braces do not pair up, or hold no name
            line:4:16: error[unknown-catalog]: `d` is not declared in `use.catalogs`: declare it there
            line:5:16: error[unknown-catalog]: `c` is not declared in `use.catalogs`: declare it there
        "#]],
    );
}
