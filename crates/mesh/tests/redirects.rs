//! Redirects: what is sent on, and what stays behind.

mod support;

use std::fmt::Write as _;

use expect_test::expect;
use http::{HeaderValue, Method};
use motet_mesh::Request;
use support::Step::Take;
use support::{Server, mesh, ok, request_to, told, without_ports};

fn moved(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 4\r\n\r\nbody")
}

fn with_everything(method: Method, url: &str) -> Request {
    let mut request = request_to(method, url);
    request.redirects_max = 3;
    for (name, value) in [
        ("authorization", "Bearer t"),
        ("cookie", "c=1"),
        ("content-type", "text/plain"),
        ("idempotency-key", "k-1"),
    ] {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    if request.method == Method::POST || request.method == Method::PUT {
        request.body = "data".into();
    }
    request
}

#[tokio::test]
async fn methods_and_bodies_by_status() {
    let mut table = String::new();
    for status in [301, 302, 303, 307, 308] {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
            let server = Server::answering(&[&moved(status, "/there?x=1#part"), &ok("")]).await;
            let request = with_everything(method.clone(), &server.url("/here"));
            assert_eq!(told(&mesh().call(request).await), "200");
            let arrived = server.requests();
            let (line, headers) = arrived[1].split_once(" | ").unwrap();
            let line = line.trim_start_matches("2: ").trim_end_matches(" HTTP/1.1");
            let with = if headers.ends_with("| data") { "with its body" } else { "" };
            assert_eq!(
                headers.contains("content-type"),
                !line.starts_with("GET") || method == Method::GET
            );
            assert!(headers.contains("idempotency-key: k-1"), "{headers}");
            writeln!(table, "{status} {method:6} -> {line} {with}").unwrap();
        }
    }
    expect![[r#"
        301 GET -> GET /there?x=1 
        301 HEAD -> HEAD /there?x=1 
        301 POST -> GET /there?x=1 
        301 PUT -> PUT /there?x=1 with its body
        301 DELETE -> DELETE /there?x=1 
        302 GET -> GET /there?x=1 
        302 HEAD -> HEAD /there?x=1 
        302 POST -> GET /there?x=1 
        302 PUT -> PUT /there?x=1 with its body
        302 DELETE -> DELETE /there?x=1 
        303 GET -> GET /there?x=1 
        303 HEAD -> HEAD /there?x=1 
        303 POST -> GET /there?x=1 
        303 PUT -> GET /there?x=1 
        303 DELETE -> GET /there?x=1 
        307 GET -> GET /there?x=1 
        307 HEAD -> HEAD /there?x=1 
        307 POST -> POST /there?x=1 with its body
        307 PUT -> PUT /there?x=1 with its body
        307 DELETE -> DELETE /there?x=1 
        308 GET -> GET /there?x=1 
        308 HEAD -> HEAD /there?x=1 
        308 POST -> POST /there?x=1 with its body
        308 PUT -> PUT /there?x=1 with its body
        308 DELETE -> DELETE /there?x=1 
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn credentials_stay_at_their_origin() {
    let elsewhere = Server::answering(&[&ok("")]).await;
    let server = Server::answering(&[&moved(307, "/b"), &moved(307, &elsewhere.url("/c"))]).await;
    let mut request = with_everything(Method::POST, &server.url("/a"));
    let mut key = HeaderValue::from_static("secret");
    key.set_sensitive(true);
    request.headers.insert("x-api-key", key);
    mesh().call(request).await.unwrap();
    expect![[r#"
        1: POST /a HTTP/1.1 | authorization: Bearer t | cookie: c=1 | content-type: text/plain | idempotency-key: k-1 | x-api-key: secret | content-length: 4 | data
        2: POST /b HTTP/1.1 | authorization: Bearer t | cookie: c=1 | content-type: text/plain | idempotency-key: k-1 | x-api-key: secret | content-length: 4 | data
        1: POST /c HTTP/1.1 | content-type: text/plain | idempotency-key: k-1 | content-length: 4 | data"#]].assert_eq(
        &[server.requests(), elsewhere.requests()]
            .concat()
            .join("\n"),
    );
}

#[tokio::test]
async fn what_cannot_be_followed_is_the_answer() {
    let mut table = String::new();
    for (what, answer) in [
        ("no location", "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_owned()),
        ("not a reference", moved(302, "http://[broken")),
        ("another scheme", moved(302, "ftp://files/x")),
        ("no host", moved(302, "http:///x")),
        ("not modified", "HTTP/1.1 304 Not Modified\r\nlocation: /x\r\n\r\n".to_owned()),
        ("multiple choices", moved(300, "/x")),
    ] {
        let server = Server::answering(&[&answer, &ok("followed")]).await;
        let result = mesh().call(with_everything(Method::GET, &server.url("/"))).await;
        writeln!(table, "{what}: {}", told(&result)).unwrap();
    }
    expect![[r#"
        no location: 302
        not a reference: 302 body
        another scheme: 302 body
        no host: 302 body
        not modified: 304
        multiple choices: 300 body
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn the_first_redirect_beyond_the_limit_is_the_answer() {
    let mut table = String::new();
    for limit in [0, 1, 2, 3] {
        let server = Server::answering(&[&moved(302, "/1"), &moved(302, "/2"), &ok("end")]).await;
        let mut request = with_everything(Method::GET, &server.url("/"));
        request.redirects_max = limit;
        let result = mesh().call(request).await;
        writeln!(table, "{limit}: {} after {}", told(&result), server.requests().len()).unwrap();
    }
    expect![[r#"
        0: 302 body after 1
        1: 302 body after 2
        2: 200 end after 3
        3: 200 end after 3
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn a_target_that_fails_says_what_the_request_may_have_done() {
    let mut table = String::new();
    for status in [302, 303, 307] {
        for method in [Method::GET, Method::POST] {
            let nobody = Server::start(vec![vec![Take]]).await.address;
            let refused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let closed = refused.local_addr().unwrap();
            drop(refused);
            for (what, target) in [("refused", closed), ("broken", nobody)] {
                let location = format!("http://{target}/");
                let server = Server::answering(&[&moved(status, &location)]).await;
                let request = with_everything(method.clone(), &server.url("/"));
                let error = mesh().call(request).await.unwrap_err();
                writeln!(table, "{status} {method:4} {what:7} -> {:?}", error.undone).unwrap();
                assert!(without_ports(&error.message).contains("127.0.0.1:PORT"), "{error}");
            }
        }
    }
    expect![[r#"
        302 GET refused -> NotRun
        302 GET broken  -> MaybeRun
        302 POST refused -> MaybeRun
        302 POST broken  -> MaybeRun
        303 GET refused -> NotRun
        303 GET broken  -> MaybeRun
        303 POST refused -> MaybeRun
        303 POST broken  -> MaybeRun
        307 GET refused -> NotRun
        307 GET broken  -> MaybeRun
        307 POST refused -> NotRun
        307 POST broken  -> MaybeRun
    "#]]
    .assert_eq(&table);
}
