//! Users: one file per verb.

use serde_json::json;

use crate::harness::App;

mod create;
mod delete;
mod list;
mod update;
mod view;

const USERS: &str = "/api/v1/tenants/foo/groups/foogroup/users/";
/// The users of another tenant.
const OTHERS: &str = "/api/v1/tenants/bar/groups/bargroup/users/";

/// Creates the groups of [`USERS`] and of [`OTHERS`], without users.
async fn with_groups(app: &App) {
    for (tenant, group) in [("foo", "foogroup"), ("bar", "bargroup")] {
        app.post("/api/v1/tenants/", json!({ "tenantId": tenant })).await.expect(201);
        app.post(&format!("/api/v1/tenants/{tenant}/groups/"), json!({ "groupId": group })).await.expect(201);
    }
}

/// Paths of users below each parent that is missing, and what is missing.
fn astray() -> [(&'static str, &'static str); 4] {
    [
        ("/api/v1/tenants/Foo/groups/foogroup/users/", "tenant_not_found"),
        ("/api/v1/tenants/none/groups/none/users/", "tenant_not_found"),
        ("/api/v1/tenants/foo/groups/Foogroup/users/", "group_not_found"),
        ("/api/v1/tenants/foo/groups/bargroup/users/", "group_not_found"),
    ]
}
