//! Runs scenarios and judges them.

use std::time::Duration;

use crate::check::{Mismatch, check, failing};
use crate::coverage::{Coverage, Seen};
use crate::model::{Definition, Scenario, Suite};
use crate::sweep;
use crate::world::{Setup, perform};

/// What came of one scenario.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub name: String,
    /// Where it stands in its file.
    pub at: motet_definition::Pointer,
    /// None: it passed.
    pub mismatches: Vec<Mismatch>,
    /// With those in which something was made to fail.
    pub runs: usize,
    /// Of the run without faults.
    pub calls: usize,
    /// Virtual time of the run without faults.
    pub elapsed: Duration,
    seen: Seen,
}

/// What came of a file.
#[derive(Clone, Debug)]
pub struct SuiteResult {
    pub name: String,
    /// In the order of the file; those that were left out are not there.
    pub verdicts: Vec<Verdict>,
    /// Of each definition that is a file of its own, if every scenario of it ran.
    pub coverage: Vec<Coverage>,
    pub source: motet_definition::SourceMap,
}

impl SuiteResult {
    pub fn has_passed(&self) -> bool {
        self.verdicts.iter().all(Verdict::has_passed)
    }
}

impl Verdict {
    pub fn has_passed(&self) -> bool {
        self.mismatches.is_empty()
    }
}

/// Runs the scenarios of a file whose name holds `filter`.
pub fn run_suite(suite: &Suite, filter: Option<&str>) -> SuiteResult {
    let chosen = |scenario: &&Scenario| filter.is_none_or(|part| scenario.name.contains(part));
    let chosen: Vec<&Scenario> = suite.scenarios.iter().filter(chosen).collect();
    let verdicts: Vec<Verdict> = chosen.iter().map(|scenario| run(scenario)).collect();
    let is_whole = chosen.len() == suite.scenarios.len();
    let coverage = if is_whole { coverage(&chosen, &verdicts) } else { Vec::new() };
    SuiteResult { name: suite.name.clone(), verdicts, coverage, source: suite.source.clone() }
}

/// Runs one scenario with all its faults.
pub fn run(scenario: &Scenario) -> Verdict {
    let mut verdict = Verdict {
        name: scenario.name.clone(),
        at: scenario.at.clone(),
        mismatches: Vec::new(),
        runs: 0,
        calls: 0,
        elapsed: Duration::ZERO,
        seen: Seen::default(),
    };
    let setup = match (Setup::of(scenario), &scenario.expect.refused) {
        (Ok(setup), None) => setup,
        (Ok(_), Some(codes)) => {
            let message = format!("the definition is taken; expected was {}", codes.join(", "));
            verdict.mismatches.push(Mismatch { at: scenario.expect.at.key("refused"), message });
            return verdict;
        }
        (Err(refused), Some(codes)) if refused.codes == *codes => {
            verdict.runs = 1;
            return verdict;
        }
        (Err(refused), _) => {
            let message = format!(
                "{} is refused ({}):\n{}",
                refused.definition,
                refused.codes.join(", "),
                refused.report.trim_end()
            );
            verdict.mismatches.push(Mismatch { at: scenario.at.clone(), message });
            return verdict;
        }
    };
    judge(&setup, scenario, &mut verdict);
    verdict
}

fn judge(setup: &Setup, scenario: &Scenario, verdict: &mut Verdict) {
    let base = perform(setup, scenario);
    verdict.runs = 1;
    verdict.calls = base.calls.len();
    verdict.elapsed = base.elapsed;
    verdict.seen.join(&base.seen);
    verdict.mismatches = check(&scenario.expect, &base, false);
    verdict.mismatches.extend(failing(&scenario.invariants, &base));
    if !verdict.has_passed() {
        // What is wrong without faults is told once.
        return;
    }
    let mut sweeps = Vec::new();
    if scenario.crash_at_each_commit {
        sweeps.push(sweep::crash_at_each_commit(setup, scenario, &base));
    }
    if scenario.fail_at_each_call {
        sweeps.push(sweep::fail_at_each_call(setup, scenario, &base));
    }
    if let Some(rows) = &scenario.fail_at_each_step {
        sweeps.push(sweep::fail_at_each_step(setup, scenario, rows, &base));
    }
    for swept in sweeps {
        verdict.runs += swept.runs;
        verdict.mismatches.extend(swept.mismatches);
        for outcome in &swept.seen {
            verdict.seen.join(&outcome.seen);
        }
    }
}

fn coverage(scenarios: &[&Scenario], verdicts: &[Verdict]) -> Vec<Coverage> {
    let mut files: Vec<(&Definition, &Scenario, Seen)> = Vec::new();
    for (scenario, verdict) in scenarios.iter().zip(verdicts) {
        // A document within a scenario shows one thing; what it does not show is no news.
        if scenario.definition.name.starts_with('/') {
            continue;
        }
        match files.iter_mut().find(|(definition, ..)| **definition == scenario.definition) {
            Some((.., seen)) => seen.join(&verdict.seen),
            None => files.push((&scenario.definition, scenario, verdict.seen.clone())),
        }
    }
    let covered = |(definition, scenario, seen): (&Definition, &Scenario, Seen)| {
        let setup = Setup::of(scenario).ok()?;
        Some(seen.coverage(&definition.name, setup.main()))
    };
    files.into_iter().filter_map(covered).collect()
}
