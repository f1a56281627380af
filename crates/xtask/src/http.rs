//! A small blocking HTTP/1.1 client for talking to programs that we started ourselves.
//!
//! One connection, kept alive, no TLS, no redirects, no retries: a caller that kills servers must see every answer that
//! did not come. Responses are taken whole; lengths, chunked bodies and bodies that end with the connection are
//! understood (RFC 9112 §6.3).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// Longest line of a response's head or of a chunk's size, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Headers of one response.
const HEADERS_MAX: usize = 128;
/// Largest response body that is taken, in bytes.
const BODY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A client of one server, with at most one connection.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    timeout: Duration,
    idle: Option<BufReader<Timed>>,
}

/// One request; the client adds `host` and `content-length`.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// One whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    /// A client that connects when it is first used; `timeout` covers one request, from connecting to the last byte.
    pub fn new(address: SocketAddr, timeout: Duration) -> Self {
        Self { address, timeout, idle: None }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn get(&mut self, path: &str) -> anyhow::Result<Response> {
        self.send(Request { method: "GET", path, headers: &[], body: &[] })
    }

    /// `POST path` with a JSON body and further headers.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> anyhow::Result<Response> {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.send(Request {
            method: "POST",
            path,
            headers: &headers,
            body: body.to_string().as_bytes(),
        })
    }

    /// Sends one request, once, and takes the whole response, whatever its status.
    ///
    /// # Errors
    /// No connection, no whole response within the timeout, or something other than HTTP/1.1. The request may have
    /// been carried out all the same.
    pub fn send(&mut self, request: Request<'_>) -> anyhow::Result<Response> {
        let timeout = self.timeout;
        self.exchange(&request, Instant::now() + timeout).with_context(|| {
            let Request { method, path, .. } = request;
            format!("{method} http://{}{path} (timeout {timeout:?})", self.address)
        })
    }

    fn exchange(&mut self, request: &Request<'_>, deadline: Instant) -> anyhow::Result<Response> {
        let mut connection = match self.idle.take().filter(is_alive) {
            Some(connection) => connection,
            None => self.connect(deadline)?,
        };
        connection.get_mut().deadline = deadline;
        let bytes = self.render(request);
        connection.get_mut().write_all(&bytes).context("the request could not be sent")?;
        let (response, reusable) = read_response(&mut connection, request.method)?;
        self.idle = reusable.then_some(connection);
        Ok(response)
    }

    fn connect(&self, deadline: Instant) -> anyhow::Result<BufReader<Timed>> {
        let stream = TcpStream::connect_timeout(&self.address, remaining(deadline)?)
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(Timed { stream, deadline }))
    }

    fn render(&self, request: &Request<'_>) -> Vec<u8> {
        let Request { method, path, headers, body } = request;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in *headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || !matches!(*method, "GET" | "HEAD") {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        [head.as_bytes(), body].concat()
    }
}

impl Response {
    /// The first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// The body is no JSON; the error shows it.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("not JSON (status {}): {}", self.status, self.text()))
    }

    /// Itself, if the status is one of `statuses`.
    ///
    /// # Errors
    /// Another status; the error shows the body.
    pub fn expect(self, statuses: &[u16]) -> anyhow::Result<Self> {
        ensure!(
            statuses.contains(&self.status),
            "expected status {statuses:?}, got {}: {}",
            self.status,
            self.text()
        );
        Ok(self)
    }
}

/// A stream whose reads and writes end at a deadline.
#[derive(Debug)]
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(remaining(self.deadline)?))?;
        self.stream.read(buffer).map_err(name_timeout)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(remaining(self.deadline)?))?;
        self.stream.write(bytes).map_err(name_timeout)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn remaining(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(timed_out()),
        rest => Ok(rest),
    }
}

/// Unix reports a read timeout as "resource temporarily unavailable", which explains nothing.
fn name_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => timed_out(),
        _ => error,
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the time is up")
}

/// Whether an idle connection is still open and silent: anything to read now is its end, or a protocol error.
fn is_alive(connection: &BufReader<Timed>) -> bool {
    let stream = &connection.get_ref().stream;
    let silent = || {
        stream.set_nonblocking(true)?;
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false)?;
        Ok::<_, io::Error>(peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
    };
    connection.buffer().is_empty() && silent().unwrap_or(false)
}

/// The response, and whether the connection may carry another request.
fn read_response(reader: &mut impl BufRead, method: &str) -> anyhow::Result<(Response, bool)> {
    let mut response = read_head(reader).context("no response")?;
    while matches!(response.status, 100..=199) {
        response = read_head(reader).context("no response after an interim one")?;
    }
    let has = |name: &str, word: &str| {
        let value = response.header(name).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let mut reusable = !has("connection", "close");
    let length = response.header("content-length").map(str::parse::<u64>);
    response.body = if method == "HEAD" || matches!(response.status, 204 | 304) {
        Vec::new()
    } else if has("transfer-encoding", "chunked") {
        read_chunks(reader).context("the chunked body is not whole")?
    } else if let Some(length) = length {
        let length = length.context("content-length is no number")?;
        read_exactly(reader, length).context("the body is not whole")?
    } else {
        reusable = false;
        read_to_end(reader).context("the body is not whole")?
    };
    Ok((response, reusable))
}

fn read_head(reader: &mut impl BufRead) -> anyhow::Result<Response> {
    let status_line = read_line(reader)?;
    let status = status_line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|digits| digits.parse().ok())
        .with_context(|| format!("{status_line:?} is no status line of HTTP/1.1"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        ensure!(headers.len() < HEADERS_MAX, "more than {HEADERS_MAX} headers");
        let (name, value) =
            line.split_once(':').with_context(|| format!("{line:?} is no header"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Response { status, headers, body: Vec::new() })
}

fn read_chunks(reader: &mut impl BufRead) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16)
            .with_context(|| format!("{line:?} is no chunk size"))?;
        if length == 0 {
            while !read_line(reader)?.is_empty() {}
            return Ok(body);
        }
        ensure!(length <= BODY_BYTES_MAX - body.len() as u64, "more than {BODY_BYTES_MAX} bytes");
        body.extend(read_exactly(reader, length)?);
        let end = read_line(reader)?;
        ensure!(end.is_empty(), "{end:?} follows a chunk");
    }
}

fn read_exactly(reader: &mut impl BufRead, length: u64) -> anyhow::Result<Vec<u8>> {
    ensure!(length <= BODY_BYTES_MAX, "more than {BODY_BYTES_MAX} bytes");
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    ensure!(
        body.len() as u64 == length,
        "the connection ended after {} of {length} bytes",
        body.len()
    );
    Ok(body)
}

fn read_to_end(reader: &mut impl BufRead) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    reader.take(BODY_BYTES_MAX + 1).read_to_end(&mut body)?;
    ensure!(body.len() as u64 <= BODY_BYTES_MAX, "more than {BODY_BYTES_MAX} bytes");
    Ok(body)
}

/// One line without its end; an end of the connection before the line's end is an error.
fn read_line(reader: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = Vec::new();
    reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        bail!("the connection ended, or the line is longer than {LINE_BYTES_MAX} bytes");
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).context("a line is not UTF-8")
}

#[cfg(test)]
mod tests;
