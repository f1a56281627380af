use bytes::Bytes;

use super::{Check, Client, START, blob, string};
use crate::{Commit, RowChange};

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
        name: "histories_can_be_cut",
        says: "what is cut out is gone, covered or not; the rest keeps its ordinals, and pages go on behind it",
        run: histories_can_be_cut,
    },
    Check {
        name: "cutting_keeps_the_state",
        says: "a cut takes whole chunks that begin within it and are older than its commit; the state is that of its snapshot",
        run: cutting_keeps_the_state,
    },
    Check {
        name: "histories_are_apart",
        says: "neighbouring ids do not mix",
        run: histories_are_apart,
    },
    Check {
        name: "forgetting_leaves_nothing",
        says: "a forgotten entity has neither state nor history, covered or not, and its neighbours keep theirs",
        run: forgetting_leaves_nothing,
    },
    Check {
        name: "forgetting_is_of_its_commit",
        says: "rows change in the commit that forgets, and its own records begin the new history",
        run: forgetting_is_of_its_commit,
    },
    Check {
        name: "a_forgotten_entity_begins_again",
        says: "what is committed after the forgetting is a history from record 0, whatever the tables held",
        run: a_forgotten_entity_begins_again,
    },
];

fn histories_are_whole(client: Client) {
    let snapshot = Some(Bytes::from_static(b"S"));
    client.commit(vec![client.appending(1, "ab"), client.appending(1, "")]);
    client.harness.settle();
    client.commit(vec![Commit { snapshot, ..client.appending(1, "cde") }]);
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
            assert_eq!(client.history(1, skip, limit), expected, "skip {skip} limit {limit}");
        }
    };
    check(&client);
    client.harness.settle();
    check(&client);
    check(&client.reopen());
}

fn cutting(client: &Client, entity: u8, records: &str, from: u64, to: u64) -> Commit {
    Commit {
        snapshot: Some(Bytes::from_static(b"S")),
        rows: vec![RowChange::Cut { from, to }],
        ..client.appending(entity, records)
    }
}

fn histories_can_be_cut(client: Client) {
    for settles in [false, true] {
        let entity = 1 + u8::from(settles);
        let settle = |client: &Client| {
            if settles {
                client.harness.settle();
            }
        };
        client.commit(["ab", "cd", "ef"].map(|chunk| client.appending(entity, chunk)).to_vec());
        settle(&client);
        client.commit(["gh", "ij"].map(|chunk| client.appending(entity, chunk)).to_vec());
        settle(&client);
        client.commit(vec![cutting(&client, entity, "k", 2, 8)]);
        client.commit(vec![client.appending(entity, "l")]);
        let check = |client: &Client, when: &str| {
            for (skip, limit, expected) in [
                (0, 100, "0:ab 8:ij 10:k 11:l"),
                (0, 2, "0:ab"),
                (0, 9, "0:ab 8:ij"),
                (1, 1, "0:ab"),
                (2, 1, "8:ij"),
                (2, 2, "8:ij"),
                (2, 3, "8:ij 10:k"),
                (5, 3, "8:ij 10:k"),
                (9, 1, "8:ij"),
                (10, 9, "10:k 11:l"),
                (12, 1, ""),
            ] {
                let found = client.history(entity, skip, limit);
                assert_eq!(found, expected, "{when}, settles {settles}, skip {skip} limit {limit}");
            }
            assert_eq!(client.state(entity), "S | l");
        };
        check(&client, "as it was committed");
        settle(&client);
        check(&client, "perhaps covered");
    }
    let client = client.reopen();
    client.harness.settle();
    assert_eq!(client.history(1, 0, 100), "0:ab 8:ij 10:k 11:l");
    assert_eq!(client.history(2, 3, 3), "8:ij 10:k");
    client.commit(vec![cutting(&client, 1, "m", 2, 11)]);
    client.harness.settle();
    assert_eq!(client.history(1, 0, 100), "0:ab 11:l 12:m");
}

fn cutting_keeps_the_state(client: Client) {
    client.commit(vec![client.appending(1, "abc"), client.appending(1, "def")]);
    client.harness.settle();
    // Neither chunk begins within, then none that does is older than the commit that cuts.
    client.commit(vec![cutting(&client, 1, "g", 1, 3)]);
    client.commit(vec![cutting(&client, 1, "h", 7, 100)]);
    assert_eq!(client.history(1, 0, 100), "0:abc 3:def 6:g 7:h");
    client.commit(vec![cutting(&client, 1, "i", 0, 100)]);
    client.commit(vec![client.appending(1, "j")]);
    assert_eq!(seen(&client, 1), ["S | j", "8:i 9:j"]);
    client.harness.settle();
    assert_eq!(seen(&client.reopen(), 1), ["S | j", "8:i 9:j"]);
}

fn histories_are_apart(client: Client) {
    for round in ["a", "b"] {
        let commits = (1..4).map(|entity| client.appending(entity, round)).collect();
        client.commit(commits);
        client.harness.settle();
    }
    client.commit(vec![client.appending(2, "c")]);
    let histories: Vec<String> = (0..5).map(|entity| client.history(entity, 0, 9)).collect();
    assert_eq!(histories, ["", "0:a 1:b", "0:a 1:b 2:c", "0:a 1:b", ""]);
}

/// What is seen of an entity: its state, then its history.
fn seen(client: &Client, entity: u8) -> [String; 2] {
    [client.state(entity), client.history(entity, 0, 100)]
}

fn forgetting(client: &Client, entity: u8, records: &str) -> Commit {
    Commit { rows: vec![RowChange::Forget], ..client.appending(entity, records) }
}

fn forgetting_leaves_nothing(client: Client) {
    let nothing = ["nothing", ""];
    for covered in [false, true] {
        let commits = (1..4).map(|entity| Commit {
            snapshot: Some(Bytes::from_static(b"S")),
            ..client.appending(entity, "ab")
        });
        client.commit(commits.collect());
        client.commit(vec![client.appending(2, "c")]);
        if covered {
            client.harness.settle();
        }
        assert_eq!(seen(&client, 2), ["S | c", "0:ab 2:c"]);
        client.commit(vec![forgetting(&client, 2, "")]);
        assert_eq!(seen(&client, 2), nothing, "covered before: {covered}");
        assert_eq!(client.state(1), "S | ");
        client.commit(vec![forgetting(&client, 1, ""), forgetting(&client, 3, "")]);
    }
    let client = client.reopen();
    assert_eq!(seen(&client, 2), nothing, "after a crash");
    client.harness.settle();
    for entity in 0..5 {
        assert_eq!(seen(&client, entity), nothing, "once covered");
    }
    client.commit(vec![forgetting(&client, 4, "")]);
    assert_eq!(seen(&client, 4), nothing, "there was nothing to forget");
    client.commit(vec![client.appending(5, "kept")]);
    client.harness.settle();
    assert_eq!(seen(&client.reopen(), 5), ["kept", "0:kept"]);
}

fn forgetting_is_of_its_commit(client: Client) {
    let table = START.id;
    client.put(table, [vec![string("k"), blob(b"1")]]);
    client.commit(vec![client.appending(1, "old")]);
    client.harness.settle();
    let delete = RowChange::Delete { table, key: vec![string("k")] };
    client.commit(vec![Commit {
        rows: vec![delete, RowChange::Forget],
        snapshot: Some(Bytes::from_static(b"N")),
        ..client.appending(1, "new")
    }]);
    let check = |client: &Client| {
        assert!(client.scan(table, vec![], 9).is_empty());
        assert_eq!(seen(client, 1), ["N | ", "0:new"]);
    };
    check(&client);
    let client = client.reopen();
    check(&client);
    client.harness.settle();
    check(&client);
}

fn a_forgotten_entity_begins_again(client: Client) {
    client.commit(vec![client.appending(1, "abc")]);
    client.harness.settle();
    client.commit(vec![
        client.appending(1, "de"),
        forgetting(&client, 1, ""),
        client.appending(1, "fg"),
        forgetting(&client, 1, ""),
        client.appending(1, "hi"),
    ]);
    assert_eq!(seen(&client, 1), ["hi", "0:hi"]);
    client.harness.settle();
    client.commit(vec![client.appending(1, "j")]);
    assert_eq!(seen(&client, 1), ["hi j", "0:hi 2:j"]);
    assert_eq!(client.history(1, 2, 1), "2:j");
    client.harness.settle();
    assert_eq!(seen(&client.reopen(), 1), ["hi j", "0:hi 2:j"]);
}
