//! Groups: one file per verb.

use serde_json::json;

use crate::harness::App;

mod create;
mod delete;
mod list;
mod update;
mod view;

const GROUPS: &str = "/api/v1/tenants/foo/groups/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/";

/// Creates the tenants `foo`, of which the test's groups are, and `bar` with a group `other`.
async fn with_tenants(app: &App) {
    for tenant in ["foo", "bar"] {
        app.post("/api/v1/tenants/", json!({ "tenantId": tenant })).await.expect(201);
    }
    app.post("/api/v1/tenants/bar/groups/", json!({ "groupId": "other" })).await.expect(201);
}
