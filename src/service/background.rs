//! What the server does beside answering requests, for as long as it runs.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::server::Server;
use crate::store::{audit, token};

/// How often old events are looked for.
const CLEANING: Duration = Duration::from_secs(3600);
/// How often the uses of tokens are noted.
const NOTING: Duration = Duration::from_secs(60);

impl Server {
    /// Follows what other instances change, notes the uses of tokens and deletes old events, for as long as the future is
    /// polled.
    pub async fn run_background(&self) {
        tokio::join!(self.snapshots.watch(), self.note_uses(), self.forget_events());
    }

    /// Notes when tokens were used, now and then.
    async fn note_uses(&self) {
        let mut each = interval(NOTING);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            for (id, used) in self.identities.used() {
                if let Err(error) = token::note_use(&self.db, &id, used * 1_000_000).await {
                    tracing::debug!(%error, "the use of a token cannot be noted");
                }
            }
        }
    }

    /// Deletes the events that were kept as long as is configured, now and then.
    async fn forget_events(&self) {
        let mut each = interval(CLEANING);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            if let Err(error) = audit::forget(&self.db, self.audit_retention).await {
                tracing::warn!(%error, "old audit events cannot be deleted");
            }
        }
    }
}
