use bytes::Bytes;
use motet_types::ShardId;

use super::{Check, Client, FRAME_BYTES_MAX, START, blob, int, string};
use crate::{Commit, CommitError, Epoch, Position, RowChange, TableId, Value};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "positions_grow",
        says: "positions are those of the commits in order and grow over the whole store",
        run: positions_grow,
    },
    Check {
        name: "chunks_keep_their_borders",
        says: "a load returns each commit's records as one chunk, oldest first",
        run: chunks_keep_their_borders,
    },
    Check {
        name: "snapshots_replace_what_was_before",
        says: "a load begins with the newest snapshot and leaves out the records it includes",
        run: snapshots_replace_what_was_before,
    },
    Check {
        name: "loads_answer_in_order",
        says: "a load answers in the order asked, with nothing for an entity without history",
        run: loads_answer_in_order,
    },
    Check {
        name: "commits_survive",
        says: "what was reported durable is there after a crash, and positions go on growing",
        run: commits_survive,
    },
    Check {
        name: "many_commits_survive",
        says: "thousands of commits over many openings are all there, in order",
        run: many_commits_survive,
    },
    Check {
        name: "large_commits_survive",
        says: "a commit close to the limit is durable and loads again byte for byte",
        run: large_commits_survive,
    },
    Check {
        name: "groups_are_atomic",
        says: "a group with one refused commit changes nothing",
        run: groups_are_atomic,
    },
    Check {
        name: "too_large_is_refused",
        says: "a commit beyond frame_bytes_max is refused with both sizes",
        run: too_large_is_refused,
    },
    Check {
        name: "empty_commits_count",
        says: "a commit that changes nothing has a position; a group of none is durable at once",
        run: empty_commits_count,
    },
    Check {
        name: "malformed_is_refused",
        says: "rows that do not fit their tables and wrong record counts are refused",
        run: malformed_is_refused,
    },
    Check {
        name: "deposed_owners_are_fenced",
        says: "a commit under another epoch than that of the lease is refused as fenced",
        run: deposed_owners_are_fenced,
    },
    Check {
        name: "leases_renew",
        says: "taking a lease again keeps its epoch, a new owner gets a higher one",
        run: leases_renew,
    },
    Check {
        name: "leases_tell_the_position",
        says: "a lease says at which position it begins: that of the last durable commit",
        run: leases_tell_the_position,
    },
];

fn positions_grow(client: Client) {
    let mut positions = client.commit(vec![client.appending(1, "a"), client.appending(2, "b")]);
    positions.extend(client.commit(vec![client.appending(1, "c")]));
    assert_eq!(positions.len(), 3);
    assert!(positions.is_sorted_by(|earlier, later| earlier < later), "{positions:?}");
}

fn chunks_keep_their_borders(client: Client) {
    client.commit(vec![client.appending(1, "ab"), client.appending(1, "c")]);
    client.commit(vec![client.appending(1, ""), client.appending(1, "def")]);
    assert_eq!(client.state(1), "ab c def");
    client.harness.settle();
    assert_eq!(client.state(1), "ab c def");
    client.commit(vec![client.appending(1, "g")]);
    assert_eq!(client.state(1), "ab c def g");
}

fn snapshots_replace_what_was_before(client: Client) {
    let with_snapshot = |records: &str, snapshot: &'static str| Commit {
        snapshot: Some(Bytes::from_static(snapshot.as_bytes())),
        ..client.appending(1, records)
    };
    client.commit(vec![client.appending(1, "ab"), with_snapshot("c", "ABC")]);
    assert_eq!(client.state(1), "ABC | ");
    client.commit(vec![client.appending(1, "d")]);
    assert_eq!(client.state(1), "ABC | d");
    client.harness.settle();
    assert_eq!(client.state(1), "ABC | d");
    client.commit(vec![client.appending(1, "e"), with_snapshot("", "ABCDE")]);
    client.commit(vec![client.appending(1, "f"), client.appending(1, "g")]);
    assert_eq!(client.state(1), "ABCDE | f g");
    client.harness.settle();
    assert_eq!(client.state(1), "ABCDE | f g");
    assert_eq!(client.reopen().state(1), "ABCDE | f g");
}

fn loads_answer_in_order(client: Client) {
    client.commit(vec![client.appending(1, "a"), client.appending(2, "b")]);
    assert_eq!(client.states(&[2, 9, 1, 2]), ["b", "nothing", "a", "b"]);
    let row = RowChange::Put { table: START.id, row: vec![string("k"), blob(b"")] };
    client.commit(vec![Commit { rows: vec![row], ..client.appending(9, "") }]);
    assert_eq!(client.states(&[9]), ["nothing"], "rows alone make no history");
    assert!(client.states(&[]).is_empty());
}

fn commits_survive(client: Client) {
    let before = client.commit(vec![client.appending(1, "a")]);
    let client = client.reopen();
    assert_eq!(client.state(1), "a");
    let between = client.commit(vec![client.appending(1, "b")]);
    client.harness.settle();
    let client = client.reopen().reopen();
    let after = client.commit(vec![client.appending(1, "c")]);
    assert!(before < between && between < after);
    assert_eq!(client.reopen().state(1), "a b c");
}

fn many_commits_survive(mut client: Client) {
    const ROUNDS: usize = 5;
    const GROUPS: usize = 20;
    for round in 0..ROUNDS {
        for group in 0..GROUPS {
            let commits = (0..10u8).map(|entity| client.appending(entity, "x")).collect();
            client.commit(commits);
            if group == round {
                client.harness.settle();
            }
        }
        client = client.reopen();
    }
    let expected = vec!["x"; ROUNDS * GROUPS].join(" ");
    for entity in 0..10 {
        assert_eq!(client.state(entity), expected);
    }
}

fn large_commits_survive(mut client: Client) {
    let large = "y".repeat(FRAME_BYTES_MAX - 1024);
    for _ in 0..3 {
        client.commit(vec![client.appending(1, &large), client.appending(2, "small")]);
    }
    let all = [large.as_str(); 3].join(" ");
    client = client.reopen();
    assert!(client.state(1) == all);
    client.harness.settle();
    assert!(client.state(1) == all);
    assert_eq!(client.reopen().state(2), "small small small");
}

fn groups_are_atomic(client: Client) {
    let fenced = Commit { epoch: Epoch(client.epoch.0 + 1), ..client.appending(2, "b") };
    let refused = client.try_commit(vec![client.appending(1, "a"), fenced]);
    assert_eq!(refused, Err(CommitError::Fenced(ShardId(3))));
    assert_eq!(client.states(&[1, 2]), ["nothing", "nothing"]);
    assert_eq!(client.reopen().states(&[1, 2]), ["nothing", "nothing"]);
}

fn too_large_is_refused(client: Client) {
    let large = client.appending(1, &"z".repeat(FRAME_BYTES_MAX));
    let bytes = large.size_bound();
    let refused = client.try_commit(vec![large]);
    assert_eq!(refused, Err(CommitError::TooLarge { bytes, bytes_max: FRAME_BYTES_MAX }));
    client.commit(vec![client.appending(1, "a")]);
    assert_eq!(client.state(1), "a");
}

fn empty_commits_count(client: Client) {
    assert_eq!(client.commit(Vec::new()), []);
    let first = client.commit(vec![client.appending(1, "")]);
    let second = client.commit(vec![client.appending(1, "a")]);
    assert!(first < second);
    assert_eq!(client.reopen().state(1), "a");
}

fn malformed_is_refused(client: Client) {
    let put = |table: TableId, row: Vec<Value>| {
        client.try_commit(vec![client.changing(vec![RowChange::Put { table, row }])])
    };
    let malformed = [
        put(TableId(99), vec![int(1)]),
        put(START.id, vec![string("too short")]),
        put(START.id, vec![string("k"), blob(b""), int(1)]),
        put(START.id, vec![string("k"), string("a text where bytes belong")]),
        put(START.id, vec![Value::Null, blob(b"a key without a value")]),
        client.try_commit(vec![
            client.changing(vec![RowChange::Delete { table: START.id, key: Vec::new() }]),
        ]),
        client.try_commit(vec![Commit { record_count: 0, ..client.appending(1, "a") }]),
        client.try_commit(vec![Commit { record_count: 1, ..client.appending(1, "") }]),
    ];
    for result in malformed {
        assert!(matches!(result, Err(CommitError::Malformed(_))), "{result:?}");
    }
    assert!(client.scan(START.id, Vec::new(), 10).is_empty());
}

fn deposed_owners_are_fenced(client: Client) {
    let deposed = client.epoch;
    let client = client.reopen();
    for epoch in [deposed, Epoch(client.epoch.0 + 1), Epoch(0)] {
        let refused = client.try_commit(vec![Commit { epoch, ..client.appending(1, "a") }]);
        assert_eq!(refused, Err(CommitError::Fenced(ShardId(3))));
    }
    client.commit(vec![client.appending(1, "b")]);
    assert_eq!(client.state(1), "b");
}

fn leases_renew(client: Client) {
    assert_eq!(client.lease(ShardId(3)).epoch, client.epoch);
    let catalog = client.lease(ShardId::CATALOG).epoch;
    let commit =
        Commit { shard: ShardId::CATALOG, epoch: catalog, ..client.appending(1, "catalog") };
    client.commit(vec![commit]);
    let before = client.epoch;
    assert!(client.reopen().epoch > before);
}

fn leases_tell_the_position(client: Client) {
    let position = |client: &Client| client.lease(ShardId(3)).position;
    assert_eq!(position(&client), Position(0), "nothing was committed");
    let last = *client
        .commit(vec![client.appending(1, "a"), client.appending(2, "b")])
        .last()
        .expect("two");
    assert_eq!(position(&client), last);
    let client = client.reopen();
    assert_eq!(position(&client), last, "by the log");
    client.harness.settle();
    let client = client.reopen().reopen();
    assert_eq!(position(&client), last, "by the tables");
    let next = client.commit(vec![client.appending(1, "c")])[0];
    assert_eq!((next > last, position(&client.reopen())), (true, next));
}
