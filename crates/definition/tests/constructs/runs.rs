//! What runs beside a workflow.

use expect_test::expect;

use super::tasks;

#[test]
fn workflows() {
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: 1.2.3 } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: latest } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: stable } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: ^1.2 } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: "1" } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: ">=1, <2" } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: "*" } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: v1.2.3 } } }"#,
        expect![[r#"
            line:1:59: error[invalid-version]: `v1.2.3` names no version: write one such as `1.4.0`, a range such as `^2`, `latest` or another tag
        "#]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: Latest } } }"#,
        expect![[r#"
            line:1:59: error[invalid-version]: `Latest` names no version: write one such as `1.4.0`, a range such as `^2`, `latest` or another tag
        "#]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: "one two" } } }"#,
        expect![[r#"
            line:1:59: error[invalid-version]: `one two` names no version: write one such as `1.4.0`, a range such as `^2`, `latest` or another tag
        "#]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: "" } } }"#,
        expect![[r#"
            line:1:59: error[invalid-version]: `` names no version: write one such as `1.4.0`, a range such as `^2`, `latest` or another tag
        "#]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: ~1 } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: ">= one" } } }"#,
        expect![[r#"
            line:1:59: error[invalid-version]: `>= one` names no version: write one such as `1.4.0`, a range such as `^2`, `latest` or another tag
        "#]],
    );
    tasks(
        r#"
- a: { run: { workflow: { namespace: t, name: u, version: 1.0 } } }"#,
        expect![[r#"
            line:1:59: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
    tasks(
        r#"
- a: { run: { workflow: { name: u, versoin: 1.0.0, input: 5 }, awit: true } }"#,
        expect![[r#"
            line:1:15: error[missing-property]: the property `namespace` is missing: add it
            line:1:15: error[missing-property]: the property `version` is missing: add it (`versoin` may be meant to be `version`)
            line:1:36: error[unknown-property]: the property `versoin` is not known here: use `input`, `name`, `namespace` or `version` (did you mean `version`?)
            line:1:59: error[wrong-type]: an object is expected here, found a number
            line:1:64: error[unknown-property]: the property `awit` is not known here: use `await`, `container`, `return`, `script`, `shell` or `workflow` (did you mean `await`?)
        "#]],
    );
}

#[test]
fn processes() {
    tasks(
        r#"
- a: { run: { container: {} } }"#,
        expect![[r#"
            line:1:15: error[missing-property]: the property `image` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { run: { script: { language: js } } }"#,
        expect![[r#"
            line:1:15: error[missing-property]: one of the properties is missing: add `code` or `source`
        "#]],
    );
    tasks(
        r#"
- a: { run: { script: { code: x, source: { endpoint: https://a.b } } } }"#,
        expect![[r#"
            line:1:15: error[missing-property]: the property `language` is missing: add it
            line:1:15: error[conflicting-properties]: `code` and `source` exclude each other: keep one
        "#]],
    );
    tasks(
        r#"
- a: { run: { shell: { comand: x }, return: everything } }"#,
        expect![[r#"
            line:1:15: error[missing-property]: the property `command` is missing: add it (`comand` may be meant to be `command`)
            line:1:24: error[unknown-property]: the property `comand` is not known here: use `arguments`, `command`, `environment` or `stdin` (did you mean `command`?)
            line:1:45: error[invalid-value]: `everything` is not known here: use `stdout`, `stderr`, `code`, `all` or `none`
        "#]],
    );
    tasks(
        r#"
- a: { run: { container: { image: x, pullPolicy: sometimes, lifetime: { cleanup: later } } } }"#,
        expect![[r#"
            line:1:50: error[invalid-value]: `sometimes` is not known here: use `ifNotPresent`, `always` or `never`
            line:1:82: error[invalid-value]: `later` is not known here: use `always`, `never` or `eventually`
        "#]],
    );
    tasks(
        r#"
- a: { run: { shell: { command: x, arguments: { a: b }, environment: [], stdin: "${ (" } } }"#,
        expect![[r#"
            line:1:47: error[wrong-type]: a list is expected here, found an object
            line:1:70: error[wrong-type]: an object is expected here, found a list
            line:1:85: error[invalid-expression]: the expression does not compile: this parenthesis is not closed
        "#]],
    );
}
