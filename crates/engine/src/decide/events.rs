//! Events that arrive.

use std::sync::Arc;

use motet_definition::graph::Kind;
use motet_types::{StepId, Timestamp};

use super::Decider;
use crate::event::Event;
use crate::listen::{Listen, Match, Progress, Taking, taking};
use crate::task;
use crate::{ErrorKind, Fact, Rejection, WorkflowError};

/// An event that a listen may take.
pub(crate) struct Offer<'e> {
    pub(crate) event: &'e Arc<Event>,
    pub(crate) received: Timestamp,
    pub(crate) matches: &'e [Match],
    /// Whether it was sent to this instance.
    pub(crate) mailed: bool,
}

impl Decider<'_> {
    pub(super) fn found(
        &mut self,
        step: StepId,
        event: Arc<Event>,
        received: Timestamp,
        matches: &[Match],
    ) -> Result<(), Rejection> {
        if self.instance.end.is_some() {
            return Err(Rejection::Stale);
        }
        let offer = Offer { event: &event, received, matches, mailed: false };
        if self.offer(step, &offer) { Ok(()) } else { Err(Rejection::Stale) }
    }

    pub(super) fn not_listening(&mut self, step: StepId, reason: &str) -> Result<(), Rejection> {
        let waits = self.instance.listen(step).is_some_and(Listen::is_waiting);
        if !waits || self.instance.end.is_some() {
            return Err(Rejection::Stale);
        }
        let error = WorkflowError::new(ErrorKind::Runtime, "cannot listen", reason);
        self.fail(step, error);
        Ok(())
    }

    /// Keeps an event that was sent to the instance, and offers it to every listen that is open.
    pub(super) fn mail(&mut self, event: Arc<Event>) -> Result<(), Rejection> {
        self.ensure_open("it has ended and takes no event")?;
        let key = event.key();
        let known = self.instance.events.as_ref();
        let is_known = known.is_some_and(|events| {
            events.taken.contains_key(&key)
                || events.mail.iter().any(|mail| mail.event.key() == key)
        });
        if is_known {
            return Err(Rejection::Stale);
        }
        let waiting = known.map_or(0, |events| events.mail.len());
        self.ensure(
            waiting < self.limits.events_waiting_max,
            "as many events as it may hold wait for a listen",
        )?;
        self.emit(StepId(0), Fact::Received { event: event.clone() });
        let open: Vec<StepId> = self
            .instance
            .steps
            .keys()
            .copied()
            .filter(|step| self.instance.listen(*step).is_some_and(Listen::is_waiting))
            .collect();
        for step in open {
            self.offer_mailed(step, &event, self.now);
        }
        Ok(())
    }

    /// Offers an event that was sent to the instance; here the filters are evaluated that topics evaluate else.
    pub(crate) fn offer_mailed(&mut self, step: StepId, event: &Arc<Event>, received: Timestamp) {
        let Some(listen) = self.instance.listen(step) else { return };
        let terms = listen.terms.clone();
        let mut matches = Vec::new();
        for (idx, (_, filter)) in terms.filters.iter().enumerate() {
            let Ok(matcher) = filter.matcher() else { continue };
            let mut fuel = self.limits.filter_fuel_max;
            let values = matcher.matches(event, self.now, &mut fuel);
            self.fuel_burnt += self.limits.filter_fuel_max.saturating_sub(fuel);
            matches.extend(values.map(|values| Match { filter: idx as u32, values }));
        }
        self.offer(step, &Offer { event, received, matches: &matches, mailed: true });
    }

    /// Lets a listen take an event if it wants it and may have it.
    pub(crate) fn offer(&mut self, step: StepId, offer: &Offer<'_>) -> bool {
        let Some(listen) = self.instance.listen(step).filter(|listen| listen.is_waiting()) else {
            return false;
        };
        let Some(Kind::Listen(task)) = self.vertex_of(step).map(|vertex| &vertex.kind) else {
            return false;
        };
        if self.is_forgotten(offer) {
            // The topic that gave the event to a listen for one alone counts it as served.
            let listens_no_more = listen.terms.once;
            if listens_no_more {
                task::listen::again(self, step, task);
            }
            return listens_no_more;
        }
        if self.was_taken(step, offer) {
            return false;
        }
        if listen.taken as usize >= self.limits.listen_events_max {
            let detail = format!("listen_events_max is {}", self.limits.listen_events_max);
            let error = WorkflowError::new(ErrorKind::Runtime, "too many events", detail);
            self.fail(step, error);
            return true;
        }
        let progress = Progress {
            filters: &listen.terms.filters,
            satisfied: &listen.satisfied,
            keys: &listen.keys,
        };
        let Some(taking) = taking(task, progress, offer.matches) else { return false };
        let Taking { filters, keys, role, closes } = taking;
        let (event, received) = (offer.event.clone(), offer.received);
        let mailed = offer.mailed;
        let fact = Fact::Consumed { event, received, filters, keys, role, mailed, closes };
        self.emit(step, fact);
        true
    }

    /// An event from before the floor may have been taken, so that no listen gets it any more, however long it has waited.
    fn is_forgotten(&self, offer: &Offer<'_>) -> bool {
        let floor = self.instance.events.as_ref().map(|events| events.floor);
        !offer.mailed && floor.is_some_and(|floor| offer.received < floor)
    }

    /// Whether the step, or one that was over before it began, has taken the event.
    fn was_taken(&self, step: StepId, offer: &Offer<'_>) -> bool {
        let Some(events) = &self.instance.events else { return false };
        let taken = events.taken.get(&offer.event.key());
        taken.is_some_and(|taken| taken.is_over(step))
    }
}
