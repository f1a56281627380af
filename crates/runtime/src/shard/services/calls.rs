//! Where calls go that are written for services.

use std::collections::BTreeMap;

use motet_definition::service::{EndpointUrl, service_of};
use motet_engine::{ErrorKind, Outcome, Request, WorkflowError};
use motet_policy::governor::{Reason, Report, Ticket, Wait, Wish};
use motet_policy::share;
use motet_types::{Attempt, InstanceId, Label, ServiceName, StepId, Version};

use super::endpoint::EndpointId;
use crate::shard::Machine;

type CallId = (InstanceId, StepId, Attempt);

/// Calls in flight to endpoints.
#[derive(Default)]
pub(in crate::shard) struct Flights(BTreeMap<CallId, Flight>);

struct Flight {
    service: ServiceName,
    version: Version,
    /// Which governor let it go.
    made: u64,
    endpoint: EndpointId,
    ticket: Ticket,
}

impl Flights {
    /// The service that a call is for, and its version.
    pub(in crate::shard) fn target(&self, call: &CallId) -> Option<(&ServiceName, &Version)> {
        self.0.get(call).map(|flight| (&flight.service, &flight.version))
    }

    pub(in crate::shard) fn endpoint(&self, call: &CallId) -> Option<&EndpointId> {
        self.0.get(call).map(|flight| &flight.endpoint)
    }
}

/// What becomes of a call that wants to leave.
pub(in crate::shard) enum Routed {
    /// It goes to the host that it names.
    Host,
    /// It goes to this address instead.
    Endpoint(EndpointUrl),
    /// It has failed, and never left.
    Failed(Outcome),
}

impl Machine {
    /// Looks for an endpoint if the call is for a service; it counts as in flight from now on.
    pub(in crate::shard) fn route(
        &mut self,
        call: CallId,
        namespace: &Label,
        request: &Request,
    ) -> Routed {
        let Some((name, _)) = service_of(&request.uri) else { return Routed::Host };
        let name = ServiceName { namespace: namespace.clone(), name };
        let now = self.now;
        let Some(service) = self.services.known.get_mut(&name) else {
            return Routed::Failed(unknown(&name));
        };
        let lot = service.random.bits();
        let Some(version) = share::choose(service.weights(), lot).cloned() else {
            let wait = Wait { reason: Reason::Endpoint, until: None };
            return Routed::Failed(held(&name, wait));
        };
        let governed = service.versions.get_mut(&version);
        let governed = governed.expect("it was chosen among them");
        let made = governed.made;
        let ticket = match governed.governor.admit(now, Wish::default()) {
            Ok(ticket) => ticket,
            Err(wait) => {
                self.services.count_held(&name, &version, wait);
                return Routed::Failed(held(&name, wait));
            }
        };
        let endpoint = governed.endpoint_at(ticket.slot()).cloned();
        let endpoint = endpoint.expect("a governor knows the endpoints that were named to it");
        let due = governed.governor.next_due();
        let url = service.endpoints[&endpoint].entry.url.clone();
        let flight = Flight { service: name.clone(), version, made, endpoint, ticket };
        self.services.flights.0.insert(call, flight);
        self.services.hasten(&name, due);
        Routed::Endpoint(url)
    }

    /// A call that left has come back.
    pub(in crate::shard) fn call_ended(&mut self, call: CallId, outcome: &Outcome) {
        self.dispatch.settled(call.0, call.1, call.2);
        self.observe_ended(call, outcome);
        let Some(flight) = self.services.flights.0.remove(&call) else { return };
        let Flight { service: name, version, made, endpoint, ticket } = flight;
        let now = self.now;
        let Some(service) = self.services.known.get_mut(&name) else { return };
        let (report, mut due, mut changes) = (report(outcome), None, Vec::new());
        if let Some(governed) = service.versions.get_mut(&version).filter(|own| own.made == made) {
            changes = governed.governor.report(now, ticket, report);
            due = governed.governor.next_due();
        }
        if report == Report::Answered {
            // Better evidence than a heartbeat.
            service.renew(now, &endpoint);
        }
        self.services.hasten(&name, due);
        self.tell_changes(&name, &version, changes);
    }
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

fn held(name: &ServiceName, wait: Wait) -> Outcome {
    let why = match wait.reason {
        Reason::Endpoint => "it has no endpoint that may be called",
        Reason::Breaker => "its breaker is open",
        Reason::Limit => "as many calls are on their way as may be",
        Reason::Budget => "as much was repeated as may be",
    };
    let message = format!("the service {name} is not available: {why}");
    Outcome::Failed { maybe_run: false, timed_out: false, message }
}
