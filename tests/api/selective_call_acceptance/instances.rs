//! Two instances on one database: a read is never behind a change of the other.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{any, create};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, Running, SERVICE, USER, both_databases, client, config},
};

/// Reads the service through `other`, and compares it with what `app` and the database say.
async fn read(app: &App, other: &Running) -> Value {
    let url = format!("{}{SERVICE}", other.url());
    let answer = client().get(url).send().await.expect("the server answers");
    let tag = answer.headers()["etag"].to_str().expect("an entity tag").to_owned();
    let service: Value = serde_json::from_str(&answer.text().await.expect("a whole answer")).expect("JSON");
    let own = app.get(SERVICE).await;
    assert_eq!((own.header("etag"), &own.expect(200)), (&*tag, &service));
    service
}

#[apply(both_databases)]
async fn every_change_of_a_service_is_read_through_another_instance_at_once(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let other = Running::start(config(&app.database.url)).await;
    let list = format!("{USER}number_lists/");
    app.post(&list, json!({ "name": "L" })).await.expect(201);
    assert_eq!(read(&app, &other).await["criteria"], json!([]));
    create(&app, "a").await;
    assert_eq!(read(&app, &other).await["criteria"][0]["name"], "a");
    let update = json!({ "newName": "b", "timeSchedule": { "level": "User", "name": "Every Friday" } });
    app.put(&format!("{CRITERIA}a/"), update).await.expect(200);
    assert_eq!(read(&app, &other).await["criteria"][0]["name"], "b");
    app.put(&format!("{USER}time_schedules/Every%20Friday/"), json!({ "newName": "Fridays" })).await.expect(200);
    assert_eq!(read(&app, &other).await["criteria"][0]["timeSchedule"]["name"], "Fridays");
    let callers = json!({ "selection": "Specified Only", "numberLists": [{ "level": "User", "name": "L" }] });
    app.put(SERVICE, json!({ "criteria": [{ "name": "b", "fromDnCriteria": callers }] })).await.expect(200);
    assert_eq!(read(&app, &other).await["criteria"][0]["callsFrom"], "L");
    app.put(&format!("{list}L/"), json!({ "newName": "M" })).await.expect(200);
    assert_eq!(read(&app, &other).await["criteria"][0]["callsFrom"], "M");
    app.put(SERVICE, json!({ "suspendedUntil": "2026-12-24T00:00:00Z" })).await.expect(200);
    assert_eq!(read(&app, &other).await["suspendedUntil"], "2026-12-24T00:00:00Z");
    app.put(SERVICE, json!({ "criteria": [any("c"), { "name": "b", "delete": true }] })).await.expect(200);
    assert_eq!(read(&app, &other).await["criteria"][0]["name"], "c");
    app.delete(&format!("{CRITERIA}c/")).await.expect(200);
    assert_eq!(read(&app, &other).await["criteria"], json!([]));
}

#[apply(both_databases)]
async fn a_service_that_was_taken_away_is_not_read_and_a_new_one_is_empty(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    create(&app, "a").await;
    assert_eq!(app.get(SERVICE).await.expect(200), app.get(SERVICE).await.expect(200));
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    let path = format!("{USER}services/");
    app.send(Method::DELETE, &path, &[JSON], Some(services.to_string())).await.expect(200);
    app.get(SERVICE).await.expect_problem(404, "service_not_assigned");
    app.post(&path, services).await.expect(200);
    assert_eq!(app.get(SERVICE).await.expect(200)["criteria"], json!([]));
    app.delete(&format!("{USER}?cascade=true")).await.expect(200);
    app.get(SERVICE).await.expect_problem(404, "user_not_found");
}
