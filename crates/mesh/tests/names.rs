//! A name server of its own, and what is made of its answers.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::net::SocketAddr;
use std::time::Duration;

use expect_test::{Expect, expect};
use motet_mesh::{Names, Wanted};
use tokio::net::UdpSocket;

/// Types of records (RFC 1035 §3.2.2, RFC 3596, RFC 2782).
const A: u16 = 1;
const AAAA: u16 = 28;
const SRV: u16 = 33;

/// The records of a name: their type and data.
fn records(name: &str) -> Vec<(u16, Vec<u8>)> {
    let srv = |priority: u16, weight: u16, port: u16, target: &str| {
        let numbers = [priority, weight, port].map(u16::to_be_bytes).concat();
        (SRV, [numbers, labels(target)].concat())
    };
    match name {
        "pay.internal" => vec![
            (A, vec![10, 0, 0, 2]),
            (A, vec![10, 0, 0, 1]),
            (AAAA, [[0xfd, 0].as_slice(), &[0; 13], &[1]].concat()),
        ],
        "_pay._tcp.internal" => vec![
            srv(10, 5, 8081, "One.internal"),
            srv(10, 0, 8082, "two.internal"),
            srv(20, 9, 8083, "backup.internal"),
        ],
        "_none._tcp.internal" => vec![srv(0, 0, 0, "")],
        _ => Vec::new(),
    }
}

/// Answers questions over UDP until the test ends; `silent.internal` gets no answer.
async fn server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            if let Some(answer) = answer(&question[..length]) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    address
}

/// A message with the question and what there is of it (RFC 1035 §4).
fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut name = Vec::new();
    while question[at] > 0 {
        let end = at + 1 + usize::from(question[at]);
        name.push(String::from_utf8(question[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
    let end = at + 5;
    let name = name.join(".").to_lowercase();
    if name == "silent.internal" {
        return None;
    }
    let all = records(&name);
    let found: Vec<_> = all.iter().filter(|(own, _)| *own == kind).collect();
    // No such name, where there is nothing of any kind.
    let code = if all.is_empty() { 3 } else { 0 };
    let count = u16::try_from(found.len()).unwrap().to_be_bytes();
    let mut message = question[..2].to_vec();
    message.extend([0x84, code, 0, 1, count[0], count[1], 0, 0, 0, 0]);
    message.extend(&question[12..end]);
    for (kind, data) in found {
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 0]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    Some(message)
}

fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

async fn check(name: &str, wanted: Wanted, expected: Expect) {
    let names = Names::of_server(server().await).unwrap();
    let found = names.find(name, wanted, Duration::from_secs(20)).await;
    let shown = match found {
        Ok(found) => {
            let line =
                |own: &motet_mesh::Found| format!("{}:{} x{}\n", own.host, own.port, own.weight);
            found.iter().map(line).collect::<String>()
        }
        Err(_error) => "nobody can tell\n".to_owned(),
    };
    expected.assert_eq(&shown);
}

#[tokio::test]
async fn addresses_of_both_kinds_with_the_port() {
    let wanted = Wanted::Addresses { port: 80 };
    check(
        "pay.internal",
        wanted,
        expect![[r#"
        10.0.0.1:80 x1
        10.0.0.2:80 x1
        [fd00::1]:80 x1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn services_of_the_lowest_priority_with_weight_and_port() {
    check(
        "_pay._tcp.internal",
        Wanted::Services,
        expect![[r#"
        one.internal:8081 x5
        two.internal:8082 x1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn nothing_is_never_an_empty_list() {
    for name in ["nobody.internal", "_none._tcp.internal", "pay.internal"] {
        check(
            name,
            Wanted::Services,
            expect![[r#"
            nobody can tell
        "#]],
        )
        .await;
    }
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for_longer() {
    let names = Names::of_server(server().await).unwrap();
    let asked = names.find("silent.internal", Wanted::Services, Duration::from_millis(50)).await;
    assert_eq!(asked.unwrap_err().0, "no answer about silent.internal within 50ms");
}
