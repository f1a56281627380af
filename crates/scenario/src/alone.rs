//! Which scenarios a server is no place for, and why.

use std::time::Duration;

use crate::model::{CallPattern, Deed, EventContent, EventTime, Failure, Scenario, WorkMock};
use crate::world::{Setup, perform};

/// The longest that a scenario may take where time is what it is, and others wait for it.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Why a scenario can be tried on the engine alone; `None` if a server over HTTP shows the same.
pub fn alone(scenario: &Scenario) -> Option<String> {
    let told = |why: &str| Some(why.to_owned());
    if let Some(why) = &scenario.pure {
        return Some(why.clone());
    }
    if scenario.schedule.is_some() {
        return told("a schedule is tried for a time");
    }
    if !scenario.children.is_empty() {
        return told("workflows are mocked");
    }
    if scenario.starts_at != crate::read::EPOCH.parse().expect("it is an instant") {
        return told("it begins at a time of its own");
    }
    let is_by_task = |pattern: &CallPattern| !matches!(pattern, CallPattern::Request { .. });
    if scenario.calls.iter().any(|mock| is_by_task(&mock.pattern)) {
        return told("services do not know which task calls");
    }
    let follows = |time: &EventTime| matches!(time, EventTime::After { .. });
    let is_computed = |content: &EventContent| matches!(content, EventContent::Computed(_));
    if scenario.events.iter().any(|mock| follows(&mock.when) || is_computed(&mock.content)) {
        return told("an event follows what a task does");
    }
    let mut deeds = scenario.work.iter().flat_map(|mock| &mock.answers);
    if deeds.any(|answer| matches!(answer.deed, Deed::Computed(_))) {
        return told("what a worker does depends on the job");
    }
    let setup = Setup::of(scenario).ok()?;
    let outcome = perform(&setup, scenario);
    let refused = Some(Failure::Connection.word());
    if outcome.calls.iter().any(|call| call.answer.as_deref() == refused) {
        return told("whoever listens takes connections");
    }
    (outcome.elapsed > TIME_MAX).then(|| format!("it takes more than {} s", TIME_MAX.as_secs()))
}

impl WorkMock {
    /// The answer that comes after `used` others.
    pub fn nth(&self, used: u32) -> Option<&crate::WorkAnswer> {
        crate::mock::nth(&self.answers, self.repeats, used, |answer| answer.times)
    }
}
