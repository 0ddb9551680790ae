//! Coalesces concurrent loads: requests for the same key wait for the load in progress, and the number of concurrent
//! loads is limited.
//!
//! A load that is still queued is cancelled with its last waiter. A load that has begun continues without waiters, and
//! later requests join it: the database is already working on it, and a load slower than the deadline would otherwise
//! never be used.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::AbortHandle,
};
use tracing::Instrument;

/// Timeout of a load that has begun, independent of its waiters.
pub(super) const LOAD: Duration = Duration::from_secs(5);

/// The loads in progress, by key.
pub(super) struct Flights<K, T> {
    flights: Mutex<HashMap<K, Flight<T>>>,
    /// Permits; each load that has begun holds one.
    turns: Arc<Semaphore>,
    last: AtomicU64,
}

struct Flight<T> {
    id: u64,
    waiting: usize,
    begun: bool,
    task: AbortHandle,
    result: watch::Receiver<Option<T>>,
}

/// A waiter for a load.
struct Waiter<'a, K: Eq + Hash, T> {
    flights: &'a Flights<K, T>,
    key: K,
    id: u64,
}

impl<K: Eq + Hash, T> Drop for Waiter<'_, K, T> {
    fn drop(&mut self) {
        self.flights.leave(&self.key, self.id);
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// No loads; each load will take one of `turns` to begin.
    pub fn of(turns: Arc<Semaphore>) -> Self {
        Self { flights: Mutex::default(), turns, last: AtomicU64::new(0) }
    }

    /// The result of the load of `key` in progress, else of `load`, which receives a permit and returns it by dropping
    /// it; `None` if the load ended without a result. Drop the future to stop waiting.
    pub async fn join<F>(
        self: &Arc<Self>,
        key: K,
        load: impl FnOnce(OwnedSemaphorePermit) -> F + Send + 'static,
    ) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (waiter, mut result) = self.board(key, load);
        let landed = result.wait_for(Option::is_some).await.ok().and_then(|result| result.clone());
        drop(waiter);
        landed
    }

    fn board<F>(
        self: &Arc<Self>,
        key: K,
        load: impl FnOnce(OwnedSemaphorePermit) -> F + Send + 'static,
    ) -> (Waiter<'_, K, T>, watch::Receiver<Option<T>>)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut flights = self.lock();
        if let Some(flight) = flights.get_mut(&key) {
            flight.waiting += 1;
            return (Waiter { flights: self, key, id: flight.id }, flight.result.clone());
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed);
        let (landed, result) = watch::channel(None);
        // In the trace of the request that needs it first.
        let flight = self.clone().fly(key.clone(), id, load, landed).in_current_span();
        let task = tokio::spawn(flight).abort_handle();
        flights.insert(key.clone(), Flight { id, waiting: 1, begun: false, task, result: result.clone() });
        (Waiter { flights: self, key, id }, result)
    }

    async fn fly<F: Future<Output = T>>(
        self: Arc<Self>,
        key: K,
        id: u64,
        load: impl FnOnce(OwnedSemaphorePermit) -> F,
        landed: watch::Sender<Option<T>>,
    ) {
        // Also runs if the load panics.
        let _end = End { flights: &self, key: &key, id };
        let Ok(turn) = self.turns.clone().acquire_owned().await else { return };
        if let Some(flight) = self.lock().get_mut(&key).filter(|flight| flight.id == id) {
            flight.begun = true;
        }
        let value = load(turn).await;
        self.remove(&key, id);
        landed.send_replace(Some(value));
    }

    /// Detaches the matching loads: they serve only their present waiters, and later requests start new loads.
    pub fn detach(&self, matching: impl Fn(&K) -> bool) {
        self.lock().retain(|key, _| !matching(key));
    }
}

impl<K: Eq + Hash, T> Flights<K, T> {
    /// The number of loads that have not begun, for want of a permit.
    pub fn queued(&self) -> usize {
        self.lock().values().filter(|flight| !flight.begun).count()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<T>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, key: &K, id: u64) {
        let mut flights = self.lock();
        let Some(flight) = flights.get_mut(key).filter(|flight| flight.id == id) else { return };
        flight.waiting -= 1;
        if flight.waiting == 0 && !flight.begun {
            flight.task.abort();
            flights.remove(key);
        }
    }

    fn remove(&self, key: &K, id: u64) {
        let mut flights = self.lock();
        if flights.get(key).is_some_and(|flight| flight.id == id) {
            flights.remove(key);
        }
    }
}

struct End<'a, K: Eq + Hash, T> {
    flights: &'a Flights<K, T>,
    key: &'a K,
    id: u64,
}

impl<K: Eq + Hash, T> Drop for End<'_, K, T> {
    fn drop(&mut self) {
        self.flights.remove(self.key, self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    fn flights(turns: usize) -> Arc<Flights<u8, usize>> {
        Arc::new(Flights::of(Arc::new(Semaphore::new(turns))))
    }

    #[tokio::test]
    async fn requests_for_the_same_key_share_the_load_in_progress() {
        let (flights, loads) = (flights(1), Arc::new(AtomicUsize::new(0)));
        let load = move |_turn| {
            let loads = loads.clone();
            async move { loads.fetch_add(1, Ordering::Relaxed) + 1 }
        };
        let (one, two, other) = (load.clone(), load.clone(), load.clone());
        let asked = tokio::join!(flights.join(1, one), flights.join(1, two), flights.join(2, other));
        assert_eq!(asked, (Some(1), Some(1), Some(2)));
        assert_eq!(flights.join(1, load).await, Some(3), "what has landed is not under way");
    }

    #[tokio::test]
    async fn a_queued_load_is_cancelled_with_its_waiter_but_a_begun_load_continues() {
        let (flights, go, begun) = (flights(1), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let first = {
            let (go, begun) = (go.clone(), begun.clone());
            move |turn| async move {
                begun.notify_one();
                go.notified().await;
                drop(turn);
                1
            }
        };
        let mut asked = Box::pin(flights.join(1, first));
        tokio::select! { _ = &mut asked => unreachable!("nobody let it go on"), () = begun.notified() => {} }
        let mut queued = Box::pin(flights.join(2, |_turn| async { unreachable!("its waiter was dropped") }));
        assert!(futures_util::poll!(&mut queued).is_pending());
        drop((asked, queued));
        assert_eq!(flights.lock().keys().collect::<Vec<_>>(), [&1]);
        go.notify_one();
        let again = flights.join(1, |_turn| async { 2 }).await;
        assert_eq!(again, Some(1), "it goes on for those who ask next");
    }

    #[tokio::test]
    async fn a_detached_load_serves_only_its_earlier_waiters() {
        let (flights, go) = (flights(2), Arc::new(Notify::new()));
        let old = {
            let go = go.clone();
            move |_turn| async move {
                go.notified().await;
                1
            }
        };
        let mut before = Box::pin(flights.join(1, old));
        assert!(futures_util::poll!(&mut before).is_pending());
        flights.detach(|key| *key == 1);
        assert_eq!(flights.join(1, |_turn| async { 2 }).await, Some(2));
        go.notify_one();
        assert_eq!(before.await, Some(1));
    }

    #[tokio::test]
    async fn a_load_that_panics_has_no_result() {
        let flights = flights(1);
        assert_eq!(flights.join(1, |_turn| async { panic!("as it is meant to") }).await, None);
        assert_eq!(flights.join(1, |_turn| async { 2 }).await, Some(2));
    }
}
