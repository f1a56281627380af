//! Everything that is done with a data directory beside running it: `motet store`, `motet backup`, `motet restore`.

mod backup;
mod check;
pub(crate) mod format;
mod repair;

use std::path::Path;
use std::sync::Arc;

use crate::disk::{Disk, RealDisk};
use crate::error::Error;

pub(crate) use backup::copy_out;
pub use backup::{BackupReport, restore};
pub use check::{CheckReport, check};
pub use repair::{RepairReport, repair};

/// How far a long operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, for a person.
    pub doing: &'static str,
    pub done: u64,
    /// 0 if it is not known.
    pub total: u64,
}

/// What an upgrade did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpgradeReport {
    /// Format before.
    pub from: u32,
    /// Format now.
    pub to: u32,
}

/// Converts a data directory that is not in use to the newest format. Format 1 is the newest, so what it finds stays.
///
/// Fails with [`Error::Locked`] while a server runs on it and with [`Error::NewerFormat`] if it is newer than that.
pub fn upgrade(directory: &Path) -> Result<UpgradeReport, Error> {
    let disk = existing(directory)?;
    let _lock = format::take(&*disk)?;
    Ok(UpgradeReport { from: format::FORMAT, to: format::FORMAT })
}

/// A data directory that must be there already.
fn existing(directory: &Path) -> Result<Arc<dyn Disk>, Error> {
    let opening = |source| Error::io(format!("opening {}", directory.display()), source);
    if !directory.join(format::FORMAT_FILE).is_file() {
        let what = std::io::Error::new(std::io::ErrorKind::NotFound, "it holds no data of motet");
        return Err(opening(what));
    }
    Ok(Arc::new(RealDisk::open(directory).map_err(opening)?))
}
