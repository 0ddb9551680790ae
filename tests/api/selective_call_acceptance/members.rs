//! The members that came after the first release: they are not shown while they are not set, and judged by the time of
//! the call.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{any, create};
use crate::{
    audit_events::events,
    database::Kind,
    decisions::{DECISIONS, NUMBER, USER_DECISION, with_number},
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
};

const FRIEND: &str = "+3225126777";

async fn reason(app: &App, call: Value) -> Value {
    app.post(USER_DECISION, call).await.expect(200)["reason"].clone()
}

async fn reason_at(app: &App, at: &str) -> Value {
    reason(app, json!({ "callingNumber": FRIEND, "at": at })).await
}

#[apply(both_databases)]
async fn what_is_not_set_is_not_shown(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let plain = create(&app, "plain").await;
    let mut unset = any("unset");
    for member in ["description", "validFrom", "validUntil"] {
        unset[member] = Value::Null;
    }
    unset["fromDnCriteria"]["includeInternalCallers"] = false.into();
    let mut shown = app.post(CRITERIA, unset).await.expect(200);
    shown["name"] = "plain".into();
    assert_eq!(shown, plain);
    let cleared = json!({ "suspendedUntil": null, "outsideSchedules": null });
    let members = |service: Value| service.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(app.put(SERVICE, cleared).await.expect(200)), ["criteria"]);
    let rejecting = json!({ "outsideSchedules": "Reject" });
    assert_eq!(members(app.put(SERVICE, rejecting).await.expect(200)), ["criteria"]);
}

#[apply(both_databases)]
async fn members_of_a_criteria_are_set_kept_and_cleared(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let mut body = any("a");
    body["description"] = "Grandma's line".into();
    body["validFrom"] = "2026-12-01T00:00:00+01:00".into();
    body["validUntil"] = "2026-12-24T12:30:00.5Z".into();
    body["fromDnCriteria"] = json!({ "selection": "Specified Only", "includeInternalCallers": true });
    let created = app.post(CRITERIA, body).await.expect(200);
    assert_eq!(created["description"], "Grandma's line");
    assert_eq!(created["validFrom"], "2026-11-30T23:00:00Z");
    assert_eq!(created["validUntil"], "2026-12-24T12:30:00.5Z");
    assert_eq!(created["fromDnCriteria"]["includeInternalCallers"], true);
    assert_eq!(created["callsFrom"], "Internal");
    let path = format!("{CRITERIA}a/");
    assert_eq!(app.put(&path, json!({ "active": true })).await.expect(200), created);
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [created] }));
    let cleared = json!({
        "description": null, "validFrom": null, "validUntil": null,
        "fromDnCriteria": { "includeInternalCallers": false }
    });
    let after = app.put(&path, cleared).await.expect(200);
    for member in ["description", "validFrom", "validUntil"] {
        assert!(after.get(member).is_none(), "{after}");
    }
    assert!(after["fromDnCriteria"].get("includeInternalCallers").is_none(), "{after}");
    let through_service = json!({ "criteria": [{ "name": "a", "description": "Once more" }] });
    assert_eq!(app.put(SERVICE, through_service).await.expect(200)["criteria"][0]["description"], "Once more");
    let long = json!({ "description": "x".repeat(201), "validFrom": "tomorrow" });
    app.put(&path, long).await.expect_faults(&["/description", "/validFrom"]);
    app.put(&path, json!({ "description": "two\nlines" })).await.expect_faults(&["/description"]);
}

#[apply(both_databases)]
async fn a_criteria_ends_after_it_begins(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let (early, late) = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    for until in [early, "2026-12-01T01:00:00+01:00", "2026-11-30T00:00:00Z"] {
        let mut body = any("a");
        body["validFrom"] = early.into();
        body["validUntil"] = until.into();
        app.post(CRITERIA, body.clone()).await.expect_faults(&["/validUntil"]);
        app.put(SERVICE, json!({ "criteria": [any("b"), body] })).await.expect_faults(&["/criteria/1/validUntil"]);
    }
    create(&app, "a").await;
    let path = format!("{CRITERIA}a/");
    app.put(&path, json!({ "validUntil": early })).await.expect(200);
    app.put(&path, json!({ "validFrom": late })).await.expect_faults(&["/validFrom"]);
    app.put(&path, json!({ "validFrom": early, "validUntil": late })).await.expect(200);
    app.put(&path, json!({ "validUntil": early })).await.expect_faults(&["/validUntil"]);
    app.put(&path, json!({ "validFrom": "0001-01-01T00:00:00+01:00", "validUntil": null })).await.expect(200);
}

#[apply(both_databases)]
async fn a_criteria_takes_part_from_its_first_instant_to_just_before_its_last(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    let mut body = any("christmas");
    body["validFrom"] = "2026-12-24T12:00:00Z".into();
    body["validUntil"] = "2026-12-27T00:00:00Z".into();
    app.post(CRITERIA, body).await.expect(200);
    assert_eq!(reason_at(&app, "2026-12-24T11:59:59.999Z").await, "no_active_criteria");
    assert_eq!(reason_at(&app, "2026-12-24T12:00:00Z").await, "criteria_matched");
    assert_eq!(reason_at(&app, "2026-12-26T23:59:59.999999Z").await, "criteria_matched");
    assert_eq!(reason_at(&app, "2026-12-27T00:00:00Z").await, "no_active_criteria");
    let call = json!({ "callingNumber": FRIEND, "at": "2026-12-27T00:00:00Z" });
    let answer = app.post(&format!("{USER_DECISION}?explain=true"), call).await.expect(200);
    assert_eq!(answer["explanation"][0]["outcome"], "outside_validity");
}

#[apply(both_databases)]
async fn callers_from_inside_meet_a_criteria_for_them(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    let colleagues = json!({ "selection": "Specified Only", "includeInternalCallers": true });
    app.post(CRITERIA, json!({ "name": "colleagues", "fromDnCriteria": colleagues })).await.expect(200);
    for (internal, expected) in
        [(json!(true), "criteria_matched"), (json!(false), "no_criteria_matched"), (Value::Null, "no_criteria_matched")]
    {
        assert_eq!(reason(&app, json!({ "callingNumber": FRIEND, "internal": internal })).await, expected);
        assert_eq!(reason(&app, json!({ "presentation": "restricted", "internal": internal })).await, expected);
    }
    let query = format!("calledNumber={NUMBER}&callingNumber=100&internal=true");
    assert_eq!(app.get(&format!("{DECISIONS}?{query}")).await.expect(200)["reason"], "criteria_matched");
    app.get(&format!("{DECISIONS}?calledNumber=1&internal=2")).await.expect_faults(&["internal"]);
}

#[apply(both_databases)]
async fn a_suspended_service_does_nothing_until_then(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    app.post(CRITERIA, json!({ "name": "nobody", "fromDnCriteria": { "selection": "Specified Only" } }))
        .await
        .expect(200);
    let service = app.put(SERVICE, json!({ "suspendedUntil": "2026-12-01T00:00:00Z" })).await.expect(200);
    assert_eq!(service["suspendedUntil"], "2026-12-01T00:00:00Z");
    let accepted = json!({ "decision": "accept", "reason": "suspended", "service": "Selective Call Acceptance" });
    let call = json!({ "callingNumber": FRIEND, "at": "2026-11-30T23:59:59.9Z" });
    assert_eq!(app.post(USER_DECISION, call).await.expect(200), accepted);
    assert_eq!(reason_at(&app, "2026-12-01T00:00:00Z").await, "no_criteria_matched");
    assert_eq!(app.get(SERVICE).await.expect(200), service, "it is shown when it is past");
    app.put(SERVICE, json!({ "suspendedUntil": null })).await.expect(200);
    assert_eq!(reason_at(&app, "2026-11-30T23:59:59Z").await, "no_criteria_matched");
}

#[apply(both_databases)]
async fn outside_its_schedules_a_service_can_accept(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    let friday = json!({ "name": "Fridays", "periods": [
        { "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday" }
    ] });
    app.post(&format!("{USER}time_schedules/"), friday).await.expect(201);
    let criteria = json!({
        "name": "fridays", "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": ["1"] },
        "timeSchedule": { "level": "User", "name": "Fridays" }
    });
    app.post(CRITERIA, criteria).await.expect(200);
    let service = app.put(SERVICE, json!({ "outsideSchedules": "Accept" })).await.expect(200);
    assert_eq!(service["outsideSchedules"], "Accept");
    let (thursday, friday) = ("2026-12-24T12:00:00+01:00", "2026-12-25T12:00:00+01:00");
    let accepted =
        json!({ "decision": "accept", "reason": "no_criteria_in_effect", "service": "Selective Call Acceptance" });
    let call = json!({ "callingNumber": FRIEND, "at": thursday });
    assert_eq!(app.post(USER_DECISION, call).await.expect(200), accepted);
    assert_eq!(reason_at(&app, friday).await, "no_criteria_matched");
    app.put(SERVICE, json!({ "outsideSchedules": null })).await.expect(200);
    assert_eq!(reason_at(&app, thursday).await, "no_criteria_matched");
    app.put(SERVICE, json!({ "outsideSchedules": "Sometimes" })).await.expect_faults(&["/outsideSchedules"]);
}

#[apply(both_databases)]
async fn members_of_the_service_change_with_its_criteria_and_are_recorded(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    let before = app.get(SERVICE).await;
    let update = json!({
        "suspendedUntil": "2026-12-01T00:00:00Z", "outsideSchedules": "Accept",
        "criteria": [{ "name": "a", "active": false }]
    });
    let after = app.put(SERVICE, update.clone()).await;
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_eq!(app.put(SERVICE, update).await.header("etag"), after.header("etag"), "nothing changes any more");
    let recorded = events(&app, "&operation=selective_call_acceptance_update").await;
    let changes: Vec<_> = recorded.iter().map(|event| (&event["target"], &event["before"], &event["after"])).collect();
    let members = json!({ "suspendedUntil": "2026-12-01T00:00:00Z", "outsideSchedules": "Accept" });
    assert_eq!(
        changes,
        [
            (&json!(SERVICE), &json!({}), &members),
            (&json!(format!("{CRITERIA}a/")), &json!({ "active": true }), &json!({ "active": false }))
        ]
    );
    let bad = json!({ "suspendedUntil": null, "criteria": [{ "name": "b" }] });
    app.put(SERVICE, bad).await.expect_faults(&["/criteria/0/fromDnCriteria"]);
    assert_eq!(app.get(SERVICE).await.expect(200), after.expect(200), "all or none");
    app.put(SERVICE, json!({})).await.expect_faults(&["/criteria"]);
}

#[apply(both_databases)]
async fn numbers_that_are_null_are_no_numbers(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let rejection = json!({ "services": [{ "name": "Selective Call Rejection" }] });
    app.post(&format!("{USER}services/"), rejection).await.expect(200);
    let numbers = |shown: &Value| shown["fromDnCriteria"]["phoneNumbers"].clone();
    let none = json!({ "selection": "Specified Only", "phoneNumbers": null });
    let some = json!({ "fromDnCriteria": { "phoneNumbers": [FRIEND] } });
    for service in ["selective_call_acceptance", "selective_call_rejection"] {
        let service = format!("{USER}services/{service}/");
        let path = format!("{service}criteria/a/");
        let body = json!({ "name": "a", "fromDnCriteria": none });
        assert_eq!(numbers(&app.post(&format!("{service}criteria/"), body).await.expect(200)), json!([]));
        app.put(&path, some.clone()).await.expect(200);
        assert_eq!(numbers(&app.put(&path, json!({ "fromDnCriteria": none })).await.expect(200)), json!([]));
        app.put(&path, some.clone()).await.expect(200);
        let changes = json!({ "criteria": [{ "name": "a", "fromDnCriteria": none }] });
        assert_eq!(numbers(&app.put(&service, changes).await.expect(200)["criteria"][0]), json!([]));
    }
}
