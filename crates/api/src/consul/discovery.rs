//! Health and catalog: where services are, and how they do.

use http::StatusCode;
use motet_runtime::{CheckStatus, EndpointState, EndpointView, Handle, ServiceView};
use motet_types::{Label, ServiceName};

use super::agent::switch;
use super::print::{self, Shown};
use super::waiting::{Wait, indexed};
use super::{DATACENTER, NODE, address, namespace};
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json};

/// Endpoints that one answer about a whole namespace shows.
const ENDPOINTS_SHOWN_MAX: usize = 20_000;
/// Endpoints that are read at a time.
const ENDPOINTS_READ: usize = 1_000;
/// Services that are read at a time.
const SERVICES_READ: usize = 1_000;

/// The healthy ones with `passing`. Where that would be nobody, those of whom only nothing was heard: that many fall silent
/// at once tells more of the network between than of them.
pub(crate) async fn health(request: Request) -> Handled {
    let (name, wait) = (service_name(&request)?, Wait::of(&request)?);
    let only_passing = switch(&request, "passing")?.unwrap_or_default();
    let news = wait.service(request.handle(), name).await?;
    let view = news.view.as_deref();
    let shown: Vec<(&ServiceView, &EndpointView, Vec<Shown>)> =
        tagged(&request, view).map(|(view, own)| (view, own, print::checks(own))).collect();
    let is_passing = |shown: &&(_, _, Vec<Shown>)| print::worst(&shown.2) == CheckStatus::Passing;
    let is_silent =
        |shown: &&(_, &EndpointView, _)| matches!(shown.1.state, EndpointState::Suspect);
    let mut chosen: Vec<_> = shown.iter().filter(|own| !only_passing || is_passing(own)).collect();
    if chosen.is_empty() {
        chosen = shown.iter().filter(is_silent).collect();
    }
    let address = address(&request);
    let text = json::array(|items| {
        for (view, own, checks) in chosen {
            print::entry(items, view, own, checks, &address);
        }
    });
    Ok(indexed(text, news.revision))
}

pub(crate) async fn checks(request: Request) -> Handled {
    let (name, wait) = (service_name(&request)?, Wait::of(&request)?);
    let news = wait.service(request.handle(), name).await?;
    let text = json::array(|items| {
        for (view, own) in tagged(&request, news.view.as_deref()) {
            for shown in print::checks(own) {
                items.object(|item| print::check(item, view, own, &shown));
            }
        }
    });
    Ok(indexed(text, news.revision))
}

pub(crate) async fn state(request: Request) -> Handled {
    let wanted: String = request.part("state")?;
    let known = CheckStatus::ALL.into_iter().find(|own| own.as_str() == wanted);
    if known.is_none() && wanted != "any" {
        let why = format!("{wanted:?} is none: write any, passing, warning or critical");
        return Err(Problem::invalid("state", why));
    }
    all_checks(request, move |shown| known.is_none_or(|known| known == shown.status)).await
}

/// There is one node, which has everything.
pub(crate) async fn node(request: Request) -> Handled {
    let is_ours = request.part::<String>("node")? == NODE;
    all_checks(request, move |_| is_ours).await
}

async fn all_checks(request: Request, is_wanted: impl Fn(&Shown) -> bool) -> Handled {
    let namespace = namespace(&request)?;
    let index = Wait::of(&request)?.namespace(request.handle(), &namespace).await?;
    let views = all_endpoints(request.handle(), &namespace).await?;
    let text = json::array(|items| {
        for (view, own) in
            views.iter().flat_map(|view| view.endpoints.iter().map(move |own| (view, own)))
        {
            for shown in print::checks(own).iter().filter(|shown| is_wanted(shown)) {
                items.object(|item| print::check(item, view, own, shown));
            }
        }
    });
    Ok(indexed(text, index))
}

pub(crate) async fn services(request: Request) -> Handled {
    let namespace = namespace(&request)?;
    let index = Wait::of(&request)?.namespace(request.handle(), &namespace).await?;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let namespaces = Some(vec![namespace.to_string()]);
        let (page, _) = request.handle().services(namespaces, after, SERVICES_READ).await?;
        let is_last = page.len() < SERVICES_READ;
        after = page.last().map(|last| last.name.clone());
        all.extend(page);
        if is_last {
            break;
        }
    }
    let text = json::object(|object| {
        for own in &all {
            object.array(own.name.name.as_str(), |tags| {
                own.tags.iter().for_each(|tag| tags.text(tag));
            });
        }
    });
    Ok(indexed(text, index))
}

pub(crate) async fn service(request: Request) -> Handled {
    let (name, wait) = (service_name(&request)?, Wait::of(&request)?);
    let news = wait.service(request.handle(), name).await?;
    let address = address(&request);
    let text = json::array(|items| {
        for (view, own) in tagged(&request, news.view.as_deref()) {
            items.object(|item| print::flat(item, view, own, &address));
        }
    });
    Ok(indexed(text, news.revision))
}

pub(crate) async fn nodes(request: Request) -> Handled {
    let namespace = namespace(&request)?;
    let index = Wait::of(&request)?.namespace(request.handle(), &namespace).await?;
    let address = address(&request);
    let text = json::array(|items| items.object(|item| print::node(item, &address)));
    Ok(indexed(text, index))
}

pub(crate) async fn datacenters(_: Request) -> Handled {
    let text = json::array(|items| items.text(DATACENTER));
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

pub(crate) async fn leader(request: Request) -> Handled {
    let text = format!("\"{}:8300\"", address(&request));
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

pub(crate) async fn peers(request: Request) -> Handled {
    let leader = format!("{}:8300", address(&request));
    let text = json::array(|items| items.text(leader));
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

/// Everything in a namespace.
///
/// # Errors
/// It is more than one answer shows.
pub(super) async fn all_endpoints(
    handle: &Handle,
    namespace: &Label,
) -> Result<Vec<ServiceView>, Problem> {
    let (mut all, mut count) = (Vec::new(), 0);
    loop {
        let after = all.last().map(|last: &ServiceView| last.name.name.clone());
        let (page, is_last) =
            handle.browse_services(namespace.clone(), after, ENDPOINTS_READ).await?;
        count += page.iter().map(|view| view.endpoints.len()).sum::<usize>();
        all.extend(page);
        if count > ENDPOINTS_SHOWN_MAX {
            let detail = format!(
                "the namespace has more than {ENDPOINTS_SHOWN_MAX} endpoints, which is what one answer shows: ask for single services"
            );
            return Err(Problem::new(Code::PayloadTooLarge, detail));
        }
        if is_last {
            return Ok(all);
        }
    }
}

/// The endpoints of a service that have every tag that the request wants.
fn tagged<'v>(
    request: &Request,
    view: Option<&'v ServiceView>,
) -> impl Iterator<Item = (&'v ServiceView, &'v EndpointView)> {
    let wanted: Vec<String> = request.query.list("tag").map(str::to_owned).collect();
    let all = view.into_iter().flat_map(|view| view.endpoints.iter().map(move |own| (view, own)));
    all.filter(move |(_, own)| wanted.iter().all(|tag| own.tags.contains(tag)))
}

fn service_name(request: &Request) -> Result<ServiceName, Problem> {
    Ok(ServiceName { namespace: namespace(request)?, name: request.part("service")? })
}
