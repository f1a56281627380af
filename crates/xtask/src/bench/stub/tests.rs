use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::http::Client;

fn stub() -> Vec<SocketAddr> {
    Stub::in_background()
}

fn client(address: SocketAddr) -> Client {
    Client::new(address, Duration::from_secs(30))
}

fn post(client: &mut Client, path: &str, body: &Value) -> (u16, String) {
    let response = client.post(path, &[], body).unwrap();
    (response.status, response.text())
}

#[test]
fn each_step_answers_one_more() {
    let mut value = json!({ "value": 39 });
    for address in stub() {
        let (status, text) = post(&mut client(address), "/step/1", &value);
        assert_eq!(status, 200);
        value = serde_json::from_str(&text).unwrap();
    }
    assert_eq!(value, json!({ "value": 42 }));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut stream = TcpStream::connect(stub()[0]).unwrap();
    let mut requests = Vec::new();
    for value in 0..500_u64 {
        let mut body = Vec::new();
        wire::append_value(&mut body, value);
        wire::post(&mut requests, "/step/2", "stub", &body);
    }
    stream.write_all(&requests).unwrap();
    let mut answers = Vec::new();
    let mut next = 1;
    while next <= 500 {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).unwrap();
        assert_ne!(count, 0, "closed after {next}");
        answers.extend_from_slice(&bytes[..count]);
        while let Some(message) = wire::message(&answers).unwrap() {
            assert_eq!(wire::value(message.body), Some(next));
            next += 1;
            let length = message.bytes;
            answers.drain(..length);
        }
    }
}

#[test]
fn arrivals_are_told_with_their_times() {
    let mut client = client(stub()[0]);
    let before = now_micros();
    for value in [7, 5] {
        assert_eq!(post(&mut client, "/arrive", &json!({ "value": value })).0, 200);
    }
    assert_eq!(client.get("/count").unwrap().text(), r#"{"value":2}"#);
    let text = client.get("/arrivals").unwrap().text();
    let lines: Vec<(u64, u64)> = text
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(value, at)| (value.parse().unwrap(), at.parse().unwrap()))
        .collect();
    let values: Vec<u64> = lines.iter().map(|(value, _)| *value).collect();
    assert_eq!(values, [7, 5]);
    assert!(before <= lines[0].1 && lines[0].1 <= lines[1].1 && lines[1].1 <= now_micros());
}

#[test]
fn steps_are_held_until_they_are_released() {
    let address = stub()[0];
    let mut control = client(address);
    let body = json!({ "value": 1 });
    assert_eq!(post(&mut control, "/hold/2", &json!({})).0, 200);
    assert_eq!(post(&mut control, "/step/1", &body).0, 200);
    let mut held = Client::new(address, Duration::from_millis(50));
    assert!(held.post("/step/2", &[], &body).is_err(), "nobody answers");
    assert_eq!(post(&mut control, "/release", &json!({})).0, 200);
    assert_eq!(post(&mut control, "/step/2", &body).0, 200);
}

#[test]
fn what_it_does_not_know_it_refuses() {
    let mut client = client(stub()[0]);
    assert_eq!(post(&mut client, "/step/1", &json!({})).0, 400);
    assert_eq!(post(&mut client, "/other", &json!({})).0, 404);
    assert!(client.get("/step/x").is_ok_and(|answer| answer.status == 404));
}
