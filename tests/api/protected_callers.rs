//! Protected callers of tenants and groups.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    audit_events::events,
    database::Kind,
    decisions::{DECISIONS, NUMBER, create as accept, decide, with_number},
    harness::{App, JSON, USER, both_databases},
};

const TENANT: &str = "/api/v1/tenants/foo/protected_callers/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/protected_callers/";
const ALARM: &str = "+3225550198";

fn callers(patterns: &[&str]) -> Value {
    let callers: Vec<_> = patterns.iter().map(|pattern| json!({ "pattern": pattern })).collect();
    json!({ "callers": callers })
}

fn protected() -> Value {
    json!({ "decision": "accept", "reason": "protected_caller" })
}

#[apply(both_databases)]
async fn the_list_of_each_owner_is_replaced_whole_and_kept_as_sent(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, other) in [(TENANT, GROUP), (GROUP, TENANT)] {
        assert_eq!(app.get(path).await.expect(200), callers(&[]));
        let sent = json!({ "callers": [
            { "pattern": "02512*", "note": "Ground floor" }, { "pattern": "+32255501??" }, { "pattern": "112" }
        ] });
        assert_eq!(app.put(path, sent.clone()).await.expect(200), sent);
        assert_eq!(app.get(path).await.expect(200), sent);
        assert_eq!(app.get(other).await.expect(200), callers(&[]));
        assert_eq!(app.put(path, callers(&["112"])).await.expect(200), callers(&["112"]));
        let unset = json!({ "callers": [{ "pattern": "112", "note": null }] });
        assert_eq!(app.put(path, unset).await.expect(200), callers(&["112"]));
        assert_eq!(app.put(path, callers(&[])).await.expect(200), callers(&[]));
    }
}

#[apply(both_databases)]
async fn a_protected_caller_is_accepted_whatever_the_services_say(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    accept(&app, "friends", &["+3225126777"]).await;
    let services = json!({ "services": [
        { "name": "Selective Call Rejection" }, { "name": "Anonymous Call Rejection" }
    ] });
    app.post(&format!("{USER}services/"), services).await.expect(200);
    let everybody = json!({ "name": "all", "fromDnCriteria": { "selection": "Any" } });
    app.post(&format!("{USER}services/selective_call_rejection/criteria/"), everybody).await.expect(200);
    for (path, patterns) in [(TENANT, ["+32255501*"]), (GROUP, ["025550198"])] {
        assert_eq!(decide(&app, ALARM).await["reason"], "rejection_criteria_matched", "{path}");
        app.put(path, callers(&patterns)).await.expect(200);
        for written in [ALARM, "025550198", "0032 2 555 01 98", "<tel:+3225550198>"] {
            assert_eq!(decide(&app, written).await, protected(), "{path}: {written}");
        }
        assert_eq!(decide(&app, "+3225126777").await["decision"], "reject", "{path}");
        app.put(path, callers(&[])).await.expect(200);
    }
    app.put(TENANT, callers(&["*"])).await.expect(200);
    let explained = json!({ "calledNumber": NUMBER, "callingNumber": "+12025550123" });
    let explained = app.post(&format!("{DECISIONS}?explain=true"), explained).await.expect(200);
    assert_eq!(explained["explanation"], json!([]));
    assert_eq!(decide(&app, "anonymous").await["decision"], "reject", "a withheld number is not shown");
    let known = json!({ "calledNumber": NUMBER, "callingNumber": ALARM, "presentation": "restricted" });
    assert_eq!(app.post(DECISIONS, known).await.expect(200)["decision"], "reject", "nor is one that is known");
    let callback = json!({ "calledNumber": NUMBER, "callingNumber": ALARM, "priority": "psap-callback" });
    assert_eq!(app.post(DECISIONS, callback).await.expect(200)["reason"], "emergency_callback");
}

#[apply(both_databases)]
async fn users_without_services_have_protected_callers_too(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] }).to_string();
    app.send(Method::DELETE, &format!("{USER}services/"), &[JSON], Some(services)).await.expect(200);
    assert_eq!(decide(&app, ALARM).await["reason"], "service_not_assigned");
    app.put(GROUP, callers(&[ALARM])).await.expect(200);
    assert_eq!(decide(&app, ALARM).await, protected());
}

#[apply(both_databases)]
async fn patterns_follow_the_region_of_the_tenant(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    accept(&app, "friends", &["+3225126777"]).await;
    app.put(TENANT, callers(&["025550198"])).await.expect(200);
    assert_eq!(decide(&app, ALARM).await, protected());
    app.put("/api/v1/tenants/foo/", json!({ "region": "FR" })).await.expect(200);
    assert_eq!(decide(&app, ALARM).await["reason"], "no_criteria_matched");
}

#[apply(both_databases)]
async fn faults_are_named_with_their_places(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for path in [TENANT, GROUP] {
        let wrong = json!({ "callers": [
            { "pattern": "112" }, { "pattern": "112", "note": "again" }, { "pattern": "1*2" }, { "note": "none" },
            { "pattern": "113", "note": "x".repeat(201) }, { "pattern": "114", "level": "Tenant" }
        ] });
        app.put(path, wrong).await.expect_faults(&[
            "/callers/2/pattern",
            "/callers/3/pattern",
            "/callers/4/note",
            "/callers/5/level",
            "/callers/1/pattern",
        ]);
        let numbers: Vec<String> = (1000..1101).map(|number| number.to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        app.put(path, callers(&numbers)).await.expect_faults(&["/callers"]);
        assert_eq!(app.put(path, callers(&numbers[..100])).await.expect(200), callers(&numbers[..100]));
        app.put(path, json!({})).await.expect_faults(&["/callers"]);
    }
}

#[apply(both_databases)]
async fn of_what_is_not_there_nothing_is_protected(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, code) in [
        ("/api/v1/tenants/bar/protected_callers/", "tenant_not_found"),
        ("/api/v1/tenants/bar/groups/foogroup/protected_callers/", "tenant_not_found"),
        ("/api/v1/tenants/foo/groups/bar/protected_callers/", "group_not_found"),
    ] {
        app.get(path).await.expect_problem(404, code);
        app.put(path, callers(&[])).await.expect_problem(404, code);
    }
}

#[apply(both_databases)]
async fn end_users_read_them_and_administrators_write_them(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let token = async |role: &str, scope: &[(&str, &str)]| {
        let mut token = json!({ "role": role, "tenantId": "foo" });
        scope.iter().for_each(|(name, value)| token[*name] = (*value).into());
        app.token(token).await
    };
    let user = token("end_user", &[("groupId", "foogroup"), ("userId", "foouser")]).await;
    let group = token("group_admin", &[("groupId", "foogroup")]).await;
    let tenant = token("tenant_admin", &[]).await;
    for (token, may_write) in [(user, [false, false]), (group, [false, true]), (tenant, [true, true])] {
        for (path, may) in [TENANT, GROUP].into_iter().zip(may_write) {
            app.send_as(Some(&token), Method::GET, path, None).await.expect(200);
            let written = app.send_as(Some(&token), Method::PUT, path, Some(callers(&[ALARM]))).await;
            assert_eq!(written.status.as_u16(), if may { 200 } else { 403 }, "{path}");
        }
    }
}

#[apply(both_databases)]
async fn a_change_is_recorded_and_so_is_the_end_with_the_owner(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.put(GROUP, callers(&["112"])).await.expect(200);
    app.put(GROUP, callers(&["112"])).await.expect(200);
    app.put(GROUP, callers(&["113"])).await.expect(200);
    app.put(TENANT, callers(&["114"])).await.expect(200);
    app.put(TENANT, callers(&[])).await.expect(200);
    app.delete("/api/v1/tenants/foo/groups/foogroup/?cascade=true").await.expect(200);
    let recorded = async |path: &str| -> Vec<(Value, Value)> {
        let all = events(&app, "").await.into_iter().filter(|event| event["target"] == path);
        all.map(|event| (event["before"].clone(), event["after"].clone())).collect()
    };
    let (none, one, other) = (Value::Null, callers(&["112"]), callers(&["113"]));
    let of_group = [(none.clone(), one.clone()), (one, other.clone()), (other, none.clone())];
    assert_eq!(recorded(GROUP).await, of_group);
    assert_eq!(recorded(TENANT).await, [(none.clone(), callers(&["114"])), (callers(&["114"]), none)]);
}

#[apply(both_databases)]
async fn a_group_that_holds_nothing_else_is_deleted_with_them(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let group = "/api/v1/tenants/foo/groups/other/";
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "other" })).await.expect(201);
    app.put(&format!("{group}protected_callers/"), callers(&["112"])).await.expect(200);
    app.delete(group).await.expect(200);
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "other" })).await.expect(201);
    assert_eq!(app.get(&format!("{group}protected_callers/")).await.expect(200), callers(&[]));
}
