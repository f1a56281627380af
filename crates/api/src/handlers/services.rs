//! The registry of services.

use std::collections::BTreeMap;

use http::StatusCode;
use motet_expr::{Value, json as value};
use motet_runtime::service::{EndpointUrl, WEIGHT_MAX};
use motet_runtime::{EndpointId, METADATA_BYTES_MAX, Position, Registration};
use motet_types::{Label, ServiceName};

use super::documents::document;
use super::members::{Members, refuse};
use super::workflows::read_name;
use crate::problem::Problem;
use crate::query::read;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;
/// Longest zone and longest name in the metadata, in bytes.
const TEXT_BYTES_MAX: usize = 255;

pub(crate) async fn list(request: Request) -> Handled {
    let limit = request.query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let wanted: Option<Label> = request.query.parsed("namespace")?;
    let after = request.query.text("cursor").map(read_name).transpose()?;
    let after = after.map(|name| ServiceName { namespace: name.namespace, name: name.name });
    let visible = request.visible(wanted.as_ref().map(Label::as_str))?;
    let namespaces = wanted.map(|wanted| vec![wanted.to_string()]).or(visible);
    let (services, position) = request.handle().services(namespaces, after, limit).await?;
    let next = services.last().filter(|_| services.len() == limit);
    let text = json::object(|list| {
        list.array("items", |items| {
            for service in &services {
                items.object(|item| print::service_summary(item, service));
            }
        });
        list.maybe_text("next", next.map(|last| &last.name));
    });
    Ok(answer::json(StatusCode::OK, text, position))
}

pub(crate) async fn set(mut request: Request) -> Handled {
    let name = name(&request)?;
    let source = document(&mut request).await?;
    let reply = request.handle().set_service(Some(name), source).await?;
    let status = if reply.created { StatusCode::CREATED } else { StatusCode::OK };
    let text = json::object(|object| {
        object.text("namespace", &reply.name.namespace);
        object.text("name", &reply.name.name);
        object.text("digest", reply.digest);
        print::diagnostics(object, &reply.diagnostics);
    });
    Ok(answer::json(status, text, reply.position))
}

pub(crate) async fn one(request: Request) -> Handled {
    let (view, position) = request.handle().service(name(&request)?).await?;
    let now = request.handle().now();
    let text = json::object(|object| print::service(object, &view, now));
    Ok(answer::json(StatusCode::OK, text, position))
}

pub(crate) async fn delete(request: Request) -> Handled {
    let name = name(&request)?;
    let reason = request.query.text("reason").map(str::to_owned);
    let position = request.handle().delete_service(name.clone(), reason).await?;
    Ok(named(&name, position))
}

/// Without a body only the maintenance changes; with one the endpoint is registered first.
pub(crate) async fn register(mut request: Request) -> Handled {
    let (name, id) = (name(&request)?, endpoint(&request)?);
    let maintenance = match request.query.text("maintenance") {
        None => None,
        Some(_) => Some(request.query.switch("maintenance")?),
    };
    let body = request.json().await?;
    let is_empty = matches!(&body, Value::Obj(members) if members.is_empty());
    let reason = request.query.text("reason").map(str::to_owned);
    let handle = request.handle();
    let registered = match maintenance {
        Some(_) if is_empty => None,
        _ => Some(handle.register(name.clone(), id.clone(), registration(&body)?).await?),
    };
    let mut position = registered.map(|registered| registered.position);
    if let Some(is_draining) = maintenance {
        position = Some(handle.drain(name.clone(), id.clone(), is_draining, reason).await?);
    }
    let is_new = registered.is_some_and(|registered| registered.created);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let text = json::object(|object| {
        object.text("id", &id);
        if let Some(registered) = registered {
            object.number("leaseMs", print::millis(registered.lease));
        }
        if let Some(is_draining) = maintenance {
            object.truth("maintenance", is_draining);
        }
    });
    Ok(answer::json(status, text, position.unwrap_or_default()))
}

pub(crate) async fn deregister(request: Request) -> Handled {
    let (name, id) = (name(&request)?, endpoint(&request)?);
    let position = request.handle().deregister(name.clone(), id).await?;
    Ok(named(&name, position))
}

fn named(name: &ServiceName, position: Position) -> axum::response::Response {
    let text = json::object(|object| {
        object.text("namespace", &name.namespace);
        object.text("name", &name.name);
    });
    answer::json(StatusCode::OK, text, position)
}

/// What the body says of an endpoint.
fn registration(body: &Value) -> Result<Registration, Problem> {
    let known = ["url", "version", "zone", "weight", "ttl", "metadata"];
    let members = Members::of(body, &known, "the body")?;
    let url = members.text("url")?;
    let url = url.ok_or_else(|| refuse("the member \"url\" is missing".to_owned()))?;
    let url: EndpointUrl =
        url.parse().map_err(|error| refuse(format!("the member \"url\": {error}")))?;
    let version = members.text("version")?.map(|text| read("version", &text)).transpose()?;
    let weight = members.number("weight", WEIGHT_MAX)?.unwrap_or(1);
    if weight == 0 {
        let why = "the member \"weight\" is 0: let the endpoint rest with ?maintenance=true";
        return Err(refuse(why.to_owned()));
    }
    let zone = members.text("zone")?;
    if zone.as_ref().is_some_and(|zone| !(1..=TEXT_BYTES_MAX).contains(&zone.len())) {
        return Err(refuse(format!("the member \"zone\" is not 1 to {TEXT_BYTES_MAX} bytes long")));
    }
    let lease = members.span("ttl")?;
    if lease.is_some_and(|lease| !(1..=86_400).contains(&lease.as_secs())) {
        return Err(refuse("the member \"ttl\" is not between 1s and a day".to_owned()));
    }
    let metadata = members.value("metadata").map(metadata).transpose()?.unwrap_or_default();
    Ok(Registration { url, version, zone, weight, lease, metadata, details: None })
}

/// Texts by name.
fn metadata(own: &Value) -> Result<BTreeMap<String, String>, Problem> {
    let wrong = || refuse("the member \"metadata\" is no object of texts".to_owned());
    let Value::Obj(members) = own else { return Err(wrong()) };
    let pair = |(name, text): (&Value, &Value)| {
        Some((value::as_str(name)?.to_owned(), value::as_str(text)?.to_owned()))
    };
    let pairs: Option<BTreeMap<String, String>> = members.iter().map(pair).collect();
    let pairs = pairs.ok_or_else(wrong)?;
    let bytes: usize = pairs.iter().map(|(name, text)| name.len() + text.len()).sum();
    if bytes > METADATA_BYTES_MAX {
        let detail = format!("the metadata have {bytes} bytes, the limit is {METADATA_BYTES_MAX}");
        return Err(refuse(detail));
    }
    Ok(pairs)
}

fn name(request: &Request) -> Result<ServiceName, Problem> {
    Ok(ServiceName { namespace: request.part("namespace")?, name: request.part("name")? })
}

fn endpoint(request: &Request) -> Result<EndpointId, Problem> {
    request.part("endpoint")
}
