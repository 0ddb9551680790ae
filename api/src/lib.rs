//! The contract of the Selective Call Acceptance server: types, operations, and the published document.
//!
//! The server implements the *port* of each resource (a trait like [`resource::tenant::Tenants`]) and mounts
//! [`service`]. The document needs no server and no database: `cargo run -p call-acceptance-api --bin spec`.
//!
//! - [`value`]: parsed values.
//! - [`wire`]: what all resources share in requests and responses.
//! - [`access`]: roles, scopes, and the access rule of each operation.
//! - [`resource`]: bodies, ports and operations, one file for each resource.
//! - [`document`]: the published document and the table of operations.
//!
//! `docs/architecture.md` has the rules of each room, and says how to add an operation.

pub mod access;
pub mod document;
pub mod resource;
pub mod value;
pub mod wire;

use std::sync::Arc;

use poem_openapi::{ExtraHeader, OpenApi, OpenApiService};

use resource::{
    anonymous_call_rejection, audit, criteria, decision, deletion, group, health, number_list, preview,
    protected_callers, refused_call, schedule, statistics, tenant, token, transfer, treatment, user, user_service,
    warning,
};

/// The title of the published document.
pub const TITLE: &str = "Selective Call Acceptance";

/// The version of the contract.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The operations of all resources, in the order of the document.
pub type Apis = (
    criteria::selective_call_acceptance::SelectiveCallAcceptanceApi,
    criteria::selective_call_rejection::SelectiveCallRejectionApi,
    anonymous_call_rejection::AnonymousCallRejectionApi,
    decision::DecisionsApi,
    UserServiceApis,
    PolicyApis,
    ScheduleApis,
    NumberListApis,
    user::UsersApi,
    group::GroupsApi,
    TenantApis,
    token::TokensApi,
    StatisticsApis,
    audit::AuditEventsApi,
    health::HealthApi,
);

/// What applies to all users of a tenant or a group.
pub type PolicyApis = (protected_callers::ProtectedCallersApi, treatment::TreatmentsApi);

/// The six schedule resources, and the calendar schedules as iCalendar.
pub type ScheduleApis = (
    schedule::UserTimeSchedulesApi,
    schedule::GroupTimeSchedulesApi,
    schedule::TenantTimeSchedulesApi,
    schedule::UserCalendarSchedulesApi,
    schedule::GroupCalendarSchedulesApi,
    schedule::TenantCalendarSchedulesApi,
    schedule::icalendar::UserCalendarScheduleIcalendarApi,
    schedule::icalendar::GroupCalendarScheduleIcalendarApi,
    schedule::icalendar::TenantCalendarScheduleIcalendarApi,
);

/// The number lists of three levels, and their entries.
pub type NumberListApis = (
    number_list::UserNumberListsApi,
    number_list::GroupNumberListsApi,
    number_list::TenantNumberListsApi,
    number_list::UserNumberListEntriesApi,
    number_list::GroupNumberListEntriesApi,
    number_list::TenantNumberListEntriesApi,
);

/// The services of a user, and what is said about them.
pub type UserServiceApis = (user_service::UserServicesApi, warning::WarningsApi, preview::PreviewsApi);

/// Tenants, deletions in the background, and whole tenants in and out.
pub type TenantApis =
    (tenant::TenantsApi, deletion::DeletionsApi, transfer::export::ExportsApi, transfer::import::ImportsApi);

/// The statistics of calls, and the list of those that were refused.
pub type StatisticsApis = (statistics::StatisticsApi, refused_call::RefusedCallsApi);

/// All ports; implemented by the server.
pub trait Ports:
    criteria::CriteriaServices
    + anonymous_call_rejection::AnonymousCallRejections
    + decision::Decisions
    + user_service::UserServices
    + warning::Warnings
    + preview::Previews
    + protected_callers::ProtectedCallers
    + treatment::Treatments
    + schedule::Schedules
    + number_list::NumberLists
    + user::Users
    + group::Groups
    + tenant::Tenants
    + transfer::export::Exports
    + deletion::Deletions
    + transfer::import::Imports
    + token::Tokens
    + statistics::CallStatistics
    + refused_call::RefusedCalls
    + audit::AuditEvents
    + health::Readiness
    + 'static
{
}

impl<T> Ports for T where
    T: criteria::CriteriaServices
        + anonymous_call_rejection::AnonymousCallRejections
        + decision::Decisions
        + user_service::UserServices
        + warning::Warnings
        + preview::Previews
        + protected_callers::ProtectedCallers
        + treatment::Treatments
        + schedule::Schedules
        + number_list::NumberLists
        + user::Users
        + group::Groups
        + tenant::Tenants
        + transfer::export::Exports
        + deletion::Deletions
        + transfer::import::Imports
        + token::Tokens
        + statistics::CallStatistics
        + refused_call::RefusedCalls
        + audit::AuditEvents
        + health::Readiness
        + 'static
{
}

/// The operations, delegating to `server`.
pub fn apis<S: Ports>(server: Arc<S>) -> Apis {
    (
        criteria::selective_call_acceptance::SelectiveCallAcceptanceApi(server.clone()),
        criteria::selective_call_rejection::SelectiveCallRejectionApi(server.clone()),
        anonymous_call_rejection::AnonymousCallRejectionApi(server.clone()),
        decision::DecisionsApi(server.clone()),
        (
            user_service::UserServicesApi(server.clone()),
            warning::WarningsApi(server.clone()),
            preview::PreviewsApi(server.clone()),
        ),
        (protected_callers::ProtectedCallersApi(server.clone()), treatment::TreatmentsApi(server.clone())),
        (
            schedule::UserTimeSchedulesApi(server.clone()),
            schedule::GroupTimeSchedulesApi(server.clone()),
            schedule::TenantTimeSchedulesApi(server.clone()),
            schedule::UserCalendarSchedulesApi(server.clone()),
            schedule::GroupCalendarSchedulesApi(server.clone()),
            schedule::TenantCalendarSchedulesApi(server.clone()),
            schedule::icalendar::UserCalendarScheduleIcalendarApi(server.clone()),
            schedule::icalendar::GroupCalendarScheduleIcalendarApi(server.clone()),
            schedule::icalendar::TenantCalendarScheduleIcalendarApi(server.clone()),
        ),
        (
            number_list::UserNumberListsApi(server.clone()),
            number_list::GroupNumberListsApi(server.clone()),
            number_list::TenantNumberListsApi(server.clone()),
            number_list::UserNumberListEntriesApi(server.clone()),
            number_list::GroupNumberListEntriesApi(server.clone()),
            number_list::TenantNumberListEntriesApi(server.clone()),
        ),
        user::UsersApi(server.clone()),
        group::GroupsApi(server.clone()),
        (
            tenant::TenantsApi(server.clone()),
            deletion::DeletionsApi(server.clone()),
            transfer::export::ExportsApi(server.clone()),
            transfer::import::ImportsApi(server.clone()),
        ),
        token::TokensApi(server.clone()),
        (statistics::StatisticsApi(server.clone()), refused_call::RefusedCallsApi(server.clone())),
        audit::AuditEventsApi(server.clone()),
        health::HealthApi(server),
    )
}

/// The operations of `apis` as an endpoint, with the general part of the document.
pub fn service<T: OpenApi>(apis: T) -> OpenApiService<T, ()> {
    OpenApiService::new(apis, TITLE, VERSION)
        .description(DESCRIPTION)
        .license(poem_openapi::LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/MIT.html"))
        .server(poem_openapi::ServerObject::new("/").description("This server"))
        .extra_response_header::<String, _>(
            ExtraHeader::new("X-Request-Id").description("Identifier of the request, as in the server's log."),
        )
}

const DESCRIPTION: &str = "\
A user keeps *criteria*: phone numbers of callers, anonymous or unavailable callers, time and holiday schedules. An \
incoming call is accepted if it matches an active criteria of Selective Call Acceptance, and refused if it matches \
none. A criteria with `doNotPerformAction: true` refuses the calls that it matches and takes precedence over all \
others. Selective Call Rejection and Anonymous Call Rejection are evaluated first. A user has the services that are \
assigned.

Paths work with and without the slash at the end. Errors are `application/problem+json` (RFC 9457) with a stable \
`code`. Writes of a user's criteria can be made conditional with `If-Match`.

Every operation under `/api/` needs a token. The token's role and its scope (the system, a tenant, a group or a user) \
determine what it may do: requests outside the scope are answered with 403, whether or not the resource exists. The \
description of each operation lists the roles that may call it.";
