//! Just enough of an HTTP client for the audit and the supervisor's own questions.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

/// The JSON that `GET url` answers with status 200.
pub(crate) async fn fetch<T: DeserializeOwned>(url: &str) -> anyhow::Result<T> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.get(url.parse()?).await.with_context(|| format!("cannot call {url}"))?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{url} answered {status}");
    serde_json::from_slice(&body).with_context(|| format!("{url} did not answer what is expected"))
}
