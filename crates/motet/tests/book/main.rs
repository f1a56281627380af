//! The book is true: its documents are what it says they are, and its commands print what it says they print.
//!
//! In `docs/*.md`, and in fenced blocks only:
//!
//! - `yaml` with a `document:` is checked as publication does. It has no errors and no warnings, but for those that
//!   `<!-- refused: code -->` or `<!-- warns: code -->` before it announces. A valid one is published when the page
//!   comes to it.
//! - `<!-- file: name -->` before a block makes it a file, which is not published by itself.
//! - `<!-- graph: name -->` before `mermaid` makes it the drawing of that document.
//! - `console` is carried out: lines that begin with `$ `, each with what it prints. A line `…` stands for any lines.
//!   `motet` is the binary, `curl` and `| jq` are built in, the service at `localhost:18080` is a part of this test.
//!
//! Every page has a server and a directory of its own. Ids, times, durations and digests differ between runs, and are
//! not compared. `MOTET_WRITE_BOOK=1` writes what was printed into the pages; there, `ID1` in a command becomes the
//! first id of the page.

mod names;
mod page;

mod session;
mod shell;

mod curl;
mod service;

mod itself;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use motet_definition::graph;
use motet_types::Limits;

use names::matches;
use page::{Block, Page};
use session::Session;

macro_rules! pages {
    ($($test:ident $file:literal)*) => {
        const PAGES: &[&str] = &[$($file),*];
        $(#[test] fn $test() { check($file); })*
    };
}

pages! {
    table_of_contents "README.md"
    getting_started "getting-started.md"
    language "language.md"
    expressions "expressions.md"
    errors_and_retries "errors-and-retries.md"
    schedules "schedules.md"
    events "events.md"
    brokers "brokers.md"
    calls "calls.md"
    keys "keys.md"
    jobs "jobs.md"
    people "people.md"
    testing "testing.md"
    sagas "sagas.md"
    inbox "inbox.md"
    operations "operations.md"
    services "services.md"
    consul "consul.md"
    dependencies "dependencies.md"
    monitoring "monitoring.md"
    security "security.md"
    http_api "http-api.md"
    cli "cli.md"
    promises "promises.md"
}

#[test]
fn every_page_with_something_to_try_is_tried() {
    let missing: Vec<String> = docs()
        .read_dir()
        .expect("the folder of the book is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| !PAGES.iter().any(|page| path.ends_with(page)))
        .filter(|path| Page::read(path).blocks.iter().any(Block::is_tried))
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "add them to the pages of this test");
}

#[test]
fn the_document_on_the_first_page_is_valid() {
    let page = Page::read(&docs().join("../README.md"));
    let documents: Vec<_> = page.blocks.iter().filter(|block| block.is_document()).collect();
    assert_eq!(documents.len(), 1, "the first page shows one document");
    let codes: Vec<_> = diagnostics(&documents[0].text);
    assert!(codes.iter().all(|(_, is_error)| !is_error), "{codes:?}");
}

#[test]
fn every_setting_metric_and_command_is_explained() {
    let read = |page: &str| {
        let path = docs().join(page);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let (operations, cli) = (read("operations.md"), read("cli.md"));
    let mut session = Session::new("explained");
    let settings = session.carry_out("$ motet serve --print-config\n", false);
    let metrics = session.carry_out("$ curl -s http://localhost:7080/metrics\n", false);
    let help = session.carry_out("$ motet --help\n", false);
    let mut section = String::new();
    let mut missing = Vec::new();
    for line in settings.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.replace(']', ".");
        } else if let Some((key, _)) = line.split_once(" = ") {
            missing.push((&operations, format!("`{section}{key}`")));
        }
    }
    let described =
        metrics.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next());
    missing.extend(described.map(|name| (&operations, format!("`{name}`"))));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    // A line that is indented further goes on from the one before.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    missing.extend(names.map(|name| (&cli, format!("`motet {name}"))));
    assert!(missing.len() > 60, "settings, metrics and commands are there: {missing:?}");
    missing.retain(|(page, name)| !page.contains(name.as_str()));
    let missing: Vec<&str> = missing.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(missing, Vec::<&str>::new(), "explain them in operations.md and cli.md");
}

/// What the rules and the dashboard of the example ask for is what a server shows.
#[test]
fn the_example_of_monitoring_uses_metrics_that_there_are() {
    let mut session = Session::new("monitored");
    let metrics = session.carry_out("$ curl -s http://localhost:7080/metrics\n", false);
    let described = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let known: BTreeMap<&str, &str> = described.filter_map(|line| line.split_once(' ')).collect();
    let is_known = |name: &str| {
        let of_histogram =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        known.contains_key(name)
            || of_histogram.is_some_and(|base| known.get(base) == Some(&"histogram"))
    };
    let mut unknown = Vec::new();
    for (file, uses) in [("alerts.yml", 15), ("dashboard.json", 20)] {
        let path = docs().join("../examples/monitoring").join(file);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        let names: Vec<&str> = words.filter(|word| word.starts_with("motet_")).collect();
        assert!(names.len() >= uses, "{file} names {} metrics", names.len());
        unknown.extend(names.into_iter().filter(|name| !is_known(name)).map(str::to_owned));
        if file.ends_with(".json") {
            let parsed =
                motet_expr::json::parse(text.as_bytes(), motet_expr::json::Limits::default());
            parsed.unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
    assert_eq!(unknown, Vec::<String>::new(), "no server shows them");
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn check(name: &str) {
    let path = docs().join(name);
    let mut page = Page::read(&path);
    let mut session = Session::new(name);
    let mut problems = String::new();
    let mut documents = BTreeMap::new();
    let is_writing = std::env::var_os("MOTET_WRITE_BOOK").is_some();
    for idx in 0..page.blocks.len() {
        let block = page.blocks[idx].clone();
        if let Some(file) = block.mark("file") {
            documents.insert(file.to_owned(), block.text.clone());
        }
        if let Some(file) = block.mark("graph") {
            let drawn = drawing(&documents[file]);
            if block.text != drawn {
                let _ = writeln!(problems, "{name}:{}: the drawing is\n{drawn}", block.line);
                page.blocks[idx].text = drawn;
            }
        }
        if let Err(problem) = check_document(&block, &mut session) {
            let _ = writeln!(problems, "{name}:{}: {problem}", block.line);
        }
        if block.language == "console" {
            let printed = session.carry_out(&block.text, is_writing);
            if !matches(&block.text, &printed) {
                let _ = writeln!(
                    problems,
                    "{name}:{}: the page says\n{}\nand it is\n{printed}",
                    block.line, block.text
                );
                page.blocks[idx].text = printed;
            }
        }
    }
    if is_writing {
        page.write(&path);
        let documents =
            problems.lines().filter(|line| line.starts_with(name) && line.contains(": document: "));
        problems = documents.map(|line| format!("{line}\n")).collect();
    }
    assert!(
        problems.is_empty(),
        "{problems}\nMOTET_WRITE_BOOK=1 writes what is printed into the page"
    );
}

/// Checks, stores and publishes what is no transcript.
fn check_document(block: &Block, session: &mut Session) -> Result<(), String> {
    let file = block.mark("file");
    if let Some(file) = file {
        session.write(file, &block.text);
    }
    if !block.is_document() {
        return Ok(());
    }
    let found = diagnostics(&block.text);
    let mut codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
    let mut announced: Vec<&str> = ["refused", "warns"]
        .into_iter()
        .filter_map(|mark| block.mark(mark))
        .flat_map(|codes| codes.split(',').map(str::trim))
        .collect();
    codes.sort_unstable();
    announced.sort_unstable();
    if codes != announced {
        return Err(format!("document: it has {codes:?}, announced are {announced:?}"));
    }
    let is_valid = found.iter().all(|(_, is_error)| !is_error);
    if is_valid != block.mark("refused").is_none() {
        return Err(format!("document: whether it is refused is announced wrongly: {codes:?}"));
    }
    if is_valid && file.is_none() { session.publish(&block.text) } else { Ok(()) }
}

fn drawing(document: &str) -> String {
    let checked = graph::check(document, &Limits::default());
    graph::draw(&checked.graph.expect("it is valid"), graph::Format::Mermaid)
}

/// Each code once, and whether it is an error.
fn diagnostics(document: &str) -> Vec<(String, bool)> {
    let mut checked = graph::check(document, &Limits::default());
    // Which services there are only a server knows.
    checked.forget_services(|_| true);
    let codes = checked.diagnostics.iter();
    let mut codes: Vec<_> =
        codes.map(|one| (one.code.as_str().to_owned(), one.is_error())).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
