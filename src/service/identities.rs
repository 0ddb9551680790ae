//! Cache of authenticated identities, so that requests with a known token need neither the database nor the OpenID
//! provider.
//!
//! A token stays cached until it is revoked: by this instance immediately, by others through the feed of changes. While
//! the feed cannot be read, tokens cannot be revoked either; once it can, and changes may have been missed, tokens are
//! looked up again. An access token of the provider stays cached for a minute.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use call_acceptance_api::{access::Identity, resource::token::TokenId};
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use tokio::{sync::Semaphore, time::Instant};

use super::{failure::Shared, flights::Flights};
use crate::{identity::token::Digest, store::token::KeptToken};

/// Maximum number of cached tokens, and of cached access tokens of the provider.
const MOST: usize = 10_000;
/// How long an access token of the provider is accepted without verifying it again.
const TRUSTED: SignedDuration = SignedDuration::from_mins(1);

/// A token that is not revoked.
pub struct KnownToken {
    /// The identity of the token.
    identity: Arc<Identity>,
    digest: Digest,
    /// Time of expiry.
    expires: Option<Timestamp>,
    /// Time of the last use, and the time that was last stored, in Unix seconds; 0 for never.
    used: AtomicI64,
    noted: AtomicI64,
}

impl KnownToken {
    /// A token that has not been used.
    pub fn new(identity: Identity, digest: Digest, expires: Option<Timestamp>) -> Self {
        Self { identity: identity.into(), digest, expires, used: 0.into(), noted: 0.into() }
    }

    /// The identity of the token, if `secret` is correct and the token is valid at `now`; records the use.
    pub fn authenticate(&self, secret: &str, now: Timestamp) -> Option<Arc<Identity>> {
        if !self.digest.matches(secret) || self.expires.is_some_and(|expires| expires <= now) {
            return None;
        }
        self.used.store(now.as_second(), Ordering::Relaxed);
        Some(self.identity.clone())
    }
}

/// A valid access token of the provider.
#[derive(Clone)]
struct KnownSubject {
    identity: Arc<Identity>,
    until: Timestamp,
}

/// The result of looking up a token.
#[derive(Clone)]
pub struct Looked {
    /// The value for [`Identities::insert`].
    pub moment: u64,
    /// The token, if it exists.
    pub kept: Option<KeptToken>,
}

/// The identities cached by one instance.
pub struct Identities {
    /// The lookups of tokens in progress.
    pub loads: Arc<Flights<TokenId, Result<Looked, Shared>>>,
    tokens: Cache<TokenId, Arc<KnownToken>>,
    /// Tokens that may have been revoked while changes were missed, and until when they are accepted if the database
    /// does not say so.
    doubted: Cache<TokenId, (Arc<KnownToken>, Instant)>,
    /// By the digest of the access token.
    subjects: Cache<Digest, KnownSubject>,
    /// Number of removals. Its lock guards all insertions and removals of tokens.
    forgotten: Mutex<u64>,
}

impl Identities {
    /// An empty cache. Each lookup takes one of `turns`.
    pub fn of(turns: Arc<Semaphore>) -> Self {
        Self {
            loads: Arc::new(Flights::of(turns)),
            tokens: Cache::new(MOST),
            doubted: Cache::new(MOST),
            subjects: Cache::new(MOST),
            forgotten: Mutex::default(),
        }
    }

    /// The token, if it is cached.
    pub fn token(&self, id: &TokenId) -> Option<Arc<KnownToken>> {
        self.tokens.get(id)
    }

    /// The cached tokens.
    pub fn known(&self) -> Vec<TokenId> {
        self.tokens.iter().map(|(id, _)| id).collect()
    }

    /// The value for [`Self::insert`]; take it before looking up the token.
    pub fn moment(&self) -> u64 {
        *self.forgotten()
    }

    /// Caches a token that was valid at `moment`, unless any token has been removed since.
    pub fn insert(&self, moment: u64, id: TokenId, known: Arc<KnownToken>) {
        let forgotten = self.forgotten();
        if *forgotten == moment {
            self.doubted.remove(&id);
            self.tokens.insert(id, known);
        }
    }

    /// The identity of the access token with this digest, if it is cached and valid at `now`.
    pub fn subject(&self, digest: &Digest, now: Timestamp) -> Option<Arc<Identity>> {
        self.subjects.get(digest).filter(|known| now < known.until).map(|known| known.identity)
    }

    /// Caches an access token that is valid at `now`, until it expires.
    pub fn insert_subject(&self, digest: Digest, identity: Arc<Identity>, now: Timestamp, expires: Timestamp) {
        let until = now.checked_add(TRUSTED).map_or(expires, |trusted| trusted.min(expires));
        self.subjects.insert(digest, KnownSubject { identity, until });
    }

    /// The token, if changes may have been missed since it was looked up, and it may still be accepted.
    pub fn doubted(&self, id: &TokenId) -> Option<Arc<KnownToken>> {
        self.doubted.get(id).filter(|(_, until)| Instant::now() < *until).map(|(known, _)| known)
    }

    /// Removes a token that is no longer valid.
    pub fn evict(&self, id: &TokenId) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        self.tokens.remove(id);
        self.doubted.remove(id);
        self.loads.detach(|looked_for| looked_for == id);
    }

    /// Removes a token that turned out not to be valid.
    pub fn reject(&self, id: &TokenId) {
        self.doubted.remove(id);
    }

    /// Has all tokens looked up again, when changes may have been missed. Where the database does not answer, they are
    /// accepted until `until`.
    pub fn doubt_all(&self, until: Instant) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        for (id, known) in self.tokens.iter() {
            self.doubted.insert(id, (known, until));
        }
        self.tokens.clear();
        self.loads.detach(|_| true);
    }

    /// The tokens with uses that are not stored yet, with the time of the last use in Unix seconds.
    pub fn used(&self) -> Vec<(TokenId, i64)> {
        let used = self.tokens.iter().map(|(id, known)| (id, known.used.load(Ordering::Relaxed), known));
        let news = used.filter(|(_, used, known)| known.noted.swap(*used, Ordering::Relaxed) < *used);
        news.map(|(id, used, _)| (id, used)).collect()
    }

    fn forgotten(&self) -> std::sync::MutexGuard<'_, u64> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::access::{ActorKind, Role, Scope};

    use super::*;

    fn id() -> TokenId {
        TokenId::parse("0193a0c03a527c408a3e7f2b9f6d1c55").expect("an identifier")
    }

    fn identity() -> Identity {
        let (kind, role, scope) = (ActorKind::Token, Role::SystemAdmin, Scope::System);
        Identity { kind, actor: id().to_string(), role, scope, read_only: false }
    }

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).expect("an instant")
    }

    #[test]
    fn a_token_is_valid_with_its_secret_until_it_expires() {
        let known = KnownToken::new(identity(), Digest::of("secret"), Some(second(100)));
        assert!(known.authenticate("secret", second(99)).is_some());
        assert!(known.authenticate("secret", second(100)).is_none());
        assert!(known.authenticate("other", second(1)).is_none());
    }

    #[test]
    fn each_use_is_reported_once() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        identities.insert(0, id(), KnownToken::new(identity(), Digest::of("secret"), None).into());
        let open = |at| identities.token(&id()).and_then(|known| known.authenticate("secret", second(at))).is_some();
        assert!(identities.used().is_empty());
        assert!(open(5) && open(7));
        assert_eq!(identities.used(), [(id(), 7)]);
        assert!(identities.used().is_empty());
    }

    #[test]
    fn a_lookup_before_a_revocation_is_not_cached_after_it() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        let moment = identities.moment();
        identities.evict(&id());
        identities.insert(moment, id(), KnownToken::new(identity(), Digest::of("secret"), None).into());
        assert!(identities.token(&id()).is_none());
    }

    #[test]
    fn a_token_that_is_doubted_is_accepted_until_it_is_looked_up_or_the_time_is_over() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        let known = || Arc::new(KnownToken::new(identity(), Digest::of("secret"), None));
        let later = Instant::now() + std::time::Duration::from_secs(600);
        identities.insert(0, id(), known());
        identities.doubt_all(later);
        assert!(identities.token(&id()).is_none() && identities.doubted(&id()).is_some());
        identities.insert(identities.moment(), id(), known());
        assert!(identities.token(&id()).is_some() && identities.doubted(&id()).is_none());
        identities.doubt_all(Instant::now());
        assert!(identities.doubted(&id()).is_none(), "the time is over");
        identities.insert(identities.moment(), id(), known());
        identities.doubt_all(later);
        identities.evict(&id());
        assert!(identities.doubted(&id()).is_none(), "it was revoked");
    }

    #[test]
    fn an_access_token_is_cached_for_a_minute_but_not_beyond_its_expiry() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        for (expires, until) in [(1000, 60), (30, 30)] {
            identities.insert_subject(Digest::of("text"), identity().into(), second(0), second(expires));
            assert!(identities.subject(&Digest::of("text"), second(until - 1)).is_some());
            assert!(identities.subject(&Digest::of("text"), second(until)).is_none());
        }
    }
}
