//! Listing users.

use serde_json::json;

use super::{OTHERS, USERS, astray, with_groups};
use crate::{
    harness::both,
    tenants::{ORDERED, expect_no_page, expect_pages},
};

both! {
    async fn list_answers_the_users_of_its_group_only(app: App) {
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

    async fn pages_hold_everything_once_in_the_order_of_code_points(app: App) {
        with_groups(&app).await;
        app.post(OTHERS, json!({ "userId": "other" })).await.expect(201);
        for id in ORDERED.iter().rev() {
            app.post(USERS, json!({ "userId": id })).await.expect(201);
        }
        expect_pages(&app, USERS, ("users", "userId")).await;
    }

    async fn list_says_what_is_missing(app: App) {
        with_groups(&app).await;
        for (users, missing) in astray() {
            for query in ["", "?limit=1", "?after=a"] {
                app.get(&format!("{users}{query}")).await.expect_problem(404, missing);
            }
        }
    }

    async fn list_refuses_what_is_no_page(app: App) {
        with_groups(&app).await;
        expect_no_page(&app, USERS).await;
        app.get("/api/v1/tenants/foo/groups/a%2Fb/users/").await.expect_faults(&["group_id"]);
    }
}
