//! Sources and sinks as their pumps see them.

use std::sync::Arc;

use motet_expr::json::object;
use motet_store::{Position, Row, RowScan, Table, Value};
use tokio::sync::{oneshot, watch};

use super::Inner;
use super::inner::{check_size, unexpected};
use crate::shard::{Input, Reply};
use crate::tables::{OUTGOING, REFUSED};
use crate::{
    Actor, Error, Intake, Note, Outgoing, OutgoingKey, RefusedEvent, SinkChange, SinkView,
};

/// Rows that one commit changes because a person said so.
const CHANGED_ROWS: usize = 256;

impl Inner {
    pub(crate) async fn take_in(&self, intake: Intake) -> Result<Position, Error> {
        let bytes = intake.events.iter().map(|event| event.size_bound()).sum();
        check_size("the batch", bytes, self.limits.frame_bytes_max / 2)?;
        let intake = Box::new(intake);
        match self.ask(|reply| Input::Intake { intake, reply }).await? {
            (Reply::Done, position) => Ok(position),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn offsets(&self, source: Arc<str>) -> Result<Vec<(u32, u64)>, Error> {
        match self.ask(|reply| Input::Offsets { source, reply }).await? {
            (Reply::Offsets(offsets), _) => Ok(offsets),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn outgoing(
        &self,
        sink: Arc<str>,
        after: Option<OutgoingKey>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, Error> {
        let after = after.map(|key| key.columns());
        let rows = self.rows_of_sink(&OUTGOING, &sink, after, limit).await?;
        let read = |row| Outgoing::read(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        rows.iter().map(read).collect()
    }

    pub(crate) async fn delivered(&self, keys: Vec<OutgoingKey>) -> Result<Position, Error> {
        match self.ask(|reply| Input::Delivered { keys, reply }).await? {
            (Reply::Done, position) => Ok(position),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn sink_refuses(
        &self,
        outgoing: Outgoing,
        reason: String,
    ) -> Result<Position, Error> {
        let outgoing = Box::new(outgoing);
        match self.ask(|reply| Input::SinkRefuses { outgoing, reason, reply }).await? {
            (Reply::Done, position) => Ok(position),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn sinks(&self) -> Result<(Vec<SinkView>, Position), Error> {
        match self.ask(|reply| Input::ListSinks { reply }).await? {
            (Reply::Sinks(sinks), position) => Ok((sinks, position)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    async fn sink(&self, name: &str) -> Result<(SinkView, Position), Error> {
        let (sinks, position) = self.sinks().await?;
        let found = sinks.into_iter().find(|sink| &*sink.name == name);
        let found = found.ok_or_else(|| Error::UnknownSink(name.to_owned()))?;
        Ok((found, position))
    }

    pub(crate) async fn refused_by_sink(
        &self,
        sink: Arc<str>,
        after: Option<OutgoingKey>,
        limit: usize,
    ) -> Result<Vec<RefusedEvent>, Error> {
        self.sink(&sink).await?;
        let after = after.map(|key| key.columns());
        let rows = self.rows_of_sink(&REFUSED, &sink, after, limit).await?;
        let read =
            |row| RefusedEvent::read(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        rows.iter().map(read).collect()
    }

    /// Goes through the rows once, a page at a time. What it is about to do stands in the audit before it begins.
    pub(crate) async fn change_sink(
        &self,
        sink: Arc<str>,
        change: SinkChange,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<(u64, Position), Error> {
        // One at a time: what one of them has read no other one changes.
        let _turn = self.sink_changes.lock().await;
        let (view, mut position) = self.sink(&sink).await?;
        let (action, events, table) = match change {
            SinkChange::Retry => ("sink.retry", view.refused, &REFUSED),
            SinkChange::Discard => ("sink.discard", view.refused, &REFUSED),
            SinkChange::Remove if view.configured => {
                return Err(Error::SinkInUse(sink.to_string()));
            }
            SinkChange::Remove => ("sink.remove", view.waiting, &OUTGOING),
        };
        if events == 0 {
            return Ok((0, position));
        }
        let after = object([("events", motet_expr::Value::from(events as usize))]);
        let subject = sink.to_string();
        let after = Some(after);
        self.note(Note { actor, namespace: None, action, subject, reason, after }).await?;
        let (mut count, mut after) = (0, None);
        loop {
            let rows = self.rows_of_sink(table, &sink, after, CHANGED_ROWS).await?;
            let Some(last) = rows.last() else { return Ok((count, position)) };
            after = Some(last[..table.key_columns].to_vec());
            count += rows.len() as u64;
            match self.ask(|reply| Input::ChangeSink { change, rows, reply }).await? {
                (Reply::Done, at) => position = position.max(at),
                (other, _) => return Err(unexpected(&other)),
            }
        }
    }

    async fn rows_of_sink(
        &self,
        table: &Table,
        sink: &str,
        after: Option<Vec<Value>>,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let prefix = vec![Value::Text(sink.to_owned())];
        let scan = RowScan { table: table.id, prefix, after, limit };
        let (sender, receiver) = oneshot::channel();
        // A pump that was stopped wants no answer.
        self.store.rows(scan, Box::new(move |rows| drop(sender.send(rows))));
        let stopped = |_| Error::Unavailable("it stopped before it answered".to_owned());
        let rows = receiver.await.map_err(stopped)?;
        rows.map_err(|error| Error::Unavailable(error.to_string()))
    }

    pub(crate) fn outgoing_grows(&self) -> watch::Receiver<u64> {
        self.outgoing.subscribe()
    }
}
