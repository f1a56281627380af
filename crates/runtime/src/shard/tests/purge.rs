//! Somebody wants an instance gone now.

use expect_test::expect;

use super::check;

#[test]
fn what_has_ended_goes_with_its_start_key_and_is_found_no_more() {
    check(
        "
        use pure nap
        start a pure key=k
        settle
        start b nap
        settle
        purge b
        purge a
        read a
        durable
        read a
        purge a
        start c pure key=k
        settle
        ",
        expect![[""]],
    );
}

#[test]
fn a_refused_purge_leaves_everything() {
    check(
        "
        use pure
        start a pure
        settle
        purge a
        refused
        read a
        settle
        purge a
        settle
        ",
        expect![[""]],
    );
}
