//! The same scenario again and again, each time with something else going wrong.

use crate::check::{Mismatch, failing};
use crate::model::{Failure, Scenario};
use crate::world::{Fault, Outcome, Setup, perform_with};

/// Runs of one sweep; a scenario with more calls or commits is too long for one.
pub(crate) const RUNS_MAX: usize = 10_000;

/// What a sweep found.
#[derive(Default)]
pub(crate) struct Swept {
    pub(crate) runs: usize,
    pub(crate) mismatches: Vec<Mismatch>,
    pub(crate) seen: Vec<Outcome>,
}

/// Lets each call in turn fail: surely without effect and perhaps with one, once and for good.
pub(crate) fn fail_at_each_call(setup: &Setup, scenario: &Scenario, base: &Outcome) -> Swept {
    let mut swept = Swept::default();
    for (number, call) in base.calls.iter().enumerate() {
        for failure in [Failure::Connection, Failure::Silence] {
            for for_good in [false, true] {
                if swept.is_full(scenario) {
                    return swept;
                }
                let fault = Fault::Call { number, failure, for_good };
                let outcome = perform_with(setup, scenario, Some(fault));
                let when = format!(
                    "with {} of call {} ({}) {}",
                    failure.word(),
                    number + 1,
                    call.task.as_deref().unwrap_or_default(),
                    if for_good { "for good" } else { "once" },
                );
                swept.take(scenario, outcome, &when);
            }
        }
    }
    swept
}

/// Stops and recovers the server after each commit in turn: nothing may come out differently.
pub(crate) fn crash_at_each_commit(setup: &Setup, scenario: &Scenario, base: &Outcome) -> Swept {
    let mut swept = Swept::default();
    for commits in 1..=base.commits {
        if swept.is_full(scenario) {
            return swept;
        }
        let outcome = perform_with(setup, scenario, Some(Fault::Crash { commits }));
        let when = format!("with a crash after commit {commits} of {}", base.commits);
        // A call that must not be repeated has an unknown outcome after a crash; the invariants tell what that may lead to.
        if !outcome.is_unknown {
            let found = difference(base, &outcome);
            let message = found.map(|what| format!("{when}: {what}"));
            let at = scenario.at.key("crashAtEachCommit");
            swept.mismatches.extend(message.map(|message| Mismatch { at, message }));
        }
        swept.take(scenario, outcome, &when);
    }
    swept
}

impl Swept {
    fn is_full(&mut self, scenario: &Scenario) -> bool {
        let is_full = self.runs >= RUNS_MAX;
        if is_full {
            let message = format!("a sweep has at most {RUNS_MAX} runs: make the scenario shorter");
            self.mismatches.push(Mismatch { at: scenario.at.clone(), message });
        }
        is_full
    }

    fn take(&mut self, scenario: &Scenario, outcome: Outcome, when: &str) {
        self.runs += 1;
        let (at, trouble) = (scenario.at.clone(), outcome.trouble.clone());
        let trouble = trouble.map(|message| Mismatch { at, message });
        let broken = trouble.into_iter().chain(failing(&scenario.invariants, &outcome));
        self.mismatches.extend(broken.map(|mismatch| Mismatch {
            message: format!("{when}: {} (the instance was {})", mismatch.message, outcome.status),
            ..mismatch
        }));
        self.seen.push(outcome);
    }
}

fn difference(base: &Outcome, outcome: &Outcome) -> Option<String> {
    let (base, outcome) = (base.to_value(), outcome.to_value());
    let at = motet_definition::Pointer::root();
    let style = crate::matcher::Style::Exact;
    let literal = motet_expr::json::object([("$literal", base.clone())]);
    if crate::matcher::differences(&literal, &outcome, style, &at, "").is_empty() {
        return None;
    }
    let found = crate::matcher::differences(&base, &outcome, style, &at, "outcome");
    Some(found.first().map_or_else(
        || "another outcome".to_owned(),
        |it| format!("{}: without it {}, now {}", it.place, it.expected, it.actual),
    ))
}
