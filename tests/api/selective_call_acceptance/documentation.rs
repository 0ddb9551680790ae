//! The six examples of the service's documentation, sent as they are printed there.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{App, CRITERIA, JSON, SERVICE, both_databases},
};

const PUT_SERVICE: &str = r#"{
     "criteria": [
          {
               "name": "test",
               "active": true
          },
          {
               "name": "test2",
               "active": false,
               "callsFrom": "All calls",
               "doNotPerformAction": false,
               "fromDnCriteria": {
                    "includeAnonymousCallers": false,
                    "selection": "Any",
                    "phoneNumbers": [],
                    "includeUnavailableCallers": false
               }
          },
          {
               "name": "test3",
               "delete": true
          }
     ]
}"#;

const POST_CRITERIA: &str = r#"{
     "name": "test",
     "active": true,
     "timeSchedule": {
          "level": "User",
          "name": "Every Friday",
          "type": "Time"
     },
     "holidaySchedule": {
          "level": "User",
          "name": "Every Easter",
          "type": "Holiday"
     },
     "fromDnCriteria": {
          "selection": "Any",
          "includeAnonymousCallers": false,
          "includeUnavailableCallers": true,
          "phoneNumbers": [
               "+3225126777"
          ]
     }
}"#;

const PUT_CRITERIA: &str = r#"{
     "name": "test",
     "newName": "test_new",
     "active": true,
     "timeSchedule": {
          "level": "User",
          "name": "Every Friday",
          "type": "Time"
     },
     "holidaySchedule": {
          "level": "User",
          "name": "Every Easter",
          "type": "Holiday"
     },
     "fromDnCriteria": {
          "selection": "Any",
          "includeAnonymousCallers": false,
          "includeUnavailableCallers": true,
          "phoneNumbers": [
               "+3225126777"
          ]
     }
}"#;

/// The content type as the examples print it, in quotes.
const QUOTED: (&str, &str) = ("Content-Type", "\"application/json\"");

fn printed_criteria(name: &str) -> Value {
    json!({
        "name": name,
        "active": true,
        "callsFrom": "All calls",
        "timeSchedule": { "level": "User", "name": "Every Friday", "type": "Time" },
        "holidaySchedule": { "level": "User", "name": "Every Easter", "type": "Holiday" },
        "fromDnCriteria": {
            "selection": "Any",
            "includeAnonymousCallers": false,
            "includeUnavailableCallers": true,
            "phoneNumbers": ["+3225126777"]
        },
        "doNotPerformAction": false
    })
}

fn printed_service(name: &str, active: bool) -> Value {
    json!({
        "name": name,
        "active": active,
        "callsFrom": "All calls",
        "doNotPerformAction": false,
        "fromDnCriteria": {
            "includeAnonymousCallers": false,
            "selection": "Any",
            "phoneNumbers": [],
            "includeUnavailableCallers": false
        }
    })
}

async fn send(app: &App, method: Method, path: &str, body: &str) -> Value {
    app.send(method, path, &[QUOTED], Some(body.to_owned())).await.expect(200)
}

async fn create_foocriteria(app: &App) {
    let body = POST_CRITERIA.replace("\"test\"", "\"foocriteria\"");
    app.send(Method::POST, CRITERIA, &[JSON], Some(body)).await.expect(200);
}

#[apply(both_databases)]
async fn the_service_is_answered_as_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.post(CRITERIA, json!({ "name": "test", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [printed_service("test", true)] }));
}

#[apply(both_databases)]
async fn the_update_of_the_service_is_accepted_as_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for name in ["test", "test3"] {
        app.post(CRITERIA, json!({ "name": name, "active": false, "fromDnCriteria": { "selection": "Any" } }))
            .await
            .expect(200);
    }
    let after = json!({ "criteria": [printed_service("test", true), printed_service("test2", false)] });
    assert_eq!(send(&app, Method::PUT, SERVICE, PUT_SERVICE).await, after);
    assert_eq!(send(&app, Method::PUT, SERVICE, PUT_SERVICE).await, after, "a second time it changes nothing more");
    assert_eq!(app.get(SERVICE).await.expect(200), after);
}

#[apply(both_databases)]
async fn the_criteria_is_answered_as_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    create_foocriteria(&app).await;
    assert_eq!(app.get(&format!("{CRITERIA}foocriteria/")).await.expect(200), printed_criteria("foocriteria"));
}

#[apply(both_databases)]
async fn the_new_criteria_is_accepted_as_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    assert_eq!(send(&app, Method::POST, CRITERIA, POST_CRITERIA).await, printed_criteria("test"));
    assert_eq!(app.get(&format!("{CRITERIA}test/")).await.expect(200), printed_criteria("test"));
}

#[apply(both_databases)]
async fn the_update_of_the_criteria_is_accepted_as_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    create_foocriteria(&app).await;
    let path = format!("{CRITERIA}foocriteria/");
    assert_eq!(send(&app, Method::PUT, &path, PUT_CRITERIA).await, printed_criteria("test_new"));
    app.get(&path).await.expect_problem(404, "criteria_not_found");
    assert_eq!(app.get(&format!("{CRITERIA}test_new/")).await.expect(200), printed_criteria("test_new"));
}

#[apply(both_databases)]
async fn the_deletion_of_the_criteria_is_accepted_as_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    create_foocriteria(&app).await;
    let path = format!("{CRITERIA}foocriteria/");
    assert_eq!(send(&app, Method::DELETE, &path, "{\n     \"name\": \"test\"\n}").await, json!({}));
    app.get(&path).await.expect_problem(404, "criteria_not_found");
}
