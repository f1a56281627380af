//! The services of all cases: one listener on loopback. Whose services are meant stands first in the path.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use motet_scenario::{Book, Call, CallMock, Failure};

/// How long a service is silent that never answers: longer than any case.
const SILENCE: Duration = Duration::from_secs(30);

pub(crate) struct Stub {
    authority: String,
    shared: Arc<Shared>,
}

type Shared = Mutex<HashMap<String, Services>>;

/// The services of one case.
#[derive(Default)]
struct Services {
    mocks: Vec<CallMock>,
    calls: Vec<Call>,
    /// Why a call could not be answered.
    trouble: Option<String>,
}

impl Stub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let (of_listener, own) = (shared.clone(), authority.clone());
        // It lives as long as the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, authority) = (of_listener.clone(), own.clone());
                thread::spawn(move || serve(&stream, &shared, &authority));
            }
        });
        Self { authority, shared }
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Opens the services of a case.
    pub(crate) fn open(&self, case: &str, mocks: Vec<CallMock>) {
        let services = Services { mocks, ..Services::default() };
        locked(&self.shared).insert(case.to_owned(), services);
    }

    /// The calls so far, and why one could not be answered.
    pub(crate) fn calls(&self, case: &str) -> (Vec<Call>, Option<String>) {
        let shared = locked(&self.shared);
        let services = &shared[case];
        (services.calls.clone(), services.trouble.clone())
    }
}

fn locked(shared: &Shared) -> MutexGuard<'_, HashMap<String, Services>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Services {
    /// What the mocks say to a call, given all calls before it; none ends the connection.
    fn answer(&mut self, call: Call) -> Option<motet_scenario::Answered> {
        let mut book = Book::new(&self.mocks);
        for before in &self.calls {
            // What went wrong then is known already.
            let _ = book.answer(before);
        }
        let answered = book.answer(&call);
        self.calls.push(call);
        answered.map_err(|message| self.trouble.get_or_insert(message).clone()).ok()
    }
}

/// Answers one connection's requests until either side has enough.
fn serve(stream: &TcpStream, shared: &Shared, authority: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (case, call) = read(&mut reader)?;
        let answered = locked(shared).get_mut(&case)?.answer(call)?;
        rest(stream, answered.delay);
        let response = match answered.reply {
            Ok(response) => response,
            Err(Failure::Timeout) => {
                rest(stream, SILENCE);
                return None;
            }
            Err(Failure::Connection | Failure::Silence) => return None,
        };
        let mut head = format!("HTTP/1.1 {} Answer\r\n", response.status);
        for (name, value) in &response.headers {
            // Where a redirect leads is at this listener, too.
            let value = value.replace("stub.test", &format!("{authority}/{case}"));
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if response.status != 204 && response.status != 304 {
            head.push_str(&format!("content-length: {}\r\n", response.body.len()));
        }
        head.push_str("\r\n");
        let mut writer = stream;
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(&response.body).ok()?;
    }
}

/// Waits so long, or until the caller has hung up.
fn rest(stream: &TcpStream, time: Duration) {
    if !time.is_zero() && stream.set_read_timeout(Some(time)).is_ok() {
        // Nothing comes before the answer, so that this ends with the time, or with the connection.
        let _ = stream.peek(&mut [0]);
        let _ = stream.set_read_timeout(None);
    }
}

/// The next request, and whose it is; its address as cases write it.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<(String, Call)> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.trim().to_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        headers.push((name, value));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let rest = path.strip_prefix('/')?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (case, own) = rest.split_at(end);
    let uri = format!("http://stub.test{own}");
    Some((case.to_owned(), Call { method, uri, headers, body: body.into(), ..Call::default() }))
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
