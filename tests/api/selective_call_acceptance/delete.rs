//! Deleting one criteria.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use super::{create, names};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, both_databases},
};

#[apply(both_databases)]
async fn delete_answers_an_empty_object_and_removes_that_criteria(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for name in ["a", "b"] {
        create(&app, name).await;
    }
    assert_eq!(app.delete(&format!("{CRITERIA}a/")).await.expect(200), json!({}));
    app.delete(&format!("{CRITERIA}a/")).await.expect_problem(404, "criteria_not_found");
    assert_eq!(names(&app).await, ["b"]);
}

#[apply(both_databases)]
async fn a_body_of_whatever_content_is_ignored(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (content_type, body) in [
        ("application/json", "{\"name\":\"b\"}"),
        ("application/json", "{"),
        ("text/plain", "no JSON"),
        ("application/xml", "<a/>"),
    ] {
        create(&app, "a").await;
        app.send(Method::DELETE, &format!("{CRITERIA}a/"), &[("Content-Type", content_type)], Some(body.to_owned()))
            .await
            .expect(200);
    }
}

#[apply(both_databases)]
async fn the_missing_parent_is_named(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let path = format!("{CRITERIA}a/");
    app.delete(&path.replace("foouser", "x")).await.expect_problem(404, "user_not_found");
    app.delete(&path.replace("foogroup", "x")).await.expect_problem(404, "group_not_found");
    app.delete(&path.replace("tenants/foo/", "tenants/x/")).await.expect_problem(404, "tenant_not_found");
}
