use http::Method;
use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};

use super::{Inbox, Reply, Request};
use crate::services::{Answer, Call, Domain, ServiceName, Undo};

/// Counts its calls; after that one of `/broken` fails, and one of `/busy` is told to come again.
enum Counter {}

impl Domain for Counter {
    const NAME: ServiceName = ServiceName::Orders;
    const SCHEMA: &'static str = "
        CREATE TABLE IF NOT EXISTS counted (number INTEGER PRIMARY KEY) STRICT;
        CREATE TABLE IF NOT EXISTS never (number INTEGER CHECK (number < 0)) STRICT";

    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer> {
        if call.path == ["undo"] {
            let undo: Undo = call.read().unwrap();
            super::refuse(transaction, &undo.key)?;
            return Ok(Answer::ok(Value::Null));
        }
        transaction.execute("INSERT INTO counted DEFAULT VALUES", [])?;
        if call.path == ["broken"] {
            transaction.execute("INSERT INTO never VALUES (1)", [])?;
        }
        if call.path == ["busy"] {
            return Ok(Answer::problem(503, "busy", &"try again"));
        }
        Ok(Answer::created(json!(transaction.last_insert_rowid())))
    }

    fn sums(connection: &Connection) -> rusqlite::Result<Value> {
        let count = |table: &str| {
            let query = format!("SELECT count(*) FROM {table}");
            connection.query_row(&query, [], |row| row.get::<_, u64>(0))
        };
        Ok(json!({ "effects": count("counted")?, "answers": count("inbox")? }))
    }

    fn entries(_: &Connection) -> rusqlite::Result<Value> {
        Ok(Value::Null)
    }
}

fn inbox() -> Inbox<Counter> {
    Inbox::over(Connection::open_in_memory().unwrap()).unwrap()
}

fn take(
    inbox: &mut Inbox<Counter>,
    path: &str,
    key: Option<&str>,
    body: &str,
) -> rusqlite::Result<Reply> {
    inbox.take(&Request { method: &Method::POST, path, key, body: body.as_bytes() })
}

fn status(reply: rusqlite::Result<Reply>) -> (u16, bool) {
    let reply = reply.unwrap();
    (reply.answer.status, reply.repeated)
}

#[test]
fn a_key_has_one_effect_and_one_answer() {
    let mut inbox = inbox();
    let first = take(&mut inbox, "/count", Some("k"), "a").unwrap();
    assert_eq!(first, Reply { answer: Answer::created(json!(1)), repeated: false });
    let again = take(&mut inbox, "/count", Some("k"), "a").unwrap();
    assert_eq!(again, Reply { answer: Answer::created(json!(1)), repeated: true });
    for (path, body) in [("/count", "b"), ("/other", "a")] {
        assert_eq!(status(take(&mut inbox, path, Some("k"), body)), (422, true));
    }
    assert_eq!(status(take(&mut inbox, "/count", Some("l"), "a")), (201, false));
    assert_eq!(status(take(&mut inbox, "/count", None, "a")), (201, false));
    let sums = Counter::sums(inbox.connection()).unwrap();
    assert_eq!(sums, json!({ "effects": 3, "answers": 2 }), "no key, nothing to keep");
}

#[test]
fn what_fails_half_way_has_neither_effect_nor_answer() {
    let mut inbox = inbox();
    let error = take(&mut inbox, "/broken", Some("k"), "a").unwrap_err();
    assert!(error.to_string().contains("CHECK constraint failed"), "{error}");
    let sums = Counter::sums(inbox.connection()).unwrap();
    assert_eq!(sums, json!({ "effects": 0, "answers": 0 }));
    assert_eq!(status(take(&mut inbox, "/busy", Some("k"), "a")), (503, false));
    assert_eq!(Counter::sums(inbox.connection()).unwrap()["effects"], 0);
    assert_eq!(status(take(&mut inbox, "/count", Some("k"), "a")), (201, false), "as if new");
}

#[test]
fn work_that_was_undone_before_it_came_is_refused_whatever_it_is() {
    let mut inbox = inbox();
    let undo = r#"{"key":"k"}"#;
    assert_eq!(status(take(&mut inbox, "/undo", Some("u"), undo)), (200, false));
    assert_eq!(status(take(&mut inbox, "/count", Some("k"), "a")), (409, true));
    assert_eq!(status(take(&mut inbox, "/other", Some("k"), "b")), (409, true));
    assert_eq!(Counter::sums(inbox.connection()).unwrap()["effects"], 0);
}

#[test]
fn an_answer_stays_what_it_was_when_its_key_is_undone() {
    let mut inbox = inbox();
    take(&mut inbox, "/count", Some("k"), "a").unwrap();
    take(&mut inbox, "/undo", Some("u"), r#"{"key":"k"}"#).unwrap();
    assert_eq!(status(take(&mut inbox, "/count", Some("k"), "a")), (201, true));
}
