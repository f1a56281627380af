//! Histories that are long, and those that hold large values.

use motet_api::Options;
use motet_expr::{Value, json};
use motet_types::Limits;

use crate::support::Server;

/// Entries of the whole history, read by pages of so many.
async fn entries(server: &Server, id: &str, limit: usize) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let path = format!("/api/v1/instances/{id}/history?limit={limit}&cursor={cursor}");
        let page = server.send(&format!("GET {path}")).await;
        assert!(page.status.is_success(), "{}", page.text);
        let page = page.value();
        let Some(Value::Arr(items)) = json::get(&page, "items") else { panic!("no items") };
        assert!(items.len() <= limit);
        entries.extend(items.iter().cloned());
        match json::get(&page, "next").and_then(json::as_str) {
            Some(next) => next.clone_into(&mut cursor),
            None => return entries,
        }
    }
}

fn number(entry: &Value, name: &str) -> u64 {
    json::to_text(json::get(entry, name).expect("it has this member")).parse().expect("a number")
}

fn is_cut(entry: &Value) -> bool {
    json::get(entry, "type").and_then(json::as_str) == Some("cut")
}

#[tokio::test]
async fn pages_go_on_behind_what_was_cut_out() {
    let limits = Limits {
        history_first_records_max: 300,
        history_last_records_max: 200,
        ..Limits::default()
    };
    let server = Server::limited(Options::default(), limits);
    let tasks = "  - rounds:
      for: { in: '${ [range(1200)] }' }
      do:
        - count: { set: { n: '${ .n + 1 }' } }
  - sleep: { wait: { hours: 1 } }";
    server.publish("long", "1.0.0", tasks).await;
    let id = server.start("long", "wait=0s", "{\"n\":0}").await;
    // While it moves, its history may be cut between two pages.
    while server.send(&format!("GET /api/v1/instances/{id}")).await.member("status") != "waiting" {
        tokio::task::yield_now().await;
    }
    let whole = entries(&server, &id, 1_000).await;
    let cut: Vec<&Value> = whole.iter().filter(|entry| is_cut(entry)).collect();
    let [cut] = cut.as_slice() else { panic!("one cut: {cut:?}") };
    let (from, records, last) =
        (number(cut, "from"), number(cut, "records"), number(cut, "number"));
    assert!(from >= 300 && records > 1_000 && from + records == last + 1, "{}", json::to_text(cut));
    let numbers: Vec<u64> = whole.iter().map(|entry| number(entry, "number")).collect();
    let end = numbers.last().expect("a history") + 1;
    assert!(last + 200 < end, "the last ones stay");
    assert_eq!(numbers, (0..from).chain(last..end).collect::<Vec<_>>(), "the rest, once");
    for limit in [7, 100, 301] {
        assert_eq!(entries(&server, &id, limit).await, whole, "pages of {limit}");
    }
    let path = format!("/api/v1/instances/{id}/history?limit=2&cursor={}", from + 5);
    let within = server.send(&format!("GET {path}")).await.value();
    let Some(Value::Arr(items)) = json::get(&within, "items") else { panic!("no items") };
    assert!(is_cut(&items[0]));
    assert_eq!((number(&items[0], "from"), number(&items[0], "records")), (from + 5, records - 5));
    assert_eq!(number(&items[1], "number"), last + 1);
}

#[tokio::test]
async fn large_values_are_whole_on_every_page() {
    let server = Server::new();
    // Each task in a commit of its own, so that all but the first refer to another one.
    let tasks: Vec<String> = (0..6)
        .map(|nth| format!("  - rest{nth}: {{ wait: {{ milliseconds: 1 }} }}\n  - keep{nth}: {{ set: {{ text: '${{ .text }}', list: '${{ [.text, {nth}] }}' }} }}"))
        .collect();
    server.publish("large", "1.0.0", &tasks.join("\n")).await;
    let text = "motet ".repeat(2_000);
    let id = server.start("large", "wait=10s", &format!("{{\"text\":\"{text}\"}}")).await;
    let whole = entries(&server, &id, 1_000).await;
    assert_eq!(entries(&server, &id, 1).await, whole);
    let holds = |entry: &&Value| json::to_text(entry).contains(&text);
    assert!(whole.iter().filter(holds).count() > 6, "the value is where it belongs");
    assert!(whole.iter().all(|entry| !json::to_text(entry).contains("\"incident-raised\"")));
}
