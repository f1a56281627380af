//! What a service finds when it starts.

mod support;

use std::fs;
use std::process::Stdio;

use expect_test::expect;
use serde_json::json;
use support::{Running, call, charge, folder, get, post, shop, sums};

#[test]
fn a_torn_last_transaction_is_as_if_it_had_never_been() {
    let data = folder("torn");
    let payments = Running::service("payments", &data);
    for (key, amount) in [("k-1", 5), ("k-2", 6)] {
        post(payments.address(), "/charges", key, &charge("o", amount)).unwrap();
    }
    payments.kill();
    let log = data.join("payments/service.db-wal");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 9]).unwrap();

    let payments = Running::service("payments", &data);
    let address = payments.address();
    assert_eq!(sums(address)["charges"], 1, "the effect is gone");
    let answer = post(address, "/charges", "k-2", &charge("o", 7)).unwrap();
    assert_eq!(answer, (201, json!({ "chargeId": "charge-2" })), "and so is its key");
    payments.kill();

    let payments = Running::service("payments", &data);
    assert_eq!(sums(payments.address())["accounts"]["EUR"]["net"], 12);
}

#[test]
fn a_damaged_database_and_a_second_process_are_errors() {
    let data = folder("refused");
    let started = |data: &std::path::Path| {
        let arguments = ["payments", "--listen", "127.0.0.1:0", "--data"];
        let output = shop(&arguments).arg(data).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap().replace(data.to_str().unwrap(), "DIR")
    };
    let payments = Running::service("payments", &data);
    for key in ["k-1", "k-2"] {
        post(payments.address(), "/charges", key, &charge("o", 5)).unwrap();
    }
    expect![[r#"
        shop: DIR/payments/arrivals.jsonl is in use by another process
    "#]]
    .assert_eq(&started(&data));
    payments.kill();

    for file in ["service.db", "service.db-wal"] {
        fs::write(data.join("payments").join(file), "x".repeat(8192)).unwrap();
    }
    expect![[r#"
        shop: cannot open DIR/payments/service.db: file is not a database: Error code 26: file is not a database
    "#]].assert_eq(&started(&data));
}

#[test]
fn requests_that_are_none_are_refused_and_change_nothing() {
    let data = folder("bad-requests");
    let services = ["orders", "payments", "inventory", "shipping", "notifications"];
    let running = services.map(|name| Running::service(name, &data));
    let addresses = running.each_ref().map(Running::address);
    let before = addresses.map(sums);
    let items = |quantity: i64| json!([{ "sku": "tea", "quantity": quantity, "price": 1 }]);
    let large = json!([{ "sku": "tea", "quantity": 1, "price": u64::MAX }]);
    let mut told = String::new();
    for (nth, path, body) in [
        (0, "/orders", json!({ "customer": "c", "items": [] })),
        (0, "/orders", json!({ "customer": "c", "items": items(0) })),
        (0, "/orders", json!({ "customer": "c", "items": items(-1) })),
        (0, "/orders", json!({ "customer": "c", "items": large })),
        (0, "/orders/order-9/confirm", json!({})),
        (0, "/elsewhere", json!({})),
        (1, "/charges", json!({ "orderId": "o" })),
        (1, "/charges", charge("o", 100_001)),
        (1, "/refunds", json!({ "chargeId": "charge-9" })),
        (2, "/reservations", json!({ "orderId": "o", "items": [] })),
        (
            2,
            "/reservations",
            json!({ "orderId": "o", "items": [{ "sku": "gold", "quantity": 1 }] }),
        ),
        (2, "/reservations/reservation-9/release", json!({})),
        (2, "/deliveries", json!({ "sku": "tea", "quantity": 0 })),
        (3, "/quotes", json!({ "items": [] })),
        (3, "/quotes", json!({ "items": items(1), "carrier": "pigeon" })),
        (3, "/shipments", json!({ "orderId": "o", "items": items(1), "method": "pigeon" })),
        (4, "/messages", json!({ "to": "c" })),
    ] {
        let (status, problem) = post(addresses[nth], path, "", &body).unwrap();
        assert_eq!(problem["status"], status);
        told += &format!("{status} {}\n", problem["detail"].as_str().unwrap());
    }
    expect![[r#"
        400 an order has items, and at least one of each
        400 an order has items, and at least one of each
        400 invalid value: integer `-1`, expected u64 at line 1 column 51
        400 an order is worth at most 1000000000000 cents
        404 there is no order "order-9"
        404 this service has no POST /elsewhere
        400 missing field `amount` at line 1 column 15
        402 100001 is more than the limit of 100000 cents
        404 there is no charge "charge-9"
        400 a reservation has items, and at least one of each
        409 1 of gold are wanted and 0 are left
        404 there is no reservation "reservation-9"
        400 a delivery brings something, and no more than can be counted
        400 a quote is for at least one piece
        404 there is no carrier "pigeon"
        400 unknown variant `pigeon`, expected `standard` or `express` at line 1 column 79
        400 missing field `template` at line 1 column 10
    "#]]
    .assert_eq(&told);
    assert_eq!(addresses.map(sums), before);
    let large = "x".repeat(1024 * 1024 + 1);
    let patience = std::time::Duration::from_secs(10);
    let answer = call(addresses[4], "POST", "/messages", None, &large, patience);
    assert!(answer.is_none_or(|(status, _)| status == 413), "cut off or told");
    assert_eq!(get(addresses[4], "/_health").unwrap().1["service"], "notifications");
}
