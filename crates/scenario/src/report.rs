//! What people, programs and build servers get to see.

use std::fmt::Write as _;

use motet_definition::Pointer;
use motet_expr::{Value, json};

use crate::coverage::Coverage;
use crate::read::place;
use crate::run::{SuiteResult, Verdict};

/// Lines for people: what passed, what did not and where, and what was never tried.
pub fn as_text(results: &[SuiteResult]) -> String {
    let mut text = String::new();
    for result in results {
        line(&mut text, &result.name);
        for verdict in &result.verdicts {
            line(&mut text, &headline(verdict));
            for mismatch in &verdict.mismatches {
                let message = mismatch.message.replace('\n', "\n      ");
                line(&mut text, &format!("      {}", location(result, &mismatch.at)));
                line(&mut text, &format!("      {message}"));
            }
        }
        for coverage in &result.coverage {
            text.push_str(&covered(coverage));
        }
    }
    let verdicts = || results.iter().flat_map(|result| &result.verdicts);
    let passed = verdicts().filter(|verdict| verdict.has_passed()).count();
    let runs: usize = verdicts().map(|verdict| verdict.runs).sum();
    let failed = verdicts().count() - passed;
    line(&mut text, &format!("{passed} passed, {failed} failed, {}", several(runs, "run")));
    text
}

/// For programs.
pub fn as_json(results: &[SuiteResult]) -> Value {
    let mismatch = |result: &SuiteResult, mismatch: &crate::Mismatch| {
        let span = place(&result.source, &mismatch.at);
        let number = |number: usize| Value::from(number);
        json::object([
            ("pointer", json::string(mismatch.at.as_str())),
            ("line", span.map_or(Value::Null, |span| number(span.line))),
            ("column", span.map_or(Value::Null, |span| number(span.column))),
            ("message", json::string(mismatch.message.as_str())),
        ])
    };
    let verdict = |result: &SuiteResult, verdict: &Verdict| {
        json::object([
            ("name", json::string(verdict.name.as_str())),
            ("passed", Value::Bool(verdict.has_passed())),
            ("runs", Value::from(verdict.runs)),
            ("calls", Value::from(verdict.calls)),
            ("elapsedMillis", Value::from(millis(verdict))),
            ("mismatches", json::array(verdict.mismatches.iter().map(|it| mismatch(result, it)))),
        ])
    };
    json::array(results.iter().map(|result| {
        json::object([
            ("file", json::string(result.name.as_str())),
            ("passed", Value::Bool(result.has_passed())),
            ("scenarios", json::array(result.verdicts.iter().map(|it| verdict(result, it)))),
            ("coverage", json::array(result.coverage.iter().map(coverage_value))),
        ])
    }))
}

/// For build servers: the XML that JUnit made common.
pub fn as_junit(results: &[SuiteResult]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for result in results {
        let failures = result.verdicts.iter().filter(|verdict| !verdict.has_passed()).count();
        let (name, tests) = (escape(&result.name), result.verdicts.len());
        let suite =
            format!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\">");
        line(&mut text, &suite);
        for verdict in &result.verdicts {
            let case = format!(
                "    <testcase classname=\"{name}\" name=\"{}\" time=\"{:.3}\"",
                escape(&verdict.name),
                verdict.elapsed.as_secs_f64()
            );
            if verdict.has_passed() {
                line(&mut text, &format!("{case}/>"));
                continue;
            }
            line(&mut text, &format!("{case}>"));
            for mismatch in &verdict.mismatches {
                let at = location(result, &mismatch.at);
                let (at, message) = (escape(&at), escape(&mismatch.message));
                line(&mut text, &format!("      <failure message=\"{message}\">{at}</failure>"));
            }
            line(&mut text, "    </testcase>");
        }
        line(&mut text, "  </testsuite>");
    }
    text.push_str("</testsuites>\n");
    text
}

/// `file:line:column`.
fn location(result: &SuiteResult, at: &Pointer) -> String {
    match place(&result.source, at) {
        Some(span) => format!("{}:{}:{}", result.name, span.line, span.column),
        None => result.name.clone(),
    }
}

fn headline(verdict: &Verdict) -> String {
    let mark = if verdict.has_passed() { "ok  " } else { "FAIL" };
    let mut facts = vec![several(verdict.calls, "call")];
    if !verdict.elapsed.is_zero() {
        facts.push(format!("{:?}", verdict.elapsed));
    }
    if verdict.runs > 1 {
        facts.push(several(verdict.runs, "run"));
    }
    format!("  {mark} {} ({})", verdict.name, facts.join(", "))
}

fn several(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn covered(coverage: &Coverage) -> String {
    let mut text = String::new();
    let begun = coverage.tasks - coverage.never_begun.len();
    let tasks = format!("{begun} of {} tasks began", coverage.tasks);
    line(&mut text, &format!("  coverage of {}: {tasks}", coverage.definition));
    for (what, places) in [
        ("never began", &coverage.never_begun),
        ("never caught anything", &coverage.never_caught),
        ("never taken", &coverage.never_taken),
        ("never failed", &coverage.never_failed),
    ] {
        if !places.is_empty() {
            line(&mut text, &format!("    {what}: {}", places.join(", ")));
        }
    }
    text
}

fn coverage_value(coverage: &Coverage) -> Value {
    let list = |places: &[String]| json::array(places.iter().map(|it| json::string(it.as_str())));
    json::object([
        ("definition", json::string(coverage.definition.as_str())),
        ("tasks", Value::from(coverage.tasks)),
        ("neverBegun", list(&coverage.never_begun)),
        ("neverCaught", list(&coverage.never_caught)),
        ("neverTaken", list(&coverage.never_taken)),
        ("neverFailed", list(&coverage.never_failed)),
    ])
}

fn millis(verdict: &Verdict) -> usize {
    usize::try_from(verdict.elapsed.as_millis()).unwrap_or(usize::MAX)
}

/// Text in XML 1.0 §2.2, §2.4.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            control if control < ' ' && control != '\t' => {
                escaped.push(char::REPLACEMENT_CHARACTER)
            }
            other => escaped.push(other),
        }
    }
    escaped
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
