//! The registry as people and programs see it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use motet_definition::service as definition;
use motet_definition::service::EndpointUrl;
use motet_engine::ParkReason;
use motet_policy::{breaker, governor};
use motet_types::{Label, ServiceName, Timestamp, Version};

use super::callers::{Deadline, WaitingWorkflow};
use super::change::ServiceDocument;
use super::details::{Check, CheckKind, CheckStatus};
use super::endpoint::{Endpoint, EndpointId};
use super::service::Service;
use crate::shard::{Machine, Reply, Responder};
use crate::{Actor, Error};

/// Where an endpoint comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Document,
    Registered,
    Dns,
}

impl Origin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Registered => "registered",
            Self::Dns => "dns",
        }
    }
}

/// Whether an endpoint gets calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    Passing,
    /// Its lease is over: only while no other can be called.
    Suspect,
    /// Its probes fail, or it says so itself: only while no other can be called.
    Failing,
    /// Its calls have failed, or it is far slower than the others.
    Ejected {
        until: Timestamp,
    },
    /// It gets no new calls, because somebody said so.
    Draining,
}

impl EndpointState {
    /// Every word.
    pub const WORDS: [&str; 5] = ["passing", "suspect", "failing", "ejected", "draining"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Suspect => "suspect",
            Self::Failing => "failing",
            Self::Ejected { .. } => "ejected",
            Self::Draining => "draining",
        }
    }
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSummary {
    pub name: ServiceName,
    pub has_document: bool,
    pub versions: Vec<Version>,
    pub endpoints: usize,
    pub passing: usize,
    pub in_flight: u64,
    /// Those of its endpoints, each once.
    pub tags: Vec<String>,
}

/// Everything that is known of a service.
#[derive(Clone, Debug)]
pub struct ServiceView {
    pub name: ServiceName,
    pub document: Option<Arc<ServiceDocument>>,
    /// Those of the document, or the defaults.
    pub rules: Arc<definition::Service>,
    pub versions: Vec<VersionView>,
    pub endpoints: Vec<EndpointView>,
    /// Who waits for it.
    pub lines: Vec<LineView>,
    /// Grows with every change of the document, the endpoints and how they stand, also over restarts.
    pub revision: u64,
}

#[derive(Clone, Debug)]
pub struct VersionView {
    pub version: Version,
    pub weight: u32,
    pub endpoints: usize,
    pub governor: governor::View,
}

/// Calls that wait for one version of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// 0.0.0 where nobody has named one.
    pub version: Version,
    pub calls: usize,
    /// Instances that these calls are of.
    pub instances: usize,
    /// What the first one waits for.
    pub reason: ParkReason,
    /// When it is looked at again, where that is known.
    pub until: Option<Timestamp>,
    /// Since when that one waits which waits longest.
    pub since: Timestamp,
    /// When the first of them stops waiting, whatever becomes of the service.
    pub deadline: Option<Deadline>,
    /// Who is hit, the nearest deadline first.
    pub workflows: Vec<WaitingWorkflow>,
    /// Versions of workflows beyond [`super::WORKFLOWS_SHOWN_MAX`].
    pub left_out: usize,
}

impl VersionView {
    /// The state of its breaker in a word, and until when it is open.
    pub fn breaker(&self) -> (&'static str, Option<Timestamp>) {
        breaker(self.governor.breaker)
    }
}

pub(super) fn breaker(state: breaker::State) -> (&'static str, Option<Timestamp>) {
    match state {
        breaker::State::Closed => ("closed", None),
        breaker::State::Open { until } => ("open", Some(until)),
        breaker::State::HalfOpen => ("half-open", None),
        breaker::State::Ramping { .. } => ("ramping", None),
    }
}

#[derive(Clone, Debug)]
pub struct EndpointView {
    pub id: EndpointId,
    pub url: EndpointUrl,
    pub version: Version,
    pub zone: Option<String>,
    pub weight: u32,
    pub origin: Origin,
    pub state: EndpointState,
    pub lease_until: Option<Timestamp>,
    pub in_flight: u64,
    pub latency: Option<Duration>,
    pub metadata: BTreeMap<String, String>,
    pub registered_at: Timestamp,
    pub registered_by: Actor,
    pub tags: Vec<String>,
    /// Its weight while a check warns; none where it has no checks of its own.
    pub warning_weight: Option<u32>,
    pub checks: Vec<CheckView>,
}

/// How one check of an endpoint stands.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckView {
    pub check: Check,
    /// Beyond what was said: a word that did not come is no good one.
    pub status: CheckStatus,
    /// Nothing was heard in time.
    pub is_silent: bool,
}

impl Machine {
    pub(super) fn read_service(&mut self, name: &ServiceName, reply: Responder) {
        let now = self.now;
        let known = self.services.known.get_mut(name);
        let view = known.map(|service| {
            let mut view = service.view(name, now);
            view.lines = self.services.lines.views(name);
            Box::new(view)
        });
        let result = view.ok_or_else(|| Error::UnknownService(name.clone()));
        self.reply(reply, result.map(Reply::ServiceView));
    }

    pub(super) fn list_services(
        &mut self,
        namespaces: Option<&[String]>,
        after: Option<&ServiceName>,
        limit: usize,
        reply: Responder,
    ) {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
        let is_seen = |name: &ServiceName| {
            namespaces.is_none_or(|all| all.iter().any(|own| own == name.namespace.as_str()))
        };
        let found = self.services.known.range((from, Bound::Unbounded));
        let found = found.filter(|(name, _)| is_seen(name)).take(limit);
        let page = found.map(|(name, service)| service.summary(name, self.now)).collect();
        self.reply(reply, Ok(Reply::Services(page)));
    }
}

impl Machine {
    pub(super) fn browse_services(
        &mut self,
        namespace: Label,
        after: Option<Label>,
        endpoints_max: usize,
        reply: Responder,
    ) {
        use std::ops::Bound;
        let now = self.now;
        let named = |name: Label| ServiceName { namespace: namespace.clone(), name };
        let first = || "0".parse().expect("it is a label, and none comes before it");
        let from = after
            .map_or_else(|| Bound::Included(named(first())), |after| Bound::Excluded(named(after)));
        let found = self.services.known.range_mut((from, Bound::Unbounded));
        let mut found = found.take_while(|(name, _)| name.namespace == namespace);
        let (mut views, mut endpoints) = (Vec::new(), 0);
        while endpoints < endpoints_max
            && let Some((name, service)) = found.next()
        {
            endpoints += service.endpoints.len().max(1);
            views.push(service.view(name, now));
        }
        let is_last = found.next().is_none();
        self.reply(reply, Ok(Reply::ServiceViews { views, is_last }));
    }
}

impl Service {
    fn summary(&self, name: &ServiceName, now: Timestamp) -> ServiceSummary {
        let passing = |own: &&Endpoint| self.state(own, now) == EndpointState::Passing;
        let in_flight = |own: &super::service::Governed| u64::from(own.governor.in_flight());
        ServiceSummary {
            name: name.clone(),
            has_document: self.document.is_some(),
            versions: self.versions.keys().cloned().collect(),
            endpoints: self.endpoints.len(),
            passing: self.endpoints.values().filter(passing).count(),
            in_flight: self.versions.values().map(in_flight).sum(),
            tags: self.tags(),
        }
    }

    fn tags(&self) -> Vec<String> {
        let details = self.endpoints.values().filter_map(|own| own.entry.details.as_ref());
        let tags: BTreeSet<&String> = details.flat_map(|details| &details.tags).collect();
        tags.into_iter().cloned().collect()
    }

    pub(super) fn view(&mut self, name: &ServiceName, now: Timestamp) -> ServiceView {
        let weights: BTreeMap<Version, u32> =
            self.weights().map(|(version, weight)| (version.clone(), weight)).collect();
        let listed = self.rules.versions.iter();
        let listed: BTreeMap<Version, u32> =
            listed.map(|own| (own.version.clone(), own.weight)).collect();
        let endpoints =
            self.endpoints.iter().map(|(id, own)| self.endpoint_view(id, own, now)).collect();
        let versions = self.versions.iter_mut().map(|(version, governed)| VersionView {
            version: version.clone(),
            weight: weights.get(version).or(listed.get(version)).copied().unwrap_or_default(),
            endpoints: governed.governor.len(),
            governor: governed.governor.view(now),
        });
        ServiceView {
            name: name.clone(),
            versions: versions.collect(),
            endpoints,
            lines: Vec::new(),
            document: self.document.clone(),
            rules: self.rules.clone(),
            revision: self.revision,
        }
    }

    fn endpoint_view(&self, id: &EndpointId, own: &Endpoint, now: Timestamp) -> EndpointView {
        let governed = self.versions.get(&own.version);
        let seen = governed.and_then(|governed| governed.governor.endpoint(own.slot, now));
        let entry = &own.entry;
        EndpointView {
            id: id.clone(),
            url: entry.url.clone(),
            version: own.version.clone(),
            zone: entry.zone.clone(),
            weight: entry.weight,
            origin: entry.origin,
            state: self.state(own, now),
            lease_until: own.lease_until,
            in_flight: seen.as_ref().map_or(0, |seen| seen.in_flight as u64),
            latency: seen.and_then(|seen| seen.latency),
            metadata: entry.metadata.clone(),
            registered_at: entry.at,
            registered_by: entry.by.clone(),
            tags: entry.details.as_ref().map(|details| details.tags.clone()).unwrap_or_default(),
            warning_weight: entry.details.as_ref().map(|details| details.warning_weight),
            checks: self.checks(own, now),
        }
    }

    fn checks(&self, own: &Endpoint, now: Timestamp) -> Vec<CheckView> {
        let governed = self.versions.get(&own.version);
        let seen = governed.and_then(|governed| governed.governor.endpoint(own.slot, now));
        let is_well = seen.is_none_or(|seen| seen.is_healthy);
        let checks = own.entry.details.as_ref().map_or(&[][..], |details| &details.checks);
        let of = |(nth, check): (usize, &Check)| {
            let until = own.believed.get(nth).copied().or(own.lease_until);
            let is_over = own.is_suspect && until.is_some_and(|until| until <= now);
            let (status, is_silent) = match check.kind {
                CheckKind::Ttl(_) if is_over => (CheckStatus::Critical, true),
                CheckKind::Ttl(_) => (check.status, false),
                CheckKind::Probe { .. } if is_over => (CheckStatus::Critical, true),
                CheckKind::Probe { .. } if is_well => (CheckStatus::Passing, false),
                CheckKind::Probe { .. } => (CheckStatus::Critical, false),
            };
            CheckView { check: check.clone(), status, is_silent }
        };
        checks.iter().enumerate().map(of).collect()
    }

    pub(super) fn state(&self, own: &Endpoint, now: Timestamp) -> EndpointState {
        let governed = self.versions.get(&own.version);
        match governed.and_then(|governed| governed.governor.endpoint(own.slot, now)) {
            _ if own.entry.is_draining => EndpointState::Draining,
            Some(seen) if seen.ejected_until.is_some_and(|until| until > now) => {
                EndpointState::Ejected { until: seen.ejected_until.unwrap_or(now) }
            }
            Some(seen) if !seen.is_healthy => EndpointState::Failing,
            _ if own.entry.is_critical() => EndpointState::Failing,
            _ if own.is_suspect => EndpointState::Suspect,
            _ => EndpointState::Passing,
        }
    }
}
