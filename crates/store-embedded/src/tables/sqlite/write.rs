use bytes::Bytes;
use motet_store::memory::Chunk;
use motet_store::{Entity, Schema, Table};
use rusqlite::{
    Connection, OptionalExtension, Statement, Transaction, TransactionBehavior, params,
};

use super::chunks;
use super::value::Parameter;
use crate::overlay::{Changes, Cut, Generation, Tail, TailChunk};

/// Chunks of one entity that share a row hold at most this many bytes, a single larger chunk excepted.
const ROW_BYTES_TARGET: usize = 256 * 1024;

/// Writes a generation and what it covers; the caller commits.
pub(super) fn cover(
    transaction: &Transaction<'_>,
    schema: &Schema,
    generation: &Generation,
    log_ordinal: u64,
) -> rusqlite::Result<()> {
    let mut histories = Histories::prepare(transaction)?;
    for (entity, tail) in &generation.entities {
        histories.append(*entity, tail)?;
    }
    for (id, changes) in &generation.tables {
        let table = schema.table(*id).expect("commits are checked when they come");
        change_rows(transaction, table, changes)?;
    }
    set(transaction, "covered", generation.last.0)?;
    set(transaction, "log_ordinal", log_ordinal)
}

/// Begins the epoch of a new owner.
pub(super) fn begin_epoch(connection: &mut Connection, log_ordinal: u64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'", [])?;
    set(&transaction, "log_ordinal", log_ordinal)?;
    transaction.commit()
}

/// Says which segment of the log must be there; 0 for none.
pub(super) fn set_log_ordinal(connection: &Connection, log_ordinal: u64) -> rusqlite::Result<()> {
    set(connection, "log_ordinal", log_ordinal)
}

fn set(connection: &Connection, key: &str, value: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1")?
        .execute(params![key, value.cast_signed()])?;
    Ok(())
}

fn change_rows(
    transaction: &Transaction<'_>,
    table: &Table,
    changes: &Changes,
) -> rusqlite::Result<()> {
    let marks = vec!["?"; table.columns.len()].join(", ");
    let key: Vec<String> =
        table.key().iter().map(|column| format!("\"{}\" = ?", column.name)).collect();
    let mut put = transaction
        .prepare_cached(&format!("INSERT OR REPLACE INTO \"{}\" VALUES ({marks})", table.name))?;
    let mut delete = transaction.prepare_cached(&format!(
        "DELETE FROM \"{}\" WHERE {}",
        table.name,
        key.join(" AND ")
    ))?;
    for (key, change) in changes {
        let (statement, rest) = match &change.rest {
            Some(rest) => (&mut put, rest.as_slice()),
            None => (&mut delete, &[][..]),
        };
        for (place, value) in key.iter().chain(rest).enumerate() {
            statement.raw_bind_parameter(place + 1, Parameter(value))?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

/// The statements that change histories.
struct Histories<'t> {
    forget: [Statement<'t>; 2],
    within: Statement<'t>,
    remove: Statement<'t>,
    length: Statement<'t>,
    append: Statement<'t>,
    snapshot: Statement<'t>,
    buffer: Vec<u8>,
}

impl<'t> Histories<'t> {
    fn prepare(transaction: &'t Transaction<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            forget: [
                transaction.prepare("DELETE FROM history WHERE entity = ?1")?,
                transaction.prepare("DELETE FROM snapshot WHERE entity = ?1")?,
            ],
            within: transaction.prepare(
                "SELECT first_record, chunks FROM history WHERE entity = ?1
                 AND first_record < ?3 AND first_record + records > ?2 AND first_record >= coalesce(
                     (SELECT max(first_record) FROM history WHERE entity = ?1 AND first_record <= ?2), 0)
                 ORDER BY first_record LIMIT 1",
            )?,
            remove: transaction
                .prepare("DELETE FROM history WHERE entity = ?1 AND first_record = ?2")?,
            length: transaction.prepare(
                "SELECT first_record + records FROM history WHERE entity = ?1
                 ORDER BY first_record DESC LIMIT 1",
            )?,
            append: transaction.prepare("INSERT INTO history VALUES (?1, ?2, ?3, ?4, ?5)")?,
            snapshot: transaction.prepare("INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3)")?,
            buffer: Vec::new(),
        })
    }

    fn append(&mut self, entity: Entity, tail: &Tail) -> rusqlite::Result<()> {
        if tail.forgotten.is_some() {
            for statement in &mut self.forget {
                statement.execute([entity.0])?;
            }
        }
        let length: Option<i64> = self.length.query_row([entity.0], |row| row.get(0)).optional()?;
        let length = length.unwrap_or(0).cast_unsigned();
        if let Some(snapshot) = &tail.snapshot {
            let included = length + records(&tail.chunks[..snapshot.chunks]);
            let state = snapshot.state.as_ref();
            self.snapshot.execute(params![entity.0, included.cast_signed(), state])?;
        }
        let mut first_record = length;
        let mut chunks = tail.chunks.as_slice();
        while !chunks.is_empty() {
            let (row, rest) = chunks.split_at(row_length(chunks));
            self.insert(entity, first_record, row)?;
            first_record += records(row);
            chunks = rest;
        }
        tail.cuts.iter().try_for_each(|cut| self.cut(entity, cut))
    }

    /// Removes what is cut out, row by row; chunks that stay keep their ordinals, so a row may fall apart.
    fn cut(&mut self, entity: Entity, cut: &Cut) -> rusqlite::Result<()> {
        let clamped = |ordinal: u64| i64::try_from(ordinal).unwrap_or(i64::MAX);
        let mut from = cut.from;
        while from < cut.to {
            let parameters = params![entity.0, clamped(from), clamped(cut.to)];
            let row =
                |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
            let Some((first, bytes)) = self.within.query_row(parameters, row).optional()? else {
                return Ok(());
            };
            let first = first.cast_unsigned();
            // A damaged row stays as it is: whoever reads it is told.
            let Some(chunks) = chunks::decode(Bytes::from(bytes), first) else { return Ok(()) };
            from = chunks.last().map_or(cut.to, Chunk::end);
            let is_cut = |chunk: &Chunk| chunk.is_cut(cut.position, cut.from, cut.to);
            if !chunks.iter().any(is_cut) {
                continue;
            }
            self.remove.execute(params![entity.0, first.cast_signed()])?;
            for kept in chunks.split(is_cut).filter(|kept| !kept.is_empty()) {
                let row: Vec<TailChunk> = kept.iter().cloned().map(TailChunk::from).collect();
                self.insert(entity, kept[0].first_record, &row)?;
            }
        }
        Ok(())
    }

    fn insert(
        &mut self,
        entity: Entity,
        first_record: u64,
        row: &[TailChunk],
    ) -> rusqlite::Result<()> {
        self.buffer.clear();
        chunks::encode(&mut self.buffer, row);
        let position = row.last().map_or(0, |chunk| chunk.position.0);
        self.append.execute(params![
            entity.0,
            first_record.cast_signed(),
            records(row).cast_signed(),
            position.cast_signed(),
            self.buffer
        ])?;
        Ok(())
    }
}

/// How many of the chunks fit one row, at least one.
fn row_length(chunks: &[TailChunk]) -> usize {
    let mut bytes = 0;
    let fits = |chunk: &&TailChunk| {
        bytes += chunk.records.len();
        bytes <= ROW_BYTES_TARGET
    };
    chunks.iter().take_while(fits).count().max(1)
}

fn records(chunks: &[TailChunk]) -> u64 {
    chunks.iter().map(|chunk| u64::from(chunk.record_count)).sum()
}
