use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{Answer, Batch, Content, Error, Message, Outgoing, ReadLimits, Sink, Source};

/// Partitions in memory: a source of what was put into it, or sent to it.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
    added: Notify,
}

#[derive(Default)]
struct State {
    partitions: Vec<Kept>,
    /// Where each id went, so that one that comes twice is kept once.
    ids: BTreeMap<String, (u32, u64)>,
    /// Why nothing is answered.
    trouble: Option<Error>,
}

#[derive(Default)]
struct Kept {
    messages: BTreeMap<u64, Message>,
    first: u64,
    next: u64,
}

impl Memory {
    pub fn new(partitions: usize) -> Self {
        let memory = Self::default();
        memory.lock().partitions.resize_with(partitions, Kept::default);
        memory
    }

    /// Adds a message; gives its offset.
    pub fn put(&self, partition: u32, key: Option<&str>, content: Content) -> Result<u64, Error> {
        let mut state = self.lock();
        let kept = state.kept(partition)?;
        let offset = kept.next;
        let key = key.map(|key| Bytes::copy_from_slice(key.as_bytes()));
        kept.messages.insert(offset, Message { offset, time: None, key, content });
        kept.next += 1;
        drop(state);
        self.added.notify_waiters();
        Ok(offset)
    }

    /// Uses up offsets without messages, as markers of transactions do.
    pub fn skip(&self, partition: u32, offsets: u64) -> Result<(), Error> {
        self.lock().kept(partition)?.next += offsets;
        Ok(())
    }

    /// Forgets what comes before an offset.
    pub fn truncate(&self, partition: u32, first: u64) -> Result<(), Error> {
        let mut state = self.lock();
        let kept = state.kept(partition)?;
        kept.first = first;
        kept.messages = kept.messages.split_off(&first);
        Ok(())
    }

    /// From now on every method answers with this; none ends it.
    pub fn set_trouble(&self, trouble: Option<Error>) {
        self.lock().trouble = trouble;
        self.added.notify_waiters();
    }

    fn take(&self, partition: u32, from: u64, limits: ReadLimits) -> Result<Batch, Error> {
        let mut state = self.lock();
        let kept = state.kept(partition)?;
        let (first, next) = (kept.first, kept.next);
        if from < first || from > next {
            return Err(Error::OutOfRange { partition, asked: from, first, next });
        }
        let (mut batch, mut bytes) = (Batch { messages: Vec::new(), next: from }, 0);
        for message in kept.messages.range(from..).map(|(_, message)| message) {
            bytes += size(&message.content);
            let is_full = batch.messages.len() >= limits.messages_max || bytes > limits.bytes_max;
            if is_full && !batch.messages.is_empty() {
                return Ok(batch);
            }
            batch.next = message.offset + 1;
            batch.messages.push(message.clone());
        }
        batch.next = next;
        Ok(batch)
    }

    fn accept(&self, messages: Vec<Outgoing>) -> Result<(), Error> {
        let mut state = self.lock();
        for Outgoing { id, key, content } in messages {
            let count = state.partitions.len().max(1);
            let partition = key.bytes().map(usize::from).sum::<usize>() % count;
            let partition = u32::try_from(partition).expect("there are few partitions");
            if state.ids.contains_key(&id) {
                continue;
            }
            let kept = state.kept(partition)?;
            let offset = kept.next;
            let key = Some(Bytes::from(key));
            kept.messages.insert(offset, Message { offset, time: None, key, content });
            kept.next += 1;
            state.ids.insert(id, (partition, offset));
        }
        drop(state);
        self.added.notify_waiters();
        Ok(())
    }

    /// The state stays whole if a test panics between two changes.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn kept(&mut self, partition: u32) -> Result<&mut Kept, Error> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let kept = usize::try_from(partition).ok().and_then(|idx| self.partitions.get_mut(idx));
        kept.ok_or_else(|| Error::Refused(format!("there is no partition {partition}")))
    }
}

impl Source for Memory {
    fn partitions(&self) -> Answer<'_, Vec<u32>> {
        Box::pin(async {
            let state = self.lock();
            match &state.trouble {
                Some(trouble) => Err(trouble.clone()),
                None => Ok((0..).take(state.partitions.len()).collect()),
            }
        })
    }

    fn range(&self, partition: u32) -> Answer<'_, std::ops::Range<u64>> {
        Box::pin(async move {
            let mut state = self.lock();
            let kept = state.kept(partition)?;
            Ok(kept.first..kept.next)
        })
    }

    fn read(&self, partition: u32, from: u64, limits: ReadLimits) -> Answer<'_, Batch> {
        Box::pin(async move {
            let until = tokio::time::Instant::now() + limits.patience;
            loop {
                let added = self.added.notified();
                let batch = self.take(partition, from, limits)?;
                if batch.next > from {
                    return Ok(batch);
                }
                let left = until.saturating_duration_since(tokio::time::Instant::now());
                if left == Duration::ZERO || tokio::time::timeout(left, added).await.is_err() {
                    return Ok(batch);
                }
            }
        })
    }
}

impl Sink for Memory {
    fn send(&self, messages: Vec<Outgoing>) -> Answer<'_, ()> {
        Box::pin(async move { self.accept(messages) })
    }
}

fn size(content: &Content) -> usize {
    Outgoing { id: String::new(), key: String::new(), content: content.clone() }.size()
}

#[cfg(test)]
mod tests;
