//! The cached data of a user.

use std::{
    hash::{Hash, Hasher},
    num::NonZeroU64,
    sync::Arc,
};

use call_acceptance_api::value::{
    name::TenantId,
    owner::{Level, UserPath},
    phone_number::PhoneNumber,
};
use quick_cache::Equivalent;

use crate::{rules::screening::Screening, service::counting::Tally};

/// Approximate memory of a snapshot beside its rules and the names of its user, in bytes: the tally, places in caches,
/// and what the allocator adds. `make bench-scale` measures it.
const OVERHEAD: u64 = 390;

/// A phone number in little memory: its digits, the first of which is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Number(NonZeroU64);

impl Number {
    /// The number; `None` if it is none in E.164 form.
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        number.as_str().strip_prefix('+')?.parse().ok().map(Self)
    }
}

/// The key of a snapshot: its user, whose names its tally has.
#[derive(Clone)]
pub(super) struct UserKey(Arc<Tally>);

impl Hash for UserKey {
    /// As a [`UserPath`], by which a snapshot is looked up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.group().hash(state);
        self.0.user_id().hash(state);
    }
}

impl PartialEq for UserKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.user_id() == other.0.user_id() && self.0.group() == other.0.group()
    }
}

impl Eq for UserKey {}

impl Equivalent<UserKey> for UserPath {
    fn equivalent(&self, UserKey(tally): &UserKey) -> bool {
        let group = tally.group();
        self.user == *tally.user_id() && self.group == group.group && self.tenant == group.tenant
    }
}

/// The data of a user for decisions.
pub struct Snapshot {
    /// The user's number.
    pub(super) number: Option<Number>,
    /// The compiled services of the user.
    pub screening: Screening,
    /// The counts of calls to the user.
    pub tally: Arc<Tally>,
    /// Whether refused calls to the user are recorded.
    pub records_refused_calls: bool,
    /// The level from which the user inherits the time zone.
    pub(super) time_zone_of: Level,
    /// The highest level whose treatments matter to the user; `None` if the user has no service that refuses calls.
    pub(super) treatments_up_to: Option<Level>,
    /// The memory of what it shares with others, as far as it is counted here, in bytes.
    pub(super) shared: u32,
}

impl Snapshot {
    /// A user who has a zone and schedules, for tests.
    #[cfg(test)]
    pub(super) fn referring_to(schedules: &[u128], user: UserPath, time_zone_of: Level) -> Self {
        Self {
            tally: Arc::new(Tally::of(Arc::new(user.parent()), user.user)),
            number: None,
            screening: Screening::referring_to(schedules),
            records_refused_calls: false,
            time_zone_of,
            treatments_up_to: None,
            shared: 0,
        }
    }

    /// The key of the snapshot.
    pub(super) fn key(&self) -> UserKey {
        UserKey(self.tally.clone())
    }

    /// The tenant of the user.
    pub fn tenant(&self) -> &TenantId {
        &self.tally.group().tenant
    }

    /// The names of the user's tenant and group, and of the user.
    pub fn names(&self) -> [Option<&str>; 3] {
        let group = self.tally.group();
        [Some(group.tenant.as_str()), Some(group.group.as_str()), Some(self.tally.user_id().as_str())]
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        let name = u64::try_from(self.tally.user_id().as_str().len()).unwrap_or(u64::MAX);
        OVERHEAD + name + self.screening.weight() + u64::from(self.shared)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use call_acceptance_api::value::owner::Owner;

    use super::*;

    fn user(names: [&str; 3]) -> UserPath {
        let owner = Owner::parse(names.map(Some)).expect("identifiers");
        let Some(Owner::User(user)) = owner else { unreachable!("it names a user") };
        user
    }

    #[test]
    fn a_snapshot_is_found_by_the_path_of_its_user_alone() {
        let path = user(["t", "g", "u"]);
        let key = Snapshot::referring_to(&[], path.clone(), Level::Tenant).key();
        let hash = RandomState::new();
        assert_eq!(hash.hash_one(&key), hash.hash_one(&path));
        assert!(path.equivalent(&key));
        assert!(key == Snapshot::referring_to(&[], path, Level::User).key());
        for other in [["s", "g", "u"], ["t", "h", "u"], ["t", "g", "v"]].map(user) {
            assert!(!other.equivalent(&key));
            assert!(key != Snapshot::referring_to(&[], other, Level::Tenant).key());
        }
    }
}
