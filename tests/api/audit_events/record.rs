//! The event of a change.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::events;
use crate::{
    database::{ADMIN, Kind},
    harness::{App, CRITERIA, JSON, SERVICE, USER, both_databases},
};

fn summary(event: &Value) -> (&str, &str) {
    let text = |name: &str| event[name].as_str().expect("it is text");
    (text("operation"), text("target").trim_start_matches("/api/v1/tenants/foo/groups/foogroup/users/foouser/"))
}

#[apply(both_databases)]
async fn every_change_is_recorded_with_actor_operation_resource_and_request(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let body = json!({ "name": "friends", "fromDnCriteria": { "selection": "Any" } });
    let created =
        app.send(Method::POST, CRITERIA, &[JSON, ("X-Request-Id", "my-request")], Some(body.to_string())).await;
    let criteria = created.expect(200);
    let event = events(&app, "&operation=criteria_create").await.pop().expect("there is an event");
    assert_eq!(event["actorKind"], "token");
    assert_eq!(event["actor"], ADMIN.text().split('_').nth(1).expect("ca_<id>_<secret>"));
    assert_eq!(event["requestId"], "my-request");
    assert_eq!(event["target"], created.header("location"));
    assert_eq!((&event["groupId"], &event["userId"]), (&json!("foogroup"), &json!("foouser")));
    assert_eq!((&event["before"], &event["after"]), (&Value::Null, &criteria));
}

#[apply(both_databases)]
async fn a_change_has_the_members_that_differ_before_and_after(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.put(USER, json!({ "firstName": "Foo" })).await.expect(200);
    app.put(USER, json!({ "extension": "100", "firstName": null })).await.expect(200);
    let event = events(&app, "&operation=user_update").await.pop().expect("there is an event");
    assert_eq!((&event["before"], &event["after"]), (&json!({ "firstName": "Foo" }), &json!({ "extension": "100" })));
}

#[apply(both_databases)]
async fn a_list_of_changes_is_an_event_for_each_criteria_that_changes(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let numbers: Vec<String> = (0..500).map(|at| format!("+3225{at:06}")).collect();
    for name in ["large", "other", "gone"] {
        let from = json!({ "selection": "Specified Only", "phoneNumbers": numbers });
        app.post(CRITERIA, json!({ "name": name, "fromDnCriteria": from })).await.expect(200);
    }
    let update = json!({ "criteria": [
            { "name": "large", "active": false },
            { "name": "other", "active": true },
            { "name": "gone", "delete": true },
            { "name": "new", "fromDnCriteria": { "selection": "Any" } },
        ] });
    let service = app.put(SERVICE, update).await.expect(200);
    let all = events(&app, "&operation=selective_call_acceptance_update").await;
    let targets: Vec<_> = all.iter().map(|event| summary(event).1).collect();
    let criteria = |name: &str| format!("services/selective_call_acceptance/criteria/{name}/");
    assert_eq!(targets, [criteria("large"), criteria("gone"), criteria("new")]);
    assert_eq!((&all[0]["before"], &all[0]["after"]), (&json!({ "active": true }), &json!({ "active": false })));
    assert_eq!((&all[1]["before"]["name"], &all[1]["after"]), (&json!("gone"), &Value::Null));
    assert_eq!((&all[2]["before"], &all[2]["after"]), (&Value::Null, &service["criteria"][2]));
}

#[apply(both_databases)]
async fn what_failed_or_changed_nothing_is_not_recorded(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let before = events(&app, "").await.len();
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(409);
    app.put(USER, json!({})).await.expect(200);
    app.post(CRITERIA, json!({ "name": "x" })).await.expect(400);
    app.delete(&format!("{CRITERIA}none/")).await.expect(404);
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{USER}services/"), services).await.expect(200);
    assert_eq!(events(&app, "").await.len(), before);
}

/// The events of refusals, when there are so many.
async fn refusals(app: &App, count: usize) -> Vec<Value> {
    loop {
        let mut events = events(app, "").await;
        events.retain(|event| event["refused"].is_string());
        if events.len() >= count {
            return events;
        }
        tokio::task::yield_now().await;
    }
}

#[apply(both_databases)]
async fn who_is_refused_is_recorded_for_the_tenant_that_it_concerns(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let token = app.token(json!({ "role": "tenant_admin", "tenantId": "foo" })).await;
    let wrong = format!("ca_{:032x}_wrong", 7);
    app.send_as(Some(&token), Method::GET, "/api/v1/tenants/", None).await.expect_problem(403, "forbidden");
    for (token, path) in [(Some(&*wrong), USER), (None, USER), (Some(&*wrong), "/api/v1/tenants/none/")] {
        app.send_as(token, Method::GET, path, None).await.expect_problem(401, "unauthenticated");
    }
    let refused = refusals(&app, 2).await;
    let [forbidden, unauthenticated] = &refused[..] else { panic!("{refused:?}") };
    let id = token.split('_').nth(1).expect("ca_<id>_<secret>");
    for (event, why, actor, operation, target) in [
        (forbidden, "forbidden", id, "tenants_list", "/api/v1/tenants/foo/"),
        (unauthenticated, "unauthenticated", "00000000000000000000000000000007", "user_view", USER),
    ] {
        assert_eq!((&event["refused"], &event["actor"]), (&json!(why), &json!(actor)), "{event}");
        assert_eq!((&event["operation"], &event["target"]), (&json!(operation), &json!(target)), "{event}");
        assert_eq!(event["clientAddress"], "127.0.0.1", "{event}");
    }
}

#[apply(both_databases)]
async fn many_refusals_are_a_bounded_number_of_events(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let token = app.token(json!({ "role": "tenant_admin", "tenantId": "foo" })).await;
    for _ in 0..50 {
        app.send_as(Some(&token), Method::GET, "/api/v1/tenants/", None).await.expect_problem(403, "forbidden");
    }
    let recorded = refusals(&app, 10).await.len();
    assert!(recorded < 50, "{recorded} are recorded");
}

#[apply(both_databases)]
async fn a_deletion_with_all_that_is_held_records_each_thing_that_is_gone(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    app.post(CRITERIA, json!({ "name": "all", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
    let service = app.get(SERVICE).await.expect(200);
    let token = json!({ "role": "end_user", "tenantId": "foo", "groupId": "foogroup", "userId": "foouser" });
    app.token(token).await;
    app.delete(&format!("{USER}?cascade=true")).await.expect(200);
    let gone = events(&app, "&operation=user_delete").await;
    let mut targets: Vec<_> = gone.iter().map(|event| summary(event).1).collect();
    let token = targets.remove(0);
    assert!(token.starts_with("/api/v1/tokens/"), "{token}");
    let kept =
        ["services/selective_call_acceptance/", "calendar_schedules/Every%20Easter/", "time_schedules/Every%20Friday/"];
    let mut expected: Vec<_> = kept.into_iter().chain([""]).collect();
    assert_eq!(targets.last(), Some(&""), "the user goes last");
    targets.sort_unstable();
    expected.sort_unstable();
    assert_eq!(targets, expected);
    let of_service = gone.iter().find(|event| event["target"] == SERVICE).expect("the service is recorded");
    assert_eq!((&of_service["before"], &of_service["after"]), (&service, &Value::Null));
}

#[apply(both_databases)]
async fn secrets_are_recorded_nowhere(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let token = app.token(json!({ "role": "tenant_admin", "tenantId": "foo" })).await;
    let id = token.split('_').nth(1).expect("ca_<id>_<secret>").to_owned();
    app.delete(&format!("/api/v1/tokens/{id}/")).await.expect(200);
    let events = events(&app, "").await;
    let of_tokens = events.iter().filter(|event| event["target"] == format!("/api/v1/tokens/{id}/").as_str());
    let of_tokens: Vec<_> = of_tokens.map(|event| summary(event).0).collect();
    assert_eq!(of_tokens, ["token_create", "token_revoke"]);
    let secret = token.splitn(3, '_').last().expect("ca_<id>_<secret>");
    assert!(!json!(events).to_string().contains(secret));
}
