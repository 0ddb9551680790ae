//! The codes of errors: one table, from which the type, the published document and the pages for people are made.
//!
//! To add a code, add an entry, and name the code in the [`Fails`](super::Fails) of the operations that can answer it.
//! A code never changes its status or its meaning.

use poem::http::StatusCode;

use crate::value::open_enum::{SNAKE_CASE, open_enum};

/// What is said of a code.
struct Entry {
    status: StatusCode,
    title: &'static str,
    description: &'static str,
    example: &'static str,
}

/// Declares the codes. `title` says in a few words what is wrong, `description` what it means and what to do about it;
/// `example` is a `detail` as the server words it.
macro_rules! problem_codes {
    ($(
        $name:ident = $code:literal {
            status: $status:ident,
            title: $title:literal,
            description: $description:literal,
            example: $example:literal,
        }
    )+) => {
        open_enum! {
            /// The stable code of a kind of problem: programs may depend on it, and it always comes with the same
            /// status.
            ProblemCode: SNAKE_CASE, {
                $(
                    #[doc = concat!($title, ".")]
                    $name = $code,
                )+
            }
        }

        static TABLE: [Entry; ProblemCode::ALL.len()] = [$(
            Entry { status: StatusCode::$status, title: $title, description: $description, example: $example },
        )+];
    };
}

problem_codes! {
    MalformedRequest = "malformed_request" {
        status: BAD_REQUEST,
        title: "The request is not HTTP",
        description: "What arrived is not a request of HTTP/1.1: its first line, a header or a length in it cannot be \
            read, and the connection is closed. Mend the client, or what stands between it and the server.",
        example: "This is not a request of HTTP/1.1: its first line, a header or a length in it cannot be read.",
    }
    MalformedJson = "malformed_json" {
        status: BAD_REQUEST,
        title: "The body is not JSON",
        description: "The body is not well-formed JSON, is no JSON at all, or has a member twice. `detail` says where \
            it goes \
            wrong; mend it and send the request again.",
        example: "Expected a JSON object: EOF while parsing a value at line 3 column 1.",
    }
    InvalidRequest = "invalid_request" {
        status: BAD_REQUEST,
        title: "The request is not valid",
        description: "Something in the request is not as the document says, or the body refers to what is not there. \
            `errors` \
            lists each fault with its place and what would be right; mend them all and send the request again.",
        example: "`name` is required.",
    }
    TooManyCriteria = "too_many_criteria" {
        status: BAD_REQUEST,
        title: "The user has as many criteria as a user can have",
        description: "A user has as many criteria as `detail` says. Delete one that is not needed any more, or put \
            the numbers \
            of several into one.",
        example: "A user can have 100 criteria.",
    }
    TooManySchedules = "too_many_schedules" {
        status: BAD_REQUEST,
        title: "The owner has as many schedules as an owner can have",
        description: "A tenant, a group or a user has as many schedules of a type as `detail` says. Delete one that \
            nothing \
            refers to, or put the periods of several into one.",
        example: "An owner can have 1000 schedules of a type.",
    }
    Unauthenticated = "unauthenticated" {
        status: UNAUTHORIZED,
        title: "The request does not say who sends it",
        description: "There is no token in the request, or it is mistyped, expired or revoked. Send `Authorization: \
            Bearer` \
            with a valid one, which an administrator can make.",
        example: "The request must say who sends it: `Authorization: Bearer` with a token.",
    }
    Forbidden = "forbidden" {
        status: FORBIDDEN,
        title: "The caller may not do this",
        description: "The token is valid, and its role, its scope, or being read-only does not let it do this, \
            whether or not \
            the thing is there. Take a token of a role that the operation names, for a scope that the path is in.",
        example: "The role or the scope of the token does not let it do this; the document names the roles that may.",
    }
    RouteNotFound = "route_not_found" {
        status: NOT_FOUND,
        title: "There is no such path",
        description: "Nothing is served under the path. Hold it against the document: a segment may be mistyped, \
            empty or not \
            percent-encoded.",
        example: "There is nothing under this path; /docs/ shows what there is.",
    }
    TenantNotFound = "tenant_not_found" {
        status: NOT_FOUND,
        title: "There is no such tenant",
        description: "The path names a tenant that does not exist. Identifiers are case-sensitive; the list of \
            tenants shows \
            those there are.",
        example: "There is no tenant \"foo\".",
    }
    GroupNotFound = "group_not_found" {
        status: NOT_FOUND,
        title: "There is no such group",
        description: "The path names a group that the tenant does not have. Identifiers are case-sensitive; the list \
            of the \
            tenant's groups shows those there are.",
        example: "The tenant \"foo\" has no group \"foogroup\".",
    }
    UserNotFound = "user_not_found" {
        status: NOT_FOUND,
        title: "There is no such user",
        description: "The path names a user that the group does not have. Identifiers are case-sensitive; the list of \
            the \
            group's users shows those there are.",
        example: "The group \"foogroup\" of the tenant \"foo\" has no user \"foouser\".",
    }
    ServiceNotAssigned = "service_not_assigned" {
        status: NOT_FOUND,
        title: "The service is not assigned to the user",
        description: "The user is there, without the service Selective Call Acceptance. Assign it under the user's \
            `services/` \
            first.",
        example: "The user \"foouser\" does not have the service Selective Call Acceptance.",
    }
    CriteriaNotFound = "criteria_not_found" {
        status: NOT_FOUND,
        title: "There is no such criteria",
        description: "The path names a criteria that the user does not have; it may have been renamed or deleted. \
            View the \
            service to see the names of all.",
        example: "The user has no criteria \"foocriteria\".",
    }
    ScheduleNotFound = "schedule_not_found" {
        status: NOT_FOUND,
        title: "There is no such schedule",
        description: "The path names a schedule that is not at this level and of this type; it may have been renamed \
            or \
            deleted. A list with `allLevels=true` shows the levels above too.",
        example: "There is no schedule \"Every Friday\" of this type here.",
    }
    TokenNotFound = "token_not_found" {
        status: NOT_FOUND,
        title: "There is no such token",
        description: "The caller has no such token to see: its identifier is mistyped, or it is outside the caller's \
            scope. \
            The list of tokens shows those there are.",
        example: "There is no token \"0193a0c03a527c408a3e7f2b9f6d1c55\".",
    }
    MethodNotAllowed = "method_not_allowed" {
        status: METHOD_NOT_ALLOWED,
        title: "The path does not know this method",
        description: "The path is there, and does not take this method. `Allow` names those that it takes.",
        example: "This path does not know the method PATCH; it knows GET, HEAD, PUT, DELETE.",
    }
    TenantExists = "tenant_exists" {
        status: CONFLICT,
        title: "The tenant exists already",
        description: "Another tenant has the identifier. Choose another one, or update the tenant that is there.",
        example: "There is a tenant \"bar\" already.",
    }
    GroupExists = "group_exists" {
        status: CONFLICT,
        title: "The group exists already",
        description: "Another group of the tenant has the identifier. Choose another one, or update the group that is \
            there.",
        example: "The tenant \"foo\" has a group \"sales\" already.",
    }
    UserExists = "user_exists" {
        status: CONFLICT,
        title: "The user exists already",
        description: "Another user of the group has the identifier. Choose another one, or update the user that is \
            there.",
        example: "The group has a user \"jane\" already.",
    }
    PhoneNumberTaken = "phone_number_taken" {
        status: CONFLICT,
        title: "Another user has the phone number",
        description: "A phone number leads to one user only, and another user has this one. Take it from that user \
            first, or \
            choose another number.",
        example: "Another user has the phone number \"+3225550101\".",
    }
    CriteriaExists = "criteria_exists" {
        status: CONFLICT,
        title: "The criteria exists already",
        description: "Another criteria of the user has the name. Choose another one, or update the criteria that is \
            there.",
        example: "The user has a criteria \"test\" already.",
    }
    ScheduleExists = "schedule_exists" {
        status: CONFLICT,
        title: "The schedule exists already",
        description: "Another schedule of the same owner and type has the name. Choose another one, or update the \
            schedule \
            that is there.",
        example: "There is a schedule \"Friday afternoon\" of this type here already.",
    }
    TenantInUse = "tenant_in_use" {
        status: CONFLICT,
        title: "The tenant still has groups or schedules",
        description: "The tenant is not empty, and is kept so that nothing is lost by mistake. Delete first what it \
            holds, or \
            send `cascade=true` to delete everything in it too.",
        example: "The tenant \"foo\" still has groups or schedules; `cascade=true` deletes them too.",
    }
    GroupInUse = "group_in_use" {
        status: CONFLICT,
        title: "The group still has users or schedules",
        description: "The group is not empty, and is kept so that nothing is lost by mistake. Delete first what it \
            holds, or \
            send `cascade=true` to delete everything in it too.",
        example: "The group \"foogroup\" still has users or schedules; `cascade=true` deletes them too.",
    }
    UserInUse = "user_in_use" {
        status: CONFLICT,
        title: "The user still has services or schedules",
        description: "The user still has something, and is kept so that nothing is lost by mistake. Take it away \
            first, or \
            send `cascade=true` to delete it too.",
        example: "The user \"foouser\" still has services or schedules; `cascade=true` deletes them too.",
    }
    ScheduleInUse = "schedule_in_use" {
        status: CONFLICT,
        title: "Criteria refer to the schedule",
        description: "Criteria would lose the schedule by which they go. `detail` names whose they are; give those \
            another \
            schedule, or none, and delete it then.",
        example: "The schedule \"Every Friday\" is in use by the criteria \"foocriteria\" of foogroup/foouser.",
    }
    RevisionMismatch = "revision_mismatch" {
        status: PRECONDITION_FAILED,
        title: "The service has changed since it was read",
        description: "Somebody else changed the user's criteria after they were read, and nothing of this request was \
            done. \
            Read them again, and send the change with the new `ETag` in `If-Match`.",
        example: "The service is at revision \"1764000000000000\" now, which `If-Match` does not name; read it again.",
    }
    BodyTooLarge = "body_too_large" {
        status: PAYLOAD_TOO_LARGE,
        title: "The body is too large",
        description: "A body may have 1 MiB. Send less at once, in several requests.",
        example: "The body is longer than 1048576 bytes.",
    }
    UnsupportedMediaType = "unsupported_media_type" {
        status: UNSUPPORTED_MEDIA_TYPE,
        title: "The body is of another media type",
        description: "The operation takes its body as `application/json`, or as `text/calendar` for iCalendar. Say so \
            in \
            `Content-Type`.",
        example: "The body must be sent as `Content-Type: application/json`.",
    }
    TooManyAttempts = "too_many_attempts" {
        status: TOO_MANY_REQUESTS,
        title: "Too many attempts to authenticate failed",
        description: "So many authentications failed from the address that the next one waits. Send the request again \
            after \
            the seconds in `Retry-After`, with a token that is valid.",
        example: "Too many authentications failed from this address; the next is looked at in 12 s.",
    }
    TooManyWrites = "too_many_writes" {
        status: TOO_MANY_REQUESTS,
        title: "Too many changes of the token are under way",
        description: "A token may have only so many changes under way at once, so that others have their turn. Send \
            the \
            request again after the seconds in `Retry-After`, and fewer at the same time.",
        example: "As many changes of this token are under way as may be at once, 4; send the next when one is \
            answered.",
    }
    HeadTooLarge = "head_too_large" {
        status: REQUEST_HEADER_FIELDS_TOO_LARGE,
        title: "The first line or the headers are too large",
        description: "The first line and the headers of a request may have 64 KiB together, and 100 headers. Send \
            fewer, or shorter ones; cookies are not needed here.",
        example: "The first line and the headers are longer than 64 KiB together, or there are more than 100 headers.",
    }
    InternalError = "internal_error" {
        status: INTERNAL_SERVER_ERROR,
        title: "The server failed",
        description: "The server met what it should not, and the request is not to blame. Give `instance` to the \
            operator, who \
            finds the cause in the log under it.",
        example: "The server could not do this; the operator finds the cause in the log under the identifier in \
            `instance`.",
    }
    DatabaseUnavailable = "database_unavailable" {
        status: SERVICE_UNAVAILABLE,
        title: "The database does not answer",
        description: "The database does not answer, and the server goes on by itself when it is back. Send the \
            request again \
            after the seconds in `Retry-After`.",
        example: "The database does not answer at the moment; try again after the time in `Retry-After`.",
    }
    ProviderUnavailable = "provider_unavailable" {
        status: SERVICE_UNAVAILABLE,
        title: "The OpenID provider does not answer",
        description: "The access token cannot be verified, since the OpenID provider does not answer. Send the \
            request again \
            after the seconds in `Retry-After`; tokens of the server itself work meanwhile.",
        example: "The OpenID provider does not answer, and its keys are not known yet; try again later.",
    }
    RequestTimeout = "request_timeout" {
        status: SERVICE_UNAVAILABLE,
        title: "The request took too long",
        description: "The server gave the request up because it took too long. A change may have been made all the \
            same: look \
            before sending it again, after the seconds in `Retry-After`.",
        example: "The request was not done in 10 s and was given up.",
    }
}

/// A set of codes is a set of bits, see [`codes`](super::codes).
const _: () = assert!(ProblemCode::ALL.len() <= 64, "a set of codes has no room for so many");

impl ProblemCode {
    fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// The HTTP status that the code always comes with.
    pub fn status(self) -> StatusCode {
        self.entry().status
    }

    /// What is wrong, in a few words.
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// What the code means and what to do about it, for whoever meets it.
    pub fn description(self) -> &'static str {
        self.entry().description
    }

    /// A `detail` that the code can come with.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// The codes that the description of an answer names, `code` and a colon, in the order of the document.
    pub fn named_in(description: &str) -> Vec<Self> {
        let named = |code: &Self| description.contains(&format!("`{code}`: "));
        Self::ALL.into_iter().filter(named).collect()
    }

    /// The path of the page about the code, which is the `type` of its problems.
    pub fn path(self) -> String {
        format!("/problems/{}", self.as_str())
    }

    pub(super) const fn bit(self) -> u64 {
        1 << self as u8
    }
}
