use expect_test::expect;

use super::*;

fn events(batch: u64, follow_every: u64) -> Events {
    let instances = (0..4).map(|value| format!("i{value}")).collect();
    let server = SocketAddr::from(([127, 0, 0, 1], 1));
    Events { server, host: server.to_string(), batch, follow_every, instances }
}

fn request(events: &Events, step: usize, value: u64) -> String {
    let mut bytes = Vec::new();
    events.request(step, value, &mut bytes);
    String::from_utf8(bytes).unwrap().replace('\r', "")
}

#[test]
fn one_event_is_an_object_and_several_are_an_array() {
    expect![[r#"
        POST /api/v1/events?namespace=bench HTTP/1.1
        host: 127.0.0.1:1
        content-type: application/json
        content-length: 90

        {"specversion":"1.0","source":"/bench","type":"bench.arrived","id":"3","data":{"value":3}}"#]]
    .assert_eq(&request(&events(1, 2), 0, 3));
    let batch = request(&events(2, 2), 0, 1);
    let body = batch.lines().last().unwrap();
    expect![[r#"[{"specversion":"1.0","source":"/bench","type":"bench.arrived","id":"2","data":{"value":2}},{"specversion":"1.0","source":"/bench","type":"bench.arrived","id":"3","data":{"value":3}}]"#]]
    .assert_eq(body);
}

#[test]
fn what_is_followed_is_the_instance_of_the_last_event() {
    let line =
        |events: &Events, value| request(events, 1, value).lines().next().unwrap().to_owned();
    assert_eq!(line(&events(1, 1), 2), "GET /api/v1/instances/i2?wait=30s HTTP/1.1");
    assert_eq!(line(&events(2, 1), 1), "GET /api/v1/instances/i3?wait=30s HTTP/1.1");
    let followed: Vec<u64> = (0..9).filter(|value| events(1, 4).is_followed(*value)).collect();
    assert_eq!(followed, [0, 4, 8]);
}

#[test]
fn only_right_answers_count() {
    let told = |step, value, status: &str, body: &str| {
        let mut bytes = Vec::new();
        wire::respond(&mut bytes, status, "application/json", body.as_bytes());
        let message = wire::message(&bytes).unwrap().unwrap();
        events(2, 3).answered(step, value, &message)
    };
    const TAKEN: &str = r#"{"accepted":2,"duplicates":0}"#;
    assert_eq!(told(0, 0, "202 Accepted", TAKEN), Some(Next::Ask(0)));
    assert_eq!(told(0, 1, "202 Accepted", TAKEN), Some(Next::Done(None)));
    assert_eq!(told(0, 1, "202 Accepted", &TAKEN.replace('2', "1")), None);
    assert_eq!(told(0, 1, "200 OK", TAKEN), None);
    let ended = r#"{"id":"i1","status":"completed","input":{"value":1},"output":[{"value":1}]}"#;
    assert_eq!(told(1, 0, "200 OK", ended), Some(Next::Done(None)));
    assert_eq!(told(1, 0, "202 Accepted", ended), None);
    assert_eq!(told(1, 0, "200 OK", &ended.replace("completed", "waiting")), None);
    assert_eq!(told(1, 0, "200 OK", &ended.replace(r#"[{"value":1}]"#, r#"[{"value":0}]"#)), None);
    assert_eq!(told(1, 0, "200 OK", r#"{"status":"completed"}"#), None);
}

#[test]
fn instances_are_found_by_the_value_that_they_wait_for() {
    assert_eq!(instances("1 20 10 b\n0 21 11 a\n").unwrap(), ["a", "b"]);
    for line in ["0 1 2", "x 1 2 a", "1 1 2 a"] {
        let error = instances(line).unwrap_err().to_string();
        assert_eq!(error, format!("{line:?} is no start"));
    }
}
