//! Every code of a document has a page in `docs/errors`, and what the pages show is true.
//!
//! With the variable `MOTET_WRITE_PAGES` set, the printed messages and the index are written anew instead of compared.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use motet_definition::graph::check;
use motet_definition::{Code, Severity, lines};
use motet_types::Limits;

/// Documents that are too unwieldy for a page.
const BUILT: [(Code, fn() -> String); 2] = [
    (Code::DocumentTooLarge, || "#".repeat(Limits::default().document_bytes_max + 1)),
    (Code::TooDeep, || "[".repeat(Limits::default().depth_max + 1)),
];

/// Corrections may leave out what they do not change: the header, and the tasks.
const HEADER: &str = "document: {dsl: 1.0.3, namespace: shop, name: order, version: 1.0.0}\n";
const TASKS: &str = "do:\n  - greet: {set: {text: Hello}}\n";

#[test]
fn every_code_has_a_page_of_four_parts() {
    check_each(|code, page| {
        let noun = match code.severity() {
            Severity::Error => "an error",
            Severity::Warning => "a warning",
        };
        ensure(page.title == format!("`{code}`"), || format!("its title is {}", page.title))?;
        let headings: Vec<&str> = page.parts.iter().map(|part| part.heading.as_str()).collect();
        let why = format!("Why it is {noun}");
        let expected = ["What happened", "Example", "What to do", &why];
        ensure(headings == expected, || format!("its parts are {headings:?}"))?;
        let silent = page.parts.iter().find(|part| part.is_silent());
        ensure(silent.is_none(), || "a part of it says nothing".to_owned())
    });
}

#[test]
fn an_example_gets_its_code_and_the_message_that_the_page_prints() {
    check_each(|code, page| {
        let found = check(&example(code, page)?, &Limits::default()).diagnostics;
        let printed = lines("workflow.yaml", &found);
        let (own, others): (Vec<Code>, Vec<Code>) =
            found.iter().map(|found| found.code).partition(|found| *found == code);
        // What a code is about may not be executed yet, which is said beside it.
        let is_accompanied = |other: &Code| other.as_str().starts_with("unsupported-");
        let is_exact = !own.is_empty() && others.iter().all(is_accompanied);
        ensure(is_exact, || format!("its example gets\n{printed}"))?;
        if is_writing() {
            page.write_message(&printed);
            return Ok(());
        }
        let shown = page.part("Example")?.only("text");
        ensure(shown == Some(&printed), || format!("it does not print\n{printed}"))
    });
}

/// The document that a page shows, or the one made here of which the page says why it does not show it.
fn example(code: Code, page: &Page) -> Result<String, String> {
    let part = page.part("Example")?;
    let shown = part.only("yaml");
    match BUILT.iter().find(|(own, _)| *own == code) {
        None => shown.map(str::to_owned).ok_or_else(|| "it shows no example".to_owned()),
        Some((_, build)) => {
            let says_why = part.prose.contains("<!-- no example: ");
            ensure(shown.is_none() && says_why, || "it does not say why".to_owned())?;
            Ok(build())
        }
    }
}

#[test]
fn what_a_page_advises_is_valid() {
    let corrections = Cell::new(0);
    check_each(|_, page| {
        for correction in page.part("What to do")?.blocks("yaml") {
            let found = check(&completed(correction), &Limits::default());
            let printed = lines("correction", &found.diagnostics);
            let is_valid = printed.is_empty() && found.graph.is_some();
            ensure(is_valid, || format!("its correction\n{correction}gets\n{printed}"))?;
            corrections.set(corrections.get() + 1);
        }
        Ok(())
    });
    assert!(corrections.get() > Code::ALL.len() * 3 / 4, "most pages show how to do it right");
}

/// A whole document from a part of one: some tasks, or some properties of the document.
fn completed(part: &str) -> String {
    let has = |property: &str| part.lines().any(|line| line.starts_with(property));
    match (has("document:"), has("- "), has("do:")) {
        (true, ..) => part.to_owned(),
        (_, true, _) => format!("{HEADER}do:\n{part}"),
        (.., true) => format!("{HEADER}{part}"),
        _ => format!("{HEADER}{part}{TASKS}"),
    }
}

/// The index is shared with other tables of codes; `cargo xtask tidy` sees to it that every page has a code and a line.
#[test]
fn the_index_lists_every_code_and_is_in_order() {
    let path = folder().join("README.md");
    let text = fs::read_to_string(&path).expect("an index");
    let (before, listed) = text.split_once("## Pages\n\n").expect("a heading `Pages`");
    let entry = |line| (name_in(line).expect("each line of the index lists a page"), line);
    let theirs = listed.lines().map(entry).map(|(name, line)| (name, line.to_owned()));
    let ours = Code::ALL.iter().map(|code| (code.as_str(), index_line(*code)));
    // Where a name is listed already the later entry counts: ours.
    let expected: BTreeMap<&str, String> = theirs.chain(ours).collect();
    let expected: String = expected.values().map(|line| format!("{line}\n")).collect();
    if is_writing() {
        write(&path, &format!("{before}## Pages\n\n{expected}"));
    } else {
        assert_eq!(listed, expected);
    }
}

fn index_line(code: Code) -> String {
    format!("- [`{code}`]({code}.md): {}", code.rule())
}

/// The page that a line of the index lists.
fn name_in(line: &str) -> Option<&str> {
    let (_, target) = line.strip_prefix("- [")?.split_once("](")?;
    target.split_once(".md)").map(|(name, _)| name)
}

/// Checks every page, and says everything that is wrong with any.
fn check_each(check: impl Fn(Code, &Page) -> Result<(), String>) {
    let problem = |code: &Code| {
        let checked = Page::read(*code).and_then(|page| check(*code, &page));
        checked.err().map(|problem| format!("{code}: {problem}"))
    };
    let problems: Vec<String> = Code::ALL.iter().filter_map(problem).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

/// One page, cut into its parts.
struct Page {
    path: PathBuf,
    text: String,
    title: String,
    parts: Vec<Part>,
}

struct Part {
    heading: String,
    prose: String,
    /// Language and text of each fenced block.
    blocks: Vec<(String, String)>,
}

impl Page {
    fn read(code: Code) -> Result<Self, String> {
        let path = page_of(code.as_str());
        let text = fs::read_to_string(&path).map_err(|_| "it has no page".to_owned())?;
        let mut page = Self { path, text, title: String::new(), parts: Vec::new() };
        let mut in_block = false;
        for line in page.text.lines() {
            let part = page.parts.last_mut();
            match (line.strip_prefix("```"), part) {
                (Some(_), _) if in_block => in_block = false,
                (Some(language), Some(part)) => {
                    part.blocks.push((language.to_owned(), String::new()));
                    in_block = true;
                }
                (_, Some(Part { blocks, .. })) if in_block => {
                    let (_, block) = blocks.last_mut().expect("an open block");
                    block.extend([line, "\n"]);
                }
                (_, part) => match (line.strip_prefix("# "), line.strip_prefix("## "), part) {
                    (Some(title), ..) => title.clone_into(&mut page.title),
                    (_, Some(heading), _) => page.parts.push(Part::new(heading)),
                    (.., Some(part)) => part.prose.extend([line, "\n"]),
                    (.., None) => ensure(line.is_empty(), || format!("no part holds {line:?}"))?,
                },
            }
        }
        Ok(page)
    }

    fn part(&self, heading: &str) -> Result<&Part, String> {
        let found = self.parts.iter().find(|part| part.heading == heading);
        found.ok_or_else(|| format!("it has no part {heading:?}"))
    }

    fn write_message(&self, message: &str) {
        let (before, rest) = self.text.split_once("```text\n").expect("a block for the message");
        let (_, after) = rest.split_once("```").expect("an end of the block");
        write(&self.path, &format!("{before}```text\n{message}```{after}"));
    }
}

impl Part {
    fn new(heading: &str) -> Self {
        Self { heading: heading.to_owned(), prose: String::new(), blocks: Vec::new() }
    }

    fn is_silent(&self) -> bool {
        self.prose.trim().is_empty() && self.blocks.is_empty()
    }

    fn blocks(&self, language: &str) -> Vec<&str> {
        let own = self.blocks.iter().filter(|(own, _)| own == language);
        own.map(|(_, text)| text.as_str()).collect()
    }

    /// The only block of a language.
    fn only(&self, language: &str) -> Option<&str> {
        match self.blocks(language).as_slice() {
            [block] => Some(block),
            _ => None,
        }
    }
}

fn page_of(name: &str) -> PathBuf {
    folder().join(format!("{name}.md"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

/// Writes a whole file at once: the other tests of this file are reading meanwhile.
fn write(path: &Path, text: &str) {
    let aside = path.with_extension("new");
    fs::write(&aside, text).expect("a writable folder");
    fs::rename(aside, path).expect("a replaceable file");
}

fn is_writing() -> bool {
    std::env::var_os("MOTET_WRITE_PAGES").is_some()
}
