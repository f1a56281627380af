use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use motet_runtime::Position;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::task::JoinError;

/// Backups at a time: a second one would only slow the first.
const BACKUPS_MAX: usize = 1;

/// Copies the data of the running server into a directory of its machine.
#[derive(Clone)]
pub struct Backup {
    copy: Arc<CopyOut>,
    running: Arc<Semaphore>,
}

type CopyOut = dyn Fn(&Path) -> Result<BackupReport, String> + Send + Sync;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Position of its last commit.
    pub position: Position,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("another backup is under way")]
    Running,
    /// The directory cannot be one.
    #[error("{0}")]
    Target(String),
    #[error("{0}")]
    Failed(String),
    #[error("the copying ended by a defect")]
    Defect(#[source] JoinError),
}

impl Backup {
    /// A backup made by `copy`, which may take as long as it needs: it runs on a thread of its own. The directory that it
    /// is given is absolute, and absent or empty; it says why it failed.
    pub fn new(
        copy: impl Fn(&Path) -> Result<BackupReport, String> + Send + Sync + 'static,
    ) -> Self {
        Self { copy: Arc::new(copy), running: Arc::new(Semaphore::new(BACKUPS_MAX)) }
    }

    /// Goes on to its end even if nobody waits for it any more.
    pub(crate) async fn run(&self, directory: PathBuf) -> Result<BackupReport, Error> {
        let permit = match Arc::clone(&self.running).try_acquire_owned() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => {
                return Err(Error::Running);
            }
        };
        let copy = Arc::clone(&self.copy);
        let copied = tokio::task::spawn_blocking(move || {
            let _until_done = permit;
            check_vacant(&directory)?;
            copy(&directory).map_err(Error::Failed)
        });
        copied.await.map_err(Error::Defect)?
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backup(..)")
    }
}

fn check_vacant(directory: &Path) -> Result<(), Error> {
    if !directory.is_absolute() {
        let why = "write the whole path, from the root of the server's machine on";
        return Err(Error::Target(why.to_owned()));
    }
    match std::fs::read_dir(directory).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Target("it is not empty: name a new directory".to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::Target(error.to_string())),
    }
}
