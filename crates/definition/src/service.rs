//! Documents of services: where a service is found, and how calls to it are treated.
//!
//! [`parse_service`] reads one as workflows are read: every problem at once, each with its place; what it leaves out has its
//! default. What an endpoint's address looks like is said here once, for documents and for endpoints that register themselves.

use std::time::Duration;

use motet_types::{Label, Limits, Version};

use crate::read::{self, Cursor, Sink};
use crate::source::{self, NodeKind};
use crate::{DIAGNOSTICS_MAX, Diagnostic, SourceMap};

/// The namespace of a service whose document names none.
pub const NAMESPACE_DEFAULT: &str = "default";
/// How long an endpoint is believed to be there where neither it nor a document says more.
pub const LEASE_DEFAULT: Duration = Duration::from_secs(90);
/// Longest address of an endpoint, in bytes.
pub const URL_BYTES_MAX: usize = 1_024;
/// Versions that one document may name.
pub const VERSIONS_MAX: usize = 64;
/// Endpoints that one version of a document may name.
pub const ENDPOINTS_MAX: usize = 1_000;
/// Largest weight of an endpoint or version.
pub const WEIGHT_MAX: u32 = 1_000_000;

/// A service as its document has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub namespace: Label,
    pub name: Label,
    /// Which calls may be sent again.
    pub idempotency: Idempotency,
    /// How long a step waits for the service before its error goes to the workflow.
    pub patience: Duration,
    /// How long an endpoint that registered itself is believed without a word of it, unless it says otherwise.
    pub lease: Duration,
    /// In the order of the document; none: endpoints of every version get calls, each as much as any other.
    pub versions: Vec<ServiceVersion>,
    pub health: Option<Health>,
    pub balancer: Balancer,
    /// None: no endpoint is left out for what its calls showed.
    pub ejection: Option<Ejection>,
    pub breaker: Breaker,
    pub retry: RetryBudget,
    pub limits: CallLimits,
}

/// One version and its part of the calls.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceVersion {
    pub version: Version,
    /// Relative to the others'; 0: none.
    pub weight: u32,
    pub endpoints: Vec<StaticEndpoint>,
    pub dns: Vec<DnsSource>,
}

/// An endpoint that needs no lease.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticEndpoint {
    pub url: EndpointUrl,
    pub zone: Option<String>,
    pub weight: u32,
}

/// A name whose addresses are endpoints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsSource {
    pub name: String,
    pub kind: DnsKind,
    /// Between two questions.
    pub interval: Duration,
    pub zone: Option<String>,
}

/// What is asked of DNS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DnsKind {
    /// A and AAAA: addresses, all with this port.
    Address { port: u16 },
    /// SRV: names with their ports and weights (RFC 2782).
    Service,
}

/// Which calls may be sent again where nobody knows whether they were carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idempotency {
    /// None.
    None,
    /// Those whose method says so (RFC 9110 §9.2.2).
    #[default]
    Method,
    /// All: the service heeds `Idempotency-Key`.
    Key,
}

/// How endpoints are probed.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub probe: Probe,
    pub interval: Duration,
    pub timeout: Duration,
    /// Probes in a row after which an endpoint counts as well.
    pub healthy: u32,
    /// The same for unwell.
    pub unhealthy: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `GET` of this path; 2xx is good.
    Http(String),
    /// A connection that is accepted is good.
    Tcp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    #[default]
    Ewma,
    LeastRequest,
    RoundRobin,
    Random,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balancer {
    pub strategy: Strategy,
    /// Time constant of the average of latencies.
    pub decay: Duration,
    /// What a failure counts as, at least.
    pub failure_latency: Duration,
    /// An endpoint comes to its full share within this time.
    pub slow_start: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ejection {
    pub failures: u32,
    pub base: Duration,
    pub max: Duration,
    /// Share of the endpoints that may be out at once.
    pub share: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// Share of failures that opens it.
    pub failures: f64,
    /// Calls that have to be seen before that.
    pub calls: u32,
    pub window: Duration,
    /// Until the first call that tries whether the service is back; doubles up to the maximum.
    pub open: Duration,
    pub open_max: Duration,
}

/// How much may be sent again, of each hundred calls and in any case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    pub share: f64,
    pub per_second: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallLimits {
    /// Calls in flight, learnt from how calls end; none: not limited so.
    pub adaptive: Option<Adaptive>,
    /// Calls in flight to each version, at most.
    pub in_flight: Option<u32>,
    pub rate: Option<Rate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    pub initial: u32,
    pub min: u32,
    pub max: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: u32,
}

impl Service {
    /// A service without a document: every default.
    pub fn new(namespace: Label, name: Label) -> Self {
        Self {
            namespace,
            name,
            idempotency: Idempotency::default(),
            patience: Duration::from_secs(3_600),
            lease: LEASE_DEFAULT,
            versions: Vec::new(),
            health: None,
            balancer: Balancer::default(),
            ejection: Some(Ejection::default()),
            breaker: Breaker::default(),
            retry: RetryBudget { share: 0.2, per_second: 10 },
            limits: CallLimits::default(),
        }
    }
}

impl Health {
    pub fn new(probe: Probe) -> Self {
        Self {
            probe,
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(1),
            healthy: 1,
            unhealthy: 3,
        }
    }
}

impl Default for Balancer {
    fn default() -> Self {
        Self {
            strategy: Strategy::Ewma,
            decay: Duration::from_secs(10),
            failure_latency: Duration::from_secs(5),
            slow_start: Duration::ZERO,
        }
    }
}

impl Default for Ejection {
    fn default() -> Self {
        let (base, max) = (Duration::from_secs(30), Duration::from_secs(300));
        Self { failures: 5, base, max, share: 0.1 }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 0.5,
            calls: 20,
            window: Duration::from_secs(10),
            open: Duration::from_secs(5),
            open_max: Duration::from_secs(60),
        }
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        let adaptive = Adaptive { initial: 20, min: 1, max: 1_000 };
        Self { adaptive: Some(adaptive), in_flight: None, rate: None }
    }
}

/// The address of an endpoint: scheme, host, perhaps a port and a path that every call's path is put behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointUrl(String);

/// The text is no address of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidUrl(pub &'static str);

impl EndpointUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `host:port`, in brackets where the host is an address of IPv6.
    pub fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Where a call goes that was written for the service: `rest` begins with a slash or a question mark, or is empty. A base
    /// without a path of its own takes any.
    pub fn join(&self, rest: &str) -> String {
        let slash = if rest.starts_with('/') { "" } else { "/" };
        format!("{}{slash}{rest}", self.0)
    }
}

impl std::fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for EndpointUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |why| Err(InvalidUrl(why));
        if text.len() > URL_BYTES_MAX {
            return refuse("it is longer than 1,024 bytes");
        }
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        if !["http", "https"].contains(&scheme) {
            return refuse("it begins with neither http:// nor https://");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("it holds something else than visible ASCII");
        }
        if text.contains(['?', '#', '{', '}', '\\', '"', '<', '>', '@']) {
            return refuse("it holds more than scheme, host, port and path");
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_port(authority);
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
        if !is_host(host) {
            return refuse("its host is none");
        }
        if port.is_some_and(|port| !is_port(port)) {
            return refuse("its port is no number from 1 to 65535");
        }
        let path = path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(Self(format!("{scheme}://{}{slash}{path}", authority.to_ascii_lowercase())))
    }
}

/// What came of the text of a service's document: everything that is wrong with it, and the service if nothing is an error.
#[derive(Clone, Debug)]
pub struct ParsedService {
    /// Present exactly when no diagnostic is an error.
    pub service: Option<Service>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    pub source: SourceMap,
}

/// Reads the document of a service from YAML or JSON; never panics, whatever the text.
pub fn parse_service(text: &str, limits: &Limits) -> ParsedService {
    let tree = source::read(text, limits);
    let mut diagnostics = tree.diagnostics;
    let sink = Sink::default();
    let root = tree.root.as_ref();
    let service = root.and_then(|root| read::service(Cursor::root(root, &sink)));
    let findings = sink.finish();
    diagnostics.extend(findings.diagnostics);
    let is_valid = !findings.refused && !diagnostics.iter().any(Diagnostic::is_error);
    let source = SourceMap::new(tree.root, tree.lines);
    diagnostics.truncate(DIAGNOSTICS_MAX);
    source.locate(&mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
    ParsedService { service: service.filter(|_| is_valid), diagnostics, source }
}

/// Whether a text is meant to be the document of a service, not of a workflow: it has `service` and no `document`.
pub fn is_service(text: &str, limits: &Limits) -> bool {
    let tree = source::read(text, limits);
    let Some(NodeKind::Object(entries)) = tree.root.map(|root| root.kind) else { return false };
    let has = |wanted: &str| entries.iter().any(|(key, _)| key.text == wanted);
    has("service") && !has("document")
}

/// The service that an address names, and what stands behind the host: a host of one label without a port, not `localhost`.
pub fn service_of(uri: &str) -> Option<(Label, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    // Most addresses are of hosts; nothing is copied for them.
    if authority.contains(['.', ':', '@']) {
        return None;
    }
    let label: Label = authority.to_ascii_lowercase().parse().ok()?;
    (label.as_str() != "localhost").then_some((label, behind))
}

/// Host and port; an address of IPv6 stands in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Groups of hexadecimal digits, at most one run of them left out (RFC 4291 §2.2).
fn is_ipv6(address: &str) -> bool {
    let is_group = |group: &str| {
        (1..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let count = |part: &str| match part {
        "" => Some(0),
        part => part.split(':').all(is_group).then(|| part.split(':').count()),
    };
    match address.split_once("::") {
        None => count(address) == Some(8),
        Some((before, behind)) => {
            count(before).zip(count(behind)).is_some_and(|(before, behind)| before + behind < 8)
        }
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return is_ipv6(address);
    }
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !host.is_empty() && host.len() <= 253 && host.bytes().all(inner) && !host.starts_with('.')
}

#[cfg(test)]
mod tests;
