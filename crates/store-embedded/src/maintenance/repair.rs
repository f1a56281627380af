use std::path::Path;

use motet_store::{Position, Schema};

use super::check::CheckReport;
use super::{Progress, existing, format};
use crate::error::Error;
use crate::log::{Old, aside_name, restart, survey};
use crate::options::Options;
use crate::tables::{SqliteTables, Tables};

/// What a repair did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairReport {
    /// The state before.
    pub before: CheckReport,
    /// Whether the log was cut.
    pub cut: bool,
    /// Position of the last commit that is kept.
    pub kept: Position,
    /// Readable commits that the cut takes away; the unreadable ones come on top.
    pub lost: u64,
    /// Files that hold what was cut, as it was.
    pub aside: Vec<String>,
}

/// Cuts a damaged log before its damage, if the loss of what follows is accepted; else only says what that would mean.
///
/// What is cut stays in files beside the log. Damage of the tables cannot be repaired: restore a backup.
pub fn repair(
    directory: &Path,
    schema: &'static Schema,
    options: &Options,
    accept_loss: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<RepairReport, Error> {
    let disk = existing(directory)?;
    let _lock = format::take(&*disk)?;
    let mut tables = SqliteTables::open(directory, schema)?;
    let meta = tables.meta()?;
    progress(Progress { doing: "reading the log", done: 0, total: 2 });
    let survey = survey(&disk, options, meta.covered, meta.log_ordinal)?;
    let before = CheckReport::of(&survey, meta.covered, Vec::new());
    let (kept, lost) = (survey.last, before.beyond);
    if before.damage.is_none() || !accept_loss {
        return Ok(RepairReport { before, cut: false, kept, lost, aside: Vec::new() });
    }
    progress(Progress { doing: "cutting the log", done: 1, total: 2 });
    let live = survey.live.iter().map(|(_, segment)| segment);
    let names: Vec<String> =
        live.chain(&survey.unreadable).map(|segment| segment.name.clone()).collect();
    let recovered = restart(&disk, options, meta.covered, meta.log_ordinal, survey, Old::SetAside)?;
    let ordinal = recovered.log.ordinal();
    tables.begin_epoch(ordinal)?;
    progress(Progress { doing: "cutting the log", done: 2, total: 2 });
    let aside = names.iter().map(|name| aside_name(ordinal, name)).collect();
    Ok(RepairReport { before, cut: true, kept, lost, aside })
}
