//! Viewing groups.

use rstest_reuse::apply;
use serde_json::json;

use super::{GROUP, GROUPS, with_tenants};
use crate::{
    database::Kind,
    harness::{App, both_databases},
    tenants::{NO_IDENTIFIERS, encoded},
};

#[apply(both_databases)]
async fn view_leaves_out_members_that_are_not_set(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect(201);
    for path in [GROUP, GROUP.trim_end_matches('/')] {
        assert_eq!(app.get(path).await.expect(200), json!({ "groupId": "foogroup" }));
    }
}

#[apply(both_databases)]
async fn view_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect(201);
    app.get("/api/v1/tenants/Foo/groups/foogroup/").await.expect_problem(404, "tenant_not_found");
    for id in ["Foogroup", "other"] {
        app.get(&format!("{GROUPS}{id}/")).await.expect_problem(404, "group_not_found");
    }
}

#[apply(both_databases)]
async fn view_refuses_a_path_without_identifiers(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for id in NO_IDENTIFIERS.into_iter().filter(|id| !id.is_empty()) {
        app.get(&format!("{GROUPS}{}/", encoded(id))).await.expect_faults(&["group_id"]);
    }
    app.get(&format!("{GROUPS}{}/", encoded(&"é".repeat(31)))).await.expect_faults(&["group_id"]);
    app.get("/api/v1/tenants/a%2Fb/groups/foogroup/").await.expect_faults(&["tenant_id"]);
}
