//! All five together, and the audit over them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::{Value, json};
use support::{Shop, charge, ended, folder, free_ports, get, post, set_faults, shop};

#[test]
fn a_correct_shop_adds_up_and_a_double_charge_does_not() {
    let shop = Shop::open("audit");
    shop.fulfil_once("ann", 1_000);
    shop.fulfil_once("bob", 90_000);
    let order = shop.fulfil_once("eve", 250);
    let (code, table) = shop.audit(&["--expect-orders", "3"]);
    expect![[r#"
        orders         2 confirmed, 1 rejected, 0 open
        payments       2 charges: 25.00 charged - 0.00 refunded = 25.00 kept; 25.00 due
        inventory      3999996 in stock + 0 reserved + 4 shipped; 4000000 received
        shipping       2 shipments
        notifications  3 messages

        arrivals        requests   repeats    no key  outcomes
        orders                 6         0         0  200: 3, 201: 3
        payments               3         0         0  201: 2, 402: 1
        inventory              6         0         0  200: 3, 201: 3
        shipping               2         0         0  201: 2
        notifications          3         0         0  201: 3

        everything adds up (20 keys, one request each)
    "#]]
    .assert_eq(&table);
    assert_eq!(code, 0);

    let double = shop.post(1, "/charges", "by-hand", &charge(&order, 500));
    let (code, table) = shop.audit(&[]);
    expect![[r#"
        orders         2 confirmed, 1 rejected, 0 open
        payments       3 charges: 30.00 charged - 0.00 refunded = 30.00 kept; 25.00 due
        inventory      3999996 in stock + 0 reserved + 4 shipped; 4000000 received
        shipping       2 shipments
        notifications  3 messages

        arrivals        requests   repeats    no key  outcomes
        orders                 6         0         0  200: 3, 201: 3
        payments               4         0         0  201: 3, 402: 1
        inventory              6         0         0  200: 3, 201: 3
        shipping               2         0         0  201: 2
        notifications          3         0         0  201: 3

        1 violation:
          order-3 was charged 1000 cents by 2 charges, 500 are due
    "#]]
    .assert_eq(&table);
    assert_eq!(code, 1);

    shop.post(1, "/refunds", "sorry", &json!({ "chargeId": double["chargeId"] }));
    assert_eq!(shop.audit(&[]).0, 0, "refunded, all is well again");
    assert_eq!(shop.audit(&["--expect-orders", "4"]).0, 1);
}

#[test]
fn what_was_left_in_the_middle_is_found() {
    let shop = Shop::open("unfinished");
    shop.fulfil_once("ann", 1_000);
    let items = json!([{ "sku": "cup", "quantity": 3, "price": 7 }]);
    shop.post(0, "/orders", "o", &json!({ "customer": "bob", "items": items }));
    shop.post(2, "/reservations", "r", &json!({ "orderId": "order-2", "items": items }));
    shop.post(1, "/charges", "c", &charge("order-2", 21));
    let shipment = json!({ "orderId": "order-1", "items": items, "method": "express" });
    shop.post(3, "/shipments", "s", &shipment);
    shop.post(4, "/messages", "m", &json!({ "to": "x", "template": "y", "orderId": "order-7" }));
    let reused = post(shop.address(1), "/charges", "o", &charge("order-1", 1)).unwrap();
    assert_eq!(reused.0, 201, "another service knows nothing of the key");

    let (code, report) = shop.audit(&["--json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let violations: Vec<_> = report["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| format!("{} {}", v["subject"].as_str().unwrap(), v["problem"].as_str().unwrap()))
        .map(|v| v.split(" is the key of ").next().unwrap().to_owned())
        .collect();
    expect![[r#"
        order-2 was neither confirmed nor rejected
        order-1 was charged 2001 cents by 2 charges, 2000 are due
        order-2 was charged 21 cents by 1 charges, 0 are due
        order-2 left reservation-2 neither used nor released
        order-1 was shipped 2 times instead of 1
        order-1 was shipped with other goods than were ordered
        message-2 is for "order-7", which is no order
        o"#]]
    .assert_eq(&violations.join("\n"));
    assert_eq!((code, &report["addsUp"]), (1, &json!(false)));
}

#[test]
fn a_service_that_crashes_is_started_again() {
    let shop = Shop::open("crashed");
    let payments = shop.address(1);
    let pid = |address| get(address, "/_health").map(|(_, health)| health["pid"].clone());
    let before = pid(payments).unwrap();
    set_faults(payments, &json!({ "crashAfterEffect": 1.0 }));
    assert_eq!(post(payments, "/charges", "k", &charge("o", 5)), None);
    let after = loop {
        match pid(payments) {
            Some(pid) if pid != before => break pid,
            _ => std::thread::yield_now(),
        }
    };
    assert_ne!(after, before);
    set_faults(payments, &json!({}));
    assert_eq!(post(payments, "/charges", "k", &charge("o", 5)).unwrap().0, 201);
    assert_eq!(support::sums(payments)["charges"], 1);
}

#[test]
fn the_shop_closes_with_its_standard_input_and_on_sigterm() {
    for way in ["stdin", "sigterm"] {
        let mut shop = Shop::open(way);
        if way == "stdin" {
            drop(shop.running.child.stdin.take());
        } else {
            let pid = shop.running.child.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        }
        assert!(shop.running.child.wait().unwrap().success(), "{way}");
        for nth in 0..5 {
            assert_eq!(get(shop.address(nth), "/_health"), None, "{way}: {nth} is gone");
        }
        assert_eq!(shop.audit(&[]).0, 2, "nobody to ask");
    }
}

#[test]
fn a_shop_whose_port_is_taken_says_so() {
    let (base_port, data) = (free_ports(), folder("taken"));
    let _taken = std::net::TcpListener::bind(("127.0.0.1", base_port + 2)).unwrap();
    let port = base_port.to_string();
    let mut command = shop(&["all", "--base-port", &port, "--data", data.to_str().unwrap()]);
    let piped = Stdio::piped;
    let mut child = command.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
    // Kept open, so that the shop does not close for want of it.
    let _stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(2), &b""[..]), "{told}");
    assert!(told.contains("inventory does not come up on 127.0.0.1:"), "{told}");
}

#[test]
fn the_workflows_are_written_with_the_ports_of_the_shop() {
    let folder = folder("workflows");
    let out = folder.to_str().unwrap();
    // Ports that are also those of other services as written: each is replaced once.
    let (code, paths) =
        ended(&shop(&["workflows", "--base-port", "7103", "--out", out]).output().unwrap());
    assert_eq!(code, 0);
    let mut ports = String::new();
    for path in paths.lines() {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.rsplit('/').next().unwrap();
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("endpoint: ")) {
            ports += &format!("{name} {line}\n");
        }
    }
    expect![[r#"
        notify-customer.yaml http://127.0.0.1:7107/messages
        fulfil-order.yaml http://127.0.0.1:7103/orders
        fulfil-order.yaml http://127.0.0.1:7105/reservations
        fulfil-order.yaml http://127.0.0.1:7106/quotes
        fulfil-order.yaml http://127.0.0.1:7104/charges
        fulfil-order.yaml http://127.0.0.1:7106/shipments
        fulfil-order.yaml http://127.0.0.1:7105/reservations/{reservationId}/commit
        fulfil-order.yaml http://127.0.0.1:7103/orders/{orderId}/confirm
        fulfil-order.yaml http://127.0.0.1:7105/reservations/{reservationId}/release
        fulfil-order.yaml http://127.0.0.1:7103/orders/{orderId}/reject
        checkout.yaml http://127.0.0.1:7103/orders
        checkout.yaml http://127.0.0.1:7103/orders/undo
        checkout.yaml http://127.0.0.1:7107/messages
        checkout.yaml http://127.0.0.1:7105/reservations
        checkout.yaml http://127.0.0.1:7105/reservations/undo
        checkout.yaml http://127.0.0.1:7104/charges
        checkout.yaml http://127.0.0.1:7104/charges/undo
        checkout.yaml http://127.0.0.1:7106/quotes
        checkout.yaml http://127.0.0.1:7103/orders/{orderId}/confirm
        checkout.yaml http://127.0.0.1:7106/shipments
        checkout.yaml http://127.0.0.1:7105/reservations/{reservationId}/commit
        restock.yaml http://127.0.0.1:7105/deliveries
        price-check.yaml http://127.0.0.1:7106/quotes
    "#]]
    .assert_eq(&ports);
}
