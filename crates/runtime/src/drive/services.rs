//! The registry of services as handles ask for it, and the probes that its machine wants.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::service::{ParsedService, Service, parse_service};
use motet_definition::{Code, Diagnostic, Pointer};
use motet_store::Position;
use motet_types::{Digest, Label, ServiceName, Timestamp};

use super::Inner;
use super::followers::Subject;
use super::inner::{check_size, unexpected};
use crate::shard::AgentCommand;
use crate::shard::{Input, Reply, ServiceDocument, ServiceInput};
use crate::{
    Actor, EndpointId, Error, ObservedEdge, Registration, ServiceFigures, ServiceSummary,
    ServiceView,
};

/// What came of a document of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceReply {
    pub name: ServiceName,
    pub digest: Digest,
    /// Whether the service had no document before.
    pub created: bool,
    /// Warnings; errors would have refused it.
    pub diagnostics: Vec<Diagnostic>,
    pub position: Position,
}

/// What came of a registration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registered {
    pub created: bool,
    /// For how long the endpoint is believed to be there without another word of it.
    pub lease: Duration,
    pub position: Position,
}

/// A service as it is at a revision.
#[derive(Clone, Debug)]
pub struct ServiceNews {
    /// Grows with every change, also where the service is not there.
    pub revision: u64,
    /// None: it is not there.
    pub view: Option<Box<ServiceView>>,
    pub position: Position,
}

impl Inner {
    pub(crate) fn parse_service(&self, source: &str) -> ParsedService {
        parse_service(source, &self.limits)
    }

    pub(crate) async fn set_service(
        &self,
        name: Option<ServiceName>,
        source: String,
        actor: Actor,
    ) -> Result<ServiceReply, Error> {
        check_size("the document", source.len(), self.limits.document_bytes_max)?;
        let parsed = self.parse_service(&source);
        let Some(service) = parsed.service else { return Err(Error::Invalid(parsed.diagnostics)) };
        let own = name_of(&service);
        if let Some(wanted) = name.filter(|wanted| *wanted != own) {
            let message = format!("the document is of {own}, and was sent as that of {wanted}");
            let path = Pointer::from("/service");
            let mut problem = vec![Diagnostic::new(Code::ConflictingProperties, path, message)];
            parsed.source.locate(&mut problem);
            return Err(Error::Invalid(problem));
        }
        let digest = Digest(*blake3::hash(source.as_bytes()).as_bytes());
        let document = Box::new(ServiceDocument {
            service: Arc::new(service),
            source: source.into(),
            digest,
            at: Timestamp::default(),
            by: None,
        });
        let input = ServiceInput::Set(document);
        match self.ask_registry(input, actor).await? {
            (Reply::Service { created }, position) => {
                let diagnostics = parsed.diagnostics;
                Ok(ServiceReply { name: own, digest, created, diagnostics, position })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn delete_service(
        &self,
        name: ServiceName,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Position, Error> {
        changed(self.ask_registry(ServiceInput::Delete { name, reason }, actor).await?)
    }

    pub(crate) async fn service(
        &self,
        name: ServiceName,
    ) -> Result<(ServiceView, Position), Error> {
        match self.ask_registry(ServiceInput::Read { name }, None).await? {
            (Reply::ServiceView(view), position) => Ok((*view, position)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn service_after(
        &self,
        name: ServiceName,
        known: Option<u64>,
        patience: Duration,
    ) -> Result<ServiceNews, Error> {
        self.after(Subject::Service(name), known, patience).await
    }

    pub(crate) async fn registry_after(
        &self,
        namespace: Label,
        known: Option<u64>,
        patience: Duration,
    ) -> Result<u64, Error> {
        Ok(self.after(Subject::Namespace(namespace), known, patience).await?.revision)
    }

    /// How the subject is once its revision is another than the known one, or when there is no more patience.
    async fn after(
        &self,
        subject: Subject,
        known: Option<u64>,
        patience: Duration,
    ) -> Result<ServiceNews, Error> {
        let first = self.look(&subject).await?;
        if patience.is_zero() || known != Some(first.revision) {
            return Ok(first);
        }
        let mut following = self.followers.follow(subject.clone())?;
        let news = async {
            loop {
                // What came between the looks is not told any more.
                let seen = self.look(&subject).await?;
                if known != Some(seen.revision) {
                    return Ok(seen);
                }
                following.next().await?;
            }
        };
        match tokio::time::timeout(patience, news).await {
            Ok(seen) => seen,
            Err(_elapsed) => self.look(&subject).await,
        }
    }

    async fn look(&self, subject: &Subject) -> Result<ServiceNews, Error> {
        let input = match subject.clone() {
            Subject::Service(name) => ServiceInput::Look { name },
            Subject::Namespace(namespace) => ServiceInput::Revision { namespace },
        };
        match self.ask_registry(input, None).await? {
            (Reply::ServiceNews { revision, view }, position) => {
                Ok(ServiceNews { revision, view, position })
            }
            (Reply::Revision(revision), position) => {
                Ok(ServiceNews { revision, view: None, position })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn browse_services(
        &self,
        namespace: Label,
        after: Option<Label>,
        endpoints_max: usize,
    ) -> Result<(Vec<ServiceView>, bool), Error> {
        let input = ServiceInput::Browse { namespace, after, endpoints_max };
        match self.ask_registry(input, None).await? {
            (Reply::ServiceViews { views, is_last }, _) => Ok((views, is_last)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn agent(
        &self,
        namespace: Label,
        command: AgentCommand,
        actor: Actor,
    ) -> Result<Position, Error> {
        changed(self.ask_registry(ServiceInput::Agent { namespace, command }, actor).await?)
    }

    pub(crate) async fn service_of(
        &self,
        namespace: Label,
        id: EndpointId,
    ) -> Result<ServiceName, Error> {
        let command = AgentCommand::Find(id);
        match self.ask_registry(ServiceInput::Agent { namespace, command }, None).await? {
            (Reply::Endpoint(name, _), _) => Ok(*name),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn services(
        &self,
        namespaces: Option<Vec<String>>,
        after: Option<ServiceName>,
        limit: usize,
    ) -> Result<(Vec<ServiceSummary>, Position), Error> {
        let input = ServiceInput::List { namespaces, after, limit };
        match self.ask_registry(input, None).await? {
            (Reply::Services(services), position) => Ok((services, position)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn register(
        &self,
        name: ServiceName,
        id: EndpointId,
        registration: Registration,
        actor: Actor,
    ) -> Result<Registered, Error> {
        let registration = Box::new(registration);
        let input = ServiceInput::Register { name, id, registration };
        match self.ask_registry(input, actor).await? {
            (Reply::Registered { created, lease }, position) => {
                Ok(Registered { created, lease, position })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn deregister(
        &self,
        name: ServiceName,
        id: EndpointId,
    ) -> Result<Position, Error> {
        changed(self.ask_registry(ServiceInput::Deregister { name, id }, None).await?)
    }

    pub(crate) async fn drain(
        &self,
        name: ServiceName,
        id: EndpointId,
        is_draining: bool,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Position, Error> {
        let input = ServiceInput::Drain { name, id, is_draining, reason };
        changed(self.ask_registry(input, actor).await?)
    }

    pub(crate) async fn observed(&self) -> Result<Vec<ObservedEdge>, Error> {
        match self.ask(|reply| Input::Observed { reply }).await? {
            (Reply::Observed(edges), _) => Ok(edges),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn service_figures(&self) -> Result<ServiceFigures, Error> {
        match self.ask(|reply| Input::ServiceFigures { reply }).await? {
            (Reply::ServiceFigures(figures), _) => Ok(*figures),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Those that a definition names and that there are.
    pub(super) async fn known_services(
        &self,
        namespace: &Label,
        diagnostics: &[Diagnostic],
    ) -> Result<BTreeSet<String>, Error> {
        let named = diagnostics.iter().filter_map(|found| found.service.clone());
        let named: BTreeSet<String> = named.collect();
        let mut known = BTreeSet::new();
        for text in named {
            let Ok(name) = text.parse() else { continue };
            let name = ServiceName { namespace: namespace.clone(), name };
            match self.service(name).await {
                Ok(_) => drop(known.insert(text)),
                Err(Error::UnknownService(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    }

    async fn ask_registry(
        &self,
        input: ServiceInput,
        actor: Actor,
    ) -> Result<(Reply, Position), Error> {
        let input = Box::new(input);
        self.ask(|reply| Input::Service { input, actor, reply }).await
    }
}

fn name_of(service: &Service) -> ServiceName {
    ServiceName { namespace: service.namespace.clone(), name: service.name.clone() }
}

fn changed((reply, position): (Reply, Position)) -> Result<Position, Error> {
    match reply {
        Reply::Service { .. } => Ok(position),
        other => Err(unexpected(&other)),
    }
}
