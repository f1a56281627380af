//! Documents: those that must be there, their links, and words that betray where a file was written.

use std::collections::BTreeSet;

use super::{
    Finding,
    tree::{File, Tree},
};

const REQUIRED: [&str; 8] = [
    "README.md",
    "ARCHITECTURE.md",
    "STYLE.md",
    "CHANGELOG.md",
    "LICENSE",
    "deny.toml",
    "docs/decisions/README.md",
    "docs/errors/README.md",
];
/// Folders of which `README.md` lists every page.
const INDEXED: [&str; 2] = ["docs/decisions/", "docs/errors/"];
/// Beginnings of paths on one machine; split here so that this file does not find itself.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = required(tree).collect();
    findings.extend(tree.files.iter().flat_map(machine_paths));
    for page in tree.with_extension("md") {
        findings.extend(links(tree, page));
        findings.extend(unlisted(tree, page));
    }
    findings
}

fn required(tree: &Tree) -> impl Iterator<Item = Finding> {
    let missing = REQUIRED.iter().filter(|path| tree.text(path).is_none_or(str::is_empty));
    missing
        .map(|path| Finding::new("required", *path, 1, "the file must be there, and say something"))
}

fn machine_paths(file: &File) -> impl Iterator<Item = Finding> {
    let lines = file.text.lines().enumerate();
    let found = lines.filter_map(|(idx, line)| Some((idx + 1, machine_path(line)?)));
    found.map(|(line, start)| {
        let text = format!("`{start}…` is a path of one machine: make it relative");
        Finding::new("machine-path", &file.path, line, text)
    })
}

/// A machine's path that begins in this line: not one that goes on from a word, as in a URL.
fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_PATHS.into_iter().find(|start| {
        line.match_indices(start).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|letter| !letter.is_alphanumeric() && !"/._-}*$".contains(letter))
        })
    })
}

/// Links of a page that lead nowhere in this repository; others' sites are not asked.
fn links(tree: &Tree, page: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, target) in link_targets(&page.text) {
        let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
        let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let resolved = match path {
            "" => Some(page.path.clone()),
            _ => resolve(&page.path, path),
        };
        if is_elsewhere {
            continue;
        }
        let text = match resolved.filter(|path| tree.has(path)) {
            None => format!("the link to `{target}` leads nowhere"),
            Some(path) if !anchor.is_empty() && !has_heading(tree, &path, anchor) => {
                format!("the link to `{target}` leads to a page without that heading")
            }
            Some(_) => continue,
        };
        findings.push(Finding::new("links", &page.path, line, text));
    }
    findings
}

/// A page of an indexed folder that the index does not list.
fn unlisted(tree: &Tree, page: &File) -> Option<Finding> {
    let folder = INDEXED.iter().find(|folder| page.path.starts_with(**folder))?;
    let index = format!("{folder}README.md");
    let name = page.path.strip_prefix(folder)?;
    let listed = link_targets(tree.text(&index)?).into_iter().any(|(_, target)| target == name);
    let text = format!("{index} does not list this page: add a line with a link to it");
    (page.path != index && !listed).then(|| Finding::new("index", &page.path, 1, text))
}

/// Targets of `[text](target)`, `![text](target)`, `[name]: target` and HTML's `src` and `href`, outside of code, with
/// their lines.
fn link_targets(text: &str) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    for (line, prose) in prose_lines(text) {
        let openings = [("](", ')'), ("src=\"", '"'), ("href=\"", '"')];
        let inline = openings.into_iter().flat_map(|(open, close)| {
            let rests = prose.match_indices(open).map(|(at, _)| &prose[at + open.len()..]);
            rests.filter_map(move |rest| rest.split_once(close).map(|(target, _)| target))
        });
        let reference = prose
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "))
            .map(|(_, target)| target);
        for target in inline.chain(reference) {
            let target = target.split_whitespace().next().unwrap_or_default();
            targets.push((line, target.trim_matches(['<', '>']).to_owned()));
        }
    }
    targets
}

/// The lines of a page with their numbers, without fenced blocks and `code`.
fn prose_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut in_fence = false;
    for (idx, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            let outside_code = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            lines.push((idx + 1, outside_code));
        }
    }
    lines
}

/// The path that a link of a page means; `None` if it leaves the repository.
fn resolve(page: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn has_heading(tree: &Tree, path: &str, anchor: &str) -> bool {
    let Some(text) = tree.text(path).filter(|_| path.ends_with(".md")) else {
        return true;
    };
    let mut in_fence = false;
    let headings: BTreeSet<String> = text
        .lines()
        .filter(|line| {
            in_fence ^= line.trim_start().starts_with("```");
            !in_fence && line.starts_with('#')
        })
        .map(|line| slug(line.trim_start_matches('#')))
        .collect();
    headings.contains(anchor)
}

/// A heading as forges write it in links.
fn slug(heading: &str) -> String {
    let kept =
        heading.trim().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.flat_map(char::to_lowercase)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}
