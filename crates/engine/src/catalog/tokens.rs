//! Who may do what: tokens, known by the hashes of their texts alone.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use motet_types::{Digest, Label, Timestamp};

use super::{Catalog, CatalogFact, CatalogRejection};

/// The actor where nobody has to show a token; no token may be named so.
pub const LOCAL: &str = "local";
/// Tokens that are kept, with those that were revoked or have expired.
const TOKENS_MAX: usize = 10_000;

/// What a token allows, fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How its bearer is called wherever it is told who did something; unique among the tokens that are valid.
    pub name: Label,
    /// Of the token's text.
    pub hash: Digest,
    pub roles: BTreeSet<Role>,
    pub namespaces: Namespaces,
    pub description: Option<String>,
    /// Not valid from then on.
    pub expires: Option<Timestamp>,
}

/// A token as the catalog knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub grant: Grant,
    pub created_at: Timestamp,
    pub created_by: Option<String>,
    pub revoked: Option<Revocation>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub at: Timestamp,
    pub by: Option<String>,
    pub reason: Option<String>,
}

/// A set of rights. [`Role::includes`] says which hold others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything that has no rule of its own.
    Viewer,
    /// Starts instances and steers them.
    Operator,
    /// Publishes versions and moves tags.
    Author,
    /// Everything, with tokens, secrets, the audit and what removes.
    Admin,
    /// Takes jobs, and nothing else.
    Worker,
    /// Registers endpoints of services, and nothing else.
    Service,
}

/// Where a token's roles hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// Everywhere, and for what belongs to no namespace.
    All,
    Named(BTreeSet<Label>),
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Operator, Self::Author, Self::Admin, Self::Worker, Self::Service];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Author => "author",
            Self::Admin => "admin",
            Self::Worker => "worker",
            Self::Service => "service",
        }
    }

    /// Whether whoever has this role may do what the other one may: an admin everything, an operator and an author what
    /// a viewer may, an operator also what a service may. An author does not steer, and an operator does not publish, unless
    /// the token says both.
    pub fn includes(self, other: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Operator => [self, Self::Viewer, Self::Service].contains(&other),
            Self::Author => other == self || other == Self::Viewer,
            Self::Viewer | Self::Worker | Self::Service => other == self,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or_else(|| {
            format!(
                "{text:?} is no role: expected viewer, operator, author, admin, worker or service"
            )
        })
    }
}

impl Namespaces {
    pub fn holds(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(namespace),
        }
    }

    /// Whether everything that the other one holds is held here, too.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Named(_), Self::All) => false,
            (Self::Named(own), Self::Named(others)) => others.is_subset(own),
        }
    }
}

impl fmt::Display for Namespaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Named(names) => {
                let names: Vec<&str> = names.iter().map(Label::as_str).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

impl Grant {
    /// Whether one of its roles holds the right.
    pub fn has(&self, role: Role) -> bool {
        self.roles.iter().any(|own| own.includes(role))
    }

    /// Whether it keeps the door open for ever.
    fn governs_all(&self) -> bool {
        self.has(Role::Admin) && self.namespaces == Namespaces::All && self.expires.is_none()
    }
}

impl Token {
    /// Whether it opens anything at this time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.grant.expires.is_none_or(|expires| now < expires)
    }
}

impl Catalog {
    pub(super) fn create_token(
        &self,
        now: Timestamp,
        id: Label,
        grant: Box<Grant>,
    ) -> Result<CatalogFact, CatalogRejection> {
        let refuse = |why: String| Err(CatalogRejection::Token(why));
        let mut valid = self.tokens.values().filter(|token| token.is_valid(now));
        let name = grant.name.as_str();
        if name == LOCAL {
            return refuse(format!("no token may be called {LOCAL:?}: it stands for nobody"));
        }
        if valid.any(|token| token.grant.name == grant.name) {
            return refuse(format!("a valid token is called {name:?} already"));
        }
        if self.tokens.contains_key(&id) {
            return refuse(format!("there is a token with the id {id} already"));
        }
        if grant.expires.is_some_and(|expires| expires <= now) {
            return refuse("the token would have expired before it is made".to_owned());
        }
        if self.tokens.is_empty() && !grant.governs_all() {
            let why = "the first token must be one of an admin of all namespaces that does not expire: from then on \
                       nobody comes in without a token";
            return refuse(why.to_owned());
        }
        if self.tokens.len() >= TOKENS_MAX && self.oldest_invalid(now).is_none() {
            return Err(CatalogRejection::Full { what: "tokens", count: self.tokens.len() });
        }
        Ok(CatalogFact::TokenCreated { id, grant })
    }

    pub(super) fn revoke_token(
        &self,
        now: Timestamp,
        id: Label,
        reason: Option<String>,
    ) -> Result<Option<CatalogFact>, CatalogRejection> {
        let Some(token) = self.tokens.get(&id) else {
            return Err(CatalogRejection::UnknownToken(id.to_string()));
        };
        if token.revoked.is_some() {
            return Ok(None);
        }
        let governs = |token: &Token| token.is_valid(now) && token.grant.governs_all();
        let others = self.tokens.iter().filter(|(other, token)| **other != id && governs(token));
        if governs(token) && others.count() == 0 {
            let why = "it is the last token of an admin of all namespaces that does not expire: make another one first";
            return Err(CatalogRejection::Token(why.to_owned()));
        }
        Ok(Some(CatalogFact::TokenRevoked { id, reason }))
    }

    pub(super) fn token_created(
        &mut self,
        at: Timestamp,
        actor: &Option<String>,
        id: &Label,
        grant: &Grant,
    ) {
        if self.tokens.len() >= TOKENS_MAX
            && let Some(oldest) = self.oldest_invalid(at)
        {
            self.tokens.remove(&oldest);
        }
        let (grant, created_by) = (grant.clone(), actor.clone());
        let token = Token { grant, created_at: at, created_by, revoked: None };
        self.tokens.insert(id.clone(), token);
    }

    pub(super) fn token_revoked(
        &mut self,
        at: Timestamp,
        actor: &Option<String>,
        id: &Label,
        reason: &Option<String>,
    ) {
        if let Some(token) = self.tokens.get_mut(id) {
            token.revoked = Some(Revocation { at, by: actor.clone(), reason: reason.clone() });
        }
    }

    fn oldest_invalid(&self, now: Timestamp) -> Option<Label> {
        let invalid = self.tokens.iter().filter(|(_, token)| !token.is_valid(now));
        invalid.min_by_key(|(_, token)| token.created_at).map(|(id, _)| id.clone())
    }
}
