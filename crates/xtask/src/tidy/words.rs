//! Words that must not stand in sources, and those that must.

use super::Finding;
use super::layers::PURE_FOLDERS;
use super::source::{Source, Sources};

/// Tokens in a row that are forbidden outside tests, with what to do instead.
const FORBIDDEN: [(&str, &[&str], &str); 3] = [
    ("unwrap", &[".", "unwrap", "(", ")"], "use `?`, or `expect` with why it holds"),
    ("unfinished", &["todo", "!"], "finish it, or leave it out"),
    ("unfinished", &["unimplemented", "!"], "finish it, or leave it out"),
];
/// Words of comments that mark something unfinished; split here so that this file does not find itself.
const MARKERS: [&str; 3] = [concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
/// Modules of the standard library that pure crates do not name.
const IMPURE_MODULES: [&str; 5] = ["env", "fs", "net", "process", "thread"];

pub(super) fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &sources.0 {
        findings.extend(forbidden(source));
        findings.extend(ignored_tests(source));
        findings.extend(markers(source));
        findings.extend(crate_documentation(source));
        findings.extend(unsafe_code(source, sources));
        if source.crate_folder().is_some_and(|folder| PURE_FOLDERS.contains(&folder)) {
            findings.extend(impure(source));
        }
    }
    findings
}

fn forbidden(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (rule, pattern, advice) in FORBIDDEN {
        for idx in source.find(pattern) {
            let line = source.tokens[idx].line;
            if rule == "unfinished" || !source.is_test_line(line) {
                let text = format!("`{}`: {advice}", pattern.concat());
                findings.push(Finding::new(rule, &source.path, line, text));
            }
        }
    }
    findings
}

fn ignored_tests(source: &Source) -> impl Iterator<Item = Finding> {
    source.find(&["#", "[", "ignore"]).map(|idx| {
        let line = source.tokens[idx].line;
        let text = "an ignored test holds nothing: repair it, or delete it";
        Finding::new("ignored-test", &source.path, line, text)
    })
}

fn markers(source: &Source) -> impl Iterator<Item = Finding> {
    let comments = source.text.lines().enumerate().filter_map(|(idx, line)| {
        let (_, comment) = line.split_once("//")?;
        let mut words = comment.split(|letter: char| !letter.is_alphanumeric());
        let marker = words.find(|word| MARKERS.contains(word))?;
        Some((idx + 1, marker))
    });
    comments.map(|(line, marker)| {
        let text =
            format!("`{marker}` in a comment: do it now, or say plainly what does not exist");
        Finding::new("unfinished", &source.path, line, text)
    })
}

fn crate_documentation(source: &Source) -> Option<Finding> {
    let is_root = ["/src/lib.rs", "/src/main.rs"].iter().any(|end| source.path.ends_with(end));
    let text = "a crate begins with `//!`: what it is, what it does not do, its invariants";
    (is_root && !source.text.starts_with("//!"))
        .then(|| Finding::new("crate-docs", &source.path, 1, text))
}

fn unsafe_code(source: &Source, sources: &Sources) -> Option<Finding> {
    let line = source.tokens[source.find(&["unsafe"]).next()?].line;
    let folder = source.crate_folder().unwrap_or_default();
    let root = sources.0.iter().find(|other| {
        other
            .path
            .strip_prefix(folder)
            .is_some_and(|rest| rest == "/src/lib.rs" || rest == "/src/main.rs")
    });
    let is_explained = root.is_some_and(|root| {
        let mut top = root.text.lines().take_while(|line| line.starts_with("//!"));
        top.any(|line| line.contains("Unsafe"))
    });
    let text = "`unsafe`: do without, or say why at the crate's top (`//! Unsafe: …`)";
    (!is_explained).then(|| Finding::new("unsafe", &source.path, line, text))
}

/// Files, sockets, clocks, threads and `async` in a crate that only computes.
fn impure(source: &Source) -> Vec<Finding> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for word in ["async", "await", "Instant", "SystemTime"] {
        found.extend(source.find(&[word]).map(|idx| (idx, word.to_owned())));
    }
    for idx in source.find(&["std", ":", ":"]) {
        for module in IMPURE_MODULES {
            if names_module(source, idx + 3, module) {
                found.push((idx, format!("std::{module}")));
            }
        }
    }
    let lines = found.into_iter().map(|(idx, what)| (source.tokens[idx].line, what));
    let outside_tests = lines.filter(|(line, _)| !source.is_test_line(*line));
    let findings = outside_tests.map(|(line, what)| {
        let text = format!(
            "`{what}` in a crate that only computes: let the shell do it and pass the result in"
        );
        Finding::new("pure", &source.path, line, text)
    });
    findings.collect()
}

/// Whether the path goes on at `idx` with that module, also as one of a group: `std::{fs, net::TcpStream}`.
fn names_module(source: &Source, idx: usize, module: &str) -> bool {
    match source.partner(idx) {
        None => source.tokens.get(idx).is_some_and(|token| token.text == module),
        Some(end) => (idx + 1..end).any(|inner| {
            source.tokens[inner].text == module
                && matches!(source.tokens[inner - 1].text.as_str(), "{" | ",")
        }),
    }
}
