use super::*;

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let owned = |(name, value): &(&str, &str)| {
        ((*name).to_owned(), Bytes::copy_from_slice(value.as_bytes()))
    };
    pairs.iter().map(owned).collect()
}

#[test]
fn what_headers_make_of_a_message() {
    let body = || Some(Bytes::from_static(b"{}"));
    let table = [
        (
            "structured",
            KAFKA,
            &[("content-type", "application/cloudevents+json; charset=utf-8")][..],
        ),
        ("capitals", NATS, &[("Content-Type", "Application/CloudEvents+JSON")]),
        ("binary", KAFKA, &[("ce_specversion", "1.0"), ("ce_id", "100%25"), ("other", "x")]),
        ("encoded", NATS, &[("ce-specversion", "1.0"), ("CE-Subject", "Gr%C3%B6%C3%9Fe")]),
        ("the other protocol's prefix", KAFKA, &[("ce-specversion", "1.0")]),
        ("no version", KAFKA, &[("ce_id", "1")]),
        ("broken encoding", NATS, &[("ce-specversion", "1.0"), ("ce-id", "%F")]),
        ("nothing", NATS, &[]),
    ];
    let lines = table.map(|(name, binding, pairs)| {
        let read = match binding.read(headers(pairs), body()) {
            Content::Structured(_) => "structured".to_owned(),
            Content::Binary(binary) => format!("{:?}", binary.attributes),
            Content::Raw { headers, .. } => format!("raw with {} headers", headers.len()),
        };
        format!("{name}: {read}")
    });
    expect_test::expect![[r#"
        structured: structured
        capitals: structured
        binary: [("specversion", "1.0"), ("id", "100%25")]
        encoded: [("specversion", "1.0"), ("subject", "Größe")]
        the other protocol's prefix: raw with 1 headers
        no version: raw with 1 headers
        broken encoding: raw with 2 headers
        nothing: raw with 0 headers"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn what_is_written_is_read_back() {
    let content = Content::Binary(Binary {
        attributes: vec![
            ("specversion".to_owned(), "1.0".to_owned()),
            ("subject".to_owned(), "a \"b\" 50% ü\u{7f}".to_owned()),
        ],
        content_type: Some("text/plain".to_owned()),
        data: Some(Bytes::from_static(b"x")),
    });
    for binding in [KAFKA, NATS] {
        let (headers, body) = binding.write(content.clone());
        assert_eq!(binding.read(headers, body), content, "{binding:?}");
    }
    let (headers, _) = HTTP.write(content);
    let subject = headers.iter().find(|(name, _)| name == "ce-subject").unwrap();
    assert_eq!(subject.1, "a%20%22b%22%2050%25%20%C3%BC%7F");
}
