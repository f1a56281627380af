//! Connections are kept, noticed when they are gone, and given back at the end.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use expect_test::expect;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use motet_mesh::Options;
use support::Step::{Say, Silence, Take};
use support::{Server, get, mesh, mesh_with, ok, post, told};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

#[tokio::test]
async fn calls_share_a_connection() {
    let answer = || Say(ok("done"));
    let server =
        Server::start(vec![vec![Take, answer(), Take, answer(), Take, answer(), Silence]]).await;
    let mesh = mesh();
    for _ in 0..3 {
        assert_eq!(told(&mesh.call(post(&server.url("/charges"), "{}")).await), "200 done");
    }
    expect![[r#"
        1: POST /charges HTTP/1.1 | content-length: 2 | {}
        1: POST /charges HTTP/1.1 | content-length: 2 | {}
        1: POST /charges HTTP/1.1 | content-length: 2 | {}"#]]
    .assert_eq(&server.requests().join("\n"));
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_not_used() {
    let server = Server::answering(&[&ok("first"), &ok("second")]).await;
    let other = Server::answering(&[&ok("")]).await;
    let mesh = mesh();
    assert_eq!(told(&mesh.call(post(&server.url("/"), "{}")).await), "200 first");
    server.hung_up().await;
    // One exchange with somebody else: by then the end of the first connection has reached this process.
    mesh.call(get(&other.url("/"))).await.unwrap();
    assert_eq!(told(&mesh.call(post(&server.url("/"), "{}")).await), "200 second");
    expect![[r#"
        1: POST / HTTP/1.1 | content-length: 2 | {}
        2: POST / HTTP/1.1 | content-length: 2 | {}"#]]
    .assert_eq(&server.requests().join("\n"));
}

#[tokio::test]
async fn a_kept_connection_that_breaks_under_a_request_may_have_run_and_is_not_tried_again() {
    let server = Server::start(vec![
        vec![Take, Say(ok("first")), Take],
        vec![Take, Say(ok("never reached"))],
    ])
    .await;
    let mesh = mesh();
    assert_eq!(told(&mesh.call(get(&server.url("/1"))).await), "200 first");
    expect![
        "MaybeRun: no response from 127.0.0.1:PORT: connection closed before message completed"
    ]
    .assert_eq(&told(&mesh.call(get(&server.url("/2"))).await));
    expect![[r#"
        1: GET /1 HTTP/1.1
        1: GET /2 HTTP/1.1"#]]
    .assert_eq(&server.requests().join("\n"));
}

#[tokio::test]
async fn a_response_that_was_given_up_does_not_reach_the_next_call() {
    let long = ok(&"x".repeat(2_000));
    let part = long[..long.len() - 1_000].to_owned();
    let server = Server::start(vec![
        // Of the first response the rest never comes; of the second it is there already, and the connection is kept.
        vec![Take, Say(part), Silence],
        vec![Take, Say(long), Take, Say(ok("next"))],
    ])
    .await;
    let mesh = mesh();
    let mut told_all = String::new();
    for path in ["/1", "/2", "/3"] {
        told_all += &format!("{}\n", told(&mesh.call(get(&server.url(path))).await));
    }
    expect![[r#"
        MaybeRun: response of 127.0.0.1:PORT is larger than 1024 bytes
        MaybeRun: response of 127.0.0.1:PORT is larger than 1024 bytes
        200 next
    "#]]
    .assert_eq(&told_all);
    expect![[r#"
        1: GET /1 HTTP/1.1
        2: GET /2 HTTP/1.1
        2: GET /3 HTTP/1.1"#]]
    .assert_eq(&server.requests().join("\n"));
}

#[tokio::test]
async fn closing_waits_for_the_calls_in_flight_and_refuses_more() {
    let server = Server::start(vec![vec![Take, Silence]]).await;
    let mesh = mesh();
    let mut request = get(&server.url("/"));
    request.timeout = Duration::from_millis(100);
    let call = tokio::spawn({
        let mesh = mesh.clone();
        async move { mesh.call(request).await }
    });
    while mesh.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(mesh.close(Duration::ZERO).await, 1, "one call outlives no patience");
    expect!["NotRun: this server is about to stop and makes no more calls"]
        .assert_eq(&told(&mesh.call(get(&server.url("/"))).await));
    assert_eq!(mesh.close(Duration::MAX).await, 0);
    assert!(call.await.unwrap().unwrap_err().timed_out);
}

#[tokio::test]
async fn a_dropped_call_is_no_longer_in_flight() {
    let server = Server::start(vec![vec![Take, Silence]]).await;
    let mesh = mesh();
    let mut call = Box::pin(mesh.call(get(&server.url("/"))));
    let limit = tokio::time::timeout(Duration::from_millis(20), &mut call).await;
    assert!(limit.is_err() && mesh.in_flight() == 1);
    drop(call);
    assert_eq!(mesh.in_flight(), 0);
}

#[tokio::test]
async fn concurrent_calls_have_connections_of_their_own_and_leave_as_many_as_allowed() {
    let mut table = String::new();
    for idle_max in [8, 2] {
        // Nobody is answered before all have arrived, so that every call needs a connection.
        let (address, opened) = counting(8).await;
        let mesh =
            mesh_with(Options { idle_connections_per_host_max: idle_max, ..Options::default() });
        for round in 1..=2 {
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let (mesh, request) = (mesh.clone(), post(&format!("http://{address}/"), "{}"));
                calls.spawn(async move { told(&mesh.call(request).await) });
            }
            assert_eq!(calls.join_all().await, ["200 together"; 8]);
            let opened = opened.load(Ordering::Relaxed);
            table += &format!("{idle_max} idle at most, round {round}: {opened} connections\n");
        }
    }
    expect![[r#"
        8 idle at most, round 1: 8 connections
        8 idle at most, round 2: 8 connections
        2 idle at most, round 1: 8 connections
        2 idle at most, round 2: 14 connections
    "#]]
    .assert_eq(&table);
}

/// A server that answers `together` requests at a time, and counts its connections.
async fn counting(together: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let opened = Arc::new(AtomicUsize::new(0));
    let barrier = Arc::new(Barrier::new(together));
    let counter = Arc::clone(&opened);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
            let barrier = Arc::clone(&barrier);
            let service = service_fn(move |_request: http::Request<Incoming>| {
                let barrier = Arc::clone(&barrier);
                async move {
                    barrier.wait().await;
                    Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::from("together")))
                }
            });
            let server = hyper::server::conn::http1::Builder::new();
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, opened)
}
