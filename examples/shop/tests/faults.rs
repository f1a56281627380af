//! Faults on request, and what is left after them.

mod support;

use std::time::Duration;

use expect_test::expect;
use serde_json::json;
use support::{Running, arrivals, call, charge, folder, get, post, set_faults, sums};

#[test]
fn an_error_has_no_effect() {
    let data = folder("errors");
    let payments = Running::service("payments", &data);
    let address = payments.address();
    set_faults(address, &json!({ "errors": 1.0, "status": 502 }));
    let (status, problem) = post(address, "/charges", "k-1", &charge("o", 5)).unwrap();
    assert_eq!((status, &problem["title"]), (502, &json!("fault on request")));
    set_faults(address, &json!({}));
    assert_eq!(post(address, "/charges", "k-1", &charge("o", 5)).unwrap().0, 201);
    assert_eq!(
        arrivals(&data, "payments"),
        ["POST /charges k-1", "-> 502 error", "POST /charges k-1", "-> 201"]
    );
}

#[test]
fn a_hang_has_its_effect_and_no_answer() {
    let data = folder("hang");
    let payments = Running::service("payments", &data);
    let address = payments.address();
    set_faults(address, &json!({ "hang": 1.0 }));
    let body = charge("o", 5).to_string();
    let short = Duration::from_millis(100);
    assert_eq!(call(address, "POST", "/charges", Some("k-1"), &body, short), None);
    set_faults(address, &json!({}));
    assert_eq!(sums(address)["charges"], 1);
    assert_eq!(post(address, "/charges", "k-1", &charge("o", 5)).unwrap().0, 201);
    assert_eq!(sums(address)["charges"], 1);
    assert_eq!(
        arrivals(&data, "payments"),
        ["POST /charges k-1", "-> null hang", "POST /charges k-1", "-> 201 repeated"]
    );
}

#[test]
fn a_crash_comes_before_the_effect_or_after_it() {
    for (fault, effects) in [("crash", 0), ("crashAfterEffect", 1)] {
        let data = folder(fault);
        let mut payments = Running::service("payments", &data);
        set_faults(payments.address(), &json!({ fault: 1.0 }));
        assert_eq!(post(payments.address(), "/charges", "k-1", &charge("o", 5)), None);
        assert!(!payments.child.wait().unwrap().success());

        let payments = Running::service("payments", &data);
        let address = payments.address();
        assert_eq!(sums(address)["charges"], effects, "{fault}");
        assert_eq!(get(address, "/_faults").unwrap().1[fault], 1.0, "faults outlive the crash");
        set_faults(address, &json!({}));
        assert_eq!(post(address, "/charges", "k-1", &charge("o", 5)).unwrap().0, 201);
        assert_eq!(sums(address)["charges"], 1);
        let outcome = if effects == 1 { "-> 201 repeated" } else { "-> 201" };
        assert_eq!(
            arrivals(&data, "payments"),
            ["POST /charges k-1", &format!("-> null {fault}"), "POST /charges k-1", outcome]
        );
    }
}

#[test]
fn a_share_of_crashes_lets_the_rest_through() {
    let data = folder("share-of-crashes");
    let (mut crashes, mut answered) = (0, 0);
    let mut payments = Running::service("payments", &data);
    set_faults(payments.address(), &json!({ "crash": 0.2, "crashAfterEffect": 0.2, "seed": 7 }));
    while answered < 20 {
        let key = format!("k-{answered}");
        match post(payments.address(), "/charges", &key, &charge("o", 1)) {
            Some((status, _)) => {
                assert_eq!(status, 201);
                answered += 1;
            }
            None => {
                crashes += 1;
                assert!(crashes < 60, "the same arrival crashes again and again");
                payments.child.wait().unwrap();
                payments = Running::service("payments", &data);
            }
        }
    }
    assert!(crashes > 0);
    assert_eq!(sums(payments.address())["charges"], 20);
}

#[test]
fn latency_delays_the_answer() {
    let data = folder("latency");
    let payments = Running::service("payments", &data);
    set_faults(payments.address(), &json!({ "latencyMs": 40 }));
    let started = std::time::Instant::now();
    post(payments.address(), "/charges", "", &charge("o", 5)).unwrap();
    assert!(started.elapsed() >= Duration::from_millis(40));
}

#[test]
fn what_is_no_set_of_faults_is_refused() {
    let data = folder("bad-faults");
    let payments = Running::service("payments", &data);
    let mut told = String::new();
    for faults in [
        json!({ "error": 1 }),
        json!({ "errors": 1.5 }),
        json!({ "hang": -0.1 }),
        json!({ "status": 200 }),
        json!({ "latencyMs": 60_001 }),
        json!([1]),
    ] {
        let (status, problem) = post(payments.address(), "/_faults", "", &faults).unwrap();
        told += &format!("{status} {}\n", problem["detail"].as_str().unwrap());
    }
    expect![[r#"
        400 unknown field `error`, expected one of `errors`, `status`, `latencyMs`, `hang`, `crash`, `crashAfterEffect`, `seed` at line 1 column 8
        400 a share is from 0 to 1
        400 a share is from 0 to 1
        400 the status of an error is from 400 to 599
        400 latencyMs is at most 60000
        400 expected a JSON object
    "#]].assert_eq(&told);
    assert_eq!(get(payments.address(), "/_faults").unwrap().1["errors"], 0.0);
}
