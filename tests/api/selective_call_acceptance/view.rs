//! Viewing the service and its criteria.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use super::create;
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, USER, both_databases},
};

#[apply(both_databases)]
async fn a_new_service_has_no_criteria(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [] }));
}

#[apply(both_databases)]
async fn the_missing_parent_is_named(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    app.get(&format!("{CRITERIA}b/")).await.expect_problem(404, "criteria_not_found");
    app.get(&format!("{CRITERIA}A/")).await.expect_problem(404, "criteria_not_found");
    for (path, code) in [
        ("x/groups/foogroup/users/foouser", "tenant_not_found"),
        ("foo/groups/x/users/foouser", "group_not_found"),
        ("foo/groups/foogroup/users/x", "user_not_found"),
    ] {
        let service = format!("/api/v1/tenants/{path}/services/selective_call_acceptance/");
        app.get(&service).await.expect_problem(404, code);
        app.get(&format!("{service}criteria/a/")).await.expect_problem(404, code);
    }
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "bare" })).await.expect(201);
    let bare = SERVICE.replace("foouser", "bare");
    app.get(&bare).await.expect_problem(404, "service_not_assigned");
    app.get(&format!("{bare}criteria/a/")).await.expect_problem(404, "service_not_assigned");
}

#[apply(both_databases)]
async fn users_do_not_see_each_others_criteria(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "other" })).await.expect(201);
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{}services/", USER.replace("foouser", "other")), services).await.expect(200);
    assert_eq!(app.get(&SERVICE.replace("foouser", "other")).await.expect(200), json!({ "criteria": [] }));
}

#[apply(both_databases)]
async fn a_client_that_has_the_revision_gets_304(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    for path in [SERVICE.to_owned(), format!("{CRITERIA}a/")] {
        let tag = app.get(&path).await.header("etag").to_owned();
        let weak = format!("W/{tag}");
        for known in [tag.as_str(), &weak, "*", &format!("\"x\", {tag}")] {
            let answer = app.send(Method::GET, &path, &[("If-None-Match", known)], None).await;
            answer.expect(304);
            assert_eq!(answer.header("etag"), tag);
        }
        app.send(Method::GET, &path, &[("If-None-Match", "\"x\"")], None).await.expect(200);
        app.send(Method::GET, &path, &[("If-None-Match", "x")], None).await.expect_faults(&["If-None-Match"]);
    }
}
