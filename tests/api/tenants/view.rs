//! Viewing tenants.

use rstest_reuse::apply;
use serde_json::json;

use super::{NO_IDENTIFIERS, encoded};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

#[apply(both_databases)]
async fn view_leaves_out_members_that_are_not_set(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    assert_eq!(app.get("/api/v1/tenants/foo/").await.expect(200), json!({ "tenantId": "foo" }));
    assert_eq!(app.get("/api/v1/tenants/foo").await.expect(200), json!({ "tenantId": "foo" }));
}

#[apply(both_databases)]
async fn view_of_a_missing_tenant_answers_404(#[case] database: Kind) {
    let app = App::start(database).await;
    app.get("/api/v1/tenants/foo/").await.expect_problem(404, "tenant_not_found");
    let longest = format!("/api/v1/tenants/{}/", encoded(&"é".repeat(30)));
    app.get(&longest).await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn view_refuses_a_path_without_an_identifier(#[case] database: Kind) {
    let app = App::start(database).await;
    for id in NO_IDENTIFIERS.into_iter().filter(|id| !id.is_empty()) {
        app.get(&format!("/api/v1/tenants/{}/", encoded(id))).await.expect_faults(&["tenant_id"]);
    }
    app.get(&format!("/api/v1/tenants/{}/", encoded(&"é".repeat(31)))).await.expect_faults(&["tenant_id"]);
}

#[apply(both_databases)]
async fn view_refuses_a_path_that_is_not_utf_8(#[case] database: Kind) {
    let app = App::start(database).await;
    app.get("/api/v1/tenants/a%FFb/").await.expect_faults(&["path"]);
}

#[apply(both_databases)]
async fn view_refuses_query_parameters(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.get("/api/v1/tenants/foo/?limit=1").await.expect_faults(&["limit"]);
}
