//! What the outside asks of the registry of services.

use motet_definition::service::ParsedService;
use motet_store::Position;
use std::time::Duration;

use motet_types::{Label, ServiceName};

use super::{Error, Handle};
use crate::{
    AgentCommand, EndpointId, ObservedEdge, Registered, Registration, ServiceFigures, ServiceNews,
    ServiceReply, ServiceSummary, ServiceView,
};

impl Handle {
    /// Reads a document of a service: everything that is wrong with it, and the service if nothing is.
    pub fn parse_service(&self, source: &str) -> ParsedService {
        self.inner.parse_service(source)
    }

    /// Puts the document of a service in the place of the one before.
    ///
    /// # Errors
    /// The document has errors, or is of another service than `name`.
    pub async fn set_service(
        &self,
        name: Option<ServiceName>,
        source: String,
    ) -> Result<ServiceReply, Error> {
        self.inner.set_service(name, source, self.actor.clone()).await
    }

    /// Takes the document of a service away, and its endpoints.
    pub async fn delete_service(
        &self,
        name: ServiceName,
        reason: Option<String>,
    ) -> Result<Position, Error> {
        self.inner.delete_service(name, reason, self.actor.clone()).await
    }

    /// Everything that is known of a service.
    pub async fn service(&self, name: ServiceName) -> Result<(ServiceView, Position), Error> {
        self.inner.service(name).await
    }

    /// A service once it is at another revision than the known one, at the latest when there is no more patience.
    ///
    /// # Errors
    /// As many wait as may, or the server stops.
    pub async fn service_after(
        &self,
        name: ServiceName,
        known: Option<u64>,
        patience: Duration,
    ) -> Result<ServiceNews, Error> {
        self.inner.service_after(name, known, patience).await
    }

    /// The revision of everything in a namespace, once it is another than the known one.
    ///
    /// # Errors
    /// As for [`Self::service_after`].
    pub async fn registry_after(
        &self,
        namespace: Label,
        known: Option<u64>,
        patience: Duration,
    ) -> Result<u64, Error> {
        self.inner.registry_after(namespace, known, patience).await
    }

    /// Services of a namespace by name, until they have so many endpoints together; and whether these are the last.
    pub async fn browse_services(
        &self,
        namespace: Label,
        after: Option<Label>,
        endpoints_max: usize,
    ) -> Result<(Vec<ServiceView>, bool), Error> {
        self.inner.browse_services(namespace, after, endpoints_max).await
    }

    /// Does something with an endpoint that is known by its id in the namespace.
    pub async fn agent(&self, namespace: Label, command: AgentCommand) -> Result<Position, Error> {
        self.inner.agent(namespace, command, self.actor.clone()).await
    }

    /// The service of an endpoint that is known by its id in the namespace.
    pub async fn service_of(&self, namespace: Label, id: EndpointId) -> Result<ServiceName, Error> {
        self.inner.service_of(namespace, id).await
    }

    /// A page of services by name, in these namespaces or in all.
    pub async fn services(
        &self,
        namespaces: Option<Vec<String>>,
        after: Option<ServiceName>,
        limit: usize,
    ) -> Result<(Vec<ServiceSummary>, Position), Error> {
        self.inner.services(namespaces, after, limit).await
    }

    /// What calls have shown since the server began, in the order of workflows.
    pub async fn observed(&self) -> Result<Vec<ObservedEdge>, Error> {
        self.inner.observed().await
    }

    /// What services did and how they stand.
    pub async fn service_figures(&self) -> Result<ServiceFigures, Error> {
        self.inner.service_figures().await
    }

    /// An endpoint registers, or says that it is still there; the answer says for how long it is believed.
    pub async fn register(
        &self,
        name: ServiceName,
        id: EndpointId,
        registration: Registration,
    ) -> Result<Registered, Error> {
        self.inner.register(name, id, registration, self.actor.clone()).await
    }

    /// An endpoint leaves: no new calls; those in flight end as they end.
    pub async fn deregister(&self, name: ServiceName, id: EndpointId) -> Result<Position, Error> {
        self.inner.deregister(name, id).await
    }

    /// Keeps an endpoint out of the calls, or lets it have some again.
    pub async fn drain(
        &self,
        name: ServiceName,
        id: EndpointId,
        is_draining: bool,
        reason: Option<String>,
    ) -> Result<Position, Error> {
        self.inner.drain(name, id, is_draining, reason, self.actor.clone()).await
    }
}
