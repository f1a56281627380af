use bytes::Bytes;

use super::{Check, Client};
use crate::Commit;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "histories_are_whole",
        says: "a history includes every durable commit, covered or not, and what a snapshot replaced",
        run: histories_are_whole,
    },
    Check {
        name: "histories_page_by_record",
        says: "a page begins with the chunk that holds the record asked for and ends where the limit is met",
        run: histories_page_by_record,
    },
    Check {
        name: "histories_are_apart",
        says: "neighbouring ids do not mix",
        run: histories_are_apart,
    },
];

fn histories_are_whole(client: Client) {
    let snapshot = Some(Bytes::from_static(b"S"));
    client.commit(vec![client.appending(1, "ab"), client.appending(1, "")]);
    client.harness.settle();
    client.commit(vec![Commit {
        snapshot,
        ..client.appending(1, "cde")
    }]);
    client.harness.settle();
    client.commit(vec![client.appending(1, "f"), client.appending(1, "gh")]);
    assert_eq!(client.history(1, 0, 100), "0:ab 2:cde 5:f 6:gh");
    client.harness.settle();
    assert_eq!(client.history(1, 0, 100), "0:ab 2:cde 5:f 6:gh");
    assert_eq!(client.reopen().history(1, 0, 100), "0:ab 2:cde 5:f 6:gh");
}

fn histories_page_by_record(client: Client) {
    client.commit(vec![client.appending(1, "ab"), client.appending(1, "cde")]);
    client.harness.settle();
    client.commit(vec![client.appending(1, "f"), client.appending(1, "gh")]);
    let check = |client: &Client| {
        for (skip, limit, expected) in [
            (0, 1, "0:ab"),
            (0, 2, "0:ab"),
            (0, 3, "0:ab 2:cde"),
            (1, 1, "0:ab"),
            (1, 2, "0:ab 2:cde"),
            (2, 3, "2:cde"),
            (4, 1, "2:cde"),
            (4, 2, "2:cde 5:f"),
            (5, 1, "5:f"),
            (6, 9, "6:gh"),
            (7, 1, "6:gh"),
            (8, 1, ""),
            (0, 0, ""),
            (1, 0, ""),
            (100, 100, ""),
        ] {
            assert_eq!(
                client.history(1, skip, limit),
                expected,
                "skip {skip} limit {limit}"
            );
        }
    };
    check(&client);
    client.harness.settle();
    check(&client);
    check(&client.reopen());
}

fn histories_are_apart(client: Client) {
    for round in ["a", "b"] {
        let commits = (1..4)
            .map(|entity| client.appending(entity, round))
            .collect();
        client.commit(commits);
        client.harness.settle();
    }
    client.commit(vec![client.appending(2, "c")]);
    let histories: Vec<String> = (0..5).map(|entity| client.history(entity, 0, 9)).collect();
    assert_eq!(histories, ["", "0:a 1:b", "0:a 1:b 2:c", "0:a 1:b", ""]);
}
