//! The same scenario again and again, each time with something else going wrong.

use motet_expr::{Value, json};

use crate::check::{Mismatch, failing};
use crate::model::{FailRow, Failure, Scenario};
use crate::world::{AskedKind, Fault, Outcome, Setup, perform_with};

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
    let calls = base.asked.iter().enumerate().filter(|(_, asked)| asked.kind == AskedKind::Call);
    for (nth, (number, call)) in calls.enumerate() {
        for failure in [Failure::Connection, Failure::Silence] {
            for for_good in [false, true] {
                if swept.is_full(scenario) {
                    return swept;
                }
                let fault = Fault::Step { number, failure, for_good };
                let outcome = perform_with(setup, scenario, Some(fault));
                let when = format!(
                    "with {} of call {} ({}) {}",
                    failure.word(),
                    nth + 1,
                    call.task,
                    if for_good { "for good" } else { "once" },
                );
                swept.take(scenario, outcome, &when);
            }
        }
    }
    swept
}

/// Lets each step in turn fail for good, and looks whether that is undone which its row says.
pub(crate) fn fail_at_each_step(
    setup: &Setup,
    scenario: &Scenario,
    rows: &[FailRow],
    base: &Outcome,
) -> Swept {
    let mut swept = Swept::default();
    let mut is_used = vec![false; rows.len()];
    for (number, asked) in base.asked.iter().enumerate().filter(|(_, asked)| !asked.is_undo) {
        let before = base.asked[..number].iter();
        let nth = before.filter(|other| other.task == asked.task && !other.is_undo).count() + 1;
        let exact = format!("{}#{nth}", asked.task);
        let place = rows.iter().position(|row| row.step == exact);
        let place = place.or_else(|| rows.iter().position(|row| row.step == asked.task));
        let Some(place) = place else {
            let at = scenario.at.key("failAtEachStep");
            let message = format!("no row says what is undone when {} fails", asked.task);
            swept.mismatches.push(Mismatch { at, message });
            continue;
        };
        is_used[place] = true;
        let failures: &[Failure] = match asked.kind {
            AskedKind::Call => &[Failure::Connection, Failure::Silence],
            // Nobody knows what a worker did that gave up.
            AskedKind::Job => &[Failure::Silence],
            AskedKind::Child => &[Failure::Connection],
        };
        for failure in failures {
            if swept.is_full(scenario) {
                return swept;
            }
            let fault = Fault::Step { number, failure: *failure, for_good: true };
            let outcome = perform_with(setup, scenario, Some(fault));
            let what = match asked.kind {
                AskedKind::Call => format!("{} of {exact} for good", failure.word()),
                AskedKind::Job | AskedKind::Child => format!("{exact} failing for good"),
            };
            let found = unlike(&rows[place], &outcome, *failure);
            let at = rows[place].at.clone();
            let told =
                found.map(|message| Mismatch { at, message: format!("with {what}: {message}") });
            swept.mismatches.extend(told);
            swept.take(scenario, outcome, &format!("with {what}"));
        }
    }
    for (row, _) in rows.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        let message = format!("no step is called {}: nothing fails there", row.step);
        swept.mismatches.push(Mismatch { at: row.at.clone(), message });
    }
    swept
}

/// How a run is not as the row says.
fn unlike(row: &FailRow, outcome: &Outcome, failure: Failure) -> Option<String> {
    let text = |value: &Value, key: &str| {
        json::get(value, key).and_then(json::as_str).unwrap_or_default().to_owned()
    };
    let is_unknown = failure == Failure::Silence;
    let expected = row.undo.iter().filter(|undo| is_unknown || !undo.if_unknown);
    let expected: Vec<String> = expected
        .map(|undo| match undo.if_unknown {
            true => format!("{} (unknown)", undo.task),
            false => undo.task.clone(),
        })
        .collect();
    let actual = outcome.undo.iter().map(|entry| {
        let notes = [("outcome", "completed"), ("state", "undone")];
        let notes = notes.map(|(key, usual)| (text(entry, key), usual));
        let unusual = notes.into_iter().filter(|(note, usual)| note != usual);
        let unusual: Vec<String> = unusual.map(|(note, _)| note).collect();
        match unusual.is_empty() {
            true => text(entry, "task"),
            false => format!("{} ({})", text(entry, "task"), unusual.join(", ")),
        }
    });
    let actual: Vec<String> = actual.collect();
    if outcome.trouble.is_some() {
        // It is told with the run.
        return None;
    }
    if actual != expected {
        let shown = |list: &[String]| match list.is_empty() {
            true => "nothing".to_owned(),
            false => list.join(", "),
        };
        return Some(format!("expected to be undone {}, was {}", shown(&expected), shown(&actual)));
    }
    (outcome.status != row.status)
        .then(|| format!("status: expected {}, was {}", row.status, outcome.status))
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

/// What a crash must not change. Of an abandoned call it takes the outcome, so that its undo may begin with less knowledge.
fn comparable(outcome: &Outcome) -> Value {
    let without = |entry: &Value| match entry {
        Value::Obj(members) => json::object(
            members
                .iter()
                .map(|(key, value)| (json::as_str(key).unwrap_or_default(), value.clone()))
                .filter(|(key, _)| *key != "outcome"),
        ),
        other => other.clone(),
    };
    let undo = outcome.undo.iter().map(without).collect();
    Outcome { undo, ..outcome.clone() }.to_value()
}

fn difference(base: &Outcome, outcome: &Outcome) -> Option<String> {
    let (base, outcome) = (comparable(base), comparable(outcome));
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
