use motet_expr::json;

use super::*;

#[test]
fn a_filter_is_a_query() {
    let filter = Filter {
        workflow: Some("shop/order".to_owned()),
        version: Some("1.0.0".to_owned()),
        status: vec!["waiting".to_owned(), "faulted".to_owned()],
        business_key: Some("a&b=c d".to_owned()),
        incidents: true,
        ..Filter::default()
    };
    assert_eq!(
        filter_query(&filter),
        "workflow=shop%2Forder&version=1.0.0&businessKey=a%26b%3Dc+d&status=waiting&status=faulted&incidents=true"
    );
    assert_eq!(filter_query(&Filter::default()), "");
}

#[test]
fn a_row_shows_what_stopped_an_instance() {
    let row = |text: &str| {
        let value = json::parse(text.as_bytes(), json::Limits::default()).unwrap();
        instance_row(&value).join(" | ")
    };
    let head = r#""id":"i","namespace":"shop","workflow":"order","version":"1.0.0","status":"faulted","startedAt":"t""#;
    assert_eq!(
        row(&format!("{{{head},\"error\":\"timeout\"}}")),
        "i | shop/order | 1.0.0 | faulted | t | timeout"
    );
    for (error, shown) in [
        ("https://example.com/errors/no-stock Nothing left", "no-stock: Nothing left"),
        ("https://example.com/errors/no-stock", "no-stock"),
        ("https://example.com/errors/no-stock/ Nothing/left", "no-stock: Nothing/left"),
        ("", ""),
    ] {
        assert_eq!(
            row(&format!("{{{head},\"error\":\"{error}\"}}")),
            format!("i | shop/order | 1.0.0 | faulted | t | {shown}")
        );
    }
    let incident = r#""incidents":[{"step":1,"error":{"title":"Broken","detail":"no stock"}}]"#;
    assert_eq!(
        row(&format!("{{{head},\"error\":\"broken\",{incident}}}")),
        "i | shop/order | 1.0.0 | faulted | t | no stock"
    );
    assert_eq!(row("{}"), " | / |  |  |  | ");
}

#[test]
fn a_workflow_has_a_namespace() {
    assert_eq!(split("shop/order").unwrap(), ("shop", "order"));
    assert_eq!(split("order").unwrap_err().code, "invalid-argument");
    assert_eq!(path_of("shop", "order"), "/api/v1/workflows/shop/order");
}
