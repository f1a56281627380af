//! The experiments of docs/governance.md: the production code in virtual time, by seed, beside what others do.
//!
//! Every figure is the same on every machine. The table of the page is what `the_table_is_what_the_code_gives` compares.

mod admission;
mod balancing;
mod contender;
mod overload;
mod replica;
mod setups;
mod table;

use contender::Kind;

const PREFACE: &str = include_str!("preface.md");

/// The page's table, in full. Rewrite it with `UPDATE_EXPECT=1 cargo test -p motet-policy --features experiments --profile simulation`.
#[test]
fn the_table_is_what_the_code_gives() {
    let results = setups::run();
    check_balancing(&results);
    let text =
        [PREFACE, &table::balancing(&results), &overload::table(), &admission::table()].join("\n");
    expect_test::expect_file!["../../../../docs/governance.md"].assert_eq(&text);
}

fn check_balancing(results: &[setups::Row]) {
    for row in results {
        let of = |kind: Kind| row.figure(kind);
        let (own, peer) = (of(Kind::Motet), of(Kind::P2cEwma));
        // Figures count downwards: the lower, the better. Noise is what seeds differ by.
        assert!(own.mean <= peer.mean + peer.spread, "{}: {own:?} {peer:?}", row.name);
        if row.must_win {
            assert!(own.mean < peer.mean, "{}: {own:?} {peer:?}", row.name);
        }
        if let Some(bar) = row.bar {
            assert!(own.mean <= bar, "{}: {own:?}, bar {bar}", row.name);
        }
    }
}
