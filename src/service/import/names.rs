//! What a file names, so that the rest can be removed. A name takes 16 bytes: a hash, long enough that two names never
//! have the same.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use call_acceptance_api::{
    resource::{
        number_list::NumberListPath,
        schedule::{ScheduleFolder, ScheduleType},
        transfer::line::{Kind, Line},
        user_service::{ServiceName, UserServicePath},
    },
    value::{
        name::{GroupId, NumberListName, ScheduleName, TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
    },
};
use serde_json::Value;

/// Something that a line names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Group(GroupPath),
    User(UserPath),
    Treatments(Owner),
    ProtectedCallers(Owner),
    Schedule(ScheduleFolder, ScheduleName),
    NumberList(NumberListPath),
    /// Entries of the number list.
    Entries(NumberListPath),
    Service(UserServicePath),
}

/// What a line is about; `None` for the tenant, which is never removed.
pub(super) fn of_line(line: &Line, tenant: &TenantId) -> Option<Name> {
    Some(match line {
        Line::Tenant(_) => return None,
        Line::Group(group) => Name::Group(GroupPath { tenant: tenant.clone(), group: group.group_id.clone() }),
        Line::Treatments { owner, .. } => Name::Treatments(owner.clone()),
        Line::ProtectedCallers { owner, .. } => Name::ProtectedCallers(owner.clone()),
        Line::User { group, user } => Name::User(UserPath {
            tenant: group.tenant.clone(),
            group: group.group.clone(),
            user: user.user_id.clone(),
        }),
        Line::Schedule { folder, name, .. } => Name::Schedule(folder.clone(), name.clone()),
        Line::NumberList { owner, list } => {
            Name::NumberList(NumberListPath { owner: owner.clone(), name: list.name.clone() })
        }
        Line::NumberListEntries { list, .. } => Name::Entries(list.clone()),
        Line::Service { service, .. } => Name::Service(service.clone()),
        Line::AnonymousCallRejection { user, .. } => {
            Name::Service(UserServicePath { user: user.clone(), service: ServiceName::AnonymousCallRejection })
        }
    })
}

/// What a faulty line is about, as far as that can be read: `None` if it cannot, and nothing if it is the tenant.
pub(super) fn of_faulty(line: &[u8], tenant: &TenantId) -> Option<Option<Name>> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let text = |member: &str| line.get(member).and_then(Value::as_str);
    let kind = Kind::ALL.into_iter().find(|kind| text("kind") == Some(kind.as_str()))?;
    // An identifier that cannot be read could be meant for anything.
    let group = optional(&line, "groupId", GroupId::parse)?;
    let user = optional(&line, "userId", UserId::parse)?;
    let group = group.map(|group| GroupPath { tenant: tenant.clone(), group });
    let user = match (&group, user) {
        (Some(group), Some(user)) => Some(UserPath { tenant: tenant.clone(), group: group.group.clone(), user }),
        (None, Some(_)) => return None,
        (_, None) => None,
    };
    let owner = match (&group, &user) {
        (_, Some(user)) => Owner::User(user.clone()),
        (Some(group), None) => Owner::Group(group.clone()),
        (None, None) => Owner::Tenant(tenant.clone()),
    };
    let list = || Some(NumberListPath { owner: owner.clone(), name: NumberListName::parse(text("name")?).ok()? });
    Some(Some(match kind {
        Kind::Tenant => return Some(None),
        Kind::Group => Name::Group(group?),
        Kind::Treatments => Name::Treatments(owner),
        Kind::ProtectedCallers => Name::ProtectedCallers(owner),
        Kind::User => Name::User(user?),
        Kind::Schedule => {
            let kind = match text("type")? {
                "Time" => ScheduleType::Time,
                "Holiday" => ScheduleType::Holiday,
                _ => return None,
            };
            Name::Schedule(ScheduleFolder { owner, kind }, ScheduleName::parse(text("name")?).ok()?)
        }
        Kind::NumberList => Name::NumberList(list()?),
        Kind::NumberListEntries => Name::Entries(list()?),
        Kind::Service => Name::Service(UserServicePath { user: user?, service: ServiceName::parse(text("service")?)? }),
    }))
}

fn optional<T, E>(line: &Value, member: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<Option<T>> {
    match line.get(member) {
        None => Some(None),
        Some(value) => parse(value.as_str()?).ok().map(Some),
    }
}

/// The names of a file.
pub(super) struct Names {
    states: [RandomState; 2],
    hashes: Vec<u128>,
    is_sorted: bool,
    /// Where in the file the lines with entries of each number list are.
    entries: HashMap<u128, Vec<u64>>,
    /// Number lists whose own line is faulty.
    faulty: HashSet<u128>,
    /// Whether there is a line that could have named anything.
    is_uncertain: bool,
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            states: [RandomState::new(), RandomState::new()],
            hashes: Vec::new(),
            is_sorted: false,
            entries: HashMap::new(),
            faulty: HashSet::new(),
            is_uncertain: false,
        }
    }

    fn hash(&self, name: &Name) -> u128 {
        let [high, low] = self.states.each_ref().map(|state| u128::from(state.hash_one(name)));
        high << 64 | low
    }

    /// Adds what a line, which begins at `offset`, is about, and the owners above it.
    pub(super) fn add(&mut self, name: &Name, offset: u64, is_faulty: bool) {
        let hash = self.hash(name);
        match name {
            Name::Entries(list) => {
                self.entries.entry(hash).or_default().push(offset);
                self.push(&Name::NumberList(list.clone()));
            }
            Name::NumberList(_) if is_faulty => drop(self.faulty.insert(hash)),
            _ => {}
        }
        self.hashes.push(hash);
        let owner = match name {
            Name::Group(_) => None,
            Name::User(user) => Some(Owner::Group(user.parent())),
            Name::Treatments(owner) | Name::ProtectedCallers(owner) => Some(owner.clone()),
            Name::Schedule(folder, _) => Some(folder.owner.clone()),
            Name::NumberList(list) | Name::Entries(list) => Some(list.owner.clone()),
            Name::Service(service) => Some(Owner::User(service.user.clone())),
        };
        for owner in owner.iter().flat_map(Owner::with_parents) {
            match owner {
                Owner::User(user) => self.push(&Name::User(user)),
                Owner::Group(group) => self.push(&Name::Group(group)),
                Owner::Tenant(_) => {}
            }
        }
        self.is_sorted = false;
    }

    fn push(&mut self, name: &Name) {
        let hash = self.hash(name);
        // Lines of one owner follow on each other.
        if self.hashes.iter().rev().take(8).all(|known| *known != hash) {
            self.hashes.push(hash);
        }
    }

    /// Notes a line of which it cannot be read what it is about.
    pub(super) fn add_uncertain(&mut self) {
        self.is_uncertain = true;
    }

    /// Whether a line could have named anything.
    pub(super) fn is_uncertain(&self) -> bool {
        self.is_uncertain
    }

    /// Ends the additions.
    pub(super) fn sort(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.is_sorted = true;
    }

    /// Whether a line names it. The names must be sorted.
    pub(super) fn contain(&self, name: &Name) -> bool {
        debug_assert!(self.is_sorted, "the names are sorted when all of them are there");
        self.hashes.binary_search(&self.hash(name)).is_ok()
    }

    /// Where the lines with entries of the list begin; `None` if its own line is faulty.
    pub(super) fn entries(&self, list: &NumberListPath) -> Option<&[u64]> {
        if self.faulty.contains(&self.hash(&Name::NumberList(list.clone()))) {
            return None;
        }
        Some(self.entries.get(&self.hash(&Name::Entries(list.clone()))).map_or(&[], Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> TenantId {
        TenantId::parse("foo").expect("an identifier")
    }

    fn list(name: &str) -> NumberListPath {
        NumberListPath { owner: Owner::Tenant(tenant()), name: NumberListName::parse(name).expect("a name") }
    }

    #[test]
    fn a_faulty_line_names_what_can_be_read_of_it() {
        let named = |line: &str| of_faulty(line.as_bytes(), &tenant());
        let user = named(r#"{"kind":"user","groupId":"g","userId":"u","firstName":7}"#);
        assert!(matches!(user, Some(Some(Name::User(user))) if user.user.as_str() == "u"));
        assert!(matches!(named(r#"{"kind":"tenant","region":"Belgium"}"#), Some(None)));
        for unclear in [
            "{",
            "[]",
            "{}",
            r#"{"kind":"thing"}"#,
            r#"{"kind":"user","groupId":"g"}"#,
            r#"{"kind":"user","groupId":"a/b","userId":"u"}"#,
            r#"{"kind":"schedule","name":"n"}"#,
            r#"{"kind":"number_list","userId":"u","name":"n"}"#,
            r#"{"kind":"service","groupId":"g","userId":"u","service":"Call Waiting"}"#,
        ] {
            assert_eq!(named(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn names_contain_what_was_added_and_the_owners_above() {
        let mut names = Names::new();
        let user = UserPath {
            tenant: tenant(),
            group: GroupId::parse("g").expect("an identifier"),
            user: UserId::parse("u").expect("an identifier"),
        };
        let service = UserServicePath { user: user.clone(), service: ServiceName::SelectiveCallAcceptance };
        names.add(&Name::Service(service.clone()), 0, false);
        names.add(&Name::Entries(list("blocked")), 17, false);
        names.add(&Name::NumberList(list("faulty")), 23, true);
        names.sort();
        for named in [
            Name::Service(service.clone()),
            Name::User(user.clone()),
            Name::Group(user.parent()),
            Name::NumberList(list("blocked")),
            Name::NumberList(list("faulty")),
        ] {
            assert!(names.contain(&named), "{named:?}");
        }
        let other = UserServicePath { service: ServiceName::SelectiveCallRejection, ..service };
        assert!(!names.contain(&Name::Service(other)));
        assert_eq!(names.entries(&list("blocked")), Some(&[17][..]));
        assert_eq!(names.entries(&list("faulty")), None);
        assert_eq!(names.entries(&list("other")), Some(&[][..]));
    }
}
