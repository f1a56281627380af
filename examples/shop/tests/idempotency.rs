//! One key has one effect: at once, later, and after a kill.

mod support;

use std::fs;
use std::sync::Barrier;

use serde_json::{Value, json};
use support::{Running, arrivals, charge, folder, get, post, sums};

fn charges(sums: &Value) -> (u64, u64) {
    let euros = &sums["accounts"]["EUR"];
    (euros["charges"].as_u64().unwrap_or(0), euros["net"].as_u64().unwrap_or(0))
}

#[test]
fn the_same_key_and_body_get_the_stored_answer_after_a_kill_too() {
    let data = folder("stored-answer");
    let payments = Running::service("payments", &data);
    let body = charge("order-1", 500);
    let first = post(payments.address(), "/charges", "k-1", &body).unwrap();
    assert_eq!(first, (201, json!({ "chargeId": "charge-1" })));
    assert_eq!(post(payments.address(), "/charges", "k-1", &body).unwrap(), first);
    payments.kill();

    let payments = Running::service("payments", &data);
    assert_eq!(post(payments.address(), "/charges", "k-1", &body).unwrap(), first);
    assert_eq!(charges(&sums(payments.address())), (1, 500));
    assert_eq!(
        arrivals(&data, "payments"),
        [
            "POST /charges k-1",
            "-> 201",
            "POST /charges k-1",
            "-> 201 repeated",
            "POST /charges k-1",
            "-> 201 repeated",
        ]
    );
}

#[test]
fn the_same_key_with_another_request_is_refused() {
    let data = folder("key-reused");
    let payments = Running::service("payments", &data);
    let address = payments.address();
    post(address, "/charges", "k-1", &charge("order-1", 500)).unwrap();
    for (path, body) in [
        ("/charges", charge("order-1", 501)),
        ("/refunds", json!({ "chargeId": "charge-1" })),
        ("/refunds", charge("order-1", 500)),
    ] {
        let (status, problem) = post(address, path, "k-1", &body).unwrap();
        assert_eq!((status, &problem["title"]), (422, &json!("idempotency key reused")));
    }
    assert_eq!(charges(&sums(address)), (1, 500));
}

#[test]
fn another_key_and_no_key_are_other_requests() {
    let data = folder("other-keys");
    let payments = Running::service("payments", &data);
    for key in ["k-1", "k-2", "", ""] {
        assert_eq!(post(payments.address(), "/charges", key, &charge("o", 5)).unwrap().0, 201);
    }
    assert_eq!(charges(&sums(payments.address())), (4, 20));
}

#[test]
fn refusals_are_stored_too() {
    let data = folder("refusals");
    let inventory = Running::service("inventory", &data);
    let orchid = json!({ "orderId": "o", "items": [{ "sku": "orchid", "quantity": 1 }] });
    let address = inventory.address();
    assert_eq!(post(address, "/reservations", "k-1", &orchid).unwrap().0, 409);
    let delivery = json!({ "sku": "orchid", "quantity": 1 });
    assert_eq!(post(address, "/deliveries", "k-2", &delivery).unwrap().0, 201);
    inventory.kill();

    let inventory = Running::service("inventory", &data);
    let address = inventory.address();
    assert_eq!(post(address, "/reservations", "k-1", &orchid).unwrap().0, 409, "as told before");
    assert_eq!(post(address, "/reservations", "k-3", &orchid).unwrap().0, 201, "there is one now");
}

#[test]
fn a_read_with_a_key_is_still_a_read() {
    let data = folder("reads");
    let orders = Running::service("orders", &data);
    let address = orders.address();
    let order = json!({ "customer": "c", "items": [{ "sku": "tea", "quantity": 1, "price": 5 }] });
    post(address, "/orders", "k-1", &order).unwrap();
    let state = || {
        let patience = std::time::Duration::from_secs(10);
        let answer = support::call(address, "GET", "/orders/order-1", Some("k-9"), "", patience);
        answer.unwrap().1["state"].clone()
    };
    assert_eq!(state(), json!("open"));
    post(address, "/orders/order-1/confirm", "k-2", &json!({})).unwrap();
    assert_eq!(state(), json!("confirmed"));
}

#[test]
fn concurrent_requests_with_one_key_have_one_effect() {
    let data = folder("concurrent");
    let payments = Running::service("payments", &data);
    let address = payments.address();
    let together = Barrier::new(16);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..16)
            .map(|n| {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    let round = |key: &str| post(address, "/charges", key, &charge("o", 7));
                    [round("same"), round(&format!("own-{n}")), round("same again")]
                })
            })
            .collect();
        let answers: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        for which in [0, 2] {
            assert!(answers.iter().all(|answer| answer[which] == answers[0][which]));
        }
        assert!(answers.iter().flatten().all(|answer| answer.as_ref().unwrap().0 == 201));
    });
    assert_eq!(charges(&sums(address)), (18, 18 * 7));
    let log = fs::read_to_string(data.join("payments/arrivals.jsonl")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains("\"arrival\"")).count(), 48);
    let digest = blake3::hash(charge("o", 7).to_string().as_bytes()).to_hex().to_string();
    assert_eq!(log.matches(&digest).count(), 48, "each arrival has the digest of its body");
}

#[test]
fn ids_go_on_after_a_kill() {
    let data = folder("ids");
    for n in 1..=3 {
        let shipping = Running::service("shipping", &data);
        let items = json!([{ "sku": "tea", "quantity": 1 }]);
        let shipment = json!({ "orderId": "o", "items": items, "method": "express" });
        let (_, answer) = post(shipping.address(), "/shipments", "", &shipment).unwrap();
        assert_eq!(answer["shipmentId"], format!("shipment-{n}"));
        assert_eq!(get(shipping.address(), "/_audit").unwrap().1["sums"]["shipments"], n);
        shipping.kill();
    }
}
