use expect_test::expect;
use motet_expr::json;

use super::*;

fn history(lines: &str) -> Vec<Value> {
    let parse = |line: &str| json::parse(line.as_bytes(), json::Limits::default()).unwrap();
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(parse).collect()
}

#[test]
fn a_process_reads_as_a_tree_of_what_happened() {
    let history = history(
        r#"
        {"number":0,"at":"2026-01-31T08:30:00.000Z","type":"started","step":0,"workflow":"shop/order:1.0.0"}
        {"number":1,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":1,"name":"reserve","parent":0}
        {"number":2,"at":"2026-01-31T08:30:00.001Z","type":"requested","step":1,"name":"reserve","attempt":1,"request":{"method":"POST","uri":"http://inventory/reservations"}}
        {"number":3,"at":"2026-01-31T08:30:00.200Z","type":"settled","step":1,"name":"reserve","attempt":1,"output":{}}
        {"number":4,"at":"2026-01-31T08:30:00.200Z","type":"completed","step":1,"name":"reserve"}
        {"number":5,"at":"2026-01-31T08:30:00.200Z","type":"skipped","step":0,"name":"gift-wrap"}
        {"number":6,"at":"2026-01-31T08:30:00.200Z","type":"activated","step":2,"name":"pay","parent":0}
        {"number":7,"at":"2026-01-31T08:30:00.200Z","type":"activated","step":3,"name":"charge","parent":2}
        {"number":8,"at":"2026-01-31T08:30:00.200Z","type":"requested","step":3,"name":"charge","attempt":1,"request":{"method":"POST","uri":"http://payments/charges"}}
        {"number":9,"at":"2026-01-31T08:30:01.200Z","type":"settled","step":3,"name":"charge","attempt":1,"error":{"type":"https://x/errors/communication","status":503,"title":"busy"},"maybeRun":false}
        {"number":10,"at":"2026-01-31T08:30:01.200Z","type":"failed","step":3,"name":"charge","error":{"type":"https://x/errors/communication","status":503,"title":"busy"}}
        {"number":11,"at":"2026-01-31T08:30:01.200Z","type":"caught","step":2,"name":"pay","error":{"type":"https://x/errors/communication","status":503,"title":"busy"},"retry":1,"due":"2026-01-31T08:30:02.000Z"}
        {"number":12,"at":"2026-01-31T08:30:02.000Z","type":"retried","step":2,"name":"pay"}
        {"number":13,"at":"2026-01-31T08:30:02.000Z","type":"activated","step":4,"name":"charge","parent":2}
        {"number":14,"at":"2026-01-31T08:30:02.000Z","type":"requested","step":4,"name":"charge","attempt":1,"request":{"method":"POST","uri":"http://payments/charges"}}
        {"number":15,"at":"2026-01-31T08:30:02.000Z","type":"resent","step":4,"name":"charge","attempt":2}
        {"number":16,"at":"2026-01-31T08:31:05.000Z","type":"activated","step":5,"name":"cool-off","parent":0}
        {"number":17,"at":"2026-01-31T08:31:05.000Z","type":"waiting","step":5,"name":"cool-off","due":"2026-02-01T08:31:05.000Z"}
        "#,
    );
    expect![[r#"
        ├─ ✓ reserve  POST http://inventory/reservations  200ms
        ├─ ○ gift-wrap  skipped
        ├─ ● pay  since 2026-01-31T08:30:00.200Z
        │  │ caught communication 503: busy; retry 1 at 2026-01-31T08:30:02.000Z
        │  ├─ ✗ charge  POST http://payments/charges  1.0s
        │  │    attempt 1: communication 503: busy
        │  └─ ● charge  POST http://payments/charges  (2 attempts)  since 2026-01-31T08:30:02.000Z
        └─ ● cool-off  until 2026-02-01T08:31:05.000Z  since 2026-01-31T08:31:05.000Z
    "#]]
    .assert_eq(&draw(&history, Style(false)));
}

#[test]
fn an_end_by_error_and_a_second_life_are_told() {
    let history = history(
        r#"
        {"number":0,"at":"2026-01-31T08:30:00.000Z","type":"started","step":0,"workflow":"shop/order:1.0.0"}
        {"number":1,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":1,"name":"all","parent":0,"items":[1,2]}
        {"number":2,"at":"2026-01-31T08:30:00.000Z","type":"iterated","step":1,"name":"all","index":0}
        {"number":3,"at":"2026-01-31T08:30:00.000Z","type":"iterated","step":1,"name":"all","index":1}
        {"number":4,"at":"2026-01-31T08:30:00.000Z","type":"failed","step":1,"name":"all","error":{"type":"broken","detail":"no"}}
        {"number":5,"at":"2026-01-31T08:30:00.000Z","type":"workflow-faulted","step":0,"error":{"type":"broken","detail":"no"}}
        {"number":6,"at":"2026-01-31T09:30:00.000Z","type":"reopened","step":0}
        {"number":7,"at":"2026-01-31T09:30:00.000Z","type":"suspended","step":0,"reason":"lunch"}
        {"number":8,"at":"2026-01-31T09:30:00.000Z","type":"workflow-cancelled","step":0,"reason":"enough"}
        "#,
    );
    expect![[r#"
        │ opened again
        │ suspended: lunch
        │ cancelled: enough
        └─ ✗ all ×2  0ms
             broken: no
    "#]]
    .assert_eq(&draw(&history, Style(false)));
}

#[test]
fn iterations_side_by_side_are_told_apart() {
    let history = history(
        r#"
        {"number":0,"at":"2026-01-31T08:30:00.000Z","type":"started","step":0,"workflow":"shop/order:1.0.0"}
        {"number":1,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":1,"name":"all","parent":0,"items":[1,2]}
        {"number":2,"at":"2026-01-31T08:30:00.000Z","type":"iteration-began","step":2,"name":"all","parent":1,"index":0}
        {"number":3,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":3,"name":"ask","parent":2}
        {"number":4,"at":"2026-01-31T08:30:00.000Z","type":"iteration-began","step":4,"name":"all","parent":1,"index":1}
        {"number":5,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":5,"name":"ask","parent":4}
        {"number":6,"at":"2026-01-31T08:30:01.000Z","type":"failed","step":3,"name":"ask","error":{"type":"broken","detail":"no"}}
        {"number":7,"at":"2026-01-31T08:30:01.000Z","type":"iteration-failed","step":2,"name":"all","error":{"type":"broken","detail":"no"}}
        {"number":8,"at":"2026-01-31T08:30:02.000Z","type":"completed","step":5,"name":"ask"}
        {"number":9,"at":"2026-01-31T08:30:02.000Z","type":"completed","step":4,"name":"all"}
        "#,
    );
    expect![[r#"
        └─ ● all  since 2026-01-31T08:30:00.000Z
           ├─ ✗ all #0  1.0s
           │  │ broken: no
           │  └─ ✗ ask  1.0s
           │       broken: no
           └─ ✓ all #1  2.0s
              └─ ✓ ask  2.0s
    "#]]
    .assert_eq(&draw(&history, Style(false)));
}

#[test]
fn a_history_that_makes_no_sense_is_drawn_all_the_same() {
    let history = history(
        r#"
        {}
        {"type":"completed","step":9}
        {"type":"activated","step":"x","parent":-1,"at":"yesterday"}
        {"type":"something-new","step":1}
        "#,
    );
    assert_eq!(draw(&history, Style(false)), "");
}

#[test]
fn durations_are_said_as_people_say_them() {
    let said: Vec<String> =
        [0, 999, 1_000, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000, 90_061_000]
            .into_iter()
            .map(|millis| duration(Duration::from_millis(millis)))
            .collect();
    assert_eq!(
        said,
        ["0ms", "999ms", "1.0s", "59.9s", "1m 00s", "59m 59s", "1h 00m", "1d 00h", "1d 01h"]
    );
}

#[test]
fn what_a_parked_call_waits_for_is_told_until_it_leaves() {
    let mut records = history(
        r#"
        {"number":0,"at":"2026-01-31T08:30:00.000Z","type":"started","step":0,"workflow":"shop/order:1.0.0"}
        {"number":1,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":1,"name":"charge","parent":0}
        {"number":2,"at":"2026-01-31T08:30:00.000Z","type":"requested","step":1,"name":"charge","attempt":1,"request":{"method":"POST","uri":"http://payments/charges"}}
        {"number":3,"at":"2026-01-31T08:30:01.000Z","type":"parked","step":1,"name":"charge","attempt":1,"reason":"gate","since":"2026-01-31T08:30:00.000Z","sent":false}
        "#,
    );
    expect![[r#"
        └─ ● charge  POST http://payments/charges  since 2026-01-31T08:30:00.000Z
             parked since 2026-01-31T08:30:00.000Z, waits for its turn: as many calls as there may be are in flight
    "#]]
    .assert_eq(&draw(&records, Style(false)));
    records.extend(history(
        r#"{"number":4,"at":"2026-01-31T08:30:02.000Z","type":"released","step":1,"name":"charge","attempt":1}"#,
    ));
    expect![[r#"
        └─ ● charge  POST http://payments/charges  since 2026-01-31T08:30:00.000Z
    "#]]
    .assert_eq(&draw(&records, Style(false)));
}

#[test]
fn steps_that_began_in_what_was_cut_out_stand_at_the_margin() {
    let history = history(
        r#"
        {"number":0,"at":"2026-01-31T08:30:00.000Z","type":"started","step":0,"workflow":"shop/order:1.0.0"}
        {"number":1,"at":"2026-01-31T08:30:00.000Z","type":"activated","step":1,"name":"rounds","parent":0,"items":[1,2]}
        {"number":2,"at":"2026-01-31T08:30:00.000Z","type":"iterated","step":1,"name":"rounds","index":0}
        {"number":2047,"at":"2026-01-31T08:31:00.000Z","type":"cut","step":0,"from":3,"records":2045}
        {"number":2048,"at":"2026-01-31T08:31:00.000Z","type":"activated","step":702,"name":"check","parent":700}
        {"number":2049,"at":"2026-01-31T08:31:00.100Z","type":"completed","step":702,"name":"check"}
        {"number":2050,"at":"2026-01-31T08:31:00.100Z","type":"iterated","step":700,"name":"orders","task":"/do/0/rounds/do/0/orders","index":7}
        {"number":2051,"at":"2026-01-31T08:31:00.200Z","type":"completed","step":701,"name":"charge"}
        "#,
    );
    expect![[r#"
        │ 2045 records from number 3 on were cut out
        ├─ ● rounds  since 2026-01-31T08:30:00.000Z
        ├─ ● orders
        │  └─ ✓ check  100ms
        └─ ✓ charge
    "#]]
    .assert_eq(&draw(&history, Style(false)));
}
