use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use motet_store::Position;

use super::{Progress, existing, format};
use crate::disk::RealDisk;
use crate::error::{Damage, Error};
use crate::tables::{TABLES, copy, inspect};

/// Name of the tables while they are copied: a directory that shows it is not complete.
const PARTIAL: &str = "tables.sqlite.partial";

/// Bytes that are copied between two reports of progress.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Position of its last commit.
    pub covered: Position,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// Writes what the tables in `directory` cover into `target`, complete and durable on return.
pub(crate) fn copy_out(directory: &Path, target: &Path) -> Result<BackupReport, Error> {
    let disk = begin(target)?;
    copy(directory, &target.join(PARTIAL))?;
    finish(target, &disk)
}

/// Makes a data directory from a backup; `target` must be absent or empty. Complete and durable on return.
pub fn restore(
    backup: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<BackupReport, Error> {
    existing(backup)?;
    let source = backup.join(TABLES);
    let disk = begin(target)?;
    copy_file(&source, &target.join(PARTIAL), progress)
        .map_err(|error| Error::io(format!("copying {}", source.display()), error))?;
    finish(target, &disk)
}

/// Takes an empty directory.
fn begin(target: &Path) -> Result<RealDisk, Error> {
    let failed = |source| Error::io(format!("opening {}", target.display()), source);
    let disk = RealDisk::open(target).map_err(failed)?;
    if fs::read_dir(target).map_err(failed)?.next().is_some() {
        let what = format!("opening {}", target.display());
        return Err(Error::io(
            what,
            io::Error::new(io::ErrorKind::AlreadyExists, "it is not empty"),
        ));
    }
    Ok(disk)
}

/// Gives the copied tables their name once they are durable and sound; the format comes last and says it is complete.
fn finish(target: &Path, disk: &RealDisk) -> Result<BackupReport, Error> {
    use crate::disk::Disk;
    let failed = |source| Error::io(format!("finishing {}", target.display()), source);
    let partial = target.join(PARTIAL);
    File::open(&partial).and_then(|file| file.sync_all()).map_err(failed)?;
    disk.rename(PARTIAL, TABLES).map_err(failed)?;
    let (meta, problems) = inspect(target)?;
    if let Some(problem) = problems.into_iter().next() {
        let file = target.join(TABLES).display().to_string();
        return Err(Error::Damaged(Damage { file, offset: 0, sequence: 0, what: problem }));
    }
    drop(format::take(disk)?);
    let bytes = fs::metadata(target.join(TABLES)).map_err(failed)?.len();
    Ok(BackupReport { covered: meta.covered, bytes })
}

fn copy_file(from: &Path, to: &Path, progress: &mut dyn FnMut(Progress)) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut copy = File::create_new(to)?;
    let total = source.metadata()?.len();
    let mut piece = vec![0; PIECE_BYTES];
    let mut done = 0;
    loop {
        let count = source.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        copy.write_all(&piece[..count])?;
        done += count as u64;
        progress(Progress { doing: "copying the tables", done, total });
    }
}
