//! Every code that a user can meet has a page, and every page a code.
//!
//! A crate lists its codes in a table: a constant named `CODES` (an array of string literals, or of tuples that begin with
//! one), or a call of a macro named `codes!` (rows of words, then the code and further literals). The rule begins with the
//! first table.

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
            codes.extend(listed.into_iter().map(|code| (code, (source.path.clone(), line))));
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
            .and_then(|name| name.strip_prefix('/'))
            .map(|name| name.trim_end_matches(".md"));
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
    let line = |idx: usize| source.tokens[idx].line;
    let constants = source.find(&["const", "CODES", ":"]).map(|start| {
        let codes = opening(source, start).map(|open| of_elements(source, open));
        (line(start), codes.unwrap_or_default())
    });
    let calls = source.find(&["codes", "!", "{"]);
    let rows = calls.map(|start| (line(start), of_rows(source, start + 2)));
    constants.chain(rows).collect()
}

/// Where the array of a constant begins, behind its type.
fn opening(source: &Source, start: usize) -> Option<usize> {
    let behind = |start: usize, text: &str| {
        (start..source.tokens.len()).find(|idx| source.tokens[*idx].text == text)
    };
    behind(behind(start, "=")?, "[")
}

/// The first string literal of each element between two brackets.
fn of_elements(source: &Source, open: usize) -> Vec<String> {
    let close = source.partner(open).unwrap_or(open);
    let mut codes = Vec::new();
    let mut idx = open + 1;
    while idx < close {
        let end = source.partner(idx).unwrap_or(idx);
        codes.extend((idx..=end).find_map(|at| literal(source, at)));
        idx = end + 1;
    }
    codes
}

/// Every string literal between two braces that does not follow another one.
fn of_rows(source: &Source, open: usize) -> Vec<String> {
    let close = source.partner(open).unwrap_or(open);
    let firsts = (open + 1..close).filter(|idx| literal(source, idx - 1).is_none());
    firsts.filter_map(|idx| literal(source, idx)).collect()
}

fn literal(source: &Source, idx: usize) -> Option<String> {
    let text = source.tokens[idx].text.strip_prefix('"')?;
    text.strip_suffix('"').map(str::to_owned)
}
