//! `call: http`: how a request is rendered.

use expect_test::{Expect, expect};

use crate::harness::check_lines;

/// The request of a call whose `with` is this, for an instance that begins with this input.
fn request(with: &str, input: &str, expected: Expect) {
    let document = format!("do: [{{ask: {{call: http, with: {{{with}}}}}}}]");
    check_lines(&["calls", "fails"], &document, &format!("start {input}"), expected);
}

#[test]
fn uri_templates() {
    let uri = |endpoint: &str, expected: Expect| {
        let input = r#"{"id":7,"name":"a b/ü","pet.id":"dotted","none":null,"yes":true,"list":[1],"x":{"y":1}}"#;
        request(&format!("method: get, endpoint: '{endpoint}'"), input, expected);
    };
    uri(
        "http://a.test/pets/{id}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/pets/7 until +60s ⇒ call
        "#]],
    );
    uri(
        "http://a.test/{name}/{yes}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/a%20b%2F%C3%BC/true until +60s ⇒ call
        "#]],
    );
    uri(
        "http://a.test/{pet.id}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/dotted until +60s ⇒ call
        "#]],
    );
    uri(
        "http://a.test/[{missing}{none}]",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/[] until +60s ⇒ call
        "#]],
    );
    uri(
        "http://a.test/?q={name}&n={id}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/?q=a%20b%2F%C3%BC&n=7 until +60s ⇒ call
        "#]],
    );
    uri(
        "http://a.test/{list}",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (a URI template failed: {list} in "http://a.test/{list}" is not a scalar)
        "#]],
    );
    uri(
        "http://a.test/{x}",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (a URI template failed: {x} in "http://a.test/{x}" is not a scalar)
        "#]],
    );
    uri(
        "${ \"http://a.test/\\(.id)\" }",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/7 until +60s ⇒ call
        "#]],
    );
    uri(
        "${ .id }",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (not a text: with.endpoint: expected a text, found 7)
        "#]],
    );
}

#[test]
fn a_template_sees_the_transformed_input() {
    check_lines(
        &["calls"],
        "
        do:
          - ask:
              input: {from: '${ {id: .inner.id} }'}
              call: http
              with: {method: get, endpoint: 'http://a.test/{id}'}
        ",
        r#"start {"inner":{"id":3},"id":9}"#,
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/3 until +60s ⇒ call
        "#]],
    );
}

#[test]
fn queries() {
    let query = |endpoint: &str, query: &str, expected: Expect| {
        let with = format!("method: get, endpoint: '{endpoint}', query: {query}");
        request(&with, r#"{"a":"x y","n":3,"list":["p","q"],"nothing":null}"#, expected);
    };
    query(
        "http://a.test/",
        "{a: '${ .a }', b: 'ü&='}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/?a=x%20y&b=%C3%BC%26%3D until +60s ⇒ call
        "#]],
    );
    query(
        "http://a.test/?first=1",
        "{n: '${ .n }'}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/?first=1&n=3 until +60s ⇒ call
        "#]],
    );
    query(
        "http://a.test/#part",
        "{n: '${ .n }'}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/?n=3#part until +60s ⇒ call
        "#]],
    );
    query(
        "http://a.test/",
        "{tag: '${ .list }', gone: '${ .nothing }'}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/?tag=p&tag=q until +60s ⇒ call
        "#]],
    );
    query(
        "http://a.test/",
        "'${ {whole: .n} }'",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/?whole=3 until +60s ⇒ call
        "#]],
    );
    query(
        "http://a.test/",
        "'${ .n }'",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (not a query: with.query: expected an object, found 3)
        "#]],
    );
}

#[test]
fn headers() {
    let headers = |headers: &str, expected: Expect| {
        let with = format!("method: get, endpoint: 'http://a.test/', headers: {headers}");
        request(&with, r#"{"n":3,"nothing":null,"list":[1]}"#, expected);
    };
    headers(
        "{X-One: text, X-Number: '${ .n }', X-Gone: '${ .nothing }'}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ x-one=text x-number=3 until +60s ⇒ call
        "#]],
    );
    headers(
        "'${ {\"X-Whole\": true} }'",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ x-whole=true until +60s ⇒ call
        "#]],
    );
    headers(
        "{X-List: '${ .list }'}",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (not headers: with.headers.x-list: expected a text)
        "#]],
    );
    headers(
        "'${ .n }'",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (not headers: with.headers: expected an object, found 3)
        "#]],
    );
}

#[test]
fn bodies() {
    let body = |more: &str, expected: Expect| {
        let with = format!("method: post, endpoint: 'http://a.test/', {more}");
        request(&with, r#"{"n":1.0,"text":"hi"}"#, expected);
    };
    body(
        "body: {n: '${ .n }', fixed: [1, {deep: '${ .text }'}]}",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ json {"n":1.0,"fixed":[1,{"deep":"hi"}]} until +60s ⇒ call
        "#]],
    );
    body(
        "body: '${ . }'",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ json {"n":1.0,"text":"hi"} until +60s ⇒ call
        "#]],
    );
    body(
        "body: '${ .text }'",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ json "hi" until +60s ⇒ call
        "#]],
    );
    body(
        "body: '${ .text }', headers: {content-type: text/plain}",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ content-type=text/plain text "hi" until +60s ⇒ call
        "#]],
    );
    body(
        "body: '${ .text }', headers: {content-type: application/vnd.x+json}",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ content-type=application/vnd.x+json json "hi" until +60s ⇒ call
        "#]],
    );
    body(
        "body: '${ .missing }'",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ json null until +60s ⇒ call
        "#]],
    );
    body(
        "headers: {x: y}",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ x=y until +60s ⇒ call
        "#]],
    );
}

#[test]
fn methods_that_may_be_repeated() {
    for (method, expected) in [
        (
            "get",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ until +60s ⇒ call
            "#]],
        ),
        (
            "Put",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 PUT http://a.test/ until +60s ⇒ call
            "#]],
        ),
        (
            "delete",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 DELETE http://a.test/ until +60s ⇒ call
            "#]],
        ),
        (
            "post",
            expect![[r#"
                +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ until +60s ⇒ call
            "#]],
        ),
        (
            "patch",
            expect![[r#"
                +0s 1 /do/0/ask calls #1 K1 PATCH http://a.test/ until +60s ⇒ call
            "#]],
        ),
        (
            "'${ .m }'",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ until +60s ⇒ call
            "#]],
        ),
    ] {
        request(
            &format!("method: {method}, endpoint: 'http://a.test/'"),
            r#"{"m":"get"}"#,
            expected,
        );
    }
}

#[test]
fn a_task_says_itself_whether_it_may_be_repeated() {
    for (idempotent, method, expected) in [
        (
            true,
            "post",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 POST http://a.test/ until +60s ⇒ call
            "#]],
        ),
        (
            false,
            "get",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ once until +60s ⇒ call
            "#]],
        ),
    ] {
        check_lines(
            &["calls"],
            &format!(
                "do: [{{ask: {{call: http, with: {{method: {method}, endpoint: 'http://a.test/'}}, \
                 metadata: {{motet: {{idempotent: {idempotent}}}}}}}}}]"
            ),
            "",
            expected,
        );
    }
}

#[test]
fn authentication() {
    let authenticated = |authentication: &str, expected: Expect| {
        check_lines(
            &["calls", "fails"],
            &format!(
                "
                use:
                  secrets: [login, token]
                  authentications:
                    named: {{bearer: {{token: '${{ .t }}'}}}}
                    kept: {{basic: {{use: login}}}}
                do:
                  - ask:
                      call: http
                      with:
                        method: get
                        endpoint: {{uri: 'http://a.test/', authentication: {authentication}}}
                "
            ),
            r#"start {"u":"ann","p":"pw","t":"tok"}"#,
            expected,
        );
    };
    authenticated(
        "{basic: {username: '${ .u }', password: '${ .p }'}}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ basic ann:pw until +60s ⇒ call
        "#]],
    );
    authenticated(
        "{bearer: {token: 'fixed ${ .t }'}}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ bearer fixed tok until +60s ⇒ call
        "#]],
    );
    authenticated(
        "{use: named}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ bearer tok until +60s ⇒ call
        "#]],
    );
    authenticated(
        "{use: kept}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ basic <secret login.username>:<secret login.password> until +60s ⇒ call
        "#]],
    );
    authenticated(
        "{bearer: {use: token}}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ bearer <secret token.token> until +60s ⇒ call
        "#]],
    );
    authenticated(
        "{bearer: {token: '${ 5 }'}}",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (not a text: authentication.bearer.token: expected a text, found 5)
        "#]],
    );
}

#[test]
fn redirects_and_limits() {
    request(
        "method: get, endpoint: 'http://a.test/', redirect: true",
        "{}",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ redirect until +60s ⇒ call
        "#]],
    );
    check_lines(
        &["calls"],
        "do: [{ask: {call: http, with: {method: get, endpoint: 'http://a.test/'}, timeout: {after: PT3S}}}]",
        "",
        expect![[r#"
              +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ until +3s ⇒ call
        "#]],
    );
}

#[test]
fn an_expression_that_fails_sends_nothing() {
    request(
        "method: get, endpoint: 'http://a.test/', body: '${ 1 | keys }'",
        "{}",
        expect![[r#"
              +0s 1 /do/0/ask fails: 400 expression at /do/0/ask (an expression failed: with.body: cannot use 1 as array or object)
        "#]],
    );
}
