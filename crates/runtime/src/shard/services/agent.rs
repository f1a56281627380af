//! Endpoints as an agent knows them: by an id that is one of its namespace, not of a service, and with checks by their own.
//!
//! Only endpoints that came with [`Details`](super::Details) are found so.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_types::{Label, ServiceName};

use super::change::Change;
use super::details::{CHECKS_MAX, Check, CheckKind, CheckStatus, Details};
use super::endpoint::{EndpointId, Entry};
use super::{Origin, Services};
use crate::shard::{Machine, Reply, Responder};
use crate::{Actor, Error};

/// What an agent is asked about something of a namespace.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentCommand {
    /// Which endpoint has this id.
    Find(EndpointId),
    /// The endpoint leaves.
    Leave(EndpointId),
    /// It gets no new calls, or gets some again.
    Drain {
        id: EndpointId,
        is_draining: bool,
        reason: Option<String>,
    },
    /// It says how it does; without a status only that it is there.
    Tell {
        check: String,
        status: CheckStatus,
        output: String,
    },
    /// Something more is looked after, or the same otherwise.
    AddCheck {
        id: EndpointId,
        check: Box<Check>,
    },
    DropCheck {
        check: String,
    },
}

/// By namespace and id.
#[derive(Default)]
pub(super) struct Agents {
    endpoints: BTreeMap<(Label, EndpointId), ServiceName>,
    checks: BTreeMap<(Label, Arc<str>), (ServiceName, EndpointId)>,
}

impl Agents {
    /// An endpoint comes in the place of another one, or of none, or goes.
    pub(super) fn change(
        &mut self,
        name: &ServiceName,
        id: &EndpointId,
        before: Option<&Details>,
        after: Option<&Details>,
    ) {
        let key = |check: &Check| (name.namespace.clone(), Arc::from(check.id.as_str()));
        for check in before.into_iter().flat_map(|details| &details.checks) {
            let key = key(check);
            if self.checks.get(&key).is_some_and(|(own, own_id)| own == name && own_id == id) {
                self.checks.remove(&key);
            }
        }
        let own = (name.namespace.clone(), id.clone());
        if before.is_some() && self.endpoints.get(&own) == Some(name) {
            self.endpoints.remove(&own);
        }
        let Some(after) = after else { return };
        self.endpoints.insert(own, name.clone());
        for check in &after.checks {
            self.checks.insert(key(check), (name.clone(), id.clone()));
        }
    }

    pub(super) fn service(&self, namespace: &Label, id: &EndpointId) -> Option<&ServiceName> {
        self.endpoints.get(&(namespace.clone(), id.clone()))
    }

    fn check(&self, namespace: &Label, check: &str) -> Option<(ServiceName, EndpointId)> {
        self.checks.get(&(namespace.clone(), Arc::from(check))).cloned()
    }
}

impl Services {
    /// The endpoint with its entry, be that durable or about to be.
    fn of_agent(&self, namespace: &Label, id: &EndpointId) -> Option<(ServiceName, Arc<Entry>)> {
        let name = self.agents.service(namespace, id)?;
        let entry = self.latest(name, id).filter(|entry| entry.details.is_some())?;
        Some((name.clone(), entry))
    }
}

impl Machine {
    pub(super) fn agent(
        &mut self,
        namespace: &Label,
        command: AgentCommand,
        actor: &Actor,
        reply: Responder,
    ) {
        match command {
            AgentCommand::Find(id) => {
                let result = self.endpoint_of_agent(namespace, &id);
                self.reply(reply, result.map(|(name, _)| Reply::Endpoint(Box::new(name), id)));
            }
            AgentCommand::Leave(id) => match self.endpoint_of_agent(namespace, &id) {
                Ok((name, _)) => self.deregister(&name, &id, reply),
                Err(error) => self.reply(reply, Err(error)),
            },
            AgentCommand::Drain { id, is_draining, reason } => {
                match self.endpoint_of_agent(namespace, &id) {
                    Ok((name, _)) => self.drain(&name, &id, is_draining, reason, actor, reply),
                    Err(error) => self.reply(reply, Err(error)),
                }
            }
            AgentCommand::Tell { check, status, output } => {
                self.tell(namespace, &check, status, output, reply);
            }
            AgentCommand::AddCheck { id, check } => self.add_check(namespace, id, *check, reply),
            AgentCommand::DropCheck { check } => self.drop_check(namespace, &check, reply),
        }
    }

    fn endpoint_of_agent(
        &self,
        namespace: &Label,
        id: &EndpointId,
    ) -> Result<(ServiceName, Arc<Entry>), Error> {
        let found = self.services.of_agent(namespace, id);
        found.ok_or_else(|| Error::UnknownOfAgent("service", namespace.clone(), id.to_string()))
    }

    fn check_of_agent(
        &self,
        namespace: &Label,
        check: &str,
    ) -> Result<(ServiceName, EndpointId, Arc<Entry>, usize), Error> {
        let found = self.services.agents.check(namespace, check).and_then(|(name, id)| {
            let entry = self.services.latest(&name, &id)?;
            let checks = &entry.details.as_ref()?.checks;
            let nth = checks.iter().position(|own| own.id == check)?;
            Some((name, id, entry, nth))
        });
        found.ok_or_else(|| Error::UnknownOfAgent("check", namespace.clone(), check.to_owned()))
    }

    /// The same word again is a heartbeat; another one is written.
    fn tell(
        &mut self,
        namespace: &Label,
        check: &str,
        status: CheckStatus,
        output: String,
        reply: Responder,
    ) {
        let (name, id, entry, nth) = match self.check_of_agent(namespace, check) {
            Ok(found) => found,
            Err(error) => return self.reply(reply, Err(error)),
        };
        let mut told = (*entry).clone();
        let checks = told.details.as_mut().map(|details| &mut details.checks);
        let Some(own) = checks.and_then(|checks| checks.get_mut(nth)) else { return };
        if let CheckKind::Probe { .. } = own.kind {
            let error = Error::CheckAsks(namespace.clone(), check.to_owned());
            return self.reply(reply, Err(error));
        }
        let is_news = own.status != status;
        (own.status, own.output) = (status, output);
        let told = Arc::new(told);
        if is_news || self.services.is_staged(&name, Some(&id)) {
            self.stage_services(name, vec![Change::Endpoint(id, Some(told))], None);
        } else if let Some(service) = self.services.known.get_mut(&name) {
            // What it says beside that is shown, and not worth a write.
            if let Some(own) = service.endpoints.get_mut(&id) {
                own.entry = told;
            }
            service.hear(self.now, &id, nth);
            self.services.revise(&name);
        }
        self.reply(reply, Ok(Reply::Service { created: false }));
    }

    fn add_check(&mut self, namespace: &Label, id: EndpointId, mut check: Check, reply: Responder) {
        let (name, entry) = match self.endpoint_of_agent(namespace, &id) {
            Ok(found) => found,
            Err(error) => return self.reply(reply, Err(error)),
        };
        if let Some((other, other_id)) = self.services.agents.check(namespace, &check.id)
            && (other != name || other_id != id)
        {
            let error = Error::CheckTaken(namespace.clone(), check.id);
            return self.reply(reply, Err(error));
        }
        let mut entry = (*entry).clone();
        let Some(details) = &mut entry.details else { return };
        if let Some(at) = details.checks.iter().position(|own| own.id == check.id) {
            check.status = details.checks[at].status;
            details.checks.remove(at);
        }
        if details.checks.len() >= CHECKS_MAX {
            let what = "checks of the endpoint";
            let error = Error::RegistryFull { what, count: details.checks.len() };
            return self.reply(reply, Err(error));
        }
        details.checks.push(check);
        self.restage(name, id, entry, reply);
    }

    fn drop_check(&mut self, namespace: &Label, check: &str, reply: Responder) {
        match self.check_of_agent(namespace, check) {
            Ok((name, id, entry, nth)) => {
                let mut entry = (*entry).clone();
                if let Some(details) = &mut entry.details {
                    details.checks.remove(nth);
                }
                self.restage(name, id, entry, reply);
            }
            Err(error) => self.reply(reply, Err(error)),
        }
    }

    /// Its lease follows from its checks.
    fn restage(&mut self, name: ServiceName, id: EndpointId, mut entry: Entry, reply: Responder) {
        debug_assert_eq!(entry.origin, Origin::Registered);
        entry.lease = entry.details.as_ref().and_then(|details| details.lease());
        let change = Change::Endpoint(id, Some(Arc::new(entry)));
        self.stage_services(name, vec![change], None);
        self.reply(reply, Ok(Reply::Service { created: false }));
    }
}
