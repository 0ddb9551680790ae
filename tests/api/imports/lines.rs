//! Files of lines that are merged.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, IMPORTS, LINES, TENANT, acceptance, assert_ended, criteria, errors, import, import_file, names};
use crate::{
    database::Kind,
    decisions::{reason, with_number},
    harness::{App, SERVICE, USER, both_databases},
};

/// Lines of every kind.
pub fn every_kind() -> Vec<Value> {
    let friday = json!([{ "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday" }]);
    let periods = json!([{ "name": "Easter Sunday", "type": "Recurrence", "startDate": "2026-01-01",
        "rule": "FREQ=YEARLY;BYEASTER=0" }]);
    let treatments = json!([{ "service": "Selective Call Rejection", "sipStatus": 480, "sipReason": "Away" }]);
    vec![
        json!({ "kind": "tenant", "tenantId": "elsewhere", "name": "Foo", "region": "BE" }),
        json!({ "kind": "group", "groupId": "sales", "groupName": "Sales" }),
        json!({ "kind": "treatments", "groupId": "sales", "treatments": treatments }),
        json!({ "kind": "protected_callers", "callers": [{ "pattern": "+3225550199", "note": "Voicemail" }] }),
        json!({ "kind": "user", "groupId": "sales", "userId": "jane", "phoneNumber": "+3225550142" }),
        json!({ "kind": "schedule", "type": "Time", "name": "Every Friday", "periods": friday }),
        json!({ "kind": "schedule", "groupId": "sales", "userId": "jane", "type": "Holiday", "name": "Easter",
            "periods": periods }),
        json!({ "kind": "number_list", "groupId": "sales", "name": "Nuisance", "description": "Reported" }),
        json!({ "kind": "number_list_entries", "groupId": "sales", "name": "Nuisance",
            "entries": [{ "pattern": "+3290*" }, { "pattern": "+3225550666", "note": "Twice" }] }),
        json!({ "kind": "service", "groupId": "sales", "userId": "jane", "service": "Selective Call Acceptance",
            "outsideSchedules": "Accept", "criteria": [
                { "name": "friends", "timeSchedule": { "level": "Tenant", "name": "Every Friday" },
                    "holidaySchedule": { "level": "User", "name": "Easter" },
                    "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": ["+3225126777"],
                        "numberLists": [{ "level": "Group", "name": "Nuisance" }] } },
                { "name": "all", "active": false, "fromDnCriteria": { "selection": "Any" } }
            ] }),
        json!({ "kind": "service", "groupId": "sales", "userId": "jane", "service": "Selective Call Rejection",
            "criteria": [{ "name": "forwarded", "fromDnCriteria": { "selection": "Forwarded" } }] }),
        json!({ "kind": "service", "groupId": "sales", "userId": "jane", "service": "Anonymous Call Rejection",
            "active": true }),
    ]
}

const JANE: &str = "/api/v1/tenants/foo/groups/sales/users/jane/";

#[apply(both_databases)]
async fn things_of_every_kind_are_created_and_found_unchanged_the_next_time(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let lines = every_kind();
    let first = import(&app, "", &lines).await;
    assert_eq!(errors(&app, &first).await, Vec::<Value>::new());
    assert_ended(&first, "succeeded", [12, 11, 1, 0, 0, 0]);
    let tenant = app.get(TENANT).await.expect(200);
    assert_eq!((&tenant["tenantId"], &tenant["name"]), (&json!("foo"), &json!("Foo")));
    assert_eq!(tenant["timeZone"], "Europe/Brussels", "what a line leaves out stays");
    assert_eq!(app.get(JANE).await.expect(200)["phoneNumber"], "+3225550142");
    let service = app.get(&format!("{JANE}services/selective_call_acceptance/")).await.expect(200);
    assert_eq!(service["outsideSchedules"], "Accept");
    let from = &service["criteria"][0]["fromDnCriteria"];
    assert_eq!(from["numberLists"], json!([{ "level": "Group", "name": "Nuisance" }]));
    assert_eq!(service["criteria"][1]["name"], "all");
    let entries = app.get("/api/v1/tenants/foo/groups/sales/number_lists/Nuisance/entries/").await.expect(200);
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(2));
    let switch = app.get(&format!("{JANE}services/anonymous_call_rejection/")).await.expect(200);
    assert_eq!(switch["active"], true);
    let again = import(&app, "", &lines).await;
    assert_ended(&again, "succeeded", [12, 0, 0, 12, 0, 0]);
}

#[apply(both_databases)]
async fn what_is_unchanged_keeps_its_revision_and_is_not_audited(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let line = acceptance(&[criteria("friends", &["+3225126777"])]);
    import(&app, "", std::slice::from_ref(&line)).await;
    let (before, events) = (app.get(SERVICE).await, app.get(&format!("{TENANT}audit_events/")).await.expect(200));
    assert_ended(&import(&app, "", &[line]).await, "succeeded", [1, 0, 0, 1, 0, 0]);
    assert_eq!(app.get(SERVICE).await.header("etag"), before.header("etag"));
    assert_eq!(app.get(&format!("{TENANT}audit_events/")).await.expect(200), events);
}

#[apply(both_databases)]
async fn changes_are_audited_as_requests_are_with_the_actor(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let user = json!({ "kind": "user", "groupId": "foogroup", "userId": "foouser", "firstName": "Foo" });
    import(&app, "", &[user, acceptance(&[criteria("friends", &["+3225126777"])])]).await;
    let events = app.get(&format!("{TENANT}audit_events/?operation=imports_create")).await.expect(200);
    let events = events["auditEvents"].as_array().expect("a page has events");
    let seen: Vec<_> = events.iter().map(|event| (&event["target"], &event["before"], &event["after"])).collect();
    let created = app.get(&format!("{SERVICE}criteria/friends/")).await.expect(200);
    let criteria = json!(format!("{SERVICE}criteria/friends/"));
    let expected = [(&json!(USER), &json!({}), &json!({ "firstName": "Foo" })), (&criteria, &Value::Null, &created)];
    assert_eq!(seen, expected);
    assert!(events.iter().all(|event| event["actorKind"] == "token" && event["requestId"].is_string()));
}

#[apply(both_databases)]
async fn decisions_follow_at_once(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    assert_eq!(reason(&app, "+3225126777").await, "no_active_criteria");
    import(&app, "", &[acceptance(&[criteria("friends", &["+3225126777"])])]).await;
    assert_eq!(reason(&app, "+3225126777").await, "criteria_matched");
    assert_eq!(reason(&app, "+3225126778").await, "no_criteria_matched");
}

#[apply(both_databases)]
async fn merging_leaves_what_the_file_does_not_name(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    import(&app, "", &[acceptance(&[criteria("a", &["1"]), criteria("b", &["2"])])]).await;
    app.put(USER, json!({ "firstName": "Foo", "lastName": "User" })).await.expect(200);
    let user = json!({ "kind": "user", "groupId": "foogroup", "userId": "foouser", "lastName": null });
    let service = acceptance(&[json!({ "name": "b", "active": false })]);
    assert_ended(&import(&app, "", &[user, service]).await, "succeeded", [2, 0, 2, 0, 0, 0]);
    let user = app.get(USER).await.expect(200);
    assert_eq!((&user["firstName"], user.get("lastName")), (&json!("Foo"), None));
    let service = app.get(SERVICE).await.expect(200);
    assert_eq!((&service["criteria"][0]["active"], &service["criteria"][1]["active"]), (&json!(true), &json!(false)));
    assert_eq!(service["criteria"][1]["fromDnCriteria"]["phoneNumbers"], json!(["2"]));
}

#[apply(both_databases)]
async fn empty_lines_and_a_byte_order_mark_do_not_count(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let group = json!({ "kind": "group", "groupId": "sales" });
    let file = format!("\u{feff}\r\n{group}\r\n\n   \n{{}}");
    let ended = import_file(&app, "", LINES, &file).await;
    assert_ended(&ended, "succeeded_with_errors", [2, 1, 0, 0, 0, 1]);
    assert_eq!(errors(&app, &ended).await[0]["line"], 5);
    assert_ended(&import_file(&app, "", LINES, "").await, "succeeded", [0, 0, 0, 0, 0, 0]);
    assert_eq!(names(&app).await, Vec::<String>::new());
    app.get(GROUP).await.expect(200);
}

#[apply(both_databases)]
async fn a_hundred_imports_are_listed_the_newest_first(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let mut ids = Vec::new();
    for _ in 0..102 {
        ids.push(import(&app, "", &[]).await["importId"].clone());
    }
    let list = app.get(IMPORTS).await.expect(200);
    let listed: Vec<_> =
        list["imports"].as_array().expect("a list").iter().map(|one| one["importId"].clone()).collect();
    ids.reverse();
    assert_eq!(listed, ids[..100]);
    let oldest = ids[101].as_str().expect("an identifier");
    app.get(&format!("{IMPORTS}{oldest}/")).await.expect_problem(404, "import_not_found");
    app.get(&format!("{IMPORTS}{oldest}/errors/")).await.expect_problem(404, "import_not_found");
    app.delete(&format!("{IMPORTS}{oldest}/")).await.expect_problem(404, "import_not_found");
    app.get("/api/v1/tenants/none/imports/").await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn a_tenant_takes_its_imports_with_it(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let ended = import(&app, "", &[json!({})]).await;
    app.delete(&format!("{TENANT}?cascade=true")).await.expect(200);
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    assert_eq!(app.get(IMPORTS).await.expect(200), json!({ "imports": [] }));
    let path = format!("{IMPORTS}{}/", ended["importId"].as_str().expect("an identifier"));
    app.get(&path).await.expect_problem(404, "import_not_found");
}
