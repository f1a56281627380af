//! Consul's API as its clients speak it: registrations, checks, queries that wait, and what is refused.

use std::time::Duration;

use expect_test::{Expect, expect};
use motet_runtime::Role;

use crate::support::{Answer, Server};

const ONE: &str = r#"{"Name":"pay","ID":"p1","Address":"10.0.0.1","Port":8080,"Tags":["primary","version=1.2.0"],"Meta":{"zone":"b"},"Weights":{"Passing":3,"Warning":1},"Check":{"TTL":"15s","Notes":"beats"}}"#;

fn register(body: &str) -> String {
    format!("PUT /v1/agent/service/register\n\n{body}")
}

async fn ok(server: &Server, request: &str) -> Answer {
    let answer = server.send(request).await;
    assert_eq!(answer.status.as_u16(), 200, "{request}: {}", answer.text);
    answer
}

fn index(answer: &Answer) -> u64 {
    answer.headers["x-consul-index"].to_str().unwrap().parse().unwrap()
}

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

/// Ids of the endpoints in an answer of health, each with the worst of its checks.
fn standing(answer: &Answer) -> String {
    let text: Vec<String> = answer
        .text
        .split("{\"Node\":{")
        .skip(1)
        .map(|part| {
            let id = part.split("\"Service\":{\"ID\":\"").nth(1).unwrap();
            let id = id.split('"').next().unwrap();
            let status = ["critical", "warning", "passing"]
                .into_iter()
                .find(|status| part.contains(&format!("\"Status\":\"{status}\"")));
            format!("{id} {}", status.unwrap_or("-"))
        })
        .collect();
    text.join(", ")
}

#[tokio::test]
async fn a_registration_is_read_as_it_was_written() {
    let server = Server::new();
    let answer = ok(&server, &register(ONE)).await;
    assert_eq!(answer.text, "");
    check(
        &server,
        "GET /v1/health/service/pay",
        expect![[r#"
        200 OK
        content-type: application/json

        [
          {
            "Node": {
              "ID": "<id>",
              "Node": "motet",
              "Address": "127.0.0.1",
              "Datacenter": "dc1",
              "TaggedAddresses": {},
              "Meta": {}
            },
            "Service": {
              "ID": "p1",
              "Service": "pay",
              "Tags": [
                "primary",
                "version=1.2.0"
              ],
              "Meta": {
                "zone": "b"
              },
              "Address": "10.0.0.1",
              "Port": 8080,
              "Weights": {
                "Passing": 3,
                "Warning": 1
              },
              "EnableTagOverride": false,
              "CreateIndex": <revision>,
              "ModifyIndex": <revision>
            },
            "Checks": [
              {
                "Node": "motet",
                "CheckID": "service:p1",
                "Name": "Check \"service:p1\"",
                "Status": "critical",
                "Notes": "beats",
                "Output": "",
                "ServiceID": "p1",
                "ServiceName": "pay",
                "ServiceTags": [
                  "primary",
                  "version=1.2.0"
                ],
                "Type": "ttl",
                "Definition": {},
                "CreateIndex": <revision>,
                "ModifyIndex": <revision>
              }
            ]
          }
        ]
    "#]],
    )
    .await;
    check(
        &server,
        "GET /v1/catalog/service/pay?tag=primary",
        expect![[r#"
        200 OK
        content-type: application/json

        [
          {
            "ID": "<id>",
            "Node": "motet",
            "Address": "127.0.0.1",
            "Datacenter": "dc1",
            "TaggedAddresses": {},
            "NodeMeta": {},
            "ServiceID": "p1",
            "ServiceName": "pay",
            "ServiceAddress": "10.0.0.1",
            "ServicePort": 8080,
            "ServiceTags": [
              "primary",
              "version=1.2.0"
            ],
            "ServiceMeta": {
              "zone": "b"
            },
            "ServiceWeights": {
              "Passing": 3,
              "Warning": 1
            },
            "ServiceEnableTagOverride": false,
            "CreateIndex": <revision>,
            "ModifyIndex": <revision>
          }
        ]
    "#]],
    )
    .await;
    check(
        &server,
        "GET /v1/catalog/services",
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "pay": [
            "primary",
            "version=1.2.0"
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /v1/agent/services",
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "p1": {
            "ID": "p1",
            "Service": "pay",
            "Tags": [
              "primary",
              "version=1.2.0"
            ],
            "Meta": {
              "zone": "b"
            },
            "Address": "10.0.0.1",
            "Port": 8080,
            "Weights": {
              "Passing": 3,
              "Warning": 1
            },
            "EnableTagOverride": false,
            "CreateIndex": <revision>,
            "ModifyIndex": <revision>
          }
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /v1/agent/checks",
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "service:p1": {
            "Node": "motet",
            "CheckID": "service:p1",
            "Name": "Check \"service:p1\"",
            "Status": "critical",
            "Notes": "beats",
            "Output": "",
            "ServiceID": "p1",
            "ServiceName": "pay",
            "ServiceTags": [
              "primary",
              "version=1.2.0"
            ],
            "Type": "ttl",
            "Definition": {},
            "CreateIndex": <revision>,
            "ModifyIndex": <revision>
          }
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /v1/agent/service/p1",
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "ID": "p1",
          "Service": "pay",
          "Tags": [
            "primary",
            "version=1.2.0"
          ],
          "Meta": {
            "zone": "b"
          },
          "Address": "10.0.0.1",
          "Port": 8080,
          "Weights": {
            "Passing": 3,
            "Warning": 1
          },
          "EnableTagOverride": false,
          "CreateIndex": <revision>,
          "ModifyIndex": <revision>
        }
    "#]],
    )
    .await;
    let own = ok(&server, "GET /api/v1/services/default/pay").await.text;
    for part in [
        r#""url":"http://10.0.0.1:8080","version":"1.2.0","zone":"b","weight":3"#,
        r#""state":"failing""#,
        r#""tags":["primary","version=1.2.0"],"checks":[{"id":"service:p1","status":"critical"}]"#,
    ] {
        assert!(own.contains(part), "{part} in {own}");
    }
}

#[tokio::test]
async fn checks_say_how_an_endpoint_does() {
    let server = Server::new();
    ok(&server, &register(ONE)).await;
    let two = r#"{"name":"pay","id":"p2","address":"::1","port":81,"enable_tag_override":true}"#;
    ok(&server, &register(two)).await;
    let mut shown = String::new();
    for request in [
        "",
        "PUT /v1/agent/check/pass/service%3Ap1?note=fine",
        "PUT /v1/agent/check/warn/service:p1",
        "PUT /v1/agent/check/fail/service:p1?note=full",
        "PUT /v1/agent/check/update/service:p1\n\n{\"status\": \"passing\", \"output\": \"again\"}",
        "PUT /v1/agent/service/maintenance/p2?enable=true&reason=disk",
        "PUT /v1/agent/service/maintenance/p2?enable=false",
        "PUT /v1/agent/check/register\n\n{\"ID\": \"disk\", \"ServiceID\": \"p2\", \"TTL\": \"1m\", \"Status\": \"warning\"}",
        "PUT /v1/agent/check/deregister/disk",
        "PUT /v1/agent/service/deregister/p2",
    ] {
        if !request.is_empty() {
            ok(&server, request).await;
        }
        let all = ok(&server, "GET /v1/health/service/pay").await;
        let passing = ok(&server, "GET /v1/health/service/pay?passing").await;
        let request = request.lines().next().unwrap_or_default();
        shown += &format!("{request}\n  {} | passing: {}\n", standing(&all), standing(&passing));
    }
    expect![[r#"

          p1 critical, p2 passing | passing: p2 passing
        PUT /v1/agent/check/pass/service%3Ap1?note=fine
          p1 passing, p2 passing | passing: p1 passing, p2 passing
        PUT /v1/agent/check/warn/service:p1
          p1 warning, p2 passing | passing: p2 passing
        PUT /v1/agent/check/fail/service:p1?note=full
          p1 critical, p2 passing | passing: p2 passing
        PUT /v1/agent/check/update/service:p1
          p1 passing, p2 passing | passing: p1 passing, p2 passing
        PUT /v1/agent/service/maintenance/p2?enable=true&reason=disk
          p1 passing, p2 critical | passing: p1 passing
        PUT /v1/agent/service/maintenance/p2?enable=false
          p1 passing, p2 passing | passing: p1 passing, p2 passing
        PUT /v1/agent/check/register
          p1 passing, p2 warning | passing: p1 passing
        PUT /v1/agent/check/deregister/disk
          p1 passing, p2 passing | passing: p1 passing, p2 passing
        PUT /v1/agent/service/deregister/p2
          p1 passing | passing: p1 passing
    "#]]
    .assert_eq(&shown);
    for (path, count) in [
        ("health/checks/pay", 1),
        ("health/state/any", 1),
        ("health/state/passing", 1),
        ("health/state/critical", 0),
        ("health/node/motet", 1),
        ("health/node/other", 0),
        ("health/checks/none", 0),
    ] {
        let answer = ok(&server, &format!("GET /v1/{path}")).await;
        assert_eq!(answer.text.matches("\"CheckID\"").count(), count, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_query_waits_for_what_comes_after_its_index() {
    let server = Server::new();
    // The first answer comes at once, also of a service that is not there, and with index 0 as clients begin.
    let none = ok(&server, "GET /v1/health/service/pay?index=0&wait=60s").await;
    assert_eq!(none.text, "[]");
    assert!(index(&none) > 0);
    let one = register(ONE);
    let waits = format!("GET /v1/health/service/pay?index={}&wait=60s", index(&none));
    let names = ok(&server, "GET /v1/catalog/services").await;
    let listing = format!("GET /v1/catalog/services?index={}&wait=60s", index(&names));
    let (first, listed, registered) =
        tokio::join!(server.send(&waits), server.send(&listing), server.send(&one));
    assert_eq!((standing(&first).as_str(), registered.status.as_u16()), ("p1 critical", 200));
    assert_eq!(listed.text, r#"{"pay":["primary","version=1.2.0"]}"#);
    let mut known = index(&first);
    assert!(known > index(&none));
    // What changes nothing that is seen wakes nobody up.
    let idle = format!("GET /v1/health/service/pay?index={known}&wait=50ms");
    let (same, _) = tokio::join!(server.send(&idle), server.send(&one));
    assert_eq!(index(&same), known);
    for (request, expected) in [
        ("PUT /v1/agent/check/pass/service:p1", "p1 passing"),
        ("PUT /v1/agent/service/maintenance/p1?enable=true", "p1 critical"),
        ("PUT /v1/agent/service/deregister/p1", ""),
    ] {
        let waits = format!("GET /v1/health/service/pay?index={known}&wait=60s");
        let (woken, done) = tokio::join!(server.send(&waits), server.send(request));
        assert_eq!((standing(&woken).as_str(), done.status.as_u16()), (expected, 200));
        assert!(index(&woken) > known, "{request}");
        known = index(&woken);
    }
    // Another service is nobody's business here, and an index of another life is answered at once.
    let idle = format!("GET /v1/health/service/pay?index={known}&wait=50ms");
    let other = register(&ONE.replace("pay", "ship").replace("p1", "s1"));
    let (same, _) = tokio::join!(server.send(&idle), server.send(&other));
    assert_eq!(same.text, "[]");
    ok(&server, "GET /v1/health/service/pay?index=9999999999999999&wait=60s").await;
}

#[tokio::test]
async fn a_stop_ends_those_who_wait() {
    let server = Server::new();
    let now = index(&ok(&server, "GET /v1/health/service/pay").await);
    let waits = format!("GET /v1/health/service/pay?index={now}&wait=5m");
    let stop = server.handle.shut_down(Duration::ZERO);
    let (ended, ()) = tokio::join!(server.send(&waits), stop);
    assert_eq!((ended.status.as_u16(), ended.member("code").as_str()), (503, "unavailable"));
}

#[tokio::test]
async fn a_token_decides_who_registers_what() {
    let server = Server::new();
    let _root = server.token("root", &[Role::Admin], &["*"]).await;
    let shop = server.token("shop", &[Role::Service, Role::Viewer], &["shop"]).await;
    let two = server.token("two", &[Role::Service], &["shop", "bank"]).await;
    let reader = server.token("reader", &[Role::Viewer], &["*"]).await;
    let mut shown = String::new();
    let target = "/v1/agent/service/register";
    let cases = [
        ("nobody", format!("PUT {target}\n\n{ONE}")),
        ("the token's only namespace", format!("PUT {target}\nX-Consul-Token: {shop}\n\n{ONE}")),
        ("by the query", format!("PUT {target}?token={shop}&ns=shop\n\n{ONE}")),
        ("as bearer", format!("PUT {target}?ns=bank\nAuthorization: Bearer {two}\n\n{ONE}")),
        ("of another namespace", format!("PUT {target}?ns=bank\nX-Consul-Token: {shop}\n\n{ONE}")),
        ("of two, saying none", format!("PUT {target}\nX-Consul-Token: {two}\n\n{ONE}")),
        ("by a reader", format!("PUT {target}?ns=shop\nX-Consul-Token: {reader}\n\n{ONE}")),
        ("made up", format!("PUT {target}?token=nonsense\n\n{ONE}")),
        ("reads", format!("GET /v1/agent/services?token={shop}")),
        ("may not read", format!("GET /v1/agent/services?ns=shop&token={two}")),
        ("leaves elsewhere", format!("PUT /v1/agent/service/deregister/p1?ns=bank&token={shop}")),
    ];
    for (what, request) in cases {
        let answer = server.send(&request).await;
        let detail = match answer.status.is_success() {
            true => String::new(),
            false => format!(" {}: {}", answer.member("code"), answer.member("detail")),
        };
        shown += &format!("{what}: {}{detail}\n", answer.status.as_u16());
    }
    expect![[r#"
        nobody: 401 unauthenticated: this server wants a token: send it as `Authorization: Bearer <token>`
        the token's only namespace: 200
        by the query: 200
        as bearer: 200
        of another namespace: 403 forbidden: the token "shop" has no rights in the namespace "bank", only in shop
        of two, saying none: 403 forbidden: the token "two" has no rights in the namespace "default", only in bank,shop
        by a reader: 403 forbidden: this needs the role service; the token "reader" has viewer
        made up: 401 unauthenticated: the text in `Authorization` is no token: it is mistyped, cut off, or not of Motet
        reads: 200
        may not read: 403 forbidden: this needs the role viewer; the token "two" has service
        leaves elsewhere: 403 forbidden: the token "shop" has no rights in the namespace "bank", only in shop
    "#]].assert_eq(&shown);
    for namespace in ["shop", "bank"] {
        let read = format!("GET /v1/catalog/service/pay?ns={namespace}&token={reader}");
        assert_eq!(server.send(&read).await.text.matches("\"ServiceID\":\"p1\"").count(), 1);
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_and_never_taken_in_silence() {
    let server = Server::new();
    ok(&server, &register(ONE)).await;
    let with = |more: &str| {
        let end = if more.is_empty() { String::new() } else { format!(",{more}") };
        register(&format!(r#"{{"Name":"pay","ID":"p9","Address":"10.0.0.1","Port":80{end}}}"#))
    };
    let mut requests: Vec<String> = [
        r#""Connect":{"Native":true}"#,
        r#""Proxy":{"DestinationServiceName":"a"}"#,
        r#""Kind":"connect-proxy""#,
        r#""TaggedAddresses":{"wan":{"address":"1.2.3.4","port":1}}"#,
        r#""Check":{"GRPC":"10.0.0.1:80","Interval":"10s"}"#,
        r#""Check":{"Args":["/bin/true"],"Interval":"10s"}"#,
        r#""Check":{"AliasService":"other"}"#,
        r#""Check":{"HTTP":"http://10.0.0.2:80/health","Interval":"10s"}"#,
        r#""Check":{"HTTP":"http://10.0.0.1:80/health","Interval":"10s","Method":"POST"}"#,
        r#""Check":{"HTTP":"http://10.0.0.1:80/health"}"#,
        r#""Check":{"TCP":"10.0.0.1:81","Interval":"10s"}"#,
        r#""Check":{"TTL":"10s","HTTP":"http://10.0.0.1:80","Interval":"10s"}"#,
        r#""Check":{"TTL":"10ms"}"#,
        r#""Check":{"TTL":"soon"}"#,
        r#""Check":{"TTL":"10s","FailuresBeforeCritical":3}"#,
        r#""Check":{"TTL":"10s","Status":"fine"}"#,
        r#""Checks":[{"CheckID":"a","TTL":"10s"},{"CheckID":"a","TTL":"10s"}]"#,
        r#""Weights":{"Passing":0}"#,
        r#""Meta":{"version":"blue"}"#,
        r#""Meta":{"a":1}"#,
        r#""Tags":"a""#,
        r#""name":"again""#,
        r#""Namespace":"other""#,
    ]
    .iter()
    .map(|more| with(more))
    .collect();
    requests.extend(
        [
            r#"{"ID":"x","Address":"10.0.0.1","Port":80}"#,
            r#"{"Name":"Pay","Address":"10.0.0.1","Port":80}"#,
            r#"{"Name":"pay","Port":80}"#,
            r#"{"Name":"pay","Address":"10.0.0.1"}"#,
            r#"{"Name":"pay","Address":"a b","Port":80}"#,
            r#"{"Name":"pay","ID":"a b","Address":"10.0.0.1","Port":80}"#,
            "[]",
            "no JSON",
        ]
        .map(register),
    );
    requests.extend(
        [
            "GET /v1/kv/a",
            "PUT /v1/session/create",
            "PUT /v1/catalog/register",
            "GET /v1/health/service/pay?filter=a",
            "GET /v1/health/service/pay?near=_agent",
            "GET /v1/health/service/pay?dc=dc2",
            "GET /v1/health/service/pay?wait=soon",
            "GET /v1/health/service/pay?index=-1",
            "GET /v1/health/service/pay?passing=often",
            "GET /v1/health/state/fair",
            "GET /v1/agent/service/p0",
            "PUT /v1/agent/service/deregister/p0",
            "PUT /v1/agent/service/maintenance/p1",
            "PUT /v1/agent/check/pass/service:p0",
            "PUT /v1/agent/check/update/service:p1\n\n{}",
            "PUT /v1/agent/check/register\n\n{\"ID\":\"a\",\"TTL\":\"10s\"}",
            "PUT /v1/agent/check/register\n\n{\"ID\":\"a\",\"ServiceID\":\"p0\",\"TTL\":\"10s\"}",
        ]
        .map(str::to_owned),
    );
    let mut shown = String::new();
    for request in requests {
        let answer = server.send(&request).await;
        let status = answer.status.as_u16();
        assert!(!answer.status.is_success(), "{request}: {}", answer.text);
        let (head, body) = request.split_once("\n\n").unwrap_or((&request, ""));
        let head = if body.is_empty() { head } else { "" };
        shown += &format!(
            "{head}{}\n  {status} {}: {}\n",
            body.replace(r#"{"Name":"pay","ID":"p9","Address":"10.0.0.1","Port":80,"#, "{…"),
            answer.member("code"),
            answer.member("detail")
        );
    }
    expect![[r#"
        {…"Connect":{"Native":true}}
          501 consul-unsupported: the service says "connect", which Motet does not know: leave it out
        {…"Proxy":{"DestinationServiceName":"a"}}
          501 consul-unsupported: the service says "proxy", which Motet does not know: leave it out
        {…"Kind":"connect-proxy"}
          501 consul-unsupported: the service is a part of a mesh, which Motet is not
        {…"TaggedAddresses":{"wan":{"address":"1.2.3.4","port":1}}}
          501 consul-unsupported: the service says "taggedaddresses", which Motet does not know: leave it out
        {…"Check":{"GRPC":"10.0.0.1:80","Interval":"10s"}}
          501 consul-unsupported: the check is of a kind that Motet has not: write TTL, HTTP or TCP
        {…"Check":{"Args":["/bin/true"],"Interval":"10s"}}
          501 consul-unsupported: the check is of a kind that Motet has not: write TTL, HTTP or TCP
        {…"Check":{"AliasService":"other"}}
          501 consul-unsupported: the check is of a kind that Motet has not: write TTL, HTTP or TCP
        {…"Check":{"HTTP":"http://10.0.0.2:80/health","Interval":"10s"}}
          501 consul-unsupported: the check asks "http://10.0.0.2:80/health", and the service is at "http://10.0.0.1:80": Motet asks a service at its own address alone
        {…"Check":{"HTTP":"http://10.0.0.1:80/health","Interval":"10s","Method":"POST"}}
          501 consul-unsupported: checks over HTTP ask with GET: leave the method out
        {…"Check":{"HTTP":"http://10.0.0.1:80/health"}}
          400 invalid-body: the check has no Interval
        {…"Check":{"TCP":"10.0.0.1:81","Interval":"10s"}}
          501 consul-unsupported: the check asks "10.0.0.1:81", and the service is at "10.0.0.1:80": Motet asks a service at its own address alone
        {…"Check":{"TTL":"10s","HTTP":"http://10.0.0.1:80","Interval":"10s"}}
          400 invalid-body: the check is of several kinds: write one of TTL, HTTP and TCP
        {…"Check":{"TTL":"10ms"}}
          400 invalid-body: the check: TTL is not between 1s and a day
        {…"Check":{"TTL":"soon"}}
          400 invalid-body: the check: TTL is not a length of time, as in 10s or 1m30s
        {…"Check":{"TTL":"10s","FailuresBeforeCritical":3}}
          501 consul-unsupported: the check says "failuresbeforecritical", which Motet does not know: leave it out
        {…"Check":{"TTL":"10s","Status":"fine"}}
          400 invalid-body: the status "fine" is none: write passing, warning or critical
        {…"Checks":[{"CheckID":"a","TTL":"10s"},{"CheckID":"a","TTL":"10s"}]}
          400 invalid-body: two checks have the id "a"
        {…"Weights":{"Passing":0}}
          400 invalid-body: Weights are whole numbers from 1 to 65535
        {…"Meta":{"version":"blue"}}
          400 invalid-body: the version "blue" is none: write it as 1.2.0, or call the tag or the metadata otherwise
        {…"Meta":{"a":1}}
          400 invalid-body: the service: Meta is not an object of texts
        {…"Tags":"a"}
          400 invalid-body: the service: Tags is not a list of texts
        {…"name":"again"}
          400 invalid-body: the service says "name" twice
        {…"Namespace":"other"}
          400 invalid-body: the service is of another namespace than the request: say ?ns=
        {"ID":"x","Address":"10.0.0.1","Port":80}
          400 invalid-body: the service has no Name
        {"Name":"Pay","Address":"10.0.0.1","Port":80}
          400 invalid-parameter: Name: "Pay" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        {"Name":"pay","Port":80}
          400 invalid-body: the service has no Address: Motet is no agent beside it, and has to be told
        {"Name":"pay","Address":"10.0.0.1"}
          400 invalid-body: the service has no Port from 1 to 65535
        {"Name":"pay","Address":"a b","Port":80}
          400 invalid-body: the Address "a b": it holds something else than visible ASCII
        {"Name":"pay","ID":"a b","Address":"10.0.0.1","Port":80}
          400 invalid-parameter: ID: "a b" is not an endpoint's id: use 1 to 255 visible ASCII characters
        []
          400 invalid-body: the service is not an object
        no JSON
          400 malformed-json: expected a value at byte 0
        GET /v1/kv/a
          501 consul-unsupported: there is nothing at /v1/kv/a: Motet speaks the part of Consul's API that registers and finds services
        PUT /v1/session/create
          501 consul-unsupported: there is nothing at /v1/session/create: Motet speaks the part of Consul's API that registers and finds services
        PUT /v1/catalog/register
          501 consul-unsupported: there is nothing at /v1/catalog/register: Motet speaks the part of Consul's API that registers and finds services
        GET /v1/health/service/pay?filter=a
          400 unknown-parameter: the query parameter "filter" is not known: this route takes ns, token, dc, pretty, stale, consistent, cached, index, wait, tag, passing
        GET /v1/health/service/pay?near=_agent
          400 unknown-parameter: the query parameter "near" is not known: this route takes ns, token, dc, pretty, stale, consistent, cached, index, wait, tag, passing
        GET /v1/health/service/pay?dc=dc2
          400 invalid-parameter: dc: there is no datacenter "dc2", only dc1
        GET /v1/health/service/pay?wait=soon
          400 invalid-parameter: wait: "soon" is not a length of time: write 30s or 5m
        GET /v1/health/service/pay?index=-1
          400 invalid-parameter: index: invalid digit found in string
        GET /v1/health/service/pay?passing=often
          400 invalid-parameter: passing: "often" is neither true nor false
        GET /v1/health/state/fair
          400 invalid-parameter: state: "fair" is none: write any, passing, warning or critical
        GET /v1/agent/service/p0
          404 unknown-endpoint: no service with the id "p0" is registered in the namespace default
        PUT /v1/agent/service/deregister/p0
          404 unknown-endpoint: no service with the id "p0" is registered in the namespace default
        PUT /v1/agent/service/maintenance/p1
          400 invalid-parameter: enable: say whether, as in ?enable=true
        PUT /v1/agent/check/pass/service:p0
          404 unknown-endpoint: no check with the id "service:p0" is registered in the namespace default
        {}
          400 invalid-body: the body has no Status
        {"ID":"a","TTL":"10s"}
          501 consul-unsupported: checks are of a service: Motet has no nodes to look after
        {"ID":"a","ServiceID":"p0","TTL":"10s"}
          404 unknown-endpoint: no service with the id "p0" is registered in the namespace default
    "#]].assert_eq(&shown);
}

#[tokio::test]
async fn a_flood_of_registrations_ends_at_the_limit_and_harms_nobody_else() {
    let server = Server::new();
    let one = |nth: usize| ONE.replace("\"p1\"", &format!("\"p{nth}\""));
    for nth in 0..motet_runtime::SERVICE_ENDPOINTS_MAX {
        ok(&server, &register(&one(nth))).await;
    }
    let refused = server.send(&register(&one(100_000))).await;
    assert_eq!((refused.status.as_u16(), refused.member("code").as_str()), (429, "registry-full"));
    assert!(refused.headers.contains_key("retry-after"));
    // Those that are there go on, and so do other services.
    ok(&server, &register(&one(0))).await;
    ok(&server, "PUT /v1/agent/check/pass/service:p0").await;
    ok(&server, &register(&ONE.replace("pay", "ship").replace("\"p1\"", "\"s1\""))).await;
    // An id that comes back elsewhere leaves where it was.
    ok(&server, &register(&one(1).replace("\"pay\"", "\"ship\""))).await;
    ok(&server, &register(&one(100_000))).await;
}

#[tokio::test]
async fn an_endpoint_that_flaps_is_one_row_and_keeps_its_last_word() {
    let server = Server::new();
    ok(&server, &register(ONE)).await;
    for _ in 0..50 {
        for verb in ["pass", "fail"] {
            ok(&server, &format!("PUT /v1/agent/check/{verb}/service:p1")).await;
        }
    }
    let shown = ok(&server, "GET /v1/health/service/pay").await;
    assert_eq!(standing(&shown), "p1 critical");
    for _ in 0..20 {
        ok(&server, "PUT /v1/agent/service/deregister/p1").await;
        ok(&server, &register(ONE)).await;
    }
    assert_eq!(standing(&ok(&server, "GET /v1/health/service/pay").await), "p1 critical");
}

#[tokio::test]
async fn the_agent_says_who_it_is() {
    let server = Server::new();
    for (path, expected) in [
        ("status/leader", "\"127.0.0.1:8300\""),
        ("status/peers", "[\"127.0.0.1:8300\"]"),
        ("catalog/datacenters", "[\"dc1\"]"),
        (
            "catalog/nodes",
            r#"[{"ID":"6d6f7465-7400-4000-8000-000000000001","Node":"motet","Address":"127.0.0.1","Datacenter":"dc1","TaggedAddresses":{},"Meta":{}}]"#,
        ),
    ] {
        assert_eq!(ok(&server, &format!("GET /v1/{path}?dc=dc1")).await.text, expected);
    }
    let own = ok(&server, "GET /v1/agent/self").await;
    assert!(
        own.text.starts_with(r#"{"Config":{"Datacenter":"dc1","NodeName":"motet","Server":true"#)
    );
}
