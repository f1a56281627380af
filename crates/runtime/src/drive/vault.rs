//! Secrets: sealed in the catalog, opened for a call that leaves, and where else they may come from.
//!
//! A sealed value is `1 salt ciphertext tag`. The key of each is made of the cluster's key, a random salt of 192 bits, and the
//! secret's name, so that no key serves twice and the nonce can be constant; the name is authenticated, so that a value cannot be
//! given to another name.

use std::sync::Arc;

use bytes::Bytes;
use motet_engine::secret::{SecretKey, property};
use motet_engine::{Catalog, SecretName};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use super::{Inner, Secrets};
use crate::Error;

/// Longest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

const FORMAT: u8 = 1;
const SALT_BYTES: usize = 24;

/// Seals and opens secrets.
#[derive(Clone)]
pub struct Seal([u8; 32]);

impl Seal {
    /// Under the key of the cluster.
    pub fn new(key: &SecretKey) -> Self {
        Self(blake3::derive_key("motet 2026 sealed secrets", &key.0))
    }

    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, name: &SecretName, value: &str) -> Result<Bytes, Error> {
        let salt: [u8; SALT_BYTES] = random()?;
        let mut text = value.as_bytes().to_vec();
        let tag = self
            .key(&salt)
            .seal_in_place_separate_tag(nonce(), Aad::from(name.to_string()), &mut text)
            .expect("a secret is shorter than what the cipher can take");
        Ok([&[FORMAT], &salt[..], &text, tag.as_ref()].concat().into())
    }

    /// The value; none if it was sealed under another key or name, or is damaged.
    pub fn open(&self, name: &SecretName, sealed: &[u8]) -> Option<String> {
        let (salt, text) = sealed.strip_prefix(&[FORMAT])?.split_first_chunk()?;
        let mut text = text.to_vec();
        let aad = Aad::from(name.to_string());
        let opened = self.key(salt).open_in_place(nonce(), aad, &mut text).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }

    /// The secrets that do not open: another key sealed them.
    pub fn unreadable<'c>(&self, catalog: &'c Catalog) -> Vec<&'c SecretName> {
        let secrets = catalog.secrets.iter();
        let closed = secrets.filter(|(name, secret)| self.open(name, &secret.sealed).is_none());
        closed.map(|(name, _)| name).collect()
    }

    fn key(&self, salt: &[u8; SALT_BYTES]) -> LessSafeKey {
        let key = blake3::keyed_hash(&self.0, salt);
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_bytes());
        LessSafeKey::new(key.expect("the key has the cipher's length"))
    }
}

/// Random bytes that nobody can foretell.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    let no_random = |_| Error::Unavailable("the system gives no random numbers".to_owned());
    SystemRandom::new().fill(&mut bytes).map_err(no_random)?;
    Ok(bytes)
}

/// Every key seals one value only.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// All secrets that calls may have: those of the namespace first, then those of the whole server.
#[derive(Clone)]
pub(super) struct Known {
    outside: Arc<dyn Secrets>,
    inside: Option<Arc<Inner>>,
}

impl Known {
    pub(super) fn new(outside: Arc<dyn Secrets>, inside: Arc<Inner>) -> Self {
        Self { outside, inside: Some(inside) }
    }

    #[cfg(test)]
    pub(super) fn outside(outside: Arc<dyn Secrets>) -> Self {
        Self { outside, inside: None }
    }

    /// The secret's text; for `name.property` the property of a secret that is a JSON object.
    pub(super) fn secret(&self, namespace: &str, name: &str) -> Option<String> {
        self.sealed(namespace, name).or_else(|| self.outside.secret(name))
    }

    fn sealed(&self, namespace: &str, name: &str) -> Option<String> {
        let inner = self.inside.as_ref()?;
        let (whole, path) = name.split_once('.').map_or((name, None), |(a, b)| (a, Some(b)));
        let name: SecretName = format!("{namespace}/{whole}").parse().ok()?;
        let view = inner.catalog();
        let text = inner.seal.open(&name, &view.catalog.secrets.get(&name)?.sealed)?;
        match path {
            None => Some(text),
            Some(path) => property(&text, path),
        }
    }
}

#[cfg(test)]
mod tests;
