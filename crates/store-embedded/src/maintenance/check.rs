use std::fmt;
use std::path::Path;

use motet_store::Position;

use super::{Progress, existing, format};
use crate::error::{Damage, Error};
use crate::log::{Survey, survey};
use crate::options::Options;
use crate::tables::inspect;

/// What a check found; its text is meant for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Position of the last commit that the tables cover.
    pub covered: Position,
    /// Position of the last readable commit.
    pub last: Position,
    /// Frames and commits of the log that the tables do not cover.
    pub tail: (u64, u64),
    /// Segments of the log: with uncovered commits, without, unreadable.
    pub segments: (usize, usize, usize),
    /// File and offset of a frame that was never acknowledged and not written whole: normal after a crash.
    pub torn: Option<(String, u64)>,
    /// Why the store does not open.
    pub damage: Option<Damage>,
    /// Commits that are readable beyond the damage.
    pub beyond: u64,
    /// What SQLite finds wrong with the tables, a line each.
    pub tables: Vec<String>,
}

/// Reads everything in a data directory that is not in use and changes nothing, except that SQLite may take its own
/// write-ahead log into its file.
pub fn check(directory: &Path, progress: &mut dyn FnMut(Progress)) -> Result<CheckReport, Error> {
    let disk = existing(directory)?;
    let _lock = format::take(&*disk)?;
    progress(Progress { doing: "reading the tables", done: 0, total: 2 });
    let (meta, tables) = inspect(directory)?;
    progress(Progress { doing: "reading the log", done: 1, total: 2 });
    let survey = survey(&disk, &Options::default(), meta.covered, meta.log_ordinal)?;
    progress(Progress { doing: "reading the log", done: 2, total: 2 });
    Ok(CheckReport::of(&survey, meta.covered, tables))
}

impl CheckReport {
    /// Whether the store opens and SQLite finds nothing wrong.
    pub fn is_sound(&self) -> bool {
        self.damage.is_none() && self.tables.is_empty()
    }

    pub(super) fn of(survey: &Survey, covered: Position, tables: Vec<String>) -> Self {
        let commits = |frame: &crate::log::Frame| u64::from(frame.commits);
        Self {
            covered,
            last: survey.last,
            tail: (survey.tail.len() as u64, survey.tail.iter().map(commits).sum()),
            segments: (survey.live.len(), survey.idle.len(), survey.unreadable.len()),
            torn: survey.torn.as_ref().map(|torn| (torn.file.clone(), torn.offset)),
            damage: survey.damage.clone(),
            beyond: survey.beyond.iter().map(|(_, frame)| commits(frame)).sum(),
            tables,
        }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { covered, last, tail: (frames, commits), segments: (live, idle, bad), .. } = self;
        writeln!(f, "tables: cover commits up to {}", covered.0)?;
        for line in &self.tables {
            writeln!(f, "tables: DAMAGED: {line}; restore a backup")?;
        }
        writeln!(f, "log: {live} segments in use, {idle} idle, {bad} unreadable")?;
        writeln!(
            f,
            "log: {commits} commits in {frames} frames beyond the tables, up to {}",
            last.0
        )?;
        if let Some((file, offset)) = &self.torn {
            writeln!(
                f,
                "log: ends in an unfinished frame ({file}, byte {offset}): a crash before its sync, nothing \
                 acknowledged is missing unless that last frame was damaged later"
            )?;
        }
        if let Some(damage) = &self.damage {
            writeln!(f, "log: DAMAGED: {damage}")?;
            writeln!(f, "log: {} commits are readable beyond the damage", self.beyond)?;
        }
        let verdict = if self.is_sound() { "sound" } else { "not sound" };
        write!(f, "verdict: {verdict}")
    }
}
