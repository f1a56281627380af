//! Many sockets on one thread, by epoll(7), level-triggered.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use super::wire::{Malformed, Message, message};

/// Events taken at once.
const EVENTS_MAX: usize = 1_024;
/// Bytes taken from a socket at once.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Sockets, each known by a token.
pub(super) struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    pub(super) fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS_MAX) })
    }

    /// Watches for something to read.
    pub(super) fn add(&self, source: impl AsFd, token: u64) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::add(&self.epoll, source, data, epoll::EventFlags::IN)?)
    }

    /// Waits until something happens or the time is up; appends the tokens.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<u64>,
    ) -> io::Result<()> {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: timeout.subsec_nanos().into(),
        });
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.extend(self.events.iter().map(|event| event.data.u64()));
        Ok(())
    }

    /// Watches a connection for room to write too, or no longer.
    fn watch_room(&self, connection: &Connection, room: bool) -> io::Result<()> {
        let data = epoll::EventData::new_u64(connection.token);
        let flags = match room {
            true => epoll::EventFlags::IN | epoll::EventFlags::OUT,
            false => epoll::EventFlags::IN,
        };
        Ok(epoll::modify(&self.epoll, &connection.stream, data, flags)?)
    }
}

/// A connection that never blocks.
pub(super) struct Connection {
    stream: TcpStream,
    token: u64,
    input: Vec<u8>,
    /// Bytes at the front of the input that were taken.
    taken: usize,
    /// What is to be sent.
    pub(super) output: Vec<u8>,
    waits_for_room: bool,
}

impl Connection {
    pub(super) fn open(poll: &Poll, address: SocketAddr, token: u64) -> io::Result<Self> {
        Self::over(poll, TcpStream::connect(address)?, token)
    }

    pub(super) fn over(poll: &Poll, stream: TcpStream, token: u64) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        poll.add(&stream, token)?;
        let (input, output) = (Vec::new(), Vec::new());
        Ok(Self { stream, token, input, taken: 0, output, waits_for_room: false })
    }

    /// Takes what has arrived; false if the other side has closed.
    pub(super) fn receive(&mut self, scratch: &mut Scratch) -> io::Result<bool> {
        self.input.drain(..self.taken);
        self.taken = 0;
        loop {
            match self.stream.read(&mut scratch.0) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.input.extend_from_slice(&scratch.0[..count]);
                    if count < scratch.0.len() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next whole message, if there is one, with the place for answers to it.
    pub(super) fn next(&mut self) -> Result<Option<(Message<'_>, &mut Vec<u8>)>, Malformed> {
        let next = message(&self.input[self.taken..])?;
        if let Some(message) = &next {
            self.taken += message.bytes;
        }
        Ok(next.map(|message| (message, &mut self.output)))
    }

    /// Sends as much as there is room for; the rest follows when there is more.
    pub(super) fn send(&mut self, poll: &Poll) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.output.len() {
            match self.stream.write(&self.output[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.output.drain(..sent);
        let wants_room = !self.output.is_empty();
        if wants_room != self.waits_for_room {
            poll.watch_room(self, wants_room)?;
            self.waits_for_room = wants_room;
        }
        Ok(())
    }
}

/// Memory for reading, shared by all connections of a thread.
pub(super) struct Scratch(Box<[u8]>);

impl Default for Scratch {
    fn default() -> Self {
        Self(vec![0; READ_BYTES_MAX].into())
    }
}
