//! Listing groups.

use rstest_reuse::apply;
use serde_json::json;

use super::{GROUPS, with_tenants};
use crate::{
    database::Kind,
    harness::{App, both_databases},
    tenants::{ORDERED, expect_no_page, expect_pages},
};

#[apply(both_databases)]
async fn list_answers_the_groups_of_its_tenant_only(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    assert_eq!(app.get(GROUPS).await.expect(200), json!({ "groups": [] }));
    let groups = [json!({ "groupId": "a" }), json!({ "groupId": "b", "groupName": "B", "timeZone": "UTC" })];
    for group in &groups {
        app.post(GROUPS, group.clone()).await.expect(201);
    }
    assert_eq!(app.get(GROUPS).await.expect(200), json!({ "groups": groups }));
}

#[apply(both_databases)]
async fn pages_hold_everything_once_in_the_order_of_code_points(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for id in ORDERED.iter().rev() {
        app.post(GROUPS, json!({ "groupId": id })).await.expect(201);
    }
    expect_pages(&app, GROUPS, ("groups", "groupId")).await;
}

#[apply(both_databases)]
async fn list_under_a_missing_tenant_answers_404(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for query in ["", "?limit=1", "?after=a"] {
        let path = format!("/api/v1/tenants/Foo/groups/{query}");
        app.get(&path).await.expect_problem(404, "tenant_not_found");
    }
}

#[apply(both_databases)]
async fn list_refuses_invalid_page_parameters(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    expect_no_page(&app, GROUPS).await;
    app.get("/api/v1/tenants/a%2Fb/groups/").await.expect_faults(&["tenant_id"]);
}
