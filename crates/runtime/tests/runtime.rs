//! The whole runtime over the in-memory store and a small HTTP service.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::time::Duration;

use motet_expr::json;
use motet_runtime::{Command, Error, HistoryEntry};
use motet_types::{Limits, Status};
use support::{Bench, PATIENCE};

const GREET: &str = "
document: { dsl: '1.0.3', namespace: test, name: greet, version: '1.0.0' }
do:
  - greet: { set: { greeting: '${ \"hello \" + .name }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_pure_workflow_completes_at_once() {
    let bench = Bench::new().await;
    bench.publish(GREET).await;
    let reply = bench.start("greet", r#"{"name":"Ada"}"#, None).await.unwrap();
    assert!(reply.created);
    assert_eq!(reply.instance.status, Status::Completed);
    assert_eq!(json::to_text(&reply.instance.output.unwrap()), r#"{"greeting":"hello Ada"}"#);
    let history = bench.handle().history(reply.instance.id, 0, 100).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["started", "activated", "completed", "workflow-completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_leave_with_key_trace_and_deadline_and_feed_each_other() {
    let bench = Bench::new().await;
    bench.publish(&bench.document("chain", &["a", "b", "c"])).await;
    let reply = bench.start("chain", r#"{"n":1}"#, None).await.unwrap();
    assert_eq!(reply.instance.status, Status::Completed, "{:?}", reply.instance.error);
    assert_eq!(json::to_text(&reply.instance.output.unwrap()), r#"{"path":"/c","n":4}"#);
    let arrivals = bench.arrivals();
    assert_eq!(arrivals.len(), 3);
    for arrival in &arrivals {
        let key = arrival.header("idempotency-key").unwrap();
        assert!(key.starts_with(&reply.instance.id.to_string()), "{key}");
        assert!(arrival.header("traceparent").unwrap().starts_with("00-"));
        assert_eq!(arrival.header("x-request-timeout-ms"), Some("60000"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_key_starts_one_instance() {
    let bench = Bench::new().await;
    bench.publish(GREET).await;
    let first = bench.start("greet", r#"{"name":"Ada"}"#, Some("k1")).await.unwrap();
    let again = bench.start("greet", r#"{"name":"Ada"}"#, Some("k1")).await.unwrap();
    assert_eq!((first.created, again.created), (true, false));
    assert_eq!(first.instance.id, again.instance.id);
    let other = bench.start("greet", r#"{"name":"Eve"}"#, Some("k1")).await;
    assert_eq!(other, Err(Error::KeyReused(first.instance.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_goes_on_after_a_restart_under_the_same_key() {
    let bench = Bench::new().await;
    bench.publish(&bench.document("chain", &["a", "hang", "c"])).await;
    let id = bench.start_only("chain", r#"{"n":1}"#).await;
    bench.wait_for_arrivals(2).await;
    bench.stop_hanging();
    let bench = bench.restart().await;
    let (instance, _) = bench.handle().instance(id, PATIENCE).await.unwrap();
    assert_eq!(instance.status, Status::Completed, "{:?}", instance.error);
    let keys = bench.keys_of("/hang");
    assert!(keys.len() >= 2, "sent again after the restart");
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(bench.keys_of("/a").len(), 1, "what was done is not done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_instances_sleep_through_a_restart() {
    let bench = Bench::new().await;
    bench
        .publish(
            "
document: { dsl: '1.0.3', namespace: test, name: nap, version: '1.0.0' }
do:
  - nap: { wait: { milliseconds: 300 } }
  - rise: { set: { awake: true } }
",
        )
        .await;
    let id = bench.start_only("nap", "{}").await;
    let bench = bench.restart().await;
    let (instance, _) = bench.handle().instance(id, PATIENCE).await.unwrap();
    assert_eq!(instance.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_go_on_where_they_stood_before_a_restart() {
    let bench = Bench::new().await;
    bench.publish(GREET).await;
    let before = bench.start("greet", r#"{"name":"Ada"}"#, None).await.unwrap();
    assert_eq!(bench.handle().position(), before.position);
    let bench = bench.restart().await;
    assert_eq!(bench.handle().position(), before.position, "before any commit");
    let (_, read) = bench.handle().instance(before.instance.id, Duration::ZERO).await.unwrap();
    assert_eq!(read, before.position);
    assert_eq!(bench.handle().catalog().position, before.position);
    let after = bench.start("greet", r#"{"name":"Eve"}"#, None).await.unwrap();
    assert!(after.position > before.position);
}

#[tokio::test(flavor = "multi_thread")]
async fn children_answer_their_parents_across_shards() {
    let bench = Bench::new().await;
    bench.publish(GREET).await;
    bench
        .publish(
            "
document: { dsl: '1.0.3', namespace: test, name: parent, version: '1.0.0' }
do:
  - all:
      fork:
        branches:
          - one: { run: { workflow: { namespace: test, name: greet, version: latest, input: { name: one } } } }
          - two: { run: { workflow: { namespace: test, name: greet, version: '^1', input: { name: two } } } }
          - three: { run: { workflow: { namespace: test, name: greet, version: '1.0.0', input: { name: three } } } }
",
        )
        .await;
    let reply = bench.start("parent", "{}", None).await.unwrap();
    assert_eq!(reply.instance.status, Status::Completed, "{:?}", reply.instance.error);
    assert_eq!(
        json::to_text(&reply.instance.output.unwrap()),
        r#"[{"greeting":"hello one"},{"greeting":"hello two"},{"greeting":"hello three"}]"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_steer_and_are_refused_where_they_do_not_fit() {
    let bench = Bench::new().await;
    bench.publish(&bench.document("chain", &["hang"])).await;
    let id = bench.start_only("chain", r#"{"n":1}"#).await;
    let handle = bench.handle();
    let (suspended, _) = handle.command(id, Command::Suspend { reason: None }).await.unwrap();
    assert_eq!(suspended.status, Status::Suspended);
    let again = handle.command(id, Command::Suspend { reason: None }).await;
    assert!(matches!(again, Err(Error::Conflict { status: Status::Suspended, .. })), "{again:?}");
    let (cancelled, _) = handle
        .command(id, Command::Cancel { reason: None, force: false, without_undo: false })
        .await
        .unwrap();
    assert_eq!(cancelled.status, Status::Cancelled);
    let unknown = motet_types::InstanceId([7; 16]);
    let missing = handle.instance(unknown, Duration::ZERO).await;
    assert_eq!(missing, Err(Error::UnknownInstance(unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impatient_client_is_told_how_far_it_is() {
    let bench = Bench::new().await;
    bench.publish(&bench.document("chain", &["hang"])).await;
    let id = bench.start_only("chain", r#"{"n":1}"#).await;
    let (instance, _) = bench.handle().instance(id, Duration::from_millis(50)).await.unwrap();
    assert_eq!(instance.status, Status::Running);
    assert_eq!(instance.steps.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_forgotten_without_being_asked() {
    let bench = Bench::new().await;
    bench.publish(GREET).await;
    bench.publish(&bench.document("waiting", &["hang"])).await;
    let alive = bench.start_only("waiting", r#"{"n":1}"#).await;
    let ended = bench.start("greet", r#"{"name":"Ada"}"#, None).await.unwrap().instance.id;

    let moment = Duration::from_micros(1);
    let limits = Limits { retention_age: moment, start_key_retention: moment, ..Limits::default() };
    let bench = bench.restart_with(limits).await;
    let handle = bench.handle();
    let figure = |name: &str| {
        let metrics = handle.metrics();
        metrics.into_iter().find(|(found, ..)| *found == name).unwrap().3
    };
    let swept = async {
        while figure("motet_instances_forgotten_total") < 1.0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, swept).await.expect("a sweep comes");
    let gone = handle.instance(ended, Duration::ZERO).await.map(|(view, _)| view.status);
    assert_eq!(gone, Err(Error::UnknownInstance(ended)));
    assert!(handle.instance(alive, Duration::ZERO).await.is_ok(), "it has not ended");
    assert_eq!(figure("motet_sweeps_failed_total"), 0.0);
}

/// Counts to ten thousand, and answers how far it came.
const LONG: &str = "
document: { dsl: '1.0.3', namespace: test, name: long, version: '1.0.0' }
do:
  - loop:
      for: { in: '${ [range(2000)] }' }
      do:
        - count: { set: { n: '${ .n + 1 }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn the_middle_of_a_long_history_is_cut_and_the_answer_says_so() {
    let limits = Limits {
        history_first_records_max: 300,
        history_last_records_max: 200,
        ..Limits::default()
    };
    let bench = Bench::new().await.restart_with(limits).await;
    bench.publish(LONG).await;
    let instance = bench.start("long", r#"{"n":0}"#, None).await.unwrap().instance;
    assert_eq!(instance.status, Status::Completed);
    let bench = bench.restart().await;
    let (mut entries, mut next) = (Vec::new(), 0);
    loop {
        let page = bench.handle().history(instance.id, next, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        next = last.number + 1;
        entries.extend(page);
    }
    assert_eq!(next, instance.records);
    let cut: Vec<_> = entries.iter().filter(|entry| entry.kind == "cut").collect();
    let [cut] = cut.as_slice() else { panic!("one cut: {cut:?}") };
    let detail = |name: &str| {
        let found = cut.details.iter().find(|(key, _)| *key == name);
        json::to_text(&found.expect("it says what is gone").1).parse::<u64>().unwrap()
    };
    let (from, records) = (detail("from"), detail("records"));
    assert_eq!(from + records, cut.number + 1);
    assert!(from >= 300 && cut.number + 200 < instance.records, "the ends are kept");
    assert_eq!(entries.len() as u64, instance.records - records + 1, "the rest is there, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_a_cut_comes_between_is_read_again() {
    let bench = Bench::new().await;
    // Each task in a commit of its own, so that all but the first refer to the chunk of another one.
    let tasks = (0..4).map(|nth| {
        format!("  - rest{nth}: {{ wait: {{ milliseconds: 1 }} }}\n  - keep{nth}: {{ set: {{ text: '${{ .text }}', list: '${{ [.text, {nth}] }}' }} }}\n")
    });
    let header =
        "document: { dsl: '1.0.3', namespace: test, name: large, version: '1.0.0' }\ndo:\n";
    bench.publish(&(header.to_owned() + &tasks.collect::<String>())).await;
    let input = format!("{{\"text\":\"{}\"}}", "motet ".repeat(2_000));
    let instance = bench.start("large", &input, None).await.unwrap().instance;
    let handle = bench.handle();
    let page = || handle.history(instance.id, 15, 50);
    let whole = page().await.unwrap();
    for gone in [1, 2] {
        bench.forget_chunks(gone);
        assert_eq!(page().await.unwrap(), whole, "{gone} gone");
    }
    bench.forget_chunks(usize::MAX);
    let page = page().await.unwrap();
    let (end, before) = page.split_last().expect("what stays away is told");
    assert_eq!(before, &whole[..before.len()]);
    let reason = json::to_text(&end.details[0].1);
    assert!(end.is_damage() && reason.ends_with("of its history is gone\""), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_history_shows_its_readable_beginning() {
    let bench = Bench::new().await;
    let tasks = (0..6).map(|nth| format!("  - rest{nth}: {{ wait: {{ milliseconds: 1 }} }}\n"));
    let header =
        "document: { dsl: '1.0.3', namespace: test, name: rests, version: '1.0.0' }\ndo:\n";
    bench.publish(&(header.to_owned() + &tasks.collect::<String>())).await;
    let id = bench.start("rests", "{}", None).await.unwrap().instance.id;
    let handle = bench.handle();
    let whole = handle.history(id, 0, 100).await.unwrap();
    let read = async |limit: usize| {
        let mut read: Vec<HistoryEntry> = Vec::new();
        loop {
            let next = read.last().map_or(0, |last| last.number + 1);
            let page = handle.history(id, next, limit).await.unwrap();
            assert!(page.len() <= limit, "{} of {limit}", page.len());
            read.extend(page);
            if read.last().is_some_and(HistoryEntry::is_damage) {
                return read;
            }
        }
    };
    let check = async |expected: &str| {
        for limit in [100, 5, 1] {
            let entries = read(limit).await;
            let (end, before) = entries.split_last().unwrap();
            assert!((8..whole.len()).contains(&before.len()), "{} are read", before.len());
            assert_eq!(before, &whole[..before.len()], "pages of {limit}");
            assert_eq!(end.number, before.len() as u64);
            let has_page_of_its_own = limit == 1;
            let last = before.last().filter(|_| !has_page_of_its_own).unwrap_or(&before[0]);
            assert_eq!(end.at, last.at, "the time of what stands before it, else of the start");
            assert_eq!(json::to_text(&end.details[0].1), expected, "pages of {limit}");
        }
    };
    bench.damage_from(8);
    check("\"format 110 is newer than 2, the newest that this version reads\"").await;
    bench.break_from(8);
    check("\"storage failed: a page cannot be read\"").await;
}
