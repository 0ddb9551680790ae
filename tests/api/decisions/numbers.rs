//! Notations of numbers in many regions.

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{DECISIONS, NUMBER, USER_DECISION, create, decide, with_number};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, USER, both_databases, config},
};

const TENANT: &str = "/api/v1/tenants/foo/";
const ANYBODY: &str = "+3225126777";

/// The reason of the decision on a call to this number.
async fn reason_when_called(app: &App, called: &str, region: Option<&str>) -> Value {
    let call = json!({ "calledNumber": called, "region": region, "callingNumber": ANYBODY });
    app.post(DECISIONS, call).await.expect(200)["reason"].clone()
}

#[apply(both_databases)]
async fn each_case_of_the_collection_is_decided_as_it_should(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "listed", &["+1"]).await;
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../data/numbers/cases.json")).expect("the cases are JSON");
    for case in cases {
        app.put(TENANT, json!({ "region": case["region"] })).await.expect(200);
        let listed = json!({ "fromDnCriteria": { "phoneNumbers": [case["pattern"]] } });
        app.put(&format!("{CRITERIA}listed/"), listed).await.expect(200);
        let decision = decide(&app, case["callingNumber"].as_str().expect("a calling number")).await;
        assert_eq!(decision["decision"], case["decision"], "{case}: {decision}");
    }
}

#[apply(both_databases)]
async fn a_called_number_is_read_in_the_region_of_the_node(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    for (called, region) in [
        ("3225550100", None),
        ("sip:3225550100@10.0.0.1", None),
        ("+32(0)25550100", None),
        ("025550100", Some("BE")),
        ("sip:025550100@10.0.0.1;user=phone", Some("BE")),
        ("0113225550100", Some("US")),
        ("tel:5550100;phone-context=+322", None),
    ] {
        assert_eq!(reason_when_called(&app, called, region).await, "no_active_criteria", "{called} in {region:?}");
    }
    for (called, region) in [("025550100", None), ("025550100", Some("FR")), ("0113225550100", Some("BE"))] {
        assert_eq!(reason_when_called(&app, called, region).await, "unknown_called_number", "{called} in {region:?}");
    }
    for query in [
        "calledNumber=tel:+32-2-555-01-00",
        "calledNumber=sip:+3225550100@10.0.0.1",
        "calledNumber=tel:5550100;phone-context=+322",
        "calledNumber=025550100&region=BE",
    ] {
        let answer = app.get(&format!("{DECISIONS}?{query}")).await.expect(200);
        assert_eq!(answer["reason"], "no_active_criteria", "{query}");
    }
    app.post(DECISIONS, json!({ "calledNumber": NUMBER, "region": "be" })).await.expect_faults(&["/region"]);
    app.get(&format!("{DECISIONS}?calledNumber=1&region=Belgium")).await.expect_faults(&["region"]);
    app.post(USER_DECISION, json!({ "region": "BE" })).await.expect_faults(&["/region"]);
}

#[apply(both_databases)]
async fn digits_that_fit_two_users_are_e164_first(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let user = |name: &str, number: &str| json!({ "userId": name, "phoneNumber": number });
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, user("swiss", "+41212345678")).await.expect(201);
    app.post(users, user("german", "+4941212345678")).await.expect(201);
    // The two users differ in the reason of the decision: the Swiss one does not have the service.
    let german = format!("{users}german/services/");
    let service = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&german, service).await.expect(200);
    assert_eq!(reason_when_called(&app, "041212345678", Some("DE")).await, "no_active_criteria");
    assert_eq!(reason_when_called(&app, "41212345678", Some("DE")).await, "service_not_assigned");
}

#[apply(both_databases)]
async fn a_caller_is_shown_or_withheld_or_unavailable(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let any = json!({ "name": "all", "fromDnCriteria": { "selection": "Any" } });
    app.post(CRITERIA, any).await.expect(200);
    let anonymous = json!({ "selection": "Specified Only", "includeAnonymousCallers": true });
    let refuse = json!({ "name": "anonymous", "doNotPerformAction": true, "fromDnCriteria": anonymous });
    app.post(CRITERIA, refuse).await.expect(200);
    for calling in ["anonymous", "Restricted", "sip:anonymous@10.0.0.1", "sip:x@anonymous.invalid", "266696687"] {
        for presentation in [None, Some("allowed")] {
            let call = json!({ "callingNumber": calling, "presentation": presentation });
            assert_eq!(app.post(USER_DECISION, call).await.expect(200)["decision"], "reject", "{calling}");
        }
    }
    let unavailable =
        json!({ "fromDnCriteria": { "includeAnonymousCallers": false, "includeUnavailableCallers": true } });
    app.put(&format!("{CRITERIA}anonymous/"), unavailable).await.expect(200);
    for calling in ["sip:alice@example.com", "sip:unknown@unknown.invalid", "unknown", ""] {
        for presentation in [None, Some("allowed")] {
            let call = json!({ "callingNumber": calling, "presentation": presentation });
            assert_eq!(app.post(USER_DECISION, call).await.expect(200)["decision"], "reject", "{calling}");
        }
    }
    assert_eq!(decide(&app, "anonymous").await["decision"], "accept");
    assert_eq!(decide(&app, ANYBODY).await["decision"], "accept");
}

#[apply(both_databases)]
async fn a_member_that_is_null_is_as_if_left_out(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &["+3225126777"]).await;
    let null = json!({ "callingNumber": null, "presentation": null, "priority": null, "at": null });
    assert_eq!(app.post(USER_DECISION, null.clone()).await.expect(200)["reason"], "no_criteria_matched");
    let mut called = null;
    called["calledNumber"] = NUMBER.into();
    called["region"] = Value::Null;
    assert_eq!(app.post(DECISIONS, called.clone()).await.expect(200)["reason"], "no_criteria_matched");
    called["callingNumber"] = "025126777".into();
    assert_eq!(app.post(DECISIONS, called).await.expect(200)["reason"], "criteria_matched");
    app.post(DECISIONS, json!({ "calledNumber": null })).await.expect_faults(&["/calledNumber"]);
}

#[apply(both_databases)]
async fn an_emergency_callback_is_accepted_before_any_criteria_is_asked(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "nobody", &["+3225120000"]).await;
    for priority in ["psap-callback", "PSAP-Callback"] {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": "112", "priority": priority });
        let expected = json!({ "decision": "accept", "reason": "emergency_callback" });
        assert_eq!(app.post(DECISIONS, call).await.expect(200), expected);
        let call = json!({ "callingNumber": "112", "priority": priority });
        let answer = app.post(&format!("{USER_DECISION}?explain=true"), call).await.expect(200);
        assert_eq!(answer["reason"], "emergency_callback");
        assert_eq!(answer["explanation"], json!([]));
        let query = format!("calledNumber={NUMBER}&callingNumber=112&priority={priority}");
        assert_eq!(app.get(&format!("{DECISIONS}?{query}")).await.expect(200)["reason"], "emergency_callback");
    }
    for priority in ["emergency", "normal", ""] {
        let call = json!({ "callingNumber": "112", "priority": priority });
        assert_eq!(app.post(USER_DECISION, call).await.expect(200)["reason"], "no_criteria_matched", "{priority}");
    }
    let call = json!({ "calledNumber": "+3225550199", "priority": "psap-callback" });
    assert_eq!(app.post(DECISIONS, call).await.expect(200)["reason"], "unknown_called_number");
    app.post(USER_DECISION, json!({ "priority": "p".repeat(65) })).await.expect_faults(&["/priority"]);
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] }).to_string();
    let path = format!("{USER}services/");
    app.send(reqwest::Method::DELETE, &path, &[crate::harness::JSON], Some(services)).await.expect(200);
    let call = json!({ "calledNumber": NUMBER, "priority": "psap-callback" });
    assert_eq!(app.post(DECISIONS, call).await.expect(200)["reason"], "emergency_callback");
    app.post(USER_DECISION, json!({ "priority": "psap-callback" })).await.expect_problem(404, "service_not_assigned");
}

#[apply(both_databases)]
async fn an_offset_of_a_day_or_more_is_refused(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    for at in ["2026-07-01T08:30:00+23:59", "2026-07-01T08:30:00-23:59", "2026-07-01T08:30:00-00:00"] {
        app.post(USER_DECISION, json!({ "at": at })).await.expect(200);
    }
    for at in ["2026-07-01T08:30:00+24:00", "2026-07-01T08:30:00+25:59", "2026-07-01T08:30:00-12:60"] {
        app.post(USER_DECISION, json!({ "at": at })).await.expect_faults(&["/at"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn called_numbers_are_read_in_the_default_region_if_a_request_has_none() {
    use crate::{
        database::{Kind, TestDatabase},
        harness::Running,
    };
    use call_acceptance_api::value::phone_number::Region;

    let database = TestDatabase::create(Kind::Sqlite).await;
    let region = Some(Region::parse("BE").expect("a region"));
    let server =
        Running::start(call_acceptance::config::Config { default_region: region, ..config(&database.url) }).await;
    let app = with_number(App::on(database, server)).await;
    assert_eq!(reason_when_called(&app, "025550100", None).await, "no_active_criteria");
    assert_eq!(reason_when_called(&app, "025550100", Some("FR")).await, "unknown_called_number");
}
