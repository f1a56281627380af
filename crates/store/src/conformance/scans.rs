use super::{Check, Client, START, TIMER, blob, int, string};
use crate::{Error, Row, RowChange, RowScan, TableId, Value};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "last_write_wins",
        says: "of several changes of one key the last one counts, within a commit and between them",
        run: last_write_wins,
    },
    Check {
        name: "scans_follow_the_key",
        says: "a scan returns rows in key order, whatever order they were written in",
        run: scans_follow_the_key,
    },
    Check {
        name: "scans_know_every_type",
        says: "keys and values of every type keep their value and order, extremes included",
        run: scans_know_every_type,
    },
    Check {
        name: "prefixes_select",
        says: "a prefix selects the rows whose key begins with it; a whole key is a point lookup",
        run: prefixes_select,
    },
    Check {
        name: "pages_join",
        says: "pages by `after` and `limit` join to the whole, whatever changed before they were read",
        run: pages_join,
    },
    Check {
        name: "scans_see_all_layers",
        says: "rows written, replaced and deleted before and after a checkpoint merge to one truth",
        run: scans_see_all_layers,
    },
    Check {
        name: "malformed_scans_fail",
        says: "a scan that does not fit its table fails as malformed",
        run: malformed_scans_fail,
    },
];

fn last_write_wins(client: Client) {
    let put = |note: &str| RowChange::Put { table: START.id, row: start("k", note) };
    let delete = || RowChange::Delete { table: START.id, key: vec![string("k")] };
    let cases = [
        (vec![put("a"), put("b")], vec!["b"]),
        (vec![put("c"), delete()], vec![]),
        (vec![delete(), put("d")], vec!["d"]),
        (vec![put("e"), delete(), put("f"), delete()], vec![]),
        (vec![delete()], vec![]),
    ];
    for settled in [false, true] {
        for (changes, expected) in cases.clone() {
            client
                .commit(changes.into_iter().map(|change| client.changing(vec![change])).collect());
            if settled {
                client.harness.settle();
            }
            let expected: Vec<Row> = expected.into_iter().map(|note| start("k", note)).collect();
            assert_eq!(client.scan(START.id, Vec::new(), 10), expected);
        }
    }
    client.commit(vec![client.changing(vec![put("g"), delete(), put("h")])]);
    assert_eq!(client.reopen().scan(START.id, Vec::new(), 10), [start("k", "h")]);
}

fn scans_follow_the_key(client: Client) {
    let dues = [7, -3, 0, 300, 2, i64::MIN, i64::MAX, -300];
    client.put(TIMER.id, dues.map(|due| timer(1, due, b"a")));
    let mut sorted = dues;
    sorted.sort_unstable();
    let expected = sorted.map(|due| timer(1, due, b"a"));
    assert_eq!(client.scan(TIMER.id, Vec::new(), 100), expected);
    client.harness.settle();
    assert_eq!(client.scan(TIMER.id, Vec::new(), 100), expected);
}

fn scans_know_every_type(client: Client) {
    let keys = ["", "\0", "\0\0", "a", "a\0", "a b", "aa", "b", "ä", "\u{10ffff}"];
    client.put(START.id, keys.iter().rev().map(|key| start(key, "v")));
    let owners: [&[u8]; 6] = [b"", b"\0", b"\0\xff", b"a", b"\xff", b"\xff\xff"];
    client.put(TIMER.id, owners.iter().rev().map(|owner| timer(1, 1, owner)));
    client.put(TIMER.id, [vec![int(2), int(2), blob(b"null"), Value::Null]]);
    let check = |client: &Client| {
        let found = client.scan(START.id, Vec::new(), 100);
        assert_eq!(found, keys.map(|key| start(key, "v")));
        let found = client.scan(TIMER.id, vec![int(1)], 100);
        assert_eq!(found, owners.map(|owner| timer(1, 1, owner)));
        assert_eq!(client.scan(TIMER.id, vec![int(2)], 1)[0][3], Value::Null);
    };
    check(&client);
    client.harness.settle();
    check(&client);
    check(&client.reopen());
}

fn prefixes_select(client: Client) {
    let rows = [timer(1, 1, b"a"), timer(1, 2, b"a"), timer(1, 2, b"b"), timer(2, 1, b"a")];
    client.put(TIMER.id, rows.clone());
    for _ in 0..2 {
        assert_eq!(client.scan(TIMER.id, vec![int(1)], 10), rows[..3]);
        assert_eq!(client.scan(TIMER.id, vec![int(1), int(2)], 10), rows[1..3]);
        assert_eq!(client.scan(TIMER.id, vec![int(2), int(1), blob(b"a")], 10), rows[3..]);
        assert!(client.scan(TIMER.id, vec![int(3)], 10).is_empty());
        assert!(client.scan(TIMER.id, vec![int(2), int(1), blob(b"")], 10).is_empty());
        let scan = RowScan {
            table: TIMER.id,
            prefix: vec![int(1)],
            after: Some(vec![int(0), int(5), blob(b"")]),
            limit: 10,
        };
        assert_eq!(client.try_scan(scan), Ok(rows[..3].to_vec()), "`after` before the prefix");
        client.harness.settle();
    }
}

fn pages_join(client: Client) {
    client.put(TIMER.id, (0..40).map(|due| timer(1, due, b"old")));
    client.harness.settle();
    client.put(TIMER.id, (20..60).map(|due| timer(1, due, b"new")));
    client.delete(TIMER.id, (0..60).step_by(3).map(|due| vec![int(1), int(due), blob(b"old")]));
    let whole = client.scan(TIMER.id, vec![int(1)], 1_000);
    assert_eq!(whole.len(), 40 - 14 + 40);
    assert!(client.scan(TIMER.id, vec![int(1)], 0).is_empty());
    for limit in [1, 2, 7, 65, 66, 67] {
        let mut joined: Vec<Row> = Vec::new();
        loop {
            let after = joined.last().map(|row| row[..3].to_vec());
            let scan = RowScan { table: TIMER.id, prefix: vec![int(1)], after, limit };
            let page = client.try_scan(scan).expect("pages are answered");
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            joined.extend(page);
        }
        assert_eq!(joined, whole, "in pages of {limit}");
    }
}

fn scans_see_all_layers(client: Client) {
    client.put(START.id, ["a", "b", "c", "d"].map(|key| start(key, "1")));
    client.harness.settle();
    client.put(START.id, ["b", "e"].map(|key| start(key, "2")));
    client.delete(START.id, [vec![string("c")]]);
    let expected = [start("a", "1"), start("b", "2"), start("d", "1"), start("e", "2")];
    assert_eq!(client.scan(START.id, Vec::new(), 10), expected);
    client.harness.settle();
    assert_eq!(client.scan(START.id, Vec::new(), 10), expected);
    client.delete(START.id, ["a", "b", "d", "e"].map(|key| vec![string(key)]));
    assert!(client.scan(START.id, Vec::new(), 10).is_empty());
    client.put(START.id, [start("c", "3")]);
    assert_eq!(client.scan(START.id, Vec::new(), 1), [start("c", "3")]);
    assert_eq!(client.reopen().scan(START.id, Vec::new(), 10), [start("c", "3")]);
}

fn malformed_scans_fail(client: Client) {
    let scan = |table: TableId, prefix: Vec<Value>, after: Option<Vec<Value>>| {
        client.try_scan(RowScan { table, prefix, after, limit: 1 })
    };
    let malformed = [
        scan(TableId(99), Vec::new(), None),
        scan(START.id, vec![int(1)], None),
        scan(START.id, vec![string("k"), blob(b"longer than the key")], None),
        scan(TIMER.id, Vec::new(), Some(vec![int(1)])),
        scan(TIMER.id, vec![Value::Null], None),
    ];
    for result in malformed {
        assert!(matches!(result, Err(Error::Malformed(_))), "{result:?}");
    }
}

fn start(key: &str, owner: &str) -> Row {
    vec![string(key), blob(owner.as_bytes())]
}

fn timer(shard: i64, due: i64, owner: &[u8]) -> Row {
    vec![int(shard), int(due), blob(owner), string("note")]
}
