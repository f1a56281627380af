//! Secrets from the environment and from files, and the key of their markers.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use motet_engine::secret::SecretKey;
use motet_expr::{Value, json};
use motet_runtime::Secrets;

use crate::failure::Failure;

/// Beside the data; never in a backup.
const KEY_FILE: &str = "secret.key";
/// Only the server reads it.
const KEY_MODE: u32 = 0o600;
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

/// The key beside the data; made once.
pub(super) fn load_or_create_key(data: &Path) -> Result<SecretKey, Failure> {
    let path = data.join(KEY_FILE);
    match fs::read(&path) {
        Ok(bytes) => match <[u8; 32]>::try_from(bytes) {
            Ok(key) => Ok(SecretKey(key)),
            Err(bytes) => Err(unusable(&path, &format!("it has {} bytes, not 32", bytes.len()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => create_key(data, &path),
        Err(error) => Err(unusable(&path, &error.to_string())),
    }
}

/// Written beside and renamed, so that a crash leaves a whole key or none.
fn create_key(data: &Path, path: &Path) -> Result<SecretKey, Failure> {
    let mut key = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut key).map_err(|_| unusable(path, "the system gives no random numbers"))?;
    let partial = data.join(format!("{KEY_FILE}.partial"));
    let written = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(KEY_MODE).open(&partial)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        fs::File::open(data)?.sync_all()
    };
    written().map_err(|error| unusable(path, &error.to_string()))?;
    Ok(SecretKey(key))
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new("store-failed", format!("the key of the secrets {}: {why}", path.display()))
}

#[cfg(test)]
mod tests;
