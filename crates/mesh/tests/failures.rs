//! What an attempt without a response is said to have done.

mod support;

use std::time::Duration;

use expect_test::{Expect, expect};
use http::{HeaderValue, Method, header};
use motet_mesh::{Options, Request};
use support::Step::{Say, Silence, Take};
use support::{Server, Step, get, mesh, mesh_with, ok, post, request_to, told};
use tokio::net::TcpListener;

/// One POST to a server whose only connection follows `script`.
async fn check(script: Vec<Step>, limits: impl FnOnce(&mut Request), expected: Expect) {
    let server = Server::start(vec![script]).await;
    let mut request = post(&server.url("/charges"), "{}");
    limits(&mut request);
    let result = mesh().call(request).await;
    expected.assert_eq(&told(&result));
    let arrivals = server.requests().len();
    assert!(arrivals <= 1, "the mesh does not repeat what was sent: {arrivals} arrivals");
}

fn soon(request: &mut Request) {
    request.timeout = Duration::from_millis(50);
}

fn as_it_is(_: &mut Request) {}

#[tokio::test]
async fn silence_may_have_run() {
    check(
        vec![Take, Silence],
        soon,
        expect!["MaybeRun (time is up): no whole response from 127.0.0.1:PORT within 50ms"],
    )
    .await;
}

#[tokio::test]
async fn a_slow_body_may_have_run() {
    check(
        vec![Take, Say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".into()), Silence],
        soon,
        expect!["MaybeRun (time is up): no whole response from 127.0.0.1:PORT within 50ms"],
    )
    .await;
}

#[tokio::test]
async fn a_connection_that_ends_without_a_response_may_have_run() {
    check(
        vec![Take],
        as_it_is,
        expect![
            "MaybeRun: no response from 127.0.0.1:PORT: connection closed before message completed"
        ],
    )
    .await;
}

#[tokio::test]
async fn a_response_that_breaks_off_may_have_run() {
    check(
        vec![
            Take,
            Say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".into()),
        ],
        as_it_is,
        expect!["MaybeRun: response of 127.0.0.1:PORT broke off: error reading a body from connection: end of file before message length reached"],
    )
    .await;
}

#[tokio::test]
async fn what_is_not_http_may_have_run() {
    check(
        vec![Take, Say("SSH-2.0-OpenSSH_9.9\r\n".into())],
        as_it_is,
        expect!["MaybeRun: no response from 127.0.0.1:PORT: invalid HTTP version parsed"],
    )
    .await;
}

#[tokio::test]
async fn a_response_head_without_end_may_have_run() {
    let head = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(70_000));
    check(
        vec![Take, Say(head), Silence],
        as_it_is,
        expect!["MaybeRun: no response from 127.0.0.1:PORT: message head is too large"],
    )
    .await;
}

#[tokio::test]
async fn a_body_announced_larger_than_allowed_is_not_read() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n".to_owned();
    check(
        vec![Take, Say(head), Silence],
        as_it_is,
        expect!["MaybeRun: response of 127.0.0.1:PORT is larger than 1024 bytes"],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_grows_larger_than_allowed_is_given_up() {
    let chunk = format!("200\r\n{}\r\n", "z".repeat(0x200));
    let body = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(3));
    check(
        vec![Take, Say(body), Silence],
        as_it_is,
        expect!["MaybeRun: response of 127.0.0.1:PORT is larger than 1024 bytes"],
    )
    .await;
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let chunk = format!("200\r\n{}\r\n", "z".repeat(0x200));
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let server = Server::answering(&[
        &format!("{head}{}0\r\n\r\n", chunk.repeat(2)),
        &ok(&"y".repeat(1024)),
    ])
    .await;
    let mesh = mesh();
    for _ in 0..2 {
        assert_eq!(mesh.call(get(&server.url("/"))).await.unwrap().body.len(), 1024);
    }
}

#[tokio::test]
async fn a_head_request_has_no_body_whatever_its_length_says() {
    let server =
        Server::answering(&["HTTP/1.1 200 OK\r\ncontent-length: 99999\r\nx: y\r\n\r\n"]).await;
    let response = mesh().call(request_to(Method::HEAD, &server.url("/"))).await.unwrap();
    assert_eq!((response.body.len(), &response.headers["x"]), (0, &HeaderValue::from_static("y")));
}

#[tokio::test]
async fn a_refused_port_has_not_run() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let result = mesh().call(post(&format!("http://127.0.0.1:{port}/"), "{}")).await;
    expect!["NotRun: cannot connect to 127.0.0.1:PORT: tcp connect error: Connection refused (os error 111)"].assert_eq(&told(&result));
}

#[tokio::test]
async fn a_name_without_address_has_not_run() {
    let result = mesh().call(get("http://nobody.invalid/")).await.unwrap_err();
    assert_eq!(result.undone, motet_mesh::Undone::NotRun);
    let start = "cannot connect to nobody.invalid: dns error: failed to lookup address";
    assert!(result.message.starts_with(start), "{}", result.message);
}

#[tokio::test]
async fn a_tls_handshake_that_hangs_has_not_run() {
    let server = Server::start(vec![vec![Silence], vec![Silence]]).await;
    let url = server.url("/").replace("http:", "https:");
    let short = Options { connect_timeout: Duration::from_millis(50), ..Options::default() };
    let result = mesh_with(short).call(get(&url)).await;
    expect!["NotRun: cannot connect to 127.0.0.1:PORT: not connected within 50ms"]
        .assert_eq(&told(&result));

    let mut request = get(&url);
    soon(&mut request);
    expect!["NotRun (time is up): no connection to 127.0.0.1:PORT within 50ms"]
        .assert_eq(&told(&mesh().call(request).await));
}

#[tokio::test]
async fn what_cannot_be_sent_has_not_run() {
    let mesh = mesh();
    let mut told_all = String::new();
    for (method, url) in [
        (Method::CONNECT, "http://127.0.0.1:1/"),
        (Method::GET, "ftp://files/"),
        (Method::GET, "/charges"),
        (Method::GET, "http://:80/"),
    ] {
        told_all += &format!("{}\n", told(&mesh.call(request_to(method, url)).await));
    }
    expect![[r#"
        NotRun: request to 127.0.0.1:PORT: CONNECT is not a method of a call
        NotRun: request to files: only http and https addresses can be called
        NotRun: request to nowhere: the address is not absolute
        NotRun: request to :80: the address names no host
    "#]]
    .assert_eq(&told_all);
}

#[tokio::test]
async fn framing_headers_of_the_caller_do_not_leave() {
    let server = Server::answering(&[&ok("")]).await;
    let mut request = post(&server.url("/charges?x=1"), "{}");
    for (name, value) in [
        ("host", "elsewhere"),
        ("content-length", "999"),
        ("transfer-encoding", "chunked"),
        ("connection", "close, x-private"),
        ("x-private", "1"),
        ("te", "trailers"),
        ("idempotency-key", "k-1"),
        ("authorization", "Bearer t"),
    ] {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    request.headers.append(header::ACCEPT, HeaderValue::from_static("text/plain"));
    mesh().call(request).await.unwrap();
    expect!["1: POST /charges?x=1 HTTP/1.1 | idempotency-key: k-1 | accept: text/plain | authorization: Bearer t | content-length: 2 | {}"].assert_eq(&server.requests().join("\n"));
}

#[tokio::test]
async fn names_and_passwords_in_an_address_do_not_leave_and_are_not_told() {
    let server = Server::answering(&[&ok("")]).await;
    let with_password = server.url("/charges").replace("http://", "http://ann:secret@");
    mesh().call(post(&with_password, "{}")).await.unwrap();
    expect!["1: POST /charges HTTP/1.1 | content-length: 2 | {}"]
        .assert_eq(&server.requests().join("\n"));

    let refused = "http://ann:secret@127.0.0.1:1/charges?token=secret";
    expect!["NotRun: cannot connect to 127.0.0.1:PORT: tcp connect error: Connection refused (os error 111)"].assert_eq(&told(&mesh().call(get(refused)).await));
}
