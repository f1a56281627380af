//! One connection to a broker: a request, then its response.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable as _, Encodable as _, HeaderVersion as _, Request, StrBytes,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::Error;

/// One response, in bytes. A broker that sends more is not understood.
const RESPONSE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The name by which brokers log us.
const CLIENT: StrBytes = StrBytes::from_static_str("motet");

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) struct Connection {
    stream: Box<dyn Stream>,
    correlation: i32,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, correlation: 0 }
    }

    /// Sends a request and waits for its response. After an error the connection is of no use any more.
    pub(super) async fn request<R: Request>(
        &mut self,
        version: i16,
        request: &R,
        within: Duration,
    ) -> Result<R::Response, Error> {
        match tokio::time::timeout(within, self.exchange(version, request)).await {
            Ok(response) => response,
            Err(_) => Err(Error::Unreachable(format!("no answer within {within:?}"))),
        }
    }

    async fn exchange<R: Request>(
        &mut self,
        version: i16,
        request: &R,
    ) -> Result<R::Response, Error> {
        self.correlation = self.correlation.wrapping_add(1);
        let frame = encode(version, request, self.correlation)?;
        self.stream.write_all(&frame).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)?;
        let length = usize::try_from(self.stream.read_u32().await.map_err(broken)?)
            .ok()
            .filter(|length| *length <= RESPONSE_BYTES_MAX)
            .ok_or_else(|| malformed(&"it is too long"))?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.map_err(broken)?;
        let mut body = Bytes::from(body);
        let header = ResponseHeader::decode(&mut body, R::Response::header_version(version))
            .map_err(|error| malformed(&error))?;
        if header.correlation_id != self.correlation {
            return Err(malformed(&"it answers another request"));
        }
        R::Response::decode(&mut body, version).map_err(|error| malformed(&error))
    }
}

fn encode<R: Request>(version: i16, request: &R, correlation: i32) -> Result<Bytes, Error> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(CLIENT));
    let mut body = BytesMut::new();
    let encoded = header
        .encode(&mut body, R::header_version(version))
        .and_then(|()| request.encode(&mut body, version));
    encoded.map_err(|error| Error::Refused(format!("the request cannot be written: {error}")))?;
    let mut frame = BytesMut::with_capacity(body.len() + 4);
    let length = u32::try_from(body.len());
    frame.put_u32(length.map_err(|_| Error::Refused("the request is too long".to_owned()))?);
    frame.put(body);
    Ok(frame.freeze())
}

fn broken(error: std::io::Error) -> Error {
    Error::Unreachable(format!("the connection broke: {error}"))
}

pub(super) fn malformed(why: &dyn std::fmt::Display) -> Error {
    Error::Unreachable(format!("the response cannot be read: {why}"))
}
