//! Conditional writes: `ETag` and `If-Match`.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use super::{any, create, names};
use crate::{
    database::Kind,
    harness::{Answer, App, CRITERIA, JSON, SERVICE, USER, both_databases},
};

/// The four writes; each leaves the criteria `a` unchanged or fails.
const WRITES: [(Method, &str, &str); 4] = [
    (Method::PUT, "", r#"{"criteria":[{"name":"a","active":false}]}"#),
    (Method::POST, "criteria/", r#"{"name":"b","fromDnCriteria":{"selection":"Any"}}"#),
    (Method::PUT, "criteria/a/", r#"{"doNotPerformAction":true}"#),
    (Method::DELETE, "criteria/a/", "{}"),
];

async fn write(app: &App, (method, path, body): &(Method, &str, &str), if_match: &str) -> Answer {
    app.send(method.clone(), &format!("{SERVICE}{path}"), &[JSON, ("If-Match", if_match)], Some((*body).to_owned()))
        .await
}

async fn tag(app: &App) -> String {
    app.get(SERVICE).await.header("etag").to_owned()
}

#[apply(both_databases)]
async fn a_write_of_another_revision_is_refused_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    let (before, current) = (app.get(SERVICE).await.expect(200), tag(&app).await);
    for operation in &WRITES {
        for stale in ["\"1\"", &format!("W/{current}"), "\"\""] {
            write(&app, operation, stale).await.expect_problem(412, "revision_mismatch");
        }
        write(&app, operation, "no tag").await.expect_faults(&["If-Match"]);
    }
    assert_eq!((app.get(SERVICE).await.expect(200), tag(&app).await), (before, current));
}

#[apply(both_databases)]
async fn the_error_for_a_weak_tag_of_the_current_revision_says_that_it_is_weak(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    let current = tag(&app).await;
    let problem = write(&app, &WRITES[0], &format!("W/{current}")).await.expect_problem(412, "revision_mismatch");
    let detail = problem["detail"].as_str().expect("a problem has a detail");
    assert!(detail.contains(&current) && detail.contains("W/"), "{detail}");
}

#[apply(both_databases)]
async fn a_write_of_the_current_revision_succeeds_and_makes_a_new_one(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    for operation in &WRITES {
        let current = tag(&app).await;
        let answer = write(&app, operation, &format!("\"x\", {current}")).await;
        answer.expect(200);
        assert_ne!(answer.header("etag"), current);
        assert_eq!(answer.header("etag"), tag(&app).await);
    }
    assert_eq!(names(&app).await, ["b"]);
    write(&app, &WRITES[1], "*").await.expect_problem(409, "criteria_exists");
}

#[apply(both_databases)]
async fn a_refused_write_keeps_the_revision(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    let current = tag(&app).await;
    app.post(CRITERIA, any("a")).await.expect_problem(409, "criteria_exists");
    app.put(SERVICE, json!({ "criteria": [{ "name": "new" }] })).await.expect(400);
    app.delete(&format!("{CRITERIA}none/")).await.expect_problem(404, "criteria_not_found");
    assert_eq!(tag(&app).await, current);
}

#[apply(both_databases)]
async fn an_old_revision_never_matches_a_service_that_was_assigned_again(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let old = tag(&app).await;
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    let path = format!("{USER}services/");
    app.send(Method::DELETE, &path, &[JSON], Some(services.to_string())).await.expect(200);
    app.post(&path, services).await.expect(200);
    assert_ne!(tag(&app).await, old);
}
