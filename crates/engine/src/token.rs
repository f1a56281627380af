//! The text of a token: `motet_<id>_<secret><check>`, in hexadecimal digits.
//!
//! The prefix lets people and scanners of leaked secrets recognise one, the id finds its hash without a search, the check
//! tells a mistyped token from a wrong one. The secret has 256 bits of randomness, so that a fast hash of it is as good as a slow
//! one: there is nothing to guess.

use motet_types::{Digest, Hex, Label};

/// Random bytes of a new token: its id, then its secret.
pub const RANDOM_BYTES: usize = ID_BYTES + SECRET_BYTES;

const PREFIX: &str = "motet_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
const ID_CHARS: usize = 2 * ID_BYTES;
const CHECK_CHARS: usize = 8;
const TEXT_CHARS: usize = PREFIX.len() + ID_CHARS + 1 + 2 * SECRET_BYTES + CHECK_CHARS;

/// A token that was just made. The text is shown once; only the hash is kept.
#[derive(Clone)]
pub struct Minted {
    pub id: Label,
    pub hash: Digest,
    pub text: String,
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Minted({})", self.id)
    }
}

/// Makes a token of random bytes that nobody can foretell.
pub fn mint(random: [u8; RANDOM_BYTES]) -> Minted {
    let digits = Hex(&random).to_string();
    let (id, secret) = digits.split_at(ID_CHARS);
    let body = format!("{PREFIX}{id}_{secret}");
    let text = format!("{body}{}", check(&body));
    let id = id.parse().expect("hexadecimal digits are a label");
    Minted { id, hash: hash(&text), text }
}

/// The id in a text that has a token's form, and the hash to compare; none if nobody ever made such a token.
pub fn read(text: &str) -> Option<(&str, Digest)> {
    if text.len() != TEXT_CHARS || !text.is_ascii() {
        return None;
    }
    let (body, given) = text.split_at(TEXT_CHARS - CHECK_CHARS);
    let (id, _) = body.strip_prefix(PREFIX)?.split_once('_')?;
    (id.len() == ID_CHARS && given == check(body)).then(|| (id, hash(text)))
}

/// Whether two hashes are the same, in a time that does not depend on where they differ.
pub fn is_same(one: Digest, other: Digest) -> bool {
    blake3::Hash::from_bytes(one.0) == blake3::Hash::from_bytes(other.0)
}

fn hash(text: &str) -> Digest {
    Digest(blake3::derive_key("motet 2026 token at rest", text.as_bytes()))
}

fn check(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex()[..CHECK_CHARS].to_owned()
}
