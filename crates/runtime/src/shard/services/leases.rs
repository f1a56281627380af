//! Leases that are over: an endpoint is suspect first, and forgotten later, no more of them than can be anybody's own fault.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_policy::governor;
use motet_types::{Timestamp, Version};

use super::endpoint::{Endpoint, EndpointId};
use super::service::{Governed, Service};

/// A service's leases are looked at no more often than this.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// When those that may not be forgotten now are looked at again.
const EVICTION_PAUSE: Duration = Duration::from_secs(5);

/// How long the last endpoint of a version is kept after its lease: what is still called may answer again.
const LAST_KEPT: Duration = Duration::from_secs(86_400);

impl Service {
    /// Does what its time has come for; gives the endpoints that are to be forgotten, and what its governors did.
    pub(super) fn tend(
        &mut self,
        now: Timestamp,
        is_staged: impl Fn(&EndpointId) -> bool,
    ) -> (Vec<EndpointId>, Vec<(Version, Vec<governor::Change>)>) {
        let tick = |(version, governed): (&Version, &mut Governed)| {
            let changes = governed.governor.tick(now);
            (!changes.is_empty()).then(|| (version.clone(), changes))
        };
        let changes = self.versions.iter_mut().filter_map(tick).collect();
        for own in self.endpoints.values_mut() {
            let is_over = own.lease_until.is_some_and(|until| until <= now);
            if is_over && !own.is_suspect {
                own.is_suspect = true;
                self.changes += 1;
                if let Some(governed) = self.versions.get_mut(&own.version) {
                    governed.governor.set_suspect(own.slot, true);
                }
            }
        }
        let expired: Vec<EndpointId> =
            self.forgettable(now).into_iter().filter(|id| !is_staged(id)).collect();
        if expired.is_empty() {
            return (expired, changes);
        }
        let registered = self.registered();
        (self.evictions.choose(now, registered, expired, &mut self.random), changes)
    }

    /// When there is something to do.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let governors = self.versions.values();
        let governors = governors.filter_map(|governed| governed.governor.next_due()).min();
        let leases = self.endpoints.values().filter_map(|own| self.looked_at(now, own)).min();
        let leases = leases.map(|due| due.max(now.saturating_add(LOOK_INTERVAL)));
        let probes = self.endpoints.values().filter_map(|own| own.probe_at).min();
        let names = self.asks_at();
        governors.into_iter().chain(leases).chain(probes).chain(names).min()
    }

    /// When its lease has to be looked at.
    fn looked_at(&self, now: Timestamp, own: &Endpoint) -> Option<Timestamp> {
        let until = own.lease_until?;
        if !own.is_suspect {
            return Some(until);
        }
        let over = self.forgotten_at(own, until)?;
        Some(if over > now { over } else { now.saturating_add(EVICTION_PAUSE) })
    }

    /// When an endpoint whose lease ends then may be forgotten: after a second lease, or when its checks say so.
    fn forgotten_at(&self, own: &Endpoint, until: Timestamp) -> Option<Timestamp> {
        let after = match &own.entry.details {
            Some(details) => details.forget_after(),
            None => Some(own.entry.lease.unwrap_or(self.rules.lease)),
        };
        after.map(|after| until.saturating_add(after))
    }

    /// Those that nobody has heard of for too long; the one of each version of which something was heard last stays for a day.
    fn forgettable(&self, now: Timestamp) -> Vec<EndpointId> {
        let silent = |own: &Endpoint| {
            let over = own.lease_until.and_then(|until| self.forgotten_at(own, until));
            over.is_some_and(|over| over <= now)
        };
        let mut left: BTreeMap<&Version, usize> = BTreeMap::new();
        for own in self.endpoints.values().filter(|own| !silent(own)) {
            *left.entry(&own.version).or_default() += 1;
        }
        let mut last: BTreeMap<&Version, (Timestamp, &EndpointId)> = BTreeMap::new();
        for (id, own) in &self.endpoints {
            let Some(until) = own.lease_until.filter(|_| silent(own)) else { continue };
            let newest = last.entry(&own.version).or_insert((until, id));
            if until > newest.0 {
                *newest = (until, id);
            }
        }
        let stays = |id: &EndpointId, own: &Endpoint| {
            !left.contains_key(&own.version)
                && last.get(&own.version).is_some_and(|(until, newest)| {
                    *newest == id && until.saturating_add(LAST_KEPT) > now
                })
        };
        let silent = self.endpoints.iter().filter(|(_, own)| silent(own));
        silent.filter(|(id, own)| !stays(id, own)).map(|(id, _)| id.clone()).collect()
    }
}
