//! Loads that are under way: whoever asks for the same waits for the one that is, and not more than so many run at
//! once.
//!
//! A load that waits for its turn ends with the last question that waits for it. One that has begun goes on for those
//! who ask next: the database works for it already, and one that is slower than the deadline would never be used else.

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

/// How long a load may take once it has begun, however long anybody waits for it.
pub(super) const LOAD: Duration = Duration::from_secs(5);

/// The loads of values of a kind, by what they are asked for by.
pub(super) struct Flights<K, T> {
    flights: Mutex<HashMap<K, Flight<T>>>,
    /// Loads that have begun hold one each.
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

/// Somebody who waits for a load.
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
    /// No loads at first; of those that begin, each takes one of `turns`.
    pub fn of(turns: Arc<Semaphore>) -> Self {
        Self { flights: Mutex::default(), turns, last: AtomicU64::new(0) }
    }

    /// The result of the load of `key` that is under way, or of `load`, which is given its turn and gives it back when
    /// it drops it; `None` when it came to no result. Whoever does not want to wait any longer drops the future.
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
        let task = tokio::spawn(self.clone().fly(key.clone(), id, load, landed)).abort_handle();
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
        // The end of a load that panics too.
        let _end = End { flights: &self, key: &key, id };
        let Ok(turn) = self.turns.clone().acquire_owned().await else { return };
        if let Some(flight) = self.lock().get_mut(&key).filter(|flight| flight.id == id) {
            flight.begun = true;
        }
        let value = load(turn).await;
        self.remove(&key, id);
        landed.send_replace(Some(value));
    }

    /// Leaves those loads to those who wait for them already: who asks from now on starts another one.
    pub fn detach(&self, matching: impl Fn(&K) -> bool) {
        self.lock().retain(|key, _| !matching(key));
    }
}

impl<K: Eq + Hash, T> Flights<K, T> {
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
    async fn whoever_asks_for_the_same_waits_for_the_load_that_is_under_way() {
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
    async fn a_load_that_waits_for_its_turn_ends_with_its_question_and_one_that_has_begun_does_not() {
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
        let mut queued = Box::pin(flights.join(2, |_turn| async { unreachable!("its question was given up") }));
        assert!(futures_util::poll!(&mut queued).is_pending());
        drop((asked, queued));
        assert_eq!(flights.lock().keys().collect::<Vec<_>>(), [&1]);
        go.notify_one();
        let again = flights.join(1, |_turn| async { 2 }).await;
        assert_eq!(again, Some(1), "it goes on for those who ask next");
    }

    #[tokio::test]
    async fn a_load_that_a_change_overtook_is_for_those_only_who_asked_before() {
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
    async fn a_load_that_panics_comes_to_no_result() {
        let flights = flights(1);
        assert_eq!(flights.join(1, |_turn| async { panic!("as it is meant to") }).await, None);
        assert_eq!(flights.join(1, |_turn| async { 2 }).await, Some(2));
    }
}
