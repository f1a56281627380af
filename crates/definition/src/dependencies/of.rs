use motet_expr::{Template, json};
use motet_types::{Label, ServiceName};

use super::{Dependency, Needed, Relation, Subject};
use crate::graph::{Endpoint, Graph, HttpCall, Kind, Listen};
use crate::service::service_of;

/// Where a definition says what starts its instances.
const SCHEDULE: &str = "/schedule/on";

/// What a definition needs, in document order.
pub(super) fn dependencies(graph: &Graph) -> Vec<Dependency> {
    let namespace = &graph.definition.workflow.namespace;
    let mut found = Vec::new();
    if let Some(on) = graph.schedule.as_ref().and_then(|plan| plan.on.as_ref()) {
        listens(namespace, &on.listen, SCHEDULE, &mut found);
    }
    for vertex in &graph.vertices {
        let place = vertex.reference.as_str();
        let mut add = |relation, on| {
            found.push(Dependency { relation, on: Needed::Subject(on), place: place.to_owned() });
        };
        match &vertex.kind {
            Kind::Call(call) => add(Relation::Calls, called(namespace, call)),
            Kind::Job(job) => {
                let on = literal(&job.kind).map_or_else(
                    || Subject::Computed(namespace.clone()),
                    |kind| Subject::Worker(namespace.clone(), kind.to_owned()),
                );
                add(Relation::HandsTo, on);
            }
            Kind::Emit(attributes) => {
                let kind = attributes.iter().find(|(name, _)| name == "type");
                let kind = kind.and_then(|(_, kind)| literal(kind));
                // An event whose type only an expression knows is nobody's in particular.
                if let Some(kind) = kind {
                    add(Relation::EmittedBy, Subject::Event(namespace.clone(), kind.to_owned()));
                }
            }
            Kind::Listen(listen) => listens(namespace, listen, place, &mut found),
            Kind::Run(run) => found.push(Dependency {
                relation: Relation::Runs,
                on: Needed::Child(run.workflow.clone(), run.version.clone()),
                place: place.to_owned(),
            }),
            Kind::Set(_)
            | Kind::Do(_)
            | Kind::Switch(_)
            | Kind::For(_)
            | Kind::Fork { .. }
            | Kind::Try(_)
            | Kind::Raise(_)
            | Kind::Wait(_)
            | Kind::Function { .. }
            | Kind::Human(_) => {}
        }
    }
    found
}

fn listens(namespace: &Label, listen: &Listen, place: &str, found: &mut Vec<Dependency>) {
    for filter in &listen.filters {
        let on = match &filter.literal_type {
            Some(kind) => Subject::Event(namespace.clone(), kind.clone()),
            None => Subject::Computed(namespace.clone()),
        };
        let dependency = Dependency {
            relation: Relation::WaitsFor,
            on: Needed::Subject(on),
            place: place.to_owned(),
        };
        if !found.contains(&dependency) {
            found.push(dependency);
        }
    }
}

fn called(namespace: &Label, call: &HttpCall) -> Subject {
    let unknown = || Subject::Computed(namespace.clone());
    let Some(beginning) = beginning(&call.endpoint) else { return unknown() };
    if let Some((name, _)) = service_of(beginning) {
        return Subject::Service(ServiceName { namespace: namespace.clone(), name });
    }
    match host_of(beginning).filter(|host| !host.contains('{')) {
        Some(host) => Subject::Host(host),
        None => unknown(),
    }
}

/// Host and perhaps port of an address, in lower case.
pub fn host_of(address: &str) -> Option<String> {
    let authority = address.split_once("://").and_then(|(_, rest)| rest.split(DELIMITERS).next());
    let host = authority.map(|own| own.rsplit('@').next().unwrap_or(own).to_ascii_lowercase());
    host.filter(|host| !host.is_empty())
}

const DELIMITERS: [char; 3] = ['/', '?', '#'];

/// What of an address is known before an instance runs: at least up to the end of its authority.
fn beginning(endpoint: &Endpoint) -> Option<&str> {
    let address = match endpoint {
        Endpoint::UriTemplate(uri) => return Some(uri),
        Endpoint::Computed(address) => address,
    };
    let text = address.beginning()?;
    let (_, rest) = text.split_once("://")?;
    (address.is_literal() || rest.contains(DELIMITERS)).then_some(text)
}

fn literal(template: &Template) -> Option<&str> {
    match template {
        Template::Literal(value) => json::as_str(value),
        _ => None,
    }
}
