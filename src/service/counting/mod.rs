//! Counting of decisions: in memory, and every few seconds in the database.
//!
//! A decision adds one to a count of the user's [`Tally`], which its snapshot has. A background task writes what was
//! counted; what cannot be written is kept and tried again. So a decision costs no write, a crash loses what was
//! counted since the last flush, and several instances add up. Counts and refused calls are bounded in number; what
//! finds no room is dropped and counted by a metric.
//!
//! A batch is one statement. If the connection breaks before its result is known, it is written again: its calls are
//! then counted twice if it had been committed. Refused calls have identifiers, and are recorded once.

mod tally;

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::time::{MissedTickBehavior, interval, timeout};

use self::tally::Counted;
pub use self::tally::Tally;
use super::metrics::METRICS;
use crate::{
    config::StatisticsConfig,
    rules::screening::{Call, Ruling},
    store::{
        Connection, StoreError, batch,
        refused_call::{self, Refused},
        statistics::{self, Calls},
    },
};

/// What was counted and recorded since the last flush.
pub struct Counting {
    db: Connection,
    config: StatisticsConfig,
    /// The tallies with counts.
    counted: Mutex<Vec<Arc<Tally>>>,
    /// How many counts there are, in tallies and in `waiting`.
    counts: AtomicUsize,
    /// The refused calls.
    refused: Mutex<Vec<Refused>>,
    /// What a flush is writing, or could not write.
    waiting: tokio::sync::Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// Tallies whose counts are to be taken.
    tallies: Vec<Arc<Tally>>,
    calls: Vec<Calls>,
    refused: Vec<Refused>,
}

impl Counting {
    /// Nothing counted yet.
    pub fn of(db: Connection, config: StatisticsConfig) -> Self {
        Self {
            db,
            config,
            counted: Mutex::default(),
            counts: AtomicUsize::new(0),
            refused: Mutex::default(),
            waiting: tokio::sync::Mutex::default(),
        }
    }

    /// Counts a call that was decided so.
    pub fn count(&self, tally: &Arc<Tally>, call: &Call<'_>, ruling: &Ruling) {
        // Reserved before the count is there: a flush may take it at once.
        let reserve = || {
            let more = |counts| (counts < self.config.counts).then_some(counts + 1);
            self.counts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
        };
        match tally.count(ruling.reason, ruling.key, call.at, reserve) {
            Counted::More | Counted::New => {}
            Counted::First => locked(&self.counted).push(tally.clone()),
            Counted::Lost => METRICS.lost_calls.inc(),
        }
    }

    /// Records a refused call, if there is room for it.
    pub fn record(&self, call: Refused) {
        let mut refused = locked(&self.refused);
        match refused.len() < self.config.refused_calls {
            true => refused.push(call),
            false => METRICS.lost_refused_calls.inc(),
        }
    }

    /// Writes what was counted and recorded. What cannot be written is kept.
    async fn flush(&self) -> Result<(), StoreError> {
        let mut waiting = self.waiting.lock().await;
        // What an earlier flush has left is written first; meanwhile more of the same adds to the same counts.
        self.write(&mut waiting).await?;
        waiting.tallies.extend(mem::take(&mut *locked(&self.counted)));
        waiting.refused = mem::take(&mut *locked(&self.refused));
        loop {
            // Some at a time: a row takes more memory than a count.
            let start = waiting.tallies.len().saturating_sub(batch::AT_ONCE);
            waiting.calls = waiting.tallies.split_off(start).iter().flat_map(|tally| tally.take()).collect();
            self.write(&mut waiting).await?;
            if waiting.tallies.is_empty() {
                waiting.tallies.shrink_to_fit();
                return Ok(());
            }
        }
    }

    async fn write(&self, waiting: &mut Waiting) -> Result<(), StoreError> {
        // From the end, so that what is written is cut off.
        while !waiting.calls.is_empty() {
            let start = waiting.calls.len().saturating_sub(batch::AT_ONCE);
            statistics::add(&self.db, &waiting.calls[start..]).await?;
            self.counts.fetch_sub(waiting.calls.len() - start, Ordering::Relaxed);
            waiting.calls.truncate(start);
        }
        while !waiting.refused.is_empty() {
            let start = waiting.refused.len().saturating_sub(batch::AT_ONCE);
            refused_call::insert(&self.db, &waiting.refused[start..]).await?;
            waiting.refused.truncate(start);
        }
        Ok(())
    }

    /// As [`Self::flush`], as a task of its own: a flush that is given up in the middle might write a batch twice.
    async fn flush_whole(self: &Arc<Self>) -> bool {
        let counting = self.clone();
        let flushed = tokio::spawn(async move { counting.flush().await }).await;
        let flushed = flushed.map_err(|ended| ended.to_string()).and_then(|result| result.map_err(|e| e.to_string()));
        METRICS.count_flush(flushed.is_ok());
        if let Err(error) = &flushed {
            tracing::warn!(%error, "statistics cannot be written, and are kept for the next time");
        }
        flushed.is_ok()
    }

    /// Writes periodically what was counted, for as long as the future is polled.
    pub async fn flush_periodically(self: &Arc<Self>) {
        let mut each = interval(self.config.interval);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            self.flush_whole().await;
        }
    }

    /// Writes what was counted, when nothing more is.
    pub async fn finish(self: &Arc<Self>) {
        let flushed = timeout(self.config.last_flush, self.flush_whole()).await;
        if flushed != Ok(true) {
            let counts = self.counts.load(Ordering::Relaxed);
            tracing::warn!(counts, "statistics of the last seconds are lost: the database does not answer");
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
