//! The forms of a request for a decision.

use rstest_reuse::apply;
use serde_json::json;

use super::{DECISIONS, NUMBER, USER_DECISION, create, reason, with_number};
use crate::{
    database::Kind,
    harness::{Answer, App, CRITERIA, both_databases, client},
};

#[apply(both_databases)]
async fn numbers_are_known_in_every_form_in_which_they_are_written(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &["025126777"]).await;
    for calling in
        ["+3225126777", "003225126777", "025126777", "tel:+32-2-512-67-77", "sip:+3225126777@example.com;user=phone"]
    {
        assert_eq!(reason(&app, calling).await, "criteria_matched", "{calling}");
    }
    for calling in ["+3225126778", "anna", "sip:anna@example.com", "", "5126777"] {
        assert_eq!(reason(&app, calling).await, "no_criteria_matched", "{calling}");
    }
    for called in [NUMBER, "003225550100", "tel:+3225550100", "sip:+3225550100@pbx.example.com"] {
        let answer = app.post(DECISIONS, json!({ "calledNumber": called, "callingNumber": "025126777" })).await;
        assert_eq!(answer.expect(200)["reason"], "criteria_matched", "{called}");
    }
}

#[apply(both_databases)]
async fn a_withheld_number_matches_no_pattern_and_a_missing_one_is_unavailable(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let ask = async |call: serde_json::Value| {
        app.post(USER_DECISION, call).await.expect(200)["decision"].as_str().expect("there is one").to_owned()
    };
    let withheld = json!({ "callingNumber": "+3225126777", "presentation": "restricted" });
    create(&app, "friends", &["+3225126777"]).await;
    assert_eq!(ask(withheld.clone()).await, "reject");
    assert_eq!(ask(json!({})).await, "reject");
    app.put(&format!("{CRITERIA}friends/"), json!({ "fromDnCriteria": { "includeAnonymousCallers": true } }))
        .await
        .expect(200);
    assert_eq!(ask(withheld).await, "accept");
    assert_eq!(ask(json!({})).await, "reject");
    app.put(&format!("{CRITERIA}friends/"), json!({ "fromDnCriteria": { "includeUnavailableCallers": true } }))
        .await
        .expect(200);
    assert_eq!(ask(json!({})).await, "accept");
    assert_eq!(ask(json!({ "callingNumber": "" })).await, "accept");
    assert_eq!(ask(json!({ "presentation": "unavailable" })).await, "accept");
}

#[apply(both_databases)]
async fn the_get_twin_answers_the_same(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &["+3225126777"]).await;
    for query in [
        "calledNumber=%2B3225550100&callingNumber=%2B3225126777&presentation=allowed",
        "calledNumber=+3225550100&callingNumber=+3225126777",
        "calledNumber=003225550100&callingNumber=025126777&at=2026-07-01T08:30:00Z",
    ] {
        let answer = app.get(&format!("{DECISIONS}?{query}")).await.expect(200);
        let expected = json!({
            "decision": "accept", "reason": "criteria_matched", "service": "Selective Call Acceptance",
            "criteria": "friends"
        });
        assert_eq!(answer, expected, "{query}");
    }
    let query = "calledNumber=%2B3225550100&callingNumber=&explain=true";
    let answer = app.get(&format!("{DECISIONS}?{query}")).await.expect(200);
    assert_eq!(answer["explanation"][0]["outcome"], "number_not_matched");
}

#[apply(both_databases)]
async fn an_invalid_request_is_400_and_names_the_place(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post(DECISIONS, json!({ "callingNumber": "+3225126777" })).await.expect_faults(&["/calledNumber"]);
    let body = json!({ "calledNumber": "", "callingNumber": 32, "presentation": "hidden", "at": "noon", "from": "x" });
    app.post(DECISIONS, body).await.expect_faults(&[
        "/calledNumber",
        "/callingNumber",
        "/presentation",
        "/at",
        "/from",
    ]);
    app.get(DECISIONS).await.expect_faults(&["calledNumber"]);
    let query = "calledNumber=1&at=2026-07-01";
    app.get(&format!("{DECISIONS}?{query}")).await.expect_faults(&["at"]);
    app.get(&format!("{DECISIONS}?calledNumber=1&explain=perhaps")).await.expect_faults(&["explain"]);
    app.get(&format!("{DECISIONS}?calledNumber=1&presentation=hidden")).await.expect_faults(&["presentation"]);
}

#[apply(both_databases)]
async fn any_instant_can_be_asked_for(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &["+3225126777"]).await;
    for at in ["0001-01-01T00:00:00Z", "9998-12-31T23:59:59-12:00", "2026-07-01T08:30:00.123456789-11:30"] {
        let call = json!({ "callingNumber": "+3225126777", "at": at });
        assert_eq!(app.post(USER_DECISION, call).await.expect(200)["decision"], "accept", "{at}");
    }
    for at in [
        "9999-01-01T00:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-07-01T08:30:00",
        "2026-07-01 08:30:00Z",
        "2026-07-01T25:00:00Z",
    ] {
        app.post(USER_DECISION, json!({ "at": at })).await.expect_faults(&["/at"]);
    }
}

#[apply(both_databases)]
async fn a_node_that_accepts_text_gets_one_line(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &["+3225126777"]).await;
    // Not through the harness: the document has the answer as JSON only.
    let ask = async |calling: &str, accept: &str| {
        let url = app.url(&format!("{DECISIONS}?calledNumber=%2B3225550100&callingNumber={calling}"));
        let answer = Answer::of(client().get(url).header("Accept", accept).send().await.expect("it answers")).await;
        (answer.header("content-type").to_owned(), answer.text)
    };
    let text = |line: &str| ("text/plain; charset=utf-8".to_owned(), line.to_owned());
    assert_eq!(ask("%2B3225126777", "text/plain").await, text("accept"));
    assert_eq!(ask("%2B3225126778", "text/plain").await, text("reject 603 Decline"));
    for accept in ["*/*", "application/json", "application/json, text/plain, */*"] {
        let (content_type, answer) = ask("%2B3225126777", accept).await;
        assert!(content_type.starts_with("application/json"), "{content_type}");
        assert!(answer.starts_with('{'), "{answer}");
    }
    let url = app.url(&format!("{DECISIONS}?calledNumber="));
    let refused = client().get(url).header("Accept", "text/plain").send().await.expect("it answers");
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
}
