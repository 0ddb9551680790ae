//! Deleting groups.

use rstest_reuse::apply;
use serde_json::json;

use super::{GROUP, GROUPS, with_tenants};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, USER, both_databases},
};

const CASCADE: &str = "/api/v1/tenants/foo/groups/foogroup/?cascade=true";

#[apply(both_databases)]
async fn delete_answers_200_with_an_empty_object_and_then_404(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect(201);
    assert_eq!(app.delete(GROUP).await.expect(200), json!({}));
    app.get(GROUP).await.expect_problem(404, "group_not_found");
    app.delete(GROUP).await.expect_problem(404, "group_not_found");
    app.delete(CASCADE).await.expect_problem(404, "group_not_found");
}

#[apply(both_databases)]
async fn delete_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for query in ["", "?cascade=true"] {
        let path = format!("/api/v1/tenants/Bar/groups/other/{query}");
        app.delete(&path).await.expect_problem(404, "tenant_not_found");
        app.delete(&format!("{GROUPS}other/{query}")).await.expect_problem(404, "group_not_found");
    }
    app.get("/api/v1/tenants/bar/groups/other/").await.expect(200);
}

#[apply(both_databases)]
async fn delete_of_a_group_with_a_user_or_a_schedule_answers_409(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect(201);
    for (collection, body, held) in [
        ("users", json!({ "userId": "a" }), "a"),
        ("time_schedules", json!({ "name": "b" }), "b"),
        ("calendar_schedules", json!({ "name": "c" }), "c"),
    ] {
        app.post(&format!("{GROUP}{collection}/"), body).await.expect(201);
        app.delete(GROUP).await.expect_problem(409, "group_in_use");
        app.delete(&format!("{GROUP}?cascade=false")).await.expect_problem(409, "group_in_use");
        let held = format!("{GROUP}{collection}/{held}/");
        app.get(&held).await.expect(200);
        app.delete(&held).await.expect(200);
    }
    app.delete(GROUP).await.expect(200);
}

#[apply(both_databases)]
async fn delete_with_cascade_deletes_all_below(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.put(USER, json!({ "phoneNumber": "+3225550100" })).await.expect(200);
    app.post(&format!("{GROUP}time_schedules/"), json!({ "name": "Days" })).await.expect(201);
    let criteria = json!({
        "name": "a",
        "fromDnCriteria": { "selection": "Any" },
        "timeSchedule": { "level": "Group", "name": "Days" },
        "holidaySchedule": { "level": "User", "name": "Every Easter" },
    });
    app.post(CRITERIA, criteria).await.expect(200);
    assert_eq!(app.delete(CASCADE).await.expect(200), json!({}));
    app.get(USER).await.expect_problem(404, "group_not_found");
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect(201);
    assert_eq!(app.get(&format!("{GROUP}users/")).await.expect(200), json!({ "users": [] }));
    assert_eq!(app.get(&format!("{GROUP}time_schedules/")).await.expect(200), json!({ "schedules": [] }));
    let user = json!({ "userId": "u", "phoneNumber": "+3225550100" });
    app.post(&format!("{GROUP}users/"), user).await.expect(201);
}

#[apply(both_databases)]
async fn delete_with_cascade_leaves_the_tenant_and_other_groups_alone(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post("/api/v1/tenants/foo/time_schedules/", json!({ "name": "Days" })).await.expect(201);
    app.post(GROUPS, json!({ "groupId": "a" })).await.expect(201);
    app.post(&format!("{GROUPS}a/users/"), json!({ "userId": "foouser" })).await.expect(201);
    app.delete(&format!("{GROUPS}a/?cascade=true")).await.expect(200);
    app.get("/api/v1/tenants/foo/time_schedules/Days/").await.expect(200);
    app.get(&format!("{USER}calendar_schedules/Every%20Easter/")).await.expect(200);
    let services = app.get(&format!("{USER}services/")).await.expect(200);
    assert_eq!(services["services"][0]["assigned"], true);
}

#[apply(both_databases)]
async fn delete_refuses_a_cascade_that_is_not_a_boolean(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect(201);
    for query in ["cascade=maybe", "cascade=", "cascade=true&cascade=false"] {
        app.delete(&format!("{GROUP}?{query}")).await.expect_faults(&["cascade"]);
    }
    app.delete(&format!("{GROUP}?force=true")).await.expect_faults(&["force"]);
    app.delete(&format!("{GROUPS}a%2Fb/")).await.expect_faults(&["group_id"]);
    app.get(GROUP).await.expect(200);
}
