//! Creating schedules.

use rstest_reuse::apply;
use serde_json::json;

use super::{expect_no_owner, folders, friday};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

#[apply(both_databases)]
async fn create_answers_201_with_its_place_and_the_schedule(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        let answer = app.post(&folder, json!({ "name": "Été 50%?", "periods": [friday()] })).await;
        let schedule = answer.expect(201);
        assert_eq!(schedule, json!({ "name": "Été 50%?", "periods": [friday()] }));
        assert_eq!(answer.header("location"), format!("{folder}%C3%89t%C3%A9%2050%25%3F/"));
        assert_eq!(app.get(answer.header("location")).await.expect(200), schedule);
    }
}

#[apply(both_databases)]
async fn a_schedule_needs_no_periods(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({})).await.expect_faults(&["/name"]);
        let schedule = app.post(&folder, json!({ "name": "Empty" })).await.expect(201);
        assert_eq!(schedule, json!({ "name": "Empty", "periods": [] }));
    }
}

#[apply(both_databases)]
async fn a_taken_name_answers_409_and_keeps_the_first(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "S", "periods": [friday()] })).await.expect(201);
        let problem = app.post(&folder, json!({ "name": "S" })).await.expect_problem(409, "schedule_exists");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("\"S\"")), "{problem}");
        assert_eq!(app.get(&format!("{folder}S/")).await.expect(200)["periods"], json!([friday()]));
    }
}

#[apply(both_databases)]
async fn names_differ_by_their_letters_case(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "s" })).await.expect(201);
        app.post(&folder, json!({ "name": "S", "periods": [friday()] })).await.expect(201);
        assert_eq!(app.get(&format!("{folder}s/")).await.expect(200), json!({ "name": "s", "periods": [] }));
    }
}

#[apply(both_databases)]
async fn names_have_limits(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        app.post(&folder, json!({ "name": "é".repeat(40) })).await.expect(201);
        for wrong in ["", " S", "S ", "a/b", "a\nb", &"a".repeat(41)] {
            app.post(&folder, json!({ "name": wrong })).await.expect_faults(&["/name"]);
        }
        app.post(&folder, json!({ "name": 1, "period": [] })).await.expect_faults(&["/name", "/period"]);
    }
}

#[apply(both_databases)]
async fn an_owner_that_is_not_there_answers_404_to_every_verb(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        for (known, unknown, code) in [
            ("tenants/foo", "tenants/none", "tenant_not_found"),
            ("groups/foogroup", "groups/none", "group_not_found"),
            ("users/foouser", "users/none", "user_not_found"),
        ] {
            if folder.contains(known) {
                expect_no_owner(&app, &folder.replace(known, unknown), code).await;
            }
        }
    }
}
