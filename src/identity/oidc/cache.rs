//! The keys of the provider, kept: fetched when the first token comes, and anew when a token names a key that is not
//! among them or when they are old. What is known goes on to be used while the provider does not answer.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{discovery::Provider, keys::KeySet, rejection::Rejection};
use crate::clock::Clock;

/// How long to wait from one fetch to the next. Whoever sends tokens with invented keys causes no more than this.
const FLOOR: SignedDuration = SignedDuration::from_secs(30);
/// The same while no keys are known: then every token waits for them.
const FLOOR_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(5);
/// When keys are fetched anew, so that those which the provider has withdrawn are no longer trusted.
const OLD: SignedDuration = SignedDuration::from_mins(10);

/// Keys, and when they were fetched.
#[derive(Clone)]
struct Known {
    keys: Arc<KeySet>,
    fetched: Timestamp,
}

/// When the last fetch ended. Whoever holds it is the one who fetches.
type LastFetch = Option<Timestamp>;

/// The keys of a provider.
pub(super) struct KeyCache {
    provider: Provider,
    clock: Arc<dyn Clock>,
    known: RwLock<Option<Known>>,
    last_fetch: Arc<Mutex<LastFetch>>,
}

impl KeyCache {
    /// Keys that are yet to be fetched.
    pub fn new(provider: Provider, clock: Arc<dyn Clock>) -> Self {
        Self { provider, clock, known: RwLock::default(), last_fetch: Arc::default() }
    }

    /// The keys, as new as they have to be for a token with this key identifier.
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

    /// Fetches the keys, or waits for who does, unless that was just done.
    async fn refresh(self: &Arc<Self>) {
        let last_fetch = Arc::clone(&self.last_fetch).lock_owned().await;
        if self.due(*last_fetch) {
            // A task of its own: a client that goes away must not end what others wait for. When it panics the log says
            // so.
            let _ = tokio::spawn(Arc::clone(self).fetch(last_fetch)).await;
        }
    }

    /// Fetches the keys while nobody waits, unless somebody does or it was just done.
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

    /// Whether so much time has passed. A clock that was set back counts too, or nothing would be fetched until it is
    /// there again.
    fn passed(&self, time: SignedDuration, since: Timestamp) -> bool {
        self.clock.now().duration_since(since).abs() >= time
    }
}
