use std::net::SocketAddr;
use std::time::Duration;

use motet_types::Limits;

use crate::{Backup, Tls};

/// How the API limits and protects itself; the defaults are meant for production.
#[derive(Clone, Debug)]
pub struct Options {
    /// Limits of bodies and pages.
    pub limits: Limits,
    /// Where the server listens: requests that name this address are its own.
    pub listen: Option<SocketAddr>,
    /// Further names by which the server is called, as `host` (any port) or `host:port`; `*` admits every name, and gives
    /// up the protection against pages that point a name of their own at this server (DNS rebinding).
    pub allowed_hosts: Vec<String>,
    /// Whether a token is wanted even if none was made yet; once there is one, it always is.
    pub require_tokens: bool,
    /// Whether `/metrics` is open to everybody.
    pub metrics_open: bool,
    /// Longest `wait` that a request may ask for.
    pub wait_max: Duration,
    /// Time in which a request's body must arrive.
    pub body_timeout: Duration,
    /// Time in which a request's head must arrive; an idle connection ends after it.
    pub head_timeout: Duration,
    /// Connections at a time; further ones wait in the system's queue.
    pub connections_max: usize,
    /// Requests at a time on one HTTP/2 connection.
    pub streams_per_connection_max: u32,
    /// Instances that one bulk request changes; it answers with a cursor from which to go on.
    pub bulk_instances_max: usize,
    /// Commands of one bulk request that are in flight.
    pub bulk_in_flight_max: usize,
    /// Silence after which a stream of events gets a comment, so that nobody takes it for dead.
    pub keep_alive: Duration,
    /// Time that open requests get when the server stops.
    pub drain_max: Duration,
    /// How the server's data are copied; absent: they cannot be.
    pub backup: Option<Backup>,
    /// Certificate and key; absent: the server speaks without TLS.
    pub tls: Option<Tls>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            listen: None,
            allowed_hosts: Vec::new(),
            require_tokens: false,
            metrics_open: false,
            wait_max: Duration::from_secs(300),
            body_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(60),
            connections_max: 10_000,
            streams_per_connection_max: 1_024,
            bulk_instances_max: 10_000,
            bulk_in_flight_max: 64,
            keep_alive: Duration::from_secs(15),
            drain_max: Duration::from_secs(10),
            backup: None,
            tls: None,
        }
    }
}
