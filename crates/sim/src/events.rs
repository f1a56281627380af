//! Events: what clients publish and instances emit, who has to get it, and that nobody gets it twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motet_engine::event::{Event as CloudEvent, EventKey};
use motet_engine::{Fact, Instance, Record};
use motet_expr::{Value as Json, json};
use motet_runtime::shard::Input;
use motet_store::{Commit, RowChange, Value};
use motet_types::{InstanceId, Timestamp};

use crate::check::{Check, Checked, ensure};
use crate::clients::Action;
use crate::definitions::{NAMESPACE, TICK};
use crate::tables;
use crate::world::{Event, HORIZON, World};

/// Events that a waiting instance is sent in each round in which people look after what is left.
const PER_ROUND: usize = 3;

/// Events that one listen wants at most.
const WANTED_MAX: usize = 2;

/// An event that has to reach whoever waits for it.
struct Owed {
    kind: String,
    n: u64,
}

/// What is known of events.
#[derive(Default)]
pub(crate) struct Events {
    /// What clients publish, by number: the number that it is correlated by.
    published: Vec<u64>,
    /// Events that have to reach whoever waits for them: acknowledged, or emitted.
    owed: BTreeMap<EventKey, Owed>,
    /// How many that clients publish are not acknowledged, by the number that they are correlated by.
    on_the_way: BTreeMap<u64, usize>,
    /// Keys whose rows are durable.
    durable: BTreeSet<EventKey>,
}

impl World {
    /// Somebody publishes something for an order, now or later, perhaps more than once.
    pub(crate) fn plan_events(&mut self, orders: usize, horizon: u64) {
        for _ in 0..self.random.between(5, 15) {
            let n = self.random.below(orders as u64);
            let event = self.new_event(n);
            for _ in 0..if self.random.percent(40) { 2 } else { 1 } {
                let after = self.random.between(100_000, horizon);
                self.plan(after, Event::Client(Action::Tick(event)));
            }
        }
    }

    fn new_event(&mut self, n: u64) -> usize {
        self.clients.events.published.push(n);
        *self.clients.events.on_the_way.entry(n).or_default() += 1;
        self.clients.events.published.len() - 1
    }

    pub(crate) fn tick(&mut self, event: usize) -> Input {
        let event = Arc::new(cloud_event(event, self.clients.events.published[event]));
        let namespace = NAMESPACE.parse().expect("a label");
        Input::Publish { namespace, event, reply: self.responder() }
    }

    /// An event was acknowledged: it is durable, and whoever waits has to get it.
    pub(crate) fn ticked(&mut self, number: usize, duplicate: bool) -> Checked {
        let events = &mut self.clients.events;
        let n = events.published[number];
        let key = cloud_event(number, n).key();
        self.summary.events += 1;
        self.summary.events_repeated += u64::from(duplicate);
        let is_durable = events.durable.contains(&key);
        if events.owed.insert(key, Owed { kind: TICK.to_owned(), n }).is_none() {
            let count = events.on_the_way.entry(n).or_default();
            *count = count.saturating_sub(1);
        }
        ensure(is_durable, Check::EffectBeforeDurable, "an event that is durable", || {
            format!("event {number} is acknowledged, and its row is not durable")
        })
    }

    /// Notes the rows of events that a commit makes durable.
    pub(crate) fn note_event_rows(&mut self, commit: &Commit) {
        let table = tables::named("event").id;
        for change in &commit.rows {
            if let RowChange::Put { table: of, row } = change
                && *of == table
            {
                self.clients.events.durable.extend(key_of(&row[4]));
            }
        }
    }

    /// No event is lost or there twice.
    pub(crate) fn compare_events(&mut self) -> Checked {
        let mut seen = BTreeSet::new();
        for row in self.shadow.rows("event") {
            let Some(key) = key_of(&row[4]) else { continue };
            let is_new = seen.insert((row[1].clone(), key));
            ensure(is_new, Check::EventTwiceOrLost, "one row of an event at its topic", || {
                format!("{key:?} is there twice at {:?}", row[1])
            })?;
        }
        let keys: BTreeSet<EventKey> = seen.into_iter().map(|(_, key)| key).collect();
        let lost = self.clients.events.durable.difference(&keys).next();
        ensure(lost.is_none(), Check::EventTwiceOrLost, "every durable event", || {
            format!("{lost:?} is gone")
        })?;
        self.clients.events.durable.extend(keys);
        Ok(())
    }

    /// Whoever waits has every event that it has to get; `true` if somebody waits at all, who then gets fresh ones.
    pub(crate) fn check_listens(&mut self) -> Checked<bool> {
        let open = self.shadow.instances.values().map(|known| &known.state);
        let waiting: Vec<(InstanceId, u64)> = open
            .filter(|state| waits(state))
            .filter_map(|state| Some((state.id, n(state)?)))
            .collect();
        for (id, wanted) in &waiting {
            let state = &self.shadow.instances[id].state;
            let listens = |kind: &str| {
                let open = state.steps.keys().filter_map(|step| state.listen(*step));
                let mut topics = open.filter(|it| it.is_waiting()).flat_map(|it| &it.terms.topics);
                topics.any(|topic| topic.kind.as_deref() == Some(kind))
            };
            let owed = self.clients.events.owed.iter();
            let owed = owed.filter(|(_, owed)| owed.n == *wanted && listens(&owed.kind));
            let taken = state.events.as_ref().map(|events| &events.taken);
            for (key, _) in owed.filter(|_| looks_back(state)) {
                let has = taken.is_some_and(|taken| taken.contains_key(key));
                ensure(has, Check::EventTwiceOrLost, "events that reach who waits", || {
                    format!("{id} waits for {wanted} and never got {key:?}: {:?}", state.steps)
                })?;
            }
        }
        for (_, wanted) in &waiting {
            for _ in 0..PER_ROUND {
                let event = self.new_event(*wanted);
                self.plan_tick(event, 1);
            }
        }
        Ok(!waiting.is_empty())
    }

    /// What the durable records of an instance say of events: who emits, takes and waits for them.
    pub(crate) fn note_event_records(&mut self, id: InstanceId, records: &[Record]) {
        for record in records {
            match &record.fact {
                Fact::Emitted { event } => {
                    let number = json::get(event.value(), "data").and_then(number_of);
                    let kind = event.kind().to_owned();
                    let owed = number.map(|n| (event.key(), Owed { kind, n }));
                    self.clients.events.owed.extend(owed);
                }
                Fact::Consumed { .. } => self.summary.events_taken += 1,
                Fact::Listening { .. } => self.tell_listener(id),
                _ => {}
            }
        }
    }

    /// Somebody waits for events: mostly there are some soon, in the end for certain. What waits for a limited time only
    /// would otherwise begin, wait in vain and begin again for ever.
    fn tell_listener(&mut self, id: InstanceId) {
        let Some(state) = self.shadow.instances.get(&id).map(|known| &known.state) else { return };
        let Some(n) = n(state) else { return };
        let slowest = match self.services.calm {
            true => 500_000,
            false if self.now < HORIZON && self.random.percent(60) => 8_000_000,
            false => return,
        };
        let known = self.clients.events.on_the_way.get(&n).copied().unwrap_or(0);
        let free = self.clients.events.free(state, n).take(WANTED_MAX).count();
        let free = if looks_back(state) { free } else { 0 };
        for _ in known + free..WANTED_MAX {
            let event = self.new_event(n);
            let after = self.random.between(1, slowest);
            self.plan_tick(event, after);
        }
    }

    fn plan_tick(&mut self, event: usize, after: u64) {
        self.clients.left += 1;
        self.plan(after, Event::Client(Action::Tick(event)));
    }
}

impl Events {
    /// An event has to reach whoever waits for it.
    pub(crate) fn owe(&mut self, key: EventKey, n: u64) {
        self.owed.entry(key).or_insert_with(|| Owed { kind: TICK.to_owned(), n });
    }

    /// Published events for an instance that it has not taken: a listen that comes late finds them.
    fn free<'e>(&'e self, state: &'e Instance, n: u64) -> impl Iterator<Item = EventKey> + 'e {
        let taken = state.events.as_ref().map(|events| &events.taken);
        let fits = move |owed: &Owed| owed.n == n && owed.kind == TICK;
        let owed = self.owed.iter().filter(move |(_, owed)| fits(owed)).map(|(key, _)| *key);
        owed.filter(move |key| !taken.is_some_and(|taken| taken.contains_key(key)))
    }
}

fn waits(state: &Instance) -> bool {
    let is_waiting = |id: &motet_types::StepId| {
        state.listen(*id).is_some_and(motet_engine::listen::Listen::is_waiting)
    };
    state.end.is_none() && state.steps.keys().any(is_waiting)
}

/// Whether an instance remembers every event that it has taken; one that does not looks back less far.
fn looks_back(state: &Instance) -> bool {
    state.events.as_ref().is_none_or(|events| events.floor == Timestamp::default())
}

/// The number that the instance's events are correlated by.
fn n(state: &Instance) -> Option<u64> {
    number_of(&state.start.input)
}

fn number_of(value: &Json) -> Option<u64> {
    json::to_text(json::get(value, "n")?).parse().ok()
}

fn cloud_event(number: usize, n: u64) -> CloudEvent {
    made(&format!("e{number}"), "/clients", TICK, n)
}

/// An event whose data are a number.
pub(crate) fn made(id: &str, source: &str, kind: &str, n: u64) -> CloudEvent {
    let text = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"{kind}","data":{{"n":{n}}}}}"#
    );
    let value = json::parse(text.as_bytes(), json::Limits::default()).expect("it is JSON");
    CloudEvent::parse(value).expect("it is a CloudEvent")
}

pub(crate) fn key_of(value: &Value) -> Option<EventKey> {
    match value {
        Value::Blob(key) => key.as_ref().try_into().ok().map(EventKey),
        _ => None,
    }
}
