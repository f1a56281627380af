//! Probes of endpoints that are well, that are not, and that answer without an end.

mod support;

use std::time::Duration;

use support::{Server, Step, mesh};

/// Longer than any answer on loopback takes; those that never end are cut off by their size or by their silence.
const TIMEOUT: Duration = Duration::from_secs(20);
/// For answers that never come.
const SHORT: Duration = Duration::from_millis(50);

async fn verdict(script: Vec<Step>, timeout: Duration) -> String {
    let server = Server::start(vec![script]).await;
    match mesh().probe_http(&server.url("/health"), timeout).await {
        Ok(()) => "well".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn says(answer: &str) -> Vec<Step> {
    vec![Step::Take, Step::Say(answer.to_owned())]
}

#[tokio::test]
async fn an_answer_is_good_if_it_is_whole_and_says_so() {
    let cases = [
        ("200", says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")),
        ("204", says("HTTP/1.1 204 No Content\r\n\r\n")),
        ("302", says("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")),
        ("503", says("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")),
        ("none", vec![Step::Take]),
    ];
    for (what, script) in cases {
        let is_well = verdict(script, TIMEOUT).await == "well";
        assert_eq!(is_well, what.starts_with('2'), "{what}");
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_no_good_one_and_is_not_read_for_ever() {
    let endless = "x".repeat(100 * 1024);
    let cases = [
        ("more than is read", format!("HTTP/1.1 200 OK\r\n\r\n{endless}"), TIMEOUT),
        (
            "said to be more",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_owned(),
            TIMEOUT,
        ),
        ("never whole", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_owned(), SHORT),
        ("no end of the head", "HTTP/1.1 200 OK\r\na: b".to_owned(), SHORT),
    ];
    for (what, answer, timeout) in cases {
        let script = vec![Step::Take, Step::Say(answer), Step::Silence];
        assert_ne!(verdict(script, timeout).await, "well", "{what}");
    }
}

#[tokio::test]
async fn a_connection_that_nobody_takes_is_no_good_one() {
    let server = Server::start(vec![vec![Step::Silence]]).await;
    let mesh = mesh();
    let address = server.address;
    assert_eq!(mesh.probe_tcp(&format!("http://{address}"), TIMEOUT).await, Ok(()));
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(mesh.probe_tcp(&format!("http://{free}"), TIMEOUT).await.is_err());
    assert!(mesh.probe_tcp("no address", TIMEOUT).await.is_err());
}
