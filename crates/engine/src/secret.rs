//! Secrets inside the engine are markers: texts that nobody can forge and that mean nothing to whoever reads them.
//!
//! The record of a call holds markers, and dispatch puts the secrets in their place; no record ever holds a secret.

use motet_expr::{Value, json};
use motet_types::{InstanceId, StepId};

/// The key of a cluster: a file beside the data, never in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(pub [u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

const OPEN: &str = "\u{f8ff}motet:secret:";
const CLOSE: char = '\u{f8fe}';
const MAC_CHARS: usize = 32;

/// The marker of a secret for all instances of one tree: `<open><mac>:<name><close>`.
///
/// The code is keyed BLAKE3 over root instance, namespace and name, cut to 128 bits.
pub fn marker(key: &SecretKey, root: InstanceId, namespace: &str, name: &str) -> String {
    let mac = mac(key, root, namespace, name);
    format!("{OPEN}{mac}:{name}{CLOSE}")
}

/// The name under which `$authorization.parameter` is marked where credentials hold secrets.
pub const AUTHORIZATION_NAME: &str = "call/authorization";

/// The name under which the result of a step's `nth` deferred expression is marked.
pub fn deferred_name(step: StepId, nth: usize) -> String {
    format!("deferred/{step}/{nth}")
}

/// A text whose marker is not one of this instance's, or stands for a secret that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the text holds a marker of a secret that does not belong to this instance")]
    Forged,
    #[error("the secret {0:?} is not available")]
    Missing(String),
}

/// Puts secrets in the place of their markers.
///
/// # Errors
/// A marker that fails its check, or a secret that `reveal` does not know; the text is not to be sent then.
pub fn reveal(
    text: &str,
    key: &SecretKey,
    root: InstanceId,
    namespace: &str,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<String, SecretError> {
    let mut revealed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        revealed.push_str(&rest[..at]);
        let body = &rest[at + OPEN.len()..];
        let end = body.find(CLOSE).ok_or(SecretError::Forged)?;
        let (given, name) = body[..end].split_once(':').ok_or(SecretError::Forged)?;
        if given != mac(key, root, namespace, name) {
            return Err(SecretError::Forged);
        }
        revealed.push_str(&secret(name).ok_or_else(|| SecretError::Missing(name.to_owned()))?);
        rest = &body[end + CLOSE.len_utf8()..];
    }
    revealed.push_str(rest);
    Ok(revealed)
}

/// The name in a text that is one marker and nothing else, if the marker is one of this instance's.
pub fn whole<'t>(
    text: &'t str,
    key: &SecretKey,
    root: InstanceId,
    namespace: &str,
) -> Option<&'t str> {
    let body = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let (given, name) = body.split_once(':')?;
    (given == mac(key, root, namespace, name)).then_some(name)
}

/// A text cut at its markers: each piece, and whether it is a marker.
pub fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let open = rest.find(OPEN);
        let close = open.and_then(|open| Some(open + rest[open..].find(CLOSE)? + CLOSE.len_utf8()));
        let (end, is_marker) = match (open, close) {
            (Some(0), Some(close)) => (close, true),
            (Some(open), Some(_)) => (open, false),
            _ => (rest.len(), false),
        };
        let piece = &rest[..end];
        rest = &rest[end..];
        Some((piece, is_marker))
    })
}

/// What lies at a dotted path in a secret that is a JSON object, if that is no object or list.
pub fn property(secret: &str, path: &str) -> Option<String> {
    let mut value = json::parse(secret.as_bytes(), json::Limits::default()).ok()?;
    for key in path.split('.') {
        value = json::get(&value, key)?.clone();
    }
    match &value {
        Value::Null | Value::Arr(_) | Value::Obj(_) => None,
        scalar => Some(json::as_str(scalar).map_or_else(|| json::to_text(scalar), str::to_owned)),
    }
}

/// Whether the text holds anything that looks like a marker.
pub fn has_marker(text: &str) -> bool {
    // Hardly any text holds the first byte of a marker, and bytes are found faster than texts.
    text.as_bytes().contains(&OPEN.as_bytes()[0]) && text.contains(OPEN)
}

fn mac(key: &SecretKey, root: InstanceId, namespace: &str, name: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(&root.0);
    for part in [namespace, name] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..MAC_CHARS].to_owned()
}
