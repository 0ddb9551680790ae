//! Taking services from a user.

use futures_util::future::join_all;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use super::{ASTRAY, NAMELESS, SERVICES, no_selections, selection, services, unassign};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, SERVICE, USER, both_databases},
};

#[apply(both_databases)]
async fn unassign_answers_200_with_an_empty_object(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    assert_eq!(unassign(&app, SERVICES, selection()).await.expect(200), json!({}));
    assert_eq!(app.get(SERVICES).await.expect(200), services(false));
    app.get(SERVICE).await.expect_problem(404, "service_not_assigned");
}

#[apply(both_databases)]
async fn unassigning_a_service_that_is_not_assigned_succeeds(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for _ in 0..2 {
        assert_eq!(unassign(&app, SERVICES, selection()).await.expect(200), json!({}));
    }
}

#[apply(both_databases)]
async fn unassign_loses_the_criteria_and_keeps_the_schedules(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let criteria = json!({
        "name": "a",
        "fromDnCriteria": { "selection": "Any" },
        "timeSchedule": { "level": "User", "name": "Every Friday" },
    });
    app.post(CRITERIA, criteria).await.expect(200);
    unassign(&app, SERVICES, selection()).await.expect(200);
    app.post(SERVICES, selection()).await.expect(200);
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [] }));
    app.delete(&format!("{USER}time_schedules/Every%20Friday/")).await.expect(200);
}

#[apply(both_databases)]
async fn unassign_affects_only_one_user(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.post(CRITERIA, json!({ "name": "a", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, json!({ "userId": "other" })).await.expect(201);
    app.post(&format!("{users}other/services/"), selection()).await.expect(200);
    unassign(&app, &format!("{users}other/services/"), selection()).await.expect(200);
    app.get(&format!("{CRITERIA}a/")).await.expect(200);
}

#[apply(both_databases)]
async fn an_entity_tag_does_not_outlive_its_assignment(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let before = app.get(SERVICE).await;
    unassign(&app, SERVICES, selection()).await.expect(200);
    app.post(SERVICES, selection()).await.expect(200);
    let headers = [JSON, ("If-Match", before.header("etag"))];
    let answer = app.send(Method::PUT, SERVICE, &headers, Some(json!({ "criteria": [] }).to_string())).await;
    answer.expect_problem(412, "revision_mismatch");
}

#[apply(both_databases)]
async fn unconcurrent_assignments_all_succeed(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for answer in join_all((0..20).map(|_| unassign(&app, SERVICES, selection()))).await {
        assert_eq!(answer.expect(200), json!({}));
    }
}

#[apply(both_databases)]
async fn unassign_needs_a_body(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.delete(SERVICES).await.expect_problem(415, "unsupported_media_type");
    app.send(Method::DELETE, SERVICES, &[JSON], None).await.expect_problem(400, "malformed_json");
    assert_eq!(app.get(SERVICES).await.expect(200), services(true));
}

#[apply(both_databases)]
async fn unassign_refuses_bodies_that_select_no_services(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (body, places) in no_selections() {
        unassign(&app, SERVICES, body).await.expect_faults(&places);
    }
    assert_eq!(app.get(SERVICES).await.expect(200), services(true));
}

#[apply(both_databases)]
async fn unassign_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, missing) in ASTRAY {
        unassign(&app, path, selection()).await.expect_problem(404, missing);
    }
    for (path, parameter) in NAMELESS {
        unassign(&app, path, selection()).await.expect_faults(&[parameter]);
    }
}
