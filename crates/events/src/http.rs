//! Plain HTTP as a sink: one POST for each event (CloudEvents 1.0.2, HTTP protocol binding).

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::binding::HTTP;
use crate::{Answer, Error, Outgoing, Sink, Tls};

/// Where events are posted to.
#[derive(Clone)]
pub struct HttpOptions {
    pub address: String,
    pub tls: Tls,
    /// The value of `Authorization`, whole.
    pub authorization: Option<String>,
    /// One request.
    pub patience: Duration,
}

pub struct HttpSink {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Uri,
    authorization: Option<HeaderValue>,
    patience: Duration,
}

impl HttpSink {
    pub fn new(options: &HttpOptions) -> Result<Self, Error> {
        let address: Uri = options
            .address
            .parse()
            .map_err(|error| Error::Refused(format!("{:?}: {error}", options.address)))?;
        if !matches!(address.scheme_str(), Some("http" | "https")) {
            let reason = format!("{:?} does not begin with http:// or https://", options.address);
            return Err(Error::Refused(reason));
        }
        let authorization = options.authorization.as_deref().map(|text| {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| Error::Refused("the authorization is no header".to_owned()))?;
            value.set_sensitive(true);
            Ok(value)
        });
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(options.tls.config()?)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            address,
            authorization: authorization.transpose()?,
            patience: options.patience,
        })
    }

    async fn post(&self, idx: usize, message: Outgoing) -> Result<(), Error> {
        let reason =
            |error: &dyn std::fmt::Display| Error::Message { idx, reason: error.to_string() };
        let (headers, body) = HTTP.write(message.content);
        let mut request = Request::post(self.address.clone());
        for (name, value) in headers {
            let name = HeaderName::try_from(name).map_err(|error| reason(&error))?;
            let value = HeaderValue::from_maybe_shared(value).map_err(|error| reason(&error))?;
            request = request.header(name, value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(http::header::AUTHORIZATION, authorization.clone());
        }
        let request =
            request.body(Full::new(body.unwrap_or_default())).map_err(|error| reason(&error))?;
        let asked = tokio::time::timeout(self.patience, self.client.request(request)).await;
        let response = asked
            .map_err(|_| Error::Unreachable(format!("no answer within {:?}", self.patience)))?
            .map_err(|error| Error::Unreachable(error.to_string()))?;
        judge(idx, response.status())
    }
}

/// What a status says: a receiver that is busy or broken is asked again, one that does not want this event is not.
fn judge(idx: usize, status: StatusCode) -> Result<(), Error> {
    match status.as_u16() {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => Err(Error::Unreachable(format!("it answers {status}"))),
        // These are about us, not about the event: a wrong address or a wrong authorization.
        300..=399 | 401 | 403 | 404 | 405 => Err(Error::Refused(format!("it answers {status}"))),
        _ => Err(Error::Message { idx, reason: format!("it answers {status}") }),
    }
}

impl Sink for HttpSink {
    fn send(&self, messages: Vec<Outgoing>) -> Answer<'_, ()> {
        Box::pin(async move {
            for (idx, message) in messages.into_iter().enumerate() {
                self.post(idx, message).await?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_statuses_mean() {
        let table = [200, 202, 204, 301, 400, 401, 404, 408, 413, 422, 429, 500, 503].map(|code| {
            let verdict = judge(3, StatusCode::from_u16(code).unwrap());
            format!("{code}: {}", verdict.map_or_else(|error| error.to_string(), |()| "ok".into()))
        });
        expect_test::expect![[r"
            200: ok
            202: ok
            204: ok
            301: the broker refuses: it answers 301 Moved Permanently
            400: message 3 is refused: it answers 400 Bad Request
            401: the broker refuses: it answers 401 Unauthorized
            404: the broker refuses: it answers 404 Not Found
            408: the broker cannot be reached: it answers 408 Request Timeout
            413: message 3 is refused: it answers 413 Payload Too Large
            422: message 3 is refused: it answers 422 Unprocessable Entity
            429: the broker cannot be reached: it answers 429 Too Many Requests
            500: the broker cannot be reached: it answers 500 Internal Server Error
            503: the broker cannot be reached: it answers 503 Service Unavailable"]]
        .assert_eq(&table.join("\n"));
    }
}
