//! Lists the pages on errors for `src/pages.rs`, which carries them in the program.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name| env::var(name).map_err(io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../docs/errors");
    let mut paths: Vec<_> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    // By name, as they are looked up: with their endings a name would come after those that go on from it.
    paths.sort_by_key(|path| path.file_stem().map(ToOwned::to_owned));
    let mut table = "&[\n".to_owned();
    for path in &paths {
        let name = path.file_stem().unwrap_or_default();
        writeln!(table, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(Path::new(&variable("OUT_DIR")?).join("pages.rs"), table)?;
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", folder.display())
}
