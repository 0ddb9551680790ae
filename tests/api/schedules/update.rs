//! Updating schedules.

use rstest_reuse::apply;
use serde_json::json;

use super::{folders, friday};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

#[apply(both_databases)]
async fn update_replaces_all_periods_and_nothing_else(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let day = json!({ "name": "Day", "active": true, "type": "Day of the month", "dayOfMonth": 1 });
    for folder in folders() {
        let path = format!("{folder}S/");
        app.post(&folder, json!({ "name": "S", "periods": [friday(), day] })).await.expect(201);
        let unchanged = app.put(&path, json!({})).await.expect(200);
        assert_eq!(unchanged, json!({ "name": "S", "periods": [friday(), day] }));
        let changed = app.put(&path, json!({ "periods": [day] })).await.expect(200);
        assert_eq!(changed, json!({ "name": "S", "periods": [day] }));
        assert_eq!(app.get(&path).await.expect(200), changed);
        assert_eq!(app.put(&path, json!({ "periods": [] })).await.expect(200)["periods"], json!([]));
    }
}

#[apply(both_databases)]
async fn a_new_name_renames(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "Old", "periods": [friday()] })).await.expect(201);
        let renamed = app.put(&format!("{folder}Old/"), json!({ "newName": "Nouveau été" })).await.expect(200);
        assert_eq!(renamed, json!({ "name": "Nouveau été", "periods": [friday()] }));
        app.get(&format!("{folder}Old/")).await.expect_problem(404, "schedule_not_found");
        assert_eq!(app.get(&format!("{folder}Nouveau%20%C3%A9t%C3%A9/")).await.expect(200), renamed);
    }
}

#[apply(both_databases)]
async fn a_taken_new_name_answers_409_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "A", "periods": [friday()] })).await.expect(201);
        app.post(&folder, json!({ "name": "B" })).await.expect(201);
        let answer = app.put(&format!("{folder}A/"), json!({ "newName": "B", "periods": [] })).await;
        let problem = answer.expect_problem(409, "schedule_exists");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("\"B\"")), "{problem}");
        assert_eq!(app.get(&format!("{folder}A/")).await.expect(200)["periods"], json!([friday()]));
    }
}

#[apply(both_databases)]
async fn the_present_name_as_new_name_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        let schedule = app.post(&folder, json!({ "name": "S", "periods": [friday()] })).await.expect(201);
        assert_eq!(app.put(&format!("{folder}S/"), json!({ "newName": "S" })).await.expect(200), schedule);
    }
}

#[apply(both_databases)]
async fn the_name_in_the_body_is_ignored(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "S" })).await.expect(201);
        let schedule = app.put(&format!("{folder}S/"), json!({ "name": "Other" })).await.expect(200);
        assert_eq!(schedule["name"], "S");
        app.get(&format!("{folder}Other/")).await.expect_problem(404, "schedule_not_found");
    }
}

#[apply(both_databases)]
async fn faults_are_refused_and_change_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        let path = format!("{folder}S/");
        app.post(&folder, json!({ "name": "S", "periods": [friday()] })).await.expect(201);
        app.put(&path, json!({ "newName": "a/b", "periods": [{}], "more": 1 })).await.expect_faults(&[
            "/more",
            "/newName",
            "/periods/0/name",
            "/periods/0/type",
        ]);
        app.put(&path, json!({ "periods": null, "newName": null })).await.expect_faults(&["/newName", "/periods"]);
        assert_eq!(app.get(&path).await.expect(200)["periods"], json!([friday()]));
    }
}
