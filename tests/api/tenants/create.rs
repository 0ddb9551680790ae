//! Creating tenants.

use serde_json::json;

use crate::harness::both;

both! {
    async fn create_answers_201_with_its_place_and_the_tenant(app: App) {
        let answer = app.post("/api/v1/tenants/", json!({ "tenantId": "a b", "name": "A", "region": "BE", "timeZone": "Europe/Brussels" })).await;
        let tenant = answer.expect(201);
        assert_eq!(tenant, json!({ "tenantId": "a b", "name": "A", "region": "BE", "timeZone": "Europe/Brussels" }));
        assert_eq!(answer.header("location"), "/api/v1/tenants/a%20b/");
        assert_eq!(app.get(answer.header("location")).await.expect(200), tenant);
    }

    async fn create_with_a_taken_identifier_answers_409_and_keeps_the_first(app: App) {
        app.post("/api/v1/tenants/", json!({ "tenantId": "foo", "name": "First" })).await.expect(201);
        app.post("/api/v1/tenants/", json!({ "tenantId": "foo", "name": "Second" })).await.expect_problem(409, "tenant_exists");
        assert_eq!(app.get("/api/v1/tenants/foo/").await.expect(200)["name"], "First");
    }
}
