//! Deleting schedules.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;

use super::folders;
use crate::{
    database::Kind,
    harness::{App, JSON, both_databases},
};

#[apply(both_databases)]
async fn delete_removes_only_the_schedule(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "S" })).await.expect(201);
    }
    let mut left: Vec<_> = folders().collect();
    while let Some(folder) = left.pop() {
        let path = format!("{folder}S/");
        assert_eq!(app.delete(&path).await.expect(200), json!({}));
        app.get(&path).await.expect_problem(404, "schedule_not_found");
        app.delete(&path).await.expect_problem(404, "schedule_not_found");
        for other in &left {
            app.get(&format!("{other}S/")).await.expect(200);
        }
    }
}

#[apply(both_databases)]
async fn delete_frees_the_name_and_ignores_a_body(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        for body in ["{}", "{", ""] {
            app.post(&folder, json!({ "name": "S" })).await.expect(201);
            let path = format!("{folder}S/");
            app.send(Method::DELETE, &path, &[JSON], Some(body.to_owned())).await.expect(200);
        }
    }
}
