//! Names of DNS whose addresses are endpoints: the machine says when, the shell asks, and the answer is an input.

use std::sync::Arc;
use std::time::Duration;

use motet_definition::service::{DnsKind, DnsSource};
use motet_types::{ServiceName, Timestamp, Version};

use super::Origin;
use super::change::Change;
use super::endpoint::{EndpointId, Entry};
use super::service::Service;
use crate::shard::{Machine, Output};

/// An endpoint outlives so many answers in which it is not.
const ANSWERS_MISSED: u32 = 3;

/// A question about one name, for one version of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsQuestion {
    pub service: ServiceName,
    pub version: Version,
    pub source: DnsSource,
}

/// One endpoint of an answer: host, port and weight.
pub type DnsAnswer = (String, u16, u32);

/// A name that a document has, and when it is asked for next; none while an answer is awaited.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    version: Version,
    source: DnsSource,
    at: Option<Timestamp>,
}

impl Service {
    /// The names of the document; those that were there before keep their times.
    pub(super) fn ask_dns(&mut self, now: Timestamp) {
        let before = std::mem::take(&mut self.asking);
        let of_version = |own: &motet_definition::service::ServiceVersion| {
            let of = |source: &DnsSource| (own.version.clone(), source.clone());
            own.dns.iter().map(of).collect::<Vec<_>>()
        };
        let wanted = self.rules.versions.iter().flat_map(of_version);
        self.asking = wanted
            .map(|(version, source)| {
                let known =
                    before.iter().find(|own| own.version == version && own.source == source);
                known.cloned().unwrap_or(Asking { version, source, at: Some(now) })
            })
            .collect();
    }

    pub(super) fn asks_at(&self) -> Option<Timestamp> {
        self.asking.iter().filter_map(|own| own.at).min()
    }
}

impl Machine {
    /// Asks what it is time for.
    pub(super) fn ask_due(&mut self, name: &ServiceName) {
        let now = self.now;
        let Some(service) = self.services.known.get_mut(name) else { return };
        for own in service.asking.iter_mut().filter(|own| own.at.is_some_and(|at| at <= now)) {
            own.at = None;
            self.outputs.push(Output::Resolve(Box::new(DnsQuestion {
                service: name.clone(),
                version: own.version.clone(),
                source: own.source.clone(),
            })));
        }
    }

    /// An answer, which is never empty; or none. Without one everything stays, until leases are over.
    pub(in crate::shard) fn resolved(
        &mut self,
        question: &DnsQuestion,
        answer: Option<Vec<DnsAnswer>>,
    ) {
        let (now, name) = (self.now, &question.service);
        let Some(service) = self.services.known.get_mut(name) else { return };
        let is_it = |own: &super::dns::Asking| {
            own.version == question.version && own.source == question.source
        };
        // The document has dropped the name meanwhile.
        let Some(asking) = service.asking.iter_mut().find(|own| is_it(own)) else { return };
        asking.at = Some(now.saturating_add(question.source.interval));
        let mut changes = Vec::new();
        for (id, entry) in answer.into_iter().flatten().filter_map(|own| entry(question, own, now))
        {
            match service.endpoints.get(&id) {
                Some(own) if own.entry.origin != Origin::Dns => {}
                Some(own) if own.entry.says(&entry) => service.renew(now, &id),
                known => {
                    let is_draining = known.is_some_and(|own| own.entry.is_draining);
                    let entry = Arc::new(Entry { is_draining, ..entry });
                    changes.push(Change::Endpoint(id, Some(entry)));
                }
            }
        }
        self.services.reschedule(now, name);
        if !changes.is_empty() {
            self.stage_services(question.service.clone(), changes, None);
        }
    }
}

/// Called by its address, and by the name that led there.
fn entry(
    question: &DnsQuestion,
    (host, port, weight): DnsAnswer,
    now: Timestamp,
) -> Option<(EndpointId, Entry)> {
    let source = &question.source;
    let url = format!("http://{host}:{port}").parse().ok()?;
    let id = format!("{}/{host}:{port}", source.name).parse().ok()?;
    let lease: Duration = source.interval * ANSWERS_MISSED;
    let entry = Entry {
        url,
        version: Some(question.version.clone()),
        zone: source.zone.clone(),
        weight: match source.kind {
            DnsKind::Address { .. } => 1,
            DnsKind::Service => weight,
        },
        lease: Some(lease),
        metadata: std::collections::BTreeMap::new(),
        origin: Origin::Dns,
        is_draining: false,
        details: None,
        at: now,
        by: None,
    };
    Some((id, entry))
}
