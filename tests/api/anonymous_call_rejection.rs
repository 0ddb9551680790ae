//! Anonymous Call Rejection: the switch, and what it refuses.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    audit_events::events,
    database::Kind,
    decisions::{DECISIONS, NUMBER, create as accept, with_number},
    harness::{App, JSON, USER, both_databases},
};

const SWITCH: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/anonymous_call_rejection/";

fn named() -> Value {
    json!({ "services": [{ "name": "Anonymous Call Rejection" }] })
}

async fn assign(app: &App) {
    app.post(&format!("{USER}services/"), named()).await.expect(200);
}

async fn unassign(app: &App) {
    app.send(Method::DELETE, &format!("{USER}services/"), &[JSON], Some(named().to_string())).await.expect(200);
}

/// A server with the user, who has a number, this service and Selective Call Acceptance.
async fn start(database: Kind) -> App {
    let app = with_number(App::start(database).await).await;
    assign(&app).await;
    app
}

#[apply(both_databases)]
async fn it_is_off_until_it_is_switched_on(#[case] database: Kind) {
    let app = start(database).await;
    assert_eq!(app.get(SWITCH).await.expect(200), json!({ "active": false }));
    assert_eq!(app.put(SWITCH, json!({ "active": true })).await.expect(200), json!({ "active": true }));
    assert_eq!(app.get(SWITCH).await.expect(200), json!({ "active": true }));
    assert_eq!(app.put(SWITCH, json!({})).await.expect(200), json!({ "active": true }), "what is left out stays");
    app.put(SWITCH, json!({ "active": "yes", "criteria": [] })).await.expect_faults(&["/active", "/criteria"]);
    app.put(SWITCH, json!({ "active": null })).await.expect_faults(&["/active"]);
}

#[apply(both_databases)]
async fn a_write_is_conditional_and_one_that_changes_nothing_raises_no_revision(#[case] database: Kind) {
    let app = start(database).await;
    let first = app.get(SWITCH).await;
    let same = app.put(SWITCH, json!({ "active": false })).await;
    assert_eq!(same.header("etag"), first.header("etag"));
    let known = [("If-None-Match", first.header("etag"))];
    assert_eq!(app.send(Method::GET, SWITCH, &known, None).await.status, 304);
    app.put(SWITCH, json!({ "active": true })).await.expect(200);
    let old = [JSON, ("If-Match", first.header("etag"))];
    let late = app.send(Method::PUT, SWITCH, &old, Some(json!({ "active": false }).to_string())).await;
    late.expect_problem(412, "revision_mismatch");
    assert_eq!(app.get(SWITCH).await.expect(200), json!({ "active": true }));
}

#[apply(both_databases)]
async fn unassigning_it_resets_it(#[case] database: Kind) {
    let app = start(database).await;
    app.put(SWITCH, json!({ "active": true })).await.expect(200);
    unassign(&app).await;
    app.get(SWITCH).await.expect_problem(404, "service_not_assigned");
    app.put(SWITCH, json!({ "active": true })).await.expect_problem(404, "service_not_assigned");
    assign(&app).await;
    assert_eq!(app.get(SWITCH).await.expect(200), json!({ "active": false }));
}

#[apply(both_databases)]
async fn it_refuses_withheld_numbers_but_those_from_inside(#[case] database: Kind) {
    let app = start(database).await;
    accept(&app, "friends", &["+3225126777"]).await;
    let ask = async |call: Value| {
        let mut call = call;
        call["calledNumber"] = NUMBER.into();
        app.post(DECISIONS, call).await.expect(200)
    };
    let withheld = json!({ "callingNumber": "sip:anonymous@anonymous.invalid" });
    assert_eq!(ask(withheld.clone()).await["reason"], "no_criteria_matched", "it is off");
    app.put(SWITCH, json!({ "active": true })).await.expect(200);
    let refused = json!({
        "decision": "reject", "reason": "anonymous_call_rejected", "service": "Anonymous Call Rejection",
        "sipStatus": 433, "sipReason": "Anonymity Disallowed"
    });
    assert_eq!(ask(withheld).await, refused);
    let known = json!({ "callingNumber": "+3225126777", "presentation": "restricted" });
    assert_eq!(ask(known).await, refused);
    let inside = json!({ "callingNumber": "+3225126777", "presentation": "restricted", "internal": true });
    assert_eq!(ask(inside).await["reason"], "no_criteria_matched");
    assert_eq!(ask(json!({})).await["reason"], "no_criteria_matched", "an unavailable number passes");
    assert_eq!(ask(json!({ "callingNumber": "+3225126777" })).await["reason"], "criteria_matched");
}

#[apply(both_databases)]
async fn without_acceptance_what_it_does_not_refuse_is_accepted(#[case] database: Kind) {
    let app = start(database).await;
    app.put(SWITCH, json!({ "active": true })).await.expect(200);
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.send(Method::DELETE, &format!("{USER}services/"), &[JSON], Some(services.to_string())).await.expect(200);
    let ask = async |calling: &str| {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": calling });
        app.post(DECISIONS, call).await.expect(200)["reason"].clone()
    };
    assert_eq!(ask("anonymous").await, "anonymous_call_rejected");
    assert_eq!(ask("+3225126777").await, "service_not_assigned");
}

#[apply(both_databases)]
async fn its_changes_are_recorded_as_it_is_shown(#[case] database: Kind) {
    let app = start(database).await;
    app.put(SWITCH, json!({ "active": true })).await.expect(200);
    unassign(&app).await;
    let all: Vec<Value> = events(&app, "").await.into_iter().filter(|event| event["target"] == SWITCH).collect();
    let changes: Vec<_> = all.iter().map(|event| (event["before"].clone(), event["after"].clone())).collect();
    let (off, on) = (json!({ "active": false }), json!({ "active": true }));
    assert_eq!(changes, [(Value::Null, off.clone()), (off, on.clone()), (on, Value::Null)]);
}
