//! Follows the feed of changes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{Snapshots, affected::Affected};
use crate::store::{
    StoreError,
    feed::{self, Bell, Change, Changes, Feed},
};

/// Minimum time between polls of the feed, so that many concurrent changes are read together.
const BREATH: Duration = Duration::from_millis(50);
/// Maximum delay until a revocation takes effect, independent of the staleness of decisions.
const REVOCATION: Duration = Duration::from_secs(4);

impl Snapshots {
    /// Follows the feed of changes for as long as the future is polled.
    pub async fn watch(self: &Arc<Self>) {
        let rung = Notify::new();
        tokio::join!(self.listen(&rung), self.follow(&rung), self.clean());
    }

    /// Half the staleness, so that a poll may take as long as the pause before it.
    fn pace(&self) -> Duration {
        self.config.staleness.min(REVOCATION) / 2
    }

    async fn listen(&self, rung: &Notify) {
        loop {
            if let Err(error) = self.pass_on(rung).await {
                tracing::debug!(%error, "cannot listen to notifications of the database");
            }
            sleep(self.pace()).await;
        }
    }

    async fn pass_on(&self, rung: &Notify) -> Result<(), StoreError> {
        let mut bell = Bell::of(&self.db).await?;
        loop {
            bell.ring().await?;
            rung.notify_one();
        }
    }

    async fn follow(&self, rung: &Notify) {
        let mut feed = Feed::of(&self.db);
        let mut known_stale = false;
        let mut before = self.now();
        // Nothing is cached yet that could be stale, however long the start took.
        self.read_at.store(before.as_millis() as u64, Ordering::Relaxed);
        loop {
            let began = self.now();
            match timeout(self.pace(), feed.read()).await {
                Ok(Ok(changes)) => {
                    // Changes found by this poll were not yet visible in the previous one.
                    self.apply(changes, before + self.config.staleness);
                    self.read_at.store(began.as_millis() as u64, Ordering::Relaxed);
                    before = began;
                }
                Ok(Err(error)) => tracing::debug!(%error, "the feed of changes cannot be read"),
                Err(_) => tracing::debug!("the feed of changes cannot be read in time"),
            }
            if self.are_stale() != known_stale {
                known_stale = !known_stale;
                report(known_stale);
            }
            tokio::select! { () = rung.notified() => {}, () = sleep(self.pace()) => {} }
            sleep(BREATH.saturating_sub(self.now().saturating_sub(began))).await;
        }
    }

    /// Marks the snapshots affected by the changes as outdated; they may be used until `until`.
    fn apply(&self, changes: Changes, until: Duration) {
        match changes {
            Changes::Of(mut changes) => {
                let mut own = self.own();
                changes.retain(|(id, _)| !own.remove(id));
                drop(own);
                self.outdate(Affected::by(changes.iter().map(|(_, change)| change)), until);
                for (_, change) in changes {
                    if let Change::Token(token) = change {
                        self.identities.evict(&token);
                    }
                }
            }
            Changes::Unknown => {
                self.own().clear();
                self.outdate(Affected::everybody(), until);
                self.identities.doubt_all(Instant::now() + REVOCATION);
            }
        }
    }

    async fn clean(&self) {
        let mut each = interval(feed::KEPT / 4);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            if let Err(error) = feed::forget(&self.db).await {
                tracing::debug!(%error, "old changes cannot be deleted");
            }
        }
    }
}

fn report(stale: bool) {
    match stale {
        true => tracing::warn!("the database does not respond: decisions are based on cached data"),
        false => tracing::info!("the database responds again: decisions are up to date"),
    }
}
