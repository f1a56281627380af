//! Functions of `use.functions`.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn with_is_the_input_of_the_function() {
    check(
        "
        use:
          functions:
            getPet:
              call: http
              with: {method: get, endpoint: 'http://pets.test/{id}'}
              output: {as: '${ .name }'}
        do:
          - fetch:
              call: getPet
              with: {id: '${ .petId }'}
              output: {as: '${ {pet: .} }'}
        ",
        "start {\"petId\":7}\nanswer getPet 200 {\"name\":\"Rex\"}",
        expect![[r#"
            > start {"petId":7}
            +0s 0 started
            +0s 1 /do/0/fetch begins data {"id":7}
            +0s 2 /use/functions/getPet begins
            +0s 2 /use/functions/getPet calls #1 K1 GET http://pets.test/7 until +60s ⇒ call
            = running · unanswered: getPet
            > answer getPet 200 {"name":"Rex"}
            +0s 2 /use/functions/getPet #1 gives {"name":"Rex"}
            +0s 2 /use/functions/getPet done output "Rex" → end of scope
            +0s 1 /do/0/fetch done output {"pet":"Rex"} → end of scope
            +0s 0 completed {"pet":"Rex"}
            = completed {"pet":"Rex"}
        "#]],
    );
}

#[test]
fn without_with_the_input_passes() {
    check_lines(
        &["="],
        "
        use: {functions: {double: {set: {n: '${ .n * 2 }'}}}}
        do: [{one: {call: double}}, {two: {call: double}}]
        ",
        "start {\"n\":3}",
        expect![[r#"
            = completed {"n":12}
        "#]],
    );
}

#[test]
fn functions_call_functions() {
    check_lines(
        &["begins", "="],
        "
        use:
          functions:
            inner: {set: {n: '${ .n + 1 }', at: '${ $task.reference }'}}
            outer: {do: [{first: {call: inner}}, {second: {call: inner, with: {n: '${ .n * 10 }'}}}]}
        do: [{begin: {call: outer}}]
        ",
        "start {\"n\":1}",
        expect![[r#"
            +0s 1 /do/0/begin begins
            +0s 2 /use/functions/outer begins
            +0s 3 /use/functions/outer/do/0/first begins
            +0s 4 /use/functions/inner begins
            +0s 5 /use/functions/outer/do/1/second begins data {"n":20}
            +0s 6 /use/functions/inner begins
            = completed {"n":21,"at":"/use/functions/inner"}
        "#]],
    );
}

#[test]
fn errors_point_into_the_function() {
    check_lines(
        &["fails", "="],
        "
        use: {functions: {ask: {do: [{call: {call: http, with: {method: get, endpoint: http://ask.test/}}}]}}}
        do: [{one: {call: ask}}]
        ",
        "answer call 500",
        expect![[r#"
            = running · unanswered: call
            +0s 3 /use/functions/ask/do/0/call #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 3 /use/functions/ask/do/0/call fails: 500 communication at /use/functions/ask/do/0/call (the service answered with an error: GET http://ask.test/ answered 500)
            = faulted in step 3: 500 communication at /use/functions/ask/do/0/call (the service answered with an error: GET http://ask.test/ answered 500)
        "#]],
    );
}

#[test]
fn a_function_that_fails_is_caught_around_its_call() {
    check_lines(
        &["catches", "="],
        "
        use: {functions: {bad: {raise: {error: {type: 'https://x.test/e', status: 400}}}}}
        do: [{tries: {try: [{one: {call: bad}}], catch: {do: [{keep: {set: {at: '${ $error.instance }'}}}]}}}]
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/tries catches 400 https://x.test/e at /use/functions/bad: handled from keep
            = completed {"at":"/use/functions/bad"}
        "#]],
    );
}
