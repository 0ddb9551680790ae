//! Assigning services to a user.

use futures_util::future::join_all;
use rstest_reuse::apply;
use serde_json::json;

use super::{ASTRAY, NAMELESS, SERVICES, no_selections, selection, services, unassign};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, SERVICE, both_databases},
};

#[apply(both_databases)]
async fn assign_answers_200_with_the_services(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    unassign(&app, SERVICES, selection()).await.expect(200);
    app.get(SERVICE).await.expect_problem(404, "service_not_assigned");
    assert_eq!(app.post(SERVICES, selection()).await.expect(200), services(true));
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [] }));
}

#[apply(both_databases)]
async fn assigning_an_assigned_service_succeeds_and_keeps_the_criteria(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.post(CRITERIA, json!({ "name": "a", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
    let before = app.get(SERVICE).await;
    assert_eq!(app.post(SERVICES, selection()).await.expect(200), services(true));
    let after = app.get(SERVICE).await;
    assert_eq!(after.expect(200), before.expect(200));
    assert_eq!(after.header("etag"), before.header("etag"));
}

#[apply(both_databases)]
async fn assign_affects_only_one_user(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    for id in ["a", "b"] {
        app.post(users, json!({ "userId": id })).await.expect(201);
    }
    app.post(&format!("{users}a/services/"), selection()).await.expect(200);
    assert_eq!(app.get(&format!("{users}b/services/")).await.expect(200), services(false));
}

#[apply(both_databases)]
async fn concurrent_assignments_all_succeed(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    unassign(&app, SERVICES, selection()).await.expect(200);
    for answer in join_all((0..20).map(|_| app.post(SERVICES, selection()))).await {
        assert_eq!(answer.expect(200), services(true));
    }
}

#[apply(both_databases)]
async fn assign_refuses_bodies_that_select_no_services(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    unassign(&app, SERVICES, selection()).await.expect(200);
    for (body, places) in no_selections() {
        app.post(SERVICES, body).await.expect_faults(&places);
    }
    let nameless = json!({ "services": [{ "name": null }] });
    app.post(SERVICES, nameless).await.expect_faults(&["/services/0/name"]);
    assert_eq!(app.get(SERVICES).await.expect(200), services(false));
}

#[apply(both_databases)]
async fn assign_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, missing) in ASTRAY {
        app.post(path, selection()).await.expect_problem(404, missing);
    }
    for (path, parameter) in NAMELESS {
        app.post(path, selection()).await.expect_faults(&[parameter]);
    }
}
