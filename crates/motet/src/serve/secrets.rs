//! Secrets from the environment and from files.

use std::fs;
use std::path::PathBuf;

use motet_expr::{Value, json};
use motet_runtime::Secrets;

/// Longest secret, in bytes.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Asks the environment first (`MOTET_SECRET_API_KEY` for `api-key`), then the directory for a file of that name.
pub(super) struct ConfiguredSecrets {
    directory: Option<PathBuf>,
}

impl ConfiguredSecrets {
    pub(super) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    fn whole(&self, name: &str) -> Option<String> {
        std::env::var(variable(name)).ok().or_else(|| self.file(name))
    }

    fn file(&self, name: &str) -> Option<String> {
        // A name from a document must not lead out of the directory.
        let is_plain = name.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
        let path = self.directory.as_ref().filter(|_| is_plain)?.join(name);
        let fits = fs::metadata(&path).is_ok_and(|file| file.len() <= SECRET_BYTES_MAX);
        let text = fs::read_to_string(path).ok().filter(|_| fits)?;
        // Editors end a file with a line end that is not part of the secret.
        Some(text.strip_suffix('\n').map_or(text.clone(), str::to_owned))
    }
}

impl Secrets for ConfiguredSecrets {
    fn secret(&self, name: &str) -> Option<String> {
        if let Some(text) = self.whole(name) {
            return Some(text);
        }
        let (name, path) = name.split_once('.')?;
        let mut value = json::parse(self.whole(name)?.as_bytes(), json::Limits::default()).ok()?;
        for key in path.split('.') {
            value = json::get(&value, key)?.clone();
        }
        match &value {
            Value::Null | Value::Arr(_) | Value::Obj(_) => None,
            scalar => Some(crate::value::shown(scalar)),
        }
    }
}

fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("MOTET_SECRET_{}", name.chars().map(letter).collect::<String>())
}

#[cfg(test)]
mod tests;
