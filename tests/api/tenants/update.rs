//! Updating tenants.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::NO_IDENTIFIERS;
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

const FOO: &str = "/api/v1/tenants/foo/";

async fn with_tenant(app: &App) -> Value {
    let body = json!({ "tenantId": "foo", "name": "Foo", "region": "BE", "timeZone": "Europe/Brussels" });
    app.post("/api/v1/tenants/", body).await.expect(201)
}

#[apply(both_databases)]
async fn update_changes_only_the_given_members(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenant(&app).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "bar", "name": "Bar" })).await.expect(201);
    let updated = app.put(FOO, json!({ "name": "New" })).await.expect(200);
    assert_eq!(updated, json!({ "tenantId": "foo", "name": "New", "region": "BE", "timeZone": "Europe/Brussels" }));
    assert_eq!(app.get(FOO).await.expect(200), updated);
    assert_eq!(app.get("/api/v1/tenants/bar/").await.expect(200), json!({ "tenantId": "bar", "name": "Bar" }));
}

#[apply(both_databases)]
async fn update_clears_with_null(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenant(&app).await;
    let updated = app.put(FOO, json!({ "name": null, "region": "FR" })).await.expect(200);
    assert_eq!(updated, json!({ "tenantId": "foo", "region": "FR", "timeZone": "Europe/Brussels" }));
    let updated = app.put(FOO, json!({ "region": null, "timeZone": null })).await.expect(200);
    assert_eq!(updated, json!({ "tenantId": "foo" }));
    assert_eq!(app.get(FOO).await.expect(200), updated);
}

#[apply(both_databases)]
async fn update_with_nothing_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let tenant = with_tenant(&app).await;
    assert_eq!(app.put(FOO, json!({})).await.expect(200), tenant);
    assert_eq!(app.get(FOO).await.expect(200), tenant);
}

#[apply(both_databases)]
async fn update_ignores_an_identifier_in_the_body(#[case] database: Kind) {
    let app = App::start(database).await;
    let tenant = with_tenant(&app).await;
    assert_eq!(app.put(FOO, tenant.clone()).await.expect(200), tenant);
    for id in NO_IDENTIFIERS.into_iter().chain(["bar"]) {
        assert_eq!(app.put(FOO, json!({ "tenantId": id })).await.expect(200), tenant);
    }
    app.get("/api/v1/tenants/bar/").await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn update_reports_all_faults_at_once_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let tenant = with_tenant(&app).await;
    let body = json!({ "tenantId": null, "name": "a".repeat(81), "region": "XX", "timeZone": "", "colour": "red" });
    app.put(FOO, body).await.expect_faults(&["/tenantId", "/name", "/region", "/timeZone", "/colour"]);
    app.put(FOO, json!({ "name": "New", "region": "xx" })).await.expect_faults(&["/region"]);
    assert_eq!(app.get(FOO).await.expect(200), tenant);
}

#[apply(both_databases)]
async fn update_refuses_values_of_another_type(#[case] database: Kind) {
    let app = App::start(database).await;
    let tenant = with_tenant(&app).await;
    for member in ["name", "region", "timeZone"] {
        for value in [json!(1), json!(true), json!([]), json!({})] {
            app.put(FOO, json!({ member: value })).await.expect_faults(&[&format!("/{member}")]);
        }
    }
    assert_eq!(app.get(FOO).await.expect(200), tenant);
}

#[apply(both_databases)]
async fn update_of_a_missing_tenant_answers_404_and_creates_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    for body in [json!({}), json!({ "name": "New" })] {
        app.put(FOO, body).await.expect_problem(404, "tenant_not_found");
    }
    app.get(FOO).await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn update_refuses_a_path_without_an_identifier(#[case] database: Kind) {
    let app = App::start(database).await;
    app.put("/api/v1/tenants/a%2Fb/", json!({})).await.expect_faults(&["tenant_id"]);
}
