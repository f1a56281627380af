//! Questions to an endpoint whether it is well.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use tokio::net::TcpStream;

use crate::{Mesh, Request};

/// As much of an answer is read; more says nothing about health.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The endpoint is not well, or nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProbeError(pub String);

impl Mesh {
    /// `GET`: a whole answer with a status of 2xx, of at most 64 KiB and within the time, is good.
    ///
    /// # Errors
    /// Anything else.
    pub async fn probe_http(&self, uri: &str, timeout: Duration) -> Result<(), ProbeError> {
        let uri: Uri = uri.parse().map_err(|_| ProbeError(format!("{uri} is no address")))?;
        let request = Request {
            method: Method::GET,
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout,
            redirects_max: 0,
            response_bytes_max: ANSWER_BYTES_MAX,
        };
        let response = self.call(request).await.map_err(|error| ProbeError(error.message))?;
        match response.status {
            status if status.is_success() => Ok(()),
            status => Err(ProbeError(format!("it answers {status}"))),
        }
    }

    /// A connection that is taken within the time is good. `uri` names host and port; without one it is its scheme's.
    ///
    /// # Errors
    /// Anything else.
    pub async fn probe_tcp(&self, uri: &str, timeout: Duration) -> Result<(), ProbeError> {
        let uri: Uri = uri.parse().map_err(|_| ProbeError(format!("{uri} is no address")))?;
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        match tokio::time::timeout(timeout, TcpStream::connect((host, port))).await {
            Ok(Ok(_connection)) => Ok(()),
            Ok(Err(error)) => Err(ProbeError(error.to_string())),
            Err(_elapsed) => Err(ProbeError(format!("no connection within {timeout:?}"))),
        }
    }
}
