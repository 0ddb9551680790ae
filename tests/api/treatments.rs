//! Treatments of tenants and groups.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    audit_events::events,
    database::Kind,
    decisions::{DECISIONS, NUMBER, create as accept, decide, with_number},
    harness::{Answer, App, USER, both_databases, client},
};

const TENANT: &str = "/api/v1/tenants/foo/treatments/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/treatments/";
const STRANGER: &str = "+12025550123";

fn one(treatment: &Value) -> Value {
    json!({ "treatments": [treatment] })
}

fn rejected() -> Value {
    json!({
        "service": "Selective Call Acceptance", "sipStatus": 486, "sipReason": "Busy Here", "q850Cause": 17,
        "announcement": "not_now"
    })
}

fn redirected() -> Value {
    json!({
        "service": "Selective Call Acceptance", "sipStatus": 302, "sipReason": "Moved Temporarily",
        "redirectTo": "sip:voicemail@example.com;user=phone"
    })
}

/// What a stranger gets, beside why.
async fn treated(app: &App) -> Value {
    let mut decision = decide(app, STRANGER).await;
    let decision = decision.as_object_mut().expect("a decision is an object");
    ["decision", "reason", "criteria"].iter().for_each(|member| drop(decision.remove(*member)));
    decision.clone().into()
}

#[apply(both_databases)]
async fn what_is_left_out_is_as_the_service_has_it(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    assert_eq!(app.get(TENANT).await.expect(200), json!({ "treatments": [] }));
    let sent = json!({ "treatments": [
        { "service": "Anonymous Call Rejection" },
        { "service": "Selective Call Rejection", "q850Cause": 21, "sipReason": null, "announcement": null },
        { "service": "Selective Call Acceptance", "sipStatus": 480 }
    ] });
    let kept = json!({ "treatments": [
        { "service": "Anonymous Call Rejection", "sipStatus": 433, "sipReason": "Anonymity Disallowed" },
        { "service": "Selective Call Rejection", "sipStatus": 603, "sipReason": "Decline", "q850Cause": 21 },
        { "service": "Selective Call Acceptance", "sipStatus": 480, "sipReason": "Decline" }
    ] });
    for path in [TENANT, GROUP] {
        assert_eq!(app.put(path, sent.clone()).await.expect(200), kept);
        assert_eq!(app.get(path).await.expect(200), kept);
        assert_eq!(app.put(path, kept.clone()).await.expect(200), kept, "what is answered can be sent");
        assert_eq!(app.put(path, one(&rejected())).await.expect(200), one(&rejected()), "the list is replaced whole");
    }
}

#[apply(both_databases)]
async fn the_treatment_of_the_group_replaces_that_of_the_tenant_whole(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    accept(&app, "friends", &["+3225126777"]).await;
    let plain = json!({ "service": "Selective Call Acceptance", "sipStatus": 603, "sipReason": "Decline" });
    assert_eq!(treated(&app).await, plain);
    app.put(TENANT, one(&rejected())).await.expect(200);
    assert_eq!(treated(&app).await, rejected());
    app.put(GROUP, one(&redirected())).await.expect(200);
    assert_eq!(treated(&app).await, redirected());
    let other = json!({ "service": "Anonymous Call Rejection", "announcement": "show_your_number" });
    app.put(GROUP, one(&other)).await.expect(200);
    assert_eq!(treated(&app).await, rejected(), "one of another service does not matter");
    app.put(GROUP, json!({ "treatments": [] })).await.expect(200);
    assert_eq!(treated(&app).await, rejected());
    app.put(TENANT, json!({ "treatments": [] })).await.expect(200);
    assert_eq!(treated(&app).await, plain);
}

#[apply(both_databases)]
async fn each_service_has_its_own_and_accepted_calls_have_none(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    accept(&app, "friends", &["+3225126777"]).await;
    let services = json!({ "services": [
        { "name": "Selective Call Rejection" }, { "name": "Anonymous Call Rejection" }
    ] });
    app.post(&format!("{USER}services/"), services).await.expect(200);
    app.put(&format!("{USER}services/anonymous_call_rejection/"), json!({ "active": true })).await.expect(200);
    let from = json!({ "selection": "Specified Only", "phoneNumbers": ["+3278*"] });
    let sales = json!({ "name": "sales", "fromDnCriteria": from });
    app.post(&format!("{USER}services/selective_call_rejection/criteria/"), sales).await.expect(200);
    let treatments = json!({ "treatments": [
        { "service": "Selective Call Rejection", "sipStatus": 403, "sipReason": "Forbidden", "q850Cause": 21 },
        { "service": "Anonymous Call Rejection", "announcement": "show_your_number" },
        { "service": "Selective Call Acceptance", "sipStatus": 480 }
    ] });
    app.put(TENANT, treatments).await.expect(200);
    for (calling, service, status, phrase, cause, announcement) in [
        ("+3278150000", "Selective Call Rejection", 403, "Forbidden", json!(21), Value::Null),
        ("anonymous", "Anonymous Call Rejection", 433, "Anonymity Disallowed", Value::Null, json!("show_your_number")),
        (STRANGER, "Selective Call Acceptance", 480, "Decline", Value::Null, Value::Null),
    ] {
        let decision = decide(&app, calling).await;
        assert_eq!(decision["service"], service);
        assert_eq!((&decision["sipStatus"], &decision["sipReason"]), (&json!(status), &json!(phrase)));
        assert_eq!((&decision["q850Cause"], &decision["announcement"]), (&cause, &announcement));
    }
    let accepted = decide(&app, "+3225126777").await;
    assert!(["sipStatus", "sipReason", "q850Cause"].iter().all(|member| accepted.get(member).is_none()), "{accepted}");
}

#[apply(both_databases)]
async fn the_line_of_text_has_the_status_and_the_phrase(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    accept(&app, "friends", &["+3225126777"]).await;
    app.put(TENANT, one(&redirected())).await.expect(200);
    let url = app.url(&format!("{DECISIONS}?calledNumber={}", NUMBER.replace('+', "%2B")));
    let answer = Answer::of(client().get(url).header("Accept", "text/plain").send().await.expect("it answers")).await;
    assert_eq!(answer.text, "reject 302 Moved Temporarily");
}

#[apply(both_databases)]
async fn faults_are_named_with_their_places(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let service = "Selective Call Rejection";
    for path in [TENANT, GROUP] {
        for (treatment, member) in [
            (json!({ "service": service, "sipStatus": 302 }), "redirectTo"),
            (json!({ "service": service, "redirectTo": "tel:+3225550199" }), "redirectTo"),
            (json!({ "service": service, "sipStatus": 486, "redirectTo": "tel:+3225550199" }), "redirectTo"),
            (json!({ "service": service, "sipStatus": 302, "redirectTo": "mailto:a@example.com" }), "redirectTo"),
            (json!({ "service": service, "sipStatus": 302, "redirectTo": "sip:a@b\r\nX-Evil: 1" }), "redirectTo"),
            (json!({ "service": service, "sipStatus": 305 }), "sipStatus"),
            (json!({ "service": service, "sipStatus": 200 }), "sipStatus"),
            (json!({ "service": service, "sipStatus": 700 }), "sipStatus"),
            (json!({ "service": service, "sipReason": "" }), "sipReason"),
            (json!({ "service": service, "sipReason": "Café" }), "sipReason"),
            (json!({ "service": service, "sipReason": "x".repeat(51) }), "sipReason"),
            (json!({ "service": service, "sipReason": "nEtwork bLocked" }), "sipReason"),
            (json!({ "service": service, "q850Cause": 0 }), "q850Cause"),
            (json!({ "service": service, "q850Cause": 128 }), "q850Cause"),
            (json!({ "service": service, "announcement": "" }), "announcement"),
            (json!({ "service": service, "announcement": "x".repeat(101) }), "announcement"),
            (json!({ "service": "Call Forwarding" }), "service"),
            (json!({ "sipStatus": 486 }), "service"),
        ] {
            app.put(path, one(&treatment)).await.expect_faults(&[&format!("/treatments/0/{member}")]);
        }
        let twice = json!({ "treatments": [{ "service": service }, { "service": service, "sipStatus": 486 }] });
        app.put(path, twice).await.expect_faults(&["/treatments/1/service"]);
        app.put(path, json!({})).await.expect_faults(&["/treatments"]);
        assert_eq!(app.get(path).await.expect(200), json!({ "treatments": [] }));
    }
}

#[apply(both_databases)]
async fn of_what_is_not_there_there_are_no_treatments(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, code) in [
        ("/api/v1/tenants/bar/treatments/", "tenant_not_found"),
        ("/api/v1/tenants/foo/groups/bar/treatments/", "group_not_found"),
    ] {
        app.get(path).await.expect_problem(404, code);
        app.put(path, json!({ "treatments": [] })).await.expect_problem(404, code);
    }
}

#[apply(both_databases)]
async fn a_change_is_recorded_and_so_is_the_end_with_the_tenant(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.put(GROUP, one(&redirected())).await.expect(200);
    app.put(GROUP, one(&redirected())).await.expect(200);
    app.put(TENANT, one(&rejected())).await.expect(200);
    let recorded: Vec<Value> = events(&app, "").await;
    let of = |path: &str| -> Vec<(Value, Value)> {
        let all = recorded.iter().filter(|event| event["target"] == path);
        all.map(|event| (event["before"].clone(), event["after"].clone())).collect()
    };
    assert_eq!(of(GROUP), [(Value::Null, one(&redirected()))]);
    assert_eq!(of(TENANT), [(Value::Null, one(&rejected()))]);
}
