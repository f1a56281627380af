//! Scenario files as people write them, and what is said of them.

mod files;
mod matchers;
mod outside;
mod runs;
mod shop;
mod sweeps;

use expect_test::Expect;

/// What is said of a file: its problems, or the report of its scenarios. Common indentation is dropped.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&said(text));
}

fn said(text: &str) -> String {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let indent = lines().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let text: String = lines().map(|line| format!("{}\n", &line[indent..])).collect();
    let mut loader = |name: &str| Err(format!("there is no file {name:?}"));
    match motet_scenario::read("it", &text, &mut loader) {
        Ok(suite) => motet_scenario::as_text(&[motet_scenario::run_suite(&suite, None)]),
        Err(problems) => problems
            .iter()
            .map(|problem| {
                let place = problem.span.map(|span| format!("{}:{}", span.line, span.column));
                format!("{} {}\n", place.unwrap_or_default(), problem.message)
            })
            .collect(),
    }
}

/// One scenario of a definition of one call, with these further lines.
fn of_one_call(rest: &str) -> String {
    format!(
        "scenarios:\n  - name: it\n    definition: {{do: [{{ask: {{call: http, with: {{method: post, endpoint: 'http://a.test/x', body: {{n: 1}}}}, metadata: {{motet: {{idempotent: true}}}}}}}}]}}\n{}",
        rest.lines().map(|line| format!("    {line}\n")).collect::<String>()
    )
}
