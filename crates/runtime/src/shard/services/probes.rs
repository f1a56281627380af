//! Probes: the machine says when, the shell asks, and what came of it is an input.

use std::time::Duration;

use motet_definition::service::{EndpointUrl, Probe};
use motet_types::ServiceName;

use super::endpoint::EndpointId;
use crate::shard::{Machine, Output};

/// Probes on their way at once; those beyond wait for the next look.
const PROBES_MAX: usize = 256;

/// When a probe is asked for again that found no room.
const FULL_PAUSE: Duration = Duration::from_millis(250);

/// One question to one endpoint, to be answered within its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeCall {
    pub service: ServiceName,
    pub endpoint: EndpointId,
    pub url: EndpointUrl,
    pub probe: Probe,
    pub timeout: Duration,
}

impl Machine {
    /// Sends the probes of a service whose time has come.
    pub(super) fn probe_due(&mut self, name: &ServiceName) {
        let now = self.now;
        let Some(service) = self.services.known.get_mut(name) else { return };
        let health = service.rules.health.clone();
        for (id, own) in &mut service.endpoints {
            if own.probe_at.is_none_or(|at| at > now) {
                continue;
            }
            let by_itself = own.entry.details.as_ref().and_then(|details| details.probe());
            let by_document = health.as_ref().map(|own| (&own.probe, own.interval, own.timeout));
            let Some((probe, _, timeout)) = by_itself.or(by_document) else {
                own.probe_at = None;
                continue;
            };
            if self.services.probing >= PROBES_MAX {
                own.probe_at = Some(now.saturating_add(FULL_PAUSE));
                continue;
            }
            own.probe_at = None;
            self.services.probing += 1;
            self.outputs.push(Output::Probe(Box::new(ProbeCall {
                service: name.clone(),
                endpoint: id.clone(),
                url: own.entry.url.clone(),
                probe: probe.clone(),
                timeout,
            })));
        }
    }

    /// A probe came back; one of an endpoint that has another address meanwhile says nothing.
    pub(in crate::shard) fn probed(&mut self, probe: &ProbeCall, is_good: bool) {
        self.services.probing = self.services.probing.saturating_sub(1);
        let now = self.now;
        let Some(service) = self.services.known.get_mut(&probe.service) else { return };
        let known = service.endpoints.get(&probe.endpoint);
        let interval = known.and_then(|own| service.probe_of(&own.entry)).map(|own| own.1);
        let mut changes = None;
        if let Some(own) = service.endpoints.get_mut(&probe.endpoint) {
            own.probe_at = interval.map(|interval| now.saturating_add(interval));
            let is_same = own.entry.url == probe.url;
            let governed = service.versions.get_mut(&own.version).filter(|_| is_same);
            if let Some(governed) = governed {
                let found = governed.governor.probed(now, own.slot, is_good);
                changes = Some((own.version.clone(), found));
            }
        }
        if is_good {
            service.renew(now, &probe.endpoint);
        }
        self.services.lines.rouse(&probe.service);
        self.services.reschedule(now, &probe.service);
        if let Some((version, changes)) = changes {
            self.tell_changes(&probe.service, &version, changes);
        }
    }
}
