//! Cache of services as reads answer them, serialized.
//!
//! A read asks the database for the revision of the service alone, and answers what is cached for that revision. So it
//! is never behind what any instance has acknowledged. Every change of what a service shows raises its revision, also
//! the renaming of a schedule or number list that it refers to.

use std::time::Duration;

use bytes::Bytes;
use call_acceptance_api::{resource::user_service::UserServicePath, wire::precondition::Versioned};
use quick_cache::{Weighter, sync::Cache};
use tokio::time::Instant;

/// Approximate memory of a view beside its text, in bytes.
const OVERHEAD: u64 = 300;
/// Typical memory of a view, in bytes.
const TYPICAL: u64 = 2 << 10;

/// A service at a revision.
#[derive(Clone)]
struct View {
    text: Versioned<Bytes>,
    loaded: Instant,
}

#[derive(Clone)]
struct ByMemory;

impl Weighter<UserServicePath, View> for ByMemory {
    fn weight(&self, _: &UserServicePath, view: &View) -> u64 {
        view.text.value.len() as u64 + OVERHEAD
    }
}

/// The views in memory, of which those that were not used for long are evicted.
pub(super) struct Views {
    cache: Cache<UserServicePath, View, ByMemory>,
    greatest_age: Duration,
}

impl Views {
    /// No views; they may take `budget` bytes. None is used after `greatest_age`: a database that lost its last changes
    /// in a failover may use their revisions again.
    pub fn of(budget: u64, greatest_age: Duration) -> Self {
        let views = usize::try_from(budget / TYPICAL).unwrap_or(usize::MAX);
        Self { cache: Cache::with_weighter(views, budget, ByMemory), greatest_age }
    }

    /// The view of the service. It may be used only if the service still has its revision.
    pub fn get(&self, path: &UserServicePath) -> Option<Versioned<Bytes>> {
        let view = self.cache.get(path)?;
        (view.loaded.elapsed() < self.greatest_age).then_some(view.text)
    }

    /// Keeps a view that was loaded outside of any transaction.
    pub fn keep(&self, path: UserServicePath, text: Versioned<Bytes>) {
        self.cache.insert(path, View { text, loaded: Instant::now() });
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::{
        resource::user_service::ServiceName,
        value::owner::{Owner, UserPath},
        wire::precondition::Revision,
    };

    use super::*;

    const AGE: Duration = Duration::from_secs(600);

    fn path(user: &str) -> UserServicePath {
        let owner = Owner::parse([Some("t"), Some("g"), Some(user)]).expect("identifiers").expect("an owner");
        let Owner::User(user): Owner = owner else { unreachable!("it names a user") };
        let user: UserPath = user;
        UserServicePath { user, service: ServiceName::SelectiveCallAcceptance }
    }

    fn text(revision: i64, length: usize) -> Versioned<Bytes> {
        Versioned { revision: Revision(revision), value: vec![b' '; length].into() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_view_is_used_until_its_greatest_age() {
        let views = Views::of(1 << 20, AGE);
        assert_eq!(views.get(&path("a")), None);
        views.keep(path("a"), text(2, 10));
        views.keep(path("a"), text(3, 20));
        assert_eq!(views.get(&path("a")), Some(text(3, 20)));
        assert_eq!(views.get(&path("b")), None);
        tokio::time::advance(AGE).await;
        assert_eq!(views.get(&path("a")), None);
    }

    #[test]
    fn views_take_at_most_their_memory() {
        let views = Views::of(100 << 10, AGE);
        (0..1000).for_each(|user| views.keep(path(&format!("u{user}")), text(1, 1000)));
        let kept = (0..1000).filter(|user| views.get(&path(&format!("u{user}"))).is_some()).count();
        assert!((1..=78).contains(&kept), "{kept}");
    }
}
