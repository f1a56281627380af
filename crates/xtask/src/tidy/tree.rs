//! The repository's text files.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::workspace;

/// Every text file that is tracked or about to be, in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub files: Vec<File>,
    /// Paths of files that are no text.
    pub binaries: Vec<String>,
}

#[derive(Debug)]
pub(super) struct File {
    /// From the root, with slashes.
    pub path: String,
    pub text: String,
}

impl Tree {
    /// Reads what git lists: tracked files and new ones that are not ignored.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let listed = workspace::output(&mut git)?;
        let mut paths: Vec<&str> = listed.split_terminator('\0').collect();
        paths.sort_unstable();
        paths.dedup();
        let mut tree = Self::default();
        // A file that was removed but not yet committed is listed all the same; so is a link's target folder.
        for path in paths.into_iter().filter(|path| root.join(path).is_file()) {
            let bytes =
                std::fs::read(root.join(path)).with_context(|| format!("cannot read {path}"))?;
            match String::from_utf8(bytes) {
                Ok(text) => tree.files.push(File { path: path.to_owned(), text }),
                Err(_) => tree.binaries.push(path.to_owned()),
            }
        }
        Ok(tree)
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.path == path);
        file.map(|file| file.text.as_str())
    }

    /// Whether a file or a folder with files stands there.
    pub(super) fn has(&self, path: &str) -> bool {
        let paths = || self.files.iter().map(|file| &file.path).chain(&self.binaries);
        paths().any(|other| {
            other
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || path.is_empty())
        })
    }

    pub(super) fn with_extension<'a>(
        &'a self,
        extension: &'a str,
    ) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| {
            Path::new(&file.path).extension().is_some_and(|other| other == extension)
        })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
                .collect(),
            binaries: Vec::new(),
        }
    }
}
