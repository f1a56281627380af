use expect_test::{Expect, expect};

use crate::support::Server;

const TASKS: &str = "  - greet: { set: { hello: world } }";

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

#[tokio::test]
async fn workflows_are_listed_page_by_page() {
    let server = Server::new();
    for (name, version) in
        [("a", "1.0.0"), ("b", "1.0.0"), ("b", "1.10.0"), ("b", "1.9.0"), ("c", "0.1.0")]
    {
        server.publish(name, version, TASKS).await;
    }
    check(
        &server,
        "GET /api/v1/workflows?limit=2",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "namespace": "test",
              "name": "a",
              "versions": [
                "1.0.0"
              ],
              "tags": {}
            },
            {
              "namespace": "test",
              "name": "b",
              "versions": [
                "1.10.0",
                "1.9.0",
                "1.0.0"
              ],
              "tags": {}
            }
          ],
          "next": "test/b"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/workflows?limit=2&cursor=test/b",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "namespace": "test",
              "name": "c",
              "versions": [
                "0.1.0"
              ],
              "tags": {}
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/workflows?namespace=other",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": []
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/workflows?cursor=nonsense",
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "cursor: it is not one that a page gave",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_tag_moves_and_remembers_why() {
    let server = Server::new();
    server.publish("greet", "1.0.0", TASKS).await;
    server.publish("greet", "1.1.0", &TASKS.replace("world", "moon")).await;
    let tag = "PUT /api/v1/workflows/test/greet/tags/stable\n\n";
    check(
        &server,
        &format!(r#"{tag}{{"version":"1.0.0"}}"#),
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "tag": "stable",
              "version": "1.0.0",
              "moves": [
                {
                  "at": "<instant>",
                  "to": "1.0.0",
                  "actor": "local"
                }
              ]
            }
        "#]],
    )
    .await;
    let move_on = format!(r#"{tag}{{"version":"1.1.0","reason":"it \"works\""}}"#);
    check(
        &server,
        &move_on,
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "tag": "stable",
              "version": "1.1.0",
              "moves": [
                {
                  "at": "<instant>",
                  "from": "1.0.0",
                  "to": "1.1.0",
                  "actor": "local",
                  "reason": "it \"works\""
                },
                {
                  "at": "<instant>",
                  "to": "1.0.0",
                  "actor": "local"
                }
              ]
            }
        "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/workflows/test/greet",
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "namespace": "test",
              "name": "greet",
              "versions": [
                {
                  "version": "1.1.0",
                  "digest": "<digest>",
                  "publishedAt": "<instant>",
                  "publishedBy": "local"
                },
                {
                  "version": "1.0.0",
                  "digest": "<digest>",
                  "publishedAt": "<instant>",
                  "publishedBy": "local"
                }
              ],
              "tags": [
                {
                  "tag": "stable",
                  "version": "1.1.0",
                  "moves": [
                    {
                      "at": "<instant>",
                      "from": "1.0.0",
                      "to": "1.1.0",
                      "actor": "local",
                      "reason": "it \"works\""
                    },
                    {
                      "at": "<instant>",
                      "to": "1.0.0",
                      "actor": "local"
                    }
                  ]
                }
              ]
            }
        "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/workflows/test/greet/tags",
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "tags": [
                {
                  "tag": "stable",
                  "version": "1.1.0",
                  "moves": [
                    {
                      "at": "<instant>",
                      "from": "1.0.0",
                      "to": "1.1.0",
                      "actor": "local",
                      "reason": "it \"works\""
                    },
                    {
                      "at": "<instant>",
                      "to": "1.0.0",
                      "actor": "local"
                    }
                  ]
                }
              ]
            }
        "#]],
    )
    .await;

    let started = server.send("POST /api/v1/workflows/test/greet/instances?wait=10s").await;
    assert_eq!(started.member("version"), "1.1.0", "no version means the tag `stable`");
}

#[tokio::test]
async fn tags_of_what_is_not_there_are_refused() {
    let server = Server::new();
    server.publish("greet", "1.0.0", TASKS).await;
    let tags = "/api/v1/workflows/test/greet/tags";
    check(
        &server,
        &format!("PUT {tags}/x\n\n{{\"version\":\"2.0.0\"}}"),
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {
          "type": "/docs/errors/unknown-version",
          "title": "The workflow has no such version or tag.",
          "status": 404,
          "detail": "test/greet:2.0.0 is not published",
          "code": "unknown-version"
        }
    "#]],
    )
    .await;
    check(
        &server,
        &format!("PUT {tags}/x\n\n{{\"version\":\"two\"}}"),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "version: unexpected character 't' while parsing major version number",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
    check(
        &server,
        &format!("PUT {tags}/x\n\n{{}}"),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-body",
          "title": "The body is JSON of another shape than is asked for.",
          "status": 400,
          "detail": "the body does not say which version: write {\"version\": \"1.2.0\"}",
          "code": "invalid-body"
        }
    "#]],
    )
    .await;
    check(
        &server,
        &format!("PUT {tags}/x\n\n{{\"versoin\":\"1.0.0\"}}"),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-body",
          "title": "The body is JSON of another shape than is asked for.",
          "status": 400,
          "detail": "the member \"versoin\" is not known: write version, reason",
          "code": "invalid-body"
        }
    "#]],
    )
    .await;
    check(&server, &format!("PUT {tags}/X\n\n{{\"version\":\"1.0.0\"}}"), expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "tag: \"X\" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens",
          "code": "invalid-parameter"
        }
    "#]]).await;
    check(
        &server,
        "GET /api/v1/workflows/test/other/tags",
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {
          "type": "/docs/errors/unknown-workflow",
          "title": "There is no such workflow.",
          "status": 404,
          "detail": "the workflow test/other is not published",
          "code": "unknown-workflow"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_graph_is_drawn_in_the_form_that_is_asked_for() {
    let server = Server::new();
    server.publish("greet", "1.0.0", TASKS).await;
    let path = "/api/v1/workflows/test/greet/versions/latest/graph";
    check(
        &server,
        &format!("GET {path}"),
        expect![[r#"
        200 OK
        content-type: text/plain; charset=utf-8

        test/greet:1.0.0
        └─ greet  set

    "#]],
    )
    .await;
    check(
        &server,
        &format!("GET {path}?format=mermaid"),
        expect![[r#"
        200 OK
        content-type: text/vnd.mermaid; charset=utf-8

        flowchart TD
          start(( )) --> t0
          finish(((end)))
          t0["greet<br/>set"]
          t0 --> finish

    "#]],
    )
    .await;
    check(
        &server,
        &format!("GET {path}?format=png"),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "format: \"png\" is not a format: use text, dot, mermaid or svg",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
    let dot = server.send(&format!("GET {path}\naccept: text/vnd.graphviz")).await;
    assert!(dot.text.starts_with("digraph"), "{}", dot.text);
    let svg = server.send(&format!("GET {path}\naccept: image/svg+xml, */*")).await;
    assert!(svg.text.starts_with("<svg"), "{}", svg.text);
}
