//! Viewing users.

use rstest_reuse::apply;
use serde_json::json;

use super::{OTHERS, USERS, astray, with_groups};
use crate::{
    database::Kind,
    harness::{App, USER, both_databases},
    tenants::{NO_IDENTIFIERS, encoded},
};

#[apply(both_databases)]
async fn view_leaves_out_members_that_are_not_set(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "foouser" })).await.expect(201);
    for path in [USER, USER.trim_end_matches('/')] {
        assert_eq!(app.get(path).await.expect(200), json!({ "userId": "foouser" }));
    }
}

#[apply(both_databases)]
async fn view_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(USERS, json!({ "userId": "foouser" })).await.expect(201);
    app.post(OTHERS, json!({ "userId": "other" })).await.expect(201);
    for (users, missing) in astray() {
        app.get(&format!("{users}foouser/")).await.expect_problem(404, missing);
    }
    for id in ["Foouser", "other"] {
        app.get(&format!("{USERS}{id}/")).await.expect_problem(404, "user_not_found");
    }
}

#[apply(both_databases)]
async fn view_refuses_a_path_without_identifiers(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    for id in NO_IDENTIFIERS.into_iter().filter(|id| !id.is_empty()) {
        app.get(&format!("{USERS}{}/", encoded(id))).await.expect_faults(&["user_id"]);
    }
    app.get(&format!("{USERS}{}/", encoded(&"é".repeat(162)))).await.expect_faults(&["user_id"]);
    app.get("/api/v1/tenants/a%2Fb/groups/foogroup/users/foouser/").await.expect_faults(&["tenant_id"]);
    app.get("/api/v1/tenants/foo/groups/a%2Fb/users/foouser/").await.expect_faults(&["group_id"]);
}
