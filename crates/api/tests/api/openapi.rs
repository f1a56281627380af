use std::path::Path;

use motet_expr::{Value, json};

use crate::support::Server;

/// Compares a generated text with the committed file; `MOTET_WRITE_SCHEMA=1` writes it instead.
fn check_committed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema").join(name);
    if std::env::var_os("MOTET_WRITE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "schema/{name} is stale: run this test with MOTET_WRITE_SCHEMA=1");
}

#[test]
fn the_committed_description_is_fresh() {
    check_committed("openapi.json", &motet_api::openapi());
}

#[tokio::test]
async fn the_served_schema_of_workflows_is_the_committed_one() {
    let served = Server::new().send("GET /api/v1/schema/workflow.json").await.text;
    check_committed("workflow.json", &served);
}

#[tokio::test]
async fn the_description_is_served() {
    let served = Server::new().send("GET /api/v1/openapi.json").await;
    assert_eq!(served.text, motet_api::openapi());
    assert_eq!(served.member("openapi"), "3.1.0");
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let text = motet_api::openapi();
    let document = json::parse(text.as_bytes(), json::Limits::default()).unwrap();
    let components = json::get(&document, "components").unwrap();
    let Some(Value::Obj(schemas)) = json::get(components, "schemas") else {
        panic!("no schemas");
    };
    let named: Vec<&str> = schemas.keys().filter_map(json::as_str).collect();
    let referenced: Vec<&str> = text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for name in &referenced {
        assert!(named.contains(name), "{name} is not a schema");
    }
    for name in &named {
        assert!(referenced.contains(name), "{name} is never used");
    }
}

/// The router and the document are made of one table; this asks every documented operation of a real router.
#[tokio::test]
async fn every_documented_operation_is_routed() {
    let server = Server::new();
    let text = motet_api::openapi();
    let document = json::parse(text.as_bytes(), json::Limits::default()).unwrap();
    let Some(Value::Obj(paths)) = json::get(&document, "paths") else {
        panic!("no paths");
    };
    for (path, methods) in paths.iter() {
        let Value::Obj(methods) = methods else { panic!("no methods") };
        for method in methods.keys().filter_map(json::as_str) {
            let path = json::as_str(path).unwrap().replace(['{', '}'], "");
            let answer = server.send(&format!("{} {path}", method.to_uppercase())).await;
            for refusal in ["unknown-route", "method-not-allowed"] {
                assert!(!answer.text.contains(refusal), "{method} {path}: {}", answer.text);
            }
        }
    }
}

#[test]
fn every_code_has_a_page_with_what_to_do() {
    for code in motet_api::Code::ALL {
        let page =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/errors/{code}.md"));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("no page for {code}"));
        assert!(text.contains("## What to do"), "{code}: the page does not say what to do");
    }
}
