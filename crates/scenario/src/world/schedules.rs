//! The schedule of the workflow that is tried, for a while: what it starts, what it is told, what it is asked.

use std::sync::Arc;

use motet_definition::schedule::Plan;
use motet_engine::schedule::{self, EventSets, Heard, listener};
use motet_engine::{Input, Schedule, ScheduleAction, ScheduleInput, ScheduledStart, topic};
use motet_types::{InstanceId, Timestamp};

use super::{Arrival, Setup, World};
use crate::model::{ScheduleOrder, ScheduleTrial};

/// A schedule, what it has gathered, and what the version in force says.
pub(super) struct Scheduled {
    schedule: Schedule,
    sets: EventSets,
    plan: Arc<Plan>,
    /// Under which it listens.
    listener: InstanceId,
}

impl World<'_> {
    /// Lets the schedule come into force, and stay so for a time.
    pub(super) fn begin_schedule(&mut self, trial: &ScheduleTrial) {
        let main = self.setup.main();
        let Some(plan) = main.schedule.clone() else {
            return self.trouble("`schedule` tries a schedule, and the workflow has none");
        };
        let definition = main.definition.clone();
        let listener = listener(&definition.workflow);
        let (schedule, sets) = (Schedule::new(definition.clone()), EventSets::default());
        self.until = Some(self.now.saturating_add(trial.time));
        self.schedule = Some(Scheduled { schedule, sets, plan, listener });
        for (after, order, is_refused) in &trial.orders {
            let at = self.now.saturating_add(*after);
            let arrival = Arrival::Order { order: order.clone(), is_refused: *is_refused };
            self.arrive(at, arrival);
        }
        self.ask_schedule(ScheduleInput::Adopt(definition), false);
    }

    /// When the schedule wants to be asked; the past means at once.
    pub(super) fn schedule_due(&self) -> Option<Timestamp> {
        self.schedule.as_ref()?.schedule.due()
    }

    /// Whether what a topic has found is for the schedule.
    pub(super) fn is_schedule(&self, to: InstanceId) -> bool {
        self.schedule.as_ref().is_some_and(|own| own.listener == to)
    }

    pub(super) fn has_schedule(&self) -> bool {
        self.schedule.is_some()
    }

    /// What a topic has found for the schedule, or why it does not listen.
    pub(super) fn tell_schedule(&mut self, input: Input) {
        let input = match input {
            Input::Found { step, event, received, matches } => {
                ScheduleInput::Heard(Heard { step, event, received, matches })
            }
            Input::NotListening { step, reason } => ScheduleInput::NotListening { step, reason },
            other => return self.trouble(format!("a schedule is told {other:?}")),
        };
        self.ask_schedule(input, false);
    }

    pub(super) fn order(&mut self, order: &ScheduleOrder, is_refused: bool) {
        let begin = self.scenario.starts_at;
        let input = match order {
            ScheduleOrder::Pause => ScheduleInput::Pause { reason: None },
            ScheduleOrder::Resume => ScheduleInput::Resume,
            ScheduleOrder::Trigger => ScheduleInput::Trigger,
            ScheduleOrder::Backfill { from, to } => ScheduleInput::Backfill {
                from: begin.saturating_add(*from),
                to: begin.saturating_add(*to),
            },
        };
        self.ask_schedule(input, is_refused);
    }

    pub(super) fn ask_schedule(&mut self, input: ScheduleInput, is_refused: bool) {
        let setup = self.setup;
        let Some(Scheduled { schedule, sets, plan, .. }) = &mut self.schedule else { return };
        let context = schedule::Context {
            plan: Some(plan),
            place: &|_, _| None,
            now: self.now,
            limits: &setup.limits,
        };
        let shown = format!("{input:?}");
        let actions = match schedule.step(&context, sets, input) {
            Ok(_) if is_refused => return self.trouble(format!("it is not refused ({shown})")),
            Ok(actions) => actions,
            Err(_) if is_refused => return,
            Err(why) => return self.trouble(format!("the schedule refuses: {why} ({shown})")),
        };
        // Nothing is stored here: what has changed is known already.
        drop(sets.take_changes());
        for action in actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: ScheduleAction) {
        match action {
            ScheduleAction::Start(start) => self.begin_scheduled(start),
            ScheduleAction::Cancel(to) => self.arrive(self.now, Arrival::Cancel { to }),
            ScheduleAction::Subscribe { topics, subscription } => {
                for topic in topics {
                    let subscription = subscription.clone();
                    self.ask_topic(topic, topic::Input::Subscribe { subscription });
                }
            }
            ScheduleAction::Unsubscribe { topics, step } => {
                let Some(own) = self.schedule.as_ref() else { return };
                let listener = (own.listener, step);
                for topic in topics {
                    self.ask_topic(topic, topic::Input::Unsubscribe { listener });
                }
            }
        }
    }

    fn begin_scheduled(&mut self, start: ScheduledStart) {
        let setup = self.setup;
        let graph = setup.main();
        let mut own = Setup::start(graph, start.input(), &start.start_key, None);
        own.schedule = Some(start.origin);
        self.begin_as(start.id, graph, own);
    }

    /// When something happens that is due at an instant: while the server is down nothing does.
    pub(super) fn awake(&self, at: Timestamp) -> Timestamp {
        let down = self.scenario.schedule.as_ref().and_then(|trial| trial.down);
        let Some((from, to)) = down else { return at };
        let [from, to] = [from, to].map(|after| self.scenario.starts_at.saturating_add(after));
        if at >= from && at < to { to } else { at }
    }
}
