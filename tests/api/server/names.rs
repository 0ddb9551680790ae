//! Which names are allowed, for every resource.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
    tenants::encoded,
};

const COMPOSED: &str = "No\u{eb}l";
const DECOMPOSED: &str = "Noe\u{308}l";

#[apply(both_databases)]
async fn names_that_clients_resolve_away_or_that_are_invisible_are_refused_everywhere(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    for name in [".", "..", "\u{200b}", "\u{2060}a"] {
        app.post("/api/v1/tenants/", json!({ "tenantId": name })).await.expect_faults(&["/tenantId"]);
        app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": name })).await.expect_faults(&["/groupId"]);
        let users = "/api/v1/tenants/foo/groups/foogroup/users/";
        app.post(users, json!({ "userId": name })).await.expect_faults(&["/userId"]);
        let schedule = json!({ "name": name, "periods": [] });
        app.post(&format!("{USER}time_schedules/"), schedule).await.expect_faults(&["/name"]);
        let criteria = json!({ "name": name, "fromDnCriteria": { "selection": "Any" } });
        app.post(CRITERIA, criteria.clone()).await.expect_faults(&["/name"]);
        app.put(SERVICE, json!({ "criteria": [criteria] })).await.expect_faults(&["/criteria/0/name"]);
        app.post(CRITERIA, json!({ "name": "C", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
        let renamed = app.put(&format!("{CRITERIA}C/"), json!({ "newName": name })).await;
        renamed.expect_faults(&["/newName"]);
        app.delete(&format!("{CRITERIA}C/")).await.expect(200);
    }
}

#[apply(both_databases)]
async fn names_that_look_the_same_are_one(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": DECOMPOSED })).await.expect(201);
    let again = app.post("/api/v1/tenants/", json!({ "tenantId": COMPOSED })).await;
    again.expect_problem(409, "tenant_exists");
    for name in [COMPOSED, DECOMPOSED] {
        let tenant = app.get(&format!("/api/v1/tenants/{}/", encoded(name))).await.expect(200);
        assert_eq!(tenant["tenantId"], COMPOSED);
    }
}

#[apply(both_databases)]
async fn a_criteria_named_twice_in_two_normal_forms_is_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let entry = |name: &str| json!({ "name": name, "fromDnCriteria": { "selection": "Any" } });
    let update = json!({ "criteria": [entry(COMPOSED), entry(DECOMPOSED)] });
    app.put(SERVICE, update).await.expect_faults(&["/criteria/1/name"]);
}

#[apply(both_databases)]
async fn the_scope_of_a_token_is_met_in_either_normal_form(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": COMPOSED })).await.expect(201);
    let token = app.token(json!({ "role": "tenant_admin", "tenantId": DECOMPOSED })).await;
    for name in [COMPOSED, DECOMPOSED] {
        let path = format!("/api/v1/tenants/{}/", encoded(name));
        app.send_as(Some(&token), Method::GET, &path, None).await.expect(200);
    }
}
