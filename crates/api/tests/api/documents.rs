use expect_test::{Expect, expect};

use crate::support::{Server, document};

const TASKS: &str = "  - greet: { set: { hello: world } }";

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

#[tokio::test]
async fn publishing_is_idempotent_and_versions_are_immutable() {
    let server = Server::new();
    let first = document("namespace: test, name: greet, version: 1.0.0", TASKS);
    let publish = format!("POST /api/v1/workflows\ncontent-type: application/yaml\n\n{first}");
    check(
        &server,
        &publish,
        expect![[r#"
        201 Created
        content-type: application/json
        location: /api/v1/workflows/test/greet/versions/1.0.0
        motet-position: <position>

        {
          "namespace": "test",
          "name": "greet",
          "version": "1.0.0",
          "digest": "<digest>",
          "created": true,
          "diagnostics": []
        }
    "#]],
    )
    .await;
    check(
        &server,
        &publish,
        expect![[r#"
        200 OK
        content-type: application/json
        location: /api/v1/workflows/test/greet/versions/1.0.0
        motet-position: <position>

        {
          "namespace": "test",
          "name": "greet",
          "version": "1.0.0",
          "digest": "<digest>",
          "created": false,
          "diagnostics": []
        }
    "#]],
    )
    .await;
    let other = publish.replace("world", "moon");
    check(&server, &other, expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {
          "type": "/docs/errors/version-exists",
          "title": "The version is published with other content.",
          "status": 409,
          "detail": "test/greet:1.0.0 exists with other content (digest <digest>): publish under a new version",
          "code": "version-exists"
        }
    "#]]).await;
}

#[tokio::test]
async fn every_problem_of_a_document_is_told_at_once() {
    let server = Server::new();
    let tasks = "  - a: { set: { x: \"${ .a + }\" } }\n  - b: { wait: soon }";
    let bad = document("namespace: Test, name: greet, version: 1.0.0", tasks);
    check(&server, &format!("POST /api/v1/workflows\n\n{bad}"), expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-document",
          "title": "The document has errors.",
          "status": 422,
          "detail": "the document has 3 errors",
          "code": "invalid-document",
          "diagnostics": [
            {
              "code": "invalid-name",
              "severity": "error",
              "message": "`Test` is no name: use 1 to 63 lower-case letters, digits and inner hyphens",
              "help": "`test` would do",
              "path": "/document/namespace",
              "line": 1,
              "column": 36
            },
            {
              "code": "invalid-expression",
              "severity": "error",
              "message": "the expression does not compile: expected term at the end",
              "path": "/do/0/a/set/x",
              "line": 3,
              "column": 29
            },
            {
              "code": "invalid-duration",
              "severity": "error",
              "message": "`soon` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`",
              "path": "/do/1/b/wait",
              "line": 4,
              "column": 16
            }
          ]
        }
    "#]]).await;
    check(&server, &format!("POST /api/v1/workflows/validate\n\n{bad}"), expect![[r#"
        200 OK
        content-type: application/json

        {
          "valid": false,
          "diagnostics": [
            {
              "code": "invalid-name",
              "severity": "error",
              "message": "`Test` is no name: use 1 to 63 lower-case letters, digits and inner hyphens",
              "help": "`test` would do",
              "path": "/document/namespace",
              "line": 1,
              "column": 36
            },
            {
              "code": "invalid-expression",
              "severity": "error",
              "message": "the expression does not compile: expected term at the end",
              "path": "/do/0/a/set/x",
              "line": 3,
              "column": 29
            },
            {
              "code": "invalid-duration",
              "severity": "error",
              "message": "`soon` is not a duration: write `PT30S`, `{ seconds: 30 }` or an expression in `${ … }`",
              "path": "/do/1/b/wait",
              "line": 4,
              "column": 16
            }
          ]
        }
    "#]]).await;
    let good = document("namespace: test, name: greet, version: 1.0.0", TASKS);
    check(
        &server,
        &format!("POST /api/v1/workflows/validate\n\n{good}"),
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "valid": true,
          "diagnostics": []
        }
    "#]],
    )
    .await;
    let nothing = server.send("GET /api/v1/workflows").await;
    assert_eq!(nothing.text, r#"{"items":[]}"#, "what is invalid is not published");
}

#[tokio::test]
async fn a_document_is_given_back_as_published_or_as_asked() {
    let server = Server::new();
    server.publish("greet", "1.0.0", TASKS).await;
    let path = "/api/v1/workflows/test/greet/versions/1.0.0";
    check(
        &server,
        &format!("GET {path}"),
        expect![[r#"
        200 OK
        content-type: application/yaml

        document: { dsl: 1.0.0, namespace: test, name: greet, version: 1.0.0 }
        do:
          - greet: { set: { hello: world } }

    "#]],
    )
    .await;
    check(
        &server,
        &format!("GET {path}\naccept: application/json"),
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "document": {
            "dsl": "1.0.0",
            "namespace": "test",
            "name": "greet",
            "version": "1.0.0"
          },
          "do": [
            {
              "greet": {
                "set": {
                  "hello": "world"
                }
              }
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        &format!("GET {path}\naccept: text/html, */*;q=0.1"),
        expect![[r#"
        200 OK
        content-type: application/yaml

        document: { dsl: 1.0.0, namespace: test, name: greet, version: 1.0.0 }
        do:
          - greet: { set: { hello: world } }

    "#]],
    )
    .await;
    check(
        &server,
        &format!("GET {path}\naccept: text/html"),
        expect![[r#"
        406 Not Acceptable
        content-type: application/problem+json

        {
          "type": "/docs/errors/not-acceptable",
          "title": "The answer has no form that the request accepts.",
          "status": 406,
          "detail": "\"text/html\" asks for neither application/yaml nor application/json",
          "code": "not-acceptable"
        }
    "#]],
    )
    .await;
    check(&server, "GET /api/v1/workflows/test/greet/versions/^2", expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {
          "type": "/docs/errors/unknown-version",
          "title": "The workflow has no such version or tag.",
          "status": 404,
          "detail": "the workflow test/greet has no version, tag or match for \"^2\"; published: 1.0.0",
          "code": "unknown-version"
        }
    "#]]).await;
}

#[tokio::test]
async fn bodies_that_cannot_be_a_document_are_refused() {
    let server = Server::new();
    let publish = "POST /api/v1/workflows";
    check(&server, &format!("{publish}\ncontent-type: text/html\n\n<p>"), expect![[r#"
        415 Unsupported Media Type
        content-type: application/problem+json

        {
          "type": "/docs/errors/unsupported-media-type",
          "title": "The body is of a kind that is not read here.",
          "status": 415,
          "detail": "the body is of type \"text/html\": send it with Content-Type: application/yaml or application/json or application/x-yaml or text/yaml or text/x-yaml",
          "code": "unsupported-media-type"
        }
    "#]]).await;
    let form = "content-type: Application/X-WWW-Form-URLEncoded; charset=utf-8\n\na=1";
    check(&server, &format!("{publish}\n{form}"), expect![[r#"
        415 Unsupported Media Type
        content-type: application/problem+json

        {
          "type": "/docs/errors/unsupported-media-type",
          "title": "The body is of a kind that is not read here.",
          "status": 415,
          "detail": "the body is of type \"Application/X-WWW-Form-URLEncoded\": send it with Content-Type: application/yaml or application/json or application/x-yaml or text/yaml or text/x-yaml (with curl: -H 'Content-Type: application/yaml')",
          "code": "unsupported-media-type"
        }
    "#]]).await;
    let large = "#".repeat(1024 * 1024 + 1);
    check(
        &server,
        &format!("{publish}\n\n{large}"),
        expect![[r#"
        413 Payload Too Large
        content-type: application/problem+json

        {
          "type": "/docs/errors/payload-too-large",
          "title": "Something exceeds its limit in bytes.",
          "status": 413,
          "detail": "the body has more than 1048576 bytes, which is the limit",
          "code": "payload-too-large"
        }
    "#]],
    )
    .await;
}
