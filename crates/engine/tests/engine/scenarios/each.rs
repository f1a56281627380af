//! `for`.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn iterations_chain_their_data() {
    check(
        "
        do:
          - sum:
              for: {each: price, at: place, in: .prices}
              do:
                - add: {set: {total: '${ (.total // 0) + $price }', last: '${ $place }'}}
        ",
        r#"start {"prices":[5,7]}"#,
        expect![[r#"
            > start {"prices":[5,7]}
            +0s 0 started
            +0s 1 /do/0/sum begins over [5,7]
            +0s 1 /do/0/sum iteration 0
            +0s 2 /do/0/sum/do/0/add begins
            +0s 2 /do/0/sum/do/0/add done output {"total":5,"last":0} → end of scope
            +0s 1 /do/0/sum iteration 1
            +0s 3 /do/0/sum/do/0/add begins
            +0s 3 /do/0/sum/do/0/add done output {"total":12,"last":1} → end of scope
            +0s 1 /do/0/sum done → end of scope
            +0s 0 completed {"total":12,"last":1}
            = completed {"total":12,"last":1}
        "#]],
    );
}

#[test]
fn the_variables_have_names_by_default() {
    check_lines(
        &["="],
        "
        do:
          - all:
              for: {in: '[\"a\", \"b\"]'}
              do: [{add: {set: {all: '${ (.all // []) + [[$item, $index]] }'}}}]
        ",
        "start {}",
        expect![[r#"
            = completed {"all":[["a",0],["b",1]]}
        "#]],
    );
}

#[test]
fn while_is_asked_before_each_iteration() {
    check_lines(
        &["iteration", "done", "="],
        "
        do:
          - some:
              for: {in: '[1, 2, 3, 4]'}
              while: (.sum // 0) < 3 and $index < 9
              do: [{add: {set: {sum: '${ (.sum // 0) + $item }'}}}]
        ",
        "start {}",
        expect![[r#"
            +0s 1 /do/0/some iteration 0
            +0s 2 /do/0/some/do/0/add done output {"sum":1} → end of scope
            +0s 1 /do/0/some iteration 1
            +0s 3 /do/0/some/do/0/add done output {"sum":3} → end of scope
            +0s 1 /do/0/some done → end of scope
            = completed {"sum":3}
        "#]],
    );
}

#[test]
fn nothing_to_go_through() {
    let document = "
        do:
          - none:
              for: {in: .items}
              do: [{never: {set: {n: 1}}}]
        ";
    check_lines(
        &["begins", "done", "="],
        document,
        r#"start {"items":[]}"#,
        expect![[r#"
            +0s 1 /do/0/none begins over []
            +0s 1 /do/0/none done → end of scope
            = completed {"items":[]}
        "#]],
    );
    check_lines(
        &["begins", "done", "="],
        document,
        r#"start {"items":null}"#,
        expect![[r#"
            +0s 1 /do/0/none begins over []
            +0s 1 /do/0/none done → end of scope
            = completed {"items":null}
        "#]],
    );
}

#[test]
fn what_is_no_array_is_an_error() {
    check_lines(
        &["fails", "="],
        "do: [{none: {for: {in: .items}, do: [{never: {set: {n: 1}}}]}}]",
        r#"start {"items":{"a":1}}"#,
        expect![[r#"
            +0s 1 /do/0/none fails: 400 expression at /do/0/none (not an array: for.in: expected an array, found {"a":1})
            = faulted in step 1: 400 expression at /do/0/none (not an array: for.in: expected an array, found {"a":1})
        "#]],
    );
}

#[test]
fn items_may_be_written_down() {
    check_lines(
        &["over", "="],
        "
        do:
          - all:
              for: {in: [{n: 1}, {n: '${ .n }'}]}
              do: [{add: {set: {n: '${ .n + $item.n }'}}}]
        ",
        r#"start {"n":5}"#,
        expect![[r#"
            +0s 1 /do/0/all begins over [{"n":1},{"n":5}]
            = completed {"n":11}
        "#]],
    );
}

#[test]
fn exit_ends_one_iteration_and_goto_stays_inside() {
    check_lines(
        &["iteration", "begins", "="],
        "
        do:
          - all:
              for: {in: '[1, 2]'}
              do:
                - one:
                    switch:
                      - first: {when: $item == 1, then: exit}
                      - second: {then: three}
                - two: {set: {never: true}}
                - three: {set: {item: '${ $item }'}}
        ",
        "start {}",
        expect![[r#"
            +0s 1 /do/0/all begins over [1,2]
            +0s 1 /do/0/all iteration 0
            +0s 2 /do/0/all/do/0/one begins
            +0s 1 /do/0/all iteration 1
            +0s 3 /do/0/all/do/0/one begins
            +0s 4 /do/0/all/do/2/three begins
            = completed {"item":2}
        "#]],
    );
}

#[test]
fn loops_in_loops_see_both_variables() {
    check_lines(
        &["="],
        "
        do:
          - rows:
              for: {each: row, at: r, in: '[[1, 2], [3]]'}
              do:
                - columns:
                    for: {each: cell, at: c, in: $row}
                    do: [{add: {set: {all: '${ (.all // []) + [[$r, $c, $cell]] }'}}}]
        ",
        "start {}",
        expect![[r#"
            = completed {"all":[[0,0,1],[0,1,2],[1,0,3]]}
        "#]],
    );
}

#[test]
fn a_call_in_each_iteration_waits_for_the_one_before() {
    check_lines(
        &["iteration", "calls", "="],
        "
        do:
          - all:
              for: {each: id, in: '[1, 2]'}
              do:
                - prepare: {set: {id: '${ $id }'}}
                - get: {call: http, with: {method: get, endpoint: 'http://things.test/{id}'}}
        ",
        "
        answer get 200 {}
        answer get 200 {\"last\":true}
        ",
        expect![[r#"
            +0s 1 /do/0/all iteration 0
            +0s 3 /do/0/all/do/1/get calls #1 K1 GET http://things.test/1 until +60s ⇒ call
            = running · unanswered: get
            +0s 1 /do/0/all iteration 1
            +0s 5 /do/0/all/do/1/get calls #1 K2 GET http://things.test/2 until +60s ⇒ call
            = running · unanswered: get
            = completed {"last":true}
        "#]],
    );
}

#[test]
fn an_error_of_while_is_one_of_the_loop() {
    check_lines(
        &["fails", "="],
        "do: [{all: {for: {in: '[1]'}, while: '1 | keys', do: [{never: {set: {n: 1}}}]}}]",
        "",
        expect![[r#"
            +0s 1 /do/0/all fails: 400 expression at /do/0/all (an expression failed: while: cannot use 1 as array or object)
            = faulted in step 1: 400 expression at /do/0/all (an expression failed: while: cannot use 1 as array or object)
        "#]],
    );
}
