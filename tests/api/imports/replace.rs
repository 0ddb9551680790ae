//! Files that replace what a tenant has.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, TENANT, acceptance, assert_ended, criteria, errors, import, import_file, lines::every_kind, names};
use crate::{
    database::Kind,
    harness::{App, SERVICE, USER, both_databases},
};

/// Everything that a tenant has, by path.
async fn contents(app: &App) -> Vec<(String, u16, Value)> {
    let jane = "/api/v1/tenants/foo/groups/sales/users/jane/";
    let mut contents = Vec::new();
    let mut paths = vec![TENANT.to_owned()];
    for owner in [TENANT, GROUP, "/api/v1/tenants/foo/groups/sales/", USER, jane] {
        for folder in [
            "groups/",
            "users/",
            "treatments/",
            "protected_callers/",
            "time_schedules/",
            "calendar_schedules/",
            "number_lists/",
            "number_lists/Nuisance/entries/",
            "services/",
            "services/selective_call_acceptance/",
            "services/selective_call_rejection/",
            "services/anonymous_call_rejection/",
            "",
        ] {
            paths.push(format!("{owner}{folder}"));
        }
    }
    for path in paths {
        let answer = app.get(&path).await;
        let body = if answer.status.is_success() { answer.json() } else { Value::Null };
        contents.push((path, answer.status.as_u16(), body));
    }
    contents
}

#[apply(both_databases)]
async fn what_the_file_does_not_name_is_removed(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo", "name": "Foo", "region": "BE" })).await.expect(201);
    let lines = every_kind();
    assert_ended(&import(&app, "", &lines).await, "succeeded", [12, 11, 0, 1, 0, 0]);
    let before = contents(&app).await;
    let more = [
        json!({ "kind": "tenant", "timeZone": "Europe/Brussels" }),
        json!({ "kind": "group", "groupId": "foogroup" }),
        json!({ "kind": "treatments", "treatments": [{ "service": "Anonymous Call Rejection", "sipStatus": 480 }] }),
        json!({ "kind": "protected_callers", "groupId": "sales", "callers": [{ "pattern": "1" }] }),
        json!({ "kind": "user", "groupId": "foogroup", "userId": "foouser" }),
        json!({ "kind": "user", "groupId": "sales", "userId": "jane", "lastName": "Doe" }),
        json!({ "kind": "user", "groupId": "sales", "userId": "john" }),
        json!({ "kind": "schedule", "groupId": "foogroup", "userId": "foouser", "type": "Time", "name": "Mine" }),
        json!({ "kind": "schedule", "type": "Holiday", "name": "Every Friday" }),
        json!({ "kind": "number_list", "name": "Nuisance" }),
        json!({ "kind": "number_list_entries", "name": "Nuisance", "entries": [{ "pattern": "2" }] }),
        json!({ "kind": "number_list_entries", "groupId": "sales", "name": "Nuisance",
            "entries": [{ "pattern": "1" }, { "pattern": "3" }] }),
        acceptance(&[criteria("friends", &["1"])]),
        json!({ "kind": "service", "groupId": "sales", "userId": "john", "service": "Anonymous Call Rejection" }),
        json!({ "kind": "service", "groupId": "sales", "userId": "jane", "service": "Selective Call Acceptance",
            "criteria": [criteria("more", &["1"])] }),
    ];
    assert_ended(&import(&app, "", &more).await, "succeeded", [15, 12, 3, 0, 0, 0]);
    let token = app
        .token(json!({ "role": "end_user", "tenantId": "foo", "groupId": "foogroup",
        "userId": "foouser" }))
        .await;
    let replaced = import(&app, "?mode=replace", &lines).await;
    assert_eq!(errors(&app, &replaced).await, Vec::<Value>::new());
    assert_eq!((&replaced["status"], &replaced["counts"]["failed"]), (&json!("succeeded"), &json!(0)), "{replaced}");
    assert_eq!(contents(&app).await, before);
    app.send_as(Some(&token), reqwest::Method::GET, USER, None).await.expect_problem(401, "unauthenticated");
    assert_ended(&import(&app, "?mode=replace", &lines).await, "succeeded", [12, 0, 0, 12, 0, 0]);
}

#[apply(both_databases)]
async fn the_order_of_criteria_is_that_of_the_line(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let lines = |names: &[&str]| {
        vec![
            json!({ "kind": "user", "groupId": "foogroup", "userId": "foouser" }),
            acceptance(&names.iter().map(|name| criteria(name, &["+3225126777"])).collect::<Vec<_>>()),
        ]
    };
    import(&app, "?mode=replace", &lines(&["a", "b", "c"])).await;
    for wanted in [&["c", "a", "b"][..], &["new", "b"], &["new", "b", "a"], &["b", "new"], &[], &["a"]] {
        let before = app.get(SERVICE).await;
        let ended = import(&app, "?mode=replace", &lines(wanted)).await;
        let changed = ended["counts"]["changed"].clone();
        assert_eq!((names(&app).await, changed), (wanted.iter().map(|name| (*name).to_owned()).collect(), json!(1)));
        assert_ne!(app.get(SERVICE).await.header("etag"), before.header("etag"));
    }
    let created = app.get(&format!("{SERVICE}criteria/a/")).await.expect(200);
    app.put(&format!("{SERVICE}criteria/a/"), json!({ "description": "x", "active": false })).await.expect(200);
    import(&app, "?mode=replace", &lines(&["a"])).await;
    assert_eq!(app.get(&format!("{SERVICE}criteria/a/")).await.expect(200), created);
}

#[apply(both_databases)]
async fn what_a_faulty_line_names_stays(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let mut lines = every_kind();
    assert_ended(&import(&app, "", &lines).await, "succeeded", [12, 11, 1, 0, 0, 0]);
    let before = contents(&app).await;
    // The file names the rest as well, so that only faulty lines could remove something.
    lines.push(json!({ "kind": "group", "groupId": "foogroup" }));
    lines.push(acceptance(&[]));
    for line in lines.iter_mut().filter(|line| line["kind"] != "group") {
        line["unknown"] = json!(true);
    }
    lines[0]["timeZone"] = json!("Mars");
    let ended = import(&app, "?mode=replace", &lines).await;
    assert_eq!(ended["status"], "succeeded_with_errors");
    assert_eq!((&ended["counts"]["failed"], &ended["counts"]["deleted"]), (&json!(12), &json!(0)), "{ended}");
    assert_eq!(contents(&app).await, before);
}

#[apply(both_databases)]
async fn nothing_is_removed_if_a_line_cannot_be_read_at_all(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let ended = import_file(&app, "?mode=replace", super::LINES, "{\"kind\":\"user\"").await;
    assert_ended(&ended, "succeeded_with_errors", [1, 0, 0, 0, 0, 1]);
    app.get(USER).await.expect(200);
    let ended = import_file(&app, "?mode=replace", super::LINES, "").await;
    // The user with the service, and the group.
    assert_ended(&ended, "succeeded", [0, 0, 0, 0, 3, 0]);
    app.get(GROUP).await.expect_problem(404, "group_not_found");
    app.get(TENANT).await.expect(200);
}
