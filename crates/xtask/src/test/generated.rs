//! Files that are made by our own programs and committed.

use std::path::Path;

use crate::{Reported, workspace};

/// A committed file and the arguments of cargo that print its contents.
pub(super) struct Generated {
    /// From the root.
    pub path: &'static str,
    pub cargo: &'static [&'static str],
}

pub(super) const GENERATED: &[Generated] = &[];

/// Makes every file anew. One that was out of date is written, named, and fails the check, so that it gets committed.
pub(super) fn check(root: &Path) -> anyhow::Result<()> {
    check_all(root, GENERATED)
}

pub(super) fn check_all(root: &Path, files: &[Generated]) -> anyhow::Result<()> {
    let mut stale = 0;
    for Generated { path, cargo } in files {
        let made = workspace::output(workspace::cargo(root).args(*cargo))?;
        let path = root.join(path);
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&made) {
            std::fs::write(&path, made)?;
            println!("{} was out of date and has been made anew: commit it", path.display());
            stale += 1;
        }
    }
    if stale == 0 { Ok(()) } else { Err(Reported.into()) }
}
