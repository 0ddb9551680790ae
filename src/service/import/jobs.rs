//! The imports of this instance, from their first byte to their end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use call_acceptance_api::{
    access::Actor,
    resource::transfer::import::{ImportId, ImportOptions},
    value::name::TenantId,
    wire::problem::{Failure, ProblemCode, Refusal},
};
use tokio::sync::{
    Mutex as AsyncMutex, Notify, OwnedSemaphorePermit, Semaphore,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use super::source::Source;

/// Maximum number of imports of an instance in progress. Each has a file on disk, from its first byte to its end.
const MOST: usize = 32;
/// `Retry-After` in seconds while there are as many.
const RETRY_AFTER: u32 = 10;

/// How far an import is.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of the body that have arrived.
    pub(super) arrived: AtomicI64,
    /// Bytes whose lines are applied.
    pub(super) applied: AtomicU64,
    /// Lines that were read.
    pub(super) lines: AtomicU64,
    is_cancelled: AtomicBool,
    cancelled: Notify,
}

impl Progress {
    /// Bytes of the file whose lines are applied.
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// Lines that were read.
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Ends the import before its next lines.
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        self.cancelled.notify_waiters();
        self.cancelled.notify_one();
    }

    /// Whether the import is to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Resolves when the import is to end.
    pub(super) async fn cancelled(&self) {
        if !self.is_cancelled() {
            self.cancelled.notified().await;
        }
    }
}

/// The key of an import.
pub(super) type Key = (TenantId, ImportId);

/// An import of this instance. If it is dropped before its end is stored, it is noted as abandoned.
pub(super) struct Ticket {
    jobs: Arc<Running>,
    pub(super) key: Key,
    pub(super) progress: Arc<Progress>,
    is_ended: bool,
    _permit: OwnedSemaphorePermit,
}

impl Ticket {
    /// The end of the import is stored.
    pub(super) fn end(mut self) {
        self.is_ended = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.jobs.running().remove(&self.key);
        if !self.is_ended {
            self.jobs.abandoned().push(self.key.clone());
            self.jobs.changed.notify_one();
        }
    }
}

/// An import whose body has arrived.
pub(super) struct Job {
    pub(super) by: Actor,
    pub(super) ticket: Ticket,
    pub(super) options: ImportOptions,
    pub(super) source: Arc<Mutex<Source>>,
}

/// What is known of the imports of this instance.
#[derive(Default)]
struct Running {
    running: Mutex<HashMap<Key, Arc<Progress>>>,
    /// Imports whose end is not stored yet: their request or this instance has ended.
    abandoned: Mutex<Vec<Key>>,
    changed: Notify,
}

impl Running {
    fn running(&self) -> MutexGuard<'_, HashMap<Key, Arc<Progress>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn abandoned(&self) -> MutexGuard<'_, Vec<Key>> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The imports of this instance.
pub(in crate::service) struct Jobs {
    known: Arc<Running>,
    permits: Arc<Semaphore>,
    sender: UnboundedSender<Job>,
    pub(super) queue: AsyncMutex<UnboundedReceiver<Job>>,
}

impl Jobs {
    /// No import is in progress.
    pub(in crate::service) fn new() -> Self {
        let (sender, queue) = unbounded_channel();
        let permits = Arc::new(Semaphore::new(MOST));
        Self { known: Arc::default(), permits, sender, queue: AsyncMutex::new(queue) }
    }

    /// The permit for an import.
    ///
    /// # Errors
    /// `too_many_writes` if there is the maximum.
    pub(super) fn admit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        self.permits.clone().try_acquire_owned().map_err(|_| {
            let detail = format!("The server has the maximum of {MOST} imports in progress; try again later.");
            Failure::Refused(Refusal {
                retry_after: Some(RETRY_AFTER),
                ..Refusal::new(ProblemCode::TooManyWrites, detail)
            })
        })
    }

    /// Notes an import that has begun.
    pub(super) fn begin(&self, key: Key, permit: OwnedSemaphorePermit) -> Ticket {
        let progress = Arc::<Progress>::default();
        self.known.running().insert(key.clone(), progress.clone());
        Ticket { jobs: self.known.clone(), key, progress, is_ended: false, _permit: permit }
    }

    /// Hands over an import whose body has arrived.
    pub(super) fn add(&self, job: Job) {
        // The receiver is as old as this; a job that it does not take is abandoned.
        drop(self.sender.send(job));
    }

    /// The imports in progress.
    pub(super) fn running(&self) -> Vec<(Key, Arc<Progress>)> {
        self.known.running().iter().map(|(key, progress)| (key.clone(), progress.clone())).collect()
    }

    /// How far an import is, if it is one of this instance.
    pub(super) fn progress(&self, key: &Key) -> Option<Arc<Progress>> {
        self.known.running().get(key).cloned()
    }

    /// The imports that were abandoned; the caller has to store their end.
    pub(super) fn take_abandoned(&self) -> Vec<Key> {
        std::mem::take(&mut *self.known.abandoned())
    }

    /// Puts back one whose end could not be stored.
    pub(super) fn put_back(&self, key: Key) {
        self.known.abandoned().push(key);
    }

    /// Resolves when an import is abandoned.
    pub(super) async fn changed(&self) {
        self.known.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        let id = ImportId::parse(&format!("{number:032x}")).expect("an identifier");
        (TenantId::parse("foo").expect("an identifier"), id)
    }

    #[test]
    fn a_server_has_some_imports_in_progress_and_takes_the_next_when_one_has_ended() {
        let jobs = Jobs::new();
        let begin = |number| Some(jobs.begin(key(number), jobs.admit().ok()?));
        let mut begun: Vec<_> = (0..MOST).filter_map(begin).collect();
        assert_eq!(begun.len(), MOST);
        assert!(begin(MOST).is_none());
        begun.pop().expect("one has begun").end();
        assert!(begin(MOST).is_some());
    }
}
