use motet_expr::json::{Limits, parse};
use motet_store::Value as Cell;

use super::{AttributeFilter, AttributeTest, row};

/// Whether an attribute with this value (JSON) passes.
fn passes(value: &str, test: AttributeTest) -> bool {
    let limits = Limits { bytes_max: 1_000, depth_max: 8 };
    let value = parse(value.as_bytes(), limits).unwrap();
    let Some(row) = row(Cell::Null, "a", &value) else { return false };
    let filter = AttributeFilter { name: "a".to_owned(), test };
    filter.filters().iter().all(|filter| {
        let cell = if filter.column == "name" { &row[1] } else { &row[2] };
        filter.test.admits(cell)
    })
}

#[test]
fn a_text_finds_every_type_that_it_may_be_of() {
    let equal = |value: &str, text: &str| passes(value, AttributeTest::Equal(text.to_owned()));
    let table = [
        (r#""o-1""#, "o-1", true),
        (r#""o-1""#, "o-2", false),
        (r#""o-1""#, "o-", false),
        ("10", "10", true),
        ("10.0", "10", true),
        ("1e1", "10", true),
        ("-0.0", "0", true),
        (r#""10""#, "10", true),
        ("true", "true", true),
        (r#""true""#, "true", true),
        ("true", "1", false),
        ("false", "true", false),
        (r#""2026-01-31T08:30:00Z""#, "2026-01-31T09:30:00+01:00", true),
        (r#""2026-01-31T08:30:00Z""#, "2026-01-31T08:30:01Z", false),
        (r#""inf""#, "inf", true),
        (r#"{"a": 1}"#, "a", false),
        ("null", "null", false),
    ];
    for (value, text, expected) in table {
        assert_eq!(equal(value, text), expected, "{value} = {text}");
    }
}

#[test]
fn order_is_that_of_the_type() {
    let between = |value: &str, from: &str, to: &str| {
        let from = passes(value, AttributeTest::AtLeast(from.to_owned()));
        from && passes(value, AttributeTest::Below(to.to_owned()))
    };
    let table = [
        ("10", "9", "11", true),
        ("10", "10", "11", true),
        ("10", "9", "10", false),
        ("-3.5", "-4", "-3", true),
        ("-3.5", "-3", "4", false),
        ("0", "-1", "1", true),
        ("1e300", "1", "2e300", true),
        (r#""10""#, "9", "11", false),
        (r#""m""#, "a", "z", true),
        (r#""z""#, "a", "m", false),
        (r#""2026-06-01T00:00:00Z""#, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", true),
        (r#""1960-06-01T00:00:00Z""#, "1950-01-01T00:00:00Z", "1961-01-01T00:00:00Z", true),
        (r#""2026-06-01T00:00:00Z""#, "2026-06-01T02:00:01+02:00", "2027-01-01T00:00:00Z", false),
        ("true", "a", "z", false),
    ];
    for (value, from, to, expected) in table {
        assert_eq!(between(value, from, to), expected, "{from} <= {value} < {to}");
    }
}
