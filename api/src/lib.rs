//! The contract of the Selective Call Acceptance server and nothing else: types, operations, the published document.
//!
//! The server implements the *port* of each resource (a trait like [`resource::tenant::Tenants`]) and mounts
//! [`service`]. The document is made here alone, without a server or a database: `cargo run -p call-acceptance-api
//! --bin spec`.
//!
//! # Adding an operation
//! 1. Put its body and answer types into the file of the resource. Values with a rule of their own are declared with
//!    `text!` ([`value::text`]). What may be absent in an answer is `Option` and left out; what null clears is a
//!    [`value::change::Change`]. Rules that a schema cannot say go into [`wire::payload::Body::check`].
//! 2. Add a method to the resource's port, with its meaning, limits and errors.
//! 3. Add the annotated method to the resource's API: operation id (the method's name, noun first), a summary line,
//!    a description, who may call it ([`access::Read`] or [`access::Write`], its first argument), the problem codes
//!    that it can answer.
//! 4. Give new schemas an example in `document/examples/data.rs`, which works on the demonstration data: `make
//!    test-docs` sends each, and holds what is answered against the printed answer.
//! 5. `make spec` writes the document; review the difference and note it in `spec/CHANGELOG.md`.
//! 6. Implement the port's method in the server, and call the operation in a test.

pub mod access;
pub mod document;
pub mod resource;
pub mod value;
pub mod wire;

use std::sync::Arc;

use poem_openapi::{ExtraHeader, OpenApi, OpenApiService};

use resource::{audit, criteria, decision, group, health, schedule, tenant, token, user, user_service};

/// The title of the published document.
pub const TITLE: &str = "Selective Call Acceptance";

/// The version of the contract.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Every resource, in the order of the document.
pub type Apis = (
    criteria::selective_call_acceptance::SelectiveCallAcceptanceApi,
    decision::DecisionsApi,
    user_service::UserServicesApi,
    ScheduleApis,
    user::UsersApi,
    group::GroupsApi,
    tenant::TenantsApi,
    token::TokensApi,
    audit::AuditEventsApi,
    health::HealthApi,
);

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

/// What a server implements: every port.
pub trait Ports:
    criteria::CriteriaServices
    + decision::Decisions
    + user_service::UserServices
    + schedule::Schedules
    + user::Users
    + group::Groups
    + tenant::Tenants
    + token::Tokens
    + audit::AuditEvents
    + health::Readiness
    + 'static
{
}

impl<T> Ports for T where
    T: criteria::CriteriaServices
        + decision::Decisions
        + user_service::UserServices
        + schedule::Schedules
        + user::Users
        + group::Groups
        + tenant::Tenants
        + token::Tokens
        + audit::AuditEvents
        + health::Readiness
        + 'static
{
}

/// The operations, delegating to `server`.
pub fn apis<S: Ports>(server: Arc<S>) -> Apis {
    (
        criteria::selective_call_acceptance::SelectiveCallAcceptanceApi(server.clone()),
        decision::DecisionsApi(server.clone()),
        user_service::UserServicesApi(server.clone()),
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
        user::UsersApi(server.clone()),
        group::GroupsApi(server.clone()),
        tenant::TenantsApi(server.clone()),
        token::TokensApi(server.clone()),
        audit::AuditEventsApi(server.clone()),
        health::HealthApi(server),
    )
}

/// The operations of `apis` as an endpoint, with what the document says of the whole API.
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
A user keeps *criteria*: caller numbers, anonymous or unavailable callers, time and holiday schedules. An incoming \
call is accepted if it meets an active criteria and refused if it meets none; a criteria with \
`doNotPerformAction: true` refuses the calls that it meets and wins over every other.

Paths work with and without the slash at their end. Errors are `application/problem+json` (RFC 9457) with a stable \
`code`. Writes of a user's criteria can be made conditional with `If-Match`.

Every operation under `/api/` needs a token. Its role and its scope, a tenant, a group or a user, say what it may do: \
what is \
outside the scope is 403 whether or not it exists. The description of an operation names the roles that may call it.";
