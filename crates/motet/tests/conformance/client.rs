//! The little of HTTP that cases need.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use motet_expr::{Value, json};

pub(crate) struct Client {
    /// Host and port.
    authority: String,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        Self { authority: address.trim_start_matches("http://").to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, &[("content-type", "application/json")], &json::to_text(body))
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut stream = TcpStream::connect(&self.authority).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        assert!(!head.to_lowercase().contains("transfer-encoding: chunked"), "{head}");
        Response { status: status.expect("an answer has a status"), body: body.to_owned() }
    }
}

impl Response {
    /// The body as JSON; text if it is none.
    pub(crate) fn value(&self) -> Value {
        json::parse(self.body.as_bytes(), json::Limits::default())
            .unwrap_or_else(|_| json::string(self.body.as_str()))
    }

    /// # Errors
    /// The request was refused; text for people.
    pub(crate) fn accepted(self, what: &str) -> Result<Value, String> {
        match (200..300).contains(&self.status) {
            true => Ok(self.value()),
            false => Err(format!("{what} answers {}: {}", self.status, self.body)),
        }
    }
}
