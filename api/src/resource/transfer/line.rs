//! A line of the file of a tenant.

use crate::{
    resource::{
        anonymous_call_rejection::AnonymousCallRejectionUpdate,
        criteria::ServiceUpdate,
        group::GroupCreate,
        number_list::{NumberListCreate, NumberListEntry, NumberListPath},
        protected_callers::ProtectedCallerList,
        schedule::{ScheduleFolder, period::Period},
        tenant::TenantUpdate,
        treatment::TreatmentList,
        user::UserCreate,
        user_service::UserServicePath,
    },
    value::{
        name::ScheduleName,
        owner::{GroupPath, Owner, UserPath},
    },
};

/// The maximum length of a line in bytes, without its end. The longest thing is a schedule of 1000 periods with rules
/// of 2000 characters and 366 excepted days each, about 7.2 MB; a service of 100 criteria of 500 numbers has 1.7 MB.
pub const MAX_LINE_BYTES: usize = 8 << 20;

/// What a line is about. The order is that of a file: what refers to something comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The tenant itself.
    Tenant,
    /// A group.
    Group,
    /// The treatments of the tenant or a group.
    Treatments,
    /// The protected callers of the tenant or a group.
    ProtectedCallers,
    /// A user.
    User,
    /// A schedule of the tenant, a group or a user.
    Schedule,
    /// A number list of the tenant, a group or a user, without its entries.
    NumberList,
    /// Entries of a number list, at most 1000.
    NumberListEntries,
    /// A service of a user, with its criteria if it has such.
    Service,
}

impl Kind {
    /// All kinds, in the order of a file.
    pub const ALL: [Self; 9] = [
        Self::Tenant,
        Self::Group,
        Self::Treatments,
        Self::ProtectedCallers,
        Self::User,
        Self::Schedule,
        Self::NumberList,
        Self::NumberListEntries,
        Self::Service,
    ];

    /// The kind as a line says it, like `number_list`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Group => "group",
            Self::Treatments => "treatments",
            Self::ProtectedCallers => "protected_callers",
            Self::User => "user",
            Self::Schedule => "schedule",
            Self::NumberList => "number_list",
            Self::NumberListEntries => "number_list_entries",
            Self::Service => "service",
        }
    }
}

/// A parsed line. Its owners are below the tenant that the file is for. What a line leaves out is
/// [`Keep`](crate::value::change::Change::Keep) or `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The tenant; the identifier in the line does not matter.
    Tenant(TenantUpdate),
    /// A group, with its identifier.
    Group(GroupCreate),
    /// The treatments of a tenant or a group; they replace the whole list.
    Treatments {
        /// The tenant or the group.
        owner: Owner,
        /// The list.
        treatments: TreatmentList,
    },
    /// The protected callers of a tenant or a group; they replace the whole list.
    ProtectedCallers {
        /// The tenant or the group.
        owner: Owner,
        /// The list.
        callers: ProtectedCallerList,
    },
    /// A user, with its identifier.
    User {
        /// The user's group.
        group: GroupPath,
        /// The user.
        user: UserCreate,
    },
    /// A schedule.
    Schedule {
        /// Its owner and its type.
        folder: ScheduleFolder,
        /// Its name.
        name: ScheduleName,
        /// Its periods, which replace the whole list; `None` if the line leaves them out.
        periods: Option<Vec<Period>>,
    },
    /// A number list, with its name.
    NumberList {
        /// Its owner.
        owner: Owner,
        /// The list, without entries.
        list: NumberListCreate,
    },
    /// 1 to 1000 entries of a number list, which has more of them on other lines. No pattern is in a line twice.
    NumberListEntries {
        /// The number list.
        list: NumberListPath,
        /// The entries.
        entries: Vec<NumberListEntry>,
    },
    /// A service with criteria that is assigned to a user.
    Service {
        /// The user and the service.
        service: UserServicePath,
        /// What the line says of it. No criteria is renamed, deleted or named twice.
        update: ServiceUpdate,
    },
    /// Anonymous Call Rejection, assigned to a user.
    AnonymousCallRejection {
        /// The user.
        user: UserPath,
        /// What the line says of it.
        update: AnonymousCallRejectionUpdate,
    },
}

impl Line {
    /// What the line is about.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Tenant(_) => Kind::Tenant,
            Self::Group(_) => Kind::Group,
            Self::Treatments { .. } => Kind::Treatments,
            Self::ProtectedCallers { .. } => Kind::ProtectedCallers,
            Self::User { .. } => Kind::User,
            Self::Schedule { .. } => Kind::Schedule,
            Self::NumberList { .. } => Kind::NumberList,
            Self::NumberListEntries { .. } => Kind::NumberListEntries,
            Self::Service { .. } | Self::AnonymousCallRejection { .. } => Kind::Service,
        }
    }
}
