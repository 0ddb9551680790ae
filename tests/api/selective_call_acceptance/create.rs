//! Creating criteria.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{any, create, names};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
};

#[apply(both_databases)]
async fn create_fills_in_the_defaults_and_returns_the_location(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let answer =
        app.post(CRITERIA, json!({ "name": "Bürö 1", "fromDnCriteria": { "selection": "Specified Only" } })).await;
    let criteria = answer.expect(200);
    assert_eq!(
        criteria,
        json!({
            "name": "Bürö 1", "active": true, "callsFrom": "", "doNotPerformAction": false,
            "fromDnCriteria": {
                "selection": "Specified Only", "includeAnonymousCallers": false, "includeUnavailableCallers": false,
                "phoneNumbers": []
            }
        })
    );
    assert_eq!(answer.header("location"), format!("{CRITERIA}B%C3%BCr%C3%B6%201/"));
    assert_eq!(app.get(answer.header("location")).await.expect(200), criteria);
}

#[apply(both_databases)]
async fn create_with_a_taken_name_answers_409_and_keeps_the_first(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let first = create(&app, "a").await;
    app.post(CRITERIA, json!({ "name": "a", "active": false, "fromDnCriteria": { "selection": "Any" } }))
        .await
        .expect_problem(409, "criteria_exists");
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [first] }));
    create(&app, "A").await;
}

#[apply(both_databases)]
async fn create_keeps_the_order(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for name in ["z", "a", "m"] {
        create(&app, name).await;
    }
    app.delete(&format!("{CRITERIA}a/")).await.expect(200);
    create(&app, "a").await;
    assert_eq!(names(&app).await, ["z", "m", "a"]);
}

#[apply(both_databases)]
async fn phone_numbers_are_stored_exactly_as_sent_in_order(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let numbers = json!(["+3225126777", "0032*", "*", "+*", "025?26", "???", "1234567890123456789012*"]);
    let body = json!({ "name": "a", "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } });
    let criteria = app.post(CRITERIA, body).await.expect(200);
    assert_eq!(criteria["fromDnCriteria"]["phoneNumbers"], numbers);
    assert_eq!(criteria["callsFrom"], "+3225126777, 0032*, *...");
    assert_eq!(app.get(&format!("{CRITERIA}a/")).await.expect(200), criteria);
}

#[apply(both_databases)]
async fn five_hundred_phone_numbers_are_accepted_and_one_more_is_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let body = |count: usize| {
        let numbers: Vec<String> = (0..count).map(|number| format!("+32{number:08}")).collect();
        json!({ "name": "a", "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } })
    };
    app.post(CRITERIA, body(501)).await.expect_faults(&["/fromDnCriteria/phoneNumbers"]);
    let criteria = app.post(CRITERIA, body(500)).await.expect(200);
    assert_eq!(criteria["fromDnCriteria"]["phoneNumbers"].as_array().map(Vec::len), Some(500));
}

#[apply(both_databases)]
async fn a_user_has_at_most_a_hundred_criteria(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let criteria: Vec<Value> = (0..100).map(|number| any(&format!("c{number}"))).collect();
    app.put(SERVICE, json!({ "criteria": criteria })).await.expect(200);
    app.post(CRITERIA, any("one more")).await.expect_problem(400, "too_many_criteria");
    app.put(SERVICE, json!({ "criteria": [any("one more")] })).await.expect_problem(400, "too_many_criteria");
    app.post(CRITERIA, any("c7")).await.expect_problem(409, "criteria_exists");
    assert_eq!(names(&app).await.len(), 100);
    let swap = json!({ "criteria": [{ "name": "c0", "delete": true }, any("one more")] });
    app.put(SERVICE, swap).await.expect(200);
}

#[apply(both_databases)]
async fn all_faults_of_a_body_are_reported_at_once(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let body = json!({
        "name": " a", "active": "yes", "doNotPerformAction": null, "newName": "b", "callsFrom": "anything",
        "timeSchedule": { "level": "Company", "name": "x", "type": "Holiday" },
        "holidaySchedule": { "name": "a/b" },
        "fromDnCriteria": { "includeAnonymousCallers": 1, "phoneNumbers": ["+", "12*3", "1", "1"] }
    });
    app.post(CRITERIA, body).await.expect_faults(&[
        "/name",
        "/active",
        "/doNotPerformAction",
        "/newName",
        "/timeSchedule/level",
        "/timeSchedule/type",
        "/holidaySchedule/level",
        "/holidaySchedule/name",
        "/fromDnCriteria/selection",
        "/fromDnCriteria/includeAnonymousCallers",
        "/fromDnCriteria/phoneNumbers/0",
        "/fromDnCriteria/phoneNumbers/1",
        "/fromDnCriteria/phoneNumbers/3",
    ]);
    assert!(names(&app).await.is_empty());
}

#[apply(both_databases)]
async fn a_phone_number_pattern_is_validated(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for wrong in ["", "+", "1*2", "**", "1 2", "abc", "+32+2", "123456789012345678901234", "１２"] {
        let body = json!({ "name": "a", "fromDnCriteria": { "selection": "Any", "phoneNumbers": [wrong] } });
        app.post(CRITERIA, body).await.expect_faults(&["/fromDnCriteria/phoneNumbers/0"]);
    }
}

#[apply(both_databases)]
async fn name_and_callers_are_required(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.post(CRITERIA, json!({})).await.expect_faults(&["/name", "/fromDnCriteria"]);
    app.post(CRITERIA, json!({ "name": "a", "fromDnCriteria": null })).await.expect_faults(&["/fromDnCriteria"]);
    let long = "é".repeat(50);
    create(&app, &long).await;
    app.post(CRITERIA, any(&format!("{long}é"))).await.expect_faults(&["/name"]);
}

#[apply(both_databases)]
async fn a_schedule_that_does_not_exist_is_a_fault_with_a_pointer(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let body = json!({
        "name": "a", "fromDnCriteria": { "selection": "Any" },
        "timeSchedule": { "level": "Tenant", "name": "Every Friday" },
        "holidaySchedule": { "level": "User", "name": "Every Friday" }
    });
    app.post(CRITERIA, body).await.expect_faults(&["/timeSchedule", "/holidaySchedule"]);
    assert!(names(&app).await.is_empty());
}

#[apply(both_databases)]
async fn null_schedules_are_absent(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let body =
        json!({ "name": "a", "fromDnCriteria": { "selection": "Any" }, "timeSchedule": null, "holidaySchedule": null });
    let criteria = app.post(CRITERIA, body).await.expect(200);
    assert!(criteria.get("timeSchedule").is_none() && criteria.get("holidaySchedule").is_none());
}

#[apply(both_databases)]
async fn the_missing_parent_is_named(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let below = |path: &str| format!("/api/v1/tenants/{path}/services/selective_call_acceptance/criteria/");
    app.post(&below("x/groups/foogroup/users/foouser"), any("a")).await.expect_problem(404, "tenant_not_found");
    app.post(&below("foo/groups/x/users/foouser"), any("a")).await.expect_problem(404, "group_not_found");
    app.post(&below("foo/groups/foogroup/users/x"), any("a")).await.expect_problem(404, "user_not_found");
    app.send(
        reqwest::Method::DELETE,
        &format!("{USER}services/"),
        &[crate::harness::JSON],
        Some(json!({ "services": [{ "name": "Selective Call Acceptance" }] }).to_string()),
    )
    .await
    .expect(200);
    app.post(CRITERIA, any("a")).await.expect_problem(404, "service_not_assigned");
}
