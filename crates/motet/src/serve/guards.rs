//! What a server refuses to begin with.

use std::net::SocketAddr;

use motet_engine::secret::SecretKey;
use motet_runtime::Catalog;
use motet_runtime::drive::offline;

use super::key;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;

/// Whoever reaches a server that wants no token may do everything: beyond this machine that has to be meant.
pub(super) fn check_listening(
    config: &Config,
    address: SocketAddr,
    catalog: &Catalog,
) -> Result<(), Failure> {
    let wants_tokens = config.require_tokens || !catalog.tokens.is_empty();
    if address.ip().is_loopback() || wants_tokens || config.insecure {
        return Ok(());
    }
    let message =
        format!("at {address} everybody who reaches it could do everything: no token is made yet");
    let hint = format!(
        "make the first one with `motet token create --admin --data {}`; or say --insecure if that is meant",
        config.data.display()
    );
    Err(Failure::new("insecure-listening", message).with_hint(hint))
}

/// Secrets that were sealed under another key would fail call by call: better once, here.
pub(super) fn check_key(
    config: &Config,
    catalog: &Catalog,
    secret_key: &SecretKey,
    output: &Output,
) -> Result<(), Failure> {
    let unreadable = offline::unreadable_secrets(catalog, secret_key);
    let Some(first) = unreadable.first() else { return Ok(()) };
    let count = match unreadable.len() {
        1 => "1 secret".to_owned(),
        count => format!("{count} secrets"),
    };
    if config.new_secret_key {
        output.note(&format!(
            "motet: {count} cannot be opened any more ({first} among them): set what you need again"
        ));
        return Ok(());
    }
    let path = key::path(&config.data);
    let message = format!(
        "{} is not the key under which {count} of the store was sealed, {first} among them",
        path.display()
    );
    let hint = "put the secret.key of the original server there; or start with --new-secret-key and set the secrets again";
    Err(Failure::new("wrong-secret-key", message).with_hint(hint))
}
