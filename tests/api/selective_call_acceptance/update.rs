//! Updating one criteria.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{create, names};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, both_databases},
};

/// `before` with the members of `changes` in it.
fn with(before: &Value, changes: Value) -> Value {
    let mut after = before.clone();
    for (member, value) in changes.as_object().expect("changes are an object") {
        after[member] = value.clone();
    }
    after
}

#[apply(both_databases)]
async fn members_left_out_are_unchanged(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let created = app.post(CRITERIA, json!({
            "name": "a", "active": false, "doNotPerformAction": true,
            "timeSchedule": { "level": "User", "name": "Every Friday" },
            "fromDnCriteria": { "selection": "Specified Only", "includeAnonymousCallers": true, "phoneNumbers": ["1"] }
        })).await.expect(200);
    let path = format!("{CRITERIA}a/");
    assert_eq!(app.put(&path, json!({})).await.expect(200), created);
    assert_eq!(app.put(&path, json!({ "fromDnCriteria": {} })).await.expect(200), created);
    let active = app.put(&path, json!({ "active": true })).await.expect(200);
    assert_eq!(active, with(&created, json!({ "active": true })));
    let numbers = app.put(&path, json!({ "fromDnCriteria": { "phoneNumbers": ["2", "3"] } })).await.expect(200);
    let callers = json!({
        "selection": "Specified Only", "includeAnonymousCallers": true, "includeUnavailableCallers": false,
        "phoneNumbers": ["2", "3"]
    });
    assert_eq!(numbers, with(&active, json!({ "fromDnCriteria": callers, "callsFrom": "2, 3, Private" })));
    assert_eq!(app.get(&path).await.expect(200), numbers);
}

#[apply(both_databases)]
async fn null_clears_a_schedule_and_nothing_else(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post(
        CRITERIA,
        json!({
            "name": "a", "fromDnCriteria": { "selection": "Any" },
            "timeSchedule": { "level": "User", "name": "Every Friday" },
            "holidaySchedule": { "level": "User", "name": "Every Easter" }
        }),
    )
    .await
    .expect(200);
    let path = format!("{CRITERIA}a/");
    let cleared = app.put(&path, json!({ "timeSchedule": null })).await.expect(200);
    assert!(cleared.get("timeSchedule").is_none());
    assert_eq!(cleared["holidaySchedule"]["name"], "Every Easter");
    app.put(&path, json!({ "active": null, "newName": null, "doNotPerformAction": null, "fromDnCriteria": null }))
        .await
        .expect_faults(&["/active", "/newName", "/doNotPerformAction", "/fromDnCriteria"]);
}

#[apply(both_databases)]
async fn the_path_names_the_criteria_and_a_name_in_the_body_is_ignored(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    create(&app, "b").await;
    let updated = app
        .put(&format!("{CRITERIA}a/"), json!({ "name": "b", "callsFrom": "nobody", "active": false }))
        .await
        .expect(200);
    assert_eq!((updated["name"].as_str(), updated["callsFrom"].as_str()), (Some("a"), Some("All calls")));
    assert_eq!(app.get(&format!("{CRITERIA}b/")).await.expect(200)["active"], true);
}

#[apply(both_databases)]
async fn a_new_name_renames_in_place(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for name in ["a", "b"] {
        create(&app, name).await;
    }
    let path = format!("{CRITERIA}a/");
    assert_eq!(app.put(&path, json!({ "newName": "a" })).await.expect(200)["name"], "a");
    app.put(&path, json!({ "newName": "b", "active": false })).await.expect_problem(409, "criteria_exists");
    assert_eq!(app.get(&path).await.expect(200)["active"], true, "a refused update changes nothing");
    assert_eq!(app.put(&path, json!({ "newName": "c" })).await.expect(200)["name"], "c");
    app.get(&path).await.expect_problem(404, "criteria_not_found");
    assert_eq!(names(&app).await, ["c", "b"]);
}

#[apply(both_databases)]
async fn a_missing_criteria_cannot_be_updated(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.put(&format!("{CRITERIA}a/"), json!({ "active": true })).await.expect_problem(404, "criteria_not_found");
    let path = format!("{CRITERIA}a/").replace("foouser", "x");
    app.put(&path, json!({ "active": true })).await.expect_problem(404, "user_not_found");
}

#[apply(both_databases)]
async fn a_bad_schedule_is_a_fault_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let created = create(&app, "a").await;
    let path = format!("{CRITERIA}a/");
    let body = json!({ "active": false, "timeSchedule": { "level": "Group", "name": "Every Friday" } });
    app.put(&path, body).await.expect_faults(&["/timeSchedule"]);
    let body =
        json!({ "timeSchedule": { "level": "User", "name": "Every Friday", "type": "Holiday" }, "delete": true });
    app.put(&path, body).await.expect_faults(&["/timeSchedule/type", "/delete"]);
    assert_eq!(app.get(&path).await.expect(200), created);
}
