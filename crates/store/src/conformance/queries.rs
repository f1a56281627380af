use super::{Check, Client, ORDER, START, blob, int, string};
use crate::{Answer, Error, Filter, Order, Position, Query, Row, TableId, Test, Value};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "filters_select",
        says: "a query returns the rows for which every filter holds; nulls are below and above nothing",
        run: filters_select,
    },
    Check {
        name: "queries_order_and_page",
        says: "rows come in key order, up or down, in pages that join",
        run: queries_order_and_page,
    },
    Check {
        name: "counts_add_up",
        says: "counts by a column cover the filtered rows, null included, in order of the values",
        run: counts_add_up,
    },
    Check {
        name: "covered_follows",
        says: "queries say how far they see, and once settled they see every commit",
        run: covered_follows,
    },
    Check {
        name: "malformed_queries_fail",
        says: "a query that does not fit its table fails as malformed",
        run: malformed_queries_fail,
    },
];

fn filters_select(client: Client) {
    fill(&client);
    let cases: [(&str, Vec<Filter>, &[u8]); 12] = [
        ("no filter", vec![], &[1, 2, 3, 4, 5, 6]),
        ("equal text", vec![filter("status", Test::Equal(string("open")))], &[1, 3, 5]),
        ("equal int", vec![filter("amount", Test::Equal(int(20)))], &[2, 5]),
        ("equal null", vec![filter("parent", Test::Equal(Value::Null))], &[1, 2, 6]),
        ("equal blob", vec![filter("parent", Test::Equal(blob(b"p")))], &[3, 4]),
        ("in", vec![filter("amount", Test::In(vec![int(10), int(-5), int(77)]))], &[1, 4]),
        ("in with null", vec![filter("amount", Test::In(vec![Value::Null, int(10)]))], &[1, 6]),
        ("in nothing", vec![filter("amount", Test::In(vec![]))], &[]),
        ("at least", vec![filter("amount", Test::AtLeast(int(20)))], &[2, 3, 5]),
        ("below", vec![filter("amount", Test::Below(int(20)))], &[1, 4]),
        ("below null", vec![filter("amount", Test::Below(Value::Null))], &[]),
        (
            "all hold",
            vec![
                filter("status", Test::Equal(string("open"))),
                filter("amount", Test::AtLeast(int(10))),
                filter("amount", Test::Below(int(30))),
            ],
            &[1, 5],
        ),
    ];
    for (name, filters, expected) in cases {
        let found = ids(&client.query(Query { filters, ..everything() }));
        assert_eq!(found, expected, "{name}");
    }
}

fn queries_order_and_page(client: Client) {
    fill(&client);
    let open = || vec![filter("status", Test::In(vec![string("open"), string("done")]))];
    for (order, expected) in
        [(Order::Ascending, [1, 2, 3, 5, 6]), (Order::Descending, [6, 5, 3, 2, 1])]
    {
        for limit in 1..7 {
            let mut joined: Vec<u8> = Vec::new();
            loop {
                let after = joined.last().map(|id| vec![blob(&[*id])]);
                let query = Query { filters: open(), order, after, limit, ..everything() };
                let page = ids(&client.query(query));
                assert!(page.len() <= limit);
                if page.is_empty() {
                    break;
                }
                joined.extend(page);
            }
            assert_eq!(joined, expected, "{order:?} in pages of {limit}");
        }
    }
    assert!(ids(&client.query(Query { limit: 0, ..everything() })).is_empty());
}

fn counts_add_up(client: Client) {
    fill(&client);
    let count = |column: &'static str, filters: Vec<Filter>, limit: usize| {
        let query = Query { count_by: Some(column), filters, limit, ..everything() };
        match client.query(query) {
            Answer::Counts { counts, .. } => counts,
            Answer::Rows { .. } => panic!("counts were asked for"),
        }
    };
    let by_status = [(string("done"), 2), (string("failed"), 1), (string("open"), 3)];
    assert_eq!(count("status", vec![], 10), by_status);
    assert_eq!(count("status", vec![], 2), by_status[..2]);
    let expected = [(Value::Null, 3), (blob(b"p"), 2), (blob(b"q"), 1)];
    assert_eq!(count("parent", vec![], 10), expected);
    let rich = vec![filter("amount", Test::AtLeast(int(20)))];
    assert_eq!(count("status", rich, 10), [(string("done"), 1), (string("open"), 2)]);
}

fn covered_follows(client: Client) {
    fill(&client);
    let row = order(7, "open", None, Some(1));
    let put = crate::RowChange::Put { table: ORDER.id, row };
    let position = client.commit(vec![client.changing(vec![put])])[0];
    let sees = |client: &Client| match client.query(everything()) {
        Answer::Rows { rows, covered } => (rows.len(), covered),
        Answer::Counts { .. } => panic!("rows were asked for"),
    };
    let (rows, covered) = sees(&client);
    assert_eq!(rows == 7, covered >= position, "the answer says whether it sees the commit");
    client.harness.settle();
    assert!(client.harness.reads().covered() >= position);
    assert_eq!(sees(&client), (7, position));
    let client = client.reopen();
    assert!(client.harness.reads().covered() >= position, "what was covered stays covered");
    assert_eq!(sees(&client), (7, position));
    assert!(position > Position(0));
}

fn malformed_queries_fail(client: Client) {
    let malformed = [
        Query { table: TableId(99), ..everything() },
        Query { filters: vec![filter("colour", Test::Equal(int(1)))], ..everything() },
        Query { filters: vec![filter("amount", Test::Equal(string("1")))], ..everything() },
        Query {
            filters: vec![filter("amount", Test::In(vec![int(1), blob(b"")]))],
            ..everything()
        },
        Query { count_by: Some("colour"), ..everything() },
        Query { after: Some(vec![]), ..everything() },
        Query { table: START.id, after: Some(vec![int(1)]), ..everything() },
    ];
    for query in malformed {
        let result = client.try_query(query);
        assert!(matches!(result, Err(Error::Malformed(_))), "{result:?}");
    }
}

fn fill(client: &Client) {
    let rows = [
        order(1, "open", None, Some(10)),
        order(2, "done", None, Some(20)),
        order(3, "open", Some(b"p"), Some(30)),
        order(4, "failed", Some(b"p"), Some(-5)),
        order(5, "open", Some(b"q"), Some(20)),
        order(6, "done", None, None),
    ];
    client.put(ORDER.id, rows);
    client.harness.settle();
}

fn everything() -> Query {
    Query {
        table: ORDER.id,
        filters: Vec::new(),
        count_by: None,
        order: Order::Ascending,
        after: None,
        limit: 100,
    }
}

fn order(id: u8, status: &str, parent: Option<&[u8]>, amount: Option<i64>) -> Row {
    vec![
        blob(&[id]),
        string(status),
        parent.map_or(Value::Null, blob),
        amount.map_or(Value::Null, int),
    ]
}

fn filter(column: &'static str, test: Test) -> Filter {
    Filter { column, test }
}

fn ids(answer: &Answer) -> Vec<u8> {
    let Answer::Rows { rows, .. } = answer else { panic!("rows were asked for") };
    let id = |row: &Row| match &row[0] {
        Value::Blob(id) => id[0],
        other => panic!("{other:?} is no id"),
    };
    rows.iter().map(id).collect()
}
