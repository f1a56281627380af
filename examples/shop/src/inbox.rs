//! The transactional inbox: what a request does and the answer to its key are stored in one transaction, and nobody is told
//! before it is on disk.
//!
//! So a key that is known has had its whole effect, and one that is not has had none of it, wherever a `kill -9` fell. The
//! work may be undone by its key, too: before it came as well, and then it is refused for good.

use std::marker::PhantomData;
use std::path::Path;

use http::Method;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::database::Json;
use crate::services::{Answer, Call, Domain};

/// Answers by key. A key without a request is that of work which was undone before it came.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS inbox (
        key     TEXT PRIMARY KEY,
        request TEXT,
        status  INTEGER NOT NULL,
        body    TEXT NOT NULL
    ) STRICT, WITHOUT ROWID";

/// One request, as far as the inbox looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    /// With its leading slash, without the query.
    pub(crate) path: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// What is to be said, and whether it was said before.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) repeated: bool,
}

/// The database of one service.
pub(crate) struct Inbox<D> {
    connection: Connection,
    domain: PhantomData<D>,
}

impl<D: Domain> Inbox<D> {
    /// Opens the database at `path`, and makes it if need be.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        Self::over(Connection::open(path)?)
    }

    pub(crate) fn over(connection: Connection) -> rusqlite::Result<Self> {
        // FULL: a commit returns when its transaction is on disk, not only when the system has taken it.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch(D::SCHEMA)?;
        Ok(Self { connection, domain: PhantomData })
    }

    /// Does what a request asks for, unless it was done before under its key; what is answered is on disk.
    pub(crate) fn take(&mut self, request: &Request<'_>) -> rusqlite::Result<Reply> {
        let fingerprint = fingerprint(request);
        // A key on a request that changes nothing means nothing: its answer may be another one next time.
        let key = request.key.filter(|_| request.method != Method::GET);
        // Immediate: of two requests with one key, the second waits here until the first is done.
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(key) = key
            && let Some(answer) = stored(&transaction, key, &fingerprint)?
        {
            return Ok(Reply { answer, repeated: true });
        }
        let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let call = Call { method: request.method, path: &path, key, body: request.body };
        let answer = D::answer(&transaction, &call)?;
        if answer.means_again() {
            // Dropped, so rolled back: whoever comes again finds nothing done, and nothing said.
            return Ok(Reply { answer, repeated: false });
        }
        if let Some(key) = key {
            store(&transaction, key, Some(&fingerprint), &answer)?;
        }
        transaction.commit()?;
        Ok(Reply { answer, repeated: false })
    }

    /// For reading what is committed.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// The undo of a key has found nothing that it did: if the work comes yet, it is refused.
pub(crate) fn refuse(transaction: &Transaction<'_>, key: &str) -> rusqlite::Result<()> {
    let detail = "it was undone before it came";
    store(transaction, key, None, &Answer::problem(409, "undone", &detail))
}

/// Of what came under a key before: its answer, or that this is another request.
fn stored(
    transaction: &Transaction<'_>,
    key: &str,
    fingerprint: &str,
) -> rusqlite::Result<Option<Answer>> {
    let mut query =
        transaction.prepare_cached("SELECT request, status, body FROM inbox WHERE key = ?1")?;
    let row = query.query_row([key], |row| {
        let (request, Json(body)) = (row.get::<_, Option<String>>(0)?, row.get(2)?);
        Ok((request, Answer { status: row.get(1)?, body }))
    });
    Ok(row.optional()?.map(|(request, answer)| match request {
        Some(request) if request != fingerprint => {
            let detail = "the key came with another request before";
            Answer::problem(422, "idempotency key reused", &detail)
        }
        _ => answer,
    }))
}

/// Keeps an answer, unless there is one: what was refused when it came stays so when it is undone.
fn store(
    transaction: &Transaction<'_>,
    key: &str,
    request: Option<&str>,
    answer: &Answer,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO inbox (key, request, status, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING",
    )?;
    insert.execute(params![key, request, answer.status, Json(&answer.body)])?;
    Ok(())
}

/// The same for the same request, another one for every other.
fn fingerprint(request: &Request<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [request.method.as_str(), request.path] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.update(request.body).finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests;
