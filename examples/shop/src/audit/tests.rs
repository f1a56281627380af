//! One thing wrong at a time in books that add up, and what the audit says of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::expect;
use serde_json::{Value, json};

use super::books::Books;
use super::check::violations;
use super::report::Report;
use crate::services::{OrderState, ReservationState, ServiceName};

fn read<T: serde::de::DeserializeOwned>(entries: Value) -> T {
    serde_json::from_value(entries).unwrap()
}

/// One order confirmed, one rejected.
fn books() -> Books {
    let items = json!([{ "sku": "tea", "quantity": 2, "price": 50 }]);
    Books {
        orders: read(json!([
            { "orderId": "o-1", "customer": "ann", "items": items, "total": 100, "state": "confirmed" },
            { "orderId": "o-2", "customer": "bob", "items": items, "total": 100, "state": "rejected" },
        ])),
        payments: read(json!({
            "charges": [
                { "chargeId": "c-1", "orderId": "o-1", "amount": 100, "currency": "EUR", "refunded": 0 },
                { "chargeId": "c-2", "orderId": "o-2", "amount": 100, "currency": "EUR", "refunded": 100 },
            ],
            "refunds": [{ "refundId": "f-1", "chargeId": "c-2", "amount": 100 }],
        })),
        inventory: read(json!({
            "stock": { "tea": { "received": 10, "stock": 8, "reserved": 0, "shipped": 2 } },
            "reservations": [
                { "reservationId": "r-1", "orderId": "o-1", "items": { "tea": 2 }, "state": "committed" },
                { "reservationId": "r-2", "orderId": "o-2", "items": { "tea": 2 }, "state": "released" },
            ],
        })),
        shipments: read(json!([
            { "shipmentId": "s-1", "orderId": "o-1", "items": { "tea": 2 }, "method": "express", "tracking": "t" },
        ])),
        messages: read(json!([
            { "messageId": "m-1", "to": "ann", "template": "order-confirmed", "orderId": "o-1" },
            { "messageId": "m-2", "to": "bob", "template": "order-rejected", "orderId": "o-2" },
        ])),
        requests_by_key: [(
            "k".to_owned(),
            BTreeSet::from(["payments POST /charges d".to_owned()]),
        )]
        .into(),
        ..Books::default()
    }
}

type Spoil = fn(&mut Books);

const SPOILT: [(&str, Spoil); 22] = [
    ("nothing", |_| {}),
    ("order open", |b| b.orders[0].state = OrderState::Open),
    ("order lost", |b| b.orders.truncate(1)),
    ("charge lost", |b| drop(b.payments.charges.remove(0))),
    ("charge doubled", |b| b.payments.charges.push(b.payments.charges[0].clone())),
    ("charge refunded", |b| b.payments.charges[0].refunded = 100),
    ("rejected order charged", |b| b.payments.charges[0].order_id = "o-2".into()),
    ("nothing charged, but refunded", |b| b.payments.charges.truncate(1)),
    ("refunded twice", |b| b.payments.refunds.push(b.payments.refunds[0].clone())),
    ("refund lost", |b| b.payments.refunds.clear()),
    ("stock vanished", |b| b.inventory.stock.get_mut("tea").unwrap().stock = 7),
    ("too much left the shelf", |b| {
        let tea = b.inventory.stock.get_mut("tea").unwrap();
        (tea.stock, tea.shipped) = (6, 4);
    }),
    ("sku unknown", |b| b.inventory.stock.clear()),
    ("reservation left", |b| b.inventory.reservations[1].state = ReservationState::Reserved),
    ("reservation lost", |b| drop(b.inventory.reservations.remove(0))),
    ("other goods taken", |b| {
        b.inventory.reservations[0].items.insert("cup".into(), 1);
    }),
    ("shipped twice", |b| b.shipments.push(b.shipments[0].clone())),
    ("other goods shipped", |b| b.shipments[0].items.clear()),
    ("told twice", |b| b.messages.push(b.messages[1].clone())),
    ("told the wrong thing", |b| b.messages[1].template = "order-confirmed".into()),
    ("stranger charged", |b| {
        let stranger =
            crate::services::Charge { order_id: "o-9".into(), ..b.payments.charges[0].clone() };
        b.payments.charges.push(stranger);
    }),
    ("key reused", |b| {
        b.requests_by_key.get_mut("k").unwrap().insert("orders POST /orders d".into());
    }),
];

#[test]
fn each_thing_wrong_is_found() {
    let mut table = String::new();
    for (what, spoil) in SPOILT {
        let mut books = books();
        spoil(&mut books);
        let found = violations(&books, Some(2));
        assert_eq!(found.is_empty(), what == "nothing", "{what}");
        writeln!(table, "{what}:").unwrap();
        for violation in found {
            writeln!(table, "  {} {}", violation.subject, violation.problem).unwrap();
        }
    }
    expect![[r#"
        nothing:
        order open:
          o-1 was neither confirmed nor rejected
          o-1 was charged 100 cents by 1 charges, 0 are due
          tea 2 left the shelf, 0 were sold
          o-1 took goods 1 times instead of 0
          o-1 was shipped 1 times instead of 0
          o-1 had 1 messages instead of 0
          o-1 told "ann" "order-confirmed"
        order lost:
          orders 1 were placed instead of 2
          c-2 is for "o-2", which is no order
          r-2 is for "o-2", which is no order
          m-2 is for "o-2", which is no order
        charge lost:
          o-1 was charged 0 cents by 0 charges, 100 are due
        charge doubled:
          o-1 was charged 200 cents by 2 charges, 100 are due
        charge refunded:
          o-1 was charged 0 cents by 0 charges, 100 are due
          c-1 of 100 cents 100 count as refunded, 0 were paid back
        rejected order charged:
          o-1 was charged 0 cents by 0 charges, 100 are due
          o-2 was charged 100 cents by 1 charges, 0 are due
        nothing charged, but refunded:
          c-2 is no charge, 100 cents were paid back for it
        refunded twice:
          c-2 of 100 cents 100 count as refunded, 200 were paid back
        refund lost:
          c-2 of 100 cents 100 count as refunded, 0 were paid back
        stock vanished:
          tea 10 were received, 9 are counted
        too much left the shelf:
          tea 4 left the shelf, 2 were sold
        sku unknown:
          tea is unknown to the inventory, 2 were sold
        reservation left:
          o-2 left r-2 neither used nor released
        reservation lost:
          o-1 took goods 0 times instead of 1
        other goods taken:
          o-1 took other goods than were ordered
        shipped twice:
          o-1 was shipped 2 times instead of 1
        other goods shipped:
          o-1 was shipped with other goods than were ordered
        told twice:
          o-2 had 2 messages instead of 1
        told the wrong thing:
          o-2 told "bob" "order-confirmed"
        stranger charged:
          c-1 is for "o-9", which is no order
        key reused:
          k is the key of orders POST /orders d and of payments POST /charges d
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_undoes_a_key_has_one_key_itself() {
    let mut books = books();
    let mut found = Vec::new();
    for key in ["u-1", "u-2"] {
        let request = BTreeSet::from(["payments POST /charges/undo d".to_owned()]);
        books.requests_by_key.insert(key.to_owned(), request);
        let problems = violations(&books, None).into_iter().map(|found| found.problem);
        found.push(problems.collect::<Vec<_>>());
    }
    assert_eq!(found, [vec![], vec!["came under u-1 and under u-2: undone twice".to_owned()]]);
}

#[test]
fn damaged_lines_of_arrivals_are_found() {
    let mut books = books();
    books.arrivals.entry(ServiceName::Shipping).or_default().damaged_lines = 2;
    let found = violations(&books, None);
    assert_eq!((found.len(), found[0].subject.as_str()), (1, "shipping"));
}

#[test]
fn the_table_ends_after_fifty_violations_and_json_does_not() {
    let mut books = books();
    for _ in 0..60 {
        books.shipments.push(crate::services::Shipment {
            order_id: "o-9".into(),
            ..books.shipments[0].clone()
        });
    }
    let report = Report::new(&books, violations(&books, None));
    let table = report.to_string();
    assert!(table.contains("60 violations:") && table.ends_with("  and 10 more\n"), "{table}");
    assert_eq!(json!(report)["violations"].as_array().unwrap().len(), 60);
}
