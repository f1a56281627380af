//! Who calls, and what they may do.

mod caller;
mod lasting;

use std::time::Duration;

use motet_runtime::{Error, Handle, Role};
use motet_types::InstanceId;
use motet_types::Label;

pub(crate) use caller::{Caller, LastUses, authenticate};
pub(crate) use lasting::while_allowed;

use crate::consul;
use crate::handlers::jobs::of_job;
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::ROUTES;

/// Who may call a route, and how the namespace is found that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without a token.
    Open,
    /// Whoever has a token.
    Anybody,
    /// The role in any namespace: the route is about none, or its handler looks closer.
    Anywhere(Role),
    /// The role in the namespace that the path names.
    InPath(Role),
    /// The role in the namespace that the query or a header names, as Consul's clients do.
    OfConsul(Role),
    /// The role in the namespace of the instance that the path names; to others the instance is not there.
    OfInstance(Role),
    /// The role in the namespace of the instance of the job or task that the path names.
    OfJob(Role),
    /// The role in the namespace that the body names, once the handler knows it: it has to call [`Request::permit`].
    OfBody(Role),
    /// The role in any namespace; the list leaves out what is in others: the handler has to use [`Request::visible`].
    Listed(Role),
    /// The role in all namespaces.
    Server(Role),
    /// A viewer of all namespaces, unless the configuration opens the figures to everybody.
    Figures,
}

impl Access {
    fn role(self) -> Option<Role> {
        match self {
            Self::Open | Self::Anybody => None,
            Self::Anywhere(role)
            | Self::InPath(role)
            | Self::OfConsul(role)
            | Self::OfInstance(role)
            | Self::OfJob(role)
            | Self::OfBody(role)
            | Self::Listed(role)
            | Self::Server(role) => Some(role),
            Self::Figures => Some(Role::Viewer),
        }
    }

    /// Where the role has to hold, in a few words.
    fn place(self) -> &'static str {
        match self {
            Self::Open => "everybody",
            Self::Anybody => "any token",
            Self::Anywhere(_) => "any namespace",
            Self::InPath(_) => "namespace of the path",
            Self::OfConsul(_) => "namespace of `ns`, of the token, or `default`",
            Self::OfInstance(_) => "namespace of the instance",
            Self::OfJob(_) => "namespace of the instance of the job",
            Self::OfBody(_) => "namespace of the document",
            Self::Listed(_) => "any namespace; others are left out",
            Self::Server(_) => "all namespaces",
            Self::Figures => "all namespaces, or `metrics-open`",
        }
    }
}

/// Every route with the role that it wants, if any, and where that has to hold.
pub fn rights() -> Vec<(&'static str, &'static str, Option<Role>, &'static str)> {
    let right = |access: Access| (access.role(), access.place());
    let rights = ROUTES.iter().map(|route| (route, right(route.access)));
    rights.map(|(route, (role, place))| (route.method.as_str(), route.path, role, place)).collect()
}

/// Whether a request may go on to its handler; where that depends on an instance, its id, for [`ensure_visible`].
///
/// # Errors
/// The caller lacks the role, or has it elsewhere.
pub(crate) fn admit(access: Access, request: &Request) -> Result<Option<InstanceId>, Problem> {
    let Some(role) = access.role() else { return Ok(None) };
    if access == Access::Figures && request.api.options.metrics_open {
        return Ok(None);
    }
    request.caller.ensure(role)?;
    match access {
        Access::InPath(_) => request.permit(role, &request.part::<String>("namespace")?)?,
        Access::OfConsul(_) => request.permit(role, consul::namespace(request)?.as_str())?,
        Access::Server(_) | Access::Figures => request.caller.ensure_everywhere(role)?,
        Access::OfInstance(_) if !request.caller.sees_all() => {
            return request.instance().map(Some);
        }
        Access::OfJob(_) if !request.caller.sees_all() => {
            return request.job().map(|job| Some(job.instance));
        }
        Access::OfInstance(_)
        | Access::OfJob(_)
        | Access::Open
        | Access::Anybody
        | Access::Anywhere(_)
        | Access::OfBody(_)
        | Access::Listed(_) => {}
    }
    Ok(None)
}

/// An instance of a namespace that the caller has no rights in is as if it were not there.
///
/// # Errors
/// It is not there, for this caller or for any.
pub(crate) async fn ensure_visible(
    access: Access,
    caller: Caller,
    handle: Handle,
    id: InstanceId,
) -> Result<(), Problem> {
    let unseen = |error: Error| match access {
        Access::OfJob(_) => of_job(error),
        _ => error.into(),
    };
    let (instance, _) = handle.instance(id, Duration::ZERO).await.map_err(unseen)?;
    let namespace = instance.definition.workflow.namespace;
    if caller.holds(namespace.as_str()) {
        return Ok(());
    }
    Err(unseen(Error::UnknownInstance(id)))
}

impl Request {
    /// # Errors
    /// The caller has no rights in the namespace.
    pub(crate) fn permit(&self, role: Role, namespace: &str) -> Result<(), Problem> {
        self.caller.ensure(role)?;
        if self.caller.holds(namespace) {
            return Ok(());
        }
        let detail = format!(
            "the token {:?} has no rights in the namespace {namespace:?}, only in {}",
            &*self.caller.name,
            self.caller.places()
        );
        Err(Problem::new(Code::Forbidden, detail))
    }

    /// The namespaces whose things a list may hold, where they are not all; `wanted` is one that was asked for.
    ///
    /// # Errors
    /// The caller has no rights in the one that was asked for.
    pub(crate) fn visible(&self, wanted: Option<&str>) -> Result<Option<Vec<String>>, Problem> {
        let role = Role::Viewer;
        match wanted {
            Some(wanted) if !self.caller.holds(wanted) => self.permit(role, wanted).map(|()| None),
            _ => Ok(self.caller.namespaces()),
        }
    }

    /// The namespaces of a list whose machine filters by them alone: the one that was asked for, or those of the caller.
    pub(crate) fn visible_in(
        &self,
        wanted: Option<&Label>,
    ) -> Result<Option<Vec<String>>, Problem> {
        let visible = self.visible(wanted.map(Label::as_str))?;
        let Some(wanted) = wanted else { return Ok(visible) };
        let sees = visible.is_none_or(|names| names.iter().any(|name| name == wanted.as_str()));
        Ok(Some(sees.then(|| wanted.to_string()).into_iter().collect()))
    }
}
