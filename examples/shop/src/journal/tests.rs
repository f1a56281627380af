use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Journal;

fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("shop-journal-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn replayed(bytes: &str, test: &str) -> Result<(Vec<Value>, String), String> {
    let path = folder(test).join("journal.jsonl");
    fs::write(&path, bytes).unwrap();
    let mut entries = Vec::new();
    let opened = Journal::open(&path, |entry: Value| entries.push(entry));
    let result = opened.map(|_| (entries, fs::read_to_string(&path).unwrap()));
    fs::remove_dir_all(folder(test)).unwrap();
    result.map_err(|error| format!("{error:#}"))
}

#[test]
fn a_torn_last_line_is_cut_off() {
    for torn in ["{\"n\":", "{\"n\":2}", "{\"n\":\n", "\0\0\0\0\n", "\0\0\0"] {
        let result = replayed(&format!("{{\"n\":1}}\n{torn}"), "torn");
        assert_eq!(result, Ok((vec![json!({"n": 1})], "{\"n\":1}\n".to_owned())), "{torn:?}");
    }
    assert_eq!(replayed("", "torn"), Ok((vec![], String::new())));
}

#[test]
fn damage_before_the_last_line_is_an_error() {
    let error = replayed("{\"n\":1}\n{\"n\":\n{\"n\":3}\n", "damaged").unwrap_err();
    assert!(error.contains("line 2 is damaged"), "{error}");
}

#[tokio::test]
async fn what_is_durable_is_replayed_in_order() {
    let path = folder("order").join("journal.jsonl");
    let mut journal = Journal::open(&path, |_: Value| unreachable!("it is new")).unwrap();
    for n in 1..=5_000 {
        assert_eq!(journal.append(&n).unwrap(), n);
    }
    assert_eq!(journal.appended(), 5_000);
    journal.durable().reached(5_000).await.unwrap();

    let in_use = Journal::open(&path, |_: Value| {}).err().unwrap();
    assert!(in_use.to_string().contains("in use by another process"), "{in_use}");

    let copy = folder("order").join("copy.jsonl");
    fs::copy(&path, &copy).unwrap();
    let mut entries: Vec<u64> = Vec::new();
    Journal::open(&copy, |entry| entries.push(entry)).unwrap();
    assert!(entries.iter().copied().eq(1..=5_000));
    fs::remove_dir_all(folder("order")).unwrap();
}
