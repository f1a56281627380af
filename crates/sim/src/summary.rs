use std::fmt;
use std::ops::AddAssign;

macro_rules! summary {
    ($($name:ident: $what:literal,)*) => {
        /// What happened under one seed, or under many.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Summary {
            $(pub $name: u64,)*
            /// Follows from everything that happened, in order: the same seed gives the same.
            pub trail: u64,
        }

        impl Summary {
            /// Every figure with its meaning.
            pub fn figures(&self) -> Vec<(&'static str, u64)> {
                vec![$(($what, self.$name),)*]
            }
        }

        impl AddAssign for Summary {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
                self.trail ^= other.trail;
            }
        }
    };
}

summary! {
    seeds: "seeds",
    turns: "turns of the server",
    instances: "instances",
    children: "of them children",
    completed: "instances completed",
    faulted: "instances faulted",
    cancelled: "instances cancelled",
    starts_repeated: "starts repeated under their key",
    starts_conflicting: "starts with another body under a used key",
    commands: "commands acknowledged",
    commands_rejected: "commands rejected",
    reads: "reads answered",
    replies_lost: "requests without answer",
    records: "records",
    commits: "commits",
    groups: "groups of commits",
    groups_split: "groups beyond one frame",
    groups_refused: "groups refused (disk full)",
    groups_unknown: "groups of unknown outcome",
    snapshots: "snapshots",
    cuts: "cuts of long histories",
    steps_away: "steps beside the engine thread",
    loads: "instances loaded",
    lookups: "start keys looked up",
    checkpoints: "checkpoints",
    checkpoints_failed: "checkpoints that failed",
    crashes_power: "crashes by power failure",
    crashes_kill: "crashes of the process alone",
    crashes_in_commit: "crashes in the middle of a commit",
    crashes_in_opening: "crashes while opening",
    crashes_in_outputs: "crashes between two effects",
    restarts: "restarts",
    commits_recovered: "commits that only the log had",
    commits_unacknowledged: "commits kept although never acknowledged",
    tails_torn: "torn tails",
    disk_full: "times without room on the disk",
    syncs_failed: "failed syncs",
    disk_faults: "of these faults of the disk: that struck a commit or an opening",
    tables_full: "times without room for the tables",
    clock_forward: "jumps of the clock forward",
    clock_back: "restarts with an earlier clock",
    calls: "calls arrived",
    calls_again: "of them again under their key",
    calls_governed: "of them to a service with a document",
    calls_in_vain: "of them while nobody was there",
    calls_unrepeatable: "calls that must not be repeated",
    outcomes_late: "late outcomes",
    outcomes_lost: "lost outcomes",
    outcomes_duplicate: "duplicate outcomes",
    executed: "calls carried out",
    jobs_given: "jobs given to workers",
    jobs_completed: "jobs completed",
    jobs_told_twice: "jobs completed twice by their workers",
    heartbeats: "heartbeats that kept a job",
    tasks_completed: "tasks completed by people",
    tasks_passed: "tasks claimed, given back or passed on",
    tasks_refused: "of what people did with tasks refused",
    events: "events acknowledged",
    events_repeated: "of them published before",
    events_taken: "events taken by listens",
    sink_events: "events kept for a sink",
    sink_arrivals: "events that arrived there",
    sink_repeats: "of them again",
    sink_failures: "times that a sink failed, or was not heard",
    sink_refusals: "events that a sink refused",
    batches: "batches of a source",
    batches_again: "of them refused, for they were taken",
    messages_read: "messages of a source",
    sets_started: "instances begun by events",
    backfills: "spans of a schedule made up for",
    tags_moved: "moves of a tag",
    versions_begun: "instances of a version in force",
    audited: "entries of the audit",
    audit_gone: "of them gone in time",
    scheduled: "instances begun by schedules",
    turned_away: "starts refused for a concurrency key",
    queued: "instances that waited for a concurrency key",
    undone: "of them undone",
    fenced: "commits of a deposed owner refused",
    sweeps: "pages swept",
    forgotten: "instances forgotten",
    keys_used_again: "start keys used again when their time was over",
    states_compared: "live states compared with their rebuild",
    rows_compared: "rows compared with their histories",
    virtual_seconds: "virtual seconds",
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = self.seeds.max(1) as f64;
        for (what, count) in self.figures() {
            writeln!(f, "{count:>14}  {what}  ({:.1} a seed)", count as f64 / seeds)?;
        }
        Ok(())
    }
}
