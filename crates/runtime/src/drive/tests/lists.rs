//! Lists: filters become a query, rows become instances, pages follow each other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use expect_test::{Expect, expect};
use motet_store::memory::MemoryStore;
use motet_store::{Commit, Entity, Epoch, Position, RowChange, Store, Value};
use motet_types::{InstanceId, Limits, ShardId, Status, Timestamp};

use crate::attribute::{self, AttributeFilter, AttributeTest};
use crate::drive::engine::Levels;
use crate::drive::inner::Seed;
use crate::drive::lanes::Lanes;
use crate::drive::{Inner, SystemClock};
use crate::tables::{ATTRIBUTE, INSTANCE, SCHEMA};
use crate::{Health, InstanceFilter};

/// Number, workflow, version, status, parent, business key, and whether there is an incident.
type Listed =
    (u8, &'static str, &'static str, &'static str, Option<u8>, Option<&'static str>, bool);

/// Seven instances of two workflows, one second apart.
const ROWS: [Listed; 7] = [
    (1, "order", "1.0.0", "completed", None, Some("A-1"), false),
    (2, "order", "1.0.0", "running", None, Some("A-2"), false),
    (3, "ship", "1.0.0", "running", Some(2), None, false),
    (4, "order", "1.1.0", "waiting", None, None, true),
    (5, "order", "1.1.0", "faulted", None, None, false),
    (6, "ship", "2.0.0", "completed", Some(5), None, false),
    (7, "order", "1.1.0", "cancelled", None, Some("A-2"), false),
];

/// What a list shows under a filter, newest first.
async fn check(filter: InstanceFilter, expect: Expect) {
    let (store, inner) = world();
    fill(&store);
    let page = inner.instances(filter.clone(), None, 100, None).await.expect("a page");
    let mut text = String::new();
    for row in &page.items {
        let error = row.error.as_deref().map_or(String::new(), |error| format!(", {error}"));
        let incident = if row.has_incident { ", incident" } else { "" };
        text += &format!("{} {} {}{error}{incident}\n", number(row.id), row.definition, row.status);
    }
    let (counts, covered) = inner.counts(filter, None).await.expect("counts");
    let counts: Vec<String> =
        counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    text += &format!("= {} @{}\n", counts.join(", "), covered.0);
    expect.assert_eq(&text);
}

#[tokio::test]
async fn without_a_filter_everything_is_listed() {
    let everything = expect![[r#"
        7 test/order:1.1.0 cancelled
        6 test/ship:2.0.0 completed
        5 test/order:1.1.0 faulted, some:type a title
        4 test/order:1.1.0 waiting, incident
        3 test/ship:1.0.0 running
        2 test/order:1.0.0 running
        1 test/order:1.0.0 completed
        = 1 cancelled, 2 completed, 1 faulted, 2 running, 1 waiting @1
    "#]];
    check(InstanceFilter::default(), everything).await;
}

#[tokio::test]
async fn every_given_property_must_fit() {
    let order = InstanceFilter { workflow: Some("order".to_owned()), ..Default::default() };
    let version = InstanceFilter { version: Some("1.1.0".to_owned()), ..order.clone() };
    let ended = InstanceFilter { statuses: vec![Status::Completed, Status::Faulted], ..order };
    check(
        version,
        expect![[r#"
        7 test/order:1.1.0 cancelled
        5 test/order:1.1.0 faulted, some:type a title
        4 test/order:1.1.0 waiting, incident
        = 1 cancelled, 1 faulted, 1 waiting @1
    "#]],
    )
    .await;
    check(
        ended,
        expect![[r#"
        5 test/order:1.1.0 faulted, some:type a title
        1 test/order:1.0.0 completed
        = 1 completed, 1 faulted @1
    "#]],
    )
    .await;
    let foreign = InstanceFilter { namespace: Some("other".to_owned()), ..Default::default() };
    check(
        foreign,
        expect![[r#"
        =  @1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn instances_are_found_by_parent_business_key_and_incident() {
    let children = InstanceFilter { parent: Some(id(2)), ..Default::default() };
    check(
        children,
        expect![[r#"
        3 test/ship:1.0.0 running
        = 1 running @1
    "#]],
    )
    .await;
    let key = InstanceFilter { business_key: Some("A-2".to_owned()), ..Default::default() };
    check(
        key,
        expect![[r#"
        7 test/order:1.1.0 cancelled
        2 test/order:1.0.0 running
        = 1 cancelled, 1 running @1
    "#]],
    )
    .await;
    let incidents = InstanceFilter { incidents: true, ..Default::default() };
    check(
        incidents,
        expect![[r#"
        4 test/order:1.1.0 waiting, incident
        = 1 waiting @1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn the_time_of_the_start_is_bounded_from_below_and_below_the_upper_bound() {
    let between =
        InstanceFilter { from: Some(started(3)), to: Some(started(5)), ..Default::default() };
    check(
        between,
        expect![[r#"
        4 test/order:1.1.0 waiting, incident
        3 test/ship:1.0.0 running
        = 1 running, 1 waiting @1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let (store, inner) = world();
    fill(&store);
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = inner.instances(InstanceFilter::default(), after, 3, None).await.expect("page");
        pages.push(page.items.iter().map(|row| number(row.id)).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
    let exact = inner.instances(InstanceFilter::default(), None, 7, None).await.expect("page");
    assert_eq!((exact.items.len(), exact.next), (7, None));
    let none = inner.instances(InstanceFilter::default(), None, 0, None).await.expect("page");
    assert_eq!(none.items.len(), 1, "a page holds one row at least");
}

#[tokio::test]
async fn a_list_waits_until_it_covers_the_position() {
    let (store, inner) = world();
    let list = inner.instances(InstanceFilter::default(), None, 10, Some(Position(1)));
    let commit = async {
        // The list has looked once by now and waits.
        tokio::task::yield_now().await;
        fill(&store);
    };
    let (page, ()) = tokio::join!(biased; list, commit);
    let page = page.expect("a page");
    assert_eq!((page.items.len(), page.covered), (7, Position(1)));
}

#[tokio::test]
async fn a_count_waits_until_it_covers_the_position() {
    let (store, inner) = world();
    let count = inner.counts(InstanceFilter::default(), Some(Position(1)));
    let commit = async {
        // The count has looked once by now and waits.
        tokio::task::yield_now().await;
        fill(&store);
    };
    let (counted, ()) = tokio::join!(biased; count, commit);
    let (counts, covered) = counted.expect("counts");
    assert_eq!((counts.iter().map(|(_, count)| count).sum(), covered), (7, Position(1)));
}

fn world() -> (Arc<MemoryStore>, Inner) {
    let store = Arc::new(MemoryStore::new(&SCHEMA));
    let inner = Inner {
        lanes: Lanes::new(1),
        reads: store.clone(),
        clock: Arc::new(SystemClock::new()),
        catalog: tokio::sync::watch::Sender::default(),
        sink_changes: tokio::sync::Mutex::new(()),
        followers: Default::default(),
        health: Mutex::new(Health { ready: true, reason: None }),
        failed: tokio::sync::watch::Sender::new(None),
        levels: Levels::default(),
        store_metrics: Arc::new(Vec::new),
        seed: Mutex::new(Seed::from_system()),
        limits: Limits::default(),
        seal: crate::drive::Seal::new(&motet_engine::secret::SecretKey([7; 32])),
        store: store.clone(),
        outgoing: tokio::sync::watch::Sender::new(0),
    };
    (store, inner)
}

/// Makes all rows durable in one commit.
fn fill(store: &MemoryStore) {
    let shard = ShardId(1);
    store.lease(vec![shard], Box::new(|leases| assert!(leases.is_ok())));
    let rows = ROWS.iter().map(|(nth, workflow, version, status, parent, key, incident)| {
        let text = |text: &str| Value::Text(text.to_owned());
        let at = Value::Int(started(*nth).as_micros());
        let is_over = matches!(*status, "completed" | "faulted" | "cancelled");
        let row = vec![
            blob(*nth),
            Value::Int(1),
            text("test"),
            text(workflow),
            text(version),
            text(status),
            at.clone(),
            at.clone(),
            if is_over { at } else { Value::Null },
            parent.map_or(Value::Null, blob),
            key.map_or(Value::Null, text),
            if *status == "faulted" { text("some:type a title") } else { Value::Null },
            if *incident { Value::Int(1) } else { Value::Null },
        ];
        RowChange::Put { table: INSTANCE.id, row }
    });
    let commit = Commit {
        shard,
        epoch: Epoch(1),
        entity: Entity([9; 16]),
        records: Bytes::new(),
        record_count: 0,
        snapshot: None,
        rows: rows.chain(attributes()).collect(),
    };
    store.commit(vec![commit], Box::new(|result| assert!(result.is_ok(), "{result:?}")));
}

fn started(nth: u8) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000).saturating_add(Duration::from_secs(nth.into()))
}

fn id(nth: u8) -> InstanceId {
    InstanceId::new(started(nth), ShardId(1), nth.into())
}

fn number(id: InstanceId) -> u8 {
    id.0[15]
}

fn blob(nth: u8) -> Value {
    Value::Blob(Bytes::copy_from_slice(&id(nth).0))
}

/// Instances and their search attributes.
fn attributes() -> impl Iterator<Item = RowChange> {
    let number = |number: usize| motet_expr::Value::from(number);
    let text = motet_expr::json::string;
    let rows = [
        (1, "customer", text("Ada")),
        (2, "customer", text("Ada")),
        (4, "customer", text("Grace")),
        (7, "customer", text("Ada")),
        (1, "total", number(10)),
        (2, "total", number(20)),
        (4, "total", number(30)),
        (7, "total", text("20")),
    ];
    rows.into_iter().map(|(nth, name, value)| {
        let row = attribute::row(blob(nth), name, &value).expect("a value that can be found");
        RowChange::Put { table: ATTRIBUTE.id, row }
    })
}

fn with(tests: &[(&str, AttributeTest)]) -> InstanceFilter {
    let attributes = tests
        .iter()
        .map(|(name, test)| AttributeFilter { name: (*name).to_owned(), test: test.clone() });
    InstanceFilter { attributes: attributes.collect(), ..Default::default() }
}

fn equal(text: &str) -> AttributeTest {
    AttributeTest::Equal(text.to_owned())
}

#[tokio::test]
async fn every_attribute_must_fit() {
    let ada = expect![[r#"
        7 test/order:1.1.0 cancelled
        2 test/order:1.0.0 running
        1 test/order:1.0.0 completed
        = 1 cancelled, 1 completed, 1 running @1
    "#]];
    check(with(&[("customer", equal("Ada"))]), ada).await;
    let twenty = expect![[r#"
        7 test/order:1.1.0 cancelled
        2 test/order:1.0.0 running
        = 1 cancelled, 1 running @1
    "#]];
    check(with(&[("customer", equal("Ada")), ("total", equal("20"))]), twenty).await;
    let least = AttributeTest::AtLeast("15".to_owned());
    let from_fifteen = expect![[r#"
        4 test/order:1.1.0 waiting, incident
        2 test/order:1.0.0 running
        = 1 running, 1 waiting @1
    "#]];
    check(with(&[("total", least.clone())]), from_fifteen).await;
    let below = AttributeTest::Below("30".to_owned());
    let between = expect![[r#"
        2 test/order:1.0.0 running
        = 1 running @1
    "#]];
    check(with(&[("total", least), ("total", below)]), between).await;
    let nobody = expect![[r#"
        =  @1
    "#]];
    check(with(&[("customer", equal("Nobody"))]), nobody).await;
    let running =
        InstanceFilter { statuses: vec![Status::Running], ..with(&[("customer", equal("Ada"))]) };
    let only = expect![[r#"
        2 test/order:1.0.0 running
        = 1 running @1
    "#]];
    check(running, only).await;
}

#[tokio::test]
async fn pages_of_attributes_follow_each_other() {
    let (store, inner) = world();
    fill(&store);
    let filter = with(&[("customer", equal("Ada"))]);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = inner.instances(filter.clone(), after, 1, None).await.expect("a page");
        seen.push(page.items.iter().map(|row| number(row.id)).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [[7], [2], [1]]);
}
