use expect_test::expect;
use motet_api::Code;

use crate::support::Server;

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_page() {
    let server = Server::new();
    let refused = server.send("GET /api/v1/nothing").await;
    let page = server.send(&format!("GET {}", refused.member("type"))).await;
    assert_eq!(page.headers["content-type"], "text/markdown; charset=utf-8");
    assert!(page.text.starts_with("# `unknown-route`\n"), "{}", page.text);
}

#[tokio::test]
async fn every_page_of_the_list_is_served_under_its_code_and_under_its_file() {
    let server = Server::new();
    let list = server.send("GET /docs/errors/README.md").await.text;
    let links: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("- [`")?.split(['(', ')']).nth(1))
        .collect();
    assert!(links.len() > Code::ALL.len(), "documents and the command line have codes, too");
    for file in links {
        let code = file.strip_suffix(".md").unwrap();
        for path in [code, file] {
            let page = server.send(&format!("GET /docs/errors/{path}")).await;
            assert!(page.text.starts_with(&format!("# `{code}`\n")), "{path}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_is_a_problem_like_any_other() {
    let server = Server::new();
    let mut transcript = String::new();
    for path in ["unknown-flavour", "..%2FREADME", "unknown-page.md.md", "Unknown-Page"] {
        let answer = server.send(&format!("GET /docs/errors/{path}")).await;
        let (code, detail) = (answer.member("code"), answer.member("detail"));
        transcript.push_str(&format!("{path}: {} {code}: {detail}\n", answer.status.as_u16()));
    }
    expect![[r#"
        unknown-flavour: 404 unknown-page: there is no page on an error "unknown-flavour": /docs/errors/README lists all
        ..%2FREADME: 404 unknown-page: there is no page on an error "../README": /docs/errors/README lists all
        unknown-page.md.md: 404 unknown-page: there is no page on an error "unknown-page.md": /docs/errors/README lists all
        Unknown-Page: 404 unknown-page: there is no page on an error "Unknown-Page": /docs/errors/README lists all
    "#]].assert_eq(&transcript);
}
