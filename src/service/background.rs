//! Background tasks, which run as long as the server.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, sleep};

use super::server::Server;
use crate::store::{StoreError, audit, refused_call, statistics, token};

/// Interval of deleting old events.
const CLEANING: Duration = Duration::from_secs(3600);
/// Interval of storing when tokens were used, and of deleting expired entries.
const NOTING: Duration = Duration::from_secs(60);

/// Maximum number of tokens looked up by one statement.
const AT_ONCE: usize = 500;

/// A random number from 0 to 1 that spreads the tasks of several instances over time.
fn spread() -> f64 {
    f64::from(RandomState::new().hash_one(0) as u32) / f64::from(u32::MAX)
}

impl Server {
    /// Runs the background tasks for as long as the future is polled: follows changes by other instances, checks cached
    /// tokens, stores uses of tokens, writes statistics, deletes old events, statistics and expired entries, records
    /// refusals, carries out deletions and imports, and looks at the replica.
    pub async fn run_background(&self) {
        tokio::join!(
            self.snapshots.watch(),
            self.check_tokens(),
            self.note_uses(),
            self.forget_events(),
            self.counting.flush_periodically(),
            self.refusals.record(&self.db, &*self.clock),
            self.carry_out_deletions(),
            self.carry_out_imports(),
            self.forget_entries(),
            self.watch_replica()
        );
    }

    /// Checks cached tokens before they reach the maximum age, in case a revocation was missed.
    async fn check_tokens(&self) {
        loop {
            sleep(self.greatest_age.mul_f64(0.5 + spread() / 2.0)).await;
            for ids in self.identities.known().chunks(AT_ONCE) {
                match token::there(&self.calls, ids).await {
                    Ok(there) => ids.iter().filter(|id| !there.contains(id)).for_each(|id| self.identities.evict(id)),
                    Err(error) => tracing::debug!(%error, "cached tokens cannot be checked"),
                }
            }
        }
    }

    /// Stores periodically when tokens were used.
    async fn note_uses(&self) {
        let mut each = interval(NOTING);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            for (id, used) in self.identities.used() {
                if let Err(error) = token::note_use(&self.db, &id, used * 1_000_000).await {
                    tracing::debug!(%error, "the use of a token cannot be stored");
                }
            }
        }
    }

    /// Deletes periodically the entries of number lists that have expired.
    async fn forget_entries(&self) {
        let mut each = interval(NOTING);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            if let Err(error) = self.forget_expired_entries().await {
                tracing::debug!(%error, "expired entries cannot be deleted");
            }
        }
    }

    /// Deletes periodically the events and statistics whose retention has expired, and old deletions.
    async fn forget_events(&self) {
        let mut each = interval(CLEANING);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            if let Err(error) = audit::forget(&self.db, self.audit_retention).await {
                tracing::warn!(%error, "old audit events cannot be deleted");
            }
            if let Err(error) = self.forget_deletions().await {
                tracing::warn!(%error, "old deletions cannot be forgotten");
            }
            if let Err(error) = self.forget_calls().await {
                tracing::warn!(%error, "old statistics cannot be deleted");
            }
        }
    }

    /// Writes the statistics of the last seconds and ends what does not go on, when no more requests are served.
    pub async fn finish(&self) {
        self.counting.finish().await;
        self.end_abandoned().await;
    }

    /// Deletes statistics and refused calls whose retention has expired.
    async fn forget_calls(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        statistics::forget(&self.db, now).await?;
        refused_call::forget(&self.db, now).await
    }
}
