//! Who may do what: roles, scopes, and the rule of each operation.
//!
//! An operation states its rule by its first argument: [`Read`] or [`Write`] with the roles that may call it. The rule
//! is published in the document (`x-access`), and the server holds every request against it before the operation sees
//! it. An operation without a rule is open to nobody, unless it is outside `/api/`.
//!
//! To add a role, add it to [`Role`] and to the sets of roles below that it belongs to.

use std::net::IpAddr;

use poem::{Request, RequestBody};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::{Value, json};

use crate::{
    value::{
        open_enum::{SNAKE_CASE, open_enum},
        owner::Owner,
        text::NotValid,
    },
    wire::problem::{Failure, ProblemCode},
};

open_enum! {
    /// What somebody is in the system; what it may do ends at its scope.
    Role: SNAKE_CASE, {
        /// Does everything, everywhere.
        SystemAdmin = "system_admin",
        /// Administers one tenant.
        TenantAdmin = "tenant_admin",
        /// Administers one group.
        GroupAdmin = "group_admin",
        /// Uses the services of one user: its criteria, its schedules, decisions on its calls.
        EndUser = "end_user",
        /// Asks for decisions, as call-processing nodes do; for every user, or those of one tenant, group or user.
        CallProcessing = "call_processing",
    }
}

impl Role {
    /// Whether the role goes with this scope: an administrator of a tenant with a tenant, and so on.
    pub fn fits(self, scope: &Scope) -> bool {
        match self {
            Self::SystemAdmin => matches!(scope, Scope::System),
            Self::TenantAdmin => matches!(scope, Scope::Of(Owner::Tenant(_))),
            Self::GroupAdmin => matches!(scope, Scope::Of(Owner::Group(_))),
            Self::EndUser => matches!(scope, Scope::Of(Owner::User(_))),
            Self::CallProcessing => true,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a role may be exercised on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole system.
    System,
    /// A tenant, a group or a user, with all that it holds.
    Of(Owner),
}

impl Scope {
    /// Its tenant, group and user, as far as it names them.
    pub fn names(&self) -> [Option<&str>; 3] {
        match self {
            Self::System => [None, None, None],
            Self::Of(owner) => owner.names(),
        }
    }

    /// The scope that these names stand for, as [`Owner::parse`]: the whole system when no tenant is named.
    ///
    /// # Errors
    /// A name is no identifier.
    pub fn parse(names: [Option<&str>; 3]) -> Result<Self, NotValid> {
        Ok(Owner::parse(names)?.map_or(Self::System, Self::Of))
    }

    /// This scope as far as the role takes it: the tenant of a user for its administrator. `None` when the role is for
    /// less than this names.
    pub fn for_role(self, role: Role) -> Option<Self> {
        let [tenant, group, _] = self.names();
        let wider = match role {
            Role::SystemAdmin => [None, None, None],
            Role::TenantAdmin => [tenant, None, None],
            Role::GroupAdmin => [tenant, group, None],
            Role::EndUser | Role::CallProcessing => self.names(),
        };
        Self::parse(wider).ok().filter(|scope| role.fits(scope))
    }

    /// Whether `other` is this scope or a part of it.
    pub fn holds(&self, other: &Self) -> bool {
        self.names().iter().zip(other.names()).all(|(own, other)| own.is_none_or(|own| other == Some(own)))
    }

    /// Whether a path with this tenant, group and user, as far as it names them, is about something in this scope or
    /// above it: a user's path is not another user's, and the tenant's schedules are above its own.
    pub fn meets(&self, path: [Option<&str>; 3]) -> bool {
        self.names().iter().zip(path).all(|(own, other)| own.is_none() || other.is_none() || *own == other)
    }
}

open_enum! {
    /// By what somebody is known.
    ActorKind: SNAKE_CASE, {
        /// A token of this server; the actor is the token's identifier.
        Token = "token",
        /// An access token of the OpenID provider; the actor is its subject.
        Subject = "subject",
        /// A command on the server's machine; the actor is the command.
        Command = "command",
        /// Somebody unknown: the credentials were not good, or the server asks nobody who it is.
        Anyone = "anyone",
    }
}

/// Who somebody is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// By what it is known.
    pub kind: ActorKind,
    /// Which token, subject or command.
    pub actor: String,
    /// What it is.
    pub role: Role,
    /// What on.
    pub scope: Scope,
    /// Whether it may change nothing.
    pub read_only: bool,
}

/// Who calls an operation.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who it is.
    pub identity: std::sync::Arc<Identity>,
    /// Where the request comes from; a command on the server's machine comes from nowhere.
    pub client_address: Option<IpAddr>,
    /// The identifier of the request.
    pub request_id: String,
    /// The operation's identifier.
    pub operation: &'static str,
}

impl Actor {
    /// A command on the server's machine, which may do everything.
    pub fn command(name: &'static str, request_id: impl Into<String>) -> Self {
        let identity = Identity {
            kind: ActorKind::Command,
            actor: name.to_owned(),
            role: Role::SystemAdmin,
            scope: Scope::System,
            read_only: false,
        };
        Self { identity: identity.into(), client_address: None, request_id: request_id.into(), operation: name }
    }
}

/// The set of `roles`, for [`Read`] and [`Write`].
const fn set(roles: &[Role]) -> u8 {
    let mut set = 0;
    let mut at = 0;
    while at < roles.len() {
        set |= roles[at].bit();
        at += 1;
    }
    set
}

/// Who administers the system.
pub const SYSTEM_ADMINS: u8 = set(&[Role::SystemAdmin]);
/// Who administers a tenant.
pub const TENANT_ADMINS: u8 = SYSTEM_ADMINS | set(&[Role::TenantAdmin]);
/// Who administers a group.
pub const GROUP_ADMINS: u8 = TENANT_ADMINS | set(&[Role::GroupAdmin]);
/// Who administers a user, the user included.
pub const END_USERS: u8 = GROUP_ADMINS | set(&[Role::EndUser]);
/// Who asks what becomes of calls to a user.
pub const CALL_ASKERS: u8 = END_USERS | set(&[Role::CallProcessing]);
/// Who asks what becomes of calls to a number.
pub const CALL_PROCESSING: u8 = SYSTEM_ADMINS | set(&[Role::CallProcessing]);

/// Who calls an operation that changes nothing and is open to the roles of the set `ROLES`.
pub type Read<const ROLES: u8> = Access<ROLES, false>;
/// Who calls an operation that changes something and is open to the roles of the set `ROLES`.
pub type Write<const ROLES: u8> = Access<ROLES, true>;

/// Who calls an operation; see [`Read`] and [`Write`].
pub struct Access<const ROLES: u8, const CHANGES: bool>(pub Actor);

impl<'a, const ROLES: u8, const CHANGES: bool> ApiExtractor<'a> for Access<ROLES, CHANGES> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    /// The rule, written as the name of a scheme; the finishing step of the document takes it apart.
    fn security_schemes() -> Vec<&'static str> {
        vec![Rule { roles: ROLES, changes: CHANGES }.to_json().to_string().leak()]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let unchecked = || Failure::Internal("an operation was reached past the check of who calls it".into());
        Ok(Self(request.extensions().get::<Actor>().cloned().ok_or_else(unchecked)?))
    }
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    roles: u8,
    changes: bool,
}

impl Rule {
    /// The roles that may call it.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.roles & role.bit() != 0)
    }

    /// Whether it changes something, and so is closed to read-only tokens.
    pub fn changes(self) -> bool {
        self.changes
    }

    /// The rule as the document has it.
    pub fn to_json(self) -> Value {
        let roles: Vec<_> = self.roles().map(Role::as_str).collect();
        json!({ "roles": roles, "changes": self.changes })
    }

    /// The rule that the document says so.
    pub fn from_json(value: &Value) -> Option<Self> {
        let named = |role: &Value| Role::parse(role.as_str()?).map(Role::bit);
        let roles = value["roles"].as_array()?.iter().map(named).sum::<Option<u8>>()?;
        Some(Self { roles, changes: value["changes"].as_bool()? })
    }

    /// Whether `identity` may call the operation on what a path with this tenant, group and user names.
    pub fn lets(self, identity: &Identity, path: [Option<&str>; 3]) -> bool {
        let role = self.roles & identity.role.bit() != 0;
        role && !(self.changes && identity.read_only) && identity.scope.meets(path)
    }

    /// The rule in words, for the operation's description.
    pub fn describe(self) -> String {
        let roles: Vec<_> = self.roles().map(|role| format!("`{}`", role.as_str())).collect();
        let read_only = if self.changes { "; not with a read-only token" } else { "" };
        format!("Roles: {}{read_only}.", roles.join(", "))
    }
}

/// The refusal of whoever may not do something. It is the same whether or not the thing is there.
pub fn forbidden() -> Failure {
    let detail = "The role or the scope of the token does not let it do this; the document names the roles that may.";
    Failure::refused(ProblemCode::Forbidden, detail)
}
