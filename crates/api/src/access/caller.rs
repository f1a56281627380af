//! Tokens of requests (RFC 6750), and whom they stand for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use motet_runtime::{Grant, LOCAL, Namespaces, Role, Token, token};
use motet_types::{Label, Timestamp};

use crate::problem::{Code, Problem};
use crate::request::Api;

/// What a client without a token is told to send.
const CHALLENGE: &str = "Bearer realm=\"motet\"";
pub(super) const INVALID: &str = "Bearer realm=\"motet\", error=\"invalid_token\"";

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The token's name, or `local`.
    pub(crate) name: Arc<str>,
    /// Its token and what that allows; absent where nobody has to show one.
    pub(crate) token: Option<(Label, Arc<Grant>)>,
}

/// When each token was last used, as far as this process knows.
#[derive(Default)]
pub(crate) struct LastUses(Mutex<HashMap<Label, Timestamp>>);

impl LastUses {
    pub(crate) fn of(&self, id: &Label) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    fn note(&self, id: &Label, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), now);
    }
}

/// Finds out who sends a request. Without any token in the catalog that is nobody's business.
///
/// # Errors
/// A token is wanted and not there, or the one that is there is none of ours, was revoked or has expired.
pub(crate) fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Caller, Problem> {
    let view = api.handle.catalog();
    let tokens = &view.catalog.tokens;
    let Some(text) = bearer(headers)? else {
        if tokens.is_empty() && !api.options.require_tokens {
            return Ok(Caller { name: LOCAL.into(), token: None });
        }
        let detail = "this server wants a token: send it as `Authorization: Bearer <token>`";
        return Err(refused(CHALLENGE, detail.to_owned()));
    };
    let Some((id, hash)) = token::read(text) else {
        let detail =
            "the text in `Authorization` is no token: it is mistyped, cut off, or not of Motet";
        return Err(refused(INVALID, detail.to_owned()));
    };
    let known = tokens.get(id).filter(|known| token::is_same(known.grant.hash, hash));
    let Some(known) = known else {
        return Err(refused(INVALID, "this server does not know the token".to_owned()));
    };
    let now = api.handle.now();
    if !known.is_valid(now) {
        return Err(refused(INVALID, why_invalid(known)));
    }
    let id: Label = id.parse().map_err(|error| Problem::invalid("Authorization", error))?;
    api.last_uses.note(&id, now);
    let name = known.grant.name.as_str().into();
    Ok(Caller { name, token: Some((id, Arc::new(known.grant.clone()))) })
}

impl Caller {
    /// # Errors
    /// No role of the caller's token holds this one.
    pub(crate) fn ensure(&self, role: Role) -> Result<(), Problem> {
        match &self.token {
            Some((_, grant)) if !grant.has(role) => {
                let own: Vec<&str> = grant.roles.iter().map(|role| role.as_str()).collect();
                let detail = format!(
                    "this needs the role {role}; the token {:?} has {}",
                    &*self.name,
                    if own.is_empty() { "none".to_owned() } else { own.join(", ") }
                );
                Err(insufficient(role, detail))
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// The caller's token holds in some namespaces only.
    pub(crate) fn ensure_everywhere(&self, role: Role) -> Result<(), Problem> {
        if self.sees_all() {
            return Ok(());
        }
        let detail = format!(
            "this is about the whole server: it needs the role {role} in all namespaces; the token {:?} has it in {}",
            &*self.name,
            self.places()
        );
        Err(insufficient(role, detail))
    }

    pub(crate) fn holds(&self, namespace: &str) -> bool {
        self.token.as_ref().is_none_or(|(_, grant)| grant.namespaces.holds(namespace))
    }

    pub(crate) fn sees_all(&self) -> bool {
        self.token.as_ref().is_none_or(|(_, grant)| grant.namespaces == Namespaces::All)
    }

    /// Whether it may give or take what a token like this has: nobody gives more than they have.
    pub(crate) fn governs(&self, namespaces: &Namespaces) -> bool {
        self.token.as_ref().is_none_or(|(_, grant)| grant.namespaces.covers(namespaces))
    }

    /// The namespaces that it has rights in, where they are not all.
    pub(crate) fn namespaces(&self) -> Option<Vec<String>> {
        match &self.token.as_ref()?.1.namespaces {
            Namespaces::All => None,
            Namespaces::Named(names) => Some(names.iter().map(Label::to_string).collect()),
        }
    }

    pub(super) fn places(&self) -> String {
        let places = self.token.as_ref().map(|(_, grant)| grant.namespaces.to_string());
        places.unwrap_or_else(|| "*".to_owned())
    }
}

/// The token of a request; other kinds of credentials are a proxy's business.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        let detail = "the request has more than one `Authorization`".to_owned();
        return Err(refused(INVALID, detail));
    }
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Ok(None);
    };
    Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()))
}

pub(super) fn why_invalid(token: &Token) -> String {
    let name = &token.grant.name;
    match (&token.revoked, token.grant.expires) {
        (Some(revoked), _) => format!("the token {name} was revoked at {}", revoked.at),
        (None, Some(expires)) => format!("the token {name} has expired at {expires}"),
        (None, None) => format!("the token {name} is not valid"),
    }
}

fn refused(challenge: &str, detail: String) -> Problem {
    Problem { challenge: Some(challenge.into()), ..Problem::new(Code::Unauthenticated, detail) }
}

fn insufficient(role: Role, detail: String) -> Problem {
    let challenge = format!("{CHALLENGE}, error=\"insufficient_scope\", scope=\"{role}\"");
    Problem { challenge: Some(challenge.into()), ..Problem::new(Code::Forbidden, detail) }
}
