//! Sources and sinks as their pumps see them.

use std::sync::Arc;

use motet_store::{Position, RowScan, Value};
use tokio::sync::{oneshot, watch};

use super::Inner;
use super::inner::{check_size, unexpected};
use crate::shard::{Input, Reply};
use crate::tables::OUTGOING;
use crate::{Error, Intake, Outgoing, OutgoingKey};

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
        let scan = RowScan {
            table: OUTGOING.id,
            prefix: vec![Value::Text(sink.to_string())],
            after: after.map(|key| key.columns()),
            limit,
        };
        let (sender, receiver) = oneshot::channel();
        // A pump that was stopped wants no answer.
        self.store.rows(scan, Box::new(move |rows| drop(sender.send(rows))));
        let stopped = |_| Error::Unavailable("it stopped before it answered".to_owned());
        let rows = receiver.await.map_err(stopped)?;
        let rows = rows.map_err(|error| Error::Unavailable(error.to_string()))?;
        let read = |row| Outgoing::read(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        rows.iter().map(read).collect()
    }

    pub(crate) async fn delivered(&self, keys: Vec<OutgoingKey>) -> Result<Position, Error> {
        match self.ask(|reply| Input::Delivered { keys, reply }).await? {
            (Reply::Done, position) => Ok(position),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) fn outgoing_grows(&self) -> watch::Receiver<u64> {
        self.outgoing.subscribe()
    }
}
