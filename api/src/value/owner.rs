//! The owner of a resource: a tenant, a group or a user.
//!
//! Paths, parents, levels and column values of owners are computed here and nowhere else.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem_openapi::Enum;
use serde::Serialize;

use super::{
    name::{GroupId, TenantId, UserId},
    text::NotValid,
};

/// The path of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupPath {
    /// The group's tenant.
    pub tenant: TenantId,
    /// The group.
    pub group: GroupId,
}

/// The path of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserPath {
    /// The user's tenant.
    pub tenant: TenantId,
    /// The user's group.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
}

impl GroupPath {
    /// The user of the group.
    pub fn user(&self, user: UserId) -> UserPath {
        UserPath { tenant: self.tenant.clone(), group: self.group.clone(), user }
    }
}

impl UserPath {
    /// The user's group.
    pub fn parent(&self) -> GroupPath {
        GroupPath { tenant: self.tenant.clone(), group: self.group.clone() }
    }

    /// The names of tenant, group and user, as in [`Owner::names`].
    pub fn names(&self) -> [Option<&str>; 3] {
        [Some(self.tenant.as_str()), Some(self.group.as_str()), Some(self.user.as_str())]
    }
}

/// The level of an owner, as seen from a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
pub enum Level {
    /// The user itself.
    User,
    /// The user's group.
    Group,
    /// The user's tenant.
    Tenant,
}

impl Level {
    /// All levels, from the user upwards.
    pub const ALL: [Self; 3] = [Self::User, Self::Group, Self::Tenant];

    /// The level as written on the wire, like `User`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Tenant => "Tenant",
        }
    }
}

/// The owner of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A tenant.
    Tenant(TenantId),
    /// A group.
    Group(GroupPath),
    /// A user.
    User(UserPath),
}

impl Owner {
    /// The owner with these names of tenant, group and user; `None` if there is no tenant. Names below a missing one
    /// are ignored.
    ///
    /// # Errors
    /// If a name is not a valid identifier.
    pub fn parse(names: [Option<&str>; 3]) -> Result<Option<Self>, NotValid> {
        let [tenant, group, user] = names;
        let Some(tenant) = tenant.map(TenantId::parse).transpose()? else { return Ok(None) };
        let Some(group) = group.map(GroupId::parse).transpose()? else { return Ok(Some(Self::Tenant(tenant))) };
        Ok(Some(match user.map(UserId::parse).transpose()? {
            Some(user) => Self::User(UserPath { tenant, group, user }),
            None => Self::Group(GroupPath { tenant, group }),
        }))
    }

    /// The names of tenant, group and user; `None` for levels below the owner.
    pub fn names(&self) -> [Option<&str>; 3] {
        match self {
            Self::Tenant(tenant) => [Some(tenant.as_str()), None, None],
            Self::Group(path) => [Some(path.tenant.as_str()), Some(path.group.as_str()), None],
            Self::User(path) => path.names(),
        }
    }

    /// The tenant that the owner is or belongs to.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Tenant(tenant) => tenant,
            Self::Group(path) => &path.tenant,
            Self::User(path) => &path.tenant,
        }
    }

    /// The owner's level.
    pub fn level(&self) -> Level {
        match self {
            Self::Tenant(_) => Level::Tenant,
            Self::Group(_) => Level::Group,
            Self::User(_) => Level::User,
        }
    }

    /// The group of a user or the tenant of a group; `None` for a tenant.
    pub fn parent(&self) -> Option<Self> {
        match self {
            Self::Tenant(_) => None,
            Self::Group(path) => Some(Self::Tenant(path.tenant.clone())),
            Self::User(path) => Some(Self::Group(path.parent())),
        }
    }

    /// The owner and its parents, from the lowest upwards.
    pub fn with_parents(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The owner or its parent at `level`; `None` if the owner is above that level.
    pub fn at_level(&self, level: Level) -> Option<Self> {
        self.with_parents().find(|owner| owner.level() == level)
    }

    /// The segments of the owner's path below `/api/v1`, not percent-encoded.
    pub fn segments(&self) -> Vec<&str> {
        let names = ["tenants", "groups", "users"].into_iter().zip(self.names());
        names.filter_map(|(collection, name)| Some([collection, name?])).flatten().collect()
    }

    /// The percent-encoded path of `segments` below the owner.
    pub fn path_of(&self, segments: &[&str]) -> String {
        path(&[&self.segments()[..], segments].concat())
    }
}

/// The percent-encoded path of `segments` below `/api/v1` (RFC 3986).
pub fn path(segments: &[&str]) -> String {
    const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let mut path = "/api/v1/".to_owned();
    for segment in segments {
        path.extend(utf8_percent_encode(segment, SEGMENT));
        path.push('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_the_names_and_the_path_it_was_parsed_from() {
        for (names, path) in [
            ([Some("a"), None, None], "/api/v1/tenants/a/x/"),
            ([Some("a"), Some("b c"), None], "/api/v1/tenants/a/groups/b%20c/x/"),
            ([Some("a"), Some("b"), Some("c@d")], "/api/v1/tenants/a/groups/b/users/c%40d/x/"),
        ] {
            let owner = Owner::parse(names).expect("the names are identifiers").expect("a tenant is named");
            assert_eq!(owner.names(), names);
            assert_eq!(owner.path_of(&["x"]), path);
        }
        assert_eq!(Owner::parse([None, Some("b"), None]), Ok(None));
    }

    #[test]
    fn parents_are_found_by_their_level() {
        let user = Owner::parse([Some("a"), Some("b"), Some("c")]).expect("identifiers").expect("a user");
        let tenant = Owner::parse([Some("a"), None, None]).expect("an identifier").expect("a tenant");
        assert_eq!(user.with_parents().map(|owner| owner.level()).collect::<Vec<_>>(), Level::ALL);
        assert_eq!(user.at_level(Level::Tenant), Some(tenant.clone()));
        assert_eq!(tenant.at_level(Level::User), None);
    }
}
