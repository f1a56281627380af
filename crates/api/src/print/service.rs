use std::time::Duration;

use motet_runtime::{
    Deadline, EndpointState, EndpointView, LineView, ServiceSummary, ServiceView, VersionView,
    WaitingWorkflow,
};
use motet_types::Timestamp;

use crate::json::Object;

/// One line of a list of services.
pub(crate) fn service_summary(object: &mut Object<'_>, own: &ServiceSummary) {
    object.text("namespace", &own.name.namespace);
    object.text("name", &own.name.name);
    object.truth("document", own.has_document);
    object.array("versions", |versions| own.versions.iter().for_each(|own| versions.text(own)));
    object.number("endpoints", own.endpoints as u64);
    object.number("passing", own.passing as u64);
    object.number("inFlight", own.in_flight);
}

/// A service with its versions and endpoints.
pub(crate) fn service(object: &mut Object<'_>, view: &ServiceView, now: Timestamp) {
    object.text("namespace", &view.name.namespace);
    object.text("name", &view.name.name);
    if let Some(document) = &view.document {
        object.object("document", |object| {
            object.text("digest", document.digest);
            object.text("source", &document.source);
            object.text("setAt", document.at);
            object.maybe_text("setBy", document.by.as_ref());
        });
    }
    object.number("patienceMs", millis(view.rules.patience));
    object.array("versions", |items| {
        for own in &view.versions {
            items.object(|item| version(item, own));
        }
    });
    object.array("waiting", |items| {
        for own in &view.lines {
            items.object(|item| line(item, own));
        }
    });
    object.array("endpoints", |items| {
        for own in &view.endpoints {
            items.object(|item| endpoint(item, own, now));
        }
    });
    object.number("revision", view.revision);
}

fn version(object: &mut Object<'_>, own: &VersionView) {
    object.text("version", &own.version);
    object.number("weight", own.weight);
    object.number("endpoints", own.endpoints as u64);
    object.number("inFlight", own.governor.in_flight);
    if let Some(limit) = own.governor.limit {
        object.number("inFlightMax", limit);
    }
    let (breaker, until) = own.breaker();
    object.text("breaker", breaker);
    object.maybe_text("openUntil", until);
    object.number("recentCalls", own.governor.calls);
    object.number("recentFailures", own.governor.failures);
}

/// Calls that wait for one version of a service, and who is hit.
pub(crate) fn line(object: &mut Object<'_>, own: &LineView) {
    object.text("version", &own.version);
    object.number("calls", own.calls as u64);
    object.number("instances", own.instances as u64);
    object.text("reason", own.reason.as_str());
    object.text("since", own.since);
    object.maybe_text("until", own.until);
    deadline(object, own.deadline);
    object.array("workflows", |items| {
        for own in &own.workflows {
            items.object(|item| caller(item, own));
        }
    });
    object.number("leftOut", own.left_out as u64);
}

fn caller(object: &mut Object<'_>, own: &WaitingWorkflow) {
    object.text("workflow", &own.workflow.workflow);
    object.text("version", &own.workflow.version);
    object.number("calls", own.calls as u64);
    object.number("instances", own.instances as u64);
    deadline(object, own.deadline);
}

fn deadline(object: &mut Object<'_>, deadline: Option<Deadline>) {
    object.maybe_text("deadline", deadline.map(|own| own.at));
    object.maybe_text("deadlineOf", deadline.map(|own| own.kind.as_str()));
}

fn endpoint(object: &mut Object<'_>, own: &EndpointView, now: Timestamp) {
    object.text("id", &own.id);
    object.text("url", &own.url);
    object.text("version", &own.version);
    object.maybe_text("zone", own.zone.as_ref());
    object.number("weight", own.weight);
    object.text("origin", own.origin.as_str());
    object.text("state", own.state.as_str());
    if let EndpointState::Ejected { until } = own.state {
        object.text("ejectedUntil", until);
    }
    if let Some(until) = own.lease_until {
        object.number("leaseMs", millis(until.since(now)));
    }
    object.number("inFlight", own.in_flight);
    if let Some(latency) = own.latency {
        object.number("latencyMs", millis(latency));
    }
    if !own.metadata.is_empty() {
        object.object("metadata", |object| {
            own.metadata.iter().for_each(|(name, text)| object.text(name, text));
        });
    }
    if !own.tags.is_empty() {
        object.array("tags", |tags| own.tags.iter().for_each(|tag| tags.text(tag)));
    }
    if !own.checks.is_empty() {
        object.array("checks", |checks| {
            for own in &own.checks {
                checks.object(|check| {
                    check.text("id", &own.check.id);
                    check.text("status", own.status.as_str());
                });
            }
        });
    }
    object.text("registeredAt", own.registered_at);
    object.maybe_text("registeredBy", own.registered_by.as_ref());
}

pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
