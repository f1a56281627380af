//! What calls have shown, and what governors did, is counted and told.

use expect_test::expect;
use motet_types::Status;

use super::check_lines;
use super::world::World;

#[test]
fn calls_of_services_and_of_hosts_are_edges_of_their_workflow() {
    check_lines(
        &["observed"],
        "
        use ask
        register billing one http://10.0.0.1:8080 version=2.1.0
        durable
        start a ask
        settle
        observed
        after 2s
        answer a.ask
        settle
        start b ask
        settle
        after 4s
        fail b.ask maybe-run
        settle
        observed
        restart
        observed
        ",
        expect![[r#"
            > observed
              observed: test/ask:1.0.0 calls test/billing@2.1.0: 0, 0 errors, 1 in flight, 0.00/s @3
            > observed
              observed: test/ask:1.0.0 calls test/billing@2.1.0: 2, 1 errors, 0 in flight, 0.33/s, 2.1s to 4.1s @6
            > observed
              observed:  @6
        "#]],
    );
}

#[test]
fn what_services_did_is_counted_and_what_was_done_to_them_is_told() {
    check_lines(
        &["notice", "figures", " one: "],
        "
        use ask
        register billing one http://10.0.0.1:8080
        durable
        start a ask
        settle
        after 30ms
        answer a.ask 500 {}
        settle
        start b ask
        settle
        after 2s
        answer b.ask 503 {}
        settle
        start c ask
        settle
        fail c.ask maybe-run
        start d ask
        settle
        fail d.ask maybe-run
        start e ask
        settle
        fail e.ask maybe-run
        settle
        start f ask
        settle
        figures
        ",
        expect![[r#"
              register billing one: created, believed for 90s @2
              notice test/billing@0.0.0 opened
            > figures
              figures: test/billing@0.0.0: 0 answered, 4 failed, 1 overloaded, 0 withdrawn, 2.03s, changes {"opened": 1}, held {"breaker": 1}, open 0 in flight, limit Some(18), [("passing", 1)]
                test/billing@0.0.0 one: 0 answered, 4 failed, 1 overloaded, 0 withdrawn @13
        "#]],
    );
}

#[test]
fn ends_are_told_where_somebody_wants_them_and_only_when_they_are_durable() {
    let mut world = World::new();
    world.run("use ask\nregister billing one http://10.0.0.1:8080\ndurable\nstart a ask\nsettle");
    world.run("answer a.ask\nsettle");
    assert_eq!(world.ended, [], "nobody has asked");
    world.tell_ends();
    world.run("start b ask\nsettle\nanswer b.ask 500 {}");
    assert_eq!(world.ended, [], "it is not durable");
    world.run("settle");
    let [ended] = world.ended.as_slice() else { panic!("one has ended: {:?}", world.ended) };
    assert_eq!((ended.id, ended.root, ended.parent), (world.id("b"), world.id("b"), None));
    assert_eq!(ended.status, Status::Faulted);
    assert!(ended.error.as_ref().is_some_and(|error| error.contains("500")), "{:?}", ended.error);
    assert!(ended.from <= ended.until);
}
