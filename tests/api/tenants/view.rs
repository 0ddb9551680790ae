//! Viewing tenants.

use serde_json::json;

use super::{NO_IDENTIFIERS, encoded};
use crate::harness::both;

both! {
    async fn view_leaves_out_what_is_not_set(app: App) {
        app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
        assert_eq!(app.get("/api/v1/tenants/foo/").await.expect(200), json!({ "tenantId": "foo" }));
        assert_eq!(app.get("/api/v1/tenants/foo").await.expect(200), json!({ "tenantId": "foo" }));
    }

    async fn view_of_a_missing_tenant_answers_404(app: App) {
        app.get("/api/v1/tenants/foo/").await.expect_problem(404, "tenant_not_found");
        let longest = format!("/api/v1/tenants/{}/", encoded(&"é".repeat(30)));
        app.get(&longest).await.expect_problem(404, "tenant_not_found");
    }

    async fn view_refuses_a_path_without_an_identifier(app: App) {
        for id in NO_IDENTIFIERS.into_iter().filter(|id| !id.is_empty()) {
            app.get(&format!("/api/v1/tenants/{}/", encoded(id))).await.expect_faults(&["tenant_id"]);
        }
        app.get(&format!("/api/v1/tenants/{}/", encoded(&"é".repeat(31)))).await.expect_faults(&["tenant_id"]);
    }

    async fn view_refuses_a_path_that_is_not_utf_8(app: App) {
        app.get("/api/v1/tenants/a%FFb/").await.expect_faults(&["path"]);
    }

    async fn view_takes_no_query(app: App) {
        app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
        app.get("/api/v1/tenants/foo/?limit=1").await.expect_faults(&["limit"]);
    }
}
