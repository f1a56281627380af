//! Definitions whose instances begin by the clock, or one after the other.

use serde_json::{Value as Json, json};

use super::{BELL, GONG, Generator, HEEDING, KEYED, SCHEDULED, head};

/// Every trigger with every policy of overlap and of catching up.
pub(super) const SCHEDULES: usize = TRIGGERS * OVERLAPS.len() * CATCHUPS.len();
/// Instances of one workflow that run at once, where there is a limit.
pub(crate) const ROOM: usize = 2;
/// Every policy, several times.
pub(super) const KEYS: usize = 4 * POLICIES.len();

/// Every way to wait for events with every policy of overlap.
pub(super) const HEEDS: usize = STRATEGIES * OVERLAPS.len();

const TRIGGERS: usize = 4;
const STRATEGIES: usize = 3;
const OVERLAPS: [&str; 4] = ["allow", "skip", "queue", "replace"];
const CATCHUPS: [&str; 3] = ["none", "last", "all"];
const POLICIES: [&str; 3] = ["queue", "reject", "replace"];

impl Generator {
    /// The clock of a seed may jump half an hour: what is made up for whole has longer intervals.
    pub(super) fn scheduled(&mut self, number: usize) -> Json {
        let nth = number - SCHEDULED.start;
        let catchup = CATCHUPS[nth / (TRIGGERS * OVERLAPS.len())];
        let seconds = match catchup {
            "all" => 30,
            _ => *self.random.pick(&[6, 10, 12]),
        };
        let every = json!({"seconds": seconds});
        let after = json!({"seconds": self.random.between(2, 9)});
        let schedule = match nth % TRIGGERS {
            0 => json!({"every": every}),
            1 => json!({"cron": format!("*/{seconds} * * * * *")}),
            2 => json!({"after": after}),
            _ => json!({"every": every, "after": after}),
        };
        let mut document = json!({"document": head(number), "schedule": schedule});
        document["document"]["metadata"]["motet"]["schedule"] =
            json!({"overlap": OVERLAPS[nth / TRIGGERS % OVERLAPS.len()], "catchup": catchup});
        document["do"] = self.short();
        document
    }

    /// For one event, for two that belong together, or for any two.
    pub(super) fn heeding(&mut self, number: usize) -> Json {
        let nth = number - HEEDING.start;
        let filter = |kind: &str| json!({"with": {"type": kind}});
        let correlated = |kind: &str| json!({"with": {"type": kind}, "correlate": {"n": {"from": "${ .data.n }"}}});
        let on = match nth % STRATEGIES {
            0 => json!({"one": filter(BELL)}),
            1 => json!({"all": [correlated(BELL), correlated(GONG)]}),
            _ => json!({"any": [filter(BELL), filter(GONG)], "until": "${ length == 2 }"}),
        };
        let mut document =
            json!({"document": head(number), "schedule": {"on": on, "read": "envelope"}});
        document["document"]["metadata"]["motet"]["schedule"] =
            json!({"overlap": OVERLAPS[nth / STRATEGIES]});
        let wait = json!({"wait": {"milliseconds": self.random.between(1, 6_000)}});
        let call = json!({"call": "http", "with": {
            "method": "put",
            "endpoint": "http://service/heard",
            "body": {"of": "${ [$workflow.input[].id] }"},
        }});
        document["do"] = json!([{"wait": wait}, {"call": call}]);
        document
    }

    /// Each version does something else.
    pub(super) fn versioned(&mut self, number: usize) -> Json {
        let mut document = json!({"document": head(number)});
        document["do"] = self.short();
        document
    }

    /// Three keys for all instances of a seed, so that they meet.
    pub(super) fn keyed(&mut self, number: usize) -> Json {
        let policy = POLICIES[(number - KEYED.start) % POLICIES.len()];
        let mut document = json!({"document": head(number)});
        document["document"]["metadata"]["motet"]["concurrency"] =
            json!({"key": "${ \"key-\\(.n % 3)\" }", "policy": policy});
        // Every second one leaves no room for all three keys at once.
        if (number - KEYED.start) / POLICIES.len() % 2 == 1 {
            document["document"]["metadata"]["motet"]["limits"] = json!({"running": ROOM});
        }
        document["do"] = self.short();
        document
    }

    /// A few seconds, with calls.
    fn short(&mut self) -> Json {
        let count = self.random.between(1, 3);
        let calls = (0..count).map(|_| self.named(0, Self::call)).collect::<Vec<_>>();
        let waits = self.named(
            0,
            |generator, _, _| json!({"wait": {"milliseconds": generator.random.between(1, 9_000)}}),
        );
        Json::Array(calls.into_iter().chain([waits]).collect())
    }
}
