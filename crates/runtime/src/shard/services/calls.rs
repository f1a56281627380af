//! Where calls go that are written for services, and what is learnt from how they end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Kind;
use motet_definition::service::{EndpointUrl, Idempotency, service_of};
use motet_engine::{ErrorKind, Instance, Outcome, ParkReason, Request, WorkflowError};
use motet_policy::governor::{self, Reason, Report, Ticket, Wait, Wish};
use motet_policy::random::mix;
use motet_policy::share;
use motet_types::{InstanceId, Label, ServiceName, StepId, Timestamp, Version};

use super::endpoint::EndpointId;
use super::lines::LineKey;
use super::service::Service;
use crate::shard::Machine;
use crate::shard::dispatch::{CallId, Unsent};
use crate::shard::slots::Slot;

/// Calls that have a place at a service: in flight to an endpoint, or about to leave.
#[derive(Default)]
pub(in crate::shard) struct Flights(BTreeMap<CallId, Flight>);

struct Flight {
    key: LineKey,
    /// Which governor let it go.
    made: u64,
    endpoint: EndpointId,
    url: EndpointUrl,
    ticket: Ticket,
    /// When it began to wait, over all its tries.
    since: Timestamp,
    /// Whether an earlier try may have left.
    sent: bool,
    /// Whether it may be sent again although it has left.
    may_repeat: bool,
    /// Its instance has given it up.
    is_withdrawn: bool,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shard) enum Turn {
    /// A call that the server's gate lets through.
    OfGate,
    /// The first in the line of its service.
    OfLine,
}

impl Flights {
    /// The service that a call is for, and its version.
    pub(in crate::shard) fn target(&self, call: &CallId) -> Option<(&ServiceName, &Version)> {
        self.0.get(call).map(|flight| (&flight.key.0, &flight.key.1))
    }

    pub(in crate::shard) fn endpoint(&self, call: &CallId) -> Option<&EndpointId> {
        self.0.get(call).map(|flight| &flight.endpoint)
    }
}

/// What becomes of a call that wants to leave.
pub(in crate::shard) enum Routed {
    /// It goes to the host that it names.
    Host,
    /// It has a place at an endpoint.
    Endpoint,
    /// It has to wait in line.
    Waits(LineKey, Wait),
    /// It has failed, and never left.
    Failed(Outcome),
}

/// A call to a service that has come back.
pub(super) struct Ended {
    pub(super) key: LineKey,
    pub(super) since: Timestamp,
    pub(super) sent: bool,
    pub(super) may_repeat: bool,
    pub(super) is_withdrawn: bool,
}

impl Flights {
    /// It leaves now: where to. What is known of its earlier tries is kept here from now on.
    pub(in crate::shard) fn leave(
        &mut self,
        call: &CallId,
        unsent: &Unsent,
    ) -> Option<EndpointUrl> {
        let flight = self.0.get_mut(call)?;
        flight.sent = unsent.sent;
        flight.since = unsent.since.unwrap_or(flight.since);
        Some(flight.url.clone())
    }

    /// Nobody asks for its outcome any more: it is not sent again.
    pub(in crate::shard) fn withdrawn(&mut self, call: &CallId) {
        if let Some(flight) = self.0.get_mut(call) {
            flight.is_withdrawn = true;
        }
    }
}

impl Machine {
    /// Looks for an endpoint if the call is for a service. A call that gets one counts as in flight from now on.
    pub(in crate::shard) fn route(
        &mut self,
        call: CallId,
        request: &Request,
        turn: Turn,
    ) -> Routed {
        let Some(instance) = self.slots.get(&call.0).and_then(Slot::live) else {
            return Routed::Host;
        };
        let Some(name) = service_name(instance, &request.uri) else { return Routed::Host };
        let parked = instance.steps.get(&call.1).and_then(|step| step.parked()).copied();
        let may_repeat = self.may_repeat(instance, call.1, request, &name);
        let now = self.now;
        let unsent = self.dispatch.unsent.get(&call);
        let wish = Wish {
            is_repeat: call.2.0 > 1 || unsent.is_some_and(|unsent| unsent.again),
            ..Wish::default()
        };
        let Some(service) = self.services.known.get_mut(&name) else {
            return Routed::Failed(unknown(&name));
        };
        let version = service.version_for(call.0);
        let key = Arc::new((name.clone(), version));
        // Whoever comes stands behind those who wait already.
        if turn == Turn::OfGate
            && let Some((_, wait, _)) = self.services.lines.of(&key)
        {
            return Routed::Waits(key, wait);
        }
        let Some(governed) = service.versions.get_mut(&key.1) else {
            return Routed::Waits(key, Wait { reason: Reason::Endpoint, until: None });
        };
        let (made, governor) = (governed.made, &mut governed.governor);
        if let Some(parked) = parked.filter(|parked| parked.reason == ParkReason::Breaker) {
            governor.recall_open(parked.until.unwrap_or(now));
        }
        let ticket = match governor.admit(now, wish) {
            Ok(ticket) => ticket,
            Err(wait) => return Routed::Waits(key, wait),
        };
        let endpoint = governed.endpoint_at(ticket.slot()).cloned();
        let endpoint = endpoint.expect("a governor knows the endpoints that were named to it");
        let due = governed.governor.next_due();
        let url = service.endpoints[&endpoint].entry.url.clone();
        let since = parked.map_or(now, |parked| parked.since);
        let flight = Flight {
            key,
            made,
            endpoint,
            url,
            ticket,
            since,
            sent: false,
            may_repeat,
            is_withdrawn: false,
        };
        self.services.flights.0.insert(call, flight);
        self.services.hasten(&name, due);
        Routed::Endpoint
    }

    /// A call has come back that had a place at a service, or loses it.
    pub(super) fn route_ended(&mut self, call: CallId, outcome: &Outcome) -> Option<Ended> {
        let Flight { key, made, endpoint, ticket, since, sent, may_repeat, is_withdrawn, .. } =
            self.services.flights.0.remove(&call)?;
        let (now, report) = (self.now, report(outcome));
        let (changes, due) = self.services.report(now, &key, made, ticket, report);
        if let Some(service) = self.services.known.get_mut(&key.0)
            && report == Report::Answered
        {
            // Better evidence than a heartbeat.
            service.renew(now, &endpoint);
        }
        self.services.hasten(&key.0, due);
        self.services.lines.set_ready(&key);
        self.tell_changes(&key.0, &key.1, changes);
        Some(Ended { key, since, sent, may_repeat, is_withdrawn })
    }

    /// A call does not leave that had a place at a service.
    pub(in crate::shard) fn lose_place(&mut self, call: CallId) {
        drop(self.route_ended(call, &Outcome::Withdrawn));
    }

    /// Whether a call may be sent again that has left: the task says so, else the service.
    fn may_repeat(
        &self,
        instance: &Instance,
        step: StepId,
        request: &Request,
        name: &ServiceName,
    ) -> bool {
        let by_service = || match self.services.idempotency(name) {
            Some(Idempotency::Key) => true,
            Some(Idempotency::Method) => REPEATABLE.contains(&request.method.as_str()),
            Some(Idempotency::None) | None => false,
        };
        self.declared_idempotent(instance, step).unwrap_or_else(by_service)
    }

    /// Whether a call may be sent again after a crash that took its outcome.
    pub(in crate::shard) fn may_resend(
        &self,
        id: InstanceId,
        step: StepId,
        request: &Request,
    ) -> bool {
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else {
            return request.repeatable;
        };
        let name = service_name(instance, &request.uri);
        let by_service = name.and_then(|name| self.services.idempotency(&name));
        let declared = self.declared_idempotent(instance, step);
        declared.unwrap_or(by_service != Some(Idempotency::None))
    }

    /// What the definition says.
    fn declared_idempotent(&self, instance: &Instance, step: StepId) -> Option<bool> {
        let task = instance.steps.get(&step)?.task?;
        match &self.view.graphs.get(&instance.start.definition)?.vertex(task).kind {
            Kind::Call(call) => call.idempotent,
            _ => None,
        }
    }
}

/// Methods that may be repeated (RFC 9110 §9.2.2).
const REPEATABLE: [&str; 6] = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"];

impl super::Services {
    /// What holds every call of a version back.
    pub(super) fn holds(&self, now: Timestamp, key: &LineKey) -> Option<Wait> {
        self.known.get(&key.0)?.versions.get(&key.1)?.governor.held(now)
    }

    fn idempotency(&self, name: &ServiceName) -> Option<Idempotency> {
        self.known.get(name).map(|service| service.rules.idempotency)
    }

    pub(super) fn patience(&self, name: &ServiceName) -> Duration {
        self.known.get(name).map_or(Duration::ZERO, |service| service.rules.patience)
    }

    /// Tells the governor that let the call go, if it is still there; gives what that changes, and when the governor wants
    /// to be looked after.
    fn report(
        &mut self,
        now: Timestamp,
        key: &LineKey,
        made: u64,
        ticket: Ticket,
        report: Report,
    ) -> (Vec<governor::Change>, Option<Timestamp>) {
        let service = self.known.get_mut(&key.0);
        let governed = service.and_then(|service| service.versions.get_mut(&key.1));
        let Some(governed) = governed.filter(|own| own.made == made) else {
            return (Vec::new(), None);
        };
        let changes = governed.governor.report(now, ticket, report);
        (changes, governed.governor.next_due())
    }
}

impl Service {
    /// The version that serves an instance: always the same one while weights and versions stay.
    fn version_for(&self, id: InstanceId) -> Version {
        let lot = id.0.chunks(8).fold(0, |lot, bytes| {
            bytes.iter().fold(mix(lot), |lot, byte| lot << 8 | u64::from(*byte))
        });
        let listed = self.rules.versions.iter().map(|own| (&own.version, own.weight));
        // Where nobody can be called, whoever comes waits for a version that the document names.
        let chosen = share::choose(self.weights(), lot).or_else(|| share::choose(listed, lot));
        chosen.cloned().unwrap_or(Version::new(0, 0, 0))
    }
}

/// The service that an instance's call names.
fn service_name(instance: &Instance, uri: &str) -> Option<ServiceName> {
    let (name, _) = service_of(uri)?;
    let namespace: Label = instance.start.definition.workflow.namespace.clone();
    Some(ServiceName { namespace, name })
}

/// What the outcome says of the endpoint. An answer that says no to the caller is an answer.
pub(super) fn report(outcome: &Outcome) -> Report {
    match outcome {
        Outcome::Response(response) => match response.status {
            429 | 503 => Report::Overloaded { retry_after: retry_after(&response.headers) },
            500.. => Report::Failed,
            _ => Report::Answered,
        },
        Outcome::Failed { timed_out: true, .. } => Report::Overloaded { retry_after: None },
        Outcome::Failed { .. } => Report::Failed,
        Outcome::Refused { .. } | Outcome::Withdrawn => Report::Withdrawn,
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); dates are not heeded.
fn retry_after(headers: &[(String, String)]) -> Option<std::time::Duration> {
    let (_, value) = headers.iter().find(|(name, _)| name == "retry-after")?;
    value.trim().parse().ok().map(std::time::Duration::from_secs)
}

fn unknown(name: &ServiceName) -> Outcome {
    let detail = format!(
        "no service {name} is registered: publish its document, let its endpoints register, or write the port of the host"
    );
    let error = WorkflowError::new(ErrorKind::Configuration, "the service is not known", detail);
    Outcome::Refused { error: Box::new(error) }
}

/// A call has waited as long as its service's document says.
pub(super) fn held(name: &ServiceName, wait: Wait, sent: bool) -> Outcome {
    let why = match wait.reason {
        Reason::Endpoint => "it has no endpoint that may be called",
        Reason::Breaker => "its breaker is open",
        Reason::Limit => "as many calls are on their way as may be",
        Reason::Budget => "as much was repeated as may be",
    };
    let message =
        format!("the service {name} was not available for as long as calls wait for it: {why}");
    Outcome::Failed { maybe_run: sent, timed_out: false, message }
}
