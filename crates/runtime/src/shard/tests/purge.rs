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
        expect![[r#"
            > use pure nap
            > start a pure key=k
              look up test/pure/client/k
              commit of 1
                a: started activated completed workflow-completed | key test/pure/client/k, listed completed
            > settle
              start a: created, a completed {"done":1} @3
            > start b nap
              commit of 1
                b: started activated waiting | listed waiting, timer +60s
            > settle
              start b: created, b waiting, nap waiting @4
            > purge b
              purge b: refused: the instance is waiting: only an instance that has ended can be purged @4
            > purge a
              load a
              commit of 1
                a: forget, unlisted, no key test/pure/client/k, audit instance.purge by ann
            > read a
            > durable
              purge a: purged @5
              read a: refused: there is no instance a @5
            > read a
              load a
              read a: refused: there is no instance a @5
            > purge a
              load a
              purge a: refused: there is no instance a @5
            > start c pure key=k
              look up test/pure/client/k
              commit of 1
                c: started activated completed workflow-completed | key test/pure/client/k, listed completed
            > settle
              start c: created, c completed {"done":1} @6
        "#]],
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
        expect![[r#"
            > use pure
            > start a pure
              commit of 1
                a: started activated completed workflow-completed | listed completed
            > settle
              start a: created, a completed {"done":1} @2
            > purge a
              load a
              commit of 1
                a: forget, unlisted, audit instance.purge by ann
            > refused
              purge a: refused: the server is not available: the disk is full: no space left @2
            > read a
              load a
              read a: a completed {"done":1} @2
            > settle
            > purge a
              load a
              commit of 1
                a: forget, unlisted, audit instance.purge by ann
            > settle
              purge a: purged @3
        "#]],
    );
}
