//! Listing the services of a user.

use rstest_reuse::apply;
use serde_json::json;

use super::{ASTRAY, NAMELESS, SERVICES, selection, services, unassign};
use crate::{
    database::Kind,
    harness::{App, USER, both_databases},
};

#[apply(both_databases)]
async fn list_returns_all_services_and_whether_they_are_assigned(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for path in [SERVICES, SERVICES.trim_end_matches('/')] {
        assert_eq!(app.get(path).await.expect(200), services(true));
    }
    unassign(&app, SERVICES, selection()).await.expect(200);
    assert_eq!(app.get(SERVICES).await.expect(200), services(false));
}

#[apply(both_databases)]
async fn a_new_user_has_no_service(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, json!({ "userId": "new" })).await.expect(201);
    assert_eq!(app.get(&format!("{users}new/services/")).await.expect(200), services(false));
}

#[apply(both_databases)]
async fn list_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, missing) in ASTRAY {
        app.get(path).await.expect_problem(404, missing);
    }
    for (path, parameter) in NAMELESS {
        app.get(path).await.expect_faults(&[parameter]);
    }
}

#[apply(both_databases)]
async fn list_refuses_query_parameters(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.get(&format!("{USER}services/?limit=1")).await.expect_faults(&["limit"]);
}
