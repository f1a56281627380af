//! One of everything that has to do with events.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use motet_definition::graph::ReadAs;
use motet_engine::event::{Correlation, Event, EventFilter, EventKey, Test, TopicId};
use motet_engine::listen::{Events, Listen, Mail, Match, Role, Subscription, Taken, Terms};
use motet_engine::{Activity, Fact, Input, Instance, Record, Step, Work};
use motet_types::{InstanceId, ShardId, StepId, TaskId};

use super::samples::{at, instance as plain_instance, json};
use crate::Message;

pub(super) fn event() -> Arc<Event> {
    let value = json(
        r#"{"specversion":"1.0","id":"e-1","source":"https://shop.example/orders","type":"order.paid",
            "time":"2026-01-31T12:00:00Z","subject":"o-1","flag":true,"rank":7,"data":{"amount":1.10}}"#,
    );
    Arc::new(Event::parse(value).unwrap())
}

fn topic(kind: Option<&str>) -> TopicId {
    TopicId { namespace: "shop".parse().unwrap(), kind: kind.map(str::to_owned) }
}

fn instance_id() -> InstanceId {
    InstanceId::new(at(0), ShardId(7), 77)
}

fn filter() -> Arc<EventFilter> {
    let variables = vec![("input".to_owned(), json("{\"least\":1.0}"))];
    Arc::new(EventFilter {
        with: vec![
            ("type".to_owned(), Test::Equal(json("\"order.paid\""))),
            (
                "data".to_owned(),
                Test::Holds {
                    source: ".amount > $input.least".into(),
                    variables: variables.clone(),
                },
            ),
        ],
        correlate: vec![
            Correlation {
                name: "order".to_owned(),
                from: ".subject".into(),
                variables,
                expect: Some(json("\"o-1\"")),
            },
            Correlation {
                name: String::new(),
                from: ".[\"rank\"]".into(),
                variables: Vec::new(),
                expect: None,
            },
        ],
    })
}

fn terms(read: ReadAs) -> Arc<Terms> {
    Arc::new(Terms {
        topics: vec![topic(Some("order.paid")), topic(None)],
        filters: vec![(at(3), filter())],
        read,
        once: true,
    })
}

pub(super) fn subscription() -> Arc<Subscription> {
    Arc::new(Subscription {
        instance: instance_id(),
        step: StepId(4),
        filters: vec![(at(3), filter()), (at(4), filter())],
        once: true,
        taken: vec![EventKey([9; 16]), EventKey([7; 16])],
    })
}

pub(super) fn records() -> Vec<Record> {
    let consumed = |role, mailed| Fact::Consumed {
        event: event(),
        received: at(5),
        filters: vec![0, 2],
        keys: BTreeMap::from([("order".to_owned(), json("\"o-1\""))]),
        role,
        mailed,
        closes: !mailed,
    };
    let listening = |read, floor| Fact::Listening { terms: terms(read), floor };
    let facts = vec![
        Fact::Emitted { event: event() },
        listening(ReadAs::Data, None),
        listening(ReadAs::Envelope, Some(at(1))),
        listening(ReadAs::Raw, None),
        consumed(Role::Output, false),
        consumed(Role::Queue, true),
        consumed(Role::Mark, false),
        Fact::Handling { first: TaskId(3) },
        Fact::Handled { output: json("[1]"), context: Some(json("{}")), closes: true },
        Fact::Handled { output: json("null"), context: None, closes: false },
        Fact::Unsubscribed,
        Fact::Received { event: event() },
    ];
    let record = |(idx, fact)| Record {
        at: at(idx as i64 * 10),
        step: StepId(idx as u32),
        task: Some(TaskId(2)),
        actor: None,
        fact,
    };
    facts.into_iter().enumerate().map(record).collect()
}

pub(super) fn instance() -> Instance {
    let mut instance = plain_instance();
    let listen = Listen {
        terms: terms(ReadAs::Envelope),
        is_subscribed: true,
        is_closed: true,
        satisfied: BTreeSet::from([0]),
        keys: BTreeMap::from([("order".to_owned(), json("7"))]),
        queue: VecDeque::from([(EventKey([9; 16]), json("{\"waits\":true}"))]),
        current: Some(json("[2]")),
        is_handled: true,
        outputs: vec![json("1"), json("null")],
        taken: 4,
    };
    let listens = |step: &mut Step| step.activity = Activity::Listen(Box::new(listen));
    instance.steps.change(StepId(7), listens).expect("the samples have this step");
    instance.work.push_back(Work::Listen { step: StepId(7) });
    let taken = Taken { received: at(5), steps_activated: 9, by: vec![StepId(7), StepId(8)] };
    instance.events = Some(Box::new(Events {
        taken: BTreeMap::from([(event().key(), taken)]),
        floor: at(2),
        mail: vec![Mail { received: at(6), event: event() }],
    }));
    instance
}

pub(super) fn messages() -> Vec<Message> {
    let (instance, step) = (instance_id(), StepId(4));
    vec![
        Message::Publish { topic: topic(Some("order.paid")), event: event() },
        Message::Forward { topic: topic(None), event: event(), received: at(5) },
        Message::Subscribe { topic: topic(None), subscription: subscription() },
        Message::Unsubscribe { topic: topic(Some("order.paid")), instance, step },
        Message::Found {
            instance,
            step,
            event: event(),
            received: at(5),
            matches: vec![Match { filter: 1, values: vec![json("\"o-1\""), json("7")] }],
        },
        Message::NotListening { instance, step, reason: "subscriptions_max is 1".to_owned() },
    ]
}

pub(super) fn inputs() -> Vec<Input> {
    let step = StepId(4);
    vec![
        Input::Found {
            step,
            event: event(),
            received: at(5),
            matches: vec![Match { filter: 0, values: Vec::new() }],
        },
        Input::NotListening { step, reason: "too many".to_owned() },
        Input::Mail { event: event() },
    ]
}
