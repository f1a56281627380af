//! Secrets, sealed: the catalog keeps what it cannot read.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use motet_types::{Label, Timestamp};

use super::{Catalog, CatalogFact, CatalogRejection};

/// Longest name of a secret within its namespace, in bytes.
const NAME_LEN_MAX: usize = 128;
/// Secrets of all namespaces.
const SECRETS_MAX: usize = 10_000;

/// A secret of one namespace, under the name that `use.secrets` declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName {
    pub namespace: Label,
    /// Letters, digits, hyphens and underscores of ASCII, 1 to 128 bytes.
    pub name: String,
}

/// The text names no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a secret's name: write namespace/name, the name of letters, digits, - and _")]
pub struct InvalidSecretName(pub String);

/// One value, as it may lie on any disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    pub sealed: Bytes,
    /// Values that were set under this name, with this one.
    pub version: u32,
    pub at: Timestamp,
    pub by: Option<String>,
}

impl FromStr for SecretName {
    type Err = InvalidSecretName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidSecretName(text.to_owned());
        let (namespace, name) = text.split_once('/').ok_or_else(invalid)?;
        let namespace = namespace.parse().map_err(|_| invalid())?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let is_name = (1..=NAME_LEN_MAX).contains(&name.len()) && name.chars().all(is_plain);
        if is_name { Ok(Self { namespace, name: name.to_owned() }) } else { Err(invalid()) }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Catalog {
    pub(super) fn set_secret(
        &self,
        name: SecretName,
        sealed: Bytes,
    ) -> Result<CatalogFact, CatalogRejection> {
        if self.secrets.len() >= SECRETS_MAX && !self.secrets.contains_key(&name) {
            return Err(CatalogRejection::Full { what: "secrets", count: self.secrets.len() });
        }
        Ok(CatalogFact::SecretSet { name, sealed })
    }

    pub(super) fn delete_secret(
        &self,
        name: SecretName,
        reason: Option<String>,
    ) -> Result<CatalogFact, CatalogRejection> {
        if !self.secrets.contains_key(&name) {
            return Err(CatalogRejection::UnknownSecret(name.to_string()));
        }
        Ok(CatalogFact::SecretDeleted { name, reason })
    }

    pub(super) fn secret_set(
        &mut self,
        at: Timestamp,
        actor: &Option<String>,
        name: &SecretName,
        sealed: &Bytes,
    ) {
        let before = self.secrets.get(name).map_or(0, |before| before.version);
        let (sealed, by) = (sealed.clone(), actor.clone());
        let secret = SealedSecret { sealed, version: before.saturating_add(1), at, by };
        self.secrets.insert(name.clone(), secret);
    }
}
