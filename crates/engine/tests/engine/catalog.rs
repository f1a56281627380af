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
        let result = live.step(epoch(), input(line));
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
            actor: Some("ann".to_owned()),
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
        catalog.step(now, input).expect("it is published");
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

#[test]
fn what_a_version_means() {
    let mut catalog = catalog(&[
        "shop/order:1.0.0",
        "shop/order:1.2.0",
        "shop/order:1.10.0",
        "shop/order:2.0.0-rc.1",
        "shop/order:2.0.0",
        "shop/order:3.0.0-beta",
        "shop/draft:0.1.0-a",
        "shop/draft:0.1.0-b",
    ]);
    let table = |catalog: &Catalog| {
        let wanted = [
            None,
            Some("1.2.0"),
            Some("1.2"),
            Some("^1"),
            Some("~1.2"),
            Some("=1.0.0"),
            Some(">=1, <2"),
            Some("*"),
            Some("latest"),
            Some("stable"),
            Some("2.0.0-rc.1"),
            Some("^3"),
            Some("^3.0.0-beta"),
            Some("9.9.9"),
            Some("nonsense!"),
        ];
        let mut lines = String::new();
        for name in ["shop/order", "shop/draft", "shop/nobody"] {
            for wanted in wanted {
                let found = match catalog.resolve(&workflow(name), wanted) {
                    Ok(found) => found.to_string(),
                    Err(error) => error.to_string(),
                };
                let wanted = wanted.unwrap_or("(absent)");
                writeln!(lines, "{name} {wanted}: {found}").expect("a string takes all text");
            }
        }
        lines
    };
    expect![[r#"
        shop/order (absent): shop/order:2.0.0
        shop/order 1.2.0: shop/order:1.2.0
        shop/order 1.2: shop/order:1.10.0
        shop/order ^1: shop/order:1.10.0
        shop/order ~1.2: shop/order:1.2.0
        shop/order =1.0.0: shop/order:1.0.0
        shop/order >=1, <2: shop/order:1.10.0
        shop/order *: shop/order:2.0.0
        shop/order latest: shop/order:2.0.0
        shop/order stable: the workflow shop/order has no version, tag or match for "stable"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        shop/order 2.0.0-rc.1: shop/order:2.0.0-rc.1
        shop/order ^3: the workflow shop/order has no version, tag or match for "^3"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        shop/order ^3.0.0-beta: shop/order:3.0.0-beta
        shop/order 9.9.9: the workflow shop/order has no version, tag or match for "9.9.9"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        shop/order nonsense!: the workflow shop/order has no version, tag or match for "nonsense!"; published: 3.0.0-beta, 2.0.0, 2.0.0-rc.1, 1.10.0, 1.2.0 and 1 more
        shop/draft (absent): shop/draft:0.1.0-b
        shop/draft 1.2.0: the workflow shop/draft has no version, tag or match for "1.2.0"; published: 0.1.0-b, 0.1.0-a
        shop/draft 1.2: the workflow shop/draft has no version, tag or match for "1.2"; published: 0.1.0-b, 0.1.0-a
        shop/draft ^1: the workflow shop/draft has no version, tag or match for "^1"; published: 0.1.0-b, 0.1.0-a
        shop/draft ~1.2: the workflow shop/draft has no version, tag or match for "~1.2"; published: 0.1.0-b, 0.1.0-a
        shop/draft =1.0.0: the workflow shop/draft has no version, tag or match for "=1.0.0"; published: 0.1.0-b, 0.1.0-a
        shop/draft >=1, <2: the workflow shop/draft has no version, tag or match for ">=1, <2"; published: 0.1.0-b, 0.1.0-a
        shop/draft *: the workflow shop/draft has no version, tag or match for "*"; published: 0.1.0-b, 0.1.0-a
        shop/draft latest: shop/draft:0.1.0-b
        shop/draft stable: the workflow shop/draft has no version, tag or match for "stable"; published: 0.1.0-b, 0.1.0-a
        shop/draft 2.0.0-rc.1: the workflow shop/draft has no version, tag or match for "2.0.0-rc.1"; published: 0.1.0-b, 0.1.0-a
        shop/draft ^3: the workflow shop/draft has no version, tag or match for "^3"; published: 0.1.0-b, 0.1.0-a
        shop/draft ^3.0.0-beta: the workflow shop/draft has no version, tag or match for "^3.0.0-beta"; published: 0.1.0-b, 0.1.0-a
        shop/draft 9.9.9: the workflow shop/draft has no version, tag or match for "9.9.9"; published: 0.1.0-b, 0.1.0-a
        shop/draft nonsense!: the workflow shop/draft has no version, tag or match for "nonsense!"; published: 0.1.0-b, 0.1.0-a
        shop/nobody (absent): the workflow shop/nobody is not published
        shop/nobody 1.2.0: the workflow shop/nobody is not published
        shop/nobody 1.2: the workflow shop/nobody is not published
        shop/nobody ^1: the workflow shop/nobody is not published
        shop/nobody ~1.2: the workflow shop/nobody is not published
        shop/nobody =1.0.0: the workflow shop/nobody is not published
        shop/nobody >=1, <2: the workflow shop/nobody is not published
        shop/nobody *: the workflow shop/nobody is not published
        shop/nobody latest: the workflow shop/nobody is not published
        shop/nobody stable: the workflow shop/nobody is not published
        shop/nobody 2.0.0-rc.1: the workflow shop/nobody is not published
        shop/nobody ^3: the workflow shop/nobody is not published
        shop/nobody ^3.0.0-beta: the workflow shop/nobody is not published
        shop/nobody 9.9.9: the workflow shop/nobody is not published
        shop/nobody nonsense!: the workflow shop/nobody is not published
    "#]].assert_eq(&table(&catalog));
    catalog.step(epoch(), input("tag shop/order stable 1.2.0")).expect("it is published");
    let lines = table(&catalog);
    let tagged: Vec<&str> =
        lines.lines().filter(|line| line.contains("(absent)") || line.contains("stable")).collect();
    expect![[r#"
        shop/order (absent): shop/order:1.2.0
        shop/order stable: shop/order:1.2.0
        shop/draft (absent): shop/draft:0.1.0-b
        shop/draft stable: the workflow shop/draft has no version, tag or match for "stable"; published: 0.1.0-b, 0.1.0-a
        shop/nobody (absent): the workflow shop/nobody is not published
        shop/nobody stable: the workflow shop/nobody is not published"#]].assert_eq(&tagged.join("\n"));
}

#[test]
fn a_rejection_names_what_is_there() {
    let mut catalog = catalog(&["shop/order:1.0.0"]);
    let rejected = catalog.step(epoch(), input("publish shop/order:1.0.0 other"));
    let existing = catalog.version(&workflow("shop/order"), &"1.0.0".parse().expect("a version"));
    assert_eq!(
        rejected,
        Err(CatalogRejection::VersionExists {
            definition: definition_ref("shop/order:1.0.0"),
            existing: existing.expect("it is published").digest,
        })
    );
}
