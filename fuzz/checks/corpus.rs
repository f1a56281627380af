//! Replays a corpus without a fuzzer, in the tests of the crate that it is about.

use std::fs;
use std::path::{Path, PathBuf};

/// Checks every file of `fuzz/corpus/<target>`; the one that fails is the last one named.
pub(crate) fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("the corpus is committed");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    for path in paths {
        eprintln!("{}", path.display());
        check(&fs::read(&path).expect("a readable file"));
    }
}
