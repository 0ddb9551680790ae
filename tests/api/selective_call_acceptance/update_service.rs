//! Updating the service: a list of changes, in order, all or none.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{any, create, names};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, both_databases},
};

fn changes(entries: Value) -> Value {
    json!({ "criteria": entries })
}

#[apply(both_databases)]
async fn criteria_that_are_not_named_stay_as_they_are(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let first = create(&app, "a").await;
    let after = app.put(SERVICE, changes(json!([any("b")]))).await.expect(200);
    assert_eq!(after["criteria"][0], first);
    assert_eq!(app.put(SERVICE, changes(json!([]))).await.expect(200), after);
    assert_eq!(app.get(SERVICE).await.expect(200), after);
}

#[apply(both_databases)]
async fn an_entry_merges_creates_or_removes(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    for name in ["a", "b", "c"] {
        create(&app, name).await;
    }
    let after = app
        .put(
            SERVICE,
            changes(json!([
                { "name": "b", "delete": true, "newName": "ignored", "fromDnCriteria": {} },
                {
                    "name": "a", "newName": "b", "active": false,
                    "timeSchedule": { "level": "User", "name": "Every Friday" }
                },
                {
                    "name": "d", "fromDnCriteria": {
                        "selection": "Specified Only", "phoneNumbers": ["1"]
                    }, "doNotPerformAction": true
                },
                { "name": "not there", "delete": true }
            ])),
        )
        .await
        .expect(200);
    assert_eq!(names(&app).await, ["b", "c", "d"]);
    assert_eq!(after["criteria"][0]["timeSchedule"]["type"], "Time");
    assert_eq!(after["criteria"][0]["active"], false);
    assert_eq!(after["criteria"][2]["callsFrom"], "1");
    assert_eq!(after["criteria"][2]["active"], true);
}

#[apply(both_databases)]
async fn entries_apply_in_order(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for name in ["a", "b"] {
        create(&app, name).await;
    }
    let swap =
        json!([{ "name": "a", "newName": "x" }, { "name": "b", "newName": "a" }, { "name": "x", "newName": "b" }]);
    app.put(SERVICE, changes(swap)).await.expect(200);
    assert_eq!(names(&app).await, ["b", "a"]);
    let again = json!([{ "name": "b", "delete": true }, { "name": "a", "newName": "b" }]);
    app.put(SERVICE, changes(again)).await.expect(200);
    assert_eq!(names(&app).await, ["b"]);
}

#[apply(both_databases)]
async fn one_invalid_entry_prevents_all_changes(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for name in ["a", "b"] {
        create(&app, name).await;
    }
    let before = app.get(SERVICE).await.expect(200);
    let good = json!({ "name": "a", "active": false });
    for (bad, places) in [
        (json!({ "name": "new" }), vec!["/criteria/1/fromDnCriteria"]),
        (
            json!({ "name": "new", "fromDnCriteria": { "phoneNumbers": ["1"] } }),
            vec!["/criteria/1/fromDnCriteria/selection"],
        ),
        (
            json!({ "name": "new", "newName": "newer", "fromDnCriteria": { "selection": "Any" } }),
            vec!["/criteria/1/newName"],
        ),
        (json!({ "name": "b", "timeSchedule": { "level": "User", "name": "none" } }), vec!["/criteria/1/timeSchedule"]),
        (
            json!({ "name": "b", "holidaySchedule": { "level": "User", "name": "x", "type": "Time" } }),
            vec!["/criteria/1/holidaySchedule/type"],
        ),
        (json!({ "name": "a", "active": true }), vec!["/criteria/1/name"]),
        (json!({ "active": true, "foo": 1 }), vec!["/criteria/1/name", "/criteria/1/foo"]),
    ] {
        app.put(SERVICE, changes(json!([good, bad]))).await.expect_faults(&places);
    }
    app.put(SERVICE, changes(json!([good, { "name": "b", "newName": "a" }])))
        .await
        .expect_problem(409, "criteria_exists");
    assert_eq!(app.get(SERVICE).await.expect(200), before);
}

#[apply(both_databases)]
async fn faults_of_all_entries_are_reported_at_once(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let entries = json!([
        { "name": "a" },
        { "name": "b", "fromDnCriteria": {}, "newName": "c" },
        { "name": "d", "timeSchedule": { "level": "Tenant", "name": "none" } }
    ]);
    app.put(SERVICE, changes(entries)).await.expect_faults(&[
        "/criteria/0/fromDnCriteria",
        "/criteria/1/newName",
        "/criteria/1/fromDnCriteria/selection",
        "/criteria/2/timeSchedule",
        "/criteria/2/fromDnCriteria",
    ]);
}

#[apply(both_databases)]
async fn the_list_is_required_and_bounded(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.put(SERVICE, json!({})).await.expect_faults(&["/criteria"]);
    app.put(SERVICE, json!({ "criteria": null })).await.expect_faults(&["/criteria"]);
    let many: Vec<Value> = (0..201).map(|number| json!({ "name": format!("c{number}"), "delete": true })).collect();
    app.put(SERVICE, changes(json!(many))).await.expect_faults(&["/criteria"]);
}

#[apply(both_databases)]
async fn a_response_can_be_sent_back(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post(
        CRITERIA,
        json!({
            "name": "a", "timeSchedule": { "level": "User", "name": "Every Friday" },
            "fromDnCriteria": {
                "selection": "Specified Only", "includeUnavailableCallers": true, "phoneNumbers": ["+32*"]
            }
        }),
    )
    .await
    .expect(200);
    let read = app.get(SERVICE).await.expect(200);
    assert_eq!(app.put(SERVICE, read.clone()).await.expect(200), read);
}
