//! All five services, and the way of an order through them by hand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Answer, Running, call, charge, ended, folder, free_ports, set_faults, shop};

/// A running `shop all`.
pub(crate) struct Shop {
    pub(crate) running: Running,
    pub(crate) base_port: u16,
    pub(crate) data: PathBuf,
}

/// What a client does when no answer comes, or one of 500 and above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retries {
    Never,
    /// As it should be.
    WithTheSameKey,
    /// The mistake that keys are there to prevent.
    WithANewKey,
}

/// A service that fails as long as this is gone.
const PATIENCE: Duration = Duration::from_secs(60);

impl Shop {
    pub(crate) fn open(test: &str) -> Self {
        let (base_port, data) = (free_ports(), folder(test));
        let port = base_port.to_string();
        let arguments = ["all", "--base-port", &port, "--data", data.to_str().unwrap()];
        Self { running: Running::start(&arguments), base_port, data }
    }

    pub(crate) fn address(&self, nth: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.base_port + nth))
    }

    /// The answer, which is none of 300 and above.
    pub(crate) fn post(&self, nth: u16, path: &str, key: &str, body: &Value) -> Value {
        let (status, answer) = self.step(nth, path, key, body, Retries::Never).unwrap();
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    pub(crate) fn set_all_faults(&self, faults: &Value) {
        (0..5).for_each(|nth| set_faults(self.address(nth), faults));
    }

    /// Exit code and output of `shop audit`.
    pub(crate) fn audit(&self, options: &[&str]) -> (i32, String) {
        let (port, data) = (self.base_port.to_string(), self.data.to_str().unwrap());
        let mut command = shop(&["audit", "--base-port", &port, "--data", data]);
        ended(&command.args(options).output().unwrap())
    }

    pub(crate) fn fulfil_once(&self, customer: &str, price: u64) -> String {
        self.fulfil(customer, price, Retries::Never)
    }

    /// The whole of fulfil-order; returns the order's id.
    pub(crate) fn fulfil(&self, customer: &str, price: u64, retries: Retries) -> String {
        let items = json!([{ "sku": "tea", "quantity": 2, "price": price }]);
        let ask = |nth, path: &str, step: &str, body: &Value| {
            self.step(nth, path, &format!("{customer}-{step}"), body, retries).unwrap()
        };
        let done = |nth, path: &str, step: &str, body: &Value| {
            let (status, answer) = ask(nth, path, step, body);
            assert!(status < 300, "{path}: {status} {answer}");
            answer
        };
        let order = json!({ "customer": customer, "items": items });
        let placed = done(0, "/orders", "place", &order);
        let order_id = placed["orderId"].as_str().unwrap();
        let goods = json!({ "orderId": order_id, "items": items });
        let reservation = done(2, "/reservations", "reserve", &goods);
        let reservation = reservation["reservationId"].as_str().unwrap();
        let amount = placed["total"].as_u64().unwrap();
        let charged = ask(1, "/charges", "charge", &charge(order_id, amount));
        let template = if charged.0 == 402 {
            done(2, &format!("/reservations/{reservation}/release"), "release", &json!({}));
            done(0, &format!("/orders/{order_id}/reject"), "reject", &json!({}));
            "order-rejected"
        } else {
            let shipment = json!({ "orderId": order_id, "items": items, "method": "standard" });
            done(3, "/shipments", "ship", &shipment);
            done(2, &format!("/reservations/{reservation}/commit"), "commit", &json!({}));
            done(0, &format!("/orders/{order_id}/confirm"), "confirm", &json!({}));
            "order-confirmed"
        };
        let message = json!({ "to": customer, "template": template, "orderId": order_id });
        done(4, "/messages", "tell", &message);
        order_id.to_owned()
    }

    fn step(&self, nth: u16, path: &str, key: &str, body: &Value, retries: Retries) -> Answer {
        let body = body.to_string();
        let started = Instant::now();
        for nth_try in 0.. {
            assert!(started.elapsed() < PATIENCE, "{path} fails for ever");
            let (key, patience) = match retries {
                Retries::Never => (key.to_owned(), Duration::from_secs(10)),
                Retries::WithTheSameKey => (key.to_owned(), Duration::from_millis(200)),
                Retries::WithANewKey => (format!("{key}-{nth_try}"), Duration::from_millis(200)),
            };
            let answer = call(self.address(nth), "POST", path, Some(&key), &body, patience);
            match answer {
                Some((status, _)) if status < 500 => return answer,
                _ if retries == Retries::Never => return answer,
                // A service that crashed needs its moment to come back.
                _ => std::thread::yield_now(),
            }
        }
        unreachable!("it is tried for ever")
    }
}
