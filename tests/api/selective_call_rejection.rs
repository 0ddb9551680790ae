//! Selective Call Rejection. Its criteria are those of every service (see `selective_call_acceptance`); here is what is
//! its own.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    decisions::{DECISIONS, NUMBER, USER_DECISION, create as accept, decide, with_number},
    harness::{Answer, App, CRITERIA, JSON, SERVICE, USER, both_databases},
};

const REJECTION: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_rejection/";
const RULES: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_rejection/criteria/";
const SALES: &str = "+3278150000";
const FRIEND: &str = "+3225126777";

fn named(service: &str) -> Value {
    json!({ "services": [{ "name": service }] })
}

async fn assign(app: &App, service: &str) {
    app.post(&format!("{USER}services/"), named(service)).await.expect(200);
}

async fn unassign(app: &App, service: &str) {
    let body = Some(named(service).to_string());
    app.send(Method::DELETE, &format!("{USER}services/"), &[JSON], body).await.expect(200);
}

/// A server with the user, who has a number and both services.
async fn start(database: Kind) -> App {
    let app = with_number(App::start(database).await).await;
    assign(&app, "Selective Call Rejection").await;
    app
}

async fn refuse(app: &App, name: &str, numbers: &[&str]) -> Answer {
    let from = json!({ "selection": "Specified Only", "phoneNumbers": numbers });
    app.post(RULES, json!({ "name": name, "fromDnCriteria": from })).await
}

fn rejected(criteria: &str) -> Value {
    json!({
        "decision": "reject", "reason": "rejection_criteria_matched", "service": "Selective Call Rejection",
        "criteria": criteria, "sipStatus": 603, "sipReason": "Decline"
    })
}

#[apply(both_databases)]
async fn its_criteria_are_its_own_and_so_is_its_revision(#[case] database: Kind) {
    let app = start(database).await;
    let (acceptance, rejection) = (app.get(SERVICE).await, app.get(REJECTION).await);
    let created = refuse(&app, "sales calls", &["+3278*"]).await;
    let criteria = created.expect(200);
    assert_eq!(created.header("location"), format!("{RULES}sales%20calls/"));
    assert_eq!(app.get(&format!("{RULES}sales%20calls/")).await.expect(200), criteria);
    assert_eq!(app.get(REJECTION).await.expect(200), json!({ "criteria": [criteria] }));
    assert_eq!(app.get(SERVICE).await.expect(200), json!({ "criteria": [] }));
    assert_eq!(app.get(SERVICE).await.header("etag"), acceptance.header("etag"));
    let old = [JSON, ("If-Match", rejection.header("etag"))];
    let body = Some(json!({ "active": false }).to_string());
    let late = app.send(Method::PUT, &format!("{RULES}sales%20calls/"), &old, body).await;
    late.expect_problem(412, "revision_mismatch");
    let renamed = app.put(&format!("{RULES}sales%20calls/"), json!({ "newName": "sales" })).await.expect(200);
    assert_eq!(renamed["name"], "sales");
    app.get(&format!("{CRITERIA}sales/")).await.expect_problem(404, "criteria_not_found");
    assert_eq!(app.delete(&format!("{RULES}sales/")).await.expect(200), json!({}));
    let changes = json!({ "criteria": [{ "name": "all", "fromDnCriteria": { "selection": "Any" } }] });
    assert_eq!(app.put(REJECTION, changes).await.expect(200)["criteria"][0]["callsFrom"], "All calls");
}

#[apply(both_databases)]
async fn each_service_is_assigned_and_unassigned_on_its_own(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "friends", &[FRIEND]).await;
    refuse(&app, "sales calls", &["+3278*"]).await.expect(200);
    unassign(&app, "Selective Call Rejection").await;
    let detail = app.get(REJECTION).await.expect_problem(404, "service_not_assigned");
    assert!(detail["detail"].as_str().expect("a text").contains("Selective Call Rejection"), "{detail}");
    app.get(&format!("{CRITERIA}friends/")).await.expect(200);
    assign(&app, "Selective Call Rejection").await;
    assert_eq!(app.get(REJECTION).await.expect(200), json!({ "criteria": [] }));
}

#[apply(both_databases)]
async fn what_it_refuses_is_refused_before_acceptance_is_asked(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "everyone", &["*"]).await;
    refuse(&app, "sales calls", &["+3278*"]).await.expect(200);
    assert_eq!(decide(&app, SALES).await, rejected("sales calls"));
    assert_eq!(decide(&app, FRIEND).await["reason"], "criteria_matched");
}

#[apply(both_databases)]
async fn a_do_not_reject_criteria_wins_and_lets_the_call_go_on(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "friends", &[FRIEND]).await;
    refuse(&app, "everyone", &["*"]).await.expect(200);
    let spared = json!({ "selection": "Specified Only", "phoneNumbers": ["+32*"] });
    let spare = json!({ "name": "not from here", "doNotPerformAction": true, "fromDnCriteria": spared });
    app.post(RULES, spare).await.expect(200);
    assert_eq!(decide(&app, "+4930123456").await, rejected("everyone"));
    assert_eq!(decide(&app, FRIEND).await["reason"], "criteria_matched");
    assert_eq!(decide(&app, SALES).await["reason"], "no_criteria_matched", "it is not accepted by it");
}

#[apply(both_databases)]
async fn without_acceptance_what_it_does_not_refuse_is_accepted(#[case] database: Kind) {
    let app = start(database).await;
    refuse(&app, "sales calls", &["+3278*"]).await.expect(200);
    unassign(&app, "Selective Call Acceptance").await;
    let accepted = json!({ "decision": "accept", "reason": "no_rejection_criteria_matched" });
    assert_eq!(decide(&app, FRIEND).await, accepted);
    assert_eq!(decide(&app, SALES).await, rejected("sales calls"));
    app.post(USER_DECISION, json!({})).await.expect_problem(404, "service_not_assigned");
}

#[apply(both_databases)]
async fn services_are_explained_in_order_until_one_decides(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "friends", &[FRIEND]).await;
    refuse(&app, "sales calls", &["+3278*"]).await.expect(200);
    let explain = async |calling: &str| {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": calling });
        let answer = app.post(&format!("{DECISIONS}?explain=true"), call).await.expect(200);
        let said = answer["explanation"].as_array().expect("there is an explanation").clone();
        said.iter().map(|said| format!("{}: {}", said["service"], said["outcome"])).collect::<Vec<_>>()
    };
    assert_eq!(explain(SALES).await, [r#""Selective Call Rejection": "matched""#]);
    assert_eq!(
        explain(FRIEND).await,
        [r#""Selective Call Rejection": "number_not_matched""#, r#""Selective Call Acceptance": "matched""#]
    );
}

#[apply(both_databases)]
async fn forwarded_calls_can_be_refused_by_it_alone(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "everyone", &["*"]).await;
    let forwarded = json!({ "name": "forwarded", "fromDnCriteria": { "selection": "Forwarded" } });
    let created = app.post(RULES, forwarded.clone()).await.expect(200);
    assert_eq!(created["callsFrom"], "Forwarded calls");
    assert_eq!(app.get(&format!("{RULES}forwarded/")).await.expect(200), created);
    let ask = async |forwarded: Value| {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND, "forwarded": forwarded });
        app.post(DECISIONS, call).await.expect(200)["reason"].clone()
    };
    assert_eq!(ask(json!(true)).await, "rejection_criteria_matched");
    assert_eq!(ask(json!(false)).await, "criteria_matched");
    assert_eq!(ask(Value::Null).await, "criteria_matched");
    let query = format!("calledNumber={NUMBER}&callingNumber={FRIEND}&forwarded=true");
    let answer = app.get(&format!("{DECISIONS}?{query}")).await.expect(200);
    assert_eq!(answer["reason"], "rejection_criteria_matched");
    app.post(CRITERIA, forwarded).await.expect_faults(&["/fromDnCriteria/selection"]);
    let changed = app.put(&format!("{RULES}forwarded/"), json!({ "fromDnCriteria": { "selection": "Any" } })).await;
    assert_eq!(changed.expect(200)["callsFrom"], "All calls");
}

#[apply(both_databases)]
async fn it_is_suspended_on_its_own_and_is_never_open_outside_schedules(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "friends", &[FRIEND]).await;
    refuse(&app, "everyone", &["*"]).await.expect(200);
    let suspended = app.put(REJECTION, json!({ "suspendedUntil": "2026-12-01T01:00:00+01:00" })).await.expect(200);
    assert_eq!(suspended["suspendedUntil"], "2026-12-01T00:00:00Z");
    let ask = async |at: &str| {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND, "at": at });
        let answer = app.post(&format!("{DECISIONS}?explain=true"), call).await.expect(200);
        (answer["reason"].clone(), answer["explanation"].as_array().map(Vec::len))
    };
    assert_eq!(ask("2026-11-30T23:59:59Z").await, (json!("criteria_matched"), Some(1)));
    assert_eq!(ask("2026-12-01T00:00:00Z").await, (json!("rejection_criteria_matched"), Some(1)));
    unassign(&app, "Selective Call Acceptance").await;
    assert_eq!(ask("2026-11-30T23:59:59Z").await.0, "no_rejection_criteria_matched");
    app.put(REJECTION, json!({ "outsideSchedules": "Accept" }))
        .await
        .expect_faults(&["/outsideSchedules", "/criteria"]);
}
