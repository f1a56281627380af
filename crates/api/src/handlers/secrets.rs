//! Secrets: set, listed and deleted, never shown.

use http::StatusCode;
use motet_expr::{Value, json};
use motet_runtime::SecretName;

use crate::json::object;
use crate::problem::{Code, Problem};
use crate::query::read;
use crate::request::{Request, essence};
use crate::routes::Handled;
use crate::{answer, print};

/// The value as it is, or as the member `value` of an object.
pub(crate) const MEDIA_TYPES: &[&str] =
    &["text/plain", "application/octet-stream", "application/json"];

pub(crate) async fn set(mut request: Request) -> Handled {
    let name = name(&request)?;
    let value = value(&mut request).await?;
    let handle = request.handle();
    let is_new = !handle.catalog().catalog.secrets.contains_key(&name);
    let position = handle.set_secret(name.clone(), &value).await?;
    let view = handle.catalog();
    let text = object(|object| {
        if let Some(secret) = view.catalog.secrets.get(&name) {
            print::secret(object, &name, secret);
        }
    });
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer::json(status, text, position))
}

pub(crate) async fn list(request: Request) -> Handled {
    let namespace = request.query.text("namespace");
    let visible = request.visible(namespace)?;
    let view = request.handle().catalog();
    let shown = |name: &SecretName| {
        let within = |names: &Vec<String>| names.iter().any(|one| one == name.namespace.as_str());
        namespace.is_none_or(|wanted| name.namespace.as_str() == wanted)
            && visible.as_ref().is_none_or(within)
    };
    let text = object(|list| {
        list.array("items", |items| {
            for (name, secret) in view.catalog.secrets.iter().filter(|(name, _)| shown(name)) {
                items.object(|item| print::secret(item, name, secret));
            }
        });
    });
    Ok(answer::json(StatusCode::OK, text, view.position))
}

pub(crate) async fn delete(request: Request) -> Handled {
    let name = name(&request)?;
    let reason = request.query.text("reason").map(str::to_owned);
    let handle = request.handle();
    let before = handle.catalog().catalog.secrets.get(&name).cloned();
    let position = handle.delete_secret(name.clone(), reason).await?;
    let text = object(|object| {
        if let Some(secret) = &before {
            print::secret(object, &name, secret);
        }
    });
    Ok(answer::json(StatusCode::OK, text, position))
}

fn name(request: &Request) -> Result<SecretName, Problem> {
    let namespace: String = request.part("namespace")?;
    let name: String = request.part("name")?;
    read("name", &format!("{namespace}/{name}"))
}

/// No refusal of it may repeat a part of it.
async fn value(request: &mut Request) -> Result<String, Problem> {
    let media_type = request.headers.get(http::header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    if essence(media_type).eq_ignore_ascii_case("application/json") {
        let body = request.json().await.map_err(|problem| match problem.code {
            Code::MalformedJson => Problem::new(Code::MalformedJson, "the body is not JSON"),
            _ => problem,
        })?;
        let Value::Obj(members) = &body else {
            return Err(Problem::new(Code::InvalidBody, "the body is not an object"));
        };
        let text = json::get(&body, "value").filter(|_| members.len() == 1).and_then(json::as_str);
        return text.map(str::to_owned).ok_or_else(|| {
            let detail = "write {\"value\": \"...\"}, or send the value itself as text/plain";
            Problem::new(Code::InvalidBody, detail)
        });
    }
    let bytes_max = request.api.options.limits.payload_bytes_max;
    let bytes = request.bytes(MEDIA_TYPES, bytes_max).await?;
    if bytes.is_empty() {
        return Err(Problem::new(Code::InvalidBody, "the body is empty: it is to be the value"));
    }
    String::from_utf8(bytes.into())
        .map_err(|_| Problem::new(Code::InvalidBody, "the value is not UTF-8"))
}
