//! What is asked of the registry, and what comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::service as definition;
use motet_definition::service::EndpointUrl;
use motet_expr::json::{object, string};
use motet_types::{Digest, Label, ServiceName, Timestamp, Version};

use super::agent::AgentCommand;
use super::details::Details;
use super::endpoint::{EndpointId, Entry};
use super::{Audit, Origin, SERVICE_ENDPOINTS_MAX, SERVICES_MAX, Services};
use crate::shard::{Machine, Reply, Responder};
use crate::{Actor, Error};

/// Something that the registry is asked.
pub enum ServiceInput {
    /// Puts a document in the place of the one before.
    Set(Box<ServiceDocument>),
    /// Takes the document away, and every endpoint.
    Delete {
        name: ServiceName,
        reason: Option<String>,
    },
    /// An endpoint registers, or says that it is still there.
    Register {
        name: ServiceName,
        id: EndpointId,
        registration: Box<Registration>,
    },
    Deregister {
        name: ServiceName,
        id: EndpointId,
    },
    /// The endpoint gets no new calls, or gets some again.
    Drain {
        name: ServiceName,
        id: EndpointId,
        is_draining: bool,
        reason: Option<String>,
    },
    /// Something is asked by an id of a namespace.
    Agent {
        namespace: Label,
        command: AgentCommand,
    },
    Read {
        name: ServiceName,
    },
    /// The same with its revision, which it has also where it is not there.
    Look {
        name: ServiceName,
    },
    /// The revision of everything in a namespace.
    Revision {
        namespace: Label,
    },
    /// A page, by name.
    List {
        namespaces: Option<Vec<String>>,
        after: Option<ServiceName>,
        limit: usize,
    },
    /// A page of everything that is known of a namespace's services, by name: it ends after so many endpoints.
    Browse {
        namespace: Label,
        after: Option<Label>,
        endpoints_max: usize,
    },
}

/// A document of a service, read and as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceDocument {
    pub service: Arc<definition::Service>,
    pub source: Arc<str>,
    pub digest: Digest,
    pub at: Timestamp,
    pub by: Actor,
}

/// What an endpoint says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub url: EndpointUrl,
    /// None: the only one that the document names, else 0.0.0.
    pub version: Option<Version>,
    pub zone: Option<String>,
    /// 1 to 1,000,000.
    pub weight: u32,
    /// How long it is believed to be there without another word of it; none: what the document says.
    pub lease: Option<Duration>,
    pub metadata: BTreeMap<String, String>,
    /// None: it lives by its lease alone.
    pub details: Option<Box<Details>>,
}

/// Something that is durable, or is about to be.
#[derive(Clone, Debug)]
pub(in crate::shard) enum Change {
    Document(Option<Arc<ServiceDocument>>),
    Endpoint(EndpointId, Option<Arc<Entry>>),
    /// Whether an endpoint of the document is kept out of the calls.
    Drained(EndpointId, bool),
}

impl Change {
    /// The endpoint that it is about.
    pub(super) fn endpoint(&self) -> Option<&EndpointId> {
        match self {
            Self::Document(_) => None,
            Self::Endpoint(id, _) | Self::Drained(id, _) => Some(id),
        }
    }
}

impl ServiceDocument {
    pub(super) fn name(&self) -> ServiceName {
        let (namespace, name) = (self.service.namespace.clone(), self.service.name.clone());
        ServiceName { namespace, name }
    }
}

impl Services {
    /// Why no other service may be made.
    fn refuse_new(&self, name: &ServiceName) -> Option<Error> {
        let of_namespace = self.counts.get(&name.namespace).copied().unwrap_or_default();
        let is_new = |(other, _): &&(ServiceName, Option<EndpointId>)| {
            other.namespace == name.namespace && !self.known.contains_key(other)
        };
        let count = of_namespace + self.staged.keys().filter(is_new).count();
        let is_there = self.known.contains_key(name);
        let what = "services in the namespace";
        (!is_there && count >= SERVICES_MAX).then_some(Error::RegistryFull { what, count })
    }

    /// Why no other endpoint may register.
    fn refuse_endpoint(&self, name: &ServiceName) -> Option<Error> {
        let service = self.known.get(name);
        let first = (name.clone(), None);
        let staged = self.staged.range(first..).take_while(|((other, _), _)| other == name);
        let is_new = |id: &EndpointId| service.is_none_or(|own| !own.endpoints.contains_key(id));
        let staged = staged.filter(|((_, id), _)| id.as_ref().is_some_and(is_new)).count();
        let count = staged + service.map_or(0, |service| service.registered());
        let what = "endpoints of the service";
        (count >= SERVICE_ENDPOINTS_MAX).then_some(Error::RegistryFull { what, count })
    }
}

impl Machine {
    pub(super) fn set_service(
        &mut self,
        document: ServiceDocument,
        actor: Actor,
        reply: Responder,
    ) {
        let name = document.name();
        if let Some(error) = self.services.refuse_new(&name) {
            return self.reply(reply, Err(error));
        }
        let before = self.services.known.get(&name);
        let known = before.and_then(|service| service.document.as_ref());
        let is_same = known.is_some_and(|known| known.source == document.source);
        if is_same && !self.services.is_staged(&name, None) {
            return self.reply(reply, Ok(Reply::Service { created: false }));
        }
        let shown = |digest: &Digest| object([("digest", string(digest.to_string()))]);
        let audit = Audit {
            action: "service.set",
            reason: None,
            before: known.map(|known| shown(&known.digest)),
            after: Some(shown(&document.digest)),
            actor: actor.clone(),
        };
        let created = known.is_none();
        let document = ServiceDocument { at: self.now, by: actor, ..document };
        let urls = document.service.versions.iter().flat_map(|version| &version.endpoints);
        let ids: Vec<EndpointId> = urls.map(|endpoint| EndpointId::of_url(&endpoint.url)).collect();
        let drained = before.into_iter().flat_map(|service| &service.drained);
        let gone = drained.filter(|id| !ids.contains(id)).cloned();
        let gone = gone.map(|id| Change::Drained(id, false));
        let mut changes: Vec<Change> = gone.collect();
        changes.push(Change::Document(Some(Arc::new(document))));
        self.stage_services(name, changes, Some(audit));
        self.reply(reply, Ok(Reply::Service { created }));
    }

    pub(super) fn delete_service(
        &mut self,
        name: ServiceName,
        reason: Option<String>,
        actor: &Actor,
        reply: Responder,
    ) {
        let Some(service) = self.services.known.get(&name) else {
            return self.reply(reply, Err(Error::UnknownService(name)));
        };
        let shown = |digest: &Digest| object([("digest", string(digest.to_string()))]);
        let audit = Audit {
            action: "service.delete",
            reason,
            before: service.document.as_ref().map(|known| shown(&known.digest)),
            after: None,
            actor: actor.clone(),
        };
        let own = service.endpoints.iter().filter(|(_, own)| own.entry.origin != Origin::Document);
        let mut changes: Vec<Change> =
            own.map(|(id, _)| Change::Endpoint(id.clone(), None)).collect();
        changes.extend(service.drained.iter().map(|id| Change::Drained(id.clone(), false)));
        changes.extend(service.document.is_some().then_some(Change::Document(None)));
        self.stage_services(name, changes, Some(audit));
        self.reply(reply, Ok(Reply::Service { created: false }));
    }

    pub(super) fn register(
        &mut self,
        name: ServiceName,
        id: EndpointId,
        registration: Registration,
        actor: Actor,
        reply: Responder,
    ) {
        let mut entry = Entry::new(registration, self.now, actor);
        let now = self.now;
        let rules = self.services.known.get(&name).map(|service| service.rules.lease);
        let default = rules.unwrap_or(motet_definition::service::LEASE_DEFAULT);
        let lease = entry.lease.unwrap_or(default);
        let known = self.services.latest(&name, &id);
        let created = known.is_none();
        if let Some(own) = known {
            if own.origin != Origin::Registered {
                return self.reply(reply, Err(Error::EndpointTaken(name, id)));
            }
            if own.says(&entry) {
                if let Some(service) = self.services.known.get_mut(&name) {
                    service.renew(now, &id);
                    self.services.revise(&name);
                }
                let answer = Reply::Registered { created: false, lease };
                return self.reply(reply, Ok(answer));
            }
            entry.is_draining = own.is_draining;
            if let (Some(details), Some(before)) = (&mut entry.details, &own.details) {
                details.keep_word(before);
            }
        } else if let Some(error) =
            self.services.refuse_new(&name).or_else(|| self.services.refuse_endpoint(&name))
        {
            return self.reply(reply, Err(error));
        }
        if entry.details.is_some() {
            self.leave_elsewhere(&name, &id);
        }
        self.stage_services(name, vec![Change::Endpoint(id, Some(Arc::new(entry)))], None);
        self.reply(reply, Ok(Reply::Registered { created, lease }));
    }

    /// An agent knows an id once: who registers it for another service takes it from the first.
    fn leave_elsewhere(&mut self, name: &ServiceName, id: &EndpointId) {
        let elsewhere = self.services.agents.service(&name.namespace, id);
        let elsewhere = elsewhere.filter(|other| *other != name).cloned();
        if let Some(other) = elsewhere
            && self.services.latest(&other, id).is_some()
        {
            self.stage_services(other, vec![Change::Endpoint(id.clone(), None)], None);
        }
    }

    pub(super) fn deregister(&mut self, name: &ServiceName, id: &EndpointId, reply: Responder) {
        match self.services.latest(name, id).map(|own| own.origin) {
            None => self.reply(reply, Err(Error::UnknownEndpoint(name.clone(), id.clone()))),
            Some(Origin::Document | Origin::Dns) => {
                self.reply(reply, Err(Error::EndpointTaken(name.clone(), id.clone())));
            }
            Some(Origin::Registered) => {
                let changes = vec![Change::Endpoint(id.clone(), None)];
                self.stage_services(name.clone(), changes, None);
                self.reply(reply, Ok(Reply::Service { created: false }));
            }
        }
    }

    pub(super) fn drain(
        &mut self,
        name: &ServiceName,
        id: &EndpointId,
        is_draining: bool,
        reason: Option<String>,
        actor: &Actor,
        reply: Responder,
    ) {
        let Some(own) = self.services.latest(name, id) else {
            return self.reply(reply, Err(Error::UnknownEndpoint(name.clone(), id.clone())));
        };
        if own.is_draining == is_draining && !self.services.is_staged(name, Some(id)) {
            return self.reply(reply, Ok(Reply::Service { created: false }));
        }
        let change = match own.origin {
            Origin::Document => Change::Drained(id.clone(), is_draining),
            Origin::Registered | Origin::Dns => {
                let entry = Entry { is_draining, ..(*own).clone() };
                Change::Endpoint(id.clone(), Some(Arc::new(entry)))
            }
        };
        let audit = Audit {
            action: if is_draining { "endpoint.drain" } else { "endpoint.undrain" },
            reason,
            before: None,
            after: Some(object([("endpoint", string(id.as_str()))])),
            actor: actor.clone(),
        };
        self.stage_services(name.clone(), vec![change], Some(audit));
        self.reply(reply, Ok(Reply::Service { created: false }));
    }
}
