//! Previews: what they say is what happens when the changes are made, and nothing happens before.

mod random;

use call_acceptance::clock::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{Answer, App, JSON, SERVICE, USER, both_databases},
};

const PREVIEW: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/preview/";
const LISTS: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/number_lists/";
const ACCEPTANCE: &str = "Selective Call Acceptance";
const REJECTION: &str = "Selective Call Rejection";
const ANONYMOUS: &str = "Anonymous Call Rejection";
const NAMES: [&str; 3] = [ACCEPTANCE, REJECTION, ANONYMOUS];
const FRIEND: &str = "+3225126777";
const STRANGER: &str = "+3225126778";

fn path_of(service: &str) -> String {
    format!("{USER}services/{}/", service.to_lowercase().replace(' ', "_"))
}

/// A user with all services, schedules and number lists.
async fn with_services(database: Kind) -> App {
    let app = App::start(database).await.with_schedules().await;
    let services = json!({ "services": NAMES.map(|name| json!({ "name": name })) });
    app.post(&format!("{USER}services/"), services).await.expect(200);
    let friday = json!({ "periods": [{
        "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "9:00", "stopTime": "17:00"
    }] });
    app.put(&format!("{USER}time_schedules/Every%20Friday/"), friday).await.expect(200);
    let christmas =
        json!({ "name": "Christmas", "type": "Recurrence", "startDate": "2020-12-25", "rule": "FREQ=YEARLY" });
    app.put(&format!("{USER}calendar_schedules/Every%20Easter/"), json!({ "periods": [christmas] })).await.expect(200);
    for (name, pattern) in [("Friends", FRIEND), ("Others", "+3247*")] {
        app.post(LISTS, json!({ "name": name })).await.expect(201);
        let entries = json!({ "entries": [{ "pattern": pattern }] });
        app.post(&format!("{LISTS}{name}/entries/"), entries).await.expect(200);
    }
    app
}

fn change(service: &str, update: Value) -> Value {
    json!({ "service": service, "update": update })
}

fn only(name: &str, numbers: &[&str]) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } })
}

async fn preview(app: &App, changes: Value, calls: Value) -> Value {
    app.post(PREVIEW, json!({ "changes": changes, "calls": calls })).await.expect(200)
}

/// The reasons of the decisions `before` or `after`.
fn reasons<'p>(preview: &'p Value, of: &str) -> Vec<&'p str> {
    let calls = preview["calls"].as_array().expect("calls").iter();
    calls.map(|call| call[of]["reason"].as_str().expect("a reason")).collect()
}

/// Who gets through in the week `before` or `after`.
fn callers<'p>(preview: &'p Value, of: &str) -> Vec<&'p str> {
    let week = preview["week"][of].as_array().expect("a week").iter();
    week.map(|hours| hours["callers"].as_str().expect("callers")).collect()
}

#[apply(both_databases)]
async fn a_preview_has_the_calls_the_week_and_the_warnings_and_changes_nothing(#[case] database: Kind) {
    let app = with_services(database).await;
    let before = app.get(SERVICE).await;
    let calls = json!([{ "callingNumber": FRIEND }, { "callingNumber": STRANGER }]);
    let changes = json!([change(ACCEPTANCE, json!({ "criteria": [only("friends", &[FRIEND])] }))]);
    let preview = preview(&app, changes, calls).await;
    assert_eq!(reasons(&preview, "before"), ["no_active_criteria", "no_active_criteria"]);
    assert_eq!(reasons(&preview, "after"), ["criteria_matched", "no_criteria_matched"]);
    assert_eq!(preview["changed"], 1);
    assert_eq!(preview["calls"][0]["after"]["criteria"], "friends");
    assert_eq!((callers(&preview, "before"), callers(&preview, "after")), (vec!["everyone"], vec!["listed"]));
    let warnings = preview["warnings"].as_array().expect("warnings").iter();
    let codes: Vec<_> = warnings.map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["internal_callers_refused", "withheld_refused"]);
    let after = app.get(SERVICE).await;
    assert_eq!((after.text.as_str(), after.header("etag")), (before.text.as_str(), before.header("etag")));
}

#[apply(both_databases)]
async fn without_changes_the_services_are_previewed_as_they_are(#[case] database: Kind) {
    let app = with_services(database).await;
    app.put(SERVICE, json!({ "criteria": [only("friends", &[FRIEND])] })).await.expect(200);
    let preview = preview(&app, json!([]), json!([{ "callingNumber": FRIEND }, { "callingNumber": null }])).await;
    assert_eq!(reasons(&preview, "before"), ["criteria_matched", "no_criteria_matched"]);
    assert_eq!(reasons(&preview, "after"), reasons(&preview, "before"));
    assert_eq!((&preview["changed"], &preview["week"]["before"]), (&json!(0), &preview["week"]["after"]));
    let week = app.post(PREVIEW, json!({ "changes": [] })).await.expect(200);
    assert_eq!((&week["calls"], callers(&week, "before")), (&json!([]), vec!["listed"]));
    app.post(PREVIEW, json!({})).await.expect_faults(&["/changes"]);
}

#[apply(both_databases)]
async fn a_user_without_services_has_a_preview_too(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let services = json!({ "services": [{ "name": ACCEPTANCE }] }).to_string();
    app.send(Method::DELETE, &format!("{USER}services/"), &[JSON], Some(services)).await.expect(200);
    let preview = preview(&app, json!([]), json!([{}])).await;
    assert_eq!(
        (reasons(&preview, "after"), callers(&preview, "after")),
        (vec!["service_not_assigned"], vec!["everyone"])
    );
}

#[apply(both_databases)]
async fn all_services_can_be_changed_at_once(#[case] database: Kind) {
    let app = with_services(database).await;
    let changes = json!([
        change(ANONYMOUS, json!({ "active": true })),
        change(REJECTION, json!({ "criteria": [only("nuisance", &[STRANGER])] })),
        change(ACCEPTANCE, json!({ "suspendedUntil": "2199-01-01T00:00:00Z" })),
    ]);
    let calls = json!([{ "callingNumber": "anonymous" }, { "callingNumber": STRANGER }, { "callingNumber": FRIEND }]);
    let preview = preview(&app, changes, calls).await;
    assert_eq!(reasons(&preview, "before"), ["no_active_criteria"; 3]);
    assert_eq!(reasons(&preview, "after"), ["anonymous_call_rejected", "rejection_criteria_matched", "suspended"]);
    assert_eq!(preview["changed"], 2);
    assert_eq!(preview["calls"][0]["after"]["sipStatus"], 433);
}

#[apply(both_databases)]
async fn protected_callers_and_treatments_apply(#[case] database: Kind) {
    let app = with_services(database).await;
    let callers = json!({ "callers": [{ "pattern": FRIEND }] });
    app.put("/api/v1/tenants/foo/protected_callers/", callers).await.expect(200);
    let treatments = json!({ "treatments": [{ "service": REJECTION, "sipStatus": 486, "sipReason": "Busy" }] });
    app.put("/api/v1/tenants/foo/groups/foogroup/treatments/", treatments).await.expect(200);
    let all = json!({ "criteria": [{ "name": "all", "fromDnCriteria": { "selection": "Any" } }] });
    let calls = json!([{ "callingNumber": FRIEND }, { "callingNumber": STRANGER }]);
    let preview = preview(&app, json!([change(REJECTION, all)]), calls).await;
    assert_eq!(reasons(&preview, "after"), ["protected_caller", "rejection_criteria_matched"]);
    assert_eq!(preview["calls"][1]["after"]["sipStatus"], 486);
}

#[apply(both_databases)]
async fn number_lists_of_before_and_after_are_asked(#[case] database: Kind) {
    let app = with_services(database).await;
    let listed = |name: &str, list: &str| {
        let lists = json!([{ "level": "User", "name": list }]);
        json!({ "name": name, "fromDnCriteria": { "selection": "Specified Only", "numberLists": lists } })
    };
    app.put(SERVICE, json!({ "criteria": [listed("first", "Friends"), listed("second", "Friends")] }))
        .await
        .expect(200);
    let calls = json!([{ "callingNumber": FRIEND }, { "callingNumber": "+32475123456" }]);
    let other = |entry: Value| json!([change(ACCEPTANCE, json!({ "criteria": [entry] }))]);
    let all_friends = ["criteria_matched", "no_criteria_matched"];
    for (entry, after) in [
        (listed("first", "Others"), ["criteria_matched"; 2]),
        (json!({ "name": "first", "delete": true }), all_friends),
        (json!({ "name": "second", "active": false }), all_friends),
    ] {
        let preview = preview(&app, other(entry), calls.clone()).await;
        assert_eq!((reasons(&preview, "before"), reasons(&preview, "after")), (all_friends.into(), after.into()));
    }
    let missing = other(listed("first", "Nothing"));
    let fault = "/changes/0/update/criteria/0/fromDnCriteria/numberLists/0";
    app.post(PREVIEW, json!({ "changes": missing })).await.expect_faults(&[fault]);
}

/// The whole half hours of the week from now on, with who gets through in each.
fn half_hours(week: &Value) -> Vec<(Timestamp, String)> {
    let instant = |value: &Value| -> Timestamp { value.as_str().expect("a text").parse().expect("an instant") };
    let mut all: Vec<(Timestamp, String)> = Vec::new();
    let entries = week.as_array().expect("a week");
    for pair in entries.windows(2) {
        assert_eq!(pair[0]["stop"], pair[1]["start"], "a gap");
        assert_ne!(pair[0]["callers"], pair[1]["callers"], "not joined");
    }
    for entry in entries {
        let mut start = instant(&entry["start"]);
        while start < instant(&entry["stop"]) {
            assert_eq!(start.as_second() % 1800, 0);
            all.push((start, entry["callers"].as_str().expect("callers").to_owned()));
            start = start.checked_add(SignedDuration::from_mins(30)).expect("an instant");
        }
        assert_eq!(start, instant(&entry["stop"]), "not whole");
    }
    assert_eq!(all.len(), 7 * 48);
    all
}

#[apply(both_databases)]
async fn the_week_has_whole_half_hours_that_are_as_decisions_at_their_start(#[case] database: Kind) {
    let app = with_services(database).await;
    let friday = json!({ "level": "User", "name": "Every Friday" });
    let open = json!({ "name": "open", "fromDnCriteria": { "selection": "Any" }, "timeSchedule": friday });
    app.put(SERVICE, json!({ "criteria": [open, only("friends", &[FRIEND])] })).await.expect(200);
    let began = SystemClock.now();
    let gone = json!([change(ACCEPTANCE, json!({ "criteria": [{ "name": "friends", "delete": true }] }))]);
    let week = preview(&app, gone, json!([])).await["week"].clone();
    let (before, after) = (half_hours(&week["before"]), half_hours(&week["after"]));
    let half_hour = SignedDuration::from_mins(30);
    assert!(before[0].0 <= SystemClock.now() && began < before[0].0.checked_add(half_hour).expect("an instant"));
    let brussels = TimeZone::get("Europe/Brussels").expect("a zone");
    for (other, of, closed) in [(&before, "before", "listed"), (&after, "after", "nobody")] {
        for (start, callers) in other {
            let local = brussels.to_datetime(*start);
            let is_open = local.weekday() == jiff::civil::Weekday::Friday && (9..17).contains(&local.hour());
            assert_eq!(callers, if is_open { "everyone" } else { closed }, "{start} {of}");
        }
    }
    for number in [FRIEND, STRANGER] {
        let calls: Vec<_> =
            before.iter().map(|(at, _)| json!({ "callingNumber": number, "at": at.to_string() })).collect();
        let preview = preview(&app, json!([]), json!(calls)).await;
        for ((at, callers), call) in before.iter().zip(preview["calls"].as_array().expect("calls")) {
            let accepts = callers == "everyone" || (callers == "listed" && number == FRIEND);
            assert_eq!(call["before"]["decision"] == "accept", accepts, "{number} at {at}");
        }
    }
}

#[apply(both_databases)]
async fn a_faulty_update_has_the_faults_of_the_write_below_its_change(#[case] database: Kind) {
    let app = with_services(database).await;
    let any = json!({ "selection": "Any" });
    let two = json!([{ "name": "a", "fromDnCriteria": any }, { "name": "b", "fromDnCriteria": any }]);
    app.put(SERVICE, json!({ "criteria": two })).await.expect(200);
    let missing = json!({ "level": "User", "name": "Nothing" });
    let many: Vec<_> = (0..101).map(|number| json!({ "name": number.to_string(), "fromDnCriteria": any })).collect();
    for (service, update) in [
        (ACCEPTANCE, json!({})),
        (ACCEPTANCE, json!({ "active": true, "criteria": [] })),
        (ACCEPTANCE, json!({ "criteria": [{ "name": "a", "fromDnCriteria": { "selection": "Forwarded" } }] })),
        (ACCEPTANCE, json!({ "criteria": [{ "name": "a" }, { "name": "a" }], "suspendedUntil": "tomorrow" })),
        (ACCEPTANCE, json!({ "criteria": vec![json!({ "name": "" }); 201] })),
        (ACCEPTANCE, json!({ "criteria": vec![json!({ "name": "" }); 150] })),
        (
            ACCEPTANCE,
            json!({ "criteria": [
            { "name": "a", "timeSchedule": missing, "fromDnCriteria": { "numberLists": [missing] } },
            { "name": "new" },
            { "name": "b", "validFrom": "2026-01-02T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z" },
        ] }),
        ),
        (ACCEPTANCE, json!({ "criteria": [{ "name": "a", "newName": "b" }] })),
        (ACCEPTANCE, json!({ "criteria": many })),
        (REJECTION, json!({ "outsideSchedules": "Accept" })),
        (REJECTION, json!([])),
        (ANONYMOUS, json!({ "active": "yes" })),
        (ANONYMOUS, json!({ "criteria": [] })),
        (ANONYMOUS, json!(null)),
    ] {
        let written = app.put(&path_of(service), update.clone()).await;
        let harmless = if service == ANONYMOUS { REJECTION } else { ANONYMOUS };
        let members = if service == ANONYMOUS { json!({ "suspendedUntil": null }) } else { json!({}) };
        let changes = json!([change(harmless, members), change(service, update.clone())]);
        let previewed = app.post(PREVIEW, json!({ "changes": changes })).await;
        assert_eq!(previewed.status, written.status, "{update}");
        assert_eq!(without_request(&previewed), below("/changes/1/update", &written), "{update}");
    }
}

/// The problem without the request that it names.
fn without_request(answer: &Answer) -> Value {
    assert!(!answer.status.is_success(), "{}", answer.text);
    let mut problem = answer.json();
    problem.as_object_mut().expect("a problem").remove("instance");
    problem
}

/// The problem of a body that stands at `place` in another.
fn below(place: &str, answer: &Answer) -> Value {
    let mut problem = without_request(answer);
    for fault in problem.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        fault["pointer"] = format!("{place}{}", fault["pointer"].as_str().expect("a pointer")).into();
    }
    problem
}

#[apply(both_databases)]
async fn all_changes_are_checked_at_once(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let twice = json!([change(ACCEPTANCE, json!({ "criteria": [] })), change(ACCEPTANCE, json!({ "criteria": 1 }))]);
    let faults = ["/changes/1/service", "/changes/1/update/criteria", "/calls/0/calledNumber"];
    let body = json!({ "changes": twice, "calls": [{ "calledNumber": FRIEND }] });
    app.post(PREVIEW, body).await.expect_faults(&faults);
    let new = json!({ "criteria": [{ "name": "new" }] });
    let not_assigned = json!([
        change(REJECTION, json!({ "suspendedUntil": null })),
        change(ACCEPTANCE, new),
        change(ANONYMOUS, json!({ "active": true }))
    ]);
    let faults = ["/changes/0/service", "/changes/1/update/criteria/0/fromDnCriteria", "/changes/2/service"];
    let problem = app.post(PREVIEW, json!({ "changes": not_assigned })).await;
    problem.expect_faults(&faults);
    assert!(problem.text.contains("does not have the service Anonymous Call Rejection"), "{}", problem.text);
    let unknown = json!({ "changes": [{ "service": "Call Waiting", "update": { "criteria": [] } }, { "service": 1 }] });
    app.post(PREVIEW, unknown).await.expect_faults(&["/changes/0/service", "/changes/1/service", "/changes/1/update"]);
}

#[apply(both_databases)]
async fn lengths_are_checked_before_items(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let body = json!({ "changes": [], "calls": vec![json!({ "at": "never" }); 1001] });
    app.post(PREVIEW, body).await.expect_faults(&["/calls"]);
    let body = json!({ "changes": vec![change(ACCEPTANCE, json!({ "criteria": 1 })); 11] });
    app.post(PREVIEW, body).await.expect_faults(&["/changes"]);
    let preview = preview(&app, json!([]), json!(vec![json!({ "callingNumber": FRIEND }); 1000])).await;
    assert_eq!(reasons(&preview, "after").len(), 1000);
    app.post(PREVIEW, json!({ "changes": [], "calls": [{ "callingNumber": "1".repeat(1 << 20) }] }))
        .await
        .expect_problem(413, "body_too_large");
    let nobody = PREVIEW.replace("foouser", "nobody");
    app.post(&nobody, json!({ "changes": [] })).await.expect_problem(404, "user_not_found");
}

#[apply(both_databases)]
async fn whoever_may_read_the_services_may_preview_their_changes(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, json!({ "userId": "other" })).await.expect(201);
    let scope = json!({ "role": "end_user", "tenantId": "foo", "groupId": "foogroup", "userId": "foouser" });
    let mut read_only = scope.clone();
    read_only["readOnly"] = true.into();
    let body = json!({ "changes": [change(ACCEPTANCE, json!({ "criteria": [only("friends", &[FRIEND])] }))] });
    for token in [app.token(scope).await, app.token(read_only).await] {
        let send = async |path: &str| app.send_as(Some(&token), Method::POST, path, Some(body.clone())).await;
        assert_eq!(callers(&send(PREVIEW).await.expect(200), "after"), ["listed"]);
        send(&PREVIEW.replace("foouser", "other")).await.expect_problem(403, "forbidden");
    }
    let node = app.token(json!({ "role": "call_processing" })).await;
    app.send_as(Some(&node), Method::POST, PREVIEW, Some(body)).await.expect_problem(403, "forbidden");
}
