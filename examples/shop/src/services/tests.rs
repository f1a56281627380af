//! Each service as a transcript: requests, answers, and the sums at the end.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use http::Method;
use rusqlite::Connection;

use super::{Domain, Inventory, Notifications, Orders, Payments, Shipping};
use crate::inbox::{Inbox, Request};

/// One request per line, `METHOD path body`, with `@KEY` before it where it has one.
fn check<D: Domain>(requests: &str, expected: Expect) {
    let mut inbox = Inbox::<D>::over(Connection::open_in_memory().unwrap()).unwrap();
    let mut transcript = String::new();
    for request in requests.trim().lines() {
        let request = request.trim();
        let (key, request) = match request.strip_prefix('@') {
            Some(rest) => rest.split_once(' ').map(|(key, rest)| (Some(key), rest)).unwrap(),
            None => (None, request),
        };
        let (method, rest) = request.split_once(' ').unwrap();
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let method: Method = method.parse().unwrap();
        let request = Request { method: &method, path, key, body: body.as_bytes() };
        let answer = inbox.take(&request).unwrap().answer;
        writeln!(transcript, "{} {}", answer.status, answer.body).unwrap();
    }
    writeln!(transcript, "sums {}", D::sums(inbox.connection()).unwrap()).unwrap();
    expected.assert_eq(&transcript);
}

#[test]
fn orders() {
    check::<Orders>(
        r#"
        POST /orders {"customer":"ann","items":[{"sku":"tea","quantity":2,"price":150},{"sku":"cup","quantity":1,"price":50}]}
        POST /orders {"customer":"bob","items":[{"sku":"tea","quantity":1,"price":1}]}
        POST /orders {"customer":"eve","items":[{"sku":"tea","quantity":1,"price":2}]}
        POST /orders/order-1/confirm
        POST /orders/order-1/confirm
        POST /orders/order-1/reject
        POST /orders/order-2/reject
        GET /orders/order-2
        GET /orders/order-4
        POST /orders ["ann",[]]
        DELETE /orders/order-1
        "#,
        expect![[r#"
            201 {"orderId":"order-1","total":350}
            201 {"orderId":"order-2","total":1}
            201 {"orderId":"order-3","total":2}
            200 {"orderId":"order-1","state":"confirmed"}
            200 {"orderId":"order-1","state":"confirmed"}
            409 {"title":"the order has ended","status":409,"detail":"order order-1 is \"confirmed\""}
            200 {"orderId":"order-2","state":"rejected"}
            200 {"orderId":"order-2","customer":"bob","items":[{"sku":"tea","quantity":1,"price":1}],"total":1,"state":"rejected"}
            404 {"title":"not found","status":404,"detail":"there is no order \"order-4\""}
            400 {"title":"the body is not what is expected","status":400,"detail":"expected a JSON object"}
            404 {"title":"no such operation","status":404,"detail":"this service has no DELETE /orders/order-1"}
            sums {"open":{"orders":1,"value":2},"confirmed":{"orders":1,"value":350},"rejected":{"orders":1,"value":1}}
        "#]],
    );
}

#[test]
fn payments() {
    check::<Payments>(
        r#"
        POST /charges {"orderId":"o-1","amount":100000,"currency":"EUR"}
        POST /charges {"orderId":"o-1","amount":100001,"currency":"EUR"}
        POST /charges {"orderId":"o-2","amount":70,"currency":"CHF"}
        POST /refunds {"chargeId":"charge-1","amount":40000}
        POST /refunds {"chargeId":"charge-1","amount":60001}
        POST /refunds {"chargeId":"charge-1"}
        POST /refunds {"chargeId":"charge-1"}
        GET /charges/charge-2
        "#,
        expect![[r#"
            201 {"chargeId":"charge-1"}
            402 {"title":"charge refused","status":402,"detail":"100001 is more than the limit of 100000 cents"}
            201 {"chargeId":"charge-2"}
            201 {"refundId":"refund-1","amount":40000}
            409 {"title":"not refundable","status":409,"detail":"60000 cents of charge-1 are left to refund"}
            201 {"refundId":"refund-2","amount":60000}
            409 {"title":"not refundable","status":409,"detail":"0 cents of charge-1 are left to refund"}
            200 {"chargeId":"charge-2","orderId":"o-2","amount":70,"currency":"CHF","refunded":0}
            sums {"accounts":{"CHF":{"charges":1,"charged":70,"refunded":0,"net":70},"EUR":{"charges":1,"charged":100000,"refunded":100000,"net":0}},"charges":2,"refunds":2}
        "#]],
    );
}

#[test]
fn inventory() {
    check::<Inventory>(
        r#"
        POST /reservations {"orderId":"o-1","items":[{"sku":"tea","quantity":2},{"sku":"cup","quantity":1},{"sku":"tea","quantity":1}]}
        POST /reservations {"orderId":"o-2","items":[{"sku":"tea","quantity":999998}]}
        POST /reservations {"orderId":"o-2","items":[{"sku":"tea","quantity":999997}]}
        POST /reservations/reservation-1/commit
        POST /reservations/reservation-1/commit
        POST /reservations/reservation-1/release
        POST /reservations/reservation-2/release
        POST /reservations {"orderId":"o-3","items":[{"sku":"orchid","quantity":1}]}
        POST /deliveries {"sku":"orchid","quantity":2}
        POST /reservations {"orderId":"o-3","items":[{"sku":"orchid","quantity":1}]}
        GET /stock/orchid
        GET /stock/gold
        "#,
        expect![[r#"
            201 {"reservationId":"reservation-1"}
            409 {"title":"out of stock","status":409,"detail":"999998 of tea are wanted and 999997 are left"}
            201 {"reservationId":"reservation-2"}
            200 {"reservationId":"reservation-1","state":"committed"}
            200 {"reservationId":"reservation-1","state":"committed"}
            409 {"title":"the reservation has ended","status":409,"detail":"reservation reservation-1 is \"committed\""}
            200 {"reservationId":"reservation-2","state":"released"}
            409 {"title":"out of stock","status":409,"detail":"1 of orchid are wanted and 0 are left"}
            201 {"deliveryId":"delivery-1","sku":"orchid","stock":2}
            201 {"reservationId":"reservation-3"}
            200 {"received":2,"stock":1,"reserved":1,"shipped":0}
            404 {"title":"not found","status":404,"detail":"there is no sku \"gold\""}
            sums {"stock":{"coffee":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"cup":{"received":1000000,"stock":999999,"reserved":0,"shipped":1},"kettle":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"orchid":{"received":2,"stock":1,"reserved":1,"shipped":0},"tea":{"received":1000000,"stock":999997,"reserved":0,"shipped":3}},"reservations":3,"deliveries":1}
        "#]],
    );
}

#[test]
fn shipping() {
    check::<Shipping>(
        r#"
        POST /quotes {"items":[{"sku":"tea","quantity":3}]}
        POST /quotes {"items":[{"sku":"tea","quantity":3}],"carrier":"swift"}
        POST /shipments {"orderId":"o-1","items":[{"sku":"tea","quantity":1},{"sku":"tea","quantity":2}],"method":"express"}
        POST /shipments {"orderId":"o-1","items":[{"sku":"tea","quantity":3}],"method":"standard"}
        "#,
        expect![[r#"
            200 {"carrier":"steady","price":500,"days":4}
            200 {"carrier":"swift","price":1100,"days":1}
            201 {"shipmentId":"shipment-1","tracking":"TRACK00000001"}
            201 {"shipmentId":"shipment-2","tracking":"TRACK00000002"}
            sums {"shipments":2,"standard":1,"express":1}
        "#]],
    );
}

#[test]
fn what_was_done_under_a_key_is_undone_by_it() {
    check::<Payments>(
        r#"
        @k-1 POST /charges {"orderId":"o-1","amount":500,"currency":"EUR"}
        @u-1 POST /charges/undo {"key":"k-1"}
        @u-1 POST /charges/undo {"key":"k-1"}
        @u-2 POST /charges/undo {"key":"k-1"}
        @k-2 POST /charges {"orderId":"o-2","amount":500,"currency":"EUR"}
        POST /refunds {"chargeId":"charge-2","amount":100}
        @u-3 POST /charges/undo {"key":"k-2"}
        @k-3 POST /charges {"orderId":"o-3","amount":500000,"currency":"EUR"}
        @u-4 POST /charges/undo {"key":"k-3"}
        @k-3 POST /charges {"orderId":"o-3","amount":500000,"currency":"EUR"}
        "#,
        expect![[r#"
            201 {"chargeId":"charge-1"}
            200 {"chargeId":"charge-1","amount":500}
            200 {"chargeId":"charge-1","amount":500}
            200 {"chargeId":"charge-1","amount":0}
            201 {"chargeId":"charge-2"}
            201 {"refundId":"refund-2","amount":100}
            200 {"chargeId":"charge-2","amount":400}
            402 {"title":"charge refused","status":402,"detail":"500000 is more than the limit of 100000 cents"}
            200 {"chargeId":null,"amount":0}
            402 {"title":"charge refused","status":402,"detail":"500000 is more than the limit of 100000 cents"}
            sums {"accounts":{"EUR":{"charges":2,"charged":1000,"refunded":1000,"net":0}},"charges":2,"refunds":3}
        "#]],
    );
    check::<Inventory>(
        r#"
        @k-1 POST /reservations {"orderId":"o-1","items":[{"sku":"tea","quantity":2}]}
        @u-1 POST /reservations/undo {"key":"k-1"}
        @u-2 POST /reservations/undo {"key":"k-1"}
        @k-2 POST /reservations {"orderId":"o-2","items":[{"sku":"tea","quantity":2}]}
        POST /reservations/reservation-2/commit
        @u-3 POST /reservations/undo {"key":"k-2"}
        "#,
        expect![[r#"
            201 {"reservationId":"reservation-1"}
            200 {"reservationId":"reservation-1","state":"released"}
            200 {"reservationId":"reservation-1","state":"released"}
            201 {"reservationId":"reservation-2"}
            200 {"reservationId":"reservation-2","state":"committed"}
            409 {"title":"the reservation has ended","status":409,"detail":"reservation reservation-2 is \"committed\""}
            sums {"stock":{"coffee":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"cup":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"kettle":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"orchid":{"received":0,"stock":0,"reserved":0,"shipped":0},"tea":{"received":1000000,"stock":999998,"reserved":0,"shipped":2}},"reservations":2,"deliveries":0}
        "#]],
    );
    check::<Orders>(
        r#"
        @k-1 POST /orders {"customer":"ann","items":[{"sku":"tea","quantity":2,"price":150}]}
        @u-1 POST /orders/undo {"key":"k-1"}
        @k-2 POST /orders {"customer":"bob","items":[{"sku":"tea","quantity":2,"price":150}]}
        POST /orders/order-2/confirm
        @u-2 POST /orders/undo {"key":"k-2"}
        POST /orders/order-2/confirm
        "#,
        expect![[r#"
            201 {"orderId":"order-1","total":300}
            200 {"orderId":"order-1","customer":"ann","state":"rejected"}
            201 {"orderId":"order-2","total":300}
            200 {"orderId":"order-2","state":"confirmed"}
            200 {"orderId":"order-2","customer":"bob","state":"rejected"}
            409 {"title":"the order has ended","status":409,"detail":"order order-2 is \"rejected\""}
            sums {"open":{"orders":0,"value":0},"confirmed":{"orders":0,"value":0},"rejected":{"orders":2,"value":600}}
        "#]],
    );
}

#[test]
fn what_is_undone_before_it_came_is_refused() {
    check::<Payments>(
        r#"
        @u-1 POST /charges/undo {"key":"k-1"}
        @k-1 POST /charges {"orderId":"o-1","amount":500,"currency":"EUR"}
        @u-1 POST /charges/undo {"key":"k-1"}
        POST /charges/undo {"charge":"k-1"}
        "#,
        expect![[r#"
            200 {"chargeId":null,"amount":0}
            409 {"title":"undone","status":409,"detail":"it was undone before it came"}
            200 {"chargeId":null,"amount":0}
            400 {"title":"the body is not what is expected","status":400,"detail":"missing field `key` at line 1 column 16"}
            sums {"accounts":{},"charges":0,"refunds":0}
        "#]],
    );
    check::<Inventory>(
        r#"
        @u-1 POST /reservations/undo {"key":"k-1"}
        @k-1 POST /reservations {"orderId":"o-1","items":[{"sku":"tea","quantity":2}]}
        "#,
        expect![[r#"
            200 {"reservationId":null}
            409 {"title":"undone","status":409,"detail":"it was undone before it came"}
            sums {"stock":{"coffee":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"cup":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"kettle":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0},"orchid":{"received":0,"stock":0,"reserved":0,"shipped":0},"tea":{"received":1000000,"stock":1000000,"reserved":0,"shipped":0}},"reservations":0,"deliveries":0}
        "#]],
    );
    check::<Orders>(
        r#"
        @u-1 POST /orders/undo {"key":"k-1"}
        @k-1 POST /orders {"customer":"ann","items":[{"sku":"tea","quantity":2,"price":150}]}
        "#,
        expect![[r#"
            200 {"orderId":null}
            409 {"title":"undone","status":409,"detail":"it was undone before it came"}
            sums {"open":{"orders":0,"value":0},"confirmed":{"orders":0,"value":0},"rejected":{"orders":0,"value":0}}
        "#]],
    );
}

#[test]
fn notifications() {
    check::<Notifications>(
        r#"
        POST /messages {"to":"ann","template":"order-confirmed","orderId":"o-1"}
        POST /messages {"to":"bob","template":"order-rejected","orderId":"o-2"}
        GET /messages
        "#,
        expect![[r#"
            201 {"messageId":"message-1"}
            201 {"messageId":"message-2"}
            404 {"title":"no such operation","status":404,"detail":"this service has no GET /messages"}
            sums {"messages":2,"byTemplate":{"order-confirmed":1,"order-rejected":1}}
        "#]],
    );
}
