//! The agent: services register and say how they do.

use http::StatusCode;
use motet_expr::{Value, json as value};
use motet_runtime::{
    AgentCommand, CHECK_TEXT_BYTES_MAX, CheckStatus, EndpointId, EndpointView, Handle, ServiceView,
};
use motet_types::Label;

use super::check::{Defined, status};
use super::definition::read_service;
use super::discovery::all_endpoints;
use super::fields::{Fields, refuse};
use super::waiting::indexed;
use super::{DATACENTER, NODE, address, namespace, print, unsupported};
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json};

pub(crate) async fn register(mut request: Request) -> Handled {
    let namespace = namespace(&request)?;
    let body = body(&mut request).await?;
    let (name, id, registration) = read_service(&namespace, &body)?;
    request.handle().register(name, id, registration).await?;
    Ok(done())
}

pub(crate) async fn deregister(request: Request) -> Handled {
    let id = request.part("id")?;
    command(request, AgentCommand::Leave(id)).await
}

pub(crate) async fn maintain(request: Request) -> Handled {
    let is_draining = switch(&request, "enable")?
        .ok_or_else(|| Problem::invalid("enable", "say whether, as in ?enable=true"))?;
    let reason = request.query.text("reason").filter(|text| !text.is_empty()).map(str::to_owned);
    let id = request.part("id")?;
    command(request, AgentCommand::Drain { id, is_draining, reason }).await
}

pub(crate) async fn pass(request: Request) -> Handled {
    note(request, CheckStatus::Passing).await
}

pub(crate) async fn warn(request: Request) -> Handled {
    note(request, CheckStatus::Warning).await
}

pub(crate) async fn fail(request: Request) -> Handled {
    note(request, CheckStatus::Critical).await
}

async fn note(request: Request, status: CheckStatus) -> Handled {
    let output = request.query.text("note").unwrap_or_default().to_owned();
    tell(request, status, output).await
}

pub(crate) async fn update(mut request: Request) -> Handled {
    let body = body(&mut request).await?;
    let mut fields = Fields::of(&body, "the body")?;
    let missing = || refuse("the body has no Status");
    let status = status(&fields.text("Status")?.ok_or_else(missing)?)?;
    let output = fields.text("Output")?.unwrap_or_default();
    fields.end()?;
    tell(request, status, output).await
}

async fn tell(request: Request, status: CheckStatus, mut output: String) -> Handled {
    let end = (0..=CHECK_TEXT_BYTES_MAX.min(output.len())).rev();
    let end = end.into_iter().find(|end| output.is_char_boundary(*end));
    output.truncate(end.unwrap_or_default());
    let check = request.part("id")?;
    command(request, AgentCommand::Tell { check, status, output }).await
}

pub(crate) async fn register_check(mut request: Request) -> Handled {
    let namespace = namespace(&request)?;
    let mut own = Defined::read(&body(&mut request).await?)?;
    let Some(service) = own.service.take() else {
        return Err(unsupported("checks are of a service: Motet has no nodes to look after"));
    };
    let missing = || refuse("the check has neither ID nor Name");
    let check = own.id.take().or(own.name.clone()).ok_or_else(missing)?;
    let id: EndpointId = crate::query::read("ServiceID", &service)?;
    let (_, own_endpoint) = endpoint(request.handle(), namespace.clone(), &id).await?;
    let check = Box::new(own.at(&own_endpoint.url, check)?);
    let command = AgentCommand::AddCheck { id, check };
    request.handle().agent(namespace, command).await?;
    Ok(done())
}

pub(crate) async fn deregister_check(request: Request) -> Handled {
    let check = request.part("id")?;
    command(request, AgentCommand::DropCheck { check }).await
}

pub(crate) async fn services(request: Request) -> Handled {
    let namespace = namespace(&request)?;
    let views = all_endpoints(request.handle(), &namespace).await?;
    let text = json::object(|object| {
        for (view, own) in of_agent(&views) {
            object.object(own.id.as_str(), |item| print::service(item, view, own));
        }
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

pub(crate) async fn one(request: Request) -> Handled {
    let (namespace, id) = (namespace(&request)?, request.part("id")?);
    let (view, own) = endpoint(request.handle(), namespace, &id).await?;
    let text = json::object(|object| print::service(object, &view, &own));
    Ok(indexed(text, view.revision))
}

pub(crate) async fn checks(request: Request) -> Handled {
    let namespace = namespace(&request)?;
    let views = all_endpoints(request.handle(), &namespace).await?;
    let text = json::object(|object| {
        for (view, own) in of_agent(&views) {
            for shown in print::checks(own) {
                object.object(shown.id(), |item| print::check(item, view, own, &shown));
            }
        }
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

pub(crate) async fn itself(request: Request) -> Handled {
    let address = address(&request);
    let text = json::object(|object| {
        object.object("Config", |config| {
            config.text("Datacenter", DATACENTER);
            config.text("NodeName", NODE);
            config.truth("Server", true);
            config.text("Version", env!("CARGO_PKG_VERSION"));
        });
        object.object("Member", |member| {
            member.text("Name", NODE);
            member.text("Addr", &address);
        });
        object.object("Stats", |_| {});
        object.object("Meta", |_| {});
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

/// Those that came by an agent: their ids are unique in their namespace.
fn of_agent(views: &[ServiceView]) -> impl Iterator<Item = (&ServiceView, &EndpointView)> {
    let all = views.iter().flat_map(|view| view.endpoints.iter().map(move |own| (view, own)));
    all.filter(|(_, own)| own.warning_weight.is_some())
}

async fn endpoint(
    handle: &Handle,
    namespace: Label,
    id: &EndpointId,
) -> Result<(ServiceView, EndpointView), Problem> {
    let name = handle.service_of(namespace, id.clone()).await?;
    let (view, _) = handle.service(name).await?;
    let own = view.endpoints.iter().find(|own| own.id == *id).cloned();
    let gone = || Problem::new(Code::UnknownEndpoint, format!("the endpoint {id} has left"));
    Ok((view, own.ok_or_else(gone)?))
}

async fn command(request: Request, command: AgentCommand) -> Handled {
    let namespace = namespace(&request)?;
    request.handle().agent(namespace, command).await?;
    Ok(done())
}

/// Consul's clients name no media type, or that of forms; it is JSON all the same.
async fn body(request: &mut Request) -> Result<Value, Problem> {
    let limits = &request.api.options.limits;
    let limits = value::Limits { bytes_max: limits.payload_bytes_max, depth_max: limits.depth_max };
    let text = request.body_of_any_type(limits.bytes_max).await?;
    value::parse(&text, limits)
        .map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
}

/// A switch as Consul's clients write them.
pub(super) fn switch(request: &Request, name: &str) -> Result<Option<bool>, Problem> {
    match request.query.text(name) {
        None => Ok(None),
        Some("" | "1" | "t" | "true" | "True" | "TRUE") => Ok(Some(true)),
        Some("0" | "f" | "false" | "False" | "FALSE") => Ok(Some(false)),
        Some(other) => Err(Problem::invalid(name, format!("{other:?} is neither true nor false"))),
    }
}

fn done() -> axum::response::Response {
    answer::with_body(StatusCode::OK, answer::JSON, Vec::new())
}
