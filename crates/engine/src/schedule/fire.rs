//! What has come due, and which of it may begin.

use std::time::Duration;

use motet_definition::model::{Catchup, Overlap};
use motet_definition::schedule::{Plan, Rule, Trigger};
use motet_types::Timestamp;

use super::{
    Begun, Context, EventSets, LATEST_MAX, MADE_UP_MAX, MISSED_AFTER, Origin, Planned, RUNNING_MAX,
    STARTS_MAX, Schedule, ScheduleAction, ScheduleRejection, ScheduledStart, Waiting,
};

/// The smallest step of time.
const INSTANT: Duration = Duration::from_micros(1);

impl Schedule {
    /// Takes up every nominal time that has passed.
    pub(super) fn fire(&mut self, plan: &Plan, now: Timestamp, actions: &mut Vec<ScheduleAction>) {
        if self.paused.is_some() {
            return;
        }
        for nth in 0..self.timers.len() {
            let timer = &self.timers[nth];
            let (trigger, anchor) = (timer.trigger, timer.anchor);
            let Some(next) = timer.next.filter(|next| *next <= now) else { continue };
            match plan.rule(trigger) {
                Some(Rule::After(_)) => {
                    self.timers[nth].next = None;
                    self.on_time(plan, now, trigger, next, actions);
                }
                Some(rule) => {
                    let mut at = self.catch_up(plan, now, rule, anchor, next);
                    while let Some(nominal) = at.filter(|at| *at <= now) {
                        self.on_time(plan, now, trigger, nominal, actions);
                        at = plan.next(rule, anchor, nominal);
                    }
                    self.timers[nth].next = at;
                }
                None => self.timers[nth].next = None,
            }
        }
    }

    /// Makes up for what was missed as far as the policy wants it; gives the first nominal time that was not.
    fn catch_up(
        &mut self,
        plan: &Plan,
        now: Timestamp,
        rule: &Rule,
        anchor: Timestamp,
        next: Timestamp,
    ) -> Option<Timestamp> {
        let horizon = before(now, MISSED_AFTER);
        let last = plan.last(rule, anchor, horizon).filter(|last| *last >= next);
        let Some(last) = last else { return Some(next) };
        let count = match plan.catchup {
            Catchup::None => 0,
            Catchup::Last => 1,
            Catchup::All => MADE_UP_MAX.saturating_sub(self.waiting.len()),
        };
        let earlier = |at: &Timestamp| plan.last(rule, anchor, before(*at, INSTANT));
        let missed = std::iter::successors(Some(last), earlier).take_while(|at| *at >= next);
        let mut missed: Vec<Timestamp> = missed.take(count).collect();
        missed.reverse();
        for nominal in missed {
            self.make_up(rule.trigger(), nominal);
        }
        plan.next(rule, anchor, last)
    }

    /// A start has come due; whether another one runs decides what becomes of it.
    fn on_time(
        &mut self,
        plan: &Plan,
        now: Timestamp,
        trigger: Trigger,
        nominal: Timestamp,
        actions: &mut Vec<ScheduleAction>,
    ) {
        let has_ready = self.on.as_ref().is_some_and(|on| on.ready > 0);
        let is_busy = !self.running.is_empty() || !self.waiting.is_empty() || has_ready;
        let newest = Waiting { trigger, nominal, is_made_up: false };
        match plan.overlap {
            Overlap::Skip if is_busy => self.leave_out(plan, now, &newest),
            Overlap::Queue if self.waiting.iter().any(|waiting| !waiting.is_made_up) => {
                self.leave_out(plan, now, &newest);
            }
            Overlap::Replace if is_busy => {
                let place = self.waiting.iter().position(|waiting| !waiting.is_made_up);
                if let Some(replaced) = place.and_then(|place| self.waiting.remove(place)) {
                    self.leave_out(plan, now, &replaced);
                }
                actions.extend(self.running.iter().map(|own| ScheduleAction::Cancel(own.id)));
                self.waiting.push_front(newest);
            }
            Overlap::Allow | Overlap::Skip | Overlap::Queue | Overlap::Replace => {
                self.waiting.push_back(newest);
            }
        }
    }

    /// A person wants a start now.
    pub(super) fn trigger(&mut self, now: Timestamp) -> Result<(), ScheduleRejection> {
        if self.waiting.len() >= MADE_UP_MAX {
            return Err(ScheduleRejection::TooMany);
        }
        let known = self.known().filter(|(trigger, _)| *trigger == Trigger::Manual);
        let newest = known.map(|(_, nominal)| nominal).max();
        let nominal = newest.map_or(now, |newest| now.max(newest.saturating_add(INSTANT)));
        self.make_up(Trigger::Manual, nominal);
        Ok(())
    }

    /// A person wants the starts of a span that has passed.
    pub(super) fn backfill(
        &mut self,
        plan: &Plan,
        now: Timestamp,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), ScheduleRejection> {
        if from > to || to > now {
            return Err(ScheduleRejection::Span);
        }
        let mut wanted = Vec::new();
        for timer in &self.timers {
            let Some(rule) = plan.rule(timer.trigger) else { continue };
            let following = |at: &Timestamp| plan.next(rule, timer.anchor, *at);
            let times = std::iter::successors(following(&before(from, INSTANT)), following);
            let times = times.take_while(|at| *at <= to).take(MADE_UP_MAX + 1);
            wanted.extend(times.map(|at| (at, timer.trigger)));
        }
        wanted.sort_unstable();
        if wanted.len() + self.waiting.len() > MADE_UP_MAX {
            return Err(ScheduleRejection::TooMany);
        }
        for (nominal, trigger) in wanted {
            self.make_up(trigger, nominal);
        }
        Ok(())
    }

    fn make_up(&mut self, trigger: Trigger, nominal: Timestamp) {
        let is_it = |own: &&mut Waiting| (own.trigger, own.nominal) == (trigger, nominal);
        if let Some(waiting) = self.waiting.iter_mut().find(is_it) {
            // From now on neither a pause nor a newer one leaves it out.
            waiting.is_made_up = true;
            return;
        }
        let is_known = self.known().any(|known| known == (trigger, nominal));
        if !is_known {
            self.waiting.push_back(Waiting { trigger, nominal, is_made_up: true });
        }
    }

    /// Starts that were asked for lately, or wait.
    fn known(&self) -> impl Iterator<Item = (Trigger, Timestamp)> {
        let latest = self.latest.iter().map(|begun| &begun.planned);
        let asked = latest.chain(&self.running).map(|planned| (planned.trigger, planned.nominal));
        asked.chain(self.waiting.iter().map(|waiting| (waiting.trigger, waiting.nominal)))
    }

    pub(super) fn can_begin(&self) -> bool {
        let waits = !self.waiting.is_empty() || self.on.as_ref().is_some_and(|on| on.ready > 0);
        waits && (self.is_parallel || self.running.is_empty())
    }

    /// Asks for as many starts as may be.
    pub(super) fn begin_waiting(
        &mut self,
        ctx: &Context<'_>,
        sets: &mut EventSets,
        actions: &mut Vec<ScheduleAction>,
    ) {
        let now = ctx.now;
        for _ in 0..STARTS_MAX {
            if !self.can_begin() {
                return;
            }
            let start = match self.waiting.pop_front() {
                Some(Waiting { trigger, nominal, .. }) => {
                    ScheduledStart::of(&self.definition, trigger, nominal, ctx.place, now)
                }
                None => {
                    let Some(set) = sets.pop_ready() else { return };
                    self.count_sets(sets);
                    self.start_of_set(ctx, &set)
                }
            };
            let Origin { trigger, nominal } = start.origin;
            let planned = Planned { trigger, nominal, id: start.id };
            self.running.push(planned.clone());
            self.forget_oldest();
            self.latest.push_back(Begun { planned, at: now, ended: None });
            if self.latest.len() > LATEST_MAX {
                self.latest.pop_front();
            }
            self.started += 1;
            actions.push(ScheduleAction::Start(start));
        }
    }

    /// Where instances may overlap, only those need to be known whose end decides something.
    fn forget_oldest(&mut self) {
        if self.running.len() > RUNNING_MAX {
            let oldest = self.running.iter().position(|own| own.trigger != Trigger::After);
            if let Some(oldest) = oldest {
                self.running.remove(oldest);
            }
        }
    }
}

fn before(at: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.as_micros().saturating_sub(micros))
}
