//! Who was let in lately, in memory: a request by somebody known does not wait for the database or the OpenID provider.
//!
//! A token stays known until it is revoked: by this instance at once, by another when the feed of changes tells, and
//! while the feed cannot be read nothing can be revoked either. A provider's access token stays known for a minute.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use call_acceptance_api::{access::Identity, resource::token::TokenId};
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use super::{failure::Shared, flights::Flights};
use crate::{identity::token::Digest, store::token::KeptToken};

/// How many tokens, and how many access tokens of the provider, are known at most.
const MOST: usize = 10_000;
/// How long an access token of the provider is taken for good without another look at its signature.
const TRUSTED: SignedDuration = SignedDuration::from_mins(1);

/// A token that was not revoked.
pub struct KnownToken {
    /// Who has it.
    identity: Arc<Identity>,
    digest: Digest,
    /// When it ends to be good.
    expires: Option<Timestamp>,
    /// When it was used last, in seconds since 1970, and when that was noted; 0 before.
    used: AtomicI64,
    noted: AtomicI64,
}

impl KnownToken {
    /// A token that was not used yet.
    pub fn new(identity: Identity, digest: Digest, expires: Option<Timestamp>) -> Self {
        Self { identity: identity.into(), digest, expires, used: 0.into(), noted: 0.into() }
    }

    /// Who has the token, if `secret` is its and it is good at `now`; it is used then.
    pub fn open(&self, secret: &str, now: Timestamp) -> Option<Arc<Identity>> {
        if !self.digest.matches(secret) || self.expires.is_some_and(|expires| expires <= now) {
            return None;
        }
        self.used.store(now.as_second(), Ordering::Relaxed);
        Some(self.identity.clone())
    }
}

/// An access token of the provider that is good.
#[derive(Clone)]
struct KnownSubject {
    identity: Arc<Identity>,
    until: Timestamp,
}

/// What a look at a token found.
#[derive(Clone)]
pub struct Looked {
    /// For [`Identities::know`].
    pub moment: u64,
    /// The token, if it is there.
    pub kept: Option<KeptToken>,
}

/// Who is known to one instance.
pub struct Identities {
    /// The looks at tokens that are under way.
    pub loads: Arc<Flights<TokenId, Result<Looked, Shared>>>,
    tokens: Cache<TokenId, Arc<KnownToken>>,
    /// By the digest of the access token.
    subjects: Cache<Digest, KnownSubject>,
    /// How often a token was forgotten; under its lock only, tokens are put in and forgotten.
    forgotten: Mutex<u64>,
}

impl Identities {
    /// Nobody is known at first. Each look at a token takes one of `turns`.
    pub fn of(turns: Arc<Semaphore>) -> Self {
        Self {
            loads: Arc::new(Flights::of(turns)),
            tokens: Cache::new(MOST),
            subjects: Cache::new(MOST),
            forgotten: Mutex::default(),
        }
    }

    /// The token, if it is known.
    pub fn token(&self, id: &TokenId) -> Option<Arc<KnownToken>> {
        self.tokens.get(id)
    }

    /// The tokens that are known.
    pub fn known(&self) -> Vec<TokenId> {
        self.tokens.iter().map(|(id, _)| id).collect()
    }

    /// What to hand to [`Self::know`]; taken before the token is looked up.
    pub fn moment(&self) -> u64 {
        *self.forgotten()
    }

    /// Remembers a token that was good at `moment`, unless some token was forgotten since.
    pub fn know(&self, moment: u64, id: TokenId, known: Arc<KnownToken>) {
        let forgotten = self.forgotten();
        if *forgotten == moment {
            self.tokens.insert(id, known);
        }
    }

    /// The access token with this digest, if it is known and good at `now`.
    pub fn subject(&self, digest: &Digest, now: Timestamp) -> Option<Arc<Identity>> {
        self.subjects.get(digest).filter(|known| now < known.until).map(|known| known.identity)
    }

    /// Remembers an access token that is good at `now` and expires then.
    pub fn know_subject(&self, digest: Digest, identity: Arc<Identity>, now: Timestamp, expires: Timestamp) {
        let until = now.checked_add(TRUSTED).map_or(expires, |trusted| trusted.min(expires));
        self.subjects.insert(digest, KnownSubject { identity, until });
    }

    /// Forgets a token that is good no more.
    pub fn forget(&self, id: &TokenId) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        self.tokens.remove(id);
        self.loads.detach(|looked_for| looked_for == id);
    }

    /// Forgets every token: what happened to them is not known.
    pub fn forget_all(&self) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        self.tokens.clear();
        self.loads.detach(|_| true);
    }

    /// The tokens that were used since their use was noted, with when, in seconds since 1970.
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
    fn a_token_opens_by_its_secret_until_it_expires() {
        let known = KnownToken::new(identity(), Digest::of("secret"), Some(second(100)));
        assert!(known.open("secret", second(99)).is_some());
        assert!(known.open("secret", second(100)).is_none());
        assert!(known.open("other", second(1)).is_none());
    }

    #[test]
    fn each_use_is_told_once() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        identities.know(0, id(), KnownToken::new(identity(), Digest::of("secret"), None).into());
        let open = |at| identities.token(&id()).and_then(|known| known.open("secret", second(at))).is_some();
        assert!(identities.used().is_empty());
        assert!(open(5) && open(7));
        assert_eq!(identities.used(), [(id(), 7)]);
        assert!(identities.used().is_empty());
    }

    #[test]
    fn what_was_looked_up_before_a_revocation_is_not_remembered_after_it() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        let moment = identities.moment();
        identities.forget(&id());
        identities.know(moment, id(), KnownToken::new(identity(), Digest::of("secret"), None).into());
        assert!(identities.token(&id()).is_none());
    }

    #[test]
    fn an_access_token_is_known_for_a_minute_and_no_longer_than_it_is_good() {
        let identities = Identities::of(Arc::new(Semaphore::new(1)));
        for (expires, until) in [(1000, 60), (30, 30)] {
            identities.know_subject(Digest::of("text"), identity().into(), second(0), second(expires));
            assert!(identities.subject(&Digest::of("text"), second(until - 1)).is_some());
            assert!(identities.subject(&Digest::of("text"), second(until)).is_none());
        }
    }
}
