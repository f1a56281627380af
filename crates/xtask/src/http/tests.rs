use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

/// A server of scripted connections: for each request of a connection the bytes to answer, then it closes.
/// Joining it gives what it was sent.
fn serve(connections: &[&[&str]]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections: Vec<Vec<String>> = connections
        .iter()
        .map(|answers| answers.iter().map(ToString::to_string).collect())
        .collect();
    let server = thread::spawn(move || {
        let mut requests = Vec::new();
        for answers in connections {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            for answer in answers {
                requests.push(read_request(&mut reader));
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
        requests
    });
    (address, server)
}

fn read_request(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "request ended: {head}");
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |digits| digits.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    head.replace("\r\n", "\n") + std::str::from_utf8(&body).unwrap()
}

fn client(address: SocketAddr) -> Client {
    Client::new(address, Duration::from_secs(20))
}

#[test]
fn one_connection_carries_many_requests_and_every_kind_of_body() {
    let (address, server) = serve(&[&[
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nLocation: /i/1\r\ncontent-length: 8\r\n\r\n{\"a\":1}\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;x=y\r\nWiki\r\nA\r\npedia in\r\n\r\n0\r\ntrailer: 1\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nto the end",
    ]]);
    let mut client = client(address);

    assert_eq!(client.get("/a").unwrap().text(), "hello");
    let key = [("idempotency-key", "k1")];
    let accepted = client.post("/b", &key, &serde_json::json!({"n": 1})).unwrap();
    assert_eq!(accepted.header("LOCATION"), Some("/i/1"));
    assert_eq!(accepted.json().unwrap(), serde_json::json!({"a": 1}));
    assert_eq!(client.get("/c").unwrap().text(), "Wikipedia in\r\n");
    assert_eq!(client.get("/d").unwrap().status, 204);
    assert_eq!(client.get("/e?x=1").unwrap().text(), "to the end");

    let requests = server.join().unwrap();
    assert_eq!(requests[0], format!("GET /a HTTP/1.1\nhost: {address}\n\n"));
    assert_eq!(
        requests[1],
        format!(
            "POST /b HTTP/1.1\nhost: {address}\ncontent-type: application/json\nidempotency-key: k1\n\
             content-length: 7\n\n{{\"n\":1}}"
        )
    );
    assert!(requests[4].starts_with("GET /e?x=1 HTTP/1.1\n"));
}

#[test]
fn a_connection_that_was_closed_is_replaced_before_a_request_goes_out() {
    let (address, server) = serve(&[
        &["HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1"],
        &["HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n2"],
        &["HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n3"],
    ]);
    let mut client = client(address);
    assert_eq!(client.get("/").unwrap().text(), "1");
    while client.idle.as_ref().is_some_and(is_alive) {
        thread::yield_now();
    }
    assert_eq!(client.get("/").unwrap().text(), "2");
    assert!(client.idle.is_none());
    assert_eq!(client.get("/").unwrap().text(), "3");
    assert_eq!(server.join().unwrap().len(), 3);
}

#[test]
fn an_answer_that_did_not_come_is_an_error_and_nothing_is_sent_twice() {
    for (answer, expected) in [
        ("", "no response: the connection ended"),
        ("HTTP/1.1 200 OK\r\nconte", "no response: the connection ended"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel",
            "the connection ended after 3 of 5 bytes",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
            "the connection ended after 3 of 5 bytes",
        ),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfive\r\n", "is no chunk size"),
        ("SSH-2.0-x\r\n", "is no status line of HTTP/1.1"),
    ] {
        let (address, server) = serve(&[&[answer]]);
        let error = client(address).get("/x").unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(expected), "{answer:?} gave {text}");
        assert!(text.starts_with(&format!("GET http://{address}/x (timeout 20s)")), "{text}");
        assert_eq!(server.join().unwrap().len(), 1);
    }
}

#[test]
fn a_silent_server_costs_the_timeout_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let error = Client::new(address, Duration::from_millis(50)).get("/").unwrap_err();
    assert!(format!("{error:#}").ends_with("the time is up"), "{error:#}");
}

#[test]
fn an_unexpected_status_shows_the_body() {
    let response = Response { status: 422, headers: Vec::new(), body: b"no such task".to_vec() };
    let error = response.clone().expect(&[200, 202]).unwrap_err();
    assert_eq!(error.to_string(), "expected status [200, 202], got 422: no such task");
    assert_eq!(response.clone().expect(&[422]).unwrap(), response);
    assert!(response.json().is_err());
}
