//! The tags of operations, in the order of the documentation page.

use poem_openapi::Tags;

/// The tag of an operation.
#[derive(Tags)]
pub enum Tag {
    /// A user's criteria, which decide which calls are accepted.
    #[oai(rename = "Selective Call Acceptance")]
    SelectiveCallAcceptance,
    /// A user's criteria for calls that are refused, before Selective Call Acceptance is asked.
    #[oai(rename = "Selective Call Rejection")]
    SelectiveCallRejection,
    /// Whether calls of callers who withhold their number are refused.
    #[oai(rename = "Anonymous Call Rejection")]
    AnonymousCallRejection,
    /// Whether an incoming call is accepted, and why.
    Decisions,
    /// The services of a user.
    #[oai(rename = "User services")]
    UserServices,
    /// Callers that no service refuses, defined for a tenant or a group.
    #[oai(rename = "Protected callers")]
    ProtectedCallers,
    /// What refused callers get, defined for a tenant or a group.
    Treatments,
    /// Times at which criteria apply, defined for a tenant, a group or a user.
    #[oai(rename = "Time schedules")]
    TimeSchedules,
    /// Holidays on which criteria apply, defined for a tenant, a group or a user.
    #[oai(rename = "Calendar schedules")]
    CalendarSchedules,
    /// Lists of numbers that many criteria refer to, defined for a tenant, a group or a user.
    #[oai(rename = "Number lists")]
    NumberLists,
    /// Users of a group.
    Users,
    /// Groups of a tenant.
    Groups,
    /// Tenants of the system.
    Tenants,
    /// Whole tenants in and out, as files.
    #[oai(rename = "Imports and exports")]
    Transfers,
    /// Tokens that authenticate API clients.
    Tokens,
    /// What became of calls: how many were refused and why, and by which criteria.
    Statistics,
    /// The audit trail: who changed what and when.
    #[oai(rename = "Audit events")]
    AuditEvents,
    /// Liveness and readiness of the server.
    Health,
}
