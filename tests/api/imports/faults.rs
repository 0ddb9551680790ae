//! Faulty lines.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{GROUP, IMPORTS, LINES, TENANT, acceptance, assert_ended, criteria, errors, file, import, names, send};
use crate::{
    database::Kind,
    harness::{App, SERVICE, USER, both_databases},
};

#[apply(both_databases)]
async fn a_faulty_line_is_named_and_the_others_are_applied(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.put(USER, json!({ "phoneNumber": "+3225550100" })).await.expect(200);
    let missing = json!({ "name": "b", "timeSchedule": { "level": "User", "name": "none" },
        "fromDnCriteria": { "selection": "Any" } });
    let lines = [
        json!({ "kind": "user", "groupId": "foogroup", "userId": "jane", "phoneNumber": "+3225550100" }),
        json!({ "kind": "user", "groupId": "nowhere", "userId": "jane" }),
        json!({ "kind": "user", "groupId": "foogroup", "userId": "a/b", "firstName": 7 }),
        acceptance(&[criteria("a", &["+3225126777"]), missing]),
        json!({ "kind": "number_list_entries", "name": "none", "entries": [{ "pattern": "1" }] }),
        json!({ "kind": "group", "groupId": "sales" }),
    ];
    let ended = import(&app, "", &lines).await;
    assert_ended(&ended, "succeeded_with_errors", [6, 1, 0, 0, 0, 5]);
    let found = errors(&app, &ended).await;
    let found: Vec<_> =
        found.iter().map(|error| (error["line"].as_i64(), error["code"].as_str(), error["pointer"].as_str())).collect();
    let expected = [
        (Some(1), Some("phone_number_taken"), None),
        (Some(2), Some("group_not_found"), None),
        (Some(3), Some("invalid_request"), Some("/userId")),
        (Some(3), Some("invalid_request"), Some("/firstName")),
        (Some(4), Some("invalid_request"), Some("/criteria/1/timeSchedule")),
        (Some(5), Some("number_list_not_found"), None),
    ];
    assert_eq!(found, expected);
    app.get(&format!("{TENANT}groups/sales/")).await.expect(200);
    assert_eq!(names(&app).await, Vec::<String>::new(), "a line is applied as a whole or not at all");
}

#[apply(both_databases)]
async fn faults_are_paged(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let ended = import(&app, "", &vec![json!({}); 450]).await;
    assert_ended(&ended, "succeeded_with_errors", [450, 0, 0, 0, 0, 450]);
    let path = format!("{IMPORTS}{}/errors/", ended["importId"].as_str().expect("an identifier"));
    let mut lines = Vec::new();
    let mut next = Value::Null;
    loop {
        let after = next.as_str().map(|next| format!("&after={next}")).unwrap_or_default();
        let page = app.get(&format!("{path}?limit=200{after}")).await.expect(200);
        let errors = page["errors"].as_array().expect("a page has errors");
        lines.extend(errors.iter().filter_map(|error| error["line"].as_i64()));
        next = page["next"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(lines, (1..=450).collect::<Vec<_>>());
}

#[apply(both_databases)]
async fn a_line_that_is_no_json_or_too_long_is_named(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let long = format!("{{\"kind\":\"group\",\"groupId\":\"{}\"}}", "a".repeat(9 << 20));
    let group = json!({ "kind": "group", "groupId": "sales" });
    let text = format!("{{\n{long}\n{group}\n");
    let ended = super::import_file(&app, "", LINES, &text).await;
    assert_ended(&ended, "succeeded_with_errors", [3, 1, 0, 0, 0, 2]);
    let codes: Vec<_> = errors(&app, &ended).await.iter().map(|error| error["code"].clone()).collect();
    assert_eq!(codes, ["malformed_json", "body_too_large"]);
}

#[apply(both_databases)]
async fn stopping_at_a_fault_leaves_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let group = json!({ "kind": "group", "groupId": "sales" });
    let service = acceptance(&[criteria("friends", &["+3225126777"])]);
    let nowhere = json!({ "kind": "user", "groupId": "nowhere", "userId": "jane" });
    let before = (app.get(SERVICE).await, app.get(&format!("{TENANT}audit_events/")).await.expect(200));
    for faulty in [&nowhere, &json!({ "kind": "nothing" })] {
        let lines = [group.clone(), service.clone(), faulty.clone(), group.clone()];
        let ended = import(&app, "?onError=stop", &lines).await;
        let read = if *faulty == nowhere { 3 } else { 4 };
        assert_ended(&ended, "failed", [read, 0, 0, 0, 0, 1]);
        assert_eq!(errors(&app, &ended).await[0]["line"], 3);
        app.get(&format!("{TENANT}groups/sales/")).await.expect_problem(404, "group_not_found");
        assert_eq!(app.get(SERVICE).await.header("etag"), before.0.header("etag"));
        assert_eq!(app.get(&format!("{TENANT}audit_events/")).await.expect(200), before.1);
    }
    let ended = import(&app, "?onError=stop", &[group.clone(), service]).await;
    assert_ended(&ended, "succeeded", [2, 1, 1, 0, 0, 0]);
    assert_eq!(names(&app).await, ["friends"]);
    let events = app.get(&format!("{TENANT}audit_events/?operation=imports_create")).await.expect(200);
    assert_eq!(events["auditEvents"].as_array().map(Vec::len), Some(2), "{events}");
}

#[apply(both_databases)]
async fn a_dry_run_counts_and_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    import(&app, "", &[acceptance(&[criteria("old", &["1"])])]).await;
    let before = (app.get(SERVICE).await, app.get(&format!("{TENANT}audit_events/")).await.expect(200));
    let lines = [
        json!({ "kind": "group", "groupId": "sales" }),
        json!({ "kind": "user", "groupId": "sales", "userId": "jane" }),
        json!({ "kind": "user", "groupId": "nowhere", "userId": "jane" }),
        acceptance(&[criteria("new", &["2"])]),
    ];
    let tried = import(&app, "?dryRun=true", &lines).await;
    assert_ended(&tried, "succeeded_with_errors", [4, 2, 1, 0, 0, 1]);
    assert_eq!(errors(&app, &tried).await[0]["code"], "group_not_found");
    let replaced = import(&app, "?dryRun=true&mode=replace", &lines).await;
    // The criteria, and the group stays: it is named by a line of its user.
    assert_ended(&replaced, "succeeded_with_errors", [4, 2, 1, 0, 1, 1]);
    let stopped = import(&app, "?dryRun=true&onError=stop", &lines).await;
    assert_ended(&stopped, "failed", [3, 0, 0, 0, 0, 1]);
    app.get(&format!("{TENANT}groups/sales/")).await.expect_problem(404, "group_not_found");
    assert_eq!(app.get(SERVICE).await.header("etag"), before.0.header("etag"));
    assert_eq!(app.get(&format!("{TENANT}audit_events/")).await.expect(200), before.1);
    assert_ended(&import(&app, "", &lines).await, "succeeded_with_errors", [4, 2, 1, 0, 0, 1]);
    app.get(GROUP).await.expect(200);
}

#[apply(both_databases)]
async fn a_request_that_is_no_import_is_refused(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let line = file(&[json!({ "kind": "group", "groupId": "sales" })]);
    let other = send(&app, "", ("Content-Type", "application/json"), &line).await;
    let right = "The body must be sent as `Content-Type: application/x-ndjson` or `text/csv`.";
    assert_eq!(other.expect_problem(415, "unsupported_media_type")["detail"], right);
    let options = send(&app, "?mode=none", LINES, &line).await;
    let right = "The parameter `mode` is not valid. It must be one of `merge`, `replace`.";
    assert_eq!(options.expect_problem(400, "invalid_request")["detail"], right);
    for (query, parameter) in [("?mode=merged", "mode"), ("?onError=ask", "onError"), ("?dryRun=1", "dryRun")] {
        send(&app, query, LINES, &line).await.expect_faults(&[parameter]);
    }
    let elsewhere = "/api/v1/tenants/none/imports/";
    let answer = app.send(reqwest::Method::POST, elsewhere, &[LINES], Some(line)).await;
    answer.expect_problem(404, "tenant_not_found");
    assert_eq!(app.get(IMPORTS).await.expect(200), json!({ "imports": [] }));
    let reader = app.token(json!({ "role": "tenant_admin", "tenantId": "foo", "readOnly": true })).await;
    app.send_as(Some(&reader), reqwest::Method::GET, IMPORTS, None).await.expect(200);
}

#[apply(both_databases)]
async fn many_faults_go_with_their_tenant_in_the_background(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    import(&app, "", &[json!({ "kind": "group", "groupId": "a/b" })]).await;
    let many = "INSERT INTO import_errors (tenant_id, import_id, number, line, code, detail) \
                WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20001) \
                SELECT tenant_id, import_id, n, n, 'invalid_request', 'wrong' FROM numbers, imports";
    app.database.execute(many).await;
    let answer = app.delete(&format!("{TENANT}?cascade=true")).await;
    answer.expect(202);
    let place = answer.header("location").to_owned();
    while app.get(&place).await.expect(200)["status"] == "running" {}
    app.get(TENANT).await.expect_problem(404, "tenant_not_found");
}
