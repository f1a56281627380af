//! The file that says what a data directory is.

use std::io;

use crate::disk::{Disk, DiskLock, LockError, read_exact_at};
use crate::error::{Damage, Error};
use crate::log::is_segment_name;

/// Newest format of a data directory that is understood, and the one that is written.
pub(crate) const FORMAT: u32 = 1;

/// Name of the file; it holds one line, `motet store format 1`, filled with spaces.
pub(crate) const FORMAT_FILE: &str = "FORMAT";

/// Its name until it is durable.
const UNFINISHED: &str = "FORMAT.new";

const WORDS: &str = "motet store format ";
const FILE_BYTES: usize = 32;

/// Takes the directory for this process and makes sure of its format; an empty one gets the newest.
pub(crate) fn take(disk: &dyn Disk) -> Result<DiskLock, Error> {
    let lock = disk.lock().map_err(|error| match error {
        LockError::Held { pid } => Error::Locked { pid },
        LockError::Io(source) => Error::io("locking the data directory", source),
    })?;
    match read(disk)? {
        Some(FORMAT) => {}
        Some(found) => {
            return Err(Error::NewerFormat { found, supported: FORMAT });
        }
        None => create(disk)?,
    }
    Ok(lock)
}

/// The format of the directory; nothing if it is a new one.
pub(crate) fn read(disk: &dyn Disk) -> Result<Option<u32>, Error> {
    let reading = |source| Error::io("reading the format of the data", source);
    let names = disk.list().map_err(reading)?;
    if !names.iter().any(|name| name == FORMAT_FILE) {
        return match names.iter().find(|name| is_segment_name(name)) {
            None => Ok(None),
            Some(name) => Err(damaged(format!("missing, although there is {name}"))),
        };
    }
    let file = disk.open(FORMAT_FILE).map_err(reading)?;
    let mut bytes = vec![0; file.bytes().map_err(reading)?.min(FILE_BYTES as u64) as usize];
    read_exact_at(&*file, 0, &mut bytes).map_err(reading)?;
    let text = String::from_utf8_lossy(&bytes);
    let number = text.trim().strip_prefix(WORDS).and_then(|number| number.parse().ok());
    number.map(Some).ok_or_else(|| damaged(format!("it reads {text:?}")))
}

fn create(disk: &dyn Disk) -> Result<(), Error> {
    let written = || -> io::Result<()> {
        if disk.list()?.iter().any(|name| name == UNFINISHED) {
            disk.remove(UNFINISHED)?;
        }
        let line = format!("{:<width$}\n", format!("{WORDS}{FORMAT}"), width = FILE_BYTES - 1);
        let file = disk.create(UNFINISHED, FILE_BYTES as u64)?;
        file.write_at(0, line.as_bytes())?;
        file.sync_data()?;
        disk.rename(UNFINISHED, FORMAT_FILE)
    };
    written().map_err(|source| Error::io("writing the format of the data", source))
}

fn damaged(what: String) -> Error {
    Error::Damaged(Damage { file: FORMAT_FILE.to_owned(), offset: 0, sequence: 0, what })
}
