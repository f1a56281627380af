//! Events that an instance waits for, takes and is sent.

use std::sync::Arc;

use motet_expr::Value;
use motet_types::{StepId, TaskId, Timestamp};

use crate::event::Event;
use crate::listen::{Events, Listen, Mail, Role, Taken, Terms};
use crate::{Activity, Fact, Instance, Work};

impl Instance {
    /// A listen begins, or begins again after its instance had failed.
    pub(super) fn listening(&mut self, id: StepId, terms: &Arc<Terms>, floor: Option<Timestamp>) {
        self.work.retain(|work| *work != Work::Listen { step: id });
        self.change(id, |step| match &mut step.activity {
            Activity::Listen(listen) => {
                listen.terms = terms.clone();
                listen.is_subscribed = true;
            }
            activity => *activity = Activity::Listen(Box::new(Listen::new(terms.clone()))),
        });
        if let Some(floor) = floor {
            let events = self.events_mut();
            events.floor = floor;
            events.taken.retain(|_, taken| taken.received >= floor);
        }
        self.stir(id);
    }

    pub(super) fn consumed(&mut self, id: StepId, fact: &Fact) {
        let Fact::Consumed { event, received, filters, keys, role, closes, .. } = fact else {
            return;
        };
        let steps_activated = self.steps_activated;
        let key = event.key();
        let events = self.events_mut();
        events.mail.retain(|mail| mail.event.key() != key);
        let taken = events.taken.entry(key).or_insert_with(|| Taken {
            received: *received,
            steps_activated,
            by: Vec::new(),
        });
        if !taken.by.contains(&id) {
            taken.by.push(id);
        }
        self.change_listen(id, |listen| {
            listen.taken += 1;
            listen.satisfied.extend(filters);
            listen.keys.extend(keys.clone());
            listen.is_closed |= *closes;
            match role {
                Role::Output => listen.outputs.push(event.read(listen.terms.read)),
                Role::Queue => listen.queue.push_back((key, event.read(listen.terms.read))),
                Role::Mark => {}
            }
        });
        self.stir(id);
    }

    pub(super) fn handling(&mut self, id: StepId, first: TaskId) {
        self.work.retain(|work| *work != Work::Listen { step: id });
        let next = self.listen(id).and_then(|listen| listen.queue.front().cloned());
        let Some((_, item)) = next else { return };
        self.change(id, |step| {
            step.visits.clear();
            step.data = item.clone();
        });
        self.change_listen(id, |listen| {
            listen.queue.pop_front();
            listen.current = Some(item);
        });
        self.push(Work::Enter { parent: id, task: first });
    }

    /// What waits behind an event that ended the listen was not taken after all.
    pub(super) fn handled(
        &mut self,
        id: StepId,
        output: &Value,
        context: Option<&Value>,
        closes: bool,
    ) {
        self.work.retain(|work| *work != Work::Listen { step: id });
        if let Some(context) = context {
            let holder = self.context_holder(id);
            self.change(holder, |step| step.context = Some(context.clone()));
        }
        let mut left = Vec::new();
        self.change_listen(id, |listen| {
            if listen.current.take().is_none() {
                listen.queue.pop_front();
            }
            listen.is_handled = false;
            listen.outputs.push(output.clone());
            if closes {
                listen.is_closed = true;
                left.extend(listen.queue.drain(..).map(|(key, _)| key));
                listen.taken -= left.len() as u32;
            }
        });
        for key in left {
            let events = self.events_mut();
            let is_free = events.taken.get_mut(&key).is_some_and(|taken| {
                taken.by.retain(|step| *step != id);
                taken.by.is_empty()
            });
            if is_free {
                events.taken.remove(&key);
            }
        }
        self.stir(id);
    }

    pub(super) fn unsubscribed(&mut self, id: StepId) {
        self.change_listen(id, |listen| listen.is_subscribed = false);
    }

    pub(super) fn received(&mut self, event: &Arc<Event>, at: Timestamp) {
        self.events_mut().mail.push(Mail { received: at, event: event.clone() });
    }

    /// The instance goes on after a failure: listens whose topics were told off wait again.
    pub(super) fn listen_again(&mut self) {
        let told_off: Vec<StepId> = self
            .steps
            .iter()
            .filter(|(id, step)| {
                let listen = self.listen(**id);
                step.result.is_none()
                    && listen.is_some_and(|listen| !listen.is_subscribed && !listen.is_closed)
            })
            .map(|(id, _)| *id)
            .collect();
        for step in told_off {
            self.push(Work::Listen { step });
        }
    }

    /// Queues what a listen can do by itself.
    pub(super) fn stir(&mut self, id: StepId) {
        if self.listen(id).is_some_and(Listen::has_work) {
            self.push(Work::Listen { step: id });
        }
    }

    fn change_listen(&mut self, id: StepId, change: impl FnOnce(&mut Listen)) {
        self.change(id, |step| {
            if let Activity::Listen(listen) = &mut step.activity {
                change(listen);
            }
        });
    }

    fn events_mut(&mut self) -> &mut Events {
        self.events.get_or_insert_default()
    }
}
