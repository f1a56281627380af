//! A loop over ten thousand items: what it costs is counted, not timed.

use std::collections::VecDeque;

use motet_engine::secret::SecretKey;
use motet_engine::{
    Catalog, Context, Effect, Input, Instance, Listens, Metered, Outcome, Record, SEMANTICS, Start,
    begin_metered, effects, step_metered,
};
use motet_types::{Attempt, InstanceId, Limits, ShardId, StepId};

use crate::harness::{compile, epoch, response, value};

const ITEMS: usize = 10_000;
const SECRET_KEY: SecretKey = SecretKey([1; 32]);

/// What a run took at most, and in all.
#[derive(Debug, Default)]
struct Taken {
    calls_in_flight_max: usize,
    steps_open_max: usize,
    records_per_input_max: usize,
    records: usize,
    calls: usize,
    fuel: u64,
}

/// Answers the calls one by one, the oldest first.
fn run(width: usize) -> (Instance, Taken) {
    let document = format!(
        "
        do:
          - all:
              for: {{in: '[range({ITEMS})]'}}
              metadata: {{motet: {{parallel: {width}}}}}
              do: [{{ask: {{call: http, with: {{method: get, endpoint: 'http://one.test/'}}}}}}]
              output: {{as: '${{ [length, first, last] }}'}}
        "
    );
    let limits = Limits::default();
    let graph = compile(&document, &limits);
    let context = Context {
        graph: &graph,
        catalog: &Catalog::default(),
        now: epoch(),
        limits: &limits,
        secret_key: &SECRET_KEY,
        undoable: &|_| true,
        place: &|_, _| None,
    };
    let start = Start {
        definition: graph.definition.clone(),
        digest: graph.digest,
        semantics: SEMANTICS,
        input: value("null"),
        start_key: "client/1".to_owned(),
        parent: None,
        business_key: None,
        attributes: Vec::new(),
        schedule: None,
        concurrency_key: None,
        lines: Vec::new(),
    };
    let mut taken = Taken::default();
    let mut calls = VecDeque::new();
    let id = InstanceId::new(epoch(), ShardId(1), 1);
    let Metered { result: (mut instance, records), fuel_burnt } =
        begin_metered(&context, id, start);
    taken.note(&instance, &records, fuel_burnt, &mut calls);
    while instance.end.is_none() {
        let due = if instance.has_work() { None } else { calls.pop_front() };
        let input = match due {
            Some((step, attempt)) => {
                let outcome = Outcome::Response(response(200, "7"));
                Input::Outcome { step, attempt, outcome }
            }
            None => Input::Continue,
        };
        let Metered { result, fuel_burnt } = step_metered(&context, &mut instance, input);
        taken.note(&instance, &result.expect("an input that fits"), fuel_burnt, &mut calls);
    }
    instance.check().expect("a state that fits");
    (instance, taken)
}

impl Taken {
    fn note(
        &mut self,
        instance: &Instance,
        records: &[Record],
        fuel: u64,
        calls: &mut VecDeque<(StepId, Attempt)>,
    ) {
        let mut listens = Listens::default();
        for record in records {
            if let Some(Effect::Call { step, attempt, .. }) =
                effects(record, instance, &mut listens)
            {
                calls.push_back((step, attempt));
                self.calls += 1;
            }
        }
        self.calls_in_flight_max = self.calls_in_flight_max.max(calls.len());
        self.steps_open_max = self.steps_open_max.max(instance.steps.len());
        self.records_per_input_max = self.records_per_input_max.max(records.len());
        self.records += records.len();
        self.fuel += fuel;
    }
}

#[test]
fn ten_thousand_items_cost_as_much_as_the_width_at_once_and_as_they_are_many_in_all() {
    for width in [1, 64] {
        let (instance, taken) = run(width);
        assert_eq!(instance.end, Some(motet_engine::End::Completed(value("[10000,7,7]"))));
        assert_eq!(taken.calls, ITEMS, "each item is asked about once");
        assert_eq!(taken.calls_in_flight_max, width);
        assert!(taken.steps_open_max <= 2 * width + 3, "{width}: {taken:?}");
        assert!(
            taken.records_per_input_max <= 260,
            "an input writes no more than it may: {taken:?}"
        );
        assert!(taken.records <= 8 * ITEMS, "{width}: {taken:?}");
        assert!(taken.fuel <= 2 * ITEMS as u64, "no item looks at the others: {taken:?}");
        let left = (instance.steps.len(), instance.undo.len(), instance.timers.len());
        assert_eq!(left, (1, 0, 0), "of steps the workflow itself is left behind");
    }
}
