//! Every code that a user can meet has a page, and every page a code.
//!
//! A crate lists its codes in a constant named `CODES`, an array of string literals or of tuples that begin with one. The
//! rule begins with the first such table.

use std::collections::BTreeMap;

use super::source::{Source, Sources};
use super::{Finding, tree::Tree};

const FOLDER: &str = "docs/errors";

pub(super) fn check(tree: &Tree, sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut codes = BTreeMap::new();
    let mut tables = 0;
    for source in sources.shipped() {
        for (line, listed) in tables_of(source) {
            tables += 1;
            if listed.is_empty() {
                let text = "a table of codes without literals: write the codes as string literals";
                findings.push(Finding::new("error-codes", &source.path, line, text));
            }
            codes.extend(
                listed
                    .into_iter()
                    .map(|code| (code, (source.path.clone(), line))),
            );
        }
    }
    if tables == 0 {
        return findings;
    }
    for (code, (path, line)) in &codes {
        if tree.text(&format!("{FOLDER}/{code}.md")).is_none() {
            let text = format!("the code `{code}` has no page {FOLDER}/{code}.md: write it");
            findings.push(Finding::new("error-codes", path, *line, text));
        }
    }
    for page in tree.with_extension("md") {
        let name = page
            .path
            .strip_prefix(FOLDER)
            .map(|name| name.trim_matches('/').trim_end_matches(".md"));
        if let Some(name) = name.filter(|name| *name != "README" && !codes.contains_key(*name)) {
            let text =
                format!("no table of codes lists `{name}`: remove the page, or list the code");
            findings.push(Finding::new("error-codes", &page.path, 1, text));
        }
    }
    findings
}

/// The tables of one file: the line where each stands, and the codes in it.
fn tables_of(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut tables = Vec::new();
    for start in source.find(&["const", "CODES", ":"]) {
        let line = source.tokens[start].line;
        let equals = (start..source.tokens.len()).find(|idx| source.tokens[*idx].text == "=");
        let open = equals
            .and_then(|idx| (idx..source.tokens.len()).find(|idx| source.tokens[*idx].text == "["));
        let codes = open.and_then(|open| Some(literals(source, open, source.partner(open)?)));
        tables.push((line, codes.unwrap_or_default()));
    }
    tables
}

/// The first string literal of each element between two brackets.
fn literals(source: &Source, open: usize, close: usize) -> Vec<String> {
    let mut codes = Vec::new();
    let mut idx = open + 1;
    while idx < close {
        let end = source.partner(idx).unwrap_or(idx);
        let literal = (idx..=end).find_map(|at| {
            source.tokens[at]
                .text
                .strip_prefix('"')?
                .strip_suffix('"')
                .map(str::to_owned)
        });
        codes.extend(literal);
        idx = end + 1;
    }
    codes
}
