//! Secrets.

use expect_test::expect;

use super::document;

#[test]
fn where_they_may_stand() {
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { set: { x: "${ $secrets.token }" } }"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { set: { x: "Bearer ${ $secrets.token }" } }"#,
        expect![[r#"
            line:4:20: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { set: { x: "${ $secrets.token + \"x\" }" } }"#,
        expect![[r#"
            line:4:20: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { set: { x: "${ {t: $secrets.token} }" } }"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { set: { x: "${ $secrets }" } }"#,
        expect![[r#"
            line:4:20: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { if: $secrets.token == "x", set: { x: 1 } }"#,
        expect![[r#"
            line:4:14: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { call: http, with: { method: get, endpoint: "https://a.b/${$secrets.token}", headers: { authorization: "Bearer ${ $secrets.token }" } } }"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { call: http, with: { method: get, endpoint: https://a.b, body: "${ $secrets.other }" } }"#,
        expect![[r#"
            line:4:85: error[unknown-secret]: the secret `other` is not declared in `use.secrets`: add it there
        "#]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { set: { x: "${ $secret.token }" } }"#,
        expect![[""]],
    );
    document(
        r#"
document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }
use: { secrets: [ token ] }
do:
  - a: { switch: [ { b: { when: $secrets.token, then: end } } ] }"#,
        expect![[r#"
            line:4:33: error[secret-outside-call]: a secret is worked with outside a call, where only a marker of it exists: pass it on as it is, or do this inside the call's `with` or authentication
        "#]],
    );
}
