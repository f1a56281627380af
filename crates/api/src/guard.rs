//! Who may talk to the server from a browser: any page can send requests to loopback, so those that come from one must
//! name this server, and come from it.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Request};

use crate::Options;
use crate::problem::{Code, Problem};

/// Names under which a server on loopback is known everywhere (RFC 6761 §6.3).
const LOOPBACK_NAMES: [&str; 1] = ["localhost"];
/// Admits every name.
const EVERY: &str = "*";

/// The names of this server.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    listen: Option<SocketAddr>,
    allowed: Vec<String>,
}

impl Guard {
    pub(crate) fn new(options: &Options) -> Self {
        let lower = |host: &String| host.to_ascii_lowercase();
        Self { listen: options.listen, allowed: options.allowed_hosts.iter().map(lower).collect() }
    }

    /// # Errors
    /// The request names another host, or comes from a page of another site.
    pub(crate) fn check(&self, request: &Request<Body>) -> Result<(), Problem> {
        let named = authority(request)?;
        let host = named.to_ascii_lowercase();
        if !self.is_ours(&host) {
            let detail = format!(
                "the request is for {named:?}, which is not a name of this server: call it by its address, or allow the name \
                 in its configuration (allowed-hosts)"
            );
            return Err(Problem::new(Code::ForeignHost, detail));
        }
        match request.headers().get(ORIGIN) {
            None => Ok(()),
            Some(origin) => self.check_origin(&host, origin.to_str().unwrap_or_default()),
        }
    }

    /// A page may call the server that it came from, and one that was allowed by name.
    fn check_origin(&self, host: &str, origin: &str) -> Result<(), Problem> {
        let page = origin.split_once("://").map(|(_, authority)| authority.to_ascii_lowercase());
        let is_ours = page.is_some_and(|page| page == host || self.is_allowed(&page));
        if is_ours {
            return Ok(());
        }
        let detail = format!(
            "the request comes from a page of {origin:?}, not of this server: allow its host in the configuration \
             (allowed-hosts) if that is meant"
        );
        Err(Problem::new(Code::ForeignOrigin, detail))
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = without_port(host);
        let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
        let by_address = address.is_ok_and(|address| {
            let listens = |listen: SocketAddr| {
                // A page cannot point its name at an address that stands for itself, so each of the machine's own will do.
                listen.ip() == address || listen.ip().is_unspecified()
            };
            address.is_loopback() || self.listen.is_some_and(listens)
        });
        by_address || LOOPBACK_NAMES.contains(&name) || self.is_allowed(host)
    }

    fn is_allowed(&self, host: &str) -> bool {
        let name = without_port(host);
        self.allowed.iter().any(|allowed| allowed == host || allowed == name || allowed == EVERY)
    }
}

/// The host and port that the request is for: of its target (HTTP/2, absolute form), else of its header.
fn authority(request: &Request<Body>) -> Result<&str, Problem> {
    if let Some(authority) = request.uri().authority() {
        return Ok(authority.as_str());
    }
    host_header(request.headers()).ok_or_else(|| {
        Problem::new(Code::ForeignHost, "the request names no host: send a Host header")
    })
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(HOST).iter();
    let host = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(host)
}

/// A host without its port; an IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests;
