//! The examples of the published document, by schema name. They fit the data of `call-acceptance demo` and can be sent
//! unchanged.

use serde_json::{Value, json};

use crate::resource::{
    number_list::{NumberListCsv, NumberListLines},
    schedule::icalendar,
    transfer::export::TenantLines,
    transfer::import::{ImportLines, ImportUsers},
};

/// The example of the schema `name`, if it is defined here.
pub(super) fn of(name: &str) -> Option<Value> {
    Some(match name {
        "SelectiveCallAcceptance" => json!({ "criteria": [criteria("foocriteria")] }),
        "SelectiveCallAcceptanceUpdate" => json!({ "criteria": [
            { "name": "foocriteria", "active": true },
            test2(),
            { "name": "test3", "delete": true }
        ] }),
        "SelectiveCallRejection" => json!({ "criteria": [premium_numbers(), colleagues()] }),
        "SelectiveCallRejectionUpdate" => json!({
            "criteria": [{ "name": "Premium numbers", "active": true }, { "name": "gone", "delete": true }],
            "suspendedUntil": "2026-08-31T22:00:00Z"
        }),
        "AnonymousCallRejection" | "AnonymousCallRejectionUpdate" => json!({ "active": true }),
        "RejectionCriteria" => premium_numbers(),
        "RejectionCriteriaCreate" => new_rejection(),
        "RejectionCriteriaUpdate" => json!({ "description": ABOUT_PREMIUM_NUMBERS, "validUntil": LAST_DAY }),
        "RejectionFromDnCriteria" => premium_callers(),
        "RejectionFromDnCriteriaCreate" | "RejectionFromDnCriteriaUpdate" => premium_callers(),
        "Criteria" => criteria("foocriteria"),
        "CriteriaCreate" => with_schedules(json!({ "name": "test", "active": true })),
        "CriteriaUpdate" => with_schedules(json!({ "name": "test", "active": true })),
        "FromDnCriteria" | "FromDnCriteriaCreate" | "FromDnCriteriaUpdate" => from_dn_criteria(),
        "ScheduleReference" | "ScheduleSelection" => json!({ "level": "User", "name": "Every Friday", "type": "Time" }),
        "Decision" => refused(),
        "DecisionRequest" => {
            json!({ "callingNumber": "+3225126777", "presentation": "allowed", "at": "2026-12-25T09:30:00+01:00" })
        }
        "CalledDecisionRequest" => json!({ "calledNumber": "+3225550100", "callingNumber": "+3225126777" }),
        "CriteriaOutcome" => json!({
            "service": "Selective Call Acceptance", "criteria": "foocriteria", "doNotPerformAction": false,
            "outcome": "outside_holiday_schedule"
        }),
        "UserServiceList" => json!({ "services": [
            { "name": "Selective Call Acceptance", "assigned": true },
            { "name": "Selective Call Rejection", "assigned": true },
            { "name": "Anonymous Call Rejection", "assigned": true }
        ] }),
        "WarningList" => json!({ "warnings": [blocks_everyone(), never_in_schedules(), narrow()] }),
        "Warning" => never_in_schedules(),
        "PreviewRequest" => json!({
            "changes": [{ "service": "Selective Call Acceptance", "update": {
                "criteria": [{ "name": "friends", "fromDnCriteria": {
                    "selection": "Specified Only", "phoneNumbers": ["+3225126777"]
                } }]
            } }],
            "calls": [{ "callingNumber": "+3225126777" }, { "callingNumber": "+3225126778" }]
        }),
        "Preview" => json!({
            "calls": [
                { "before": refused(), "after": accepted_friend() },
                { "before": refused(), "after": refused() }
            ],
            "changed": 1,
            "warnings": [internal_refused(), never_in_schedules(), narrow()],
            "week": { "before": [week_of("nobody")], "after": [week_of("listed")] }
        }),
        "ServiceSelectionList" => json!({ "services": [{ "name": "Selective Call Acceptance" }] }),
        "ProtectedCallerList" | "ProtectedCallersUpdate" => json!({ "callers": [voicemail()] }),
        "ProtectedCaller" | "ProtectedCallerEntry" => voicemail(),
        "TreatmentList" | "TreatmentsUpdate" => json!({ "treatments": [of_rejected(), of_anonymous()] }),
        "Treatment" | "TreatmentEntry" => of_rejected(),
        "Tenant" => tenant("foo"),
        "TenantCreate" => tenant("bar"),
        "TenantUpdate" => json!({ "name": "Foo Telecom", "timeZone": "Europe/Brussels" }),
        "TenantList" => json!({ "tenants": [tenant("foo")] }),
        "Group" => group("foogroup"),
        "GroupCreate" => group("sales"),
        "GroupUpdate" => json!({ "groupName": "Head office" }),
        "GroupList" => json!({ "groups": [group("foogroup")] }),
        "User" => user("foouser", "+3225550100"),
        "UserCreate" => user("jane", "+3225550101"),
        "UserUpdate" => json!({ "firstName": "Foo", "extension": "100" }),
        "UserList" => json!({ "users": [user("foouser", "+3225550100")] }),
        "Schedule" => schedule("Every Friday"),
        "ScheduleCreate" => schedule("Friday afternoon"),
        "ScheduleUpdate" => json!({ "periods": [friday()] }),
        "ScheduleEntry" => json!({ "name": "Every Friday", "level": "User" }),
        "ScheduleList" => schedules("Every Friday", "User"),
        "Period" => friday(),
        "Icalendar" => json!(ICALENDAR),
        "LoadedSchedule" => schedule("Every Friday"),
        "SkippedEvent" => json!({ "line": 12, "detail": "The event has no `DTSTART`." }),
        "NumberList" => number_list("Nuisance callers", 2),
        "NumberListCreate" => json!({ "name": "Partners", "description": ABOUT_NUISANCE }),
        "NumberListUpdate" => json!({ "description": ABOUT_NUISANCE }),
        "NumberListSummary" => json!({ "name": "Nuisance callers", "level": "User" }),
        "NumberListPage" => number_lists("User"),
        "NumberListReference" | "NumberListSelection" => json!({ "level": "Tenant", "name": "Nuisance callers" }),
        "NumberListEntry" | "NumberListEntryUpdate" => nuisance(),
        "NumberListEntries" => json!({ "entries": [nuisance(), { "pattern": "+3290*" }] }),
        "NumberListEntriesUpdate" => json!({ "entries": [{ "pattern": "+3225550667", "note": "Reported twice" }] }),
        "NumberListEntriesDelete" => json!({ "patterns": ["+3290*"] }),
        "NumberListEntryCounts" => json!({ "created": 1, "changed": 0, "unchanged": 0 }),
        "NumberListReplacement" => json!({ "created": 1, "changed": 1, "unchanged": 0, "deleted": 1 }),
        "NumberListCsv" => json!(NumberListCsv::RULE.example),
        "NumberListLines" => json!(NumberListLines::RULE.example),
        "TenantLines" => json!(TenantLines::RULE.example),
        "Token" => token(),
        "TokenCreate" => json!({
            "role": "end_user", "tenantId": "foo", "groupId": "foogroup", "userId": "foouser",
            "description": "The self-care portal", "expiresAt": "2027-12-31T00:00:00Z"
        }),
        "TokenList" => json!({ "tokens": [token()] }),
        "Statistics" => statistics(),
        "ReasonCount" => json!({ "reason": "criteria_matched", "count": 21 }),
        "CriteriaCount" => criteria_count(),
        "SeriesEntry" => json!({ "start": "2026-11-24T00:00:00Z", "accepted": 12, "rejected": 3 }),
        "RefusedCallList" => json!({ "calls": [refused_call()] }),
        "RefusedCall" => refused_call(),
        "Recorded" => json!({ "groupId": "foogroup", "groupName": "Head office" }),
        "AuditEvent" => audit_event(),
        "AuditEventList" => json!({ "auditEvents": [audit_event()] }),
        "Health" => json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "numberingPlans": "9.0.42" }),
        "Deletion" => deletion(),
        "Import" => import(),
        "ImportList" => json!({ "imports": [import()] }),
        "ImportCounts" => json!({ "read": 2, "created": 2, "changed": 0, "unchanged": 0, "deleted": 0, "failed": 0 }),
        "ImportError" => import_error(),
        "ImportErrorList" => json!({ "errors": [import_error()] }),
        "ImportLines" => json!(ImportLines::RULE.example),
        "ImportUsers" => json!(ImportUsers::RULE.example),
        "Empty" => json!({}),
        _ => return None,
    })
}

/// The example of the schema `name` in operations that read or replace a calendar schedule as iCalendar, if it differs
/// from the example in other operations on calendar schedules.
pub(super) fn of_icalendar(name: &str) -> Option<Value> {
    let loaded = || icalendar::read(ICALENDAR.as_bytes(), &icalendar::Reading::default());
    let periods = || loaded().map(|loaded| loaded.periods).unwrap_or_default();
    (name == "LoadedSchedule").then(|| json!({ "name": "Every Easter", "periods": periods() }))
}

/// The example of a parameter, if it differs from that of its schema.
pub(super) fn of_parameter(name: &str) -> Option<Value> {
    // After the example of `from`.
    (name == "to").then(|| json!("2026-12-31T23:00:00Z"))
}

/// The response of an operation to its own example, if it differs from the example of the response's schema.
pub(super) fn of_answer(operation: &str) -> Option<Value> {
    match operation {
        "selective_call_acceptance_update" => Some(json!({ "criteria": [criteria("foocriteria"), test2()] })),
        "selective_call_rejection_update" => Some(json!({
            "criteria": [premium_numbers(), colleagues()], "suspendedUntil": "2026-08-31T22:00:00Z"
        })),
        "criteria_create" => Some(criteria("test")),
        "rejection_criteria_create" => Some(with_derived(new_rejection(), "Forwarded calls")),
        "group_protected_callers_view" => {
            Some(json!({ "callers": [{ "pattern": "+3225550198", "note": "Alarm line" }] }))
        }
        "group_treatments_view" => Some(json!({ "treatments": [{
            "service": "Selective Call Rejection", "sipStatus": 302, "sipReason": "Moved Temporarily",
            "redirectTo": "tel:+3225550199"
        }] })),
        "group_statistics_view" | "tenant_statistics_view" => Some(statistics_of_users()),
        "tenant_create" => of("TenantCreate"),
        "group_create" => of("GroupCreate"),
        "user_create" => of("UserCreate"),
        "group_time_schedules_list" => Some(schedules("Every Friday", "Group")),
        "tenant_time_schedules_list" => Some(schedules("Every Friday", "Tenant")),
        "group_calendar_schedules_list" => Some(schedules("Every Easter", "Group")),
        "tenant_calendar_schedules_list" => Some(schedules("Every Easter", "Tenant")),
        "group_number_lists_list" => Some(number_lists("Group")),
        "tenant_number_lists_list" => Some(number_lists("Tenant")),
        _ if operation.ends_with("_number_list_create") => Some(number_list("Partners", 0)),
        _ if operation.ends_with("_time_schedule_create") => of("ScheduleCreate"),
        _ if operation.ends_with("_calendar_schedule_create") => of_calendar("ScheduleCreate"),
        _ => None,
    }
}

/// A calendar with two holidays.
const ICALENDAR: &str = "\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Example//Public holidays//EN\r
BEGIN:VEVENT\r
UID:christmas-2027@example.com\r
DTSTAMP:20261124T000000Z\r
DTSTART;VALUE=DATE:20271225\r
DTEND;VALUE=DATE:20271227\r
SUMMARY:Christmas\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:new-year@example.com\r
DTSTAMP:20261124T000000Z\r
DTSTART;VALUE=DATE:20270101\r
RRULE:FREQ=YEARLY\r
SUMMARY:New Year's Day\r
END:VEVENT\r
END:VCALENDAR\r
";

/// The example of the schema `name` in operations on calendar schedules, if it differs.
pub(super) fn of_calendar(name: &str) -> Option<Value> {
    Some(match name {
        "ScheduleName" => json!("Every Easter"),
        "Schedule" => json!({ "name": "Every Easter", "periods": [easter()] }),
        "ScheduleCreate" => json!({ "name": "Public holidays", "periods": [easter(), {
            "name": "Christmas", "active": true, "type": "Date", "startDate": "2026-12-25", "stopDate": "2026-12-26"
        }] }),
        "ScheduleUpdate" => json!({ "periods": [easter()] }),
        "ScheduleList" => schedules("Every Easter", "User"),
        _ => return None,
    })
}

fn easter() -> Value {
    json!({
        "name": "Easter Sunday", "active": true, "type": "Recurrence", "startDate": "2026-01-01",
        "rule": "FREQ=YEARLY;BYEASTER=0"
    })
}

fn criteria(name: &str) -> Value {
    with_schedules(json!({ "name": name, "active": true, "callsFrom": "All calls", "doNotPerformAction": false }))
}

fn test2() -> Value {
    json!({
        "name": "test2",
        "active": false,
        "callsFrom": "All calls",
        "doNotPerformAction": false,
        "fromDnCriteria": {
            "includeAnonymousCallers": false,
            "selection": "Any",
            "phoneNumbers": [],
            "includeUnavailableCallers": false
        }
    })
}

fn with_schedules(mut criteria: Value) -> Value {
    criteria["timeSchedule"] = json!({ "level": "User", "name": "Every Friday", "type": "Time" });
    criteria["holidaySchedule"] = json!({ "level": "User", "name": "Every Easter", "type": "Holiday" });
    criteria["fromDnCriteria"] = from_dn_criteria();
    criteria
}

const ABOUT_PREMIUM_NUMBERS: &str = "Nobody we know calls from these";
const LAST_DAY: &str = "2199-12-31T00:00:00Z";

/// The example of the schema `name` in an operation on criteria of Selective Call Rejection, where it is another one.
pub(super) fn of_rejection(name: &str) -> Option<Value> {
    (name == "CriteriaName").then(|| json!("Premium numbers"))
}

/// A criteria to create as it is answered.
fn with_derived(mut criteria: Value, calls_from: &str) -> Value {
    criteria["callsFrom"] = calls_from.into();
    criteria
}

fn premium_callers() -> Value {
    json!({
        "selection": "Specified Only", "includeAnonymousCallers": false, "includeUnavailableCallers": false,
        "phoneNumbers": ["+3290*"], "numberLists": [{ "level": "Tenant", "name": "Nuisance callers" }]
    })
}

fn premium_numbers() -> Value {
    json!({
        "name": "Premium numbers", "description": ABOUT_PREMIUM_NUMBERS, "active": true, "validUntil": LAST_DAY,
        "callsFrom": "+3290*, Nuisance callers", "doNotPerformAction": false, "fromDnCriteria": premium_callers()
    })
}

fn colleagues() -> Value {
    json!({
        "name": "Colleagues", "active": true, "callsFrom": "Internal", "doNotPerformAction": true, "fromDnCriteria": {
            "selection": "Specified Only", "includeAnonymousCallers": false, "includeUnavailableCallers": false,
            "includeInternalCallers": true, "phoneNumbers": []
        }
    })
}

fn new_rejection() -> Value {
    json!({
        "name": "Forwarded calls", "active": true, "doNotPerformAction": false, "fromDnCriteria": {
            "selection": "Forwarded", "includeAnonymousCallers": false, "includeUnavailableCallers": false,
            "phoneNumbers": []
        }
    })
}

fn refused() -> Value {
    json!({
        "decision": "reject", "reason": "no_criteria_matched", "service": "Selective Call Acceptance",
        "sipStatus": 603, "sipReason": "Decline"
    })
}

fn accepted_friend() -> Value {
    json!({
        "decision": "accept", "reason": "criteria_matched", "service": "Selective Call Acceptance",
        "criteria": "friends"
    })
}

fn week_of(callers: &str) -> Value {
    json!({ "start": "2026-11-27T09:00:00Z", "stop": "2026-12-04T09:00:00Z", "callers": callers })
}

fn internal_refused() -> Value {
    json!({
        "code": "internal_callers_refused", "severity": "info", "service": "Selective Call Acceptance",
        "detail": "Callers of the user's own organisation are refused like everyone else whom no criteria accepts. \
            Set `includeInternalCallers` in a criteria if colleagues are to get through."
    })
}

fn blocks_everyone() -> Value {
    json!({
        "code": "blocks_everyone", "severity": "error", "service": "Selective Call Acceptance",
        "detail": "Nobody gets through at any time in the coming two years: no criteria that accepts calls ever \
            decides one. See the warnings about the criteria; remove what keeps them from matching, or \
            set `outsideSchedules` to `Accept` so that calls are accepted outside of their schedules."
    })
}

fn never_in_schedules() -> Value {
    json!({
        "code": "never_matches_schedules", "severity": "error", "service": "Selective Call Acceptance",
        "criteria": "foocriteria",
        "detail": "The criteria never matches in the coming two years: the schedule \"Every Friday\" (level \
            User, type Time) and the schedule \"Every Easter\" (level User, type Holiday) have no common \
            time, and both must hold. For the time schedule except holidays, remove `holidaySchedule` \
            here and add a criteria with `doNotPerformAction`, `selection` `Any` and the holiday \
            schedule; for both times, use two criteria with one schedule each."
    })
}

fn narrow() -> Value {
    json!({
        "code": "holiday_narrows", "severity": "warning", "service": "Selective Call Acceptance",
        "criteria": "foocriteria",
        "detail": "Both schedules must hold, and less than 5 % of the time of the schedule \"Every Friday\" \
            (level User, type Time) is also in the schedule \"Every Easter\" (level User, type Holiday). \
            For the time schedule except holidays, remove `holidaySchedule` here and add a criteria with \
            `doNotPerformAction`, `selection` `Any` and the holiday schedule; for both times, use two \
            criteria with one schedule each."
    })
}

fn voicemail() -> Value {
    json!({ "pattern": "+3225550199", "note": "Voicemail" })
}

fn of_rejected() -> Value {
    json!({
        "service": "Selective Call Rejection", "sipStatus": 403, "sipReason": "Forbidden", "q850Cause": 21,
        "announcement": "call_rejected"
    })
}

fn of_anonymous() -> Value {
    json!({
        "service": "Anonymous Call Rejection", "sipStatus": 433, "sipReason": "Anonymity Disallowed",
        "announcement": "show_your_number"
    })
}

fn from_dn_criteria() -> Value {
    json!({
        "selection": "Any",
        "includeAnonymousCallers": false,
        "includeUnavailableCallers": true,
        "phoneNumbers": ["+3225126777"]
    })
}

fn token() -> Value {
    json!({
        "tokenId": "0193a0c03a527c408a3e7f2b9f6d1c55",
        "role": "end_user",
        "tenantId": "foo",
        "groupId": "foogroup",
        "userId": "foouser",
        "readOnly": false,
        "description": "The self-care portal",
        "createdAt": "2026-11-25T09:30:00.123456Z",
        "expiresAt": "2027-12-31T00:00:00Z"
    })
}

fn import() -> Value {
    json!({
        "importId": "0193a0c03a527c408a3e7f2b9f6d1c55", "status": "succeeded",
        "counts": { "read": 2, "created": 2, "changed": 0, "unchanged": 0, "deleted": 0, "failed": 0 },
        "bytesRead": 133, "startedAt": "2026-11-25T09:30:00.123456Z", "finishedAt": "2026-11-25T09:30:00.234567Z"
    })
}

fn import_error() -> Value {
    json!({
        "line": 2, "code": "invalid_request", "detail": "`userId` is required.", "pointer": "/userId"
    })
}

fn deletion() -> Value {
    json!({
        "deletionId": "0193a0c03a527c408a3e7f2b9f6d1c55",
        "tenantId": "foo",
        "status": "running",
        "usersDeleted": 12500,
        "startedAt": "2026-11-25T09:30:00.123456Z"
    })
}

fn audit_event() -> Value {
    json!({
        "eventId": "0193a0c03a527c408a3e7f2b9f6d1c55",
        "at": "2026-11-25T09:30:00.123456Z",
        "actorKind": "token",
        "actor": "0193a0c03a527c408a3e7f2b9f6d1c55",
        "requestId": "0193a0c0-3a52-7c40-8a3e-7f2b9f6d1c55",
        "clientAddress": "192.0.2.7",
        "operation": "group_update",
        "target": "/api/v1/tenants/foo/groups/foogroup/",
        "groupId": "foogroup",
        "before": { "groupId": "foogroup", "groupName": "Head office" },
        "after": { "groupId": "foogroup", "groupName": "Head office", "timeZone": "Europe/Brussels" }
    })
}

fn tenant(id: &str) -> Value {
    json!({
        "tenantId": id, "name": "Foo Telecom", "region": "BE", "timeZone": "Europe/Brussels", "recordRefusedCalls": true
    })
}

fn statistics() -> Value {
    json!({
        "accepted": 23,
        "rejected": 5,
        "reasons": [
            { "reason": "protected_caller", "count": 2 },
            { "reason": "criteria_matched", "count": 21 },
            { "reason": "no_criteria_matched", "count": 5 }
        ],
        "criteria": [criteria_count()],
        "series": [
            { "start": "2026-11-24T00:00:00Z", "accepted": 12, "rejected": 3 },
            { "start": "2026-11-25T00:00:00Z", "accepted": 11, "rejected": 2 }
        ]
    })
}

/// The statistics of a group or a tenant, which has no criteria.
fn statistics_of_users() -> Value {
    let mut statistics = statistics();
    statistics["criteria"] = json!([]);
    statistics
}

fn criteria_count() -> Value {
    json!({
        "service": "Selective Call Acceptance", "criteria": "foocriteria", "matched": 21,
        "lastMatchedAt": "2026-11-25T09:30:00.123456Z"
    })
}

fn refused_call() -> Value {
    json!({
        "at": "2026-11-25T09:30:00.123456Z", "callingNumber": "+3225126777", "reason": "no_criteria_matched",
        "service": "Selective Call Acceptance"
    })
}

fn group(id: &str) -> Value {
    json!({ "groupId": id, "groupName": "Head office" })
}

fn user(id: &str, phone_number: &str) -> Value {
    json!({
        "userId": id,
        "firstName": "Foo",
        "lastName": "User",
        "emailAddress": "foo.user@example.com",
        "phoneNumber": phone_number,
        "extension": "100"
    })
}

fn schedule(name: &str) -> Value {
    json!({ "name": name, "periods": [friday()] })
}

fn schedules(name: &str, level: &str) -> Value {
    json!({ "schedules": [{ "name": name, "level": level }] })
}

const ABOUT_NUISANCE: &str = "Reported by users, checked every month";

fn number_list(name: &str, entries: i32) -> Value {
    json!({ "name": name, "description": ABOUT_NUISANCE, "entryCount": entries })
}

fn number_lists(level: &str) -> Value {
    json!({ "numberLists": [{ "name": "Nuisance callers", "level": level }] })
}

fn nuisance() -> Value {
    json!({ "pattern": "+3225550666", "note": "Reported three times", "expiresAt": "2199-12-31T00:00:00Z" })
}

fn friday() -> Value {
    json!({
        "name": "Friday", "active": true, "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "09:00",
        "stopTime": "17:00"
    })
}
