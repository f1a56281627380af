//! Clients of others against a server of ours: `cargo xtask clients`.
//!
//! They come from PyPI and npm, each in a folder of its own under `target/clients`, and change nothing else on the machine. What
//! they do stands in `examples/consul`; it is what a person would write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::installed::{ensure_program, succeeds};
use crate::process::Build;
use crate::server::{Options, Server};
use crate::{Missing, no_arguments, workspace};

const PYTHON_PACKAGE: &str = "py-consul==1.8.0";
const NODE_PACKAGE: &str = "consul@2.0.1";
/// Lies beside packages that are complete, named after them.
const COMPLETE: &str = "complete";

/// The command.
///
/// # Errors
/// A client cannot be had, or one of them does not find what it should.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    no_arguments(args)?;
    both(&workspace::root(), false)
}

/// As CI runs it, with what the tests have built.
///
/// # Errors
/// As [`run`]; [`Missing`] where a client cannot be had.
pub(crate) fn stage(root: &Path) -> anyhow::Result<()> {
    both(root, true)
}

fn both(root: &Path, beside_tests: bool) -> anyhow::Result<()> {
    let folder = workspace::target(root).join("clients");
    let (python, modules) = (python(&folder)?, node(&folder)?);
    let packages = &["motet"];
    let programs = Build { packages, features: &[], release: false, beside_tests }.run()?;
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove {}", data.display()))?;
    }
    let mut server = Server::new(Options::new("clients", programs.path("motet")?, &data)?);
    server.start()?;
    let (host, port) = (server.address().ip().to_string(), server.address().port().to_string());
    let examples = root.join("examples").join("consul");
    let mut first = Command::new(python);
    first.arg(examples.join("watch.py")).args([&host, &port]);
    let mut second = Command::new("node");
    second.arg(examples.join("watch.js")).args([&host, &port]).env("NODE_PATH", modules);
    for command in [&mut first, &mut second] {
        let described = workspace::describe(command);
        let status = command.status().with_context(|| format!("cannot start {described}"))?;
        ensure!(status.success(), "{described} ended with {status}");
    }
    server.stop()
}

/// A Python that has the client.
fn python(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder.join("python");
    let program = folder.join("bin").join("python");
    if is_complete(&folder, PYTHON_PACKAGE) {
        return Ok(program);
    }
    ensure_program("python3", "--version", "python3-venv")?;
    let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    let mut install = Command::new(&program);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PYTHON_PACKAGE,
    ]);
    if !made || !succeeds(&mut install) {
        let reason =
            format!("{PYTHON_PACKAGE} cannot be had: it needs python3 with venv, and PyPI");
        return Err(Missing(reason).into());
    }
    fs::write(folder.join(COMPLETE), PYTHON_PACKAGE)?;
    Ok(program)
}

/// The folder of modules that has the client.
fn node(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder.join("node");
    let modules = folder.join("node_modules");
    if is_complete(&folder, NODE_PACKAGE) {
        return Ok(modules);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--no-save", "--silent", NODE_PACKAGE]);
    ensure_program("node", "--version", "nodejs")?;
    ensure_program("npm", "--version", "npm")?;
    if !succeeds(install.current_dir(&folder)) {
        let reason = format!("{NODE_PACKAGE} cannot be had: it needs the registry of npm");
        return Err(Missing(reason).into());
    }
    fs::write(folder.join(COMPLETE), NODE_PACKAGE)?;
    Ok(modules)
}

fn is_complete(folder: &Path, package: &str) -> bool {
    fs::read_to_string(folder.join(COMPLETE)).is_ok_and(|text| text == package)
}
