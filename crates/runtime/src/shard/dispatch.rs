//! Calls in flight: a gate, and a queue before it that holds ids, not requests.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use motet_engine::{self as engine, Effect, Outcome, ParkReason, Parked, Request};
use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use super::services::Routed;
use super::slots::{Slot, Task};
use super::{Call, Machine, Output};

/// How long an instance rests whose commits were refused.
const REST: Duration = Duration::from_secs(1);

/// How long a call waits before that is written down.
const PARKED_AFTER: Duration = Duration::from_secs(1);

/// Calls that are parked at once at most, and how long the next ones wait: a stalled server writes no storm of records.
const PARKED_AT_ONCE_MAX: usize = 256;
const PARKED_EVERY: Duration = Duration::from_millis(100);

/// Instances that recovery loads at the same time.
const RESUMING_MAX: usize = 512;

/// What becomes of a call that is taken back before it is sent once more.
const MAYBE_SENT: &str = "it may have been sent before the server stopped; it was not sent again";

pub(super) struct Dispatch {
    /// Calls that have left and whose outcome has not come.
    in_flight: BTreeSet<CallId>,
    in_flight_max: usize,
    /// Calls that wait to be sent in this life of the server, each with whether an earlier one may have sent it.
    unsent: BTreeMap<CallId, bool>,
    /// Calls sent again whose doubt is not durable yet.
    doubted: BTreeSet<CallId>,
    /// Calls that began to wait, in that order, until it is time to park them.
    patient: VecDeque<(Timestamp, CallId)>,
    /// When calls may be parked again.
    parks_at: Timestamp,
    /// Parked calls with a place among those in flight, which leave as soon as that they are released is durable.
    releasing: BTreeSet<CallId>,
    /// Calls that wait for the gate, by rank, then by arrival. An entry that is not among the unsent any more means nothing.
    queue: BinaryHeap<Reverse<Waiting>>,
    arrivals: u64,
    /// Instances whose calls in flight are to be sent again.
    resuming: VecDeque<InstanceId>,
    /// Those of them that are being loaded.
    loading: BTreeSet<InstanceId>,
    resting: BTreeSet<(Timestamp, InstanceId)>,
}

/// By how much a call stands behind an undo that begins to wait at the same time: what has begun is brought to its end before
/// something new begins, and yet, as every call grows older, none waits for ever.
const BEGUN_BEHIND: Duration = Duration::from_secs(5);
const NEW_BEHIND: Duration = Duration::from_secs(10);

type CallId = (InstanceId, StepId, Attempt);

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

/// What is known of an abandoned call that was in flight when the server stopped.
const LOST: &str = "the call was abandoned, and the server stopped before its outcome came";

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
    fn doubted_of(&self, id: InstanceId, effects: &[Effect]) -> Vec<(StepId, Attempt)> {
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

    /// A place was taken for a parked call that does not leave.
    pub(super) fn give_back(&mut self, call: CallId) {
        self.releasing.remove(&call);
    }

    /// Places go back that were taken for releases of this instance, which will not become durable.
    pub(super) fn give_all_back(&mut self, id: InstanceId) {
        self.releasing.retain(|(of, ..)| *of != id);
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() + self.releasing.len() < self.in_flight_max
    }

    fn enqueue(&mut self, now: Timestamp, rank: Timestamp, (id, step, attempt): CallId) {
        self.arrivals += 1;
        self.unsent.entry((id, step, attempt)).or_default();
        self.patient.push_back((now, (id, step, attempt)));
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
                let is_released = self.dispatch.releasing.remove(&call);
                if let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.is_away()) {
                    self.dispatch.unsent.entry(call).or_default();
                    return slot.queue.push_back(Task::Dispatch { step, attempt });
                }
                let Some(instance) = self.slots.get(&id).and_then(Slot::live) else {
                    self.dispatch.unsent.entry(call).or_default();
                    return self.dispatch.resume(id);
                };
                if is_released {
                    return self.send(call, key, request);
                }
                if !self.dispatch.has_room() || !self.dispatch.queue.is_empty() {
                    let rank = rank(instance, step, self.now);
                    return self.dispatch.enqueue(self.now, rank, call);
                }
                self.let_go(call, key, request);
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

    /// Takes back a call whose result no longer steers: what waited to be sent is answered for here.
    fn withdraw(&mut self, call: CallId) {
        let (id, step, attempt) = call;
        let outcome = match self.dispatch.unsent.remove(&call) {
            None => {
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
            Some(false) => Outcome::Withdrawn,
            Some(true) => Outcome::Failed {
                maybe_run: true,
                timed_out: false,
                message: MAYBE_SENT.to_owned(),
            },
        };
        self.give(id, Task::Outcome { step, attempt, outcome });
    }

    /// Sends a call for which there is room; a parked one is released first, which has to be durable before it leaves.
    fn let_go(&mut self, call: CallId, key: String, request: Arc<Request>) {
        let (id, step, attempt) = call;
        let instance = self.slots.get(&id).and_then(Slot::live);
        let open = instance.and_then(|instance| instance.steps.get(&step));
        if open.is_none_or(|open| open.parked().is_none()) {
            return self.send(call, key, request);
        }
        self.dispatch.unsent.entry(call).or_default();
        self.dispatch.releasing.insert(call);
        self.give(id, Task::Release { step, attempt });
    }

    /// Calls that have waited for a while are parked: durably known as not sent.
    pub(super) fn park_waiting(&mut self) {
        if self.dispatch.parks_at > self.now {
            return;
        }
        for _ in 0..PARKED_AT_ONCE_MAX {
            let Some((since, call)) = self.dispatch.patient.front().copied() else { return };
            if since.saturating_add(PARKED_AFTER) > self.now {
                return;
            }
            self.dispatch.patient.pop_front();
            let Some(sent) = self.dispatch.unsent.get(&call).copied() else { continue };
            let (id, step, attempt) = call;
            let slot = self.slots.get(&id);
            let is_live = slot.is_some_and(|slot| slot.live().is_some() || slot.is_away());
            // One that is not in memory waits anew once it is loaded.
            if is_live && !self.dispatch.releasing.contains(&call) {
                let parked = Parked { reason: ParkReason::Gate, since, until: None, sent };
                self.give(id, Task::Park { step, attempt, parked });
            }
        }
        self.dispatch.parks_at = self.now.saturating_add(PARKED_EVERY);
    }

    fn send(&mut self, call: CallId, key: String, request: Arc<Request>) {
        let (id, step, attempt) = call;
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        // Its withdrawal is on its way, and has to find that it never left: somebody waits for that answer.
        if instance.abandoned.contains(&(step, attempt)) {
            self.dispatch.unsent.entry(call).or_default();
            return;
        }
        self.dispatch.unsent.remove(&call);
        let start = &instance.start;
        let task = instance.steps.get(&step).and_then(|step| step.task);
        let graph = self.view.graphs.get(&start.definition).cloned();
        // Without its step or graph the call does not steer anything any more.
        let (Some(task), Some(graph)) = (task, graph) else { return };
        let root = start.parent.as_ref().map_or(id, |parent| parent.root);
        let namespace = start.definition.workflow.namespace.clone();
        let endpoint = match self.route(call, &namespace, &request) {
            Routed::Host => None,
            Routed::Endpoint(url) => Some(url),
            Routed::Failed(outcome) => {
                return self.give(id, Task::Outcome { step, attempt, outcome });
            }
        };
        self.dispatch.in_flight.insert(call);
        self.observe_sent(call, &graph, &request.uri);
        self.outputs.push(Output::Call(Box::new(Call {
            id,
            root,
            namespace: namespace.to_string(),
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
            let Some(Reverse((_, _, id, step, attempt))) = self.dispatch.queue.pop() else { break };
            let call = (id, step, attempt);
            if !self.dispatch.unsent.contains_key(&call) || self.dispatch.releasing.contains(&call)
            {
                continue;
            }
            if let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.is_away()) {
                slot.queue.push_back(Task::Dispatch { step, attempt });
                continue;
            }
            let Some(instance) = self.slots.get(&id).and_then(Slot::live) else {
                self.dispatch.resume(id);
                continue;
            };
            let mut outstanding = engine::outstanding(instance, self.now).into_iter();
            let waiting = outstanding.find_map(|effect| match effect {
                Effect::Call { step: of, attempt: nth, key, request, .. } => {
                    (of == step && nth == attempt).then_some((key, request))
                }
                _ => None,
            });
            match waiting {
                Some((key, request)) => self.let_go(call, key, request),
                // Its withdrawal is on its way, and has to find that it never left.
                None if instance.abandoned.contains(&(step, attempt)) => {}
                // The state that asked for it was never durable.
                None => drop(self.dispatch.unsent.remove(&call)),
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

    /// An instance was loaded: what is in flight as far as its durable state knows leaves again under its keys, unless it
    /// left in this life of the server already, or its answer is there.
    pub(super) fn resume(&mut self, id: InstanceId) {
        let Some(slot) = self.slots.get(&id) else { return };
        let Some(instance) = slot.live() else { return };
        // Only what waits in this life, or is durably parked as not sent, has surely not left.
        let is_unsent = |step: StepId, attempt: Attempt| {
            let parked = instance.steps.get(&step).and_then(|open| open.parked());
            self.dispatch.unsent.get(&(id, step, attempt)) == Some(&false)
                || parked.is_some_and(|parked| !parked.sent)
        };
        let has_work = instance.has_work();
        let mut effects = engine::outstanding(instance, self.now);
        let doubted = self.dispatch.doubted_of(id, &effects);
        effects.retain(|effect| match effect {
            Effect::Call { step, attempt, .. } => {
                let has_left = self.dispatch.in_flight.contains(&(id, *step, *attempt));
                !has_left && !slot.is_answered(*step, *attempt)
            }
            _ => true,
        });
        let effects: Vec<(Effect, bool)> = effects
            .into_iter()
            .map(|effect| match effect {
                Effect::Call { step, attempt, .. } => {
                    let may_have_left = !is_unsent(step, attempt);
                    (effect, may_have_left)
                }
                effect => (effect, false),
            })
            .collect();
        let unsettled: Vec<_> = instance.unsettled().collect();
        // A refused commit may have taken the doubt with it: it comes before any outcome.
        for (step, attempt) in doubted {
            self.give(id, Task::Doubt { step, attempt });
        }
        for (step, attempt) in unsettled {
            self.settle_abandoned(id, step, attempt);
        }
        for (effect, may_have_left) in effects {
            match effect {
                Effect::Call { step, attempt, request, .. }
                    if may_have_left && !request.repeatable =>
                {
                    let outcome = Outcome::Failed {
                        maybe_run: true,
                        timed_out: false,
                        message: engine::UNKNOWN_OUTCOME.to_owned(),
                    };
                    self.give(id, Task::Outcome { step, attempt, outcome });
                }
                Effect::Call { step, attempt, .. } => {
                    if may_have_left {
                        self.dispatch.doubted.insert((id, step, attempt));
                        self.give(id, Task::Doubt { step, attempt });
                    }
                    self.dispatch.unsent.insert((id, step, attempt), may_have_left);
                    self.carry_out(id, effect);
                }
                effect => self.carry_out(id, effect),
            }
        }
        if has_work {
            self.yielded.push_back(id);
        }
        self.announce_jobs(id);
        self.register_timer(id);
    }

    /// The instance of a call that may leave is back.
    pub(super) fn dispatch_again(&mut self, id: InstanceId, step: StepId, attempt: Attempt) {
        let call = (id, step, attempt);
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        if self.dispatch.unsent.contains_key(&call) {
            let rank = rank(instance, step, self.now);
            self.dispatch.enqueue(self.now, rank, call);
        }
    }

    /// An abandoned call whose outcome an undo waits for and nobody will bring any more: it may have been carried out.
    fn settle_abandoned(&mut self, id: InstanceId, step: StepId, attempt: Attempt) {
        let is_coming = self.dispatch.in_flight.contains(&(id, step, attempt))
            || self.slots.get(&id).is_some_and(|slot| slot.is_answered(step, attempt));
        if !is_coming {
            let outcome =
                Outcome::Failed { maybe_run: true, timed_out: false, message: LOST.to_owned() };
            self.give(id, Task::Outcome { step, attempt, outcome });
        }
    }

    pub(super) fn resume_due(&mut self) {
        while let Some((due, id)) = self.dispatch.resting.first().copied() {
            if due > self.now {
                return;
            }
            self.dispatch.resting.pop_first();
            self.dispatch.resume(id);
        }
    }
}
