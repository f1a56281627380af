//! The specification's data files, which are not part of this repository.
#![allow(dead_code, reason = "every test takes what it needs")]

use std::path::{Path, PathBuf};

/// Name and text of every YAML file in a folder of the kit; `None`, said loudly, where there is no kit.
pub(crate) fn documents(folder: &str) -> Option<Vec<(String, String)>> {
    files(folder, "yaml")
}

/// Name and text of every file in a folder of the kit that ends in `extension`.
pub(crate) fn files(folder: &str, extension: &str) -> Option<Vec<(String, String)>> {
    let root = root().join(folder);
    if !root.is_dir() {
        eprintln!("SKIPPED: specification kit not found at {}", root.display());
        return None;
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("the folder was just seen")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|own| own == extension))
        .collect();
    files.sort();
    Some(files.iter().map(|path| (name(path), read(path))).collect())
}

/// The language's own JSON Schema, where there is a kit.
pub(crate) fn official_schema() -> Option<serde_json::Value> {
    let path = root().join("workflow-schema.yaml");
    path.is_file().then(|| serde_yaml_ng::from_str(&read(&path)).expect("a YAML schema"))
}

fn root() -> PathBuf {
    match std::env::var_os("MOTET_SPEC_DIR") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec"),
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a readable file")
}
