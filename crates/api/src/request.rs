//! A request as handlers see it: parts of the path, a checked query, and a body that they read into what they want.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::RawPathParams;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use motet_expr::{Value, json};
use motet_runtime::Handle;
use motet_types::{InstanceId, JobId, Label, WorkflowName};

use crate::access::{Caller, LastUses};
use crate::problem::{Code, Problem};
use crate::query::{self, Query};
use crate::{Options, counters::Counters};

/// What all requests share.
pub(crate) struct Api {
    pub(crate) handle: Handle,
    pub(crate) options: Options,
    pub(crate) counters: Counters,
    pub(crate) last_uses: LastUses,
}

/// One request.
pub(crate) struct Request {
    pub(crate) api: Arc<Api>,
    pub(crate) caller: Caller,
    /// Acts in the caller's name.
    pub(crate) handle: Handle,
    pub(crate) path: RawPathParams,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Request {
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// A part of the path as its type.
    pub(crate) fn part<T>(&self, name: &str) -> Result<T, Problem>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        let text = self.path.iter().find(|(other, _)| *other == name);
        query::read(name, text.map_or("", |(_, text)| text))
    }

    /// The workflow that the path names.
    pub(crate) fn workflow(&self) -> Result<WorkflowName, Problem> {
        let namespace: Label = self.part("namespace")?;
        let name: Label = self.part("name")?;
        Ok(WorkflowName { namespace, name })
    }

    /// The instance that the path names.
    pub(crate) fn instance(&self) -> Result<InstanceId, Problem> {
        self.part("id")
    }

    /// The job or task that the path names.
    pub(crate) fn job(&self) -> Result<JobId, Problem> {
        let is_task = self.path.iter().any(|(name, _)| name == "task");
        self.part(if is_task { "task" } else { "job" })
    }

    /// The text of a header, if it is there and readable.
    ///
    /// # Errors
    /// The header is not visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let value = self.headers.get(name);
        value
            .map(|value| {
                let why = "its value is not visible ASCII text";
                value.to_str().map_err(|_| Problem::invalid(name, why))
            })
            .transpose()
    }

    /// The whole body.
    ///
    /// # Errors
    /// It is of none of the media types, longer than `bytes_max`, late or broken off.
    pub(crate) async fn bytes(
        &mut self,
        media_types: &[&str],
        bytes_max: usize,
    ) -> Result<Bytes, Problem> {
        let body = std::mem::take(&mut self.body);
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        check_media_type(&self.headers, media_types)?;
        collect_in_time(body, bytes_max, self.api.options.body_timeout).await
    }

    /// The whole body, whatever it is.
    ///
    /// # Errors
    /// It is longer than `bytes_max`, late or broken off.
    pub(crate) async fn body_of_any_type(&mut self, bytes_max: usize) -> Result<Bytes, Problem> {
        let body = std::mem::take(&mut self.body);
        collect_in_time(body, bytes_max, self.api.options.body_timeout).await
    }

    /// The body as a JSON value; an empty one is an empty object.
    pub(crate) async fn json(&mut self) -> Result<Value, Problem> {
        let limits = &self.api.options.limits;
        let limits =
            json::Limits { bytes_max: limits.payload_bytes_max, depth_max: limits.depth_max };
        let text = self.bytes(&["application/json"], limits.bytes_max).await?;
        if text.is_empty() {
            return Ok(json::object::<&str>([]));
        }
        json::parse(&text, limits)
            .map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
    }

    /// The members of the body, which is an object of text members with these names.
    pub(crate) async fn members<const N: usize>(
        &mut self,
        names: [&str; N],
    ) -> Result<[Option<String>; N], Problem> {
        let refuse = |detail: String| Err(Problem::new(Code::InvalidBody, detail));
        let Value::Obj(members) = self.json().await? else {
            return refuse("the body is not an object".to_owned());
        };
        let mut texts = [const { None }; N];
        for (key, value) in members.iter() {
            let key = json::as_str(key).unwrap_or_default();
            let Some(idx) = names.iter().position(|name| *name == key) else {
                let known = names.join(", ");
                return refuse(format!("the member {key:?} is not known: write {known}"));
            };
            match value {
                Value::Null => {}
                _ => match json::as_str(value) {
                    Some(text) => texts[idx] = Some(text.to_owned()),
                    None => return refuse(format!("the member {key:?} is not text")),
                },
            }
        }
        Ok(texts)
    }
}

/// What browsers send forms as, and curl everything that it is not told about.
const FORM: &str = "application/x-www-form-urlencoded";

/// A body without a media type is taken for what is expected.
fn check_media_type(headers: &HeaderMap, media_types: &[&str]) -> Result<(), Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = essence(value.to_str().unwrap_or_default());
    if media_types.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let known = media_types.join(" or ");
    // Forms are refused although the body may well be what is wanted: any page can send one without asking (no preflight).
    let curl = match essence.eq_ignore_ascii_case(FORM) {
        true => format!(" (with curl: -H 'Content-Type: {}')", media_types[0]),
        false => String::new(),
    };
    let detail =
        format!("the body is of type {essence:?}: send it with Content-Type: {known}{curl}");
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

/// A media type without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

async fn collect_in_time(
    body: Body,
    bytes_max: usize,
    patience: Duration,
) -> Result<Bytes, Problem> {
    let collected = tokio::time::timeout(patience, collect(body, bytes_max)).await;
    collected.unwrap_or_else(|_elapsed| {
        let detail = format!("the body was not complete after {}s", patience.as_secs());
        Err(Problem::new(Code::RequestTimeout, detail))
    })
}

async fn collect(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = format!("the body has more than {bytes_max} bytes, which is the limit");
        Problem::new(Code::PayloadTooLarge, detail)
    };
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken =
            |error| Problem::new(Code::InvalidBody, format!("the body broke off: {error}"));
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > bytes_max {
            return Err(too_large());
        }
        // Most bodies are one frame, which is not copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&std::mem::take(&mut first));
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
