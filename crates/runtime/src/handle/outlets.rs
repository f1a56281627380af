//! Sources and sinks: what their pumps hand over and fetch, and what people do about them.

use std::sync::Arc;

use motet_store::Position;

use super::{Error, Handle};
use crate::{Intake, Outgoing, OutgoingKey, RefusedEvent, SinkChange, SinkView};

impl Handle {
    /// Takes a batch of a source in: its events and how far its partition is read become durable together, or not at all.
    pub async fn take_in(&self, intake: Intake) -> Result<Position, Error> {
        self.inner.take_in(intake).await
    }

    /// The offset that comes next in each partition of a source that was read.
    pub async fn offsets(&self, source: Arc<str>) -> Result<Vec<(u32, u64)>, Error> {
        self.inner.offsets(source).await
    }

    /// Events that wait for a sink, in their order; `after` is the last one that was read before.
    pub async fn outgoing(
        &self,
        sink: Arc<str>,
        after: Option<OutgoingKey>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, Error> {
        self.inner.outgoing(sink, after, limit).await
    }

    /// Events that a sink has acknowledged wait no more.
    pub async fn delivered(&self, keys: Vec<OutgoingKey>) -> Result<Position, Error> {
        self.inner.delivered(keys).await
    }

    /// A sink will never take this event: it is kept until somebody decides about it.
    ///
    /// # Errors
    /// As many are kept as may be.
    pub async fn sink_refuses(
        &self,
        outgoing: Outgoing,
        reason: String,
    ) -> Result<Position, Error> {
        self.inner.sink_refuses(outgoing, reason).await
    }

    /// Every sink that is configured, or that events wait for.
    pub async fn sinks(&self) -> Result<(Vec<SinkView>, Position), Error> {
        self.inner.sinks().await
    }

    /// Events that a sink has refused, in the order of their instances; `after` is the last one that was read before.
    pub async fn refused_by_sink(
        &self,
        sink: Arc<str>,
        after: Option<OutgoingKey>,
        limit: usize,
    ) -> Result<Vec<RefusedEvent>, Error> {
        self.inner.refused_by_sink(sink, after, limit).await
    }

    /// Lets what a sink refused go out again or go, or what waits for one that is not configured any more; tells how many
    /// events that were.
    pub async fn change_sink(
        &self,
        sink: Arc<str>,
        change: SinkChange,
        reason: Option<String>,
    ) -> Result<(u64, Position), Error> {
        self.inner.change_sink(sink, change, reason, self.actor.clone()).await
    }

    /// Changes when more events wait for sinks.
    pub fn outgoing_grows(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.outgoing_grows()
    }
}
