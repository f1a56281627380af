//! What one step of a topic writes is bounded, and nothing of it is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use motet_expr::json;
use motet_types::{Label, ShardId};

use super::*;
use crate::event::EventFilter;

const BIG: usize = 1 << 20;

fn limits(step_records_max: usize, step_bytes_max: usize) -> Limits {
    Limits { step_records_max, step_bytes_max, ..Limits::default() }
}

fn topic() -> Topic {
    let namespace: Label = "test".parse().expect("a label");
    Topic::new(TopicId { namespace, kind: Some("a".to_owned()) })
}

fn event(number: u64) -> Arc<Event> {
    let text = format!(r#"{{"specversion":"1.0","id":"e{number}","source":"/s","type":"a"}}"#);
    let value = json::parse(text.as_bytes(), json::Limits::default()).expect("it is JSON");
    Arc::new(Event::parse(value).expect("it is a CloudEvent"))
}

/// A listen for every event of the topic.
fn listen(number: u64) -> Input {
    Input::Subscribe { subscription: Arc::new(subscription(number, Vec::new())) }
}

/// The same for one whose instance has taken these events.
fn subscription(number: u64, taken: Vec<EventKey>) -> Subscription {
    let filter = EventFilter { with: Vec::new(), correlate: Vec::new() };
    Subscription {
        instance: InstanceId::new(Timestamp::default(), ShardId(0), number),
        step: StepId(1),
        filters: vec![(Timestamp::default(), Arc::new(filter))],
        once: false,
        taken,
    }
}

/// Feeds an input and lets the topic go on with it: the deliveries of each step.
fn feed(topic: &mut Topic, limits: &Limits, input: Input) -> Vec<Vec<(Listener, u64)>> {
    let ctx = Context { now: Timestamp::default(), limits };
    let mut steps = Vec::new();
    let mut next = Some(input);
    while let Some(input) = next.take() {
        let records = topic.step(&ctx, input).expect("it goes on with nothing else");
        let delivered = records.iter().filter_map(|record| match record {
            Record::Delivered { delivery, .. } => Some((delivery.to, delivery.sequence)),
            _ => None,
        });
        steps.push(delivered.collect());
        next = topic.has_work().then_some(Input::Continue);
    }
    steps
}

#[test]
fn one_event_for_many_listens_takes_as_many_steps_as_it_needs() {
    for (records_max, bytes_max, expected) in [
        (256, BIG, vec![10]),
        (4, BIG, vec![4, 4, 2]),
        (1, BIG, vec![1; 10]),
        (256, 1, vec![1; 10]),
    ] {
        let (mut topic, limits) = (topic(), limits(records_max, bytes_max));
        for number in 0..10 {
            feed(&mut topic, &limits, listen(number));
        }
        let publish = Input::Publish { event: event(0), received: None };
        let steps = feed(&mut topic, &limits, publish);
        let counts: Vec<usize> = steps.iter().map(Vec::len).collect();
        assert_eq!(counts, expected, "{records_max} records, {bytes_max} bytes");
        let all: BTreeSet<_> = steps.concat().into_iter().collect();
        assert_eq!(all.len(), 10, "each listen has it once");
    }
}

#[test]
fn many_events_for_one_listen_take_as_many_steps_as_they_need() {
    let (mut topic, limits) = (topic(), limits(3, BIG));
    for number in 0..7 {
        feed(&mut topic, &limits, Input::Publish { event: event(number), received: None });
    }
    let steps = feed(&mut topic, &limits, listen(0));
    let sequences: Vec<Vec<u64>> =
        steps.iter().map(|step| step.iter().map(|(_, sequence)| *sequence).collect()).collect();
    assert_eq!(sequences, [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
}

#[test]
fn what_is_too_old_goes_a_little_at_a_time() {
    for (records_max, bytes_max, most) in [(256, BIG, 40), (6, BIG, 6), (1, BIG, 2), (256, 1, 2)] {
        let (mut topic, limits) = (topic(), limits(records_max, bytes_max));
        for number in 0..20 {
            feed(&mut topic, &limits, Input::Publish { event: event(number), received: None });
        }
        let now = Timestamp::default().saturating_add(limits.event_window + Duration::from_secs(1));
        let mut counts = Vec::new();
        while !topic.is_empty() {
            let ctx = Context { now, limits: &limits };
            let records = topic.step(&ctx, Input::Expire).expect("it gives nothing out");
            counts.push(records.len());
        }
        assert_eq!(counts.iter().sum::<usize>(), 40, "each event fades and is forgotten");
        assert_eq!(counts.iter().max(), Some(&most), "{records_max} records, {bytes_max} bytes");
    }
}

#[test]
fn what_an_instance_has_taken_is_not_sent_to_its_later_listens() {
    let (mut topic, limits) = (topic(), limits(2, BIG));
    for number in 1..=7 {
        feed(&mut topic, &limits, Input::Publish { event: event(number), received: None });
    }
    let taken = [1, 4, 5].map(|number| event(number).key()).to_vec();
    let subscription = subscription(0, taken.clone());
    let listener = (subscription.instance, subscription.step);
    let input = Input::Subscribe { subscription: Arc::new(subscription.clone()) };
    let steps = feed(&mut topic, &limits, input);
    let sequences = |steps: Vec<Vec<(Listener, u64)>>| -> Vec<u64> {
        steps.concat().into_iter().map(|(_, sequence)| sequence).collect()
    };
    assert_eq!(sequences(steps), [2, 3, 6, 7]);

    // A topic that is read again in the middle of it goes on in the same way.
    let mut again = Topic::new(topic.id.clone());
    for (sequence, kept) in topic.events().collect::<BTreeMap<_, _>>() {
        again.load_event(sequence, kept.received, kept.event.clone());
    }
    again.load_subscription(&subscription, 8);
    let ctx = Context { now: Timestamp::default(), limits: &limits };
    let source = Source::Listener(listener.0, listener.1);
    again.load_giving(&ctx, source, (listener, 3), &taken);
    assert_eq!(sequences(feed(&mut again, &limits, Input::Continue)), [6, 7]);
}
