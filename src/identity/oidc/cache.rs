//! Cache of the provider's keys. They are fetched with the first token, and again when a token has an unknown key
//! identifier or when they are old. While the provider does not respond, the cached keys remain in use.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{discovery::Provider, keys::KeySet, rejection::Rejection};
use crate::clock::Clock;

/// Minimum time between fetches, so that tokens with invented key identifiers do not cause more.
const FLOOR: SignedDuration = SignedDuration::from_secs(30);
/// The same while no keys are known, since all tokens then wait for them.
const FLOOR_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(5);
/// Age at which keys are fetched again, so that withdrawn keys are no longer trusted.
const OLD: SignedDuration = SignedDuration::from_mins(10);

/// Keys with the time of their fetch.
#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    fetched: Timestamp,
}

/// Time of the last fetch. The holder of the lock is the task that fetches.
type LastFetch = Option<Timestamp>;

/// The cached keys of a provider.
pub(super) struct KeyCache {
    provider: Provider,
    clock: Arc<dyn Clock>,
    known: RwLock<Option<Known>>,
    last_fetch: Arc<Mutex<LastFetch>>,
}

impl KeyCache {
    /// An empty cache.
    pub fn new(provider: Provider, clock: Arc<dyn Clock>) -> Self {
        Self { provider, clock, known: RwLock::default(), last_fetch: Arc::default() }
    }

    /// The keys, refreshed if necessary for a token with this key identifier.
    pub async fn for_id(self: &Arc<Self>, id: Option<&str>) -> Result<Arc<KeySet>, Rejection> {
        match self.known() {
            Some(known) if known.keys.has(id) => {
                if self.passed(OLD, known.fetched) {
                    self.refresh_behind();
                }
                Ok(known.keys)
            }
            _ => {
                self.refresh().await;
                self.known().map(|known| known.keys).ok_or(Rejection::Unavailable)
            }
        }
    }

    /// Fetches the keys or waits for a fetch in progress; does nothing right after a fetch.
    async fn refresh(self: &Arc<Self>) {
        let last_fetch = Arc::clone(&self.last_fetch).lock_owned().await;
        if self.due(*last_fetch) {
            // In its own task, so that a disconnecting client does not abort a fetch for which others wait. A panic is
            // logged.
            let _ = tokio::spawn(Arc::clone(self).fetch(last_fetch)).await;
        }
    }

    /// Fetches the keys in the background, unless a fetch is in progress or has just ended.
    fn refresh_behind(self: &Arc<Self>) {
        if let Ok(last_fetch) = Arc::clone(&self.last_fetch).try_lock_owned()
            && self.due(*last_fetch)
        {
            tokio::spawn(Arc::clone(self).fetch(last_fetch));
        }
    }

    async fn fetch(self: Arc<Self>, mut last_fetch: OwnedMutexGuard<LastFetch>) {
        let fetched = self.provider.keys().await;
        let now = self.clock.now();
        *last_fetch = Some(now);
        match fetched {
            Ok(keys) => {
                tracing::debug!(keys = keys.len(), "the keys of the OpenID provider were fetched");
                let known = Known { keys: Arc::new(keys), fetched: now };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
            }
            Err(error) => tracing::warn!("the keys of the OpenID provider could not be fetched: {error}"),
        }
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn due(&self, last_fetch: LastFetch) -> bool {
        let floor = if self.known().is_some() { FLOOR } else { FLOOR_WITHOUT_KEYS };
        last_fetch.is_none_or(|last| self.passed(floor, last))
    }

    /// Whether `time` has passed since `since`. True also if the clock was set back, else nothing would be fetched
    /// until it has caught up.
    fn passed(&self, time: SignedDuration, since: Timestamp) -> bool {
        self.clock.now().duration_since(since).abs() >= time
    }
}
