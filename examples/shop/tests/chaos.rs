//! Everything goes wrong at once, and the audit still tells right from wrong.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Retries, Running, Shop, call, charge, folder, get, shop};

const CUSTOMERS: usize = 24;

/// Every third customer orders more than payments allows.
fn order_of_all(shop: &Shop, retries: Retries) {
    std::thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                for customer in (worker..CUSTOMERS).step_by(4) {
                    let price = if customer % 3 == 0 { 60_000 } else { 1_000 };
                    shop.fulfil(&format!("customer-{customer}"), price, retries);
                }
            });
        }
    });
    shop.set_all_faults(&json!({}));
}

fn total(report: &Value, name: &str) -> u64 {
    report["totals"][name].as_u64().unwrap()
}

#[test]
fn with_the_same_key_nothing_is_lost_or_done_twice() {
    let shop = Shop::open("chaos");
    shop.set_all_faults(&json!({
        "errors": 0.1, "latencyMs": 1, "hang": 0.08, "crash": 0.06, "crashAfterEffect": 0.06,
    }));
    order_of_all(&shop, Retries::WithTheSameKey);
    let (code, report) = shop.audit(&["--json", "--expect-orders", &CUSTOMERS.to_string()]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, &report["violations"]), (0, &json!([])));
    assert_eq!((total(&report, "ordersConfirmed"), total(&report, "ordersRejected")), (16, 8));
    assert_eq!(total(&report, "centsCharged"), 16 * 2_000);
    assert_eq!(total(&report, "piecesShipped"), 16 * 2);

    let outcomes = |fault: &str| -> u64 {
        let services = report["arrivals"].as_object().unwrap().values();
        services.filter_map(|service| service["outcomes"][fault].as_u64()).sum()
    };
    for fault in ["error", "crash", "crashAfterEffect", "hang"] {
        assert!(outcomes(fault) > 0, "no {fault} in {}", report["arrivals"]);
    }
}

#[test]
fn with_a_new_key_for_each_try_the_audit_finds_what_was_done_twice() {
    let shop = Shop::open("chaos-sabotage");
    shop.set_all_faults(&json!({ "crashAfterEffect": 0.15 }));
    order_of_all(&shop, Retries::WithANewKey);
    let (code, report) = shop.audit(&["--json", "--expect-orders", &CUSTOMERS.to_string()]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, &report["addsUp"]), (1, &json!(false)));
    assert!(!report["violations"].as_array().unwrap().is_empty());
}

#[test]
fn what_was_answered_before_a_kill_is_there_after_it() {
    let answered: Mutex<BTreeMap<String, Value>> = Mutex::default();
    let payments = under_kills("kills", |key, ask| {
        let charge = ask("/charges", key, &charge("o", 1));
        lock(&answered).insert(key.to_owned(), charge["chargeId"].clone());
    });
    let (_, audit) = get(payments.address(), "/_audit?full=true").unwrap();
    let answered = answered.into_inner().unwrap();
    assert_eq!(audit["sums"]["charges"], answered.len(), "one charge for each key");
    let mut charges: Vec<_> = answered.values().map(ToString::to_string).collect();
    charges.sort_unstable();
    charges.dedup();
    assert_eq!(charges.len(), answered.len(), "no two keys got one charge");
}

#[test]
fn what_is_undone_under_kills_is_undone_once_or_never_done() {
    let done: Mutex<usize> = Mutex::default();
    let payments = under_kills("undone", |key, ask| {
        let (undo, body) = (format!("undo-{key}"), json!({ "key": key }));
        // Every other one is undone before it came.
        if key.ends_with(['1', '3', '5', '7', '9']) {
            assert_eq!(ask("/charges/undo", &undo, &body)["chargeId"], Value::Null);
            assert_eq!(ask("/charges", key, &charge("o", 3))["status"], 409);
        } else {
            let charged = ask("/charges", key, &charge("o", 3));
            let undone = ask("/charges/undo", &undo, &body);
            assert_eq!(undone, json!({ "chargeId": charged["chargeId"], "amount": 3 }));
            *lock(&done) += 1;
        }
    });
    let (_, audit) = get(payments.address(), "/_audit?full=true").unwrap();
    let (sums, done) = (&audit["sums"], done.into_inner().unwrap());
    assert_eq!((&sums["charges"], &sums["refunds"]), (&json!(done), &json!(done)));
    assert_eq!(sums["accounts"]["EUR"]["net"], 0);
}

/// What one client does for one key, by asking until it is answered, over as many kills as that takes.
type Work<'w> = &'w dyn Fn(&str, &str, &Value) -> Value;

/// Lets clients work while payments is killed a dozen times; gives the last one.
fn under_kills(test: &str, work: impl Fn(&str, Work<'_>) + Sync) -> Running {
    let data = folder(test);
    let (worked, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    // The address stays the same over all kills.
    let mut payments = Running::service("payments", &data);
    let address = payments.address();
    let ask = |path: &str, key: &str, body: &Value| {
        let (body, patience) = (body.to_string(), Duration::from_secs(10));
        let ask = || call(address, "POST", path, Some(key), &body, patience);
        (0..).find_map(|_| ask()).unwrap().1
    };
    std::thread::scope(|scope| {
        for client in 0..6 {
            let (work, ask, worked, over) = (&work, &ask, &worked, &over);
            scope.spawn(move || {
                for n in 0.. {
                    work(&format!("{client}-{n}"), ask);
                    worked.fetch_add(1, Ordering::Relaxed);
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        for _ in 0..12 {
            let enough = worked.load(Ordering::Relaxed) + 20;
            while worked.load(Ordering::Relaxed) < enough {
                std::thread::yield_now();
            }
            payments.child.kill().unwrap();
            payments.child.wait().unwrap();
            let (listen, data) = (address.to_string(), data.to_str().unwrap());
            payments = Running::start(&["payments", "--listen", &listen, "--data", data]);
        }
        over.store(true, Ordering::Relaxed);
    });
    payments
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn commands_that_make_no_sense_say_so() {
    for (arguments, part) in [
        (&["all", "--base-port", "65533", "--data", "/nowhere"][..], "the ports end at 65535"),
        (&["workflows", "--base-port", "65533", "--out", "/tmp"], "the ports end at 65535"),
        (&["audit", "--base-port", "65533", "--data", "/nowhere"], "cannot call http://127.0.0.1"),
        (
            &["payments", "--listen", "127.0.0.1:0", "--data", "/dev/null"],
            "cannot create /dev/null",
        ),
        (&["payments", "--listen", "everywhere", "--data", "/tmp"], "invalid socket address"),
    ] {
        let output = shop(arguments).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} said {told}");
        assert!(told.contains(part), "{arguments:?} said {told}");
    }
}
