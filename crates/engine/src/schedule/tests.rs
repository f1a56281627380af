//! A schedule alone: what it asks for when time passes.

use motet_definition::model::{Catchup, Overlap};
use motet_definition::schedule::{Cron, Plan, Rule, Zone};

use super::*;

const BEGIN: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

fn at(seconds: u64) -> Timestamp {
    BEGIN.saturating_add(Duration::from_secs(seconds))
}

fn every(seconds: u64, overlap: Overlap, catchup: Catchup) -> Plan {
    let rules = vec![Rule::Every(Duration::from_secs(seconds))];
    Plan { rules, zone: Zone::utc(), overlap, catchup }
}

fn definition() -> WorkflowRef {
    let (namespace, name) = ("shop".parse().unwrap(), "report".parse().unwrap());
    let workflow = WorkflowName { namespace, name };
    WorkflowRef { workflow, version: "1.0.0".parse().unwrap() }
}

fn adopted(plan: &Plan) -> Schedule {
    let mut schedule = Schedule::new(definition());
    let input = ScheduleInput::Adopt(definition());
    assert_eq!(schedule.step(Some(plan), &|_, _| None, BEGIN, input), Ok(Vec::new()));
    schedule
}

/// The nominal times of what is asked for, in seconds since the beginning.
fn started(actions: &[ScheduleAction]) -> Vec<u64> {
    let nominal = |action: &ScheduleAction| match action {
        ScheduleAction::Start(start) => Some(start.origin.nominal.since(BEGIN).as_secs()),
        ScheduleAction::Cancel(_) => None,
    };
    actions.iter().filter_map(nominal).collect()
}

/// Feeds it what is due until nothing is.
fn pass(schedule: &mut Schedule, plan: &Plan, now: Timestamp) -> Vec<u64> {
    let mut all = Vec::new();
    while schedule.due().is_some_and(|due| due <= now) {
        let actions = schedule.step(Some(plan), &|_, _| None, now, ScheduleInput::Due).unwrap();
        all.extend(started(&actions));
    }
    all
}

#[test]
fn a_start_is_never_early_and_never_twice() {
    let plan = every(60, Overlap::Allow, Catchup::Last);
    let mut schedule = adopted(&plan);
    let mut seen = Vec::new();
    for second in 0..=600 {
        let starts = pass(&mut schedule, &plan, at(second));
        assert!(starts.iter().all(|nominal| *nominal <= second), "{starts:?} at {second}");
        seen.extend(starts);
    }
    assert_eq!(seen, (1..=10).map(|nth| nth * 60).collect::<Vec<_>>());
}

#[test]
fn a_year_of_downtime_is_passed_at_once() {
    let year = 365 * 86_400;
    for (catchup, expected) in [(Catchup::None, 60), (Catchup::Last, 61), (Catchup::All, 1_060)] {
        let plan = every(1, Overlap::Allow, catchup);
        let mut schedule = adopted(&plan);
        let starts = pass(&mut schedule, &plan, at(year));
        assert_eq!(starts.len(), expected, "{catchup:?}");
        assert_eq!(starts.last(), Some(&year));
        assert!(starts.is_sorted(), "in order");
    }
}

#[test]
fn an_id_follows_from_the_nominal_time() {
    let start = |seconds, trigger| {
        ScheduledStart::of(&definition(), trigger, at(seconds), &|_, _| None, at(900))
    };
    assert_eq!(start(60, Trigger::Cron), start(60, Trigger::Cron));
    assert_ne!(start(60, Trigger::Cron).id, start(61, Trigger::Cron).id);
    assert_ne!(start(60, Trigger::Cron).id, start(60, Trigger::Every).id);
}

#[test]
fn several_triggers_all_apply() {
    let mut plan = every(3_600, Overlap::Allow, Catchup::Last);
    let cron = Cron::parse("30 * * * *").unwrap();
    plan.rules.push(Rule::Cron(Box::new(cron)));
    let mut schedule = adopted(&plan);
    assert_eq!(pass(&mut schedule, &plan, at(1_800)), [1_800]);
    assert_eq!(pass(&mut schedule, &plan, at(3_600)), [3_600]);
    let upcoming: Vec<_> = schedule.upcoming(&plan, 3).into_iter().map(|(_, one)| one).collect();
    assert_eq!(upcoming, [Trigger::Cron, Trigger::Every, Trigger::Cron]);
}

#[test]
fn an_end_is_counted_once_and_one_of_others_not_at_all() {
    let plan = Plan {
        rules: vec![Rule::After(Duration::from_secs(30))],
        ..every(1, Overlap::Skip, Catchup::Last)
    };
    let mut schedule = adopted(&plan);
    assert_eq!(pass(&mut schedule, &plan, at(30)), [30]);
    let id = schedule.running[0].id;
    let ended = |id, seconds| ScheduleInput::Ended { id, at: at(seconds), ending: Ending::Faulted };
    let other = ScheduledStart::of(&definition(), Trigger::Cron, at(1), &|_, _| None, at(1)).id;
    schedule.step(Some(&plan), &|_, _| None, at(40), ended(other, 40)).unwrap();
    assert_eq!(schedule.due(), None, "the one that counts still runs");
    schedule.step(Some(&plan), &|_, _| None, at(40), ended(id, 40)).unwrap();
    schedule.step(Some(&plan), &|_, _| None, at(50), ended(id, 50)).unwrap();
    assert_eq!(schedule.due(), Some(at(70)));
    assert_eq!(schedule.latest[0].ended, Some((at(50), Ending::Faulted)));
}

#[test]
fn what_people_ask_for_has_limits() {
    let plan = every(1, Overlap::Skip, Catchup::Last);
    let mut schedule = adopted(&plan);
    let mut ask = |from, to| {
        let input = ScheduleInput::Backfill { from: at(from), to: at(to) };
        schedule.step(Some(&plan), &|_, _| None, at(5_000), input).map(|actions| actions.len())
    };
    assert_eq!(ask(10, 5), Err(ScheduleRejection::Span));
    assert_eq!(ask(10, 5_001), Err(ScheduleRejection::Span));
    assert_eq!(ask(1, 2_000), Err(ScheduleRejection::TooMany));
    assert_eq!(ask(1, 10), Ok(1), "one after the other");
    assert_eq!(schedule.waiting.len(), 9);
    assert_eq!(
        schedule.step(None, &|_, _| None, at(5_000), ScheduleInput::Trigger),
        Err(ScheduleRejection::None)
    );
}
