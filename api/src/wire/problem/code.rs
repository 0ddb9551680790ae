//! The codes of errors: each with its status, its title and what to do about it.

use poem::http::StatusCode;
use poem_openapi::Enum;
use serde::Serialize;

use crate::document::{self, Operation};

/// The error codes. They are stable: programs may depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[expect(missing_docs, reason = "`meaning` and `advice` have the words for each code")]
pub enum ProblemCode {
    MalformedJson,
    InvalidRequest,
    TooManyCriteria,
    TooManySchedules,
    Unauthenticated,
    Forbidden,
    RouteNotFound,
    TenantNotFound,
    GroupNotFound,
    UserNotFound,
    ServiceNotAssigned,
    CriteriaNotFound,
    ScheduleNotFound,
    TokenNotFound,
    MethodNotAllowed,
    TenantExists,
    GroupExists,
    UserExists,
    PhoneNumberTaken,
    CriteriaExists,
    ScheduleExists,
    TenantInUse,
    GroupInUse,
    UserInUse,
    ScheduleInUse,
    RevisionMismatch,
    BodyTooLarge,
    UnsupportedMediaType,
    TooManyAttempts,
    InternalError,
    DatabaseUnavailable,
    ProviderUnavailable,
    RequestTimeout,
}

impl ProblemCode {
    /// Every code, in the order of the document.
    pub const ALL: [Self; 33] = [
        Self::MalformedJson,
        Self::InvalidRequest,
        Self::TooManyCriteria,
        Self::TooManySchedules,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::RouteNotFound,
        Self::TenantNotFound,
        Self::GroupNotFound,
        Self::UserNotFound,
        Self::ServiceNotAssigned,
        Self::CriteriaNotFound,
        Self::ScheduleNotFound,
        Self::TokenNotFound,
        Self::MethodNotAllowed,
        Self::TenantExists,
        Self::GroupExists,
        Self::UserExists,
        Self::PhoneNumberTaken,
        Self::CriteriaExists,
        Self::ScheduleExists,
        Self::TenantInUse,
        Self::GroupInUse,
        Self::UserInUse,
        Self::ScheduleInUse,
        Self::RevisionMismatch,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyAttempts,
        Self::InternalError,
        Self::DatabaseUnavailable,
        Self::ProviderUnavailable,
        Self::RequestTimeout,
    ];

    /// The HTTP status that the code always comes with, and its title.
    pub fn meaning(self) -> (StatusCode, &'static str) {
        match self {
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "The body is not JSON"),
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "The request is not valid"),
            Self::TooManyCriteria => (StatusCode::BAD_REQUEST, "The user has as many criteria as a user can have"),
            Self::TooManySchedules => (StatusCode::BAD_REQUEST, "The owner has as many schedules as an owner can have"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "The request does not say who sends it"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "The caller may not do this"),
            Self::RouteNotFound => (StatusCode::NOT_FOUND, "There is no such path"),
            Self::TenantNotFound => (StatusCode::NOT_FOUND, "There is no such tenant"),
            Self::GroupNotFound => (StatusCode::NOT_FOUND, "There is no such group"),
            Self::UserNotFound => (StatusCode::NOT_FOUND, "There is no such user"),
            Self::ServiceNotAssigned => (StatusCode::NOT_FOUND, "The service is not assigned to the user"),
            Self::CriteriaNotFound => (StatusCode::NOT_FOUND, "There is no such criteria"),
            Self::ScheduleNotFound => (StatusCode::NOT_FOUND, "There is no such schedule"),
            Self::TokenNotFound => (StatusCode::NOT_FOUND, "There is no such token"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "The path does not know this method"),
            Self::TenantExists => (StatusCode::CONFLICT, "The tenant exists already"),
            Self::GroupExists => (StatusCode::CONFLICT, "The group exists already"),
            Self::UserExists => (StatusCode::CONFLICT, "The user exists already"),
            Self::PhoneNumberTaken => (StatusCode::CONFLICT, "Another user has the phone number"),
            Self::CriteriaExists => (StatusCode::CONFLICT, "The criteria exists already"),
            Self::ScheduleExists => (StatusCode::CONFLICT, "The schedule exists already"),
            Self::TenantInUse => (StatusCode::CONFLICT, "The tenant still has groups or schedules"),
            Self::GroupInUse => (StatusCode::CONFLICT, "The group still has users or schedules"),
            Self::UserInUse => (StatusCode::CONFLICT, "The user still has services or schedules"),
            Self::ScheduleInUse => (StatusCode::CONFLICT, "Criteria refer to the schedule"),
            Self::RevisionMismatch => (StatusCode::PRECONDITION_FAILED, "The service has changed since it was read"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of another media type"),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "Too many attempts to authenticate failed"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "The server failed"),
            Self::DatabaseUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer"),
            Self::ProviderUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "The OpenID provider does not answer"),
            Self::RequestTimeout => (StatusCode::SERVICE_UNAVAILABLE, "The request took too long"),
        }
    }

    /// What the code means and what to do about it, for whoever meets it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::MalformedJson => {
                "The body is not well-formed JSON, is no JSON at all, or has a member twice. `detail` says where it goes wrong; mend it and send the request again."
            }
            Self::InvalidRequest => {
                "Something in the request is not as the document says, or the body refers to what is not there. `errors` lists each fault with its place and what would be right; mend them all and send the request again."
            }
            Self::TooManyCriteria => {
                "A user has as many criteria as `detail` says. Delete one that is not needed any more, or put the numbers of several into one."
            }
            Self::TooManySchedules => {
                "A tenant, a group or a user has as many schedules of a type as `detail` says. Delete one that nothing refers to, or put the periods of several into one."
            }
            Self::Unauthenticated => {
                "There is no token in the request, or it is mistyped, expired or revoked. Send `Authorization: Bearer` with a valid one, which an administrator can make."
            }
            Self::Forbidden => {
                "The token is valid, and its role, its scope, or being read-only does not let it do this, whether or not the thing is there. Take a token of a role that the operation names, for a scope that the path is in."
            }
            Self::RouteNotFound => {
                "Nothing is served under the path. Hold it against the document: a segment may be mistyped, empty or not percent-encoded."
            }
            Self::TenantNotFound => {
                "The path names a tenant that does not exist. Identifiers are case-sensitive; the list of tenants shows those there are."
            }
            Self::GroupNotFound => {
                "The path names a group that the tenant does not have. Identifiers are case-sensitive; the list of the tenant's groups shows those there are."
            }
            Self::UserNotFound => {
                "The path names a user that the group does not have. Identifiers are case-sensitive; the list of the group's users shows those there are."
            }
            Self::ServiceNotAssigned => {
                "The user is there, without the service Selective Call Acceptance. Assign it under the user's `services/` first."
            }
            Self::CriteriaNotFound => {
                "The path names a criteria that the user does not have; it may have been renamed or deleted. View the service to see the names of all."
            }
            Self::ScheduleNotFound => {
                "The path names a schedule that is not at this level and of this type; it may have been renamed or deleted. A list with `allLevels=true` shows the levels above too."
            }
            Self::TokenNotFound => {
                "The caller has no such token to see: its identifier is mistyped, or it is outside the caller's scope. The list of tokens shows those there are."
            }
            Self::MethodNotAllowed => {
                "The path is there, and does not take this method. `Allow` names those that it takes."
            }
            Self::TenantExists => {
                "Another tenant has the identifier. Choose another one, or update the tenant that is there."
            }
            Self::GroupExists => {
                "Another group of the tenant has the identifier. Choose another one, or update the group that is there."
            }
            Self::UserExists => {
                "Another user of the group has the identifier. Choose another one, or update the user that is there."
            }
            Self::PhoneNumberTaken => {
                "A phone number leads to one user only, and another user has this one. Take it from that user first, or choose another number."
            }
            Self::CriteriaExists => {
                "Another criteria of the user has the name. Choose another one, or update the criteria that is there."
            }
            Self::ScheduleExists => {
                "Another schedule of the same owner and type has the name. Choose another one, or update the schedule that is there."
            }
            Self::TenantInUse => {
                "The tenant is not empty, and is kept so that nothing is lost by mistake. Delete first what it holds, or send `cascade=true` to delete everything in it too."
            }
            Self::GroupInUse => {
                "The group is not empty, and is kept so that nothing is lost by mistake. Delete first what it holds, or send `cascade=true` to delete everything in it too."
            }
            Self::UserInUse => {
                "The user still has something, and is kept so that nothing is lost by mistake. Take it away first, or send `cascade=true` to delete it too."
            }
            Self::ScheduleInUse => {
                "Criteria would lose the schedule by which they go. `detail` names whose they are; give those another schedule, or none, and delete it then."
            }
            Self::RevisionMismatch => {
                "Somebody else changed the user's criteria after they were read, and nothing of this request was done. Read them again, and send the change with the new `ETag` in `If-Match`."
            }
            Self::BodyTooLarge => "A body may have 1 MiB. Send less at once, in several requests.",
            Self::UnsupportedMediaType => {
                "The operation takes its body as `application/json`, or as `text/calendar` for iCalendar. Say so in `Content-Type`."
            }
            Self::TooManyAttempts => {
                "So many authentications failed from the address that the next one waits. Send the request again after the seconds in `Retry-After`, with a token that is valid."
            }
            Self::InternalError => {
                "The server met what it should not, and the request is not to blame. Give `instance` to the operator, who finds the cause in the log under it."
            }
            Self::DatabaseUnavailable => {
                "The database does not answer, and the server goes on by itself when it is back. Send the request again after the seconds in `Retry-After`."
            }
            Self::ProviderUnavailable => {
                "The access token cannot be verified, since the OpenID provider does not answer. Send the request again after the seconds in `Retry-After`; tokens of the server itself work meanwhile."
            }
            Self::RequestTimeout => {
                "The server gave the request up because it took too long. A change may have been made all the same: look before sending it again, after the seconds in `Retry-After`."
            }
        }
    }

    /// The code that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The path of the page about the code, which is the `type` of its problems.
    pub fn path(self) -> String {
        format!("/problems/{}", self.as_str())
    }

    /// The operations that can answer it, in the order of the document.
    pub fn operations(self) -> impl Iterator<Item = Operation<'static>> {
        let (status, named) = (self.meaning().0, format!("`{}`: ", self.as_str()));
        document::operations().filter(move |operation| {
            let described = operation.object["responses"][status.as_str()]["description"].as_str();
            described.is_some_and(|described| described.contains(&named))
        })
    }

    /// The code as it is written in answers, `tenant_not_found`.
    pub fn as_str(self) -> String {
        use poem_openapi::types::ToJSON;
        self.to_json().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub(super) const fn bit(self) -> u64 {
        1 << self as u8
    }
}
