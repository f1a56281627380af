//! What a service did, one JSON line each, synced before anybody is told.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc;

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

/// Lines that wait for the disk; beyond it the whole service waits, as it should on a disk that slow.
const LINES_WAITING_MAX: usize = 65_536;
/// Lines that one sync covers.
const BATCH_LINES_MAX: usize = 1_024;

/// The open journal: lines go in by [`append`](Self::append), and are there to stay once [`durable`](Self::durable) returns.
pub(crate) struct Journal {
    lines: mpsc::SyncSender<Vec<u8>>,
    appended: u64,
    durable: Durable,
}

/// How far the journal is on disk.
#[derive(Clone)]
pub(crate) struct Durable(watch::Receiver<u64>);

impl Journal {
    /// Hands every whole line to `replay` in order, cuts off a torn last one, and is then ready for more.
    ///
    /// Fails where another process has the journal open, and where a line before the last one is damaged.
    pub(crate) fn open<T: DeserializeOwned>(
        path: &Path,
        replay: impl FnMut(T),
    ) -> anyhow::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("{} is in use by another process", path.display())
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        let whole =
            read(&file, replay).with_context(|| format!("cannot replay {}", path.display()))?;
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        file.sync_all()?;

        let (lines, waiting) = mpsc::sync_channel(LINES_WAITING_MAX);
        let (report, durable) = watch::channel(0);
        let name = path.display().to_string();
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || {
            if let Err(error) = write(&mut file, &waiting, &report) {
                // The state in memory is ahead of the disk for good: better no service than one that lies.
                eprintln!("shop: cannot write {name}: {error}");
                std::process::abort();
            }
        })?;
        Ok(Self { lines, appended: 0, durable: Durable(durable) })
    }

    /// Queues one line and returns its number, for [`Durable::reached`].
    pub(crate) fn append(&mut self, entry: &impl Serialize) -> anyhow::Result<u64> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.lines.send(line).context("the journal has ended")?;
        self.appended += 1;
        Ok(self.appended)
    }

    /// Number of the line queued last since this process began.
    pub(crate) fn appended(&self) -> u64 {
        self.appended
    }

    pub(crate) fn durable(&self) -> Durable {
        self.durable.clone()
    }
}

impl Durable {
    /// Returns once the line of that number is on disk.
    pub(crate) async fn reached(&mut self, line: u64) -> anyhow::Result<()> {
        self.0.wait_for(|durable| *durable >= line).await.context("the journal has ended")?;
        Ok(())
    }
}

/// Length of the whole lines.
fn read<T: DeserializeOwned>(file: &File, mut replay: impl FnMut(T)) -> anyhow::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut whole = 0;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            break;
        }
        match serde_json::from_slice(&line) {
            Ok(entry) => replay(entry),
            // Never acknowledged if it is the last: a write that the machine did not finish.
            Err(_) if reader.fill_buf()?.is_empty() => break,
            Err(error) => bail!("line {number} is damaged: {error}"),
        }
        whole += length as u64;
    }
    Ok(whole)
}

fn write(
    file: &mut File,
    waiting: &mpsc::Receiver<Vec<u8>>,
    report: &watch::Sender<u64>,
) -> std::io::Result<()> {
    while let Ok(mut batch) = waiting.recv() {
        let mut lines = 1;
        for line in waiting.try_iter().take(BATCH_LINES_MAX - 1) {
            batch.extend_from_slice(&line);
            lines += 1;
        }
        file.write_all(&batch)?;
        file.sync_data()?;
        report.send_modify(|durable| *durable += lines);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
