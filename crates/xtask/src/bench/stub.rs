//! The services that a bench calls: small answers, as fast as one thread gives them.
//!
//! `POST /step/N` answers `{"value": v + 1}`, so that a caller can show that it fed each call the answer of the one
//! before. `POST /arrive` notes when the value arrived, and answers it. `POST /hold/N` lets steps from N on wait for ever,
//! `POST /release` ends that for later requests. `GET /count` and `GET /arrivals` tell what arrived.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use super::poll::{Connection, Poll, Scratch};
use super::wire::{self, Message};

/// Tokens of connections begin here; below are listeners.
const CONNECTIONS_FROM: u64 = 1_000;

/// The hidden command: serves at every address that is given, on one thread, until it is killed.
///
/// # Errors
/// An address is none, or cannot be listened on.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    let addresses: Result<Vec<SocketAddr>, _> = args.iter().map(|text| text.parse()).collect();
    Stub::listen(&addresses.context("the arguments are addresses")?)?.serve()
}

/// All stubs of a bench: one thread, several addresses.
pub(super) struct Stub {
    poll: Poll,
    listeners: Vec<TcpListener>,
    connections: HashMap<u64, Connection>,
    next_token: u64,
    state: State,
}

#[derive(Default)]
struct State {
    /// Steps from this one on get no answer.
    held_from: Option<u64>,
    steps: u64,
    /// Value and time, in microseconds since 1970.
    arrivals: Vec<(u64, u64)>,
}

impl Stub {
    pub(super) fn listen(addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut listeners = Vec::new();
        for (token, address) in addresses.iter().enumerate() {
            let listener = TcpListener::bind(address)
                .with_context(|| format!("cannot listen on {address}"))?;
            listener.set_nonblocking(true)?;
            poll.add(&listener, token as u64)?;
            listeners.push(listener);
        }
        let state = State::default();
        let connections = HashMap::new();
        Ok(Self { poll, listeners, connections, next_token: CONNECTIONS_FROM, state })
    }

    /// Serves at three free addresses, on a thread that ends with the test program.
    #[cfg(test)]
    pub(super) fn in_background() -> Vec<SocketAddr> {
        let (told, addresses) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let stub = Self::listen(&[any; 3]).unwrap();
            let listening = stub.listeners.iter().map(|listener| listener.local_addr().unwrap());
            told.send(listening.collect()).unwrap();
            stub.serve().unwrap();
        });
        addresses.recv().unwrap()
    }

    pub(super) fn serve(mut self) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        let mut scratch = Scratch::default();
        loop {
            self.poll.wait(None, &mut ready)?;
            for token in ready.drain(..) {
                match self.listeners.get(token as usize) {
                    Some(_) => self.accept(token as usize)?,
                    None => self.attend(token, &mut scratch),
                }
            }
        }
    }

    fn accept(&mut self, listener: usize) -> io::Result<()> {
        loop {
            match self.listeners[listener].accept() {
                Ok((stream, _)) => {
                    let token = self.next_token;
                    self.next_token += 1;
                    let connection = Connection::over(&self.poll, stream, token)?;
                    self.connections.insert(token, connection);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The client went away before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers what arrived; a connection that closed, failed or spoke something else is closed.
    fn attend(&mut self, token: u64, scratch: &mut Scratch) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let mut is_open = connection.receive(scratch).unwrap_or(false);
        loop {
            match connection.next() {
                Ok(Some((message, out))) => self.state.answer(&message, out),
                Ok(None) => break,
                Err(_) => {
                    is_open = false;
                    break;
                }
            }
        }
        if !is_open || connection.send(&self.poll).is_err() {
            self.connections.remove(&token);
        }
    }
}

impl State {
    fn answer(&mut self, request: &Message<'_>, out: &mut Vec<u8>) {
        let line = request.first_line;
        if let Some(step) = number_in_path(line, b"POST /step/") {
            self.steps += 1;
            if self.held_from.is_none_or(|held| step < held) {
                respond_value(out, wire::value(request.body).map(|value| value + 1));
            }
        } else if line.starts_with(b"POST /arrive ") {
            let value = wire::value(request.body);
            self.arrivals.extend(value.map(|value| (value, now_micros())));
            respond_value(out, value);
        } else if let Some(step) = number_in_path(line, b"POST /hold/") {
            self.held_from = Some(step);
            respond_value(out, Some(step));
        } else if line.starts_with(b"POST /release ") {
            self.held_from = None;
            respond_value(out, Some(0));
        } else if line.starts_with(b"GET /count ") {
            respond_value(out, Some(self.steps + self.arrivals.len() as u64));
        } else if line.starts_with(b"GET /arrivals ") {
            let lines = self.arrivals.iter().map(|(value, at)| format!("{value} {at}\n"));
            wire::respond(out, "200 OK", "text/plain", lines.collect::<String>().as_bytes());
        } else {
            wire::respond(out, "404 Not Found", "text/plain", b"no such path\n");
        }
    }
}

fn respond_value(out: &mut Vec<u8>, value: Option<u64>) {
    let Some(value) = value else {
        return wire::respond(out, "400 Bad Request", "text/plain", b"the body has no value\n");
    };
    let mut body = Vec::with_capacity(32);
    wire::append_value(&mut body, value);
    wire::respond(out, "200 OK", "application/json", &body);
}

/// The one digit after the path's beginning.
fn number_in_path(line: &[u8], start: &[u8]) -> Option<u64> {
    match line.strip_prefix(start)? {
        [digit @ b'0'..=b'9', b' ', ..] => Some(u64::from(digit - b'0')),
        _ => None,
    }
}

fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("the clock shows a time after 1970").as_micros() as u64
}

#[cfg(test)]
mod tests;
