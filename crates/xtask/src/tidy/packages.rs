//! The packages that are compiled into the host: how many, under which licences, and which of them pure crates avoid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use super::budgets::{Limit, Measure};
use super::layers::PURE;
use super::{Finding, tree::Tree};
use crate::workspace;

const HOST: &str = "motet";
const PACKAGES_MAX: usize = 400;
const DENY: &str = "deny.toml";
/// Packages that bring I/O, time, threads or randomness; no pure crate may have one in its tree.
const IMPURE: [&str; 20] = [
    "async-std",
    "axum",
    "chrono",
    "fastrand",
    "futures",
    "futures-executor",
    "getrandom",
    "hyper",
    "hyper-util",
    "mio",
    "rand",
    "rand_core",
    "reqwest",
    "rusqlite",
    "rustix",
    "rustls",
    "smol",
    "socket2",
    "time",
    "tokio",
];

/// Impure packages that a pure crate may bring in, with the decision that says why.
const TOLERATED: [(&str, &str); 1] = [("getrandom", "docs/decisions/json-schema-library.md")];

/// Normal dependency trees on this machine's platform, by the package at their root.
#[derive(Debug)]
pub(super) struct Packages(BTreeMap<&'static str, BTreeSet<Package>>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// SPDX expression; empty where the package says nothing.
    licence: String,
}

impl Packages {
    pub(super) fn ask_cargo(root: &Path) -> anyhow::Result<Self> {
        let mut trees = BTreeMap::new();
        for name in [HOST].into_iter().chain(PURE) {
            let mut cargo = workspace::cargo(root);
            cargo.args(["tree", "--locked", "--edges=normal", "--prefix=none", "--format={p}|{l}"]);
            let listing = workspace::output(cargo.args(["--package", name]))?;
            trees.insert(name, read_tree(&listing)?);
        }
        Ok(Self(trees))
    }

    /// Packages in the host.
    pub(super) fn len(&self) -> usize {
        self.0[HOST].len()
    }

    pub(super) fn count(&self) -> Measure {
        Measure {
            rule: "packages",
            place: "workspace".to_owned(),
            line: 1,
            value: self.len(),
            limit: Limit::Max(PACKAGES_MAX),
            advice: format!("packages in the tree of {HOST}: do without some"),
        }
    }

    /// Packages that a pure crate may not have, and those under a licence that is not on the list.
    pub(super) fn check(&self, tree: &Tree) -> Vec<Finding> {
        let mut findings = Vec::new();
        for name in PURE {
            let folder = name.trim_start_matches("motet-");
            for package in self.0[name].iter().filter(|package| is_impure(package.name.as_str())) {
                let text = format!(
                    "{name} brings in {}: a crate of its layer only computes",
                    package.name
                );
                findings.push(Finding::new(
                    "layers",
                    format!("crates/{folder}/Cargo.toml"),
                    1,
                    text,
                ));
            }
        }
        match Licences::read(tree) {
            Ok(licences) => {
                findings.extend(self.0[HOST].iter().filter_map(|package| licences.check(package)))
            }
            Err(error) => findings.push(Finding::new("licences", DENY, 1, format!("{error:#}"))),
        }
        findings
    }

    #[cfg(test)]
    pub(super) fn of(host: &str, pure: &str) -> Self {
        let pure = PURE.into_iter().map(|name| (name, read_tree(pure).unwrap()));
        Self(pure.chain([(HOST, read_tree(host).unwrap())]).collect())
    }
}

/// The licences that `deny.toml` allows, in general and for single packages.
struct Licences {
    allowed: BTreeSet<String>,
    exceptions: BTreeMap<String, BTreeSet<String>>,
}

impl Licences {
    fn read(tree: &Tree) -> anyhow::Result<Self> {
        let table: toml::Table = tree.text(DENY).context("the file is missing")?.parse()?;
        let section = table.get("licenses").context("there is no section [licenses]")?;
        let exceptions = section.get("exceptions").and_then(toml::Value::as_array);
        let by_package = exceptions.into_iter().flatten().map(|exception| {
            let name = exception
                .get("crate")
                .and_then(toml::Value::as_str)
                .context("an exception names no crate")?;
            Ok((name.to_owned(), strings(exception)?))
        });
        Ok(Self {
            allowed: strings(section)?,
            exceptions: by_package.collect::<anyhow::Result<_>>()?,
        })
    }

    fn check(&self, package: &Package) -> Option<Finding> {
        let Package { name, version, licence } = package;
        let is_allowed = |id: &str| {
            let more = self.exceptions.get(name);
            self.allowed.contains(id) || more.is_some_and(|more| more.contains(id))
        };
        let text = match satisfies(licence, &is_allowed) {
            Some(true) => return None,
            Some(false) => format!(
                "{name} {version} is under `{licence}`: do without it, or allow that licence here"
            ),
            None => format!(
                "{name} {version}: its licence `{licence}` is no SPDX expression; look at it and allow it here"
            ),
        };
        Some(Finding::new("licences", DENY, 1, text))
    }
}

fn strings(value: &toml::Value) -> anyhow::Result<BTreeSet<String>> {
    let list =
        value.get("allow").and_then(toml::Value::as_array).context("there is no list `allow`")?;
    let texts =
        list.iter().map(|item| item.as_str().map(str::to_owned).context("`allow` holds no text"));
    texts.collect()
}

/// Reads `name vVERSION (…)|LICENCE (*)`, a line for each.
fn read_tree(listing: &str) -> anyhow::Result<BTreeSet<Package>> {
    let read = |line: &str| {
        let (package, licence) = line.split_once('|')?;
        let (name, rest) = package.split_once(" v")?;
        Some(Package {
            name: name.to_owned(),
            version: rest.split(' ').next()?.to_owned(),
            licence: licence.trim_end_matches("(*)").trim().to_owned(),
        })
    };
    let lines = listing.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| read(line).with_context(|| format!("cargo tree printed {line:?}"))).collect()
}

/// Whether the allowed licences satisfy an SPDX expression; `None` if it is none. `/` is an old way to write `OR`.
fn satisfies(expression: &str, is_allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let verdict = any_of(&mut rest, is_allowed)?;
    rest.is_empty().then_some(verdict)
}

fn any_of(rest: &mut &[&str], is_allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut verdict = all_of(rest, is_allowed)?;
    while let Some((&"OR", after)) = rest.split_first() {
        *rest = after;
        verdict |= all_of(rest, is_allowed)?;
    }
    Some(verdict)
}

fn all_of(rest: &mut &[&str], is_allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut verdict = one_licence(rest, is_allowed)?;
    while let Some((&"AND", after)) = rest.split_first() {
        *rest = after;
        verdict &= one_licence(rest, is_allowed)?;
    }
    Some(verdict)
}

fn one_licence(rest: &mut &[&str], is_allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let (word, after) = rest.split_first()?;
    *rest = after;
    match *word {
        "(" => {
            let verdict = any_of(rest, is_allowed)?;
            let (close, after) = rest.split_first()?;
            *rest = after;
            (*close == ")").then_some(verdict)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        id => match rest.split_first() {
            Some((&"WITH", [exception, after @ ..])) => {
                *rest = after;
                Some(is_allowed(&format!("{id} WITH {exception}")))
            }
            _ => Some(is_allowed(id)),
        },
    }
}

fn is_impure(name: &str) -> bool {
    IMPURE.contains(&name) && !TOLERATED.iter().any(|(tolerated, _)| *tolerated == name)
}
