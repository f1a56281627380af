//! Who may depend on whom: the layers of ARCHITECTURE.md, in code.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::Finding;
use crate::workspace;

/// Packages of layer 0 and 1, which only compute.
pub(super) const PURE: [&str; 5] =
    ["motet-types", "motet-expr", "motet-definition", "motet-engine", "motet-policy"];
pub(super) const PURE_FOLDERS: [&str; 5] =
    ["crates/types", "crates/expr", "crates/definition", "crates/engine", "crates/policy"];

/// Each package with those of ours that it may depend on. A package that is not listed may not exist.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("motet-types", &[]),
    ("motet-expr", &["types"]),
    ("motet-definition", &["types", "expr"]),
    ("motet-engine", &["types", "expr", "definition"]),
    ("motet-policy", &["types"]),
    ("motet-journal", &["types", "expr", "definition", "engine"]),
    ("motet-scenario", &["types", "expr", "definition", "engine", "journal"]),
    ("motet-store", &["types"]),
    ("motet-store-embedded", &["types", "store"]),
    ("motet-mesh", &["types"]),
    ("motet-events", &["types"]),
    (
        "motet-runtime",
        &["types", "expr", "definition", "engine", "policy", "journal", "store", "mesh"],
    ),
    ("motet-api", &["types", "expr", "definition", "engine", "runtime"]),
    (
        "motet",
        &[
            "types",
            "expr",
            "definition",
            "engine",
            "journal",
            "scenario",
            "store",
            "store-embedded",
            "mesh",
            "events",
            "runtime",
            "api",
        ],
    ),
    (
        "motet-sim",
        &[
            "types",
            "expr",
            "definition",
            "engine",
            "journal",
            "store",
            "store-embedded",
            "mesh",
            "runtime",
        ],
    ),
    ("shop", &[]),
    ("xtask", &[]),
];
/// What a package may name in its tests beside what its layer reaches.
const ALLOWED_IN_TESTS: [(&str, &[&str]); 2] =
    [("motet-engine", &["journal"]), ("shop", &["types", "definition"])];
/// Packages whose types have no serde form of their own: files, disk and wire belong to others.
const NO_SERDE: [&str; 3] = ["motet-types", "motet-engine", "motet-store"];

/// What cargo says of the workspace's own packages.
pub(super) fn metadata(root: &Path) -> anyhow::Result<Value> {
    let mut cargo = workspace::cargo(root);
    cargo.args(["metadata", "--no-deps", "--format-version=1", "--locked"]);
    serde_json::from_str(&workspace::output(&mut cargo)?).context("cargo metadata is no JSON")
}

/// Dependencies that the layers do not allow.
///
/// A test may name, beside what its crate may depend on, whatever that leads to.
pub(super) fn check(metadata: &Value) -> anyhow::Result<Vec<Finding>> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned();
    let packages = list(metadata, "packages").context("cargo metadata lists no packages")?;
    let names: BTreeSet<&str> =
        packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut findings = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().context("a package has no name")?;
        let path = manifest_path(metadata, package);
        let mut report =
            |text: String| findings.push(Finding::new("layers", path.clone(), 1, text));
        let Some(allowed) = allowed(name) else {
            report(format!(
                "{name} has no place in the layers: give it one in crates/xtask/src/tidy/layers.rs"
            ));
            continue;
        };
        for dependency in list(package, "dependencies").context("a package has no dependencies")? {
            let on = dependency["name"].as_str().context("a dependency has no name")?;
            let is_for_tests = dependency["kind"] == "dev";
            let may = allowed.contains(on)
                || (is_for_tests && reachable(&allowed).contains(on))
                || (is_for_tests && is_allowed_in_tests(name, on));
            if names.contains(on) && !may {
                report(format!("{name} may not depend on {on}: its layer allows {allowed:?}"));
            }
            if NO_SERDE.contains(&name) && on.starts_with("serde") && !is_for_tests {
                report(format!(
                    "{name} may not depend on {on}: its types have no serialised form of their own"
                ));
            }
        }
    }
    Ok(findings)
}

fn is_allowed_in_tests(name: &str, on: &str) -> bool {
    let folder = on.trim_start_matches("motet-");
    ALLOWED_IN_TESTS.iter().any(|(other, folders)| *other == name && folders.contains(&folder))
}

/// Package names that a package may depend on.
fn allowed(name: &str) -> Option<BTreeSet<String>> {
    let (_, folders) = ALLOWED.iter().find(|(other, _)| *other == name)?;
    Some(folders.iter().map(|folder| format!("motet-{folder}")).collect())
}

/// The allowed packages and all that these may depend on in turn.
fn reachable(packages: &BTreeSet<String>) -> BTreeSet<String> {
    let mut reached = packages.clone();
    for package in packages {
        reached.extend(reachable(&allowed(package).unwrap_or_default()));
    }
    reached
}

fn manifest_path(metadata: &Value, package: &Value) -> String {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let path = package["manifest_path"].as_str().unwrap_or_default();
    path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').to_owned()
}
