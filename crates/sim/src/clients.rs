//! Clients of the API: what they ask, how often they repeat it, and what they were promised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use motet_engine::CatalogInput;
use motet_expr::json;
use motet_runtime::shard::{CatalogCommand, Input, Reply, Responder};
use motet_runtime::{Command, Error, StartRequest};
use motet_store::Position;
use motet_types::InstanceId;

use crate::check::Checked;
use crate::definitions::{self, LEAVES, LONG, POOL, definition};
use crate::events::Events;
use crate::random::Random;
use crate::schedules::Order;
use crate::shards;
use crate::world::{Event, HORIZON, World};

/// Starts that every seed makes.
const ORDERS_MIN: u64 = 20;
const ORDERS_MAX: u64 = 21;
/// Of them, those of a definition that begins with a call.
const CALLERS_MIN: usize = 4;
/// Of them, those of a workflow with concurrency keys, and of one with versions, where a seed has one.
const KEYED_ORDERS: usize = 8;
const VERSIONED_ORDERS: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Publish(usize),
    /// Start what the order asks for, perhaps again.
    Start(usize),
    /// The order's key with another body.
    StartOther(usize),
    /// A command to this instance, or to any.
    Steer(Steer, Option<InstanceId>),
    Read,
    /// Publish this event, perhaps again.
    Tick(usize),
    /// The same for one that starts instances.
    Ring(usize),
    /// Let the tag name this version.
    Tag(usize),
    Schedule(Order),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steer {
    Cancel,
    Suspend,
    Resume,
    Retry,
}

pub(crate) struct Clients {
    /// Definitions that this seed uses, children first.
    definitions: Vec<usize>,
    pub(crate) published: BTreeSet<usize>,
    pub(crate) orders: Vec<Ordered>,
    pub(crate) requests: Vec<Request>,
    pub(crate) replies: Replies,
    /// Planned actions that have not been carried out.
    pub(crate) left: usize,
    /// Most records that an answer about an instance has shown.
    pub(crate) promised: BTreeMap<InstanceId, u64>,
    /// Suspensions that were acknowledged.
    pub(crate) suspended: BTreeMap<InstanceId, u64>,
    pub(crate) cancelled: BTreeSet<InstanceId>,
    pub(crate) events: Events,
}

pub(crate) type Replies = Arc<Mutex<Vec<(usize, Result<Reply, Error>, Position)>>>;

/// A start that some client wants.
pub(crate) struct Ordered {
    pub(crate) definition: usize,
    pub(crate) key: Option<String>,
    wait: Duration,
    pub(crate) instance: Option<InstanceId>,
    /// Whether an answer said that this start made it.
    pub(crate) is_created: bool,
    /// Another body was taken under the key when its time was over.
    pub(crate) is_taken: bool,
    /// Refused for good: another instance holds its concurrency key.
    pub(crate) is_turned_away: bool,
}

impl Ordered {
    fn is_answered(&self) -> bool {
        self.instance.is_some() || self.is_turned_away
    }
}

pub(crate) struct Request {
    life: u32,
    /// When it was made, in virtual time.
    pub(crate) asked: u64,
    pub(crate) action: Action,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) is_answered: bool,
}

impl Clients {
    /// `are_long`: some of the instances have long histories. `more`: a workflow with a schedule, one with keys, and the first
    /// version of one.
    pub(crate) fn new(random: &mut Random, are_long: bool, more: [Option<usize>; 3]) -> Self {
        let mut definitions = Vec::new();
        let mut chosen: Vec<usize> = (0..random.between(3, 6))
            .map(|idx| match idx {
                0 | 1 => random.below(LEAVES as u64) as usize,
                2 => definitions::that_runs_first(random),
                _ => random.between(LEAVES as u64, POOL as u64) as usize,
            })
            .collect();
        // Every seed has calls whose outcomes are late, lost and doubled.
        let caller = definitions::that_calls(random);
        chosen.push(caller);
        chosen.extend(are_long.then_some(LONG));
        for number in &chosen {
            definitions.extend(definition(*number).children.iter().copied());
            definitions.push(*number);
        }
        let mut seen = BTreeSet::new();
        definitions.retain(|number| seen.insert(*number));
        let mut orders = (0..random.between(ORDERS_MIN, ORDERS_MAX))
            .map(|_| Ordered {
                definition: *random.pick(&chosen),
                key: None,
                wait: Duration::from_secs(*random.pick(&[0, 0, 2, 30])),
                instance: None,
                is_created: false,
                is_taken: false,
                is_turned_away: false,
            })
            .collect::<Vec<_>>();
        for order in orders.iter_mut().take(CALLERS_MIN) {
            order.definition = caller;
        }
        let [_, keyed, versioned] = more;
        if let Some(keyed) = keyed {
            orders.iter_mut().rev().take(KEYED_ORDERS).for_each(|order| order.definition = keyed);
        }
        if let Some(first) = versioned {
            let chosen = orders.iter_mut().skip(CALLERS_MIN).take(VERSIONED_ORDERS);
            chosen.for_each(|order| order.definition = first);
        }
        definitions.extend(more.into_iter().flatten());
        for (number, order) in orders.iter_mut().enumerate() {
            let has_key = random.percent(70);
            order.key = has_key.then(|| shards::key(order.definition, number as u64));
        }
        Self {
            definitions,
            published: BTreeSet::new(),
            orders,
            requests: Vec::new(),
            replies: Arc::default(),
            left: 0,
            promised: BTreeMap::new(),
            suspended: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            events: Events::default(),
        }
    }

    /// Actions left, and orders without an answer.
    pub(crate) fn unserved(&self) -> (usize, Vec<usize>) {
        let orders = self.orders.iter().enumerate();
        let waiting = orders.filter(|(_, order)| !order.is_answered());
        (self.left, waiting.map(|(number, _)| number).collect())
    }

    /// Whether everything planned was done and every start was acknowledged.
    pub(crate) fn are_served(&self) -> bool {
        self.left == 0 && self.orders.iter().all(Ordered::is_answered)
    }
}

impl World {
    pub(crate) fn plan_clients(&mut self) {
        for number in self.clients.definitions.clone() {
            self.plan(1_000, Event::Client(Action::Publish(number)));
        }
        for order in 0..self.clients.orders.len() {
            self.plan_action(100_000, HORIZON * 4 / 5, Action::Start(order));
            if self.clients.orders[order].key.is_none() {
                continue;
            }
            if self.random.percent(25) {
                self.plan_action(100_000, HORIZON, Action::Start(order));
            }
            if self.random.percent(10) {
                self.plan_action(HORIZON / 2, HORIZON, Action::StartOther(order));
            }
        }
        for _ in 0..self.random.between(8, 16) {
            let steer = match self.random.below(10) {
                0..2 => Steer::Cancel,
                2..5 => Steer::Suspend,
                5..8 => Steer::Resume,
                _ => Steer::Retry,
            };
            self.plan_action(1_000_000, HORIZON, Action::Steer(steer, None));
        }
        for _ in 0..self.random.between(4, 10) {
            self.plan_action(1_000_000, HORIZON, Action::Read);
        }
        let orders = self.clients.orders.len();
        self.plan_events(orders, HORIZON);
        self.clients.left = self.actions_planned();
    }

    fn plan_action(&mut self, from: u64, to: u64, action: Action) {
        let after = self.random.between(from, to);
        self.plan(after, Event::Client(action));
    }

    /// Nothing happens although a fault has not struck yet: somebody starts something.
    pub(crate) fn provoke(&mut self) {
        // Preferably something that sends messages, whose receivers fail meanwhile.
        let chosen = &self.clients.definitions;
        let sends = |number: &&usize| definition(**number).runs_first.is_some();
        let definition = *chosen.iter().find(sends).unwrap_or(&chosen[0]);
        let key = Some(shards::key(definition, self.clients.orders.len() as u64));
        let ordered = Ordered {
            definition,
            key,
            wait: Duration::ZERO,
            instance: None,
            is_created: false,
            is_taken: false,
            is_turned_away: false,
        };
        self.clients.orders.push(ordered);
        let order = self.clients.orders.len() - 1;
        self.clients.left += 1;
        self.plan(1, Event::Client(Action::Start(order)));
    }

    pub(crate) fn act(&mut self, action: Action) -> Checked {
        self.clients.left = self.clients.left.saturating_sub(1);
        if self.server.is_none() {
            self.again(action);
            return Ok(());
        }
        let Some((input, instance)) = self.input_of(action) else { return Ok(()) };
        self.tell(|| {
            format!("client: {action:?} {}", instance.map_or(String::new(), |id| id.to_string()))
        });
        let (life, asked, is_answered) = (self.life, self.now, false);
        self.clients.requests.push(Request { life, asked, action, instance, is_answered });
        self.feed(input)
    }

    fn input_of(&mut self, action: Action) -> Option<(Input, Option<InstanceId>)> {
        let reply = self.responder();
        match action {
            Action::Publish(number) => {
                let definition = definition(number);
                let graph = definition.graph.clone();
                let input = CatalogInput::Publish {
                    definition: graph.definition.clone(),
                    digest: graph.digest,
                    source: definition.source.clone(),
                };
                let actor = self.actor();
                let command = Box::new(CatalogCommand { input, graph: Some(graph), actor });
                Some((Input::Catalog { command, reply }, None))
            }
            Action::Start(order) => {
                let request = Box::new(self.request(order, order as u64));
                let random = self.seed_of_id(order);
                Some((Input::Start { request, random, reply }, None))
            }
            Action::StartOther(order) => {
                self.clients.orders[order].instance?;
                let request = Box::new(self.request(order, 1_000_000));
                Some((Input::Start { request, random: self.random.next(), reply }, None))
            }
            Action::Steer(steer, id) => {
                let id = id.or_else(|| self.any_instance())?;
                let reason = Some("on purpose".to_owned());
                let command = match steer {
                    Steer::Cancel => Command::Cancel { reason, force: true, without_undo: false },
                    Steer::Suspend => Command::Suspend { reason },
                    Steer::Resume => Command::Resume,
                    Steer::Retry => Command::Retry,
                };
                Some((Input::Command { id, command, actor: self.actor(), reply }, Some(id)))
            }
            Action::Tick(event) => Some((self.tick(event), None)),
            Action::Ring(number) => Some((self.ring(number), None)),
            Action::Tag(version) => Some((self.tag(version), None)),
            Action::Schedule(order) => Some((self.order_schedule(order)?, None)),
            Action::Read => {
                let id = self.any_instance()?;
                let wait = Duration::from_secs(self.random.below(10));
                let until = self.random.percent(50).then(|| self.clock().saturating_add(wait));
                Some((Input::Read { id, until, reply }, Some(id)))
            }
        }
    }

    /// The free bits of the instance's id. The shard of its first child follows from them.
    fn seed_of_id(&mut self, order: usize) -> u64 {
        let (now, seed) = (self.clock(), self.random.next());
        let ordered = &self.clients.orders[order];
        match (&ordered.key, definition(ordered.definition).runs_first) {
            (Some(key), Some(child)) => shards::seed(now, ordered.definition, key, child, seed),
            _ => seed,
        }
    }

    pub(crate) fn responder(&self) -> Responder {
        let (number, replies) = (self.clients.requests.len(), self.clients.replies.clone());
        Box::new(move |result, position| {
            replies.lock().expect("nobody panics with it").push((number, result, position));
        })
    }

    fn request(&self, order: usize, n: u64) -> StartRequest {
        let ordered = &self.clients.orders[order];
        let n = json::parse(n.to_string().as_bytes(), json::Limits::default());
        let input = json::object([("n", n.expect("a number is JSON"))]);
        StartRequest {
            workflow: definition(ordered.definition).graph.definition.workflow.clone(),
            version: None,
            input,
            key: ordered.key.clone(),
            wait: ordered.wait,
            actor: None,
        }
    }

    /// Somebody who knows an instance knows it from an answer, or from a list.
    fn any_instance(&mut self) -> Option<InstanceId> {
        let count = self.shadow.instances.len() as u64;
        if count == 0 {
            return None;
        }
        let place = self.random.below(count) as usize;
        self.shadow.instances.keys().nth(place).copied()
    }

    /// The client asks again later.
    fn again(&mut self, action: Action) {
        self.clients.left += 1;
        let after = self.random.between(20_000, 1_500_000);
        self.plan(after, Event::Client(action));
    }

    /// Who asked a server that is gone gets no answer, and asks again if that is safe.
    pub(crate) fn requests_lost(&mut self) {
        self.clients.replies.lock().expect("nobody panics with it").clear();
        self.tags_lost();
        let life = self.life;
        let lost = self.clients.requests.iter_mut().filter(|it| !it.is_answered && it.life < life);
        let actions: Vec<Action> = lost
            .map(|request| {
                request.is_answered = true;
                request.action
            })
            .collect();
        for action in actions {
            self.summary.replies_lost += 1;
            self.unanswered(action);
        }
    }

    pub(crate) fn unanswered(&mut self, action: Action) {
        match action {
            Action::Publish(number) if !self.clients.published.contains(&number) => {
                self.again(action);
            }
            Action::Start(order) if !self.clients.orders[order].is_answered() => {
                self.again(action);
            }
            Action::Tick(_)
            | Action::Ring(_)
            | Action::Schedule(Order::Pause | Order::Resume | Order::Stop) => {
                self.again(action);
            }
            _ => {}
        }
    }
}
