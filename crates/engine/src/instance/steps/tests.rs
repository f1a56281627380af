//! What is looked at one by one is counted: indexes are right, and an input of a wide loop costs as much as it changes.

use std::cell::Cell;

use motet_definition::graph::Graph;
use motet_expr::Value;
use motet_types::{Attempt, InstanceId, Limits, ShardId};

use super::*;
use crate::data::SIZE_CHECK_RECORDS;
use crate::secret::SecretKey;
use crate::{
    Catalog, Context, Effect, End, Input, Instance, Listens, Outcome, ParkReason, Parked, Record,
    Response, SEMANTICS, Start, begin, effects, step,
};

thread_local! {
    pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// What was looked at since it was asked for the last time.
fn looked_at() -> usize {
    LOOKED_AT.with(Cell::take)
}

#[test]
fn indexes_follow_from_the_steps() {
    let at = Timestamp::from_micros(0);
    let beneath = |parent: u32| Step::new(None, Some(StepId(parent)), at, Value::Null);
    let mut steps: Steps = (1..6).map(|id| (StepId(id), beneath(id / 2))).collect();
    steps.insert(StepId(0), Step::new(None, None, at, Value::Null));
    let children = |steps: &Steps, of: u32| -> Vec<u32> {
        steps.children(StepId(of)).map(|(id, _)| id.0).collect()
    };
    assert_eq!(children(&steps, 0), [1]);
    assert_eq!(children(&steps, 1), [2, 3]);
    assert_eq!(children(&steps, 2), [4, 5]);
    steps.remove(StepId(4));
    steps.insert(StepId(5), beneath(3));
    assert_eq!((children(&steps, 2), children(&steps, 3)), (vec![], vec![5]));
    assert_eq!(
        steps.change(StepId(5), |step| step.parent.replace(StepId(0))),
        Some(Some(StepId(3)))
    );
    assert_eq!((children(&steps, 0), children(&steps, 3)), (vec![1, 5], vec![]));
    assert!(steps.are_indexed());
    let again: Steps = steps.iter().map(|(id, step)| (*id, step.clone())).collect();
    assert_eq!(again, steps);
    assert!(!steps.is_any_out() && steps.in_flight().next().is_none());
    assert_eq!(steps.change(StepId(4), |step| step.committed), None, "it is gone");
}

#[test]
fn timers_are_found_by_their_step() {
    let at = Timestamp::from_micros;
    let mut timers: Timers = [
        (at(9), StepId(1), TimerKind::Wait),
        (at(-3), StepId(2), TimerKind::Wait),
        (at(7), StepId(1), TimerKind::Again),
    ]
    .into_iter()
    .collect();
    assert_eq!(timers.first(), Some(&(at(-3), StepId(2), TimerKind::Wait)));
    assert_eq!(timers.due(StepId(1), TimerKind::Again), Some(at(7)));
    timers.remove(StepId(1), TimerKind::Wait);
    assert_eq!(timers.of(StepId(1)).collect::<Vec<_>>(), [(TimerKind::Again, at(7))]);
    assert_eq!(timers.take(StepId(2)), [(at(-3), StepId(2), TimerKind::Wait)]);
    assert_eq!((timers.len(), timers.first().map(|(due, ..)| *due)), (1, Some(at(7))));
}

type Call = (StepId, Attempt);

/// Takes all items of a loop at once, lets each call be parked, and answers the newest first; gives what an input looked at
/// at most, but for the size of the instance, which is looked at once in so many records.
fn looked_at_most(width: usize) -> usize {
    let limits = Limits::default();
    let graph = graph(width, &limits);
    let ctx = Context {
        graph: &graph,
        catalog: &Catalog::default(),
        now: Timestamp::from_micros(1_767_225_600_000_000),
        limits: &limits,
        secret_key: &SecretKey([1; 32]),
        undoable: &|_| true,
        place: &|_, _| None,
    };
    let id = InstanceId::new(ctx.now, ShardId(1), 1);
    let (mut instance, mut records) = begin(&ctx, id, start(&graph));
    while instance.has_work() {
        records.extend(step(&ctx, &mut instance, Input::Continue).expect("there is work"));
    }
    let calls = calls(&records, &instance);
    assert_eq!((calls.len(), instance.timers.len()), (width, width));
    let park = |(step, attempt): &Call| Input::Park {
        step: *step,
        attempt: *attempt,
        parked: Parked { reason: ParkReason::Breaker, since: ctx.now, until: None, sent: false },
    };
    let answer = |(step, attempt): &Call| {
        let response = Response { status: 200, headers: Vec::new(), body: "7".into() };
        let outcome = Outcome::Response(response);
        Input::Outcome { step: *step, attempt: *attempt, outcome }
    };
    let inputs: Vec<Input> = calls.iter().map(park).chain(calls.iter().rev().map(answer)).collect();
    let mut most = 0;
    for input in inputs {
        looked_at();
        let (before, open) = (instance.records, instance.steps.len());
        step(&ctx, &mut instance, input).expect("it fits");
        let is_quiet = (instance.is_in_flight(), instance.is_compensating());
        assert_eq!(is_quiet, (instance.end.is_none(), false), "{}", instance.status());
        let sizes = instance.records / SIZE_CHECK_RECORDS - before / SIZE_CHECK_RECORDS;
        most = most.max(looked_at().saturating_sub(sizes as usize * open));
        if instance.records % 500 == 0 {
            instance.check().expect("a state that fits");
        }
    }
    assert!(matches!(instance.end, Some(End::Completed(_))), "{:?}", instance.end);
    most
}

#[test]
fn an_input_of_a_wide_loop_looks_at_what_it_changes() {
    let most = [10, 1_000].map(looked_at_most);
    assert!(most.iter().all(|most| *most <= 12), "{most:?}");
}

fn graph(width: usize, limits: &Limits) -> Graph {
    let text = format!(
        "
document: {{ dsl: '1.0.3', namespace: test, name: wide, version: 1.0.0 }}
do:
  - all:
      for: {{ in: '${{ [range({width})] }}' }}
      metadata: {{ motet: {{ parallel: {width} }} }}
      do:
        - ask:
            call: http
            with: {{ method: get, endpoint: 'http://one.test/' }}
            timeout: {{ after: PT1H }}
"
    );
    let parsed = motet_definition::parse(&text, limits);
    let document = parsed.document.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    motet_definition::graph::compile(&document, limits).expect("it compiles")
}

fn start(graph: &Graph) -> Start {
    Start {
        definition: graph.definition.clone(),
        digest: graph.digest,
        semantics: SEMANTICS,
        input: Value::Null,
        start_key: "client/1".to_owned(),
        parent: None,
        business_key: None,
        attributes: Vec::new(),
        schedule: None,
        concurrency_key: None,
        lines: Vec::new(),
    }
}

fn calls(records: &[Record], instance: &Instance) -> Vec<Call> {
    let mut listens = Listens::default();
    let effects = records.iter().filter_map(|record| effects(record, instance, &mut listens));
    let calls = effects.filter_map(|effect| match effect {
        Effect::Call { step, attempt, .. } => Some((step, attempt)),
        _ => None,
    });
    calls.collect()
}
