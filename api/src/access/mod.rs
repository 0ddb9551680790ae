//! Access control: roles, scopes, and the access rule of each operation.
//!
//! The first argument of an operation's method declares its rule: [`Read`] or [`Write`] with the roles that are
//! allowed. The document publishes the rule (`x-access`), and the server checks it before the method runs. An operation
//! under `/api/` without a rule is refused for everybody.
//!
//! To add a role, add it to [`Role`] and to the sets of roles below that include it.

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
    /// The role of an actor. A role applies only within the actor's scope.
    Role: SNAKE_CASE, {
        /// May do everything in the whole system.
        SystemAdmin = "system_admin",
        /// Administers one tenant.
        TenantAdmin = "tenant_admin",
        /// Administers one group.
        GroupAdmin = "group_admin",
        /// Manages one user: the user's criteria and schedules, and decisions on calls to the user.
        EndUser = "end_user",
        /// Asks for decisions, as call-processing nodes do; for all users, or for those of one tenant, group or user.
        CallProcessing = "call_processing",
    }
}

impl Role {
    /// Whether the role can have this scope: a tenant administrator has the scope of a tenant, and so on.
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

/// The part of the system that a role applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole system.
    System,
    /// A tenant, a group or a user, with everything below it.
    Of(Owner),
}

impl Scope {
    /// The names of tenant, group and user; `None` for the levels that the scope leaves open.
    pub fn names(&self) -> [Option<&str>; 3] {
        match self {
            Self::System => [None, None, None],
            Self::Of(owner) => owner.names(),
        }
    }

    /// The scope of these names, see [`Owner::parse`]; the whole system if there is no tenant.
    ///
    /// # Errors
    /// If a name is not a valid identifier.
    pub fn parse(names: [Option<&str>; 3]) -> Result<Self, NotValid> {
        Ok(Owner::parse(names)?.map_or(Self::System, Self::Of))
    }

    /// The widest part of this scope that `role` can have: for a user's scope and a tenant administrator, the user's
    /// tenant. `None` if this scope is wider than the role allows.
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

    /// Whether `other` is equal to this scope or lies within it.
    pub fn holds(&self, other: &Self) -> bool {
        self.names().iter().zip(other.names()).all(|(own, other)| own.is_none_or(|own| other == Some(own)))
    }

    /// Whether a path with these names of tenant, group and user lies within this scope or above it. A user's scope
    /// meets the paths of the user's tenant and group, but not those of another user.
    pub fn meets(&self, path: [Option<&str>; 3]) -> bool {
        self.names().iter().zip(path).all(|(own, other)| own.is_none() || other.is_none() || *own == other)
    }
}

open_enum! {
    /// How an actor was authenticated.
    ActorKind: SNAKE_CASE, {
        /// A token of this server. The name of the actor is the token's identifier.
        Token = "token",
        /// An access token of the OpenID provider. The name of the actor is the token's subject.
        Subject = "subject",
        /// A command on the server's machine. The name of the actor is the command's.
        Command = "command",
        /// An unknown actor: the credentials were invalid, or the server runs without authentication.
        Anyone = "anyone",
    }
}

/// An authenticated actor with its permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// How the actor was authenticated.
    pub kind: ActorKind,
    /// Identifier of the token, the subject or the command.
    pub actor: String,
    /// The actor's role.
    pub role: Role,
    /// The scope of the role.
    pub scope: Scope,
    /// Whether the actor may only read.
    pub read_only: bool,
}

/// The actor of a request.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The actor with its permissions.
    pub identity: std::sync::Arc<Identity>,
    /// Address of the client; `None` for a command on the server's machine.
    pub client_address: Option<IpAddr>,
    /// Identifier of the request.
    pub request_id: String,
    /// The operationId.
    pub operation: &'static str,
    /// Whether the actor only tries a change: it is carried out and rolled back.
    pub dry_run: bool,
}

impl Actor {
    /// The same actor, who only tries a change if `dry_run` is true.
    pub fn trying(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    /// A command on the server's machine, which may do everything.
    pub fn command(name: &'static str, request_id: impl Into<String>) -> Self {
        let identity = Identity {
            kind: ActorKind::Command,
            actor: name.to_owned(),
            role: Role::SystemAdmin,
            scope: Scope::System,
            read_only: false,
        };
        Self {
            identity: identity.into(),
            client_address: None,
            request_id: request_id.into(),
            operation: name,
            dry_run: false,
        }
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

/// Roles that administer the system.
pub const SYSTEM_ADMINS: u8 = set(&[Role::SystemAdmin]);
/// Roles that administer a tenant.
pub const TENANT_ADMINS: u8 = SYSTEM_ADMINS | set(&[Role::TenantAdmin]);
/// Roles that administer a group.
pub const GROUP_ADMINS: u8 = TENANT_ADMINS | set(&[Role::GroupAdmin]);
/// Roles that manage a user.
pub const END_USERS: u8 = GROUP_ADMINS | set(&[Role::EndUser]);
/// Roles that may ask for decisions on calls to a user of a given path.
pub const CALL_ASKERS: u8 = END_USERS | set(&[Role::CallProcessing]);
/// Roles that may ask for decisions on calls to any number.
pub const CALL_PROCESSING: u8 = SYSTEM_ADMINS | set(&[Role::CallProcessing]);

/// The actor of an operation that only reads, open to the roles in the set `ROLES`.
pub type Read<const ROLES: u8> = Access<ROLES, false>;
/// The actor of an operation that changes something, open to the roles in the set `ROLES`.
pub type Write<const ROLES: u8> = Access<ROLES, true>;

/// Extracts the actor of the request and declares the operation's access rule; see [`Read`] and [`Write`].
pub struct Access<const ROLES: u8, const CHANGES: bool>(pub Actor);

impl<'a, const ROLES: u8, const CHANGES: bool> ApiExtractor<'a> for Access<ROLES, CHANGES> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    /// The rule as JSON in place of a scheme's name; the finishing step of the document moves it to `x-access`.
    fn security_schemes() -> Vec<&'static str> {
        vec![Rule { roles: ROLES, changes: CHANGES }.to_json().to_string().leak()]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let unchecked = || Failure::Internal("the request reached the operation without an access check".into());
        Ok(Self(request.extensions().get::<Actor>().cloned().ok_or_else(unchecked)?))
    }
}

/// The access rule of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    roles: u8,
    changes: bool,
}

impl Rule {
    /// The roles that are allowed.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.roles & role.bit() != 0)
    }

    /// Whether the operation changes something; read-only tokens are then refused.
    pub fn changes(self) -> bool {
        self.changes
    }

    /// The rule in the form of `x-access`.
    pub fn to_json(self) -> Value {
        let roles: Vec<_> = self.roles().map(Role::as_str).collect();
        json!({ "roles": roles, "changes": self.changes })
    }

    /// Reads the rule from the form of `x-access`.
    pub fn from_json(value: &Value) -> Option<Self> {
        let named = |role: &Value| Role::parse(role.as_str()?).map(Role::bit);
        let roles = value["roles"].as_array()?.iter().map(named).sum::<Option<u8>>()?;
        Some(Self { roles, changes: value["changes"].as_bool()? })
    }

    /// Whether `identity` may call the operation on a path with these names of tenant, group and user.
    pub fn allows(self, identity: &Identity, path: [Option<&str>; 3]) -> bool {
        let role = self.roles & identity.role.bit() != 0;
        role && !(self.changes && identity.read_only) && identity.scope.meets(path)
    }

    /// The rule as a sentence for the operation's description.
    pub fn describe(self) -> String {
        let roles: Vec<_> = self.roles().map(|role| format!("`{}`", role.as_str())).collect();
        let read_only = if self.changes { "; not with a read-only token" } else { "" };
        format!("Roles: {}{read_only}.", roles.join(", "))
    }
}

/// The error for an actor without permission. It does not reveal whether the resource exists.
pub fn forbidden() -> Failure {
    let detail =
        "The role or the scope of the token does not allow this request; the document lists the allowed roles.";
    Failure::refused(ProblemCode::Forbidden, detail)
}
