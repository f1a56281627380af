//! A stage that runs in a process of its own while the next ones run.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::{Counts, Outcome};
use crate::workspace;

/// A stage at work. What it prints is kept until it is asked for, so that no other stage's lines stand between.
pub(super) struct Beside {
    name: &'static str,
    log: PathBuf,
    /// Ends with the stage, and says how long that took.
    watch: JoinHandle<std::io::Result<Duration>>,
}

impl Beside {
    /// Starts the stage as `xtask test NAME`.
    ///
    /// # Errors
    /// The program or its log cannot be opened.
    pub(super) fn begin(name: &'static str, root: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program's own file is not known")?;
        let mut command = Command::new(program);
        Self::watch(name, root, command.args(["test", name]))
    }

    pub(super) fn watch(
        name: &'static str,
        root: &Path,
        command: &mut Command,
    ) -> anyhow::Result<Self> {
        println!("\n=== {name}: runs beside the next stages");
        let log = workspace::target(root).join(format!("test-{name}.log"));
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let began = Instant::now();
        let child = command.stdout(out.try_clone()?).stderr(out).spawn();
        let mut child: Child = child.context("cannot start this program once more")?;
        let watch = thread::spawn(move || child.wait().map(|_status| began.elapsed()));
        Ok(Self { name, log, watch })
    }

    /// Waits for its end and prints what it printed. Its last line says how it ended; without one it failed.
    pub(super) fn end(self) -> Outcome {
        let Self { name, log, watch } = self;
        let waited = watch.join().expect("waiting for a process does not panic");
        let text = std::fs::read(&log).unwrap_or_else(|error| error.to_string().into_bytes());
        let text = String::from_utf8_lossy(&text);
        println!("\n=== {name}: what it printed\n{}", text.trim_end());
        let counts = text.lines().last().and_then(Counts::parse).unwrap_or(Counts::FAILED);
        let duration = waited.unwrap_or_default();
        println!("--- {name}: {counts} ({:.1} s, beside others)", duration.as_secs_f64());
        Outcome { name, counts, duration }
    }
}
