//! Listing users.

use rstest_reuse::apply;
use serde_json::json;

use super::{OTHERS, USERS, astray, with_groups};
use crate::{
    database::Kind,
    harness::{App, both_databases},
    tenants::{ORDERED, expect_no_page, expect_pages},
};

#[apply(both_databases)]
async fn list_answers_the_users_of_its_group_only(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(OTHERS, json!({ "userId": "other" })).await.expect(201);
    assert_eq!(app.get(USERS).await.expect(200), json!({ "users": [] }));
    let full = json!({ "userId": "b", "phoneNumber": "+3225550100", "timeZone": "UTC" });
    let users = [json!({ "userId": "a" }), full];
    for user in &users {
        app.post(USERS, user.clone()).await.expect(201);
    }
    assert_eq!(app.get(USERS).await.expect(200), json!({ "users": users }));
}

#[apply(both_databases)]
async fn pages_hold_everything_once_in_the_order_of_code_points(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    app.post(OTHERS, json!({ "userId": "other" })).await.expect(201);
    for id in ORDERED.iter().rev() {
        app.post(USERS, json!({ "userId": id })).await.expect(201);
    }
    expect_pages(&app, USERS, ("users", "userId")).await;
}

#[apply(both_databases)]
async fn list_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    for (users, missing) in astray() {
        for query in ["", "?limit=1", "?after=a"] {
            app.get(&format!("{users}{query}")).await.expect_problem(404, missing);
        }
    }
}

#[apply(both_databases)]
async fn list_refuses_invalid_page_parameters(#[case] database: Kind) {
    let app = App::start(database).await;
    with_groups(&app).await;
    expect_no_page(&app, USERS).await;
    app.get("/api/v1/tenants/foo/groups/a%2Fb/users/").await.expect_faults(&["group_id"]);
}
