//! What Consul's clients read.

use motet_runtime::service::Probe;
use motet_runtime::{CheckKind, CheckStatus, CheckView, EndpointState, EndpointView, ServiceView};

use super::{DATACENTER, NODE};
use crate::json::{Array, Object};

/// The same for ever: there is one node.
const NODE_ID: &str = "6d6f7465-7400-4000-8000-000000000001";

/// One check as it is shown: of the endpoint's own, or what is known of it here.
pub(super) struct Shown {
    id: String,
    name: String,
    notes: String,
    pub(super) status: CheckStatus,
    output: String,
    kind: &'static str,
}

impl Shown {
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// Every check of an endpoint; what keeps it out of the calls for another reason is one, too.
pub(super) fn checks(own: &EndpointView) -> Vec<Shown> {
    let mut shown: Vec<Shown> = own.checks.iter().map(declared).collect();
    let is_critical = shown.iter().any(|check| check.status == CheckStatus::Critical);
    let id = &own.id;
    let known = |id: String, name: &str, status, output: &str| {
        let (name, notes, output) = (name.to_owned(), String::new(), output.to_owned());
        Shown { id, name, notes, status, output, kind: "" }
    };
    let critical =
        |id: String, name: &str, output: &str| known(id, name, CheckStatus::Critical, output);
    match own.state {
        EndpointState::Draining => shown.push(critical(
            format!("_service_maintenance:{id}"),
            "Service Maintenance Mode",
            "it gets no new calls",
        )),
        EndpointState::Ejected { .. } => shown.push(critical(
            format!("_motet_calls:{id}"),
            "Calls from Motet",
            "they have failed, or took far longer than others",
        )),
        EndpointState::Failing if !is_critical => {
            shown.push(critical(format!("_motet_probe:{id}"), "Probes of Motet", "they fail"))
        }
        EndpointState::Suspect if !is_critical => {
            shown.push(critical(format!("_motet_lease:{id}"), "Lease", "nothing was heard in time"))
        }
        _ if shown.is_empty() => {
            shown.push(known(format!("_motet:{id}"), "Known to Motet", CheckStatus::Passing, ""))
        }
        _ => {}
    }
    shown
}

fn declared(own: &CheckView) -> Shown {
    let check = &own.check;
    Shown {
        id: check.id.clone(),
        name: check.name.clone(),
        notes: check.notes.clone(),
        status: own.status,
        output: if own.is_silent {
            "nothing was heard in time".to_owned()
        } else {
            check.output.clone()
        },
        kind: match &check.kind {
            CheckKind::Ttl(_) => "ttl",
            CheckKind::Probe { probe: Probe::Http(_), .. } => "http",
            CheckKind::Probe { .. } => "tcp",
        },
    }
}

pub(super) fn worst(checks: &[Shown]) -> CheckStatus {
    checks.iter().map(|check| check.status).max().unwrap_or_default()
}

pub(super) fn node(object: &mut Object<'_>, address: &str) {
    object.text("ID", NODE_ID);
    object.text("Node", NODE);
    object.text("Address", address);
    object.text("Datacenter", DATACENTER);
    object.object("TaggedAddresses", |_| {});
    object.object("Meta", |_| {});
}

pub(super) fn service(object: &mut Object<'_>, view: &ServiceView, own: &EndpointView) {
    let (address, port) = place(own);
    object.text("ID", &own.id);
    object.text("Service", &view.name.name);
    tags(object, "Tags", own);
    object
        .object("Meta", |meta| own.metadata.iter().for_each(|(name, text)| meta.text(name, text)));
    object.text("Address", address);
    object.number("Port", port);
    weights(object, "Weights", own);
    object.truth("EnableTagOverride", false);
    indexes(object, view);
}

/// The form of the catalog, where everything stands side by side.
pub(super) fn flat(
    object: &mut Object<'_>,
    view: &ServiceView,
    own: &EndpointView,
    node_address: &str,
) {
    let (address, port) = place(own);
    object.text("ID", NODE_ID);
    object.text("Node", NODE);
    object.text("Address", node_address);
    object.text("Datacenter", DATACENTER);
    object.object("TaggedAddresses", |_| {});
    object.object("NodeMeta", |_| {});
    object.text("ServiceID", &own.id);
    object.text("ServiceName", &view.name.name);
    object.text("ServiceAddress", address);
    object.number("ServicePort", port);
    tags(object, "ServiceTags", own);
    object.object("ServiceMeta", |meta| {
        own.metadata.iter().for_each(|(name, text)| meta.text(name, text));
    });
    weights(object, "ServiceWeights", own);
    object.truth("ServiceEnableTagOverride", false);
    indexes(object, view);
}

pub(super) fn check(
    object: &mut Object<'_>,
    view: &ServiceView,
    own: &EndpointView,
    shown: &Shown,
) {
    object.text("Node", NODE);
    object.text("CheckID", &shown.id);
    object.text("Name", &shown.name);
    object.text("Status", shown.status.as_str());
    object.text("Notes", &shown.notes);
    object.text("Output", &shown.output);
    object.text("ServiceID", &own.id);
    object.text("ServiceName", &view.name.name);
    tags(object, "ServiceTags", own);
    object.text("Type", shown.kind);
    object.object("Definition", |_| {});
    indexes(object, view);
}

/// One element of a health query.
pub(super) fn entry(
    items: &mut Array<'_>,
    view: &ServiceView,
    own: &EndpointView,
    shown: &[Shown],
    node_address: &str,
) {
    items.object(|item| {
        item.object("Node", |object| node(object, node_address));
        item.object("Service", |object| service(object, view, own));
        item.array("Checks", |items| {
            shown.iter().for_each(|one| items.object(|item| check(item, view, own, one)));
        });
    });
}

/// Host and port.
fn place(own: &EndpointView) -> (&str, u64) {
    let authority = own.url.authority();
    let default = if own.url.as_str().starts_with("https:") { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(default)),
        _ => (authority, default),
    };
    (host.trim_matches(['[', ']']), port)
}

fn tags(object: &mut Object<'_>, name: &str, own: &EndpointView) {
    object.array(name, |items| own.tags.iter().for_each(|tag| items.text(tag)));
}

fn weights(object: &mut Object<'_>, name: &str, own: &EndpointView) {
    object.object(name, |weights| {
        weights.number("Passing", own.weight);
        weights.number("Warning", own.warning_weight.unwrap_or(own.weight));
    });
}

fn indexes(object: &mut Object<'_>, view: &ServiceView) {
    object.number("CreateIndex", view.revision);
    object.number("ModifyIndex", view.revision);
}
