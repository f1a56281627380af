//! Publishing, tags, and which version a text means.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use motet_engine::{Catalog, CatalogInput, CatalogRejection};
use motet_types::{Digest, Timestamp};

use crate::harness::{catalog, definition_ref, epoch, workflow};

/// Gives the inputs, and prints what each led to: `publish NAME:VERSION CONTENT` or `tag NAME TAG VERSION`.
fn check(script: &str, expected: Expect) {
    let (mut live, mut rebuilt) = (Catalog::default(), Catalog::default());
    let mut transcript = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let before = live.clone();
        let result = live.step(epoch(), Some("ann"), input(line));
        let words = match &result {
            Ok(Some(record)) => {
                rebuilt.apply(record);
                format!("{:?}", record.fact).split(' ').next().unwrap_or_default().to_lowercase()
            }
            Ok(None) => "is so already".to_owned(),
            Err(rejection) => {
                assert_eq!(before, live, "a rejection changes nothing");
                rejection.to_string()
            }
        };
        assert_eq!(live, rebuilt, "the records hold all there is");
        writeln!(transcript, "{line}: {words}").expect("a string takes all text");
    }
    expected.assert_eq(&transcript);
}

fn input(line: &str) -> CatalogInput {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["publish", definition, content] => CatalogInput::Publish {
            definition: definition_ref(definition),
            digest: Digest([content.len() as u8; 32]),
            source: content.into(),
        },
        ["tag", name, tag, version] => CatalogInput::SetTag {
            workflow: workflow(name),
            tag: tag.parse().expect("a label"),
            version: version.parse().expect("a version"),
            reason: None,
        },
        _ => panic!("not a command: {line}"),
    }
}

#[test]
fn a_version_is_immutable() {
    check(
        "
        publish shop/order:1.0.0 a
        publish shop/order:1.0.0 a
        publish shop/order:1.0.0 other
        publish shop/order:1.0.1 other
        publish shop/order:1.0.0+build2 other
        ",
        expect![[r#"
            publish shop/order:1.0.0 a: published
            publish shop/order:1.0.0 a: is so already
            publish shop/order:1.0.0 other: shop/order:1.0.0 exists with other content (digest 0101010101010101010101010101010101010101010101010101010101010101): publish under a new version
            publish shop/order:1.0.1 other: published
            publish shop/order:1.0.0+build2 other: published
        "#]],
    );
}

#[test]
fn a_tag_points_to_what_is_published() {
    check(
        "
        tag shop/order stable 1.0.0
        publish shop/order:1.0.0 a
        tag shop/order stable 1.0.0
        tag shop/order stable 1.0.0
        tag shop/order stable 1.1.0
        publish shop/order:1.1.0 b
        tag shop/order stable 1.1.0
        tag shop/order stable 1.0.0
        ",
        expect![[r#"
            tag shop/order stable 1.0.0: shop/order:1.0.0 is not published
            publish shop/order:1.0.0 a: published
            tag shop/order stable 1.0.0: tagged
            tag shop/order stable 1.0.0: is so already
            tag shop/order stable 1.1.0: shop/order:1.1.0 is not published
            publish shop/order:1.1.0 b: published
            tag shop/order stable 1.1.0: tagged
            tag shop/order stable 1.0.0: tagged
        "#]],
    );
}

#[test]
fn a_tag_keeps_its_history() {
    let mut catalog = catalog(&["shop/order:1.0.0", "shop/order:2.0.0"]);
    for (at, version) in [(1, "1.0.0"), (3, "2.0.0"), (2, "1.0.0")] {
        let input = input(&format!("tag shop/order stable {version}"));
        let now = Timestamp::from_micros(epoch().as_micros() + at * 1_000_000);
        catalog.step(now, Some("ann"), input).expect("it is published");
    }
    let name = workflow("shop/order");
    let moves = &catalog.workflows[&name].tags["stable"];
    let lines: Vec<String> = moves
        .iter()
        .map(|it| {
            let from = it.from.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            let actor = it.actor.as_deref().unwrap_or("nobody");
            format!("{} from {from} to {} by {actor}", it.at, it.to)
        })
        .collect();
    // The clock went back for the third one; the catalog's time does not.
    expect![[r#"
        2026-01-01T00:00:01.000Z from nothing to 1.0.0 by ann
        2026-01-01T00:00:03.000Z from 1.0.0 to 2.0.0 by ann
        2026-01-01T00:00:03.000Z from 2.0.0 to 1.0.0 by ann"#]]
    .assert_eq(&lines.join("\n"));
}

/// What each text means for a workflow; `-` stands for an absent one.
fn resolved(catalog: &Catalog, name: &str, texts: &[&str], expected: Expect) {
    let mut lines = String::new();
    for text in texts {
        let wanted = (*text != "-").then_some(*text);
        let found = match catalog.resolve(&workflow(name), wanted) {
            Ok(found) => found.version.to_string(),
            Err(error) => error.to_string(),
        };
        writeln!(lines, "{text} → {found}").expect("a string takes all text");
    }
    expected.assert_eq(&lines);
}

#[test]
fn what_a_version_means() {
    let mut catalog = catalog(&[
        "shop/order:1.0.0",
        "shop/order:1.2.0",
        "shop/order:1.10.0",
        "shop/order:2.0.0-rc.1",
        "shop/order:2.0.0",
        "shop/order:3.0.0-beta",
    ]);
    let texts = [
        "-",
        "1.2.0",
        "1.2",
        "^1",
        "~1.2",
        "=1.0.0",
        ">=1, <2",
        "*",
        "latest",
        "2.0.0-rc.1",
        "^3",
        "^3.0.0-beta",
        "9.9.9",
        "stable",
        "nonsense!",
    ];
    resolved(
        &catalog,
        "shop/order",
        &texts,
        expect![[r#"
        - → 2.0.0
        1.2.0 → 1.2.0
        1.2 → 1.10.0
        ^1 → 1.10.0
        ~1.2 → 1.2.0
        =1.0.0 → 1.0.0
        >=1, <2 → 1.10.0
        * → 2.0.0
        latest → 2.0.0
        2.0.0-rc.1 → 2.0.0-rc.1
        ^3 → the workflow shop/order has no version, tag or match for "^3"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        ^3.0.0-beta → 3.0.0-beta
        9.9.9 → the workflow shop/order has no version, tag or match for "9.9.9"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        stable → the workflow shop/order has no version, tag or match for "stable"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        nonsense! → the workflow shop/order has no version, tag or match for "nonsense!"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
    "#]],
    );
    catalog
        .step(epoch(), Some("ann"), input("tag shop/order stable 1.2.0"))
        .expect("it is published");
    resolved(
        &catalog,
        "shop/order",
        &["-", "stable", "latest"],
        expect![[r#"
        - → 1.2.0
        stable → 1.2.0
        latest → 2.0.0
    "#]],
    );
}

#[test]
fn pre_releases_count_where_there_is_nothing_else() {
    let catalog = catalog(&["shop/draft:0.1.0-a", "shop/draft:0.1.0-b"]);
    resolved(
        &catalog,
        "shop/draft",
        &["-", "latest", "0.1.0-a", "^0.1"],
        expect![[r#"
        - → 0.1.0-b
        latest → 0.1.0-b
        0.1.0-a → 0.1.0-a
        ^0.1 → the workflow shop/draft has no version, tag or match for "^0.1"; published: 0.1.0-b, 0.1.0-a
    "#]],
    );
}

#[test]
fn a_workflow_that_is_not_published_has_no_versions() {
    resolved(
        &Catalog::default(),
        "shop/nobody",
        &["-", "1.0.0", "latest"],
        expect![[r#"
        - → the workflow shop/nobody is not published
        1.0.0 → the workflow shop/nobody is not published
        latest → the workflow shop/nobody is not published
    "#]],
    );
}

#[test]
fn a_rejection_names_what_is_there() {
    let mut catalog = catalog(&["shop/order:1.0.0"]);
    let rejected = catalog.step(epoch(), Some("ann"), input("publish shop/order:1.0.0 other"));
    let existing = catalog.version(&workflow("shop/order"), &"1.0.0".parse().expect("a version"));
    assert_eq!(
        rejected,
        Err(CatalogRejection::VersionExists {
            definition: definition_ref("shop/order:1.0.0"),
            existing: existing.expect("it is published").digest,
        })
    );
}
