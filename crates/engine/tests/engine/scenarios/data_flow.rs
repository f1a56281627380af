//! How data flows: the order of schemas and transformations.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn a_call_and_a_set() {
    check(
        "
        do:
          - getPet:
              call: http
              with: {method: get, endpoint: 'http://pets.test/pets/{petId}'}
          - name:
              set: {name: '${ .name }'}
        ",
        r#"
        start {"petId":7}
        answer getPet 200 {"name":"Rex"}
        again getPet 200 {"name":"Max"}
        "#,
        expect![[r#"
            > start {"petId":7}
            +0s 0 started
            +0s 1 /do/0/getPet begins
            +0s 1 /do/0/getPet calls #1 K1 GET http://pets.test/pets/7 until +60s ⇒ call
            = running · unanswered: getPet
            > answer getPet 200 {"name":"Rex"}
            +0s 1 /do/0/getPet #1 gives {"name":"Rex"}
            +0s 1 /do/0/getPet done → name
            +0s 2 /do/1/name begins
            +0s 2 /do/1/name done output {"name":"Rex"} → end of scope
            +0s 0 completed {"name":"Rex"}
            = completed {"name":"Rex"}
            > again getPet 200 {"name":"Max"}
            ! nothing to do
            = completed {"name":"Rex"}
        "#]],
    );
}

#[test]
fn every_transformation_in_its_order() {
    check(
        "
        input: {from: '${ {in: .raw} }'}
        output: {as: '${ {out: ., ctx: $context} }'}
        do:
          - work:
              input: {from: '${ . + {from: 1} }'}
              set: {seen: '${ . }', input: '${ $input }', ctx: '${ $context }'}
              output: {as: '${ {as: ., raw: $task.output, input: $input} }'}
              export: {as: '${ {exported: (. | keys), output: ($output | keys)} }'}
        ",
        r#"start {"raw":5}"#,
        expect![[r#"
            > start {"raw":5}
            +0s 0 started data {"in":5}
            +0s 1 /do/0/work begins input {"in":5,"from":1}
            +0s 1 /do/0/work done output {"as":{"seen":{"in":5,"from":1},"input":{"in":5,"from":1},"ctx":{"in":5}},"raw":{"seen":{"in":5,"from":1},"input":{"in":5,"from":1},"ctx":{"in":5}},"input":{"in":5,"from":1}} context {"exported":["as","input","raw"],"output":["as","input","raw"]} → end of scope
            +0s 0 completed {"out":{"as":{"seen":{"in":5,"from":1},"input":{"in":5,"from":1},"ctx":{"in":5}},"raw":{"seen":{"in":5,"from":1},"input":{"in":5,"from":1},"ctx":{"in":5}},"input":{"in":5,"from":1}},"ctx":{"exported":["as","input","raw"],"output":["as","input","raw"]}}
            = completed {"out":{"as":{"seen":{"in":5,"from":1},"input":{"in":5,"from":1},"ctx":{"in":5}},"raw":{"seen":{"in":5,"from":1},"input":{"in":5,"from":1},"ctx":{"in":5}},"input":{"in":5,"from":1}},"ctx":{"exported":["as","input","raw"],"output":["as","input","raw"]}}
        "#]],
    );
}

#[test]
fn the_workflow_input_is_checked_before_it_is_transformed() {
    let document = "
        input:
          schema: {document: {type: object, required: [id]}}
          from: '${ .id }'
        do:
          - keep: {set: {kept: '${ . }'}}
        ";
    check(
        document,
        r#"start {"id":1}"#,
        expect![[r#"
            > start {"id":1}
            +0s 0 started data 1
            +0s 1 /do/0/keep begins
            +0s 1 /do/0/keep done output {"kept":1} → end of scope
            +0s 0 completed {"kept":1}
            = completed {"kept":1}
        "#]],
    );
    check(
        document,
        "start {}\nretry",
        expect![[r#"
            > start {}
            +0s 0 started
            +0s 0 fails: 400 validation at  (does not match its schema: input: "id" is a required property)
            +0s 0 faulted in step 0: 400 validation at  (does not match its schema: input: "id" is a required property)
            = faulted in step 0: 400 validation at  (does not match its schema: input: "id" is a required property)
            > retry
            ! the instance is faulted: its input was refused: start another one instead
            = faulted in step 0: 400 validation at  (does not match its schema: input: "id" is a required property)
        "#]],
    );
}

#[test]
fn a_task_input_is_checked_raw() {
    check_lines(
        &["fails", "faulted", "completed"],
        "
        do:
          - strict:
              input:
                schema: {document: {type: object, properties: {n: {type: integer}}}}
                from: '${ .n }'
              set: {n: '${ . }'}
        ",
        r#"start {"n":"text"}"#,
        expect![[r#"
            +0s 1 /do/0/strict fails: 400 validation at /do/0/strict (does not match its schema: input: /n: "text" is not of type "integer")
            +0s 0 faulted in step 1: 400 validation at /do/0/strict (does not match its schema: input: /n: "text" is not of type "integer")
            = faulted in step 1: 400 validation at /do/0/strict (does not match its schema: input: /n: "text" is not of type "integer")
        "#]],
    );
}

#[test]
fn an_output_is_checked_transformed() {
    let document = "
        do:
          - strict:
              set: {n: '${ .n }'}
              output:
                as: '${ .n }'
                schema: {document: {type: integer}}
        ";
    check_lines(
        &["done", "fails", "="],
        document,
        r#"start {"n":3}"#,
        expect![[r#"
            +0s 1 /do/0/strict done output 3 → end of scope
            = completed 3
        "#]],
    );
    check_lines(
        &["done", "fails", "="],
        document,
        r#"start {"n":"x"}"#,
        expect![[r#"
            +0s 1 /do/0/strict fails: 400 validation at /do/0/strict (does not match its schema: output: "x" is not of type "integer")
            = faulted in step 1: 400 validation at /do/0/strict (does not match its schema: output: "x" is not of type "integer")
        "#]],
    );
}

#[test]
fn an_export_is_checked_transformed_and_changes_nothing_if_it_fails() {
    check(
        "
        output: {as: '${ $context }'}
        do:
          - tries:
              try:
                - exports:
                    set: {n: 1}
                    export:
                      as: '${ {n: .n} }'
                      schema: {document: {properties: {n: {type: string}}}}
              catch: {}
        ",
        r#"start {"before":true}"#,
        expect![[r#"
            > start {"before":true}
            +0s 0 started
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/exports begins
            +0s 2 /do/0/tries/try/0/exports fails: 400 validation at /do/0/tries/try/0/exports (does not match its schema: export: /n: 1 is not of type "string")
            +0s 1 /do/0/tries catches 400 validation at /do/0/tries/try/0/exports (does not match its schema: export: /n: 1 is not of type "string"): done with it
            +0s 1 /do/0/tries done → end of scope
            +0s 0 completed {"before":true}
            = completed {"before":true}
        "#]],
    );
}

#[test]
fn the_workflow_output_is_transformed_then_checked() {
    let document = "
        do: [{keep: {set: {n: '${ .n }'}}}]
        output:
          as: '${ .n }'
          schema: {document: {type: integer}}
        ";
    check_lines(
        &["="],
        document,
        r#"start {"n":3}"#,
        expect![[r#"
        = completed 3
    "#]],
    );
    check_lines(
        &["fails", "="],
        document,
        "start {\"n\":\"x\"}\nretry",
        expect![[r#"
            +0s 0 fails: 400 validation at  (does not match its schema: output: "x" is not of type "integer")
            = faulted in step 0: 400 validation at  (does not match its schema: output: "x" is not of type "integer")
            +0s 0 fails: 400 validation at  (does not match its schema: output: "x" is not of type "integer")
            = faulted in step 0: 400 validation at  (does not match its schema: output: "x" is not of type "integer")
        "#]],
    );
}

#[test]
fn context_begins_as_the_transformed_input_and_is_replaced_by_exports() {
    check_lines(
        &["done", "="],
        "
        input: {from: '${ {first: .a} }'}
        do:
          - one: {set: {ctx: '${ $context }'}, export: {as: '${ {second: 2} }'}}
          - two: {set: {ctx: '${ $context }'}, export: {as: '${ $context + {third: .ctx} }'}}
          - three: {set: {ctx: '${ $context }'}}
        ",
        r#"start {"a":1}"#,
        expect![[r#"
            +0s 1 /do/0/one done output {"ctx":{"first":1}} context {"second":2} → two
            +0s 2 /do/1/two done output {"ctx":{"second":2}} context {"second":2,"third":{"second":2}} → three
            +0s 3 /do/2/three done output {"ctx":{"second":2,"third":{"second":2}}} → end of scope
            = completed {"ctx":{"second":2,"third":{"second":2}}}
        "#]],
    );
}

#[test]
fn expressions_in_data_are_never_evaluated() {
    check_lines(
        &["="],
        "
        do:
          - echo: {set: {echo: '${ .text }'}}
          - again: {set: '${ . }'}
        ",
        r#"start {"text":"${ error(\"evaluated\") }"}"#,
        expect![[r#"
            = completed {"echo":"${ error(\"evaluated\") }"}
        "#]],
    );
}

#[test]
fn numbers_stay_exact() {
    check_lines(
        &["="],
        "do: [{keep: {set: {all: '${ . }'}}}]",
        "start [1.0, -0.0, 9007199254740993, 1e400, 0.1234567890123456789012345]",
        expect![[r#"
            = completed {"all":[1.0,-0.0,9007199254740993,1e400,0.1234567890123456789012345]}
        "#]],
    );
}

#[test]
fn an_output_that_stays_is_not_recorded_again() {
    check(
        "
        do:
          - outer:
              do:
                - inner: {set: {big: 1}}
        ",
        "",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/outer begins
            +0s 2 /do/0/outer/do/0/inner begins
            +0s 2 /do/0/outer/do/0/inner done output {"big":1} → end of scope
            +0s 1 /do/0/outer done → end of scope
            +0s 0 completed {"big":1}
            = completed {"big":1}
        "#]],
    );
}
