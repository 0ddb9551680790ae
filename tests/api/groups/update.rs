//! Updating groups.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, GROUPS, with_tenants};
use crate::{
    database::Kind,
    harness::{App, both_databases},
    tenants::NO_IDENTIFIERS,
};

async fn with_group(app: &App) -> Value {
    with_tenants(app).await;
    let body = json!({ "groupId": "foogroup", "groupName": "Foo", "timeZone": "Europe/Brussels" });
    app.post(GROUPS, body).await.expect(201)
}

#[apply(both_databases)]
async fn update_changes_only_the_given_members(#[case] database: Kind) {
    let app = App::start(database).await;
    with_group(&app).await;
    app.post("/api/v1/tenants/bar/groups/", json!({ "groupId": "foogroup" })).await.expect(201);
    let updated = app.put(GROUP, json!({ "groupName": "New" })).await.expect(200);
    assert_eq!(updated, json!({ "groupId": "foogroup", "groupName": "New", "timeZone": "Europe/Brussels" }));
    assert_eq!(app.get(GROUP).await.expect(200), updated);
    let namesake = app.get("/api/v1/tenants/bar/groups/foogroup/").await.expect(200);
    assert_eq!(namesake, json!({ "groupId": "foogroup" }));
}

#[apply(both_databases)]
async fn update_clears_with_null(#[case] database: Kind) {
    let app = App::start(database).await;
    with_group(&app).await;
    let updated = app.put(GROUP, json!({ "groupName": null, "timeZone": "UTC" })).await.expect(200);
    assert_eq!(updated, json!({ "groupId": "foogroup", "timeZone": "UTC" }));
    assert_eq!(app.put(GROUP, json!({ "timeZone": null })).await.expect(200), json!({ "groupId": "foogroup" }));
    assert_eq!(app.get(GROUP).await.expect(200), json!({ "groupId": "foogroup" }));
}

#[apply(both_databases)]
async fn update_with_nothing_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let group = with_group(&app).await;
    assert_eq!(app.put(GROUP, json!({})).await.expect(200), group);
    assert_eq!(app.get(GROUP).await.expect(200), group);
}

#[apply(both_databases)]
async fn update_ignores_an_identifier_in_the_body(#[case] database: Kind) {
    let app = App::start(database).await;
    let group = with_group(&app).await;
    assert_eq!(app.put(GROUP, group.clone()).await.expect(200), group);
    for id in NO_IDENTIFIERS.into_iter().chain(["bar"]) {
        assert_eq!(app.put(GROUP, json!({ "groupId": id })).await.expect(200), group);
    }
    assert_eq!(app.get(GROUPS).await.expect(200), json!({ "groups": [group] }));
}

#[apply(both_databases)]
async fn update_reports_all_faults_at_once_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let group = with_group(&app).await;
    let body = json!({ "groupId": null, "groupName": "", "timeZone": "Mars/Olympus", "region": "BE" });
    app.put(GROUP, body).await.expect_faults(&["/groupId", "/groupName", "/timeZone", "/region"]);
    app.put(GROUP, json!({ "groupName": "New", "timeZone": "" })).await.expect_faults(&["/timeZone"]);
    assert_eq!(app.get(GROUP).await.expect(200), group);
}

#[apply(both_databases)]
async fn update_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for body in [json!({}), json!({ "groupName": "New" })] {
        app.put("/api/v1/tenants/Foo/groups/other/", body.clone()).await.expect_problem(404, "tenant_not_found");
        app.put(&format!("{GROUPS}other/"), body).await.expect_problem(404, "group_not_found");
    }
    app.put(&format!("{GROUPS}a%2Fb/"), json!({})).await.expect_faults(&["group_id"]);
    assert_eq!(app.get(GROUPS).await.expect(200), json!({ "groups": [] }));
}
