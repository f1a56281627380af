//! What clients are told, and whether it stays true.

use motet_runtime::shard::Reply;
use motet_runtime::{Error, InstanceView};
use motet_types::{InstanceId, Status};

use crate::check::{Check, Checked, ensure, violated};
use crate::clients::{Action, Steer};
use crate::definitions;
use crate::world::World;

impl World {
    pub(crate) fn take_replies(&mut self) -> Checked {
        let replies =
            std::mem::take(&mut *self.clients.replies.lock().expect("nobody panics with it"));
        for (number, result, position) in replies {
            let request = &mut self.clients.requests[number];
            let (action, instance) = (request.action, request.instance);
            request.is_answered = true;
            self.mark(number as u64);
            self.tell(|| match &result {
                Ok(reply) => format!("answer to {action:?}: {}", outline(reply)),
                Err(error) => format!("answer to {action:?}: {error}"),
            });
            let last = self.shadow.last;
            ensure(position <= last, Check::EffectBeforeDurable, "a durable position", || {
                format!("{position:?} after {last:?}")
            })?;
            if matches!(action, Action::Tag(_)) {
                self.tagged(number, result.is_ok());
            }
            match result {
                Ok(reply) => self.answered(number, action, reply)?,
                Err(error) => self.refused(action, instance, &error)?,
            }
        }
        Ok(())
    }

    fn answered(&mut self, number: usize, action: Action, reply: Reply) -> Checked {
        let (view, created) = match reply {
            Reply::Instance { view, created } => (view, created),
            Reply::Catalog { .. } => {
                if let Action::Publish(number) = action {
                    self.clients.published.insert(number);
                }
                return Ok(());
            }
            Reply::Watching
            | Reply::Purged
            | Reply::Undo(_)
            | Reply::Jobs(_)
            | Reply::Heartbeat(_)
            | Reply::Task(_)
            | Reply::JobFigures(_)
            | Reply::Observed(_)
            | Reply::ServiceFigures(_)
            | Reply::Offsets(_)
            | Reply::Sinks(_)
            | Reply::Service { .. }
            | Reply::Registered { .. }
            | Reply::ServiceView(_)
            | Reply::ServiceNews { .. }
            | Reply::ServiceViews { .. }
            | Reply::Revision(_)
            | Reply::Endpoint(..)
            | Reply::Services(_)
            | Reply::Limits(_)
            | Reply::Done => return Ok(()),
            Reply::Schedules(_) => {
                if let Action::Schedule(order) = action {
                    self.schedule_ordered(number, order);
                }
                return Ok(());
            }
            Reply::Event { duplicate } => return self.event_taken(action, duplicate),
        };
        self.promise(&view)?;
        self.instance_answered(number, action, &view, created)
    }

    fn event_taken(&mut self, action: Action, duplicate: bool) -> Checked {
        match action {
            Action::Tick(event) => self.ticked(event, duplicate),
            Action::Ring(number) => {
                self.rung(number);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn instance_answered(
        &mut self,
        number: usize,
        action: Action,
        view: &InstanceView,
        created: bool,
    ) -> Checked {
        match action {
            Action::Start(order) => {
                if created {
                    self.check_version(order, self.clients.requests[number].asked, view)?;
                }
                self.started(order, view, created)?;
            }
            Action::StartOther(order) if self.may_be_another(order, view.id) => {
                self.started(order, view, created)?;
                self.clients.orders[order].is_taken = true;
            }
            Action::StartOther(_) => {
                let expected = "one body under a start key";
                return Err(violated(
                    Check::CommandLost,
                    expected,
                    format!("{} took another", view.id),
                ));
            }
            Action::Steer(steer, _) => {
                self.summary.commands += 1;
                self.steered(steer, view)?;
            }
            Action::Read => self.summary.reads += 1,
            Action::Publish(_)
            | Action::Tick(_)
            | Action::Ring(_)
            | Action::Tag(_)
            | Action::Schedule(_) => {}
        }
        Ok(())
    }

    /// What an answer shows of an instance is durable.
    fn promise(&mut self, view: &InstanceView) -> Checked {
        let durable = self.shadow.records(view.id);
        let expected = "an answer that rests on durable records";
        ensure(view.records <= durable, Check::EffectBeforeDurable, expected, || {
            format!("{} shown with {} records, {durable} are durable", view.id, view.records)
        })?;
        if view.records == durable {
            let known = self.shadow.known(view.id);
            let status = known.map_or(view.status, |known| known.state.status());
            ensure(
                view.status == status,
                Check::HistoryChanged,
                "the status of the history",
                || format!("{} shown as {}, its records say {status}", view.id, view.status),
            )?;
        }
        let promised = self.clients.promised.entry(view.id).or_default();
        *promised = (*promised).max(view.records);
        Ok(())
    }

    /// Whether a start key may have led to another instance since: the earlier one ended, and the key's time is over by
    /// the latest clock, which may be ahead of the one by which the later one began.
    fn may_be_another(&self, order: usize, id: InstanceId) -> bool {
        let earlier = self.clients.orders[order].instance.filter(|earlier| *earlier != id);
        let Some(earlier) = earlier.and_then(|earlier| self.shadow.known(earlier)) else {
            return false;
        };
        earlier.has_ended
            && self.shadow.retention.has_expired(earlier, self.clock_latest)
            && self.shadow.known(id).is_some()
    }

    fn started(&mut self, order: usize, view: &InstanceView, created: bool) -> Checked {
        if self.may_be_another(order, view.id) {
            self.summary.keys_used_again += 1;
            let ordered = &mut self.clients.orders[order];
            (ordered.instance, ordered.is_created) = (Some(view.id), created);
            return Ok(());
        }
        let ordered = &mut self.clients.orders[order];
        if created {
            let expected = "one start that creates an instance";
            ensure(!ordered.is_created, Check::CommandLost, expected, || {
                format!("{} is said to be created twice", view.id)
            })?;
            ordered.is_created = true;
        } else {
            self.summary.starts_repeated += 1;
        }
        if ordered.key.is_none() {
            ordered.instance.get_or_insert(view.id);
            return ensure(created, Check::CommandLost, "a start like no other", || {
                format!("{} was there already", view.id)
            });
        }
        let first = *ordered.instance.get_or_insert(view.id);
        ensure(first == view.id, Check::CommandLost, "one instance under a start key", || {
            format!("{first}, then {}", view.id)
        })
    }

    fn steered(&mut self, steer: Steer, view: &InstanceView) -> Checked {
        let fits = match steer {
            Steer::Cancel => view.status == Status::Cancelled || view.is_compensating,
            Steer::Suspend => view.status == Status::Suspended,
            Steer::Resume => view.status != Status::Suspended,
            Steer::Retry => true,
        };
        ensure(fits, Check::CommandLost, "the status that was asked for", || {
            format!("{steer:?} of {} gives {}", view.id, view.status)
        })?;
        match steer {
            Steer::Cancel => {
                self.clients.cancelled.insert(view.id);
            }
            Steer::Suspend => *self.clients.suspended.entry(view.id).or_default() += 1,
            Steer::Resume | Steer::Retry => {}
        }
        Ok(())
    }

    fn refused(&mut self, action: Action, instance: Option<InstanceId>, error: &Error) -> Checked {
        let known = match action {
            Action::Start(order) | Action::StartOther(order) => self.clients.orders[order].instance,
            _ => instance,
        };
        let expected = "an answer about an acknowledged instance";
        let is_lost = matches!(error, Error::UnknownInstance(_) | Error::Unloadable(_));
        let is_forgotten = known.is_some_and(|id| self.shadow.forgotten.contains_key(&id));
        ensure(!is_lost || known.is_none() || is_forgotten, Check::CommandLost, expected, || {
            format!("{action:?} of {known:?}: {error}")
        })?;
        match (action, error) {
            (Action::Start(order), Error::KeyReused(id))
                if self.clients.orders[order].is_taken || self.may_be_another(order, *id) => {}
            (Action::Start(_), Error::KeyReused(_)) => {
                let expected = "the same start under the same key";
                return Err(violated(Check::CommandLost, expected, error.to_string()));
            }
            (Action::StartOther(_), Error::KeyReused(_)) => self.summary.starts_conflicting += 1,
            (Action::Start(order), Error::KeyHeld { .. }) => self.turned_away(order, error)?,
            (_, Error::Conflict { .. }) => self.summary.commands_rejected += 1,
            _ => self.unanswered(action),
        }
        Ok(())
    }

    /// What was acknowledged is still there.
    pub(crate) fn check_promises(&self) -> Checked {
        for order in &self.clients.orders {
            let Some(id) = order.instance else { continue };
            let is_there = self.shadow.known(id).is_some();
            ensure(is_there, Check::CommandLost, "every acknowledged start", || id.to_string())?;
        }
        for (id, promised) in &self.clients.promised {
            let durable = self.shadow.records(*id);
            ensure(durable >= *promised, Check::CommandLost, "every acknowledged record", || {
                format!("{id} has {durable} records, {promised} were shown")
            })?;
        }
        for (id, count) in &self.clients.suspended {
            let durable = self.shadow.known(*id).map_or(0, |known| known.suspensions);
            ensure(durable >= *count, Check::CommandLost, "every acknowledged suspension", || {
                format!("{id}: {count} acknowledged, {durable} recorded")
            })?;
        }
        for id in &self.clients.cancelled {
            let state = self.shadow.known(*id).map(|known| &known.state);
            let status = state.map(motet_engine::Instance::status);
            let is_undone = state.is_some_and(motet_engine::Instance::is_compensating);
            let stays = status == Some(Status::Cancelled) || is_undone;
            ensure(stays, Check::CommandLost, "an acknowledged cancellation that stays", || {
                format!("{id} is {status:?}")
            })?;
        }
        let published = self.clients.published.iter().copied();
        let catalog = self.server.as_ref().map(|server| server.machine.view().clone());
        let Some(view) = catalog else { return Ok(()) };
        for number in published {
            let definition = &definitions::definition(number).graph.definition;
            let is_there = view.graphs.contains_key(definition);
            ensure(is_there, Check::CommandLost, "every acknowledged publication", || {
                definition.to_string()
            })?;
        }
        Ok(())
    }
}

fn outline(reply: &Reply) -> String {
    match reply {
        Reply::Instance { view, created } => {
            format!("{} {}, {} records, created: {created}", view.id, view.status, view.records)
        }
        other => format!("{other:?}"),
    }
}
