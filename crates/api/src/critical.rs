//! The critical path: the tasks that an instance waited for one after the other, as its history tells.
//!
//! What runs beside them and ends earlier holds nobody up. It is found backwards from the end: the task that ended last before
//! it, the one that ended last before that one began, and so on. Only tasks that wait for something outside take time worth the
//! name; what lies between them is the engine's own and is told as such.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_runtime::HistoryEntry;
use motet_types::{StepId, Timestamp};

/// A task on the path of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) task: String,
    /// What it waited for: `call`, `wait`, `child`, `job`, `person` or `event`.
    pub(crate) kind: &'static str,
    /// From the beginning of the instance.
    pub(crate) begin: Duration,
    pub(crate) took: Duration,
}

/// The path of one instance that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) took: Duration,
    pub(crate) stretches: Vec<Stretch>,
}

/// What the paths of several instances have in common: tasks in the order in which they stand on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Common {
    pub(crate) instances: usize,
    pub(crate) took: Duration,
    pub(crate) tasks: Vec<Share>,
    /// What no task took: between them, before and behind.
    pub(crate) between: Duration,
}

/// The part of one task; times are means over all instances, but for the longest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Share {
    pub(crate) task: String,
    pub(crate) kind: &'static str,
    /// On how many paths it is.
    pub(crate) on: usize,
    pub(crate) took: Duration,
    pub(crate) longest: Duration,
    begin: Duration,
}

struct Interval<'h> {
    task: &'h str,
    kind: &'static str,
    from: Timestamp,
    until: Timestamp,
}

/// The path of an instance; nothing if its history is not whole, or the instance has not completed.
pub(crate) fn path(history: &[HistoryEntry]) -> Option<Path> {
    let (first, last) = (history.first()?, history.last()?);
    let end = history.iter().find(|entry| entry.kind == "workflow-completed")?;
    let is_whole = first.number == 0 && history.len() as u64 == last.number + 1;
    if !is_whole || history.iter().any(|entry| entry.kind == "cut") {
        return None;
    }
    let mut intervals = intervals(history);
    let mut stretches = Vec::new();
    let mut cursor = end.at;
    loop {
        intervals.retain(|own| own.until <= cursor && own.from < cursor);
        let next = intervals.iter().max_by_key(|own| (own.until, std::cmp::Reverse(own.from)));
        let Some(own) = next else { break };
        stretches.push(Stretch {
            task: own.task.to_owned(),
            kind: own.kind,
            begin: own.from.since(first.at),
            took: own.until.since(own.from),
        });
        cursor = own.from;
    }
    stretches.reverse();
    Some(Path { took: end.at.since(first.at), stretches })
}

/// From when to when tasks waited for something outside; those that were given up held nobody up.
fn intervals(history: &[HistoryEntry]) -> Vec<Interval<'_>> {
    let mut open: BTreeMap<StepId, (&str, &'static str, Timestamp)> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in history {
        let Some(task) = entry.task.as_deref() else { continue };
        match (kind(entry.kind), entry.kind) {
            (Some(kind), _) => {
                open.entry(entry.step).or_insert((task, kind, entry.at));
            }
            (None, "completed" | "failed" | "undone") => {
                if let Some((task, kind, from)) = open.remove(&entry.step) {
                    found.push(Interval { task, kind, from, until: entry.at });
                }
            }
            (None, "abandoned") => drop(open.remove(&entry.step)),
            (None, _) => {}
        }
    }
    found
}

/// What a task waits for from this entry of a history on.
fn kind(entry: &str) -> Option<&'static str> {
    Some(match entry {
        "requested" => "call",
        "waiting" => "wait",
        "child-requested" => "child",
        "job-created" => "job",
        "task-created" => "person",
        "listening" => "event",
        _ => return None,
    })
}

/// What the paths have in common.
pub(crate) fn common(paths: &[Path]) -> Common {
    let count = u32::try_from(paths.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Common::default();
    }
    let mut shares: BTreeMap<&str, Share> = BTreeMap::new();
    for path in paths {
        let mut own: BTreeMap<&str, (Duration, &Stretch)> = BTreeMap::new();
        for stretch in &path.stretches {
            own.entry(&stretch.task).or_insert((Duration::ZERO, stretch)).0 += stretch.took;
        }
        for (task, (took, first)) in own {
            let share = shares.entry(task).or_insert_with(|| Share {
                task: task.to_owned(),
                kind: first.kind,
                on: 0,
                took: Duration::ZERO,
                longest: Duration::ZERO,
                begin: Duration::ZERO,
            });
            share.on += 1;
            share.took += took;
            share.begin += first.begin;
            share.longest = share.longest.max(took);
        }
    }
    let total: Duration = paths.iter().map(|path| path.took).sum();
    let on_tasks: Duration = shares.values().map(|share| share.took).sum();
    let mut tasks: Vec<Share> = shares.into_values().collect();
    for share in &mut tasks {
        share.took /= count;
        share.begin /= u32::try_from(share.on).unwrap_or(u32::MAX);
    }
    tasks.sort_by(|one, other| (one.begin, &one.task).cmp(&(other.begin, &other.task)));
    let between = total.saturating_sub(on_tasks) / count;
    Common { instances: paths.len(), took: total / count, tasks, between }
}

#[cfg(test)]
mod tests;
