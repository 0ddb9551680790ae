//! Creating groups.

use futures_util::future::join_all;
use rstest_reuse::apply;
use serde_json::json;

use super::{GROUP, GROUPS, with_tenants};
use crate::{
    database::Kind,
    harness::{App, both_databases},
    tenants::NO_IDENTIFIERS,
};

#[apply(both_databases)]
async fn create_answers_201_with_its_place_and_the_group(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "Löwe 1" })).await.expect(201);
    let body = json!({ "groupId": "東 京", "groupName": "Tokyo", "timeZone": "Asia/Tokyo" });
    let answer = app.post("/api/v1/tenants/L%C3%B6we%201/groups/", body.clone()).await;
    assert_eq!(answer.expect(201), body);
    assert_eq!(answer.header("location"), "/api/v1/tenants/L%C3%B6we%201/groups/%E6%9D%B1%20%E4%BA%AC/");
    assert_eq!(app.get(answer.header("location")).await.expect(200), body);
}

#[apply(both_databases)]
async fn create_accepts_null_for_optional_members(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    let body = json!({ "groupId": "foogroup", "groupName": null, "timeZone": null });
    assert_eq!(app.post(GROUPS, body).await.expect(201), json!({ "groupId": "foogroup" }));
}

#[apply(both_databases)]
async fn create_with_a_taken_identifier_answers_409_and_keeps_the_first(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    app.post(GROUPS, json!({ "groupId": "foogroup", "groupName": "First" })).await.expect(201);
    let second = json!({ "groupId": "foogroup", "groupName": "Second" });
    app.post(GROUPS, second).await.expect_problem(409, "group_exists");
    assert_eq!(app.get(GROUP).await.expect(200)["groupName"], "First");
}

#[apply(both_databases)]
async fn identifiers_are_unique_only_within_their_tenant_and_case(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for id in ["other", "Other", "OTHER"] {
        app.post(GROUPS, json!({ "groupId": id })).await.expect(201);
    }
    app.post(GROUPS, json!({ "groupId": "Other" })).await.expect_problem(409, "group_exists");
}

#[apply(both_databases)]
async fn create_counts_characters_and_not_bytes(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    let body = json!({ "groupId": "😀".repeat(30), "groupName": "é".repeat(80) });
    let answer = app.post(GROUPS, body.clone()).await;
    assert_eq!(answer.expect(201), body);
    assert_eq!(app.get(answer.header("location")).await.expect(200), body);
    let body = json!({ "groupId": "😀".repeat(31), "groupName": "é".repeat(81) });
    app.post(GROUPS, body).await.expect_faults(&["/groupId", "/groupName"]);
}

#[apply(both_databases)]
async fn create_refuses_invalid_identifiers(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    for id in NO_IDENTIFIERS {
        app.post(GROUPS, json!({ "groupId": id })).await.expect_faults(&["/groupId"]);
    }
    app.post(GROUPS, json!({})).await.expect_faults(&["/groupId"]);
    app.post("/api/v1/tenants/a%2Fb/groups/", json!({ "groupId": "a" })).await.expect_faults(&["tenant_id"]);
}

#[apply(both_databases)]
async fn create_reports_all_faults_at_once(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    let body = json!({ "groupId": null, "groupName": "a\tb", "timeZone": "europe/brussels", "tenantId": "foo" });
    app.post(GROUPS, body).await.expect_faults(&["/groupId", "/groupName", "/timeZone", "/tenantId"]);
    app.post(GROUPS, json!("foogroup")).await.expect_faults(&[""]);
    assert_eq!(app.get(GROUPS).await.expect(200), json!({ "groups": [] }));
}

#[apply(both_databases)]
async fn create_under_a_missing_tenant_answers_404(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post(GROUPS, json!({ "groupId": "foogroup" })).await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn one_of_concurrent_creations_wins(#[case] database: Kind) {
    let app = App::start(database).await;
    with_tenants(&app).await;
    let creations = (0..20).map(|_| app.post(GROUPS, json!({ "groupId": "foogroup" })));
    let (won, lost): (Vec<_>, Vec<_>) = join_all(creations).await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.expect_problem(409, "group_exists");
    }
}
