//! Every code of a document has a page in `docs/errors`, and what the pages show is true.
//!
//! With the variable `MOTET_WRITE_PAGES` set, the printed messages and the index are written anew instead of compared.

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

/// A code that cannot be had without another one.
const ACCOMPANIED: [(Code, Code); 1] =
    [(Code::UnsupportedMotetSchedule, Code::UnsupportedSchedule)];

/// Corrections may leave out what they do not change: the header, and the tasks.
const HEADER: &str = "document: {dsl: 1.0.3, namespace: shop, name: order, version: 1.0.0}\n";
const TASKS: &str = "do:\n  - greet: {set: {text: Hello}}\n";

#[test]
fn every_code_has_a_page_of_four_parts() {
    for code in Code::ALL {
        let page = Page::read(*code);
        let noun = match code.severity() {
            Severity::Error => "an error",
            Severity::Warning => "a warning",
        };
        assert_eq!(page.title, format!("`{code}`"));
        let headings: Vec<&str> = page.parts.iter().map(|part| part.heading.as_str()).collect();
        let why = format!("Why it is {noun}");
        assert_eq!(headings, ["What happened", "Example", "What to do", &why], "{code}");
        for part in page.parts.iter().filter(|part| part.heading != "Example") {
            assert!(!part.prose.trim().is_empty(), "{code}: {} says nothing", part.heading);
        }
    }
}

#[test]
fn an_example_gets_its_code_and_the_message_that_the_page_prints() {
    for code in Code::ALL {
        let page = Page::read(*code);
        let example = example(*code, &page);
        let found = check(&example, &Limits::default()).diagnostics;
        let others: Vec<Code> =
            found.iter().map(|own| own.code).filter(|own| own != code).collect();
        let accompanied = ACCOMPANIED.iter().filter(|(own, _)| own == code);
        let expected: Vec<Code> = accompanied.map(|(_, other)| *other).collect();
        assert_eq!(others, expected, "{code}: besides its own code its example gets others");
        let printed = lines("workflow.yaml", &found);
        assert!(printed.contains(&format!("[{code}]")), "{code}: its example gets {printed:?}");
        if is_writing() {
            page.write_message(&printed);
        } else {
            let shown = page.part("Example").only("text");
            assert_eq!(shown, Some(printed.as_str()), "{code}: the page prints another message");
        }
    }
}

/// The document that a page shows, or the one made here of which the page says why it does not show it.
fn example(code: Code, page: &Page) -> String {
    let part = page.part("Example");
    match BUILT.iter().find(|(own, _)| *own == code) {
        None => part.only("yaml").unwrap_or_else(|| panic!("{code}: one example")).to_owned(),
        Some((_, build)) => {
            assert_eq!(part.only("yaml"), None, "{code}: its example is made by this test");
            assert!(part.prose.contains("<!-- no example: "), "{code}: say why it has no example");
            build()
        }
    }
}

#[test]
fn what_a_page_advises_is_valid() {
    let mut corrections = 0;
    for code in Code::ALL {
        for correction in Page::read(*code).part("What to do").blocks("yaml") {
            let found = check(&completed(correction), &Limits::default());
            let printed = lines("correction", &found.diagnostics);
            assert_eq!(printed, "", "{code}: it advises\n{correction}");
            assert!(found.graph.is_some(), "{code}: its correction compiles");
            corrections += 1;
        }
    }
    assert!(corrections > Code::ALL.len() / 2, "only {corrections} pages show how to do it right");
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

#[test]
fn the_index_lists_every_page_once_and_in_order() {
    let path = folder().join("README.md");
    let text = fs::read_to_string(&path).expect("an index");
    let (before, listed) = text.split_once("## Pages\n\n").expect("a heading `Pages`");
    let ours = Code::ALL.iter().map(|code| (code.as_str(), index_line(*code)));
    let theirs = listed.lines().filter_map(|line| Some((name_in(line)?, line.to_owned())));
    // Where a name is listed twice the later entry counts: ours.
    let expected: BTreeMap<&str, String> = theirs.chain(ours).collect();
    let expected: String = expected.values().map(|line| format!("{line}\n")).collect();
    if is_writing() {
        fs::write(path, format!("{before}## Pages\n\n{expected}")).expect("a writable index");
        return;
    }
    assert_eq!(listed, expected);
    let names: Vec<&str> = listed.lines().filter_map(name_in).collect();
    for entry in fs::read_dir(folder()).expect("a folder") {
        let file = entry.expect("a readable entry").file_name().to_string_lossy().into_owned();
        let name = file.trim_end_matches(".md");
        assert!(name == "README" || names.contains(&name), "the index does not list {file}");
    }
    for name in names {
        assert!(page_of(name).is_file(), "the index lists {name}, which has no page");
    }
}

fn index_line(code: Code) -> String {
    format!("- [`{code}`]({code}.md): {}", code.rule())
}

/// The page that a line of the index lists.
fn name_in(line: &str) -> Option<&str> {
    line.strip_prefix("- [`")?.split_once('`').map(|(name, _)| name)
}

/// One page, cut into its parts.
struct Page {
    path: PathBuf,
    text: String,
    title: String,
    parts: Vec<Part>,
}

#[derive(Default)]
struct Part {
    heading: String,
    prose: String,
    /// Language and text of each fenced block.
    blocks: Vec<(String, String)>,
}

impl Page {
    fn read(code: Code) -> Self {
        let path = page_of(code.as_str());
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("`{code}` has no page"));
        let (mut title, mut parts) = (String::new(), Vec::<Part>::new());
        let mut in_block = false;
        for line in text.lines() {
            let part = parts.last_mut();
            match (in_block, line.strip_prefix("```"), part) {
                (false, Some(language), Some(part)) => {
                    part.blocks.push((language.to_owned(), String::new()));
                    in_block = true;
                }
                (true, Some(_), _) => in_block = false,
                (true, None, Some(part)) => {
                    let (_, block) = part.blocks.last_mut().expect("an open block");
                    block.extend([line, "\n"]);
                }
                (.., part) => match (line.strip_prefix("# "), line.strip_prefix("## "), part) {
                    (Some(own), ..) => own.clone_into(&mut title),
                    (_, Some(own), _) => {
                        parts.push(Part { heading: own.to_owned(), ..Part::default() });
                    }
                    (.., Some(part)) => part.prose.extend([line, "\n"]),
                    (.., None) => assert_eq!(line, "", "{code}: text before the first part"),
                },
            }
        }
        Self { path, text, title, parts }
    }

    fn part(&self, heading: &str) -> &Part {
        let found = self.parts.iter().find(|part| part.heading == heading);
        found.unwrap_or_else(|| panic!("{}: no part `{heading}`", self.title))
    }

    fn write_message(&self, message: &str) {
        let (before, rest) = self.text.split_once("```text\n").expect("a block for the message");
        let (_, after) = rest.split_once("```").expect("an end of the block");
        let text = format!("{before}```text\n{message}```{after}");
        fs::write(&self.path, text).expect("a writable page");
    }
}

impl Part {
    fn blocks<'a>(&'a self, language: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.blocks.iter().filter(move |(own, _)| own == language);
        own.map(|(_, text)| text.as_str())
    }

    /// The only block of a language.
    fn only(&self, language: &str) -> Option<&str> {
        let blocks: Vec<&str> = self.blocks(language).collect();
        match blocks.as_slice() {
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

fn is_writing() -> bool {
    std::env::var_os("MOTET_WRITE_PAGES").is_some()
}
