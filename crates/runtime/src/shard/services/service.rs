//! One service: its rules, its endpoints, and a governor for each of their versions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use motet_definition::service as definition;
use motet_policy::balancer::{Member, Slot};
use motet_policy::eviction::{self, Evictions};
use motet_policy::governor::{self, Governor};
use motet_policy::random::{Random, mix};
use motet_types::{ServiceName, Timestamp, Version, fnv1a};

use super::change::{Change, ServiceDocument};
use super::dns::Asking;
use super::endpoint::{Endpoint, EndpointId, Entry};
use super::{Origin, options};

pub(super) struct Service {
    pub(super) document: Option<Arc<ServiceDocument>>,
    /// Those of the document, or the defaults.
    pub(super) rules: Arc<definition::Service>,
    options: governor::Options,
    pub(super) endpoints: BTreeMap<EndpointId, Endpoint>,
    /// Endpoints of the document that are kept out of the calls.
    pub(super) drained: BTreeSet<EndpointId>,
    pub(super) versions: BTreeMap<Version, Governed>,
    /// Names of the document that lead to endpoints.
    pub(super) asking: Vec<Asking>,
    pub(super) evictions: Evictions,
    pub(super) random: Random,
    /// Governors that were made so far.
    made: u64,
    /// When it wants to be looked after, as it is noted.
    pub(super) due: Option<Timestamp>,
    /// Grows with everything that its readers see change: see [`super::revisions`].
    pub(super) revision: u64,
    /// The stamp of that revision.
    pub(super) noticed: u64,
    /// Changes of its own, with the turns of governors that are gone.
    pub(super) changes: u64,
}

/// The governor of one version; calls of one before it are not reported to it.
pub(super) struct Governed {
    pub(super) governor: Governor,
    pub(super) made: u64,
    /// By slot.
    ids: Vec<Option<EndpointId>>,
}

impl Governed {
    pub(super) fn endpoint_at(&self, slot: Slot) -> Option<&EndpointId> {
        self.ids.get(slot.0 as usize)?.as_ref()
    }

    fn name(&mut self, slot: Slot, id: Option<EndpointId>) {
        let index = slot.0 as usize;
        if self.ids.len() <= index {
            self.ids.resize(index + 1, None);
        }
        self.ids[index] = id;
    }
}

impl Service {
    pub(super) fn new(name: &ServiceName, seed: u64) -> Self {
        let rules = definition::Service::new(name.namespace.clone(), name.name.clone());
        Self {
            document: None,
            options: options::of(&rules),
            rules: Arc::new(rules),
            endpoints: BTreeMap::new(),
            drained: BTreeSet::new(),
            versions: BTreeMap::new(),
            asking: Vec::new(),
            evictions: Evictions::new(eviction::Options::default()),
            random: Random::new(seed),
            made: 0,
            due: None,
            revision: 0,
            noticed: 0,
            changes: 0,
        }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_gone(&self) -> bool {
        self.document.is_none() && self.endpoints.is_empty()
    }

    /// Another number after each change that its readers can see.
    pub(super) fn stamp(&self) -> u64 {
        let turns = self.versions.values().map(|governed| governed.governor.turns());
        self.changes + turns.sum::<u64>()
    }

    /// Endpoints that are not of the document.
    pub(super) fn registered(&self) -> usize {
        let is_own = |own: &&Endpoint| own.entry.origin != Origin::Document;
        self.endpoints.values().filter(is_own).count()
    }

    pub(super) fn apply(&mut self, now: Timestamp, change: Change) {
        self.changes += 1;
        match change {
            Change::Document(document) => self.set_document(now, document),
            Change::Endpoint(id, Some(entry)) => self.set_endpoint(now, id, entry),
            Change::Endpoint(id, None) => self.remove(&id),
            Change::Drained(id, is_drained) => self.set_drained(id, is_drained),
        }
    }

    /// An endpoint has said, or shown, that it is there.
    pub(super) fn renew(&mut self, now: Timestamp, id: &EndpointId) {
        let Some(own) = self.endpoints.get_mut(id) else { return };
        if own.lease_until.is_none() {
            return;
        }
        own.believe(now, self.rules.lease);
        self.restore(id);
    }

    /// The endpoint has said of one of its checks how it does.
    pub(super) fn hear(&mut self, now: Timestamp, id: &EndpointId, check: usize) {
        if let Some(own) = self.endpoints.get_mut(id) {
            own.hear(now, check);
            self.restore(id);
        }
    }

    /// An endpoint whose lease is not over is no longer suspect for that.
    fn restore(&mut self, id: &EndpointId) {
        if let Some(own) = self.endpoints.get_mut(id)
            && std::mem::take(&mut own.is_suspect)
            && let Some(governed) = self.versions.get_mut(&own.version)
        {
            self.changes += 1;
            governed.governor.set_suspect(own.slot, own.entry.is_critical());
        }
    }

    /// Versions that get calls, each with its weight: those that the document names, else all, by their endpoints.
    pub(super) fn weights(&self) -> impl Iterator<Item = (&Version, u32)> + Clone {
        let listed = &self.rules.versions;
        let weight = |version: &Version, governed: &Governed| {
            let own = listed.iter().find(|own| own.version == *version);
            match own {
                Some(own) => own.weight,
                None if listed.is_empty() => u32::try_from(governed.governor.len()).unwrap_or(1),
                None => 0,
            }
        };
        self.versions
            .iter()
            .filter(|(_, governed)| !governed.governor.is_empty())
            .map(move |(version, governed)| (version, weight(version, governed)))
    }

    fn set_document(&mut self, now: Timestamp, document: Option<Arc<ServiceDocument>>) {
        let rules = match &document {
            Some(document) => document.service.clone(),
            None => {
                let (namespace, name) = (self.rules.namespace.clone(), self.rules.name.clone());
                Arc::new(definition::Service::new(namespace, name))
            }
        };
        self.document = document;
        self.rules = rules;
        let options = options::of(&self.rules);
        let is_anew = options != self.options;
        self.options = options;
        let mut wanted = self.static_entries(now);
        let gone: Vec<EndpointId> = self
            .endpoints
            .iter()
            .filter(|(id, own)| own.entry.origin == Origin::Document && !wanted.contains_key(*id))
            .map(|(id, _)| id.clone())
            .collect();
        gone.iter().for_each(|id| self.remove(id));
        if is_anew {
            self.changes = self.stamp();
            self.versions.clear();
        }
        // The version of those that say none follows from the document.
        let others: Vec<_> =
            self.endpoints.iter().map(|(id, own)| (id.clone(), own.clone())).collect();
        for (id, own) in others {
            match wanted.remove(&id) {
                Some(entry) => self.seat(now, id, entry, None, is_anew),
                None => self.seat(now, id, own.entry, own.lease_until, is_anew),
            }
        }
        for (id, entry) in wanted {
            self.seat(now, id, entry, None, false);
        }
        self.ask_dns(now);
        self.forget_empty();
    }

    /// Endpoints that the document names.
    fn static_entries(&self, now: Timestamp) -> BTreeMap<EndpointId, Arc<Entry>> {
        let document = self.document.as_ref();
        let (at, by) = document.map_or((now, None), |document| (document.at, document.by.clone()));
        let of_version = |version: &definition::ServiceVersion| {
            let name = version.version.clone();
            let entry = |own: &definition::StaticEndpoint| {
                let id = EndpointId::of_url(&own.url);
                let entry = Entry {
                    url: own.url.clone(),
                    version: Some(name.clone()),
                    zone: own.zone.clone(),
                    weight: own.weight,
                    lease: None,
                    metadata: BTreeMap::new(),
                    origin: Origin::Document,
                    is_draining: self.drained.contains(&id),
                    details: None,
                    at,
                    by: by.clone(),
                };
                (id, Arc::new(entry))
            };
            version.endpoints.iter().map(entry).collect::<Vec<_>>()
        };
        self.rules.versions.iter().flat_map(of_version).collect()
    }

    fn set_endpoint(&mut self, now: Timestamp, id: EndpointId, entry: Arc<Entry>) {
        if self.endpoints.get(&id).is_some_and(|own| own.entry.origin == Origin::Document) {
            // A document has taken its id meanwhile, and says more.
            return;
        }
        let lease = entry.lease.unwrap_or(self.rules.lease);
        let until = (!entry.is_lasting()).then(|| now.saturating_add(lease));
        self.seat(now, id, entry, until, false);
        self.forget_empty();
    }

    fn set_drained(&mut self, id: EndpointId, is_drained: bool) {
        if let Some(own) = self.endpoints.get_mut(&id)
            && own.entry.origin == Origin::Document
        {
            own.entry = Arc::new(Entry { is_draining: is_drained, ..(*own.entry).clone() });
            if let Some(governed) = self.versions.get_mut(&own.version) {
                governed.governor.set_draining(own.slot, is_drained);
            }
        }
        match is_drained {
            true => drop(self.drained.insert(id)),
            false => drop(self.drained.remove(&id)),
        }
    }

    /// Gives an endpoint its place in the governor of its version; one that has it already keeps it, and what is known of it.
    fn seat(
        &mut self,
        now: Timestamp,
        id: EndpointId,
        entry: Arc<Entry>,
        lease_until: Option<Timestamp>,
        is_anew: bool,
    ) {
        let version = self.version_of(&entry);
        let before = self.endpoints.get(&id).filter(|_| !is_anew);
        let stays = before
            .filter(|own| own.version == version && own.entry.url == entry.url)
            .map(|own| (own.slot, own.is_suspect, own.probe_at));
        if stays.is_none() && before.is_some() {
            self.unseat(&id);
        }
        let interval = self.probe_of(&entry).map(|(_, interval, _)| interval);
        let (made, options, weight) = (&mut self.made, self.options, entry.weight_now());
        let governed = self.versions.entry(version.clone()).or_insert_with(|| {
            *made += 1;
            let governor = Governor::new(options, mix(*made));
            Governed { governor, made: *made, ids: Vec::new() }
        });
        let (slot, was_suspect, probe_at) = stays.unwrap_or_else(|| {
            let identity = fnv1a(id.as_str().bytes());
            let slot = governed.governor.insert(now, Member { identity, weight, zone: None });
            governed.name(slot, Some(id.clone()));
            let spread = interval.map(|interval| share(interval, identity));
            (slot, false, spread.map(|wait| now.saturating_add(wait)))
        });
        governed.governor.set_weight(slot, weight);
        governed.governor.set_draining(slot, entry.is_draining);
        let is_suspect = was_suspect && lease_until.is_some_and(|until| until <= now);
        governed.governor.set_suspect(slot, is_suspect || entry.is_critical());
        let probe_at = interval.and(probe_at.or(Some(now)));
        let believed = entry.believed(now);
        let endpoint =
            Endpoint { entry, version, slot, lease_until, is_suspect, probe_at, believed };
        self.endpoints.insert(id, endpoint);
    }

    /// How an endpoint is probed: as it says itself, else as the document says.
    pub(super) fn probe_of<'s>(
        &'s self,
        entry: &'s Entry,
    ) -> Option<(&'s definition::Probe, Duration, Duration)> {
        let own = entry.details.as_ref().and_then(|details| details.probe());
        let health = self.rules.health.as_ref();
        own.or(health.map(|own| (&own.probe, own.interval, own.timeout)))
    }

    fn version_of(&self, entry: &Entry) -> Version {
        entry.version.clone().unwrap_or_else(|| match self.rules.versions.as_slice() {
            [only] => only.version.clone(),
            _ => Version::new(0, 0, 0),
        })
    }

    fn remove(&mut self, id: &EndpointId) {
        self.unseat(id);
        self.endpoints.remove(id);
        self.forget_empty();
    }

    fn unseat(&mut self, id: &EndpointId) {
        let Some(own) = self.endpoints.get(id) else { return };
        if let Some(governed) = self.versions.get_mut(&own.version) {
            governed.governor.remove(own.slot);
            governed.name(own.slot, None);
        }
    }

    /// Governors go with their last endpoint, unless the document names their version.
    fn forget_empty(&mut self) {
        let listed = &self.rules.versions;
        let changes = &mut self.changes;
        self.versions.retain(|version, governed| {
            let stays =
                !governed.governor.is_empty() || listed.iter().any(|own| own.version == *version);
            *changes += if stays { 0 } else { governed.governor.turns() };
            stays
        });
    }
}

/// Some part of the span, so that not all are probed at once.
fn share(span: Duration, identity: u64) -> Duration {
    span.mul_f64((mix(identity) >> 11) as f64 / (1_u64 << 53) as f64)
}
