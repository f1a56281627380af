//! The key of the markers of secrets: a file beside the data, which no backup holds.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use motet_engine::secret::SecretKey;

use crate::failure::Failure;

const FILE: &str = "secret.key";
/// Only the server reads it.
const MODE: u32 = 0o600;

/// Where the key of a data directory is.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The key in a file; none if there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<SecretKey>, Failure> {
    match fs::read(path) {
        Ok(bytes) => match <[u8; 32]>::try_from(bytes) {
            Ok(key) => Ok(Some(SecretKey(key))),
            Err(bytes) => Err(unusable(path, &format!("it has {} bytes, not 32", bytes.len()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error.to_string())),
    }
}

/// A new key, in the data directory.
pub(crate) fn create(data: &Path) -> Result<SecretKey, Failure> {
    let mut key = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    let no_random = |_| unusable(&path(data), "the system gives no random numbers");
    random.fill(&mut key).map_err(no_random)?;
    let key = SecretKey(key);
    write(data, &key)?;
    Ok(key)
}

/// Written beside and renamed, so that a crash leaves a whole key or none.
pub(crate) fn write(data: &Path, key: &SecretKey) -> Result<(), Failure> {
    let path = path(data);
    let partial = data.join(format!("{FILE}.partial"));
    let written = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(MODE).open(&partial)?;
        file.write_all(&key.0)?;
        file.sync_all()?;
        fs::rename(&partial, &path)?;
        fs::File::open(data)?.sync_all()
    };
    written().map_err(|error| unusable(&path, &error.to_string()))
}

/// The directory holds work and no key.
pub(crate) fn missing(data: &Path, what: &str) -> Failure {
    let hint = format!(
        "copy the secret.key of the original server to {}; or give the key up with `motet serve --new-secret-key`",
        path(data).display()
    );
    Failure::new("missing-secret-key", format!("{}{what}", data.display())).with_hint(hint)
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new("store-failed", format!("the key of the secrets {}: {why}", path.display()))
}

#[cfg(test)]
mod tests;
