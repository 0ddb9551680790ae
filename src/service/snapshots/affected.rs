//! Which users a change affects: those whose snapshots depend on the changed data.

use std::collections::{HashMap, HashSet};

use call_acceptance_api::value::{
    name::{TenantId, UserId},
    owner::{GroupPath, Level, Owner, UserPath},
};
use uuid::Uuid;

use super::snapshot::Snapshot;
use crate::store::{feed::Change, number_list::NumberListKey, snapshot::Wanted};

/// The scope of some changes.
#[derive(Default)]
pub(super) struct Affected {
    everybody: bool,
    tenants: HashSet<TenantId>,
    groups: HashSet<GroupPath>,
    /// By their groups, so that a snapshot is looked up without a path of its own.
    users: HashMap<GroupPath, HashSet<UserId>>,
    /// Owners whose time zone other owners may inherit.
    zones: HashSet<Owner>,
    /// Owners whose treatments have changed: tenants and groups.
    treatments: HashSet<Owner>,
    schedules: HashSet<Uuid>,
    /// Owners whose schedules have changed.
    schedules_of: HashSet<Owner>,
    /// The keys of number lists, which are no part of snapshots.
    lists: HashSet<Uuid>,
}

impl Affected {
    /// All users, if it is unknown what has changed.
    pub fn everybody() -> Self {
        Self { everybody: true, ..Self::default() }
    }

    /// The scope of these changes.
    pub fn by<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut affected = Self::default();
        for change in changes {
            match change {
                Change::Users(owner) => affected.add(owner),
                Change::TimeZone(owner) => drop(affected.zones.insert(owner.clone())),
                Change::Treatments(owner) => drop(affected.treatments.insert(owner.clone())),
                Change::Schedule(owner, schedule) => {
                    affected.schedules.insert(*schedule);
                    affected.schedules_of.insert(owner.clone());
                }
                Change::NumberList(_, list) => drop(affected.lists.insert(*list)),
                Change::Token(_) => {}
            }
        }
        affected
    }

    fn add(&mut self, owner: &Owner) {
        match owner {
            Owner::Tenant(tenant) => drop(self.tenants.insert(tenant.clone())),
            Owner::Group(group) => drop(self.groups.insert(group.clone())),
            Owner::User(user) => drop(self.users.entry(user.parent()).or_default().insert(user.user.clone())),
        }
    }

    fn has_user(&self, group: &GroupPath, user: &UserId) -> bool {
        self.users.get(group).is_some_and(|users| users.contains(user))
    }

    /// Whether nothing in memory is affected.
    pub fn is_empty(&self) -> bool {
        !self.everybody
            && self.tenants.is_empty()
            && self.groups.is_empty()
            && self.users.is_empty()
            && self.zones.is_empty()
            && self.treatments.is_empty()
            && self.schedules.is_empty()
            && self.lists.is_empty()
    }

    /// The affected users, if they are listed individually.
    pub fn named(&self) -> Option<impl Iterator<Item = UserPath>> {
        let mut several = self.zones.iter().chain(&self.schedules_of).chain(&self.treatments);
        let several = several.any(|owner| owner.level() != Level::User);
        let named = !self.everybody && self.tenants.is_empty() && self.groups.is_empty() && !several;
        let owners = self.zones.iter().chain(&self.schedules_of).filter_map(|owner| match owner {
            Owner::User(user) => Some(user.clone()),
            Owner::Group(_) | Owner::Tenant(_) => None,
        });
        let users = self.users.iter().flat_map(|(group, users)| users.iter().map(|user| group.user(user.clone())));
        named.then(|| users.chain(owners))
    }

    /// Whether the snapshot depends on changed data.
    pub fn concerns(&self, snapshot: &Snapshot) -> bool {
        self.everybody
            || self.tenants.contains(snapshot.tenant())
            || self.groups.contains(snapshot.tally.group())
            || self.has_user(snapshot.tally.group(), snapshot.tally.user_id())
            || !self.schedules.is_empty() && snapshot.screening.schedules().any(|key| self.schedules.contains(&key))
            || !self.zones.is_empty() && self.gives_zone_to(snapshot)
            || !self.treatments.is_empty() && self.treats_calls_to(snapshot)
    }

    /// Whether a compiled number list may depend on changed data.
    pub fn may_concern_lists(&self) -> bool {
        self.everybody || !self.tenants.is_empty() || !self.lists.is_empty()
    }

    /// Whether the compiled number list depends on changed data: its entries, or the region of its tenant.
    pub fn concerns_list(&self, list: &NumberListKey) -> bool {
        self.everybody || self.tenants.contains(&list.tenant) || self.lists.contains(&list.id)
    }

    /// Whether an owner whose time zone has changed is the one that the user inherits from, or would be now.
    fn gives_zone_to(&self, snapshot: &Snapshot) -> bool {
        let up_to = |level| match snapshot.time_zone_of {
            Level::User => level == Level::User,
            Level::Group => level != Level::Tenant,
            Level::Tenant => true,
        };
        let owner = Owner::User(snapshot.tally.user());
        let mut owners = owner.with_parents().take_while(|owner| up_to(owner.level()));
        owners.any(|owner| self.zones.contains(&owner))
    }

    /// Whether an owner whose treatments have changed is one whose treatments matter to the user.
    fn treats_calls_to(&self, snapshot: &Snapshot) -> bool {
        let matters = |owner: &Owner| match snapshot.treatments_up_to {
            None => false,
            Some(Level::Tenant) => true,
            Some(Level::Group | Level::User) => owner.level() != Level::Tenant,
        };
        let owner = Owner::User(snapshot.tally.user());
        owner.with_parents().any(|owner| matters(&owner) && self.treatments.contains(&owner))
    }

    /// Whether a load of `wanted` in progress may be of an affected user.
    pub fn may_concern(&self, wanted: &Wanted) -> bool {
        let Wanted::User(user) = wanted else { return true };
        let (owner, group) = (Owner::User(user.clone()), user.parent());
        self.everybody
            || self.tenants.contains(&user.tenant)
            || self.groups.contains(&group)
            || self.has_user(&group, &user.user)
            || owner.with_parents().any(|owner| {
                [&self.zones, &self.schedules_of, &self.treatments].iter().any(|owners| owners.contains(&owner))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(names: [Option<&str>; 3]) -> Owner {
        Owner::parse(names).expect("identifiers").expect("an owner")
    }

    fn snapshot(user: &str, time_zone_of: Level, schedules: &[u128]) -> Snapshot {
        let Owner::User(user) = owner([Some("t"), Some("g"), Some(user)]) else { unreachable!("it names a user") };
        Snapshot::referring_to(schedules, user, time_zone_of)
    }

    #[test]
    fn a_change_affects_only_the_users_that_depend_on_it() {
        let tenant = owner([Some("t"), None, None]);
        let group = owner([Some("t"), Some("g"), None]);
        let user = owner([Some("t"), Some("g"), Some("a")]);
        let mut a = snapshot("a", Level::Group, &[1]);
        let b = snapshot("b", Level::User, &[2]);
        let mut c = snapshot("c", Level::Tenant, &[]);
        (a.treatments_up_to, c.treatments_up_to) = (Some(Level::Group), Some(Level::Tenant));
        for (change, concerned) in [
            (Change::Users(tenant.clone()), [true, true, true]),
            (Change::Users(group.clone()), [true, true, true]),
            (Change::Users(owner([Some("t"), Some("h"), None])), [false, false, false]),
            (Change::Users(user.clone()), [true, false, false]),
            (Change::TimeZone(tenant.clone()), [false, false, true]),
            (Change::TimeZone(group.clone()), [true, false, true]),
            (Change::Treatments(tenant.clone()), [false, false, true]),
            (Change::Treatments(group), [true, false, true]),
            (Change::Treatments(owner([Some("t"), Some("h"), None])), [false, false, false]),
            (Change::Schedule(tenant.clone(), Uuid::from_u128(1)), [true, false, false]),
            (Change::Schedule(tenant, Uuid::from_u128(2)), [false, true, false]),
            (Change::Schedule(user.clone(), Uuid::from_u128(3)), [false, false, false]),
            (Change::NumberList(user, Uuid::from_u128(1)), [false, false, false]),
        ] {
            let affected = Affected::by([&change]);
            assert_eq!([&a, &b, &c].map(|snapshot| affected.concerns(snapshot)), concerned, "{change:?}");
        }
    }

    #[test]
    fn users_are_listed_if_the_changes_are_their_own() {
        let (tenant, user) = (owner([Some("t"), None, None]), owner([Some("t"), Some("g"), Some("a")]));
        let named = |change| Affected::by([&change]).named().map(Iterator::count);
        assert_eq!(named(Change::Users(user.clone())), Some(1));
        assert_eq!(named(Change::Schedule(user, Uuid::nil())), Some(1));
        assert_eq!(named(Change::NumberList(tenant.clone(), Uuid::nil())), Some(0));
        assert_eq!(named(Change::Schedule(tenant.clone(), Uuid::nil())), None);
        assert_eq!(named(Change::TimeZone(tenant.clone())), None);
        assert_eq!(named(Change::Treatments(tenant)), None);
    }

    #[test]
    fn a_list_is_affected_by_changes_of_its_entries_and_of_its_tenant() {
        let (tenant, user) = (owner([Some("t"), None, None]), owner([Some("t"), Some("g"), Some("a")]));
        let list = NumberListKey { tenant: tenant.tenant().clone(), id: Uuid::from_u128(1) };
        for (change, concerned) in [
            (Change::NumberList(user.clone(), Uuid::from_u128(1)), true),
            (Change::NumberList(user.clone(), Uuid::from_u128(2)), false),
            (Change::Users(tenant), true),
            (Change::Users(user), false),
        ] {
            let affected = Affected::by([&change]);
            assert_eq!(affected.concerns_list(&list), concerned, "{change:?}");
            assert!(affected.may_concern_lists() || !concerned);
        }
    }
}
