//! Viewing schedules.

use rstest_reuse::apply;
use serde_json::json;

use super::{folders, friday, verbs_on_one};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

#[apply(both_databases)]
async fn view_answers_the_schedule_of_this_owner_and_type(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (day, folder) in (1..).zip(folders()) {
        let period = json!({ "name": "Day", "active": false, "type": "Day of the month", "dayOfMonth": day });
        app.post(&folder, json!({ "name": "S", "periods": [period, friday()] })).await.expect(201);
    }
    for (day, folder) in (1..).zip(folders()) {
        let schedule = app.get(&format!("{folder}S/")).await.expect(200);
        assert_eq!(schedule["periods"][0]["dayOfMonth"], day, "{folder}");
        assert_eq!(schedule["periods"][1], friday());
    }
}

#[apply(both_databases)]
async fn a_schedule_that_is_not_there_answers_404_to_every_verb(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for folder in folders() {
        for answer in verbs_on_one(&app, &format!("{folder}none/")).await {
            let problem = answer.expect_problem(404, "schedule_not_found");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("\"none\"")), "{problem}");
        }
    }
}

#[apply(both_databases)]
async fn a_schedule_is_not_found_at_other_levels_nor_in_the_other_type(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for here in folders() {
        app.post(&here, json!({ "name": "S" })).await.expect(201);
        for there in folders().filter(|there| *there != here) {
            app.get(&format!("{there}S/")).await.expect_problem(404, "schedule_not_found");
        }
        app.delete(&format!("{here}S/")).await.expect(200);
    }
}
