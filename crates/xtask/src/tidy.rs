//! The house rules, held by machine: `cargo xtask tidy`.
//!
//! Rules look at a `Tree` of texts and at what cargo says of packages; each is a function from these to findings, so
//! that a test can show it a bad sample. What a compiler, rustfmt or clippy can hold is left to them.

mod budgets;
mod documents;
mod error_codes;
mod layers;
mod manifests;
mod packages;
mod sizes;
mod source;
mod tree;
mod words;

use std::fmt;
use std::path::Path;

use crate::{Reported, no_arguments, workspace};
use budgets::Budgets;
use packages::Packages;
use source::Sources;
use tree::Tree;

/// The command.
///
/// # Errors
/// There are findings, or the tree or cargo's answers cannot be read.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    no_arguments(args)?;
    let report = inspect(&workspace::root())?;
    println!("{report}");
    if report.findings.is_empty() { Ok(()) } else { Err(Reported.into()) }
}

/// Everything that is wrong in the repository at `root`, and its figures.
///
/// # Errors
/// The files cannot be listed or read, or cargo does not answer.
pub fn inspect(root: &Path) -> anyhow::Result<Report> {
    let tree = Tree::read(root)?;
    let (sources, mut findings) = Sources::parse(&tree);
    let (budgets, budget_findings) = Budgets::read(&tree);
    let metadata = layers::metadata(root)?;
    let packages = Packages::ask_cargo(root)?;

    let mut measures = sizes::measure(&sources);
    measures.push(packages.count());
    findings.extend(budget_findings);
    findings.extend(budgets.judge(&measures));
    findings.extend(words::check(&sources));
    findings.extend(layers::check(&metadata)?);
    findings.extend(packages.check(&tree));
    findings.extend(manifests::check(&tree));
    findings.extend(documents::check(&tree));
    findings.extend(error_codes::check(&tree, &sources));
    findings.sort();
    findings.dedup();
    Ok(Report {
        findings,
        figures: format!("{}, {} packages", sizes::figures(&sources), packages.len()),
    })
}

/// What tidy has to say.
#[derive(Debug)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// The measured budgets, for people.
    pub figures: String,
}

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the root.
    pub path: String,
    /// Numbered from 1.
    pub line: usize,
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub text: String,
}

impl Finding {
    fn new(
        rule: &'static str,
        path: impl Into<String>,
        line: usize,
        text: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), line, rule, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.path, self.line, self.text, self.rule)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let verdict = match self.findings.len() {
            0 => "tidy".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        write!(f, "{verdict}: {}", self.figures)
    }
}

#[cfg(test)]
mod tests;
