//! The part of Consul's HTTP API that clients register and watch services with, over our registry.
//!
//! What is registered here is an endpoint like any other, with tags and checks beside it. There is one node, `motet`, and one
//! datacenter, `dc1`. What Consul has and Motet has not is refused with a code of its own, never taken in silence. The routes
//! stand apart from the description of our own API: theirs is Consul's.

pub(crate) mod agent;
pub(crate) mod discovery;

mod check;
mod definition;
mod fields;
mod print;
mod waiting;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use motet_types::Label;

use crate::problem::{Code, Problem};
use crate::query::read;
use crate::request::Request;

/// Where everything of it lies.
pub(crate) const PREFIX: &str = "/v1/";

const NAMESPACE: &str = "x-consul-namespace";
const TOKEN: &str = "x-consul-token";
const NODE: &str = "motet";
const DATACENTER: &str = "dc1";

/// The namespace of a request: the one that it names, else the only one of its token, else `default`.
pub(crate) fn namespace(request: &Request) -> Result<Label, Problem> {
    if let Some(other) = request.query.text("dc").filter(|dc| !["", DATACENTER].contains(dc)) {
        return Err(Problem::invalid("dc", format!("there is no datacenter {other:?}, only dc1")));
    }
    let named = request.query.text("ns").or(request.header(NAMESPACE)?);
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return read("ns", named);
    }
    let own = request.caller.namespaces();
    let only = own.as_deref().and_then(|own| match own {
        [only] => Some(only.as_str()),
        _ => None,
    });
    read("ns", only.unwrap_or(motet_runtime::service::NAMESPACE_DEFAULT))
}

/// The headers of a request, its token where ours stand: Consul's clients show it in a header of their own, or in the query.
pub(crate) fn with_token(head: &Parts) -> HeaderMap {
    let mut headers = head.headers.clone();
    if headers.contains_key(AUTHORIZATION) {
        return headers;
    }
    let in_header = headers.get(TOKEN).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let in_query = || {
        let mut pairs = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        pairs.find(|(name, _)| name == "token").map(|(_, token)| token.into_owned())
    };
    let token = in_header.or_else(in_query).filter(|token| !token.is_empty());
    // What cannot stand in a header is no token of ours: it has to be refused like any other.
    if let Some(token) = token {
        let value = http::HeaderValue::try_from(format!("Bearer {token}"));
        let value = value.unwrap_or(http::HeaderValue::from_static("Bearer -"));
        headers.insert(AUTHORIZATION, value);
    }
    headers
}

/// Something that Consul has and Motet has not.
pub(crate) fn unsupported(what: impl std::fmt::Display) -> Problem {
    Problem::new(Code::ConsulUnsupported, what.to_string())
}

/// The address of the one node.
fn address(request: &Request) -> String {
    let listen = request.api.options.listen.map(|address| address.ip());
    let known = listen.filter(|address| !address.is_unspecified());
    known.map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string())
}

#[cfg(test)]
mod tests;
