use expect_test::expect;

use crate::failure::{CODES, Failure};
use crate::output::{Style, failure_text, table};

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory;
    crate::cli::Cli::command().debug_assert();
}

#[test]
fn a_complaint_says_what_and_what_to_do() {
    let failure = Failure {
        details: vec!["1:2: error[x]: y".to_owned()],
        ..Failure::usage("it is wrong").with_hint("make it right")
    };
    expect![[r#"
        1:2: error[x]: y
        error[invalid-argument]: it is wrong
          hint: make it right
    "#]]
    .assert_eq(&failure_text(&failure, Style(false)));
    let coloured = failure_text(&failure, Style(true));
    assert!(coloured.contains("\x1b[1;31merror[invalid-argument]\x1b[0m"), "{coloured:?}");
}

#[test]
fn tables_are_as_wide_as_their_cells() {
    let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    let rows = [row(["a", "running", ""]), row(["äöü", "completed", "x"])];
    expect![[r#"
        ID   STATUS     ERROR
        a    running
        äöü  completed  x
    "#]]
    .assert_eq(&table(Style(false), &["id", "status", "error"], &rows));
    let coloured = table(Style(true), &["id", "status", "error"], &rows);
    assert!(coloured.contains("\x1b[32mcompleted\x1b[0m  x"), "{coloured:?}");
}

#[test]
fn codes_are_kebab_case_and_have_pages() {
    for (code, meaning) in CODES {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
        assert!(meaning.ends_with('.'), "{meaning}");
        let page = format!("{}/../../docs/errors/{code}.md", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&page).exists(), "{code} has no page");
    }
}
