//! Calls in flight: a gate, and a queue before it that holds ids, not requests.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use motet_engine::{self as engine, Effect, Outcome, Request};
use motet_policy::governor::Wait;
use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use super::parking::PARKED_AFTER;
use super::services::{LineKey, Place, Routed, Turn};
use super::slots::{Slot, Task};
use super::{Call, Machine, Output};

/// How long an instance rests whose commits were refused.
const REST: Duration = Duration::from_secs(1);

/// Calls that pass the gate before it is the turn of those who wait for services.
const QUEUED_AT_ONCE_MAX: usize = 32;

/// Instances that recovery loads at the same time.
const RESUMING_MAX: usize = 512;

/// What becomes of a call that is taken back before it is sent once more.
const MAYBE_SENT: &str = "it may have been sent before the server stopped; it was not sent again";

pub(super) struct Dispatch {
    /// Calls that have left and whose outcome has not come.
    pub(super) in_flight: BTreeSet<CallId>,
    in_flight_max: usize,
    /// Calls that wait to be sent in this life of the server.
    pub(super) unsent: BTreeMap<CallId, Unsent>,
    /// Calls sent again whose doubt is not durable yet.
    pub(super) doubted: BTreeSet<CallId>,
    /// Calls that began to wait, in that order, until it is time to park them.
    pub(super) patient: VecDeque<(Timestamp, CallId)>,
    /// When calls may be parked again.
    pub(super) parks_at: Timestamp,
    /// Parked calls with a place among those in flight, which leave as soon as that they are released is durable.
    pub(super) releasing: BTreeSet<CallId>,
    /// Calls that wait for the gate, by rank, then by arrival. An entry that is not among the unsent any more means nothing.
    queue: BinaryHeap<Reverse<Waiting>>,
    arrivals: u64,
    /// Instances whose calls in flight are to be sent again.
    resuming: VecDeque<InstanceId>,
    /// Those of them that are being loaded.
    loading: BTreeSet<InstanceId>,
    pub(super) resting: BTreeSet<(Timestamp, InstanceId)>,
}

/// By how much a call stands behind an undo that begins to wait at the same time: what has begun is brought to its end before
/// something new begins, and yet, as every call grows older, none waits for ever.
const BEGUN_BEHIND: Duration = Duration::from_secs(5);
const NEW_BEHIND: Duration = Duration::from_secs(10);

pub(super) type CallId = (InstanceId, StepId, Attempt);

/// What is known of a call that waits to be sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsent {
    /// Whether an earlier try may have left.
    pub(super) sent: bool,
    /// Whether it has left before in this life, and its service was away.
    pub(super) again: bool,
    /// Since when it waits for its service, over all its tries.
    pub(super) since: Option<Timestamp>,
    /// Where it stands, if it waits for a service.
    pub(super) place: Option<Place>,
    /// It has come to the head of its line, and leaves as soon as its instance is back.
    pub(super) is_called_up: bool,
}

/// What became of a call whose turn it was.
#[must_use = "a call that has to wait stands in a line"]
pub(super) enum CalledUp {
    /// It leaves, or nobody wants that any more.
    Gone,
    /// It leaves when its instance is back.
    Absent,
    /// It has to wait for its service.
    Waits(LineKey, Wait),
}

/// Rank, arrival, and which call: at most 64 bytes, so that a hundred thousand may wait.
type Waiting = (Timestamp, u64, InstanceId, StepId, Attempt);

/// When a call that begins to wait now would have begun to, were it an undo: the earliest leaves first.
fn rank(instance: &engine::Instance, step: StepId, now: Timestamp) -> Timestamp {
    now.saturating_add(match instance.has_completed_call {
        _ if instance.is_undo(step) => Duration::ZERO,
        true => BEGUN_BEHIND,
        false => NEW_BEHIND,
    })
}

impl Dispatch {
    pub(super) fn new(in_flight_max: usize) -> Self {
        Self {
            in_flight: BTreeSet::new(),
            in_flight_max,
            unsent: BTreeMap::new(),
            doubted: BTreeSet::new(),
            patient: VecDeque::new(),
            parks_at: Timestamp::default(),
            releasing: BTreeSet::new(),
            queue: BinaryHeap::new(),
            arrivals: 0,
            resuming: VecDeque::new(),
            loading: BTreeSet::new(),
            resting: BTreeSet::new(),
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.unsent.len() + self.resuming.len() + self.resting.len()
    }

    pub(super) fn settled(&mut self, id: InstanceId, step: StepId, attempt: Attempt) {
        self.in_flight.remove(&(id, step, attempt));
    }

    /// Everything that an instance has written is durable.
    pub(super) fn doubts_settled(&mut self, id: InstanceId) {
        let all = (id, StepId(0), Attempt(0))..=(id, StepId(u32::MAX), Attempt(u32::MAX));
        while let Some(call) = self.doubted.range(all.clone()).next().copied() {
            self.doubted.remove(&call);
        }
    }

    /// Which of an instance's calls are in doubt without a durable word of it.
    pub(super) fn doubted_of(&self, id: InstanceId, effects: &[Effect]) -> Vec<(StepId, Attempt)> {
        let doubted = |effect: &Effect| match effect {
            Effect::Call { step, attempt, .. } => {
                self.doubted.contains(&(id, *step, *attempt)).then_some((*step, *attempt))
            }
            _ => None,
        };
        effects.iter().filter_map(doubted).collect()
    }

    pub(super) fn can_go_on(&self) -> bool {
        let can_load = !self.resuming.is_empty() && self.loading.len() < RESUMING_MAX;
        self.has_room() && (can_load || !self.queue.is_empty())
    }

    pub(super) fn resume(&mut self, id: InstanceId) {
        self.resuming.push_back(id);
    }

    pub(super) fn resume_later(&mut self, now: Timestamp, id: InstanceId) {
        self.resting.insert((now.saturating_add(REST), id));
    }

    /// The load of an instance has come to its end.
    pub(super) fn loaded(&mut self, id: InstanceId) {
        self.loading.remove(&id);
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let parks = |(since, _): &(Timestamp, CallId)| {
            since.saturating_add(PARKED_AFTER).max(self.parks_at)
        };
        let rests = self.resting.first().map(|(due, _)| *due);
        rests.into_iter().chain(self.patient.front().map(parks)).min()
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight.len() + self.releasing.len() < self.in_flight_max
    }

    /// A call begins to wait: it is parked when that has lasted for a while.
    pub(super) fn wait(&mut self, now: Timestamp, call: CallId) {
        self.unsent.entry(call).or_default();
        self.patient.push_back((now, call));
    }

    /// Whether it waits, and is not about to leave.
    pub(super) fn waits(&self, call: &CallId) -> bool {
        self.unsent.contains_key(call) && !self.releasing.contains(call)
    }

    /// Whether it stands in the line of a service.
    pub(super) fn stands_in_line(&self, call: &CallId) -> bool {
        self.unsent.get(call).is_some_and(|unsent| unsent.place.is_some())
    }

    fn is_called_up(&self, call: &CallId) -> bool {
        self.unsent.get(call).is_some_and(|unsent| unsent.is_called_up)
    }

    fn enqueue(&mut self, now: Timestamp, rank: Timestamp, (id, step, attempt): CallId) {
        self.arrivals += 1;
        self.wait(now, (id, step, attempt));
        self.queue.push(Reverse((rank, self.arrivals, id, step, attempt)));
    }
}

impl Machine {
    /// Carries out an effect whose record is durable.
    pub(super) fn carry_out(&mut self, id: InstanceId, effect: Effect) {
        match effect {
            Effect::Call { step, attempt, key, request, .. } => {
                let call = (id, step, attempt);
                if self.dispatch.in_flight.contains(&call) {
                    return;
                }
                if self.dispatch.releasing.remove(&call) {
                    if self.slots.get(&id).is_some_and(|slot| slot.live().is_some()) {
                        return self.send(call, key, request);
                    }
                    self.lose_place(call);
                }
                self.ask_to_leave(call, key, request);
            }
            Effect::Withdraw { step, attempt } => self.withdraw((id, step, attempt)),
            // Messages to other shards were gathered with the commit.
            Effect::StartChild { .. }
            | Effect::CancelChild { .. }
            | Effect::TellParent { .. }
            | Effect::UndoChild { .. }
            | Effect::TellUndone { .. }
            | Effect::Publish { .. }
            | Effect::Subscribe { .. }
            | Effect::Unsubscribe { .. }
            | Effect::TellSchedule { .. } => {}
        }
    }

    /// A call wants to leave: now, or when there is room for it.
    fn ask_to_leave(&mut self, call: CallId, key: String, request: Arc<Request>) {
        if self.dispatch.stands_in_line(&call) {
            return;
        }
        let (id, step, attempt) = call;
        if let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.is_away()) {
            self.dispatch.unsent.entry(call).or_default();
            return slot.queue.push_back(Task::Dispatch { step, attempt });
        }
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else {
            self.dispatch.unsent.entry(call).or_default();
            return self.dispatch.resume(id);
        };
        let is_called_up = self.dispatch.is_called_up(&call);
        let is_busy = !self.dispatch.has_room() || !self.dispatch.queue.is_empty();
        if is_busy && !is_called_up {
            let rank = rank(instance, step, self.now);
            return self.dispatch.enqueue(self.now, rank, call);
        }
        let turn = if is_called_up { Turn::OfLine } else { Turn::OfGate };
        if let CalledUp::Waits(line, wait) = self.let_go(call, key, request, turn) {
            self.stand_in_line(call, &line, wait);
        }
    }

    /// Takes back a call whose result no longer steers: what waited to be sent is answered for here.
    fn withdraw(&mut self, call: CallId) {
        let (id, step, attempt) = call;
        let outcome = match self.dispatch.unsent.remove(&call) {
            None => {
                self.services.flights.withdrawn(&call);
                self.outputs.push(Output::Withdraw { id, step, attempt });
                let live = self.slots.get(&id).and_then(Slot::live);
                // Of an instance that is away nobody can tell: an outcome too many is dropped.
                let waits =
                    |live: &engine::Instance| live.unsettled().any(|it| it == (step, attempt));
                if live.is_none_or(waits) {
                    self.settle_abandoned(id, step, attempt);
                }
                return;
            }
            Some(unsent) => {
                if let Some(place) = &unsent.place {
                    self.services.lines.remove(place, &call);
                }
                match unsent.sent {
                    false => Outcome::Withdrawn,
                    true => Outcome::Failed {
                        maybe_run: true,
                        timed_out: false,
                        message: MAYBE_SENT.to_owned(),
                    },
                }
            }
        };
        self.give(id, Task::Outcome { step, attempt, outcome });
    }

    /// Sends a call for which there is room, if its service lets it; a parked one is released first, which has to be
    /// durable before it leaves.
    fn let_go(&mut self, call: CallId, key: String, request: Arc<Request>, turn: Turn) -> CalledUp {
        let (id, step, attempt) = call;
        match self.route(call, &request, turn) {
            Routed::Host | Routed::Endpoint => {}
            Routed::Waits(line, wait) => return CalledUp::Waits(line, wait),
            Routed::Failed(outcome) => {
                self.dispatch.unsent.remove(&call);
                self.give(id, Task::Outcome { step, attempt, outcome });
                return CalledUp::Gone;
            }
        }
        let instance = self.slots.get(&id).and_then(Slot::live);
        let open = instance.and_then(|instance| instance.steps.get(&step));
        if open.is_none_or(|open| open.parked().is_none()) {
            self.send(call, key, request);
            return CalledUp::Gone;
        }
        self.dispatch.unsent.entry(call).or_default();
        self.dispatch.releasing.insert(call);
        self.give(id, Task::Release { step, attempt });
        CalledUp::Gone
    }

    fn send(&mut self, call: CallId, key: String, request: Arc<Request>) {
        let (id, step, attempt) = call;
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else {
            return self.lose_place(call);
        };
        // Its withdrawal is on its way, and has to find that it never left: somebody waits for that answer.
        if instance.abandoned.contains(&(step, attempt)) {
            self.dispatch.unsent.entry(call).or_default();
            return self.lose_place(call);
        }
        let unsent = self.dispatch.unsent.remove(&call).unwrap_or_default();
        let start = &instance.start;
        let task = instance.steps.get(&step).and_then(|step| step.task);
        let graph = self.view.graphs.get(&start.definition).cloned();
        // Without its step or graph the call does not steer anything any more.
        let (Some(task), Some(graph)) = (task, graph) else { return self.lose_place(call) };
        let root = start.parent.as_ref().map_or(id, |parent| parent.root);
        let namespace = start.definition.workflow.namespace.to_string();
        let endpoint = self.services.flights.leave(&call, &unsent);
        self.dispatch.in_flight.insert(call);
        self.observe_sent(call, &graph, &request.uri);
        self.outputs.push(Output::Call(Box::new(Call {
            id,
            root,
            namespace,
            step,
            attempt,
            key,
            request,
            endpoint,
            task,
            graph,
        })));
    }

    /// Lets waiting calls through as far as the gate allows, and loads instances that wait to go on.
    pub(super) fn dispatch_queued(&mut self) {
        while self.dispatch.has_room() {
            let has_served = self.serve_next_line();
            if !self.serve_queue() && !has_served {
                break;
            }
        }
        while let Some((_, call)) = self.dispatch.patient.front()
            && !self.dispatch.unsent.contains_key(call)
        {
            self.dispatch.patient.pop_front();
        }
        while self.dispatch.has_room() && self.dispatch.loading.len() < RESUMING_MAX {
            let Some(id) = self.dispatch.resuming.pop_front() else { return };
            if self.slots.get(&id).is_none_or(|slot| slot.live().is_none() && !slot.is_away()) {
                self.dispatch.loading.insert(id);
            }
            self.give(id, Task::Resume);
        }
    }

    /// Lets some of those go on who wait for the server's own gate; tells whether there was any.
    fn serve_queue(&mut self) -> bool {
        let had_any = !self.dispatch.queue.is_empty();
        for _ in 0..QUEUED_AT_ONCE_MAX {
            if !self.dispatch.has_room() {
                break;
            }
            let Some(Reverse((_, _, id, step, attempt))) = self.dispatch.queue.pop() else { break };
            let call = (id, step, attempt);
            if let CalledUp::Waits(line, wait) = self.call_up(call, Turn::OfGate) {
                self.stand_in_line(call, &line, wait);
            }
        }
        had_any
    }

    /// It is the turn of a call that has been waiting.
    pub(super) fn call_up(&mut self, call: CallId, turn: Turn) -> CalledUp {
        let (id, step, attempt) = call;
        if self.dispatch.releasing.contains(&call) {
            return CalledUp::Gone;
        }
        let Some(unsent) = self.dispatch.unsent.get_mut(&call) else { return CalledUp::Gone };
        if turn == Turn::OfLine {
            unsent.place = None;
            unsent.is_called_up = true;
        } else if unsent.place.is_some() {
            return CalledUp::Gone;
        }
        if let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.is_away()) {
            slot.queue.push_back(Task::Dispatch { step, attempt });
            return CalledUp::Absent;
        }
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else {
            self.dispatch.resume(id);
            return CalledUp::Absent;
        };
        let mut outstanding = engine::outstanding(instance, self.now).into_iter();
        let waiting = outstanding.find_map(|effect| match effect {
            Effect::Call { step: of, attempt: nth, key, request, .. } => {
                (of == step && nth == attempt).then_some((key, request))
            }
            _ => None,
        });
        match waiting {
            Some((key, request)) => return self.let_go(call, key, request, turn),
            // Its withdrawal is on its way, and has to find that it never left.
            None if instance.abandoned.contains(&(step, attempt)) => {}
            // The state that asked for it was never durable.
            None => drop(self.dispatch.unsent.remove(&call)),
        }
        CalledUp::Gone
    }

    /// The instance of a call that may leave is back.
    pub(super) fn dispatch_again(&mut self, id: InstanceId, step: StepId, attempt: Attempt) {
        let call = (id, step, attempt);
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        if self.dispatch.is_called_up(&call) {
            if let CalledUp::Waits(line, wait) = self.call_up(call, Turn::OfLine) {
                self.stand_in_line(call, &line, wait);
            }
        } else if self.dispatch.unsent.contains_key(&call) && !self.dispatch.stands_in_line(&call) {
            let rank = rank(instance, step, self.now);
            self.dispatch.enqueue(self.now, rank, call);
        }
    }
}
