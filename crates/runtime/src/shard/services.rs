//! Services: their documents, their endpoints, and which endpoint gets a call.
//!
//! Documents and endpoints are rows, and what is here follows from rows that are durable: a change is staged with its commit
//! and applied when that is durable. Leases live in memory alone; a restart gives every endpoint a fresh one, so that it
//! forgets nobody. A service is there while it has a document or an endpoint.

mod agent;
mod callers;
mod calls;
mod change;
mod details;
mod dns;
mod endpoint;
mod figures;
mod leases;
mod lines;
mod options;
mod probes;
mod revisions;
mod rows;
mod serve;
mod service;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motet_types::{Label, ServiceName, Timestamp};

use super::batch::Release;
use super::{Machine, Responder};
use crate::Actor;

pub use agent::AgentCommand;
pub use callers::{Deadline, DeadlineKind, WORKFLOWS_SHOWN_MAX, WaitingWorkflow};
pub use change::{Registration, ServiceDocument, ServiceInput};
pub use details::{
    CHECK_TEXT_BYTES_MAX, CHECKS_MAX, Check, CheckKind, CheckStatus, Details, TAGS_MAX,
};
pub use dns::{DnsAnswer, DnsQuestion};
pub use endpoint::{ENDPOINT_ID_BYTES_MAX, EndpointId, InvalidEndpointId, METADATA_BYTES_MAX};
pub use figures::{
    ENDPOINTS_SHOWN_MAX, LATENCY_BUCKETS, Latencies, News, Notice, Requests, ServiceFigures,
    Tallies, VERSIONS_SHOWN_MAX, VersionFigures, VersionLevels,
};
pub use probes::ProbeCall;
pub(super) use rows::{Row as ServiceRow, read_endpoint, read_service};
pub use views::{
    CheckView, EndpointState, EndpointView, LineView, Origin, ServiceSummary, ServiceView,
    VersionView,
};

pub(super) use calls::{Flights, Routed, Turn};
pub(super) use change::Change;
pub(super) use lines::{LineKey, Lines, Place};

use agent::Agents;
use endpoint::Entry;
use figures::Figures;
use revisions::Revisions;
use service::Service;

/// Services of one namespace.
pub const SERVICES_MAX: usize = 20_000;
/// Endpoints of one service, without those of its document.
pub const SERVICE_ENDPOINTS_MAX: usize = 1_000;
/// Services that one tick looks after; the others come with the next.
const TENDED_MAX: usize = 256;

/// See the module.
#[derive(Default)]
pub(super) struct Services {
    known: BTreeMap<ServiceName, Service>,
    /// Services of each namespace.
    counts: BTreeMap<Label, usize>,
    /// What has changes that are not durable yet: an endpoint, or the document where none is named.
    staged: BTreeMap<(ServiceName, Option<EndpointId>), Staged>,
    /// When services want to be looked after.
    due: BTreeSet<(Timestamp, ServiceName)>,
    pub(super) flights: Flights,
    figures: Figures,
    agents: Agents,
    revisions: Revisions,
    pub(super) lines: Lines,
    probing: usize,
    created: u64,
}

/// How many changes are not durable yet, and the last of them.
struct Staged {
    count: usize,
    last: Change,
}

impl Services {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let first = self.due.first().map(|(due, _)| *due);
        first.into_iter().chain(self.lines.next_due()).min()
    }

    fn is_staged(&self, name: &ServiceName, id: Option<&EndpointId>) -> bool {
        self.staged.contains_key(&(name.clone(), id.cloned()))
    }

    /// What an endpoint is about to be, or is.
    fn latest(&self, name: &ServiceName, id: &EndpointId) -> Option<Arc<Entry>> {
        let staged = self.staged.get(&(name.clone(), Some(id.clone())));
        if let Some(Staged { last: Change::Endpoint(_, entry), .. }) = staged {
            return entry.clone();
        }
        Some(self.known.get(name)?.endpoints.get(id)?.entry.clone())
    }

    /// The service, which is made if it is not there.
    fn service(&mut self, name: &ServiceName) -> &mut Service {
        if !self.known.contains_key(name) {
            self.created += 1;
            *self.counts.entry(name.namespace.clone()).or_default() += 1;
            self.known.insert(name.clone(), Service::new(name, self.created));
        }
        self.known.get_mut(name).expect("it was there, or was just made")
    }

    /// What is durable takes effect.
    fn apply(&mut self, now: Timestamp, name: &ServiceName, changes: Vec<Change>) {
        self.revisions.advance(now);
        for change in changes {
            if let Change::Endpoint(id, after) = &change {
                let known = self.known.get(name).and_then(|service| service.endpoints.get(id));
                let before = known.and_then(|own| own.entry.details.as_deref());
                let after = after.as_ref().and_then(|entry| entry.details.as_deref());
                self.agents.change(name, id, before, after);
            }
            self.service(name).apply(now, change);
        }
        self.lines.rouse(name);
        let service = self.service(name);
        if service.is_gone() {
            if let Some(due) = service.due {
                self.due.remove(&(due, name.clone()));
            }
            self.known.remove(name);
            if let Some(count) = self.counts.get_mut(&name.namespace) {
                *count -= 1;
            }
            self.counts.retain(|_, count| *count > 0);
            self.revisions.went(name, !self.counts.contains_key(&name.namespace));
            return;
        }
        self.reschedule(now, name);
    }

    /// Something has happened that may move the time at which the service wants to be looked after.
    fn reschedule(&mut self, now: Timestamp, name: &ServiceName) {
        self.revisions.advance(now);
        self.revise(name);
        let Some(service) = self.known.get_mut(name) else { return };
        let due = service.next_due(now);
        if due == service.due {
            return;
        }
        if let Some(before) = std::mem::replace(&mut service.due, due) {
            self.due.remove(&(before, name.clone()));
        }
        self.due.extend(due.map(|due| (due, name.clone())));
    }

    /// The same where it may only have become earlier, without a look at every endpoint.
    fn hasten(&mut self, name: &ServiceName, due: Option<Timestamp>) {
        self.revise(name);
        let Some(due) = due else { return };
        let Some(service) = self.known.get_mut(name) else { return };
        if service.due.is_some_and(|before| before <= due) {
            return;
        }
        if let Some(before) = service.due.replace(due) {
            self.due.remove(&(before, name.clone()));
        }
        self.due.insert((due, name.clone()));
    }

    fn unstage(&mut self, name: &ServiceName, changes: &[Change]) {
        for change in changes {
            let key = (name.clone(), change.endpoint().cloned());
            if let Some(staged) = self.staged.get_mut(&key) {
                staged.count -= 1;
                if staged.count == 0 {
                    self.staged.remove(&key);
                }
            }
        }
    }
}

impl Machine {
    pub(super) fn service(&mut self, input: ServiceInput, actor: Actor, reply: Responder) {
        match input {
            ServiceInput::Set(document) => self.set_service(*document, actor, reply),
            ServiceInput::Delete { name, reason } => {
                self.delete_service(name, reason, &actor, reply);
            }
            ServiceInput::Register { name, id, registration } => {
                self.register(name, id, *registration, actor, reply);
            }
            ServiceInput::Deregister { name, id } => self.deregister(&name, &id, reply),
            ServiceInput::Drain { name, id, is_draining, reason } => {
                self.drain(&name, &id, is_draining, reason, &actor, reply);
            }
            ServiceInput::Agent { namespace, command } => {
                self.agent(&namespace, command, &actor, reply);
            }
            ServiceInput::Look { name } => self.look_at_service(&name, reply),
            ServiceInput::Revision { namespace } => self.registry_revision(&namespace, reply),
            ServiceInput::Browse { namespace, after, endpoints_max } => {
                self.browse_services(namespace, after, endpoints_max, reply);
            }
            ServiceInput::Read { name } => self.read_service(&name, reply),
            ServiceInput::List { namespaces, after, limit } => {
                self.list_services(namespaces.as_deref(), after.as_ref(), limit, reply);
            }
        }
    }

    /// Gathers a commit of these changes; they take effect when it is durable.
    fn stage_services(&mut self, name: ServiceName, changes: Vec<Change>, audit: Option<Audit>) {
        for change in &changes {
            let key = (name.clone(), change.endpoint().cloned());
            let staged = self.services.staged.entry(key);
            let staged = staged.or_insert_with(|| Staged { count: 0, last: change.clone() });
            (staged.count, staged.last) = (staged.count + 1, change.clone());
        }
        let mut rows: Vec<_> = changes.iter().map(|change| change.row(&name)).collect();
        if let Some(Audit { action, reason, before, after, actor: Some(actor) }) = audit {
            let note = crate::Note {
                actor: Some(actor.clone()),
                namespace: Some(name.namespace.to_string()),
                action,
                subject: name.to_string(),
                reason,
                after,
            };
            let nth = self.next_note();
            rows.push(crate::audit::of_change(self.now, nth, note, before, &actor));
        }
        self.commit_rows(motet_types::ShardId::CATALOG, rows);
        self.release(Release::Services(Arc::new(name), changes));
    }

    pub(super) fn settle_services(&mut self, name: &ServiceName, changes: Vec<Change>) {
        self.services.unstage(name, &changes);
        self.services.apply(self.now, name, changes);
    }

    pub(super) fn take_back_services(&mut self, name: &ServiceName, changes: &[Change]) {
        self.services.unstage(name, changes);
    }

    /// Everything that the store holds; a restart forgets nobody.
    pub(super) fn recover_services(&mut self, rows: Vec<ServiceRow>) {
        for (name, change) in rows {
            self.services.apply(self.now, &name, vec![change]);
        }
    }

    /// Looks after services whose time has come: leases, probes, and what the governors of their versions want.
    pub(super) fn tend_services(&mut self) {
        self.services.lines.wake(self.now);
        for _ in 0..TENDED_MAX {
            let first = self.services.due.first().filter(|(due, _)| *due <= self.now);
            if first.is_none() {
                return;
            }
            let Some((_, name)) = self.services.due.pop_first() else { return };
            let staged = &self.services.staged;
            let Some(service) = self.services.known.get_mut(&name) else { continue };
            service.due = None;
            let is_staged =
                |id: &EndpointId| staged.contains_key(&(name.clone(), Some(id.clone())));
            let (gone, changes) = service.tend(self.now, is_staged);
            for (version, changes) in changes {
                self.tell_changes(&name, &version, changes);
            }
            self.services.lines.rouse(&name);
            self.probe_due(&name);
            self.ask_due(&name);
            if !gone.is_empty() {
                let changes = gone.into_iter().map(|id| Change::Endpoint(id, None)).collect();
                self.stage_services(name.clone(), changes, None);
            }
            self.services.reschedule(self.now, &name);
        }
    }
}

/// What is told of a change that a person or a program has asked for.
struct Audit {
    action: &'static str,
    reason: Option<String>,
    before: Option<motet_expr::Value>,
    after: Option<motet_expr::Value>,
    actor: Actor,
}
