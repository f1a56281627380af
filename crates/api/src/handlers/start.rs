//! Starting instances: the busiest route.

use axum::response::Response;
use http::StatusCode;
use http::header::LOCATION;
use motet_runtime::{StartReply, StartRequest};

use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, print};

const KEY: &str = "idempotency-key";
/// Longest key of a client, in bytes.
const KEY_BYTES_MAX: usize = 255;

pub(crate) async fn start(mut request: Request) -> Handled {
    let workflow = request.workflow()?;
    let wait = request.query.duration("wait", request.api.options.wait_max)?;
    let version = request.query.text("version").map(str::to_owned);
    let key = key(&request)?;
    let input = request.json().await?;
    let start = StartRequest { workflow, version, input, key, wait, actor: None };
    Ok(respond(&request.handle().start(start).await?))
}

fn key(request: &Request) -> Result<Option<String>, Problem> {
    let key = request.header(KEY)?;
    if key.is_some_and(|key| key.is_empty() || key.len() > KEY_BYTES_MAX) {
        let why = format!("it must have 1 to {KEY_BYTES_MAX} characters");
        return Err(Problem::invalid("Idempotency-Key", why));
    }
    Ok(key.map(str::to_owned))
}

fn respond(reply: &StartReply) -> Response {
    let instance = &reply.instance;
    let text = print::result(instance, Some(reply.created));
    if instance.status.is_final() {
        return answer::json(StatusCode::OK, text, reply.position);
    }
    let response = answer::json(StatusCode::ACCEPTED, text, reply.position);
    let location = format!("/api/v1/instances/{}", instance.id);
    answer::with_header(response, LOCATION, location)
}
