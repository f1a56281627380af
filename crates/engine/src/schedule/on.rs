//! Events that start instances: `schedule.on`.
//!
//! A schedule subscribes to topics as a listen does, under an id that is none of an instance. What a topic finds goes to the
//! oldest set of events that wants it, else it begins a set; a set that is complete is a start.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::{self, Until};
use motet_definition::model::Overlap;
use motet_definition::schedule::OnEvents;
use motet_expr::{Environment, Template, Value, json};
use motet_types::{InstanceId, Label, StepId, Timestamp, WorkflowName};

use super::{Context, EventSet, EventSets, Schedule, ScheduleAction, ScheduledStart, Trigger};
use crate::event::{Correlation, Event, EventFilter, Test, TopicId};
use crate::listen::{Match, Progress, Role, Subscription, Terms, taking};

/// How long it takes until a topic is asked again that did not take the subscription.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Subscriptions before the present one that may still have an event on its way.
const EARLIER_MAX: usize = 8;

/// The smallest step of time.
const INSTANT: Duration = Duration::from_micros(1);

/// What a schedule waits for, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// What the document says; as long as that stays, the subscription does.
    pub spec: String,
    /// Tells the subscription from earlier ones of the workflow.
    pub step: StepId,
    pub terms: Arc<Terms>,
    /// Subscriptions before this one, the last one last; each has the events that arrived before this instant.
    pub earlier: VecDeque<(StepId, Timestamp)>,
    /// The number of the next set of events, and its place in the line.
    pub next: u64,
    /// The newest nominal time.
    pub nominal: Timestamp,
    /// When the newest event arrived that it was told of.
    pub heard: Timestamp,
    /// Sets that miss something.
    pub open: u64,
    /// Sets that wait for their start.
    pub ready: u64,
    pub problem: Option<Problem>,
}

/// Something that is not as the author wanted it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub at: Timestamp,
    pub text: String,
    /// When the topics are asked again.
    pub again: Option<Timestamp>,
}

/// An event that a topic has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The subscription that it was found for.
    pub step: StepId,
    pub event: Arc<Event>,
    pub received: Timestamp,
    pub matches: Vec<Match>,
}

impl On {
    /// What the topics are told.
    fn subscribe(&self, workflow: &WorkflowName) -> ScheduleAction {
        let subscription = Subscription {
            instance: listener(workflow),
            step: self.step,
            filters: self.terms.filters.clone(),
            once: false,
            taken: Vec::new(),
        };
        let topics = self.terms.topics.clone();
        ScheduleAction::Subscribe { topics, subscription: Arc::new(subscription) }
    }

    fn unsubscribe(&self) -> ScheduleAction {
        ScheduleAction::Unsubscribe { topics: self.terms.topics.clone(), step: self.step }
    }

    /// What passes for an event: what the topic found; or, if it was found for an earlier subscription and arrived before
    /// the present one counts, what is found now. So each event counts once, whatever was subscribed when.
    fn matches(&self, ctx: &Context<'_>, heard: &Heard) -> Vec<Match> {
        if heard.step == self.step {
            return heard.matches.clone();
        }
        let mut earlier = self.earlier.iter();
        let is_its_own = earlier.any(|own| own.0 == heard.step && heard.received < own.1);
        if !is_its_own {
            return Vec::new();
        }
        let mut matches = Vec::new();
        for (idx, (_, filter)) in self.terms.filters.iter().enumerate() {
            let Ok(matcher) = filter.matcher() else { continue };
            let mut fuel = ctx.limits.filter_fuel_max;
            let values = matcher.matches(&heard.event, ctx.now, &mut fuel);
            matches.extend(values.map(|values| Match { filter: idx as u32, values }));
        }
        matches
    }
}

impl Schedule {
    /// Another version: one that waits for the same goes on, another one begins anew.
    pub(super) fn adopt_events(
        &mut self,
        ctx: &Context<'_>,
        own: Option<&OnEvents>,
        sets: &mut EventSets,
        actions: &mut Vec<ScheduleAction>,
    ) {
        let before = self.on.take();
        if let (Some(own), Some(before)) = (own, &before)
            && own.spec == before.spec
        {
            self.on = Some(before.clone());
            return;
        }
        if let Some(before) = &before {
            actions.push(before.unsubscribe());
            self.left_out += sets.clear(false);
        }
        match own {
            Some(own) => {
                let on = begin(ctx, &self.definition.workflow.namespace, own, before);
                actions.push(on.subscribe(&self.definition.workflow));
                self.on = Some(on);
            }
            None => self.left_out += sets.clear(true),
        }
    }

    /// An event: it completes a set, belongs to one, begins one, or is for none.
    pub(super) fn heard(
        &mut self,
        ctx: &Context<'_>,
        sets: &mut EventSets,
        heard: &Heard,
        actions: &mut Vec<ScheduleAction>,
    ) {
        let Some(plan) = ctx.plan else { return self.left_out += 1 };
        let (Some(own), Some(on)) = (&plan.on, &mut self.on) else { return };
        on.heard = on.heard.max(heard.received);
        let on = &*on;
        let matches = on.matches(ctx, heard);
        if matches.is_empty() {
            return;
        }
        if self.paused.is_some() {
            self.left_out += 1;
            return;
        }
        let fresh = (on.next, Arc::default());
        let known = sets.candidates(&on.terms.filters, &matches).into_iter();
        let known = known.filter_map(|number| Some((number, sets.get(number)?.clone())));
        for (number, set) in known.chain([fresh]).collect::<Vec<_>>() {
            let progress = Progress {
                filters: &on.terms.filters,
                satisfied: &set.head.satisfied,
                keys: &set.head.keys,
            };
            let Some(taking) = taking(&own.listen, progress, &matches) else { continue };
            if taking.role == Role::Mark && number == on.next {
                // It would end what has not begun.
                return;
            }
            let mut set = (*set).clone();
            set.head.satisfied.extend(taking.filters);
            set.head.keys.extend(taking.keys);
            set.mark(&heard.event);
            if taking.role != Role::Mark {
                set.events.push(heard.event.clone());
            }
            return self.gathered(ctx, sets, (number, set), heard, taking.closes, actions);
        }
    }

    /// A topic does not take the subscription; it is asked again.
    pub(super) fn not_listening(&mut self, ctx: &Context<'_>, step: StepId, reason: &str) {
        let Some(on) = self.on.as_mut().filter(|on| on.step == step) else { return };
        let again = Some(ctx.now.saturating_add(ASK_AGAIN_AFTER));
        on.problem = Some(Problem { at: ctx.now, text: reason.to_owned(), again });
    }

    pub(super) fn subscribe_again(&mut self, now: Timestamp, actions: &mut Vec<ScheduleAction>) {
        let Some(on) = &mut self.on else { return };
        let again = on.problem.as_ref().and_then(|problem| problem.again);
        if again.is_some_and(|again| again <= now) {
            on.problem = None;
            actions.push(on.subscribe(&self.definition.workflow));
        }
    }

    /// Complete sets that wait their turn are left out.
    pub(super) fn leave_out_ready(&mut self, sets: &mut EventSets) {
        self.left_out += sets.clear(true);
    }

    /// Notes how many sets there are.
    pub(super) fn count_sets(&mut self, sets: &EventSets) {
        if let Some(on) = &mut self.on {
            (on.open, on.ready) = (sets.open() as u64, sets.ready() as u64);
        }
    }

    /// The start that a complete set is.
    pub(super) fn start_of_set(&self, ctx: &Context<'_>, set: &EventSet) -> ScheduledStart {
        let read = self.on.as_ref().map_or(graph::ReadAs::Data, |on| on.terms.read);
        let input = json::array(set.events.iter().map(|event| event.read(read)));
        let origin = super::Origin { trigger: Trigger::On, nominal: set.head.nominal };
        let key = format!("schedule/on/{:?}", set.head.key);
        ScheduledStart::new(&self.definition, &key, origin, Some(input), ctx.place)
    }

    /// A set has got one more event.
    fn gathered(
        &mut self,
        ctx: &Context<'_>,
        sets: &mut EventSets,
        (number, mut set): (u64, EventSet),
        heard: &Heard,
        closes: bool,
        actions: &mut Vec<ScheduleAction>,
    ) {
        let (limits, now) = (ctx.limits, ctx.now);
        let Some(on) = &mut self.on else { return };
        on.next = on.next.max(number + 1);
        let events_max = limits.listen_events_max;
        if set.events.len() > events_max || set.size_bound() > limits.payload_bytes_max {
            let bytes_max = limits.payload_bytes_max;
            on.trouble(
                now,
                format!(
                    "the events for one start are too many or too large: listen_events_max is {events_max}, payload_bytes_max {bytes_max}"
                ),
            );
            self.left_out += 1;
            return sets.put(number, None);
        }
        let closes = match until(ctx, on.terms.read, &set) {
            None => closes,
            Some(Ok(closes)) => closes,
            Some(Err(error)) => {
                on.trouble(now, format!("`until` fails: {error}"));
                false
            }
        };
        if closes {
            set.head.nominal = heard.received.max(on.nominal.saturating_add(INSTANT));
            on.nominal = set.head.nominal;
            return self.complete(ctx, sets, (number, set), actions);
        }
        sets.put(number, Some(Arc::new(set)));
        if sets.open() > limits.schedule_sets_max {
            sets.drop_oldest_open();
            let max = limits.schedule_sets_max;
            on.trouble(now, format!("too many sets of events are not complete, the oldest is left out: schedule_sets_max is {max}"));
            self.left_out += 1;
        }
    }

    /// A set is complete: whether another instance runs decides what becomes of it.
    fn complete(
        &mut self,
        ctx: &Context<'_>,
        sets: &mut EventSets,
        (number, mut set): (u64, EventSet),
        actions: &mut Vec<ScheduleAction>,
    ) {
        let (Some(on), Some(plan)) = (&mut self.on, ctx.plan) else { return };
        let is_busy = !self.running.is_empty() || !self.waiting.is_empty() || sets.ready() > 0;
        let is_full = sets.ready() >= ctx.limits.schedule_sets_max;
        match plan.overlap {
            Overlap::Skip if is_busy => {
                self.left_out += 1;
                return sets.put(number, None);
            }
            Overlap::Replace if is_busy => {
                self.left_out += sets.clear(true);
                actions.extend(self.running.iter().map(|own| ScheduleAction::Cancel(own.id)));
            }
            _ if is_full => {
                let max = ctx.limits.schedule_sets_max;
                let text = format!(
                    "too many starts wait for their turn, one is left out: schedule_sets_max is {max}"
                );
                on.trouble(ctx.now, text);
                self.left_out += 1;
                return sets.put(number, None);
            }
            Overlap::Allow | Overlap::Skip | Overlap::Queue | Overlap::Replace => {}
        }
        set.head.ready = Some(on.next);
        on.next += 1;
        sets.put(number, Some(Arc::new(set)));
    }
}

impl On {
    /// Something that is shown, and that nothing is asked again for.
    fn trouble(&mut self, at: Timestamp, text: String) {
        let again = self.problem.as_ref().and_then(|problem| problem.again);
        self.problem = Some(Problem { at, text, again });
    }
}

/// The id under which the schedule of a workflow subscribes; it lives on the schedule's shard.
pub fn listener(workflow: &WorkflowName) -> InstanceId {
    let hash = blake3::hash(workflow.to_string().as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    InstanceId::of_schedule(ScheduledStart::shard_of_schedule(workflow), u64::from_le_bytes(bytes))
}

/// Takes up what a version waits for; events count from now on.
fn begin(ctx: &Context<'_>, namespace: &Label, own: &OnEvents, before: Option<On>) -> On {
    let topic = |kind: Option<&str>| TopicId {
        namespace: namespace.clone(),
        kind: kind.map(str::to_owned),
    };
    let filters: Result<Vec<_>, String> =
        own.listen.filters.iter().map(|filter| resolve(ctx, filter)).collect();
    let (filters, problem) = match filters {
        Ok(filters) => (filters, None),
        Err(text) => (Vec::new(), Some(Problem { at: ctx.now, text, again: None })),
    };
    let topics = match own.listen.types() {
        _ if problem.is_some() => Vec::new(),
        Some(types) => types.into_iter().map(|kind| topic(Some(kind))).collect(),
        None => vec![topic(None)],
    };
    // What the one before was told of is not told again.
    let heard = before.as_ref().map(|before| before.heard.saturating_add(INSTANT));
    let since = heard.map_or(ctx.now, |heard| ctx.now.max(heard));
    let filters = filters.into_iter().map(|filter| (since, Arc::new(filter))).collect();
    let terms = Arc::new(Terms { topics, filters, read: own.listen.read, once: false });
    let mut on = On {
        spec: own.spec.clone(),
        step: StepId((ctx.now.as_micros() / 1_000) as u32),
        terms,
        earlier: VecDeque::new(),
        next: 1,
        nominal: Timestamp::default(),
        heard: Timestamp::default(),
        open: 0,
        ready: 0,
        problem,
    };
    if let Some(before) = before {
        on.earlier = before.earlier;
        on.earlier.push_back((before.step, since));
        if on.earlier.len() > EARLIER_MAX {
            on.earlier.pop_front();
        }
        on.step = StepId(before.step.0.wrapping_add(1));
        (on.next, on.nominal, on.heard) = (before.next, before.nominal, before.heard);
    }
    on
}

/// A filter of a schedule depends on nothing but the document.
fn resolve(ctx: &Context<'_>, own: &graph::EventFilter) -> Result<EventFilter, String> {
    let evaluate = |template: &Template| {
        let mut fuel = ctx.limits.filter_fuel_max;
        let mut environment = Environment::new(&mut fuel, ctx.now);
        let value = template.evaluate(&Value::Null, &mut |_| Value::Null, &mut environment);
        value.map_err(|error| format!("a filter of `schedule.on` fails: {error}"))
    };
    let mut filter = EventFilter { with: Vec::new(), correlate: Vec::new() };
    for (name, template) in &own.with {
        let test = match template {
            Template::Program(program) => {
                Test::Holds { source: program.source().into(), variables: Vec::new() }
            }
            other => Test::Equal(evaluate(other)?),
        };
        filter.with.push((name.clone(), test));
    }
    for own in &own.correlate {
        filter.correlate.push(Correlation {
            name: own.name.clone(),
            from: own.from.source().into(),
            variables: Vec::new(),
            expect: own.expect.as_ref().map(evaluate).transpose()?,
        });
    }
    Ok(filter)
}

/// Whether the condition of `until` holds, where there is one.
fn until(ctx: &Context<'_>, read: graph::ReadAs, set: &EventSet) -> Option<Result<bool, String>> {
    let Some(Until::Condition(program)) = &ctx.plan?.on.as_ref()?.listen.until else { return None };
    let outputs = json::array(set.events.iter().map(|event| event.read(read)));
    let mut fuel = ctx.limits.expression_fuel_max;
    let mut environment = Environment::new(&mut fuel, ctx.now);
    let result = program.evaluate_with(&outputs, &mut |_| Value::Null, &mut environment);
    let holds = result.map(|value| !matches!(value, Value::Null | Value::Bool(false)));
    Some(holds.map_err(|error| error.to_string()))
}
