//! The service that the examples call.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use motet_expr::Value;
use motet_expr::json::{self, object, string};

/// Runs until the test ends.
pub(crate) struct Service {
    pub(crate) port: u16,
}

#[derive(Default)]
struct Memory {
    /// Answers by idempotency key.
    answers: HashMap<String, Answer>,
    /// Arrivals by idempotency key.
    arrivals: HashMap<String, usize>,
    payments: usize,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    media_type: &'static str,
    location: Option<&'static str>,
    body: String,
}

struct Asked {
    method: String,
    path: String,
    /// Names in lower case, in order.
    headers: Vec<(String, String)>,
    body: String,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let memory = Arc::new(Mutex::new(Memory::default()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let memory = memory.clone();
                thread::spawn(move || serve(&stream, &memory));
            }
        });
        Self { port }
    }
}

/// Answers one connection's requests until the other side has enough.
fn serve(stream: &TcpStream, memory: &Mutex<Memory>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let asked = read(&mut reader)?;
        if asked.path == "/hang" {
            // Silence, until whoever asks goes away.
            reader.read_exact(&mut [0]).ok()?;
        }
        let answer = memory.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked);
        let location = answer.location.map(|at| format!("location: {at}\r\n")).unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} Answer\r\ncontent-type: {}\r\n{location}content-length: {}\r\n\r\n",
            answer.status,
            answer.media_type,
            answer.body.len()
        );
        let mut writer = stream;
        writer.write_all((head + &answer.body).as_bytes()).ok()?;
    }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let first = line(reader)?;
    let mut parts = first.split(' ').map(str::to_owned);
    let (method, path) = (parts.next()?, parts.next()?);
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let asked = Asked { method, path, headers, body: String::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { body: String::from_utf8(body).ok()?, ..asked })
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

impl Memory {
    /// The same key gets the same answer, unless that was an error.
    fn answer(&mut self, asked: &Asked) -> Answer {
        let key = asked.header("idempotency-key").unwrap_or_default().to_owned();
        if let Some(answer) = self.answers.get(&key) {
            return answer.clone();
        }
        let arrivals = self.arrivals.entry(key.clone()).or_default();
        *arrivals += 1;
        let arrivals = *arrivals;
        let answer = match asked.path.split(['?', '/']).nth(1).unwrap_or_default() {
            "payments" => self.pay(asked),
            "stock" => stock(asked),
            "flaky" if arrivals < 3 => failed(503, "busy"),
            "flaky" => json_answer(200, object([("arrivals", Value::from(arrivals))])),
            "down" => failed(503, "down"),
            "old" => Answer { location: Some("/stock/tea"), ..failed(302, "moved") },
            "text" => Answer { media_type: "text/plain", ..plain("12 in stock") },
            "echo" => echo(asked),
            _ => failed(404, "nothing here"),
        };
        if answer.status < 300 && !key.is_empty() {
            self.answers.insert(key, answer.clone());
        }
        answer
    }

    fn pay(&mut self, asked: &Asked) -> Answer {
        let body = asked.json();
        let amount = json::get(&body, "amount").map(json::to_text).unwrap_or_default();
        if amount.parse::<f64>().is_ok_and(|amount| amount > 1_000.0) {
            return failed(402, "card declined");
        }
        self.payments += 1;
        let payment = string(format!("pay-{}", self.payments));
        let order = json::get(&body, "order").cloned().unwrap_or_default();
        json_answer(201, object([("payment", payment), ("order", order)]))
    }
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        json::parse(self.body.as_bytes(), json::Limits::default()).unwrap_or_default()
    }
}

fn stock(asked: &Asked) -> Answer {
    let sku = asked.path.rsplit('/').next().unwrap_or_default();
    let available = match sku {
        "tea" => 12,
        "coffee" => 3,
        _ => return failed(404, "no such article"),
    };
    json_answer(200, object([("sku", string(sku)), ("available", Value::from(available as usize))]))
}

/// What arrived, but for the host, which differs.
fn echo(asked: &Asked) -> Answer {
    let mut headers: Vec<_> = asked.headers.iter().filter(|(name, _)| name != "host").collect();
    headers.sort_unstable();
    let headers = headers.into_iter().map(|(name, value)| (name.as_str(), string(value.as_str())));
    json_answer(
        200,
        object([
            ("method", string(asked.method.as_str())),
            ("path", string(asked.path.as_str())),
            ("headers", object(headers)),
            ("body", string(asked.body.as_str())),
        ]),
    )
}

fn failed(status: u16, error: &str) -> Answer {
    json_answer(status, object([("error", string(error))]))
}

fn json_answer(status: u16, body: Value) -> Answer {
    Answer { status, ..Answer { media_type: "application/json", ..plain(&json::to_text(&body)) } }
}

fn plain(body: &str) -> Answer {
    Answer { status: 200, media_type: "text/plain", location: None, body: body.to_owned() }
}
