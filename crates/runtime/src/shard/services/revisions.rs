//! When something of a service became another, so that whoever follows it need not ask again and again.
//!
//! A revision is a number that only grows: that of a service with everything that its readers see of it (its document, its
//! endpoints and how they stand), that of a namespace with those of its services. It is drawn from the clock, in
//! microseconds, and counted on where changes come faster: so it does not go back when the server starts again. Whoever
//! knows a revision asks for what comes after it, and whoever waits is told by [`Output::Revised`].

use std::collections::{BTreeMap, BTreeSet};

use motet_types::{Label, ServiceName, Timestamp};

use super::Services;
use crate::shard::{Machine, Output, Reply, Responder};

#[derive(Default)]
pub(super) struct Revisions {
    /// The last revision that was given away.
    last: u64,
    /// That of services and namespaces that are not there: when one of them went.
    gone: u64,
    namespaces: BTreeMap<Label, u64>,
    /// What is not told yet.
    untold: BTreeSet<ServiceName>,
}

impl Revisions {
    /// No revision from now on is of an earlier time.
    pub(super) fn advance(&mut self, now: Timestamp) {
        self.last = self.last.max(u64::try_from(now.as_micros()).unwrap_or_default());
        if self.gone == 0 {
            self.gone = self.last.max(1);
        }
    }

    fn draw(&mut self, name: &ServiceName) -> u64 {
        self.last += 1;
        self.namespaces.insert(name.namespace.clone(), self.last);
        self.untold.insert(name.clone());
        self.last
    }

    /// The service is there no more, and with it perhaps its namespace.
    pub(super) fn went(&mut self, name: &ServiceName, is_last: bool) {
        self.gone = self.draw(name);
        if is_last {
            self.namespaces.remove(&name.namespace);
        }
    }
}

impl Services {
    /// Something may have changed: if it has, that is a new revision.
    pub(super) fn revise(&mut self, name: &ServiceName) {
        let Some(service) = self.known.get_mut(name) else { return };
        let stamp = service.stamp();
        if std::mem::replace(&mut service.noticed, stamp) != stamp {
            service.revision = self.revisions.draw(name);
        }
    }
}

impl Machine {
    /// The service with its revision; one that is not there has one, too.
    pub(super) fn look_at_service(&mut self, name: &ServiceName, reply: Responder) {
        self.services.revisions.advance(self.now);
        let now = self.now;
        let known = self.services.known.get_mut(name);
        let view = known.map(|service| Box::new(service.view(name, now)));
        let revision = view.as_ref().map_or(self.services.revisions.gone, |view| view.revision);
        self.reply(reply, Ok(Reply::ServiceNews { revision, view }));
    }

    pub(super) fn registry_revision(&mut self, namespace: &Label, reply: Responder) {
        self.services.revisions.advance(self.now);
        let revisions = &self.services.revisions;
        let revision = revisions.namespaces.get(namespace).copied().unwrap_or(revisions.gone);
        self.reply(reply, Ok(Reply::Revision(revision)));
    }

    pub(in crate::shard) fn tell_revised(&mut self) {
        if !self.services.revisions.untold.is_empty() {
            let names = std::mem::take(&mut self.services.revisions.untold);
            self.outputs.push(Output::Revised(names.into_iter().collect()));
        }
    }
}
