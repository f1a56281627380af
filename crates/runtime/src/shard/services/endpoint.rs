use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::service::EndpointUrl;
use motet_policy::balancer::Slot;
use motet_types::{Timestamp, Version};

use super::Origin;
use super::change::Registration;
use super::details::{CheckKind, CheckStatus, Details};
use crate::Actor;

/// Longest id of an endpoint, in bytes.
pub const ENDPOINT_ID_BYTES_MAX: usize = 255;
/// Names and values of one endpoint's metadata together, in bytes.
pub const METADATA_BYTES_MAX: usize = 8 * 1024;

/// What tells the endpoints of a service apart: visible ASCII, chosen by whoever registers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(Arc<str>);

/// The text cannot be the id of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an endpoint's id: use 1 to 255 visible ASCII characters")]
pub struct InvalidEndpointId(pub String);

impl EndpointId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An endpoint of a document is called by its address.
    pub(super) fn of_url(url: &EndpointUrl) -> Self {
        let text = url.as_str();
        Self(text.split_once("://").map_or(text, |(_, rest)| rest).into())
    }
}

impl FromStr for EndpointId {
    type Err = InvalidEndpointId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_id = (1..=ENDPOINT_ID_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_id { Ok(Self(text.into())) } else { Err(InvalidEndpointId(text.to_owned())) }
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of an endpoint for good.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::shard) struct Entry {
    pub(super) url: EndpointUrl,
    pub(super) version: Option<Version>,
    pub(super) zone: Option<String>,
    pub(super) weight: u32,
    /// None: the service's.
    pub(super) lease: Option<Duration>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) origin: Origin,
    pub(super) is_draining: bool,
    pub(super) details: Option<Box<Details>>,
    pub(super) at: Timestamp,
    pub(super) by: Actor,
}

impl Entry {
    pub(super) fn new(registration: Registration, at: Timestamp, by: Actor) -> Self {
        let Registration { url, version, zone, weight, lease, metadata, details } = registration;
        Self {
            url,
            version,
            zone,
            weight,
            lease,
            metadata,
            origin: Origin::Registered,
            is_draining: false,
            details,
            at,
            by,
        }
    }

    /// Whether the other says the same, be it by somebody else or at another time, and whatever was said of its checks.
    pub(super) fn says(&self, other: &Self) -> bool {
        let has_same_details = match (&self.details, &other.details) {
            (Some(own), Some(other)) => own.registers_like(other),
            (own, other) => own.is_none() && other.is_none(),
        };
        has_same_details
            && self.url == other.url
            && self.version == other.version
            && self.zone == other.zone
            && self.weight == other.weight
            && self.lease == other.lease
            && self.metadata == other.metadata
            && self.origin == other.origin
    }

    /// Whether it needs no lease: one that is asked nothing, and promised no word, is believed until it leaves.
    pub(super) fn is_lasting(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.checks.is_empty())
    }

    /// Whether it says of itself that it should not be called.
    pub(super) fn is_critical(&self) -> bool {
        let status = self.details.as_ref().map(|details| details.status());
        status == Some(CheckStatus::Critical)
    }

    pub(super) fn weight_now(&self) -> f64 {
        let warns = self.details.as_ref().filter(|own| own.status() == CheckStatus::Warning);
        f64::from(warns.map_or(self.weight, |details| details.warning_weight))
    }

    /// Until when each of its checks is believed, if there are several: one alone is believed as long as the lease.
    pub(super) fn believed(&self, now: Timestamp) -> Box<[Timestamp]> {
        let checks = self.details.as_ref().map_or(&[][..], |details| &details.checks);
        let of = |kind: &CheckKind| match kind {
            CheckKind::Ttl(ttl) => now.saturating_add(*ttl),
            CheckKind::Probe { .. } => Timestamp::from_micros(i64::MAX),
        };
        match checks {
            [] | [_] => Box::default(),
            checks => checks.iter().map(|check| of(&check.kind)).collect(),
        }
    }
}

/// One endpoint as it is called.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) entry: Arc<Entry>,
    /// The version whose governor it belongs to.
    pub(super) version: Version,
    pub(super) slot: Slot,
    /// Until when it is believed to be there; those of a document always are.
    pub(super) lease_until: Option<Timestamp>,
    /// Its lease is over.
    pub(super) is_suspect: bool,
    /// When it is probed next; none while a probe is on its way, or where there are no probes.
    pub(super) probe_at: Option<Timestamp>,
    /// Until when each of its checks is believed, where there are several.
    pub(super) believed: Box<[Timestamp]>,
}

impl Endpoint {
    /// It has shown that it is there: every check is believed anew.
    pub(super) fn believe(&mut self, now: Timestamp, default: Duration) {
        let lease = self.entry.lease.unwrap_or(default);
        self.lease_until = Some(now.saturating_add(lease));
        self.believed = self.entry.believed(now);
    }

    /// One of its checks is believed anew: the lease is as long as the shortest of them.
    pub(super) fn hear(&mut self, now: Timestamp, check: usize) {
        let details = self.entry.details.as_ref();
        let kind = details.and_then(|details| details.checks.get(check)).map(|check| &check.kind);
        let Some(CheckKind::Ttl(ttl)) = kind else { return };
        let until = now.saturating_add(*ttl);
        if let Some(own) = self.believed.get_mut(check) {
            *own = until;
        }
        self.lease_until = Some(self.believed.iter().copied().min().unwrap_or(until));
    }
}
