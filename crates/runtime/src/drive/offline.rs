//! The catalog of a store whose server is stopped.

use bytes::Bytes;
use motet_engine::secret::SecretKey;
use motet_engine::token::{self, Minted};
use motet_engine::{Catalog, CatalogInput, Grant, LOCAL, SecretName};
use motet_journal::encode_catalog_records;
use motet_store::{Commit, Store};
use motet_types::{ShardId, Timestamp};

use super::StartError;
use super::recover::{self, wait};
use super::vault::{Seal, random};
use crate::shard::CATALOG_ENTITY;
use crate::{Error, TokenRequest, audit};

/// The catalog as it is durable.
///
/// # Errors
/// The store cannot be read, or holds what this version does not understand.
pub fn catalog(store: &dyn Store) -> Result<Catalog, StartError> {
    recover::catalog(store)
}

/// The secrets that were sealed under another key than this.
pub fn unreadable_secrets<'c>(catalog: &'c Catalog, key: &SecretKey) -> Vec<&'c SecretName> {
    Seal::new(key).unreadable(catalog)
}

/// Makes a token in a store that no server has open.
///
/// # Errors
/// The catalog refuses it, or the store takes no commit.
pub fn create_token(
    store: &dyn Store,
    now: Timestamp,
    request: TokenRequest,
) -> Result<Minted, Error> {
    let unavailable = |error: &dyn std::error::Error| Error::Unavailable(error.to_string());
    let mut catalog = recover::catalog(store).map_err(|error| unavailable(&error))?;
    let minted = token::mint(random()?);
    let TokenRequest { name, roles, namespaces, description, expires } = request;
    let grant = Grant { name, hash: minted.hash, roles, namespaces, description, expires };
    let input = CatalogInput::CreateToken { id: minted.id.clone(), grant: Box::new(grant) };
    let record = catalog.step(now, Some(LOCAL), input).map_err(Error::Catalog)?;
    let record = record.expect("a new token is never there already");
    let leases = wait(|done| store.lease(vec![ShardId::CATALOG], done));
    let leases = leases.map_err(|error| unavailable(&error))?;
    let mut records = Vec::new();
    encode_catalog_records(std::slice::from_ref(&record), &mut records);
    let commit = Commit {
        shard: ShardId::CATALOG,
        epoch: leases.iter().map(|lease| lease.epoch).max().unwrap_or_default(),
        entity: CATALOG_ENTITY,
        records: Bytes::from(records),
        record_count: 1,
        snapshot: None,
        rows: audit::of_catalog(&record, &catalog).into_iter().collect(),
    };
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    // The receiver waits below.
    store.commit(vec![commit], Box::new(move |result| drop(sender.send(result))));
    let result = receiver.recv().map_err(|error| unavailable(&error))?;
    result.map_err(|error| unavailable(&error))?;
    Ok(minted)
}
