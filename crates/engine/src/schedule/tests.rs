//! A schedule alone: what it asks for when time passes.

use motet_definition::model::{Catchup, Overlap};
use motet_definition::schedule::{Cron, Plan, Rule, Zone};
use motet_expr::json;
use motet_types::WorkflowName;

use super::*;

/// Feeds a schedule without events.
fn step(
    schedule: &mut Schedule,
    plan: Option<&Plan>,
    now: Timestamp,
    input: ScheduleInput,
) -> Result<Vec<ScheduleAction>, ScheduleRejection> {
    let limits = Limits::default();
    let ctx = Context { plan, place: &|_, _| None, now, limits: &limits };
    schedule.step(&ctx, &mut EventSets::default(), input)
}

const BEGIN: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

fn at(seconds: u64) -> Timestamp {
    BEGIN.saturating_add(Duration::from_secs(seconds))
}

fn every(seconds: u64, overlap: Overlap, catchup: Catchup) -> Plan {
    let rules = vec![Rule::Every(Duration::from_secs(seconds))];
    Plan { rules, on: None, zone: Zone::utc(), overlap, catchup }
}

fn definition() -> WorkflowRef {
    let (namespace, name) = ("shop".parse().unwrap(), "report".parse().unwrap());
    let workflow = WorkflowName { namespace, name };
    WorkflowRef { workflow, version: "1.0.0".parse().unwrap() }
}

fn adopted(plan: &Plan) -> Schedule {
    let mut schedule = Schedule::new(definition());
    let input = ScheduleInput::Adopt(definition());
    assert_eq!(step(&mut schedule, Some(plan), BEGIN, input), Ok(Vec::new()));
    schedule
}

/// The nominal times of what is asked for, in seconds since the beginning.
fn started(actions: &[ScheduleAction]) -> Vec<u64> {
    let nominal = |action: &ScheduleAction| match action {
        ScheduleAction::Start(start) => Some(start.origin.nominal.since(BEGIN).as_secs()),
        _ => None,
    };
    actions.iter().filter_map(nominal).collect()
}

/// Feeds it what is due until nothing is.
fn pass(schedule: &mut Schedule, plan: &Plan, now: Timestamp) -> Vec<u64> {
    let mut all = Vec::new();
    while schedule.due().is_some_and(|due| due <= now) {
        let actions = step(schedule, Some(plan), now, ScheduleInput::Due).unwrap();
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
fn a_clock_that_is_set_back_during_a_pause_starts_nothing_again() {
    let plan = every(60, Overlap::Allow, Catchup::Last);
    let mut schedule = adopted(&plan);
    assert_eq!(pass(&mut schedule, &plan, at(130)), [60, 120]);
    let tell = |schedule: &mut Schedule, seconds, input| {
        let actions = step(schedule, Some(&plan), at(seconds), input);
        assert_eq!(actions, Ok(Vec::new()), "at {seconds}");
    };
    tell(&mut schedule, 131, ScheduleInput::Pause { reason: None });
    tell(&mut schedule, 20, ScheduleInput::Resume);
    assert_eq!(pass(&mut schedule, &plan, at(179)), Vec::<u64>::new());
    assert_eq!(pass(&mut schedule, &plan, at(180)), [180]);
    tell(&mut schedule, 190, ScheduleInput::Pause { reason: None });
    tell(&mut schedule, 310, ScheduleInput::Resume);
    assert_eq!(pass(&mut schedule, &plan, at(400)), [360], "what passed meanwhile is left out");
}

#[test]
fn a_pause_leaves_out_nothing_that_came_due_before() {
    /// The policy; what the pause that comes at 50 s starts and leaves out, with nothing told since the beginning.
    type Row<'a> = (Overlap, &'a [u64], u64);
    let table: [Row<'_>; 4] = [
        (Overlap::Allow, &[20, 40], 0),
        (Overlap::Skip, &[20], 1),
        (Overlap::Queue, &[20], 1),
        (Overlap::Replace, &[40], 1),
    ];
    for (overlap, expected, left_out) in table {
        let plan = every(20, overlap, Catchup::All);
        let mut schedule = adopted(&plan);
        let mut tell = |input| {
            let actions = step(&mut schedule, Some(&plan), at(50), input);
            (started(&actions.expect("it fits")), schedule.left_out)
        };
        let pause = || ScheduleInput::Pause { reason: None };
        assert_eq!(tell(pause()), (expected.to_vec(), left_out), "{overlap:?}");
        assert_eq!(tell(pause()), (Vec::new(), left_out), "it is paused already");
        assert_eq!(tell(ScheduleInput::Resume), (Vec::new(), left_out), "{overlap:?}");
    }
}

#[test]
fn what_follows_an_end_is_not_before_it_where_the_clock_is_set_back() {
    let plan = Plan {
        rules: vec![Rule::After(Duration::from_secs(30))],
        ..every(1, Overlap::Queue, Catchup::Last)
    };
    let mut schedule = adopted(&plan);
    assert_eq!(pass(&mut schedule, &plan, at(30)), [30]);
    let first = schedule.running[0].id;
    let mut tell = |seconds, input| {
        let actions = step(&mut schedule, Some(&plan), at(seconds), input);
        (started(&actions.expect("it fits")).len(), schedule.due())
    };
    let ended = ScheduleInput::Ended { id: first, at: at(40), ending: Ending::Completed };
    assert_eq!(tell(40, ended), (0, Some(at(70))));
    assert_eq!(tell(65, ScheduleInput::Trigger).0, 1);
    assert_eq!(tell(70, ScheduleInput::Due), (0, None), "the one that was asked for still runs");
    assert_eq!(tell(20, ScheduleInput::Pause { reason: None }), (0, None));
    assert_eq!(
        tell(25, ScheduleInput::Resume),
        (0, Some(at(100))),
        "after what was left out at 70"
    );
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
    step(&mut schedule, Some(&plan), at(40), ended(other, 40)).unwrap();
    assert_eq!(schedule.due(), None, "the one that counts still runs");
    step(&mut schedule, Some(&plan), at(40), ended(id, 40)).unwrap();
    step(&mut schedule, Some(&plan), at(50), ended(id, 50)).unwrap();
    assert_eq!(schedule.due(), Some(at(70)));
    assert_eq!(schedule.latest[0].ended, Some((at(50), Ending::Faulted)));
}

#[test]
fn what_people_ask_for_has_limits() {
    let plan = every(1, Overlap::Skip, Catchup::Last);
    let mut schedule = adopted(&plan);
    let mut ask = |from, to| {
        let input = ScheduleInput::Backfill { from: at(from), to: at(to) };
        step(&mut schedule, Some(&plan), at(5_000), input).map(|actions| actions.len())
    };
    assert_eq!(ask(10, 5), Err(ScheduleRejection::Span));
    assert_eq!(ask(10, 5_001), Err(ScheduleRejection::Span));
    assert_eq!(ask(1, 2_000), Err(ScheduleRejection::TooMany));
    assert_eq!(ask(1, 10), Ok(1), "one after the other");
    assert_eq!(schedule.waiting.len(), 9);
    assert_eq!(
        step(&mut schedule, None, at(5_000), ScheduleInput::Trigger),
        Err(ScheduleRejection::None)
    );
}

/// A workflow that events start, its schedule and the events that it gathers.
struct Heeding {
    plan: Arc<Plan>,
    schedule: Schedule,
    sets: EventSets,
    limits: Limits,
    count: u64,
}

impl Heeding {
    fn new(on: &str) -> Self {
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: shop, name: report, version: 1.0.0 }}\nschedule: {{ on: {on} }}\ndo: [{{ a: {{ set: {{ n: 1 }} }} }}]\n"
        );
        let limits = Limits::default();
        let parsed = motet_definition::parse(&text, &limits);
        let document = parsed.document.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let graph = motet_definition::graph::compile(&document, &limits).expect("it compiles");
        let plan = graph.schedule.expect("a schedule");
        let mut heeding = Self {
            plan,
            schedule: Schedule::new(definition()),
            sets: EventSets::default(),
            limits,
            count: 0,
        };
        heeding.feed(ScheduleInput::Adopt(definition()));
        heeding
    }

    fn feed(&mut self, input: ScheduleInput) -> Vec<ScheduleAction> {
        let (plan, now) = (Some(&*self.plan), at(self.count));
        let ctx = Context { plan, place: &|_, _| None, now, limits: &self.limits };
        let actions = self.schedule.step(&ctx, &mut self.sets, input).expect("it is taken");
        let stored = self.sets.take_changes();
        assert!(stored.len() <= 3, "an event changes few sets: {stored:?}");
        let on = self.schedule.on.as_ref().expect("it waits for events");
        assert_eq!((on.open, on.ready), (self.sets.open() as u64, self.sets.ready() as u64));
        actions
    }

    /// Feeds it an event as a topic that evaluates its filters finds it; what is started with which data.
    fn hear(&mut self, kind: &str, data: &str) -> Vec<String> {
        self.count += 1;
        let text = format!(
            r#"{{"specversion":"1.0","id":"{}","source":"/s","type":"{kind}","data":{data}}}"#,
            self.count
        );
        let event = json::parse(text.as_bytes(), json::Limits::default()).expect("it is JSON");
        let event = Arc::new(crate::event::Event::parse(event).expect("a CloudEvent"));
        let on = self.schedule.on.as_ref().expect("it waits for events");
        let mut matches = Vec::new();
        for (filter, (_, own)) in (0..).zip(&on.terms.filters) {
            let values = own.matcher().expect("it compiles").matches(&event, at(0), &mut 5_000);
            let fits = |values: &Vec<Value>| {
                values
                    .iter()
                    .zip(own.expected())
                    .all(|(value, expected)| expected.is_none_or(|expected| expected == *value))
            };
            matches
                .extend(values.filter(fits).map(|values| crate::listen::Match { filter, values }));
        }
        if matches.is_empty() {
            return Vec::new();
        }
        let heard = Heard { step: on.step, event, received: at(self.count), matches };
        let starts = self.feed(ScheduleInput::Heard(heard)).into_iter();
        let input = |action| match action {
            ScheduleAction::Start(start) => Some(json::to_text(&start.input())),
            _ => None,
        };
        starts.filter_map(input).collect()
    }

    fn hear_all(&mut self, events: &[(&str, &str)]) -> Vec<String> {
        events.iter().flat_map(|(kind, data)| self.hear(kind, data)).collect()
    }
}

const CORRELATED: &str = "{ all: [{ with: { type: paid }, correlate: { o: { from: .data.o } } }, { with: { type: packed }, correlate: { o: { from: .data.o } } }] }";

#[test]
fn events_that_belong_together_start_one() {
    /// What starts instances, type and data of events, and what is started.
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let table: [Row<'_>; 8] = [
        ("{ one: { with: { type: a } } }", &[("a", "1"), ("b", "2"), ("a", "3")], &["[1]", "[3]"]),
        // An event that passes two filters is one event.
        (
            "{ any: [{ with: { type: a } }, { with: { data: '${ . > 0 }' } }] }",
            &[("a", "1")],
            &["[1]"],
        ),
        // Without a key the first of one kind meets the first of the other.
        (
            "{ all: [{ with: { type: a } }, { with: { type: b } }] }",
            &[("a", "1"), ("a", "2"), ("b", "3"), ("b", "4")],
            &["[1,3]", "[2,4]"],
        ),
        (
            CORRELATED,
            &[
                ("paid", "{\"o\":1}"),
                ("paid", "{\"o\":2}"),
                ("packed", "{\"o\":2}"),
                ("packed", "{\"o\":3}"),
            ],
            &["[{\"o\":2},{\"o\":2}]"],
        ),
        (
            "{ one: { with: { type: a }, correlate: { o: { from: .data.o, expect: '${ 7 }' } } } }",
            &[("a", "{\"o\":6}"), ("a", "{\"o\":7}")],
            &["[{\"o\":7}]"],
        ),
        (
            "{ any: [{ with: { type: a } }], until: 'map(.) | add > 5' }",
            &[("a", "3"), ("a", "2"), ("a", "1"), ("a", "9")],
            &["[3,2,1]", "[9]"],
        ),
        // What ends it is not in it, and ends nothing that has not begun.
        (
            "{ any: [{ with: { type: a } }], until: { one: { with: { type: end } } } }",
            &[("end", "0"), ("a", "1"), ("a", "2"), ("end", "0"), ("end", "0")],
            &["[1,2]"],
        ),
        ("{ any: [] }", &[("a", "1"), ("b", "null")], &["[1]", "[null]"]),
    ];
    for (on, events, expected) in table {
        assert_eq!(Heeding::new(on).hear_all(events), expected, "{on}");
    }
}

#[test]
fn thousands_of_sets_are_found_by_their_values() {
    let mut heeding = Heeding::new(CORRELATED);
    for order in 0..2_000 {
        assert!(heeding.hear("paid", &format!("{{\"o\":{order}}}")).is_empty());
    }
    let filters = &heeding.schedule.on.as_ref().expect("it waits").terms.filters;
    let found = crate::listen::Match { filter: 1, values: vec![Value::from(77_usize)] };
    assert_eq!(heeding.sets.candidates(filters, &[found]).len(), 1);
    for order in (0..2_000).rev() {
        let data = format!("{{\"o\":{order}}}");
        assert_eq!(heeding.hear("packed", &data), [format!("[{data},{data}]")]);
    }
    assert_eq!(heeding.sets.open(), 0);
}

#[test]
fn changes_that_are_taken_back_leave_no_trace() {
    let mut heeding = Heeding::new(CORRELATED);
    heeding.hear("paid", "{\"o\":1}");
    let mut before = heeding.sets.clone();
    let set = before.pop_ready();
    assert_eq!(set, None, "it is not complete");
    let mut after = before.clone();
    assert_eq!(after.clear(false), 1);
    let changes = after.take_changes();
    after.take_back(&changes);
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
}

#[test]
fn a_set_that_grows_too_large_is_left_out_and_says_so() {
    let mut heeding = Heeding::new("{ any: [{ with: { type: a } }], until: 'false' }");
    heeding.limits.listen_events_max = 3;
    assert!(heeding.hear_all(&[("a", "1"), ("a", "2"), ("a", "3"), ("a", "4")]).is_empty());
    assert_eq!((heeding.schedule.left_out, heeding.sets.open()), (1, 0));
    let problem = heeding.schedule.on.and_then(|on| on.problem).expect("it says so");
    assert!(problem.text.contains("listen_events_max is 3"), "{problem:?}");
}

#[test]
fn what_waits_and_is_asked_for_is_not_left_out_any_more() {
    let plan = every(60, Overlap::Queue, Catchup::Last);
    let mut schedule = adopted(&plan);
    assert_eq!(pass(&mut schedule, &plan, at(120)), [60], "the second one waits");
    let first = schedule.running[0].id;
    let mut tell = |seconds, input| {
        let actions = step(&mut schedule, Some(&plan), at(seconds), input);
        started(&actions.expect("it fits"))
    };
    assert!(tell(130, ScheduleInput::Backfill { from: at(100), to: at(130) }).is_empty());
    assert!(tell(140, ScheduleInput::Pause { reason: None }).is_empty());
    let ended = ScheduleInput::Ended { id: first, at: at(150), ending: Ending::Completed };
    assert_eq!(tell(150, ended), [120], "a pause leaves out what nobody has asked for");
    assert_eq!(schedule.left_out, 0);
}
