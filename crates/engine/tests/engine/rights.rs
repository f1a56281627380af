//! Tokens and secrets in the catalog, and the text of tokens.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use expect_test::{Expect, expect};
use motet_engine::token::{self, RANDOM_BYTES};
use motet_engine::{Catalog, CatalogInput, CatalogRejection, Grant, Namespaces, Role};
use motet_types::Digest;

use crate::harness::epoch;

/// Gives the inputs at their hours, and prints what each led to.
fn check(script: &str, expected: Expect) {
    let (mut live, mut rebuilt) = (Catalog::default(), Catalog::default());
    let mut transcript = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (hour, command) = line.split_once(": ").expect("an hour");
        let hour: u64 = hour.parse().expect("an hour");
        let now = epoch().saturating_add(Duration::from_secs(hour * 3_600));
        let before = live.clone();
        let said = match live.step(now, Some("ann"), input(command)) {
            Ok(Some(record)) => {
                rebuilt.apply(&record);
                assert_eq!(record.actor.as_deref(), Some("ann"));
                "done".to_owned()
            }
            Ok(None) => "is so already".to_owned(),
            Err(rejection) => {
                assert_eq!(before, live, "a rejection changes nothing");
                rejection.to_string()
            }
        };
        assert_eq!(live, rebuilt, "the records hold all there is");
        let valid = live.tokens.values().filter(|token| token.is_valid(now));
        let names: Vec<&str> = valid.map(|token| token.grant.name.as_str()).collect();
        writeln!(transcript, "{line}: {said} [{}]", names.join(" ")).expect("a string takes all");
    }
    expected.assert_eq(&transcript);
}

/// `token ID NAME ROLES NAMESPACES [HOUR]`, `revoke ID`, `secret NAME VALUE`, `delete NAME`.
fn input(command: &str) -> CatalogInput {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["token", id, name, roles, namespaces, ref expires @ ..] => CatalogInput::CreateToken {
            id: id.parse().expect("a label"),
            grant: Box::new(grant(name, roles, namespaces, expires.first().copied())),
        },
        ["revoke", id] => {
            CatalogInput::RevokeToken { id: id.parse().expect("a label"), reason: None }
        }
        ["secret", name, value] => CatalogInput::SetSecret {
            name: name.parse().expect("a name"),
            sealed: Bytes::copy_from_slice(value.as_bytes()),
        },
        ["delete", name] => {
            CatalogInput::DeleteSecret { name: name.parse().expect("a name"), reason: None }
        }
        _ => panic!("not a command: {command}"),
    }
}

fn grant(name: &str, roles: &str, namespaces: &str, expires: Option<&str>) -> Grant {
    let hours = |text: &str| Duration::from_secs(3_600 * text.parse::<u64>().expect("an hour"));
    let names = || namespaces.split(',').map(|name| name.parse().expect("a label")).collect();
    Grant {
        name: name.parse().expect("a label"),
        hash: Digest([1; 32]),
        roles: roles.split(',').map(|role| role.parse().expect("a role")).collect(),
        namespaces: if namespaces == "*" { Namespaces::All } else { Namespaces::Named(names()) },
        description: None,
        expires: expires.map(|text| epoch().saturating_add(hours(text))),
    }
}

#[test]
fn the_first_token_governs_everything_for_ever() {
    check(
        "
        0: token a eve viewer *
        0: token a eve admin shop
        0: token a eve admin * 5
        0: token a local admin *
        0: token a root admin *
        0: token b eve viewer shop
        ",
        expect![[r#"
            0: token a eve viewer *: the first token must be one of an admin of all namespaces that does not expire: from then on nobody comes in without a token []
            0: token a eve admin shop: the first token must be one of an admin of all namespaces that does not expire: from then on nobody comes in without a token []
            0: token a eve admin * 5: the first token must be one of an admin of all namespaces that does not expire: from then on nobody comes in without a token []
            0: token a local admin *: no token may be called "local": it stands for nobody []
            0: token a root admin *: done [root]
            0: token b eve viewer shop: done [root eve]
        "#]],
    );
}

#[test]
fn names_are_taken_as_long_as_their_tokens_are_valid() {
    check(
        "
        0: token a root admin *
        0: token b ci author shop 2
        1: token c ci author shop
        1: token b other author shop
        2: token c ci author shop
        2: revoke c
        2: revoke c
        2: token d ci author shop
        2: revoke nobody
        2: token e late viewer shop 2
        ",
        expect![[r#"
            0: token a root admin *: done [root]
            0: token b ci author shop 2: done [root ci]
            1: token c ci author shop: a valid token is called "ci" already [root ci]
            1: token b other author shop: there is a token with the id b already [root ci]
            2: token c ci author shop: done [root ci]
            2: revoke c: done [root]
            2: revoke c: is so already [root]
            2: token d ci author shop: done [root ci]
            2: revoke nobody: there is no token nobody [root ci]
            2: token e late viewer shop 2: the token would have expired before it is made [root ci]
        "#]],
    );
}

#[test]
fn nobody_can_lock_everybody_out() {
    check(
        "
        0: token a root admin *
        0: token b team admin shop
        0: token c soon admin * 2
        1: revoke a
        2: token d second admin *
        2: revoke a
        2: revoke d
        2: revoke b
        ",
        expect![[r#"
            0: token a root admin *: done [root]
            0: token b team admin shop: done [root team]
            0: token c soon admin * 2: done [root team soon]
            1: revoke a: it is the last token of an admin of all namespaces that does not expire: make another one first [root team soon]
            2: token d second admin *: done [root team second]
            2: revoke a: done [team second]
            2: revoke d: it is the last token of an admin of all namespaces that does not expire: make another one first [team second]
            2: revoke b: done [second]
        "#]],
    );
}

#[test]
fn secrets_count_their_values() {
    let mut catalog = Catalog::default();
    for (command, version) in [
        ("secret shop/key x", Some(1)),
        ("secret shop/key x", Some(2)),
        ("secret pay/key x", Some(2)),
        ("delete shop/key", None),
        ("secret shop/key y", Some(1)),
    ] {
        catalog.step(epoch(), None, input(command)).expect("nothing stands against it");
        let secret = catalog.secrets.get(&"shop/key".parse().expect("a name"));
        assert_eq!(secret.map(|secret| secret.version), version, "{command}");
    }
    let rejected = catalog.step(epoch(), None, input("delete shop/other"));
    assert_eq!(rejected, Err(CatalogRejection::UnknownSecret("shop/other".to_owned())));
    for name in ["shop", "shop/", "/key", "shop/a.b", "shop/a/b", "Shop/key", "shop/ä"] {
        assert!(name.parse::<motet_engine::SecretName>().is_err(), "{name}");
    }
}

#[test]
fn roles_hold_others() {
    let mut table = String::new();
    for role in Role::ALL {
        let held = Role::ALL.into_iter().filter(|other| role.includes(*other));
        let held: Vec<&str> = held.map(Role::as_str).collect();
        writeln!(table, "{role}: {}", held.join(" ")).expect("a string takes all");
    }
    expect![[r#"
        viewer: viewer
        operator: viewer operator service
        author: viewer author
        admin: viewer operator author admin worker service
        worker: worker
        service: service
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_token_is_read_as_it_was_made_and_in_no_other_form() {
    let minted = token::mint([7; RANDOM_BYTES]);
    assert!(minted.text.starts_with("motet_070707070707_"), "{}", minted.text);
    let (id, hash) = token::read(&minted.text).expect("it is one");
    assert_eq!(id, minted.id.as_str());
    assert!(token::is_same(hash, minted.hash));
    assert!(!format!("{minted:?}").contains(&minted.text[20..]), "it would show in a log");
    for at in 0..minted.text.len() {
        let mut changed = minted.text.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(changed).expect("it is ASCII");
        assert_eq!(token::read(&changed), None, "a slip at {at} is seen");
    }
    for other in ["", "motet_", &minted.text[1..], &format!("{} ", minted.text), "motet_ä"] {
        assert_eq!(token::read(other), None, "{other}");
    }
    let other = token::mint([8; RANDOM_BYTES]);
    assert!(!token::is_same(other.hash, minted.hash));
}
