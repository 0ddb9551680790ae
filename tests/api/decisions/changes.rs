//! A change takes effect immediately on the instance that made it: no cached data outlives it.

use rstest_reuse::apply;
use serde_json::json;

use super::{DECISIONS, NUMBER, create, decide, reason, with_number};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, SERVICE, USER, both_databases},
};

const FRIEND: &str = "+3225126777";

#[apply(both_databases)]
async fn criteria_that_are_created_changed_renamed_and_deleted(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    assert_eq!(reason(&app, FRIEND).await, "no_active_criteria");
    create(&app, "friends", &["+4420*"]).await;
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
    app.put(&format!("{CRITERIA}friends/"), json!({ "fromDnCriteria": { "phoneNumbers": [FRIEND] } }))
        .await
        .expect(200);
    assert_eq!(decide(&app, FRIEND).await["criteria"], "friends");
    app.put(&format!("{CRITERIA}friends/"), json!({ "newName": "family" })).await.expect(200);
    assert_eq!(decide(&app, FRIEND).await["criteria"], "family");
    app.put(SERVICE, json!({ "criteria": [{ "name": "family", "doNotPerformAction": true }] })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "do_not_accept");
    app.delete(&format!("{CRITERIA}family/")).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "no_active_criteria");
}

#[apply(both_databases)]
async fn a_service_that_is_unassigned_and_assigned_again(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let services = || Some(json!({ "services": [{ "name": "Selective Call Acceptance" }] }).to_string());
    create(&app, "friends", &[]).await;
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
    let path = format!("{USER}services/");
    app.send(reqwest::Method::DELETE, &path, &[JSON], services()).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "service_not_assigned");
    app.send(reqwest::Method::POST, &path, &[JSON], services()).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "no_active_criteria");
}

#[apply(both_databases)]
async fn the_periods_of_a_schedule_at_each_level(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    for (level, owner) in
        [("User", USER), ("Group", "/api/v1/tenants/foo/groups/foogroup/"), ("Tenant", "/api/v1/tenants/foo/")]
    {
        let schedules = format!("{owner}time_schedules/");
        app.post(&schedules, json!({ "name": "Hours" })).await.expect(201);
        let criteria = json!({ "criteria": [{
                "name": "in hours", "fromDnCriteria": { "selection": "Any" },
                "timeSchedule": { "level": level, "name": "Hours" }
            }] });
        app.put(SERVICE, criteria).await.expect(200);
        assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched", "{level}");
        let always = json!({ "periods": [
                { "name": "always", "type": "Recurrence", "startDate": "2020-01-01", "rule": "FREQ=DAILY" }
            ] });
        app.put(&format!("{schedules}Hours/"), always).await.expect(200);
        assert_eq!(reason(&app, FRIEND).await, "criteria_matched", "{level}");
    }
}

#[apply(both_databases)]
async fn the_region_of_the_tenant(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &["025126777"]).await;
    assert_eq!(reason(&app, "+3225126777").await, "criteria_matched");
    app.put("/api/v1/tenants/foo/", json!({ "region": "FR" })).await.expect(200);
    assert_eq!(reason(&app, "+3225126777").await, "no_criteria_matched");
}

#[apply(both_databases)]
async fn a_number_that_moves_from_one_user_to_another(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &[]).await;
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
    app.put(USER, json!({ "phoneNumber": null })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "unknown_called_number");
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, json!({ "userId": "other", "phoneNumber": NUMBER })).await.expect(201);
    assert_eq!(reason(&app, FRIEND).await, "service_not_assigned");
    app.delete(&format!("{users}other/")).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "unknown_called_number");
    app.put(USER, json!({ "phoneNumber": NUMBER })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
}

#[apply(both_databases)]
async fn whoever_held_the_user_deleted_with_all_that_it_holds(#[case] database: Kind) {
    let app = App::start(database).await;
    let mut app = app;
    for path in [USER, "/api/v1/tenants/foo/groups/foogroup/", "/api/v1/tenants/foo/"] {
        app = with_number(app).await;
        create(&app, "friends", &[]).await;
        assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched", "{path}");
        app.delete(&format!("{path}?cascade=true")).await.expect(200);
        let call = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND });
        assert_eq!(app.post(DECISIONS, call).await.expect(200)["reason"], "unknown_called_number", "{path}");
        app.delete("/api/v1/tenants/foo/?cascade=true").await;
    }
}
