use motet_types::{ShardId, WorkflowName};

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000).saturating_add(Duration::from_secs(seconds))
}

fn call(nth: u64) -> CallId {
    (InstanceId::new(at(0), ShardId(1), nth), StepId(1), Attempt(1))
}

fn to(host: &str) -> Ends {
    let label = |text: &str| text.parse().expect("a label");
    let workflow = WorkflowName { namespace: label("test"), name: label("order") };
    let workflow = WorkflowRef { workflow, version: Version::new(1, 0, 0) };
    Ends { workflow, target: Target::Host(host.to_owned()) }
}

#[test]
fn calls_rates_and_latencies_follow_from_what_came_back() {
    let mut observed = Observed::default();
    for nth in 0..60 {
        observed.sent(at(nth), call(nth), to("bank.example"));
        let is_error = (nth % 10 == 9).then_some(true).or(Some(false));
        let took = observed.ended(
            at(nth).saturating_add(Duration::from_millis(nth + 1)),
            call(nth),
            is_error,
        );
        assert_eq!(took, Some(Duration::from_millis(nth + 1)));
    }
    observed.sent(at(60), call(60), to("bank.example"));
    observed.sent(at(60), call(61), to("bank.example"));
    observed.ended(at(60), call(61), None);
    let seen = &observed.view(at(60))[0];
    assert_eq!((seen.calls, seen.errors, seen.in_flight), (60, 6, 1));
    // The window forgets in pieces of six seconds.
    assert!((0.9..=1.0).contains(&seen.rate), "{}", seen.rate);
    let millis = |value: Option<Duration>| value.expect("calls were seen").as_secs_f64() * 1e3;
    assert!((30.0..=31.5).contains(&millis(seen.p50)), "{:?}", seen.p50);
    assert!((60.0..=63.0).contains(&millis(seen.p99)), "{:?}", seen.p99);
    let later = &observed.view(at(1_000))[0];
    assert_eq!(
        (later.calls, later.rate, later.p99),
        (60, 0.0, None),
        "counts stay, the rest is of late"
    );
}

#[test]
fn the_longest_unused_edge_makes_room_and_its_calls_count_for_nobody_else() {
    let mut observed = Observed::default();
    for nth in 0..EDGES_MAX as u64 {
        observed.sent(at(nth), call(nth), to(&format!("{nth:05}")));
    }
    observed.ended(at(5_000), call(0), Some(false));
    observed.sent(at(5_001), call(9_999), to("new"));
    let hosts: Vec<_> = observed.view(at(5_002)).into_iter().map(|edge| edge.target).collect();
    assert_eq!(hosts.len(), EDGES_MAX);
    assert!(hosts.contains(&Target::Host("00000".to_owned())), "it was used last");
    assert!(!hosts.contains(&Target::Host("00001".to_owned())));
    observed.ended(at(5_003), call(1), Some(true));
    assert_eq!(observed.view(at(5_004)).iter().map(|edge| edge.errors).sum::<u64>(), 0);
    assert_eq!(observed.ended(at(5_005), call(1), Some(true)), None, "a call comes back once");
}
