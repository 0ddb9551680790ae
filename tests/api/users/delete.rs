//! Deleting users.

use rstest_reuse::apply;
use serde_json::json;

use super::{OTHERS, USERS, astray, with_groups};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
};

#[apply(both_databases)]
async fn delete_answers_200_with_an_empty_object_and_then_404(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "foouser" })).await.expect(201);
    app.post(OTHERS, json!({ "userId": "foouser" })).await.expect(201);
    assert_eq!(app.delete(USER).await.expect(200), json!({}));
    app.get(USER).await.expect_problem(404, "user_not_found");
    app.delete(USER).await.expect_problem(404, "user_not_found");
    app.delete(&format!("{USER}?cascade=true")).await.expect_problem(404, "user_not_found");
    app.get(&format!("{OTHERS}foouser/")).await.expect(200);
}

#[apply(both_databases)]
async fn delete_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(OTHERS, json!({ "userId": "other" })).await.expect(201);
    for query in ["", "?cascade=true"] {
        for (users, missing) in astray() {
            app.delete(&format!("{users}other/{query}")).await.expect_problem(404, missing);
        }
        app.delete(&format!("{USERS}other/{query}")).await.expect_problem(404, "user_not_found");
    }
    app.get(&format!("{OTHERS}other/")).await.expect(200);
}

#[apply(both_databases)]
async fn delete_of_a_user_with_a_schedule_answers_409(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "foouser" })).await.expect(201);
    for schedules in ["time_schedules", "calendar_schedules"] {
        app.post(&format!("{USER}{schedules}/"), json!({ "name": "a" })).await.expect(201);
        app.delete(USER).await.expect_problem(409, "user_in_use");
        app.get(&format!("{USER}{schedules}/a/")).await.expect(200);
        app.delete(&format!("{USER}{schedules}/a/")).await.expect(200);
    }
    app.delete(USER).await.expect(200);
}

#[apply(both_databases)]
async fn delete_of_a_user_with_a_service_answers_409(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.post(CRITERIA, json!({ "name": "a", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
    app.delete(USER).await.expect_problem(409, "user_in_use");
    app.delete(&format!("{USER}?cascade=false")).await.expect_problem(409, "user_in_use");
    let criteria = app.get(SERVICE).await.expect(200);
    assert_eq!(criteria["criteria"].as_array().map(Vec::len), Some(1));
}

#[apply(both_databases)]
async fn delete_with_cascade_deletes_all_below(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.put(USER, json!({ "phoneNumber": "+3225550100" })).await.expect(200);
    let criteria = json!({
        "name": "a",
        "fromDnCriteria": { "selection": "Any" },
        "timeSchedule": { "level": "User", "name": "Every Friday" },
        "holidaySchedule": { "level": "User", "name": "Every Easter" },
    });
    app.post(CRITERIA, criteria).await.expect(200);
    assert_eq!(app.delete(&format!("{USER}?cascade=true")).await.expect(200), json!({}));
    app.get(USER).await.expect_problem(404, "user_not_found");
    app.post(USERS, json!({ "userId": "foouser", "phoneNumber": "+3225550100" })).await.expect(201);
    app.get(SERVICE).await.expect_problem(404, "service_not_assigned");
    for schedules in ["time_schedules", "calendar_schedules"] {
        let list = app.get(&format!("{USER}{schedules}/")).await.expect(200);
        assert_eq!(list, json!({ "schedules": [] }));
    }
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{USER}services/"), services).await.expect(200);
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [] }));
}

#[apply(both_databases)]
async fn delete_with_cascade_leaves_the_group_and_other_users_alone(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post("/api/v1/tenants/foo/groups/foogroup/time_schedules/", json!({ "name": "Days" })).await.expect(201);
    app.post(USERS, json!({ "userId": "a" })).await.expect(201);
    app.delete(&format!("{USERS}a/?cascade=true")).await.expect(200);
    app.get("/api/v1/tenants/foo/groups/foogroup/time_schedules/Days/").await.expect(200);
    app.get(&format!("{USER}time_schedules/Every%20Friday/")).await.expect(200);
    app.get(SERVICE).await.expect(200);
}

#[apply(both_databases)]
async fn delete_refuses_a_cascade_that_is_not_a_boolean(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "foouser" })).await.expect(201);
    for query in ["cascade=maybe", "cascade=", "cascade=true&cascade=false"] {
        app.delete(&format!("{USER}?{query}")).await.expect_faults(&["cascade"]);
    }
    app.delete(&format!("{USER}?force=true")).await.expect_faults(&["force"]);
    app.delete(&format!("{USERS}a%2Fb/")).await.expect_faults(&["user_id"]);
    app.get(USER).await.expect(200);
}
