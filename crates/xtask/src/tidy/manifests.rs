//! Manifests, lint settings, the lock file and scripts.

use super::layers::PURE_FOLDERS;
use super::{Finding, tree::Tree};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const CARGO_SETTINGS: &str = ".cargo/config.toml";
const SETTINGS_OF_ONE_MACHINE: [&str; 5] = ["http", "net", "registries", "registry", "source"];
const ENGINE_CLIPPY: &str = "crates/engine/clippy.toml";
/// The one script there is; it only calls `cargo xtask`.
const SCRIPT: &str = ".ci/run";
/// What the engine's own lint settings must name.
const ENGINE_BANS: [&str; 9] = [
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::env::var",
    "std::fs::read",
    "std::net::TcpStream",
    "std::process::Command",
    "std::thread::spawn",
    "std::time::Instant",
    "std::time::SystemTime",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = lints(tree);
    findings.extend(clippy_settings(tree));
    findings.extend(engine_settings(tree));
    findings.extend(lock(tree));
    findings.extend(cargo_settings(tree));
    findings.extend(scripts(tree));
    findings
}

/// Every member takes the workspace's lints; a crate with a workspace of its own (fuzzing needs that) cannot.
fn lints(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let mut findings = Vec::new();
    for file in manifests {
        let table = table(&file.text);
        let lints = table.get("lints").and_then(|lints| lints.get("workspace"));
        if !table.contains_key("workspace") && lints.and_then(toml::Value::as_bool) != Some(true) {
            let text =
                "the crate does not take the workspace's lints: add `[lints] workspace = true`";
            findings.push(Finding::new("lints", &file.path, 1, text));
        }
    }
    findings
}

/// Clippy takes the nearest file only, so a crate's own must repeat what the root's says.
fn clippy_settings(tree: &Tree) -> Vec<Finding> {
    let common = table(tree.text("clippy.toml").unwrap_or_default());
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with("/clippy.toml")) {
        let own = table(&file.text);
        for (key, _) in common.iter().filter(|(key, value)| own.get(*key) != Some(value)) {
            let text =
                format!("clippy reads only the nearest file: repeat `{key}` as the root has it");
            findings.push(Finding::new("lints", &file.path, 1, text));
        }
    }
    findings
}

/// The lint that keeps the engine pure is there.
fn engine_settings(tree: &Tree) -> Vec<Finding> {
    if !PURE_FOLDERS.iter().any(|folder| tree.has(folder)) {
        return Vec::new();
    }
    let table = table(tree.text(ENGINE_CLIPPY).unwrap_or_default());
    let lists = ["disallowed-types", "disallowed-methods"]
        .map(|key| table.get(key).and_then(toml::Value::as_array));
    let entries = lists.into_iter().flatten().flatten();
    let paths: Vec<&str> = entries.filter_map(|entry| entry.get("path")?.as_str()).collect();
    let missing = ENGINE_BANS.iter().filter(|ban| !paths.contains(ban));
    let findings = missing.map(|ban| {
        Finding::new(
            "lints",
            ENGINE_CLIPPY,
            1,
            format!("the engine is no longer kept from `{ban}`: ban it again"),
        )
    });
    findings.collect()
}

/// Packages come from crates.io or from here.
fn lock(tree: &Tree) -> Vec<Finding> {
    let lines = tree.text("Cargo.lock").unwrap_or_default().lines().enumerate();
    let sources = lines.filter_map(|(idx, line)| {
        let source = line.strip_prefix("source = \"")?.trim_end_matches('"');
        (source != CRATES_IO).then_some((idx + 1, source))
    });
    let findings = sources.map(|(line, source)| {
        let text = format!("a package comes from {source}: take one from crates.io");
        Finding::new("lock", "Cargo.lock", line, text)
    });
    findings.collect()
}

/// Cargo's settings send nobody to a registry that only some machines know.
fn cargo_settings(tree: &Tree) -> Vec<Finding> {
    let settings = table(tree.text(CARGO_SETTINGS).unwrap_or_default());
    let found = SETTINGS_OF_ONE_MACHINE.iter().filter(|key| settings.contains_key(**key));
    let findings = found.map(|key| {
        let text = format!("`[{key}]` belongs to one machine: set it outside of the repository");
        Finding::new("lock", CARGO_SETTINGS, 1, text)
    });
    findings.collect()
}

/// Commands are written in Rust, where they can be tested.
fn scripts(tree: &Tree) -> Vec<Finding> {
    let is_script = |path: &str, text: &str| {
        path.ends_with(".sh") || (text.starts_with("#!") && !text.starts_with("#!["))
    };
    let scripts =
        tree.files.iter().filter(|file| file.path != SCRIPT && is_script(&file.path, &file.text));
    let text = "a script beside .ci/run: make it a command of cargo xtask";
    scripts.map(|file| Finding::new("scripts", &file.path, 1, text)).collect()
}

/// What does not parse is empty: cargo and clippy say what is wrong with it.
fn table(text: &str) -> toml::Table {
    text.parse().unwrap_or_default()
}
