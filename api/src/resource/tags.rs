//! The groups of operations, in the order of the docs page.

use poem_openapi::Tags;

/// The group that an operation stands in.
#[derive(Tags)]
pub enum Tag {
    /// A user's criteria: which calls are accepted and which are not.
    #[oai(rename = "Selective Call Acceptance")]
    SelectiveCallAcceptance,
    /// Whether an incoming call is accepted, and why.
    Decisions,
    /// Which services a user has.
    #[oai(rename = "User services")]
    UserServices,
    /// Times that criteria hold in, kept by a tenant, a group or a user.
    #[oai(rename = "Time schedules")]
    TimeSchedules,
    /// Holidays that criteria hold in, kept by a tenant, a group or a user.
    #[oai(rename = "Calendar schedules")]
    CalendarSchedules,
    /// Users of a group.
    Users,
    /// Groups of a tenant.
    Groups,
    /// Tenants of the system.
    Tenants,
    /// Who may call the API.
    Tokens,
    /// Who changed what and when.
    #[oai(rename = "Audit events")]
    AuditEvents,
    /// Whether the server lives and is ready.
    Health,
}
