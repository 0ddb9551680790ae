//! The codes of errors in one table, from which the type, the published document and the problem pages are made.
//!
//! To add a code, add an entry, and add the code to the [`Fails`](super::Fails) of the operations that return it. A
//! code never changes its status or its meaning.

use poem::http::StatusCode;

use crate::value::open_enum::{SNAKE_CASE, open_enum};

/// The entry of a code.
struct Entry {
    status: StatusCode,
    title: &'static str,
    description: &'static str,
    example: &'static str,
}

/// Declares the codes. `title` is a short summary, `description` says what the code means and what to do about it, and
/// `example` is a `detail` as the server sends it.
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
            /// The stable code of a kind of problem. Programs may depend on it; it always comes with the same status.
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
        description: "The body is not well-formed JSON, or an object in it has the same member twice. `detail` says \
            where the error is; correct it and send the request again.",
        example: "Expected a JSON object: EOF while parsing a value at line 3 column 1.",
    }
    InvalidRequest = "invalid_request" {
        status: BAD_REQUEST,
        title: "The request is not valid",
        description: "The request does not conform to the document, or the body refers to a resource that does not \
            exist. `errors` lists the faults, each with its place and what would be right; correct them and send the \
            request again.",
        example: "`name` is required.",
    }
    TooManyCriteria = "too_many_criteria" {
        status: BAD_REQUEST,
        title: "The user has the maximum number of criteria",
        description: "The user already has the maximum number of criteria, which `detail` states. Delete one that is \
            no longer needed, or merge the phone numbers of several into one.",
        example: "A user can have 100 criteria.",
    }
    TooManySchedules = "too_many_schedules" {
        status: BAD_REQUEST,
        title: "The owner has the maximum number of schedules",
        description: "The tenant, group or user already has the maximum number of schedules of this type, which \
            `detail` states. Delete one that is not in use, or merge the periods of several into one.",
        example: "An owner can have 1000 schedules of a type.",
    }
    TooManyNumberLists = "too_many_number_lists" {
        status: BAD_REQUEST,
        title: "The owner has the maximum number of number lists",
        description: "The tenant, group or user already has the maximum number of number lists, which `detail` \
            states. Delete one that is not in use, or merge the entries of several into one.",
        example: "An owner can have 1000 number lists.",
    }
    TooManyEntries = "too_many_entries" {
        status: BAD_REQUEST,
        title: "The number list would have too many entries",
        description: "With the change the number list would have more entries than the maximum, which `detail` states. \
            Delete entries that are no longer needed, replace many by one with a wildcard, or divide the list.",
        example: "A number list can have 200000 entries; this would result in 200001.",
    }
    Unauthenticated = "unauthenticated" {
        status: UNAUTHORIZED,
        title: "The request is not authenticated",
        description: "The request has no token, or the token is malformed, expired or revoked. Send `Authorization: \
            Bearer` with a valid token, which an administrator can create.",
        example: "Authentication is required: send `Authorization: Bearer` with a token.",
    }
    Forbidden = "forbidden" {
        status: FORBIDDEN,
        title: "The actor may not do this",
        description: "The token is valid, but its role or scope does not allow the request, or it is read-only. The \
            response is the same whether or not the resource exists. Use a token with a role that the operation lists \
            and a scope that includes the path.",
        example: "The role or the scope of the token does not allow this request; the document lists the allowed \
            roles.",
    }
    RouteNotFound = "route_not_found" {
        status: NOT_FOUND,
        title: "There is no such path",
        description: "Nothing is served under the path. Compare it with the document: a segment may be misspelt, empty \
            or not percent-encoded.",
        example: "There is nothing under this path; /docs/ lists the paths.",
    }
    TenantNotFound = "tenant_not_found" {
        status: NOT_FOUND,
        title: "There is no such tenant",
        description: "The path names a tenant that does not exist. Identifiers are case-sensitive; list the tenants to \
            see the existing ones.",
        example: "There is no tenant \"foo\".",
    }
    GroupNotFound = "group_not_found" {
        status: NOT_FOUND,
        title: "There is no such group",
        description: "The path names a group that the tenant does not have. Identifiers are case-sensitive; list the \
            tenant's groups to see the existing ones.",
        example: "The tenant \"foo\" has no group \"foogroup\".",
    }
    UserNotFound = "user_not_found" {
        status: NOT_FOUND,
        title: "There is no such user",
        description: "The path names a user that the group does not have. Identifiers are case-sensitive; list the \
            group's users to see the existing ones.",
        example: "The group \"foogroup\" of the tenant \"foo\" has no user \"foouser\".",
    }
    ServiceNotAssigned = "service_not_assigned" {
        status: NOT_FOUND,
        title: "The service is not assigned to the user",
        description: "The user exists, but does not have the service that the path names. Assign it under the user's \
            `services/` first.",
        example: "The user \"foouser\" does not have the service Selective Call Acceptance.",
    }
    CriteriaNotFound = "criteria_not_found" {
        status: NOT_FOUND,
        title: "There is no such criteria",
        description: "The path names a criteria that the user does not have; it may have been renamed or deleted. View \
            the service to see all criteria.",
        example: "The user has no criteria \"foocriteria\".",
    }
    ScheduleNotFound = "schedule_not_found" {
        status: NOT_FOUND,
        title: "There is no such schedule",
        description: "The path names a schedule that does not exist at this level and with this type; it may have been \
            renamed or deleted. A list with `allLevels=true` includes the schedules of the levels above.",
        example: "There is no schedule \"Every Friday\" of this type here.",
    }
    NumberListNotFound = "number_list_not_found" {
        status: NOT_FOUND,
        title: "There is no such number list",
        description: "The path names a number list that does not exist at this level; it may have been renamed or \
            deleted. A list with `allLevels=true` includes the number lists of the levels above.",
        example: "There is no number list \"Nuisance callers\" here.",
    }
    TokenNotFound = "token_not_found" {
        status: NOT_FOUND,
        title: "There is no such token",
        description: "The identifier of the token is misspelt, or the token is outside the actor's scope. List the \
            tokens to see those within the scope.",
        example: "There is no token \"0193a0c03a527c408a3e7f2b9f6d1c55\".",
    }
    DeletionNotFound = "deletion_not_found" {
        status: NOT_FOUND,
        title: "There is no such deletion",
        description: "The tenant has no deletion with the identifier, nor had one in the last 7 days. The \
            `Location` of the answer to the deletion says where it is.",
        example: "The tenant \"foo\" has no deletion \"0193a0c03a527c408a3e7f2b9f6d1c55\".",
    }
    ImportNotFound = "import_not_found" {
        status: NOT_FOUND,
        title: "There is no such import",
        description: "The tenant has no import with the identifier, or more than 100 came after it. List the tenant's \
            imports to see those that are kept.",
        example: "The tenant \"foo\" has no import \"0193a0c03a527c408a3e7f2b9f6d1c55\".",
    }
    MethodNotAllowed = "method_not_allowed" {
        status: METHOD_NOT_ALLOWED,
        title: "The path does not support this method",
        description: "The path exists, but does not support the method. `Allow` lists the methods that it supports.",
        example: "This path does not support the method PATCH; it supports GET, HEAD, PUT, DELETE.",
    }
    TenantExists = "tenant_exists" {
        status: CONFLICT,
        title: "The tenant already exists",
        description: "Another tenant has this identifier. Choose another identifier, or update the existing tenant.",
        example: "There is a tenant \"bar\" already.",
    }
    GroupExists = "group_exists" {
        status: CONFLICT,
        title: "The group already exists",
        description: "Another group of the tenant has this identifier. Choose another identifier, or update the \
            existing group.",
        example: "The tenant \"foo\" has a group \"sales\" already.",
    }
    UserExists = "user_exists" {
        status: CONFLICT,
        title: "The user already exists",
        description: "Another user of the group has this identifier. Choose another identifier, or update the existing \
            user.",
        example: "The group has a user \"jane\" already.",
    }
    PhoneNumberTaken = "phone_number_taken" {
        status: CONFLICT,
        title: "Another user has the phone number",
        description: "A phone number belongs to one user only, and another user has this one. Remove it from that user \
            first, or choose another number.",
        example: "Another user has the phone number \"+3225550101\".",
    }
    CriteriaExists = "criteria_exists" {
        status: CONFLICT,
        title: "The criteria already exists",
        description: "Another criteria of the user has this name. Choose another name, or update the existing \
            criteria.",
        example: "The user has a criteria \"test\" already.",
    }
    ScheduleExists = "schedule_exists" {
        status: CONFLICT,
        title: "The schedule already exists",
        description: "Another schedule of the same owner and type has this name. Choose another name, or update the \
            existing schedule.",
        example: "There is a schedule \"Friday afternoon\" of this type here already.",
    }
    NumberListExists = "number_list_exists" {
        status: CONFLICT,
        title: "The number list already exists",
        description: "Another number list of the same owner has this name. Choose another name, or update the existing \
            number list.",
        example: "There is already a number list \"Nuisance callers\" here.",
    }
    BeingDeleted = "being_deleted" {
        status: CONFLICT,
        title: "The tenant or the group is being deleted",
        description: "The tenant or the group is being deleted with all that it holds, and nothing is created in it \
            meanwhile, so that the deletion comes to its end. Choose another place, or create it again when the \
            deletion is complete.",
        example: "The tenant \"foo\" is being deleted; nothing is created in it until that is complete.",
    }
    ImportRunning = "import_running" {
        status: CONFLICT,
        title: "Another import of the tenant is running",
        description: "A tenant has one import at a time, and another one is running; the list of imports shows it. \
            Wait until it has ended, or cancel it.",
        example: "Another import of the tenant \"foo\" is running; wait until it has ended, or cancel it.",
    }
    TenantInUse = "tenant_in_use" {
        status: CONFLICT,
        title: "The tenant still has groups, schedules or number lists",
        description: "The tenant is not empty and was not deleted, to prevent accidental loss. Delete its contents \
            first, or send `cascade=true` to delete them too.",
        example: "The tenant \"foo\" still has groups, schedules or number lists; `cascade=true` deletes them too.",
    }
    GroupInUse = "group_in_use" {
        status: CONFLICT,
        title: "The group still has users, schedules or number lists",
        description: "The group is not empty and was not deleted, to prevent accidental loss. Delete its contents \
            first, or send `cascade=true` to delete them too.",
        example: "The group \"foogroup\" still has users, schedules or number lists; `cascade=true` deletes them too.",
    }
    UserInUse = "user_in_use" {
        status: CONFLICT,
        title: "The user still has services, schedules or number lists",
        description: "The user still has services, schedules or number lists and was not deleted, to prevent \
            accidental loss. Remove them first, or send `cascade=true` to delete them too.",
        example: "The user \"foouser\" still has services, schedules or number lists; `cascade=true` deletes them too.",
    }
    ScheduleInUse = "schedule_in_use" {
        status: CONFLICT,
        title: "Criteria refer to the schedule",
        description: "Criteria still refer to the schedule. `detail` names the users who have them; change or clear \
            the schedule of those criteria, then delete it.",
        example: "The schedule \"Every Friday\" is in use by the criteria \"foocriteria\" of foogroup/foouser.",
    }
    NumberListInUse = "number_list_in_use" {
        status: CONFLICT,
        title: "Criteria refer to the number list",
        description: "The number list was not deleted, since criteria refer to it; `detail` names them. Take it out of \
            their `numberLists` first, or delete them.",
        example: "The number list \"Nuisance callers\" is in use by the criteria \"foocriteria\" of foogroup/foouser.",
    }
    RevisionMismatch = "revision_mismatch" {
        status: PRECONDITION_FAILED,
        title: "The service has changed since it was read",
        description: "The user's criteria were changed by another request after they were read; this request changed \
            nothing. Read them again, and send the change with the new `ETag` in `If-Match`.",
        example: "The service is now at revision \"1764000000000000\", which is not in `If-Match`; read it again.",
    }
    BodyTooLarge = "body_too_large" {
        status: PAYLOAD_TOO_LARGE,
        title: "The body is too large",
        description: "A body may have at most 1 MiB, a file of entries of a number list at most 32 MiB. Split it \
            into several requests.",
        example: "The body is longer than 1048576 bytes.",
    }
    UnsupportedMediaType = "unsupported_media_type" {
        status: UNSUPPORTED_MEDIA_TYPE,
        title: "The media type of the body is not supported",
        description: "The operation accepts bodies of `application/json`; of `text/calendar` for iCalendar; or of \
            `text/csv` and `application/x-ndjson` for files of entries. Set `Content-Type` accordingly.",
        example: "The body must be sent as `Content-Type: application/json`.",
    }
    TooManyAttempts = "too_many_attempts" {
        status: TOO_MANY_REQUESTS,
        title: "Too many failed authentications",
        description: "Too many authentications from this address failed, so further attempts are delayed. Retry after \
            the seconds in `Retry-After`, with a valid token.",
        example: "Too many authentications from this address failed; try again in 12 s.",
    }
    TooManyWrites = "too_many_writes" {
        status: TOO_MANY_REQUESTS,
        title: "Too many concurrent changes",
        description: "The number of concurrent changes with one token is limited, so that no client blocks the others; \
            and a tenant can send one file of entries at a time. Retry after the seconds in `Retry-After`, with fewer \
            requests at a time.",
        example: "This token has the maximum of 4 changes in progress; send the next when one of them is done.",
    }
    TooManyExports = "too_many_exports" {
        status: TOO_MANY_REQUESTS,
        title: "Too many concurrent exports",
        description: "A tenant can be exported once at a time, and a server exports a few tenants at a time, since \
            each occupies the database for as long as it is read. Retry after the seconds in `Retry-After`.",
        example: "The tenant \"foo\" is being exported; try again when that is done.",
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
        title: "Internal server error",
        description: "An unexpected error occurred in the server; the request is not at fault. Give `instance` to the \
            operator, who finds the cause under it in the log.",
        example: "An internal error occurred; the operator finds the cause in the log under the identifier in \
            `instance`.",
    }
    DatabaseUnavailable = "database_unavailable" {
        status: SERVICE_UNAVAILABLE,
        title: "The database is unavailable",
        description: "The database does not respond; the server recovers by itself when it is back. Retry after the \
            seconds in `Retry-After`.",
        example: "The database does not respond at the moment; try again after the time in `Retry-After`.",
    }
    ServerStopping = "server_stopping" {
        status: SERVICE_UNAVAILABLE,
        title: "The server is stopping",
        description: "The server was told to stop and will soon accept no connections. Send requests to another \
            instance.",
        example: "The server is stopping; send requests to another instance.",
    }
    ProviderUnavailable = "provider_unavailable" {
        status: SERVICE_UNAVAILABLE,
        title: "The OpenID provider is unavailable",
        description: "The access token cannot be verified because the OpenID provider does not respond. Retry after \
            the seconds in `Retry-After`; tokens of the server itself work meanwhile.",
        example: "The OpenID provider does not respond, and its keys are not known yet; try again later.",
    }
    RequestTimeout = "request_timeout" {
        status: SERVICE_UNAVAILABLE,
        title: "The request timed out",
        description: "The server aborted the request because it took too long. A change may have been made \
            nevertheless: check before retrying, after the seconds in `Retry-After`.",
        example: "The request was not finished within 10 s and was aborted.",
    }
}

/// A set of codes is a bit set, see [`codes`](super::codes).
const _: () = assert!(ProblemCode::ALL.len() <= 64, "a bit set has room for 64 codes");

impl ProblemCode {
    fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// The HTTP status of the code.
    pub fn status(self) -> StatusCode {
        self.entry().status
    }

    /// A short summary of the problem.
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// What the code means and what to do about it.
    pub fn description(self) -> &'static str {
        self.entry().description
    }

    /// A `detail` of the code.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// The codes that the description of a response lists as `code:`, in the order of the document.
    pub fn named_in(description: &str) -> Vec<Self> {
        let ends = description.match_indices("`: ");
        let names: Vec<&str> = ends.filter_map(|(end, _)| description[..end].rsplit('`').next()).collect();
        Self::ALL.into_iter().filter(|code| names.contains(&code.as_str())).collect()
    }

    /// The path of the page about the code, which is the `type` of its problems.
    pub fn path(self) -> String {
        format!("/problems/{}", self.as_str())
    }

    pub(super) const fn bit(self) -> u64 {
        1 << self as u8
    }
}
