//! What can be shown without running an instance; `tests/engine` shows the rest.

use motet_types::{InstanceId, ShardId, Timestamp};

use crate::secret::{SecretError, SecretKey, has_marker, marker, reveal, whole};
use crate::{Authorization, Body, ErrorKind, Request, WorkflowError};

const KEY: SecretKey = SecretKey([5; 32]);

fn root(random: u64) -> InstanceId {
    InstanceId::new(Timestamp::from_micros(0), ShardId(0), random)
}

fn known(name: &str) -> Option<String> {
    (name == "pin").then(|| "1234".to_owned())
}

#[test]
fn a_marker_is_revealed_wherever_it_stands() {
    let pin = marker(&KEY, root(1), "shop", "pin");
    assert!(!pin.contains("1234"), "a marker holds no secret");
    let reveal = |text: &str| reveal(text, &KEY, root(1), "shop", &known);
    assert_eq!(reveal("no marker"), Ok("no marker".to_owned()));
    assert_eq!(reveal(&format!("a {pin} b {pin}")), Ok("a 1234 b 1234".to_owned()));
    assert_eq!(whole(&pin, &KEY, root(1), "shop"), Some("pin"));
    assert_eq!(whole(&format!("{pin} "), &KEY, root(1), "shop"), None);
    assert!(has_marker(&pin) && !has_marker("pin"));
}

#[test]
fn a_marker_of_somebody_else_reveals_nothing() {
    let forged = Err(SecretError::Forged);
    let reveal = |text: &str| reveal(text, &KEY, root(1), "shop", &known);
    assert_eq!(reveal(&marker(&KEY, root(2), "shop", "pin")), forged, "another instance's");
    assert_eq!(reveal(&marker(&KEY, root(1), "bank", "pin")), forged, "another namespace's");
    let other_key = SecretKey([6; 32]);
    assert_eq!(reveal(&marker(&other_key, root(1), "shop", "pin")), forged, "another cluster's");
    let pin = marker(&KEY, root(1), "shop", "pin");
    assert_eq!(reveal(&pin.replace("pin", "root")), forged, "another name under the same code");
    let cut = &pin[..pin.len() - '\u{f8fe}'.len_utf8()];
    assert_eq!(reveal(cut), forged, "one that was cut");
}

#[test]
fn a_secret_that_is_not_there_is_named() {
    let text = marker(&KEY, root(1), "shop", "token");
    let revealed = reveal(&text, &KEY, root(1), "shop", &known);
    assert_eq!(revealed, Err(SecretError::Missing("token".to_owned())));
}

#[test]
fn parts_of_a_marker_cannot_be_moved_between_namespace_and_name() {
    assert_ne!(marker(&KEY, root(1), "a", "bc"), marker(&KEY, root(1), "ab", "c"));
}

#[test]
fn a_key_is_not_printed() {
    assert_eq!(format!("{KEY:?}"), "SecretKey(..)");
}

#[test]
fn standard_errors_have_the_types_and_statuses_of_the_language() {
    let table: Vec<String> = ErrorKind::ALL
        .into_iter()
        .map(|kind| {
            let error = WorkflowError::new(kind, "", "");
            format!("{} {}", error.status, error.kind)
        })
        .collect();
    expect_test::expect![[r#"
        400 https://open-workflow-specification.org/spec/1.0.0/errors/configuration
        400 https://open-workflow-specification.org/spec/1.0.0/errors/validation
        400 https://open-workflow-specification.org/spec/1.0.0/errors/expression
        401 https://open-workflow-specification.org/spec/1.0.0/errors/authentication
        403 https://open-workflow-specification.org/spec/1.0.0/errors/authorization
        408 https://open-workflow-specification.org/spec/1.0.0/errors/timeout
        500 https://open-workflow-specification.org/spec/1.0.0/errors/communication
        500 https://open-workflow-specification.org/spec/1.0.0/errors/runtime"#]]
    .assert_eq(&table.join("\n"));
}

#[test]
fn an_error_keeps_the_place_that_it_has() {
    let error = WorkflowError::new(ErrorKind::Runtime, "title", "detail").at("/do/0/a");
    assert_eq!(error.clone().at("/do/1/b"), error);
}

/// Each part of a request is part of its identity, and no part can pass for another.
#[test]
fn requests_that_differ_have_different_digests() {
    let base = Request {
        method: "GET".to_owned(),
        uri: "http://a.test/".to_owned(),
        headers: vec![("x".to_owned(), "y".to_owned())],
        body: Body::Empty,
        authorization: None,
        redirect: false,
        timeout: std::time::Duration::from_secs(1),
        repeatable: true,
        deferred: Vec::new(),
    };
    let bearer = |token: &str| Some(Authorization::Bearer { token: token.to_owned() });
    let basic = |username: &str, password: &str| {
        let (username, password) = (username.to_owned(), password.to_owned());
        Some(Authorization::Basic { username, password })
    };
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let different = [
        base.clone(),
        Request { method: "PUT".to_owned(), ..base.clone() },
        Request { uri: "http://a.test/b".to_owned(), ..base.clone() },
        Request { headers: header("x", "z"), ..base.clone() },
        Request { headers: header("xy", ""), ..base.clone() },
        Request { headers: Vec::new(), ..base.clone() },
        Request { body: Body::Text(String::new()), ..base.clone() },
        Request { body: Body::Text("null".to_owned()), ..base.clone() },
        Request { body: Body::Json(motet_expr::Value::Null), ..base.clone() },
        Request { authorization: bearer("t"), ..base.clone() },
        Request { authorization: basic("t", "u"), ..base.clone() },
        Request { authorization: basic("tu", ""), ..base.clone() },
        Request { body: Body::Text("empty".to_owned()), ..base.clone() },
        Request { authorization: bearer("none"), ..base.clone() },
    ];
    for (idx, request) in different.iter().enumerate() {
        for other in &different[idx + 1..] {
            assert_ne!(request.digest(&[]), other.digest(&[]), "{request:?} and {other:?}");
        }
    }
    let patient = Request { timeout: std::time::Duration::from_secs(9), ..base.clone() };
    assert_eq!(patient.digest(&[]), base.digest(&[]), "how long we wait is no part of what we ask");
}
