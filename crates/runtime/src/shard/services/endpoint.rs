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
    pub(super) at: Timestamp,
    pub(super) by: Actor,
}

impl Entry {
    pub(super) fn new(registration: Registration, at: Timestamp, by: Actor) -> Self {
        let Registration { url, version, zone, weight, lease, metadata } = registration;
        let origin = Origin::Registered;
        Self { url, version, zone, weight, lease, metadata, origin, is_draining: false, at, by }
    }

    /// Whether the other says the same, be it by somebody else or at another time.
    pub(super) fn says(&self, other: &Self) -> bool {
        let told = |entry: &Self| Self {
            at: Timestamp::default(),
            by: None,
            is_draining: false,
            ..entry.clone()
        };
        told(self) == told(other)
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
}
