//! The schedule of one workflow: which nominal time is next, what runs, and what waits. A third pure machine.
//!
//! A nominal time is the time at which a start was to happen, however late it does. Each has one start: the time moves on
//! in the same commit that asks for the start, and the id of the instance follows from workflow, trigger and nominal time.
//!
//! Unlike an instance a schedule has no history: its whole state is what is stored. It deliberately does not know which
//! version of a workflow is in force; it is told.

mod fire;
mod on;
mod sets;
mod start;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::model::Overlap;
use motet_definition::schedule::{Plan, Rule};
use motet_expr::Value;
use motet_types::{InstanceId, Limits, ShardId, StepId, Timestamp, WorkflowRef};

use crate::End;
use crate::event::TopicId;
use crate::listen::Subscription;
use crate::sabotage::{self, Sabotage};

pub use motet_definition::schedule::Trigger;
pub use on::{Heard, On, Problem, listener};
pub use sets::{EventSet, EventSets, SetChange, SetHead};
pub use start::{Origin, ScheduledStart};

/// A start that comes so much after its nominal time was missed: the catch-up policy decides about it.
pub const MISSED_AFTER: Duration = Duration::from_secs(60);

/// Starts that a schedule makes up for at most, after it was missed or at a person's request.
pub const MADE_UP_MAX: usize = 1_000;

/// Starts of one schedule that one input asks for at most; others follow with the next.
const STARTS_MAX: usize = 16;

/// Instances that a schedule whose instances may overlap keeps in mind.
const RUNNING_MAX: usize = 32;

/// The latest starts that are remembered for people.
const LATEST_MAX: usize = 10;

/// What is known of the schedule of one workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The version in force: what new instances run.
    pub definition: WorkflowRef,
    /// Whether instances may overlap.
    pub is_parallel: bool,
    /// One for each trigger of the version in force.
    pub timers: Vec<Timer>,
    pub paused: Option<Pause>,
    /// Instances that have not ended as far as it was told.
    pub running: Vec<Planned>,
    /// Starts that came due and have not been asked for.
    pub waiting: VecDeque<Waiting>,
    /// The latest starts, the newest last.
    pub latest: VecDeque<Begun>,
    /// How many starts there were.
    pub started: u64,
    /// How many starts, or events for one, were left out.
    pub left_out: u64,
    /// The events it waits for.
    pub on: Option<On>,
}

/// When one of its triggers is next.
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    pub trigger: Trigger,
    /// What the document says; as long as that stays, the timer does.
    pub spec: String,
    /// When it came into force.
    pub anchor: Timestamp,
    /// The next nominal time; none while the instance runs whose end decides it.
    pub next: Option<Timestamp>,
}

/// Somebody wants no starts for now.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// One start: unique within the workflow by trigger and nominal time.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub trigger: Trigger,
    pub nominal: Timestamp,
    pub id: InstanceId,
}

/// A start that has to wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub trigger: Trigger,
    pub nominal: Timestamp,
    /// It was missed, or a person asked for it: it is not left out because another one runs.
    pub is_made_up: bool,
}

/// A start that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    pub planned: Planned,
    pub at: Timestamp,
    pub ended: Option<(Timestamp, Ending)>,
}

/// What became of an instance, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Completed,
    Faulted,
    Cancelled,
    /// It could not be started.
    Refused,
}

/// What a step may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// That of the version in force.
    pub plan: Option<&'a Plan>,
    pub place: Place<'a>,
    pub now: Timestamp,
    pub limits: &'a Limits,
}

/// Where an instance of a version has to begin with this input, where that is not free.
pub type Place<'a> = &'a dyn Fn(&WorkflowRef, &Value) -> Option<ShardId>;

/// What a schedule is told or asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleInput {
    /// This version is in force now.
    Adopt(WorkflowRef),
    /// Something may have come due.
    Due,
    /// An instance has ended.
    Ended {
        id: InstanceId,
        at: Timestamp,
        ending: Ending,
    },
    /// A topic has found an event.
    Heard(Heard),
    /// A topic does not take the subscription.
    NotListening {
        step: StepId,
        reason: String,
    },
    Pause {
        reason: Option<String>,
    },
    Resume,
    /// Start one now.
    Trigger,
    /// Start everything whose nominal time is in this span, both ends included.
    Backfill {
        from: Timestamp,
        to: Timestamp,
    },
}

/// What follows from a schedule's step.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleAction {
    Start(ScheduledStart),
    Cancel(InstanceId),
    Subscribe { topics: Vec<TopicId>, subscription: Arc<Subscription> },
    Unsubscribe { topics: Vec<TopicId>, step: StepId },
}

/// Why a schedule stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleRejection {
    #[error("the version in force has no schedule")]
    None,
    #[error(
        "more than {MADE_UP_MAX} starts would wait: ask for a shorter span, or wait for some of them"
    )]
    TooMany,
    #[error("the span ends before it begins, or has not passed yet")]
    Span,
    #[error("only events start it: start an instance with those events as its input")]
    EventsOnly,
}

impl Schedule {
    /// A schedule that has nothing in force yet.
    pub fn new(definition: WorkflowRef) -> Self {
        Self {
            definition,
            is_parallel: true,
            timers: Vec::new(),
            paused: None,
            running: Vec::new(),
            waiting: VecDeque::new(),
            latest: VecDeque::new(),
            started: 0,
            left_out: 0,
            on: None,
        }
    }

    /// Decides and remembers; `sets` are the events that it gathers.
    ///
    /// # Errors
    /// What people ask for does not fit; then nothing has changed.
    pub fn step(
        &mut self,
        ctx: &Context<'_>,
        sets: &mut EventSets,
        input: ScheduleInput,
    ) -> Result<Vec<ScheduleAction>, ScheduleRejection> {
        let mut actions = Vec::new();
        let now = ctx.now;
        let Some(plan) = ctx.plan else {
            self.step_without(ctx, sets, input, &mut actions)?;
            self.count_sets(sets);
            return Ok(actions);
        };
        match input {
            ScheduleInput::Adopt(definition) => {
                self.adopt(plan, now, definition);
                self.adopt_events(ctx, plan.on.as_deref(), sets, &mut actions);
            }
            ScheduleInput::Due => {
                self.fire(plan, now, &mut actions);
                self.subscribe_again(now, &mut actions);
            }
            ScheduleInput::Ended { id, at, ending } => self.ended(plan, id, at, ending),
            ScheduleInput::Heard(heard) => self.heard(ctx, sets, &heard, &mut actions),
            ScheduleInput::NotListening { step, reason } => {
                self.not_listening(ctx, step, &reason);
            }
            ScheduleInput::Pause { reason } => {
                // What came due before has its start, though a refused commit may have held it up.
                if !sabotage::is(Sabotage::ScheduleForgotten) {
                    self.fire(plan, now, &mut actions);
                    self.begin_waiting(ctx, sets, &mut actions);
                }
                self.pause(plan, now, reason);
                self.leave_out_ready(sets);
            }
            ScheduleInput::Resume => self.resume(plan, now),
            ScheduleInput::Trigger | ScheduleInput::Backfill { .. } if plan.rules.is_empty() => {
                return Err(ScheduleRejection::EventsOnly);
            }
            ScheduleInput::Trigger => self.trigger(now)?,
            ScheduleInput::Backfill { from, to } => self.backfill(plan, now, from, to)?,
        }
        self.count_sets(sets);
        self.begin_waiting(ctx, sets, &mut actions);
        self.count_sets(sets);
        Ok(actions)
    }

    /// When it wants to be told that something may have come due; the past means at once.
    pub fn due(&self) -> Option<Timestamp> {
        if self.can_begin() {
            return Some(Timestamp::default());
        }
        let is_running = self.paused.is_none();
        let next = self.timers.iter().filter(|_| is_running).filter_map(|timer| timer.next);
        let again = self.on.as_ref().and_then(|on| on.problem.as_ref()?.again);
        next.chain(again).min()
    }

    /// The next starts by the clock, soonest first, each with its trigger.
    pub fn upcoming(&self, plan: &Plan, count: usize) -> Vec<(Timestamp, Trigger)> {
        let mut upcoming = Vec::new();
        for timer in self.timers.iter().filter(|_| self.paused.is_none()) {
            let Some(rule) = plan.rule(timer.trigger) else { continue };
            let following = |at: &Timestamp| plan.next(rule, timer.anchor, *at);
            let times = std::iter::successors(timer.next, following).take(count);
            upcoming.extend(times.map(|at| (at, timer.trigger)));
        }
        upcoming.sort_unstable();
        upcoming.truncate(count);
        upcoming
    }

    /// Whether there is something to show to people.
    pub fn shows(&self) -> bool {
        !self.timers.is_empty() || self.on.is_some() || self.paused.is_some()
    }

    /// Whether nothing would be lost without it.
    pub fn is_idle(&self) -> bool {
        let waits = !self.timers.is_empty() || self.on.is_some();
        !waits && self.paused.is_none() && self.running.is_empty()
    }

    fn step_without(
        &mut self,
        ctx: &Context<'_>,
        sets: &mut EventSets,
        input: ScheduleInput,
        actions: &mut Vec<ScheduleAction>,
    ) -> Result<(), ScheduleRejection> {
        match input {
            ScheduleInput::Adopt(definition) => {
                self.definition = definition;
                self.timers.clear();
                self.waiting.clear();
                self.adopt_events(ctx, None, sets, actions);
            }
            ScheduleInput::Ended { id, at, ending } => self.settle(id, at, ending).map_or((), drop),
            ScheduleInput::Due => self.subscribe_again(ctx.now, actions),
            ScheduleInput::Heard(heard) => self.heard(ctx, sets, &heard, actions),
            ScheduleInput::NotListening { step, reason } => self.not_listening(ctx, step, &reason),
            ScheduleInput::Resume => self.paused = None,
            ScheduleInput::Pause { .. }
            | ScheduleInput::Trigger
            | ScheduleInput::Backfill { .. } => return Err(ScheduleRejection::None),
        }
        Ok(())
    }

    /// Another version, perhaps with other times; a trigger whose times stay goes on.
    fn adopt(&mut self, plan: &Plan, now: Timestamp, definition: WorkflowRef) {
        self.definition = definition;
        self.is_parallel = plan.overlap == Overlap::Allow;
        let before = std::mem::take(&mut self.timers);
        for rule in &plan.rules {
            let (trigger, spec) = (rule.trigger(), plan.spec(rule));
            let same = |timer: &&Timer| timer.trigger == trigger && timer.spec == spec;
            let timer = before.iter().find(same).cloned().unwrap_or_else(|| Timer {
                trigger,
                spec,
                anchor: now,
                next: self.first(plan, rule, now),
            });
            self.timers.push(timer);
        }
        let timers = &self.timers;
        self.waiting.retain(|waiting| {
            waiting.is_made_up || timers.iter().any(|timer| timer.trigger == waiting.trigger)
        });
    }

    fn first(&self, plan: &Plan, rule: &Rule, now: Timestamp) -> Option<Timestamp> {
        let Rule::After(delay) = rule else { return plan.next(rule, now, now) };
        let mut open = self.running.iter().map(|planned| planned.trigger);
        let is_open = open.any(|trigger| trigger == Trigger::After)
            || self.waiting.iter().any(|waiting| waiting.trigger == Trigger::After);
        (!is_open).then(|| now.saturating_add(*delay))
    }

    fn ended(&mut self, plan: &Plan, id: InstanceId, at: Timestamp, ending: Ending) {
        if let Some(planned) = self.settle(id, at, ending)
            && planned.trigger == Trigger::After
        {
            self.rearm(plan, at);
        }
    }

    /// The instance runs no more; none if it did not as far as is known.
    fn settle(&mut self, id: InstanceId, at: Timestamp, ending: Ending) -> Option<Planned> {
        for begun in self.latest.iter_mut().filter(|begun| begun.planned.id == id) {
            begun.ended = Some((at, ending));
        }
        let place = self.running.iter().position(|planned| planned.id == id)?;
        Some(self.running.remove(place))
    }

    /// The next start after an end, or after a start that was left out.
    fn rearm(&mut self, plan: &Plan, at: Timestamp) {
        let Some(Rule::After(delay)) = plan.rule(Trigger::After) else { return };
        for timer in self.timers.iter_mut().filter(|timer| timer.trigger == Trigger::After) {
            timer.next.get_or_insert(at.saturating_add(*delay));
        }
    }

    fn pause(&mut self, plan: &Plan, now: Timestamp, reason: Option<String>) {
        self.paused = Some(Pause { at: now, reason });
        let (kept, left_out): (VecDeque<_>, VecDeque<_>) =
            self.waiting.drain(..).partition(|waiting| waiting.is_made_up);
        self.waiting = kept;
        for waiting in left_out {
            self.leave_out(plan, now, &waiting);
        }
    }

    /// What passed meanwhile is left out, and what was started before is not started again, whatever the clock says now.
    fn resume(&mut self, plan: &Plan, now: Timestamp) {
        if self.paused.take().is_none() {
            return;
        }
        for timer in &mut self.timers {
            let Some(rule) = plan.rule(timer.trigger) else { continue };
            if !matches!(rule, Rule::After(_)) {
                let following = plan.next(rule, timer.anchor, now);
                timer.next = following.map(|at| timer.next.map_or(at, |next| next.max(at)));
            }
        }
    }

    /// The next start after an end follows the one that was left out, even where the clock was set back meanwhile.
    fn leave_out(&mut self, plan: &Plan, now: Timestamp, waiting: &Waiting) {
        self.left_out += 1;
        if waiting.trigger == Trigger::After {
            self.rearm(plan, now.max(waiting.nominal));
        }
    }
}

impl Ending {
    pub fn of(end: &End) -> Self {
        match end {
            End::Completed(_) => Self::Completed,
            End::Faulted { .. } => Self::Faulted,
            End::Cancelled { .. } => Self::Cancelled,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Faulted => "faulted",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests;
