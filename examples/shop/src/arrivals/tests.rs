use std::fs;

use expect_test::expect;

use super::{Arrival, Line, Log, Outcome, RequestsByKey, Summary};
use crate::services::ServiceName;

fn arrival(number: u64, method: &str, path: &str, key: &str, body: &str) -> Line {
    Line::Arrival(Arrival {
        number,
        at: super::now(),
        method: method.to_owned(),
        path: path.to_owned(),
        key: (!key.is_empty()).then(|| key.to_owned()),
        digest: body.to_owned(),
        traceparent: None,
    })
}

fn outcome(number: u64, status: Option<u16>, fault: Option<&str>) -> Line {
    let (at, fault) = (super::now(), fault.map(str::to_owned));
    Line::Outcome(Outcome { number, at, status, repeated: false, fault })
}

#[test]
fn the_log_is_added_up_by_key() {
    let log: String = [
        arrival(0, "POST", "/charges", "a", "1"),
        outcome(0, Some(201), None),
        arrival(1, "POST", "/charges", "a", "1"),
        outcome(1, None, Some("hang")),
        arrival(2, "POST", "/charges", "b", "1"),
        arrival(3, "POST", "/charges", "b", "2"),
        outcome(3, Some(422), None),
        arrival(4, "POST", "/refunds", "", "3"),
        arrival(5, "GET", "/charges/1", "a", ""),
    ]
    .iter()
    .map(|line| serde_json::to_string(line).unwrap() + "\n")
    .chain(["{\"line\":\n".to_owned()])
    .collect();
    let mut requests = RequestsByKey::new();
    let payments = Summary::of(ServiceName::Payments, log.as_bytes(), &mut requests).unwrap();
    let other = serde_json::to_string(&arrival(0, "POST", "/orders", "a", "1")).unwrap();
    let orders = Summary::of(ServiceName::Orders, other.as_bytes(), &mut requests).unwrap();
    expect![[r#"
        (
            Summary {
                arrivals: 6,
                repeats: 2,
                without_key: 1,
                outcomes: {
                    "201": 1,
                    "422": 1,
                    "hang": 1,
                },
                damaged_lines: 1,
            },
            Summary {
                arrivals: 1,
                repeats: 0,
                without_key: 0,
                outcomes: {},
                damaged_lines: 0,
            },
            {
                "a": {
                    "orders POST /orders 1",
                    "payments POST /charges 1",
                },
                "b": {
                    "payments POST /charges 1",
                    "payments POST /charges 2",
                },
            },
        )
    "#]]
    .assert_debug_eq(&(payments, orders, requests));
}

#[test]
fn numbers_and_lines_go_on_after_a_restart_and_a_torn_line() {
    let folder = std::env::temp_dir().join(format!("shop-arrivals-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(super::FILE);
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let log = Log::open(&path).unwrap();
        for _ in 0..2 {
            let number = log.number();
            log.write(&arrival(number, "POST", "/charges", "a", "1")).unwrap();
            numbers.push(number);
        }
        log.write(&outcome(numbers[0], Some(201), None)).unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"line\":\"arr"].concat()).unwrap();
    }
    drop(Log::open(&path).unwrap());
    assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?}");
    let summary = Summary::read(ServiceName::Payments, &path, &mut RequestsByKey::new()).unwrap();
    assert_eq!((summary.arrivals, summary.repeats, summary.damaged_lines), (6, 5, 3));
    fs::remove_dir_all(folder).unwrap();

    let none = Summary::read(ServiceName::Payments, &path, &mut RequestsByKey::new()).unwrap();
    assert_eq!(none, Summary::default());
}
