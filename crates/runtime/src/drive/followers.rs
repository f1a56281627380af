//! Who waits for news of services: at most so many at once, and nobody longer than the server runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use motet_types::{Label, ServiceName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::Error;

/// Requests that wait for news at once.
pub const FOLLOWERS_MAX: usize = 8_192;

/// When a request comes again that found no room.
const FULL_RETRY: Duration = Duration::from_secs(1);

/// What somebody waits for news of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Service(ServiceName),
    /// Everything in it.
    Namespace(Label),
}

pub(crate) struct Followers {
    /// Of those alone that somebody follows.
    subjects: Mutex<BTreeMap<Subject, watch::Sender<()>>>,
    room: std::sync::Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Default for Followers {
    fn default() -> Self {
        Self {
            subjects: Mutex::default(),
            room: std::sync::Arc::new(Semaphore::new(FOLLOWERS_MAX)),
            stopping: watch::Sender::new(false),
        }
    }
}

/// One who waits; whoever goes away is forgotten.
pub(super) struct Following<'f> {
    followers: &'f Followers,
    subject: Subject,
    news: Option<watch::Receiver<()>>,
    stopping: watch::Receiver<bool>,
    _room: OwnedSemaphorePermit,
}

impl Followers {
    /// From now on no news of the subject is missed.
    ///
    /// # Errors
    /// As many wait as may, or the server stops.
    pub(super) fn follow(&self, subject: Subject) -> Result<Following<'_>, Error> {
        let room = self.room.clone().try_acquire_owned();
        let room = room.map_err(|_| Error::Overloaded { retry_after: FULL_RETRY })?;
        let mut subjects = self.lock();
        let sender = subjects.entry(subject.clone()).or_default();
        let news = Some(sender.subscribe());
        let stopping = self.stopping.subscribe();
        Ok(Following { followers: self, subject, news, stopping, _room: room })
    }

    pub(super) fn tell(&self, names: &[ServiceName]) {
        let subjects = self.lock();
        let mut told: Option<&Label> = None;
        for name in names {
            if let Some(sender) = subjects.get(&Subject::Service(name.clone())) {
                sender.send_replace(());
            }
            // Names come in their order, those of one namespace together.
            if told != Some(&name.namespace)
                && let Some(sender) = subjects.get(&Subject::Namespace(name.namespace.clone()))
            {
                sender.send_replace(());
            }
            told = Some(&name.namespace);
        }
    }

    /// Nobody waits any more.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Subject, watch::Sender<()>>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Following<'_> {
    /// Waits for news.
    ///
    /// # Errors
    /// The server stops.
    pub(super) async fn next(&mut self) -> Result<(), Error> {
        let Some(news) = &mut self.news else { return Ok(()) };
        tokio::select! {
            // The sender lives as long as somebody follows.
            _ = news.changed() => Ok(()),
            _ = self.stopping.wait_for(|stopping| *stopping) => {
                Err(Error::Unavailable("it is stopping".to_owned()))
            }
        }
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        let mut subjects = self.followers.lock();
        self.news = None;
        if subjects.get(&self.subject).is_some_and(|sender| sender.receiver_count() == 0) {
            subjects.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests;
