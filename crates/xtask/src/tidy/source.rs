//! Rust sources as flat lists of tokens, with their tests told apart.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Finding, tree::Tree};

/// Folders whose files are tests or serve tests only.
const TEST_FOLDERS: [&str; 4] = ["tests", "fixtures", "benches", "fuzz"];
/// Sources that do nothing but test others: their lines count as tests, and are held to the rules of sources.
const ONLY_TESTING: [&str; 2] = ["crates/sim/", "crates/store/src/conformance/"];
const ITEM_WORDS: [&str; 14] = [
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "macro_rules",
    "mod",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "use",
];

/// Every Rust file of the tree.
#[derive(Debug)]
pub(super) struct Sources(pub Vec<Source>);

#[derive(Debug)]
pub(super) struct Source {
    pub path: String,
    pub text: String,
    pub tokens: Vec<Token>,
    /// Whether the whole file is a test or serves tests only.
    pub is_test: bool,
    /// Lines of the items that are compiled for tests only.
    test_lines: Vec<RangeInclusive<usize>>,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    /// A word, one punctuation character, one delimiter, or a literal as written.
    pub text: String,
    /// Numbered from 1.
    pub line: usize,
    /// Of a delimiter: the index of its partner.
    partner: Option<usize>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub name: String,
    /// Where `fn` stands.
    pub line: usize,
    /// From `fn` to the closing brace.
    pub lines: usize,
}

impl Sources {
    /// Parses what can be parsed; the rest are findings.
    pub(super) fn parse(tree: &Tree) -> (Self, Vec<Finding>) {
        let mut sources = Vec::new();
        let mut findings = Vec::new();
        for file in tree.with_extension("rs") {
            match file.text.parse::<TokenStream>() {
                Ok(stream) => sources.push(Source::new(&file.path, &file.text, stream)),
                Err(error) => {
                    let line = error.span().start().line;
                    findings.push(Finding::new("parse", &file.path, line, "cannot be parsed"));
                }
            }
        }
        mark_test_modules(&mut sources);
        (Self(sources), findings)
    }

    /// The files that are no tests.
    pub(super) fn shipped(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| !source.is_test)
    }
}

impl Source {
    fn new(path: &str, text: &str, stream: TokenStream) -> Self {
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: is_test_path(path),
            test_lines: Vec::new(),
            tokens,
        };
        source.find_test_items();
        source
    }

    /// Folder of the crate that the file belongs to, as in `crates/engine`.
    pub(super) fn crate_folder(&self) -> Option<&str> {
        let depth = self.path.match_indices('/').nth(1)?.0;
        let folder = &self.path[..depth];
        (folder.starts_with("crates/") || folder.starts_with("examples/")).then_some(folder)
    }

    /// Whether that line is a test's.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// How much of the file is source and how much is tests.
    pub(super) fn line_counts(&self) -> LineCounts {
        let only_tests = ONLY_TESTING.iter().any(|folder| self.path.starts_with(folder));
        let mut counts = LineCounts::default();
        for (idx, line) in self.text.lines().enumerate() {
            let line = line.trim_start();
            let is_code = usize::from(!line.is_empty() && !line.starts_with("//"));
            let is_test = self.is_test_line(idx + 1);
            counts.source += usize::from(!is_test);
            if is_test || only_tests {
                counts.test_code += is_code;
            } else {
                counts.source_code += is_code;
            }
        }
        counts
    }

    /// Every function with a body, tests apart.
    pub(super) fn functions(&self) -> Vec<Function> {
        let names = self.find(&["fn"]).filter(|idx| !self.is_test_line(self.tokens[*idx].line));
        names.filter_map(|idx| self.function(idx)).collect()
    }

    /// Indices at which these tokens stand in a row.
    pub(super) fn find<'a>(&'a self, pattern: &'a [&'a str]) -> impl Iterator<Item = usize> + 'a {
        let windows = self.tokens.windows(pattern.len()).enumerate();
        windows
            .filter(move |(_, window)| {
                window.iter().zip(pattern).all(|(token, text)| token.text == *text)
            })
            .map(|(idx, _)| idx)
    }

    /// Index of the partner of the delimiter at `idx`.
    pub(super) fn partner(&self, idx: usize) -> Option<usize> {
        self.tokens.get(idx)?.partner
    }

    fn text_at(&self, idx: usize) -> &str {
        self.tokens.get(idx).map_or("", |token| token.text.as_str())
    }

    fn function(&self, start: usize) -> Option<Function> {
        let name = self.text_at(start + 1);
        if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            return None;
        }
        let end = self.item_end(start);
        let line = self.tokens[start].line;
        (self.text_at(end) == "}").then(|| Function {
            name: name.to_owned(),
            line,
            lines: self.tokens[end].line - line + 1,
        })
    }

    fn find_test_items(&mut self) {
        if self.find(&["#", "!", "[", "cfg", "(", "test", ")"]).next().is_some() {
            self.is_test = true;
        }
        let mut lines = Vec::new();
        for start in self.find(&["#", "["]) {
            let close = self.partner(start + 1).unwrap_or(start + 1);
            if is_test_attribute(&self.tokens[start + 2..close]) {
                let end = self.item_end(close + 1);
                lines.push(self.tokens[start].line..=self.tokens[end].line);
            }
        }
        self.test_lines = lines;
    }

    /// Index of the last token of the item, field, arm or statement that begins at `start`, maybe with attributes.
    fn item_end(&self, mut start: usize) -> usize {
        while self.text_at(start) == "#" {
            start = self.partner(start + 1).unwrap_or(start + 1) + 1;
        }
        let mut word = start;
        while matches!(self.text_at(word), "pub" | "unsafe" | "(") {
            word = self.partner(word).unwrap_or(word) + 1;
        }
        let is_item = ITEM_WORDS.contains(&self.text_at(word));
        let mut idx = start;
        while idx < self.tokens.len() {
            match self.text_at(idx) {
                ";" => return idx,
                "," if !is_item => return idx,
                ")" | "]" | "}" => return idx.saturating_sub(1),
                "{" => return self.partner(idx).unwrap_or(idx),
                "(" | "[" => idx = self.partner(idx).unwrap_or(idx) + 1,
                _ => idx += 1,
            }
        }
        self.tokens.len().saturating_sub(1)
    }

    /// Modules declared here, without a body, for tests only; as the paths where their files may stand.
    fn test_modules(&self) -> impl Iterator<Item = String> + '_ {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let base = match file {
            "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
            _ => format!("{folder}/{}", file.trim_end_matches(".rs")),
        };
        let modules = self.find(&["mod"]).filter(|idx| {
            self.text_at(idx + 2) == ";" && self.is_test_line(self.tokens[*idx].line)
        });
        modules.map(move |idx| format!("{base}/{}", self.text_at(idx + 1)))
    }
}

/// Lines of one file or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LineCounts {
    /// All lines but those of tests.
    pub source: usize,
    /// Of these, those that are neither blank nor comment.
    pub source_code: usize,
    /// Lines of tests that are neither blank nor comment.
    pub test_code: usize,
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let opened = tokens.len();
                tokens.push(Token { text: open.to_owned(), line, partner: None });
                flatten(group.stream(), tokens);
                tokens[opened].partner = Some(tokens.len());
                let line = group.span_close().end().line;
                tokens.push(Token { text: close.to_owned(), line, partner: Some(opened) });
            }
            other => tokens.push(Token { text: other.to_string(), line, partner: None }),
        }
    }
}

/// `test`, `tokio::test(…)`, `cfg(test)`, `cfg(any(test, …))`, but not `cfg(not(test))`.
fn is_test_attribute(attribute: &[Token]) -> bool {
    let texts: Vec<&str> = attribute.iter().map(|token| token.text.as_str()).collect();
    let path_end = texts.iter().position(|text| *text == "(").unwrap_or(texts.len());
    match texts.first() {
        Some(&"cfg") => (0..texts.len())
            .any(|idx| texts[idx] == "test" && !texts[..idx].ends_with(&["not", "("])),
        Some(_) => texts[..path_end].last() == Some(&"test"),
        None => false,
    }
}

fn is_test_path(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| TEST_FOLDERS.contains(&part))
}

/// A module that is declared for tests makes its file, and the files below it, tests.
fn mark_test_modules(sources: &mut [Source]) {
    let modules: BTreeSet<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources {
        let stem = source.path.trim_end_matches(".rs");
        source.is_test |= modules.iter().any(|module| {
            stem.strip_prefix(module.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    }
}
