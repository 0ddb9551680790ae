//! The order of the rules, and the members of a decision.

use rstest_reuse::apply;
use serde_json::json;

use super::{DECISIONS, NUMBER, USER_DECISION, create, decide, reason, with_number};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, USER, both_databases},
};

const FRIEND: &str = "+3225126777";
const STRANGER: &str = "+3225129999";
const ACCEPTANCE: &str = "Selective Call Acceptance";

#[apply(both_databases)]
async fn a_call_to_an_unknown_number_is_accepted(#[case] database: Kind) {
    let app = App::start(database).await;
    let answer = app.post(DECISIONS, json!({ "calledNumber": "+3225550199", "callingNumber": FRIEND })).await;
    assert_eq!(answer.expect(200), json!({ "decision": "accept", "reason": "unknown_called_number" }));
    let answer = app.post(DECISIONS, json!({ "calledNumber": "sip:reception@example.com" })).await;
    assert_eq!(answer.expect(200), json!({ "decision": "accept", "reason": "unknown_called_number" }));
}

#[apply(both_databases)]
async fn a_user_without_the_service_is_accepted_by_number_and_404_by_path(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    let body = Some(services.to_string());
    app.send(reqwest::Method::DELETE, &format!("{USER}services/"), &[crate::harness::JSON], body).await.expect(200);
    assert_eq!(decide(&app, FRIEND).await, json!({ "decision": "accept", "reason": "service_not_assigned" }));
    app.post(USER_DECISION, json!({})).await.expect_problem(404, "service_not_assigned");
}

#[apply(both_databases)]
async fn a_decision_for_a_missing_user_names_the_missing_parent(#[case] database: Kind) {
    let app = App::start(database).await;
    app.post(USER_DECISION, json!({})).await.expect_problem(404, "tenant_not_found");
    let app = app.with_user().await;
    let other = USER_DECISION.replace("foouser", "nobody");
    app.post(&other, json!({})).await.expect_problem(404, "user_not_found");
    let other = USER_DECISION.replace("foogroup", "nowhere");
    app.post(&other, json!({})).await.expect_problem(404, "group_not_found");
}

#[apply(both_databases)]
async fn nothing_is_refused_until_a_criteria_is_active(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    assert_eq!(
        decide(&app, FRIEND).await,
        json!({ "decision": "accept", "reason": "no_active_criteria", "service": ACCEPTANCE })
    );
    create(&app, "friends", &[FRIEND]).await;
    app.put(&format!("{CRITERIA}friends/"), json!({ "active": false })).await.expect(200);
    assert_eq!(
        decide(&app, STRANGER).await,
        json!({ "decision": "accept", "reason": "no_active_criteria", "service": ACCEPTANCE })
    );
}

#[apply(both_databases)]
async fn a_call_that_meets_a_criteria_is_accepted_and_any_other_is_refused_with_603(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &[FRIEND]).await;
    create(&app, "more friends", &[FRIEND, "+3247*"]).await;
    assert_eq!(
        decide(&app, FRIEND).await,
        json!({ "decision": "accept", "reason": "criteria_matched", "service": ACCEPTANCE, "criteria": "friends" })
    );
    assert_eq!(
        decide(&app, "+32475123456").await,
        json!({ "decision": "accept", "reason": "criteria_matched", "service": ACCEPTANCE, "criteria": "more friends" })
    );
    assert_eq!(
        decide(&app, STRANGER).await,
        json!({
            "decision": "reject", "reason": "no_criteria_matched", "service": ACCEPTANCE,
            "sipStatus": 603, "sipReason": "Decline"
        })
    );
}

#[apply(both_databases)]
async fn a_do_not_accept_criteria_wins_over_those_before_it(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "everyone in Brussels", &["+322*"]).await;
    create(&app, "sales", &[FRIEND]).await;
    app.put(&format!("{CRITERIA}sales/"), json!({ "doNotPerformAction": true })).await.expect(200);
    assert_eq!(
        decide(&app, FRIEND).await,
        json!({
            "decision": "reject", "reason": "do_not_accept", "service": ACCEPTANCE, "criteria": "sales",
            "sipStatus": 603, "sipReason": "Decline"
        })
    );
    assert_eq!(reason(&app, STRANGER).await, "criteria_matched");
}

#[apply(both_databases)]
async fn an_explanation_has_the_outcome_of_each_criteria_in_order(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let friday = json!({ "name": "Fridays", "periods": [
            {
                "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday", "startTime": "9:00",
                "stopTime": "17:00"
            }
        ] });
    app.post(&format!("{USER}time_schedules/"), friday).await.expect(201);
    let christmas = json!({ "name": "Christmas", "periods": [
            { "name": "Christmas", "type": "Recurrence", "startDate": "2026-12-25", "rule": "FREQ=YEARLY" }
        ] });
    app.post(&format!("{USER}calendar_schedules/"), christmas).await.expect(201);
    let any = json!({ "selection": "Any" });
    for criteria in [
        json!({ "name": "off", "active": false, "fromDnCriteria": any }),
        json!({ "name": "others", "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": ["1*"] } }),
        json!({ "name": "fridays", "fromDnCriteria": any, "timeSchedule": { "level": "User", "name": "Fridays" } }),
        json!({
            "name": "christmas", "fromDnCriteria": any, "holidaySchedule": { "level": "User", "name": "Christmas" }
        }),
        json!({ "name": "last", "doNotPerformAction": true, "fromDnCriteria": any }),
    ] {
        app.post(CRITERIA, criteria).await.expect(200);
    }
    // A Thursday.
    let call = json!({ "callingNumber": FRIEND, "at": "2026-12-24T12:00:00+01:00" });
    let answer = app.post(&format!("{USER_DECISION}?explain=true"), call).await.expect(200);
    assert_eq!(answer["reason"], "do_not_accept");
    let outcome = |name: &str, refuses: bool, outcome: &str| {
        json!({
            "service": ACCEPTANCE, "criteria": name, "doNotPerformAction": refuses, "outcome": outcome
        })
    };
    assert_eq!(
        answer["explanation"],
        json!([
            outcome("off", false, "inactive"),
            outcome("others", false, "number_not_matched"),
            outcome("fridays", false, "outside_time_schedule"),
            outcome("christmas", false, "outside_holiday_schedule"),
            outcome("last", true, "matched"),
        ])
    );
    assert!(app.post(USER_DECISION, json!({})).await.expect(200)["explanation"].is_null());
}

#[apply(both_databases)]
async fn a_schedule_is_read_in_the_nearest_time_zone_of_user_group_and_tenant(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let morning = json!({ "name": "Mornings", "periods": [
            {
                "name": "2026", "type": "Date", "startDate": "2026-01-01", "stopDate": "2026-12-31",
                "startTime": "9:00", "stopTime": "12:00"
            }
        ] });
    app.post("/api/v1/tenants/foo/time_schedules/", morning).await.expect(201);
    let criteria = json!({
        "name": "mornings", "fromDnCriteria": { "selection": "Any" },
        "timeSchedule": { "level": "Tenant", "name": "Mornings" }
    });
    app.post(CRITERIA, criteria).await.expect(200);
    let at = |at: &str| json!({ "calledNumber": NUMBER, "callingNumber": FRIEND, "at": at });
    let (brussels, new_york, tokyo) = ("2026-07-01T08:30:00Z", "2026-07-01T14:30:00Z", "2026-07-01T01:30:00Z");
    let expect = async |zone: &str, open: &str| {
        for instant in [brussels, new_york, tokyo] {
            let answer = app.post(DECISIONS, at(instant)).await.expect(200);
            let wanted = if instant == open { "accept" } else { "reject" };
            assert_eq!(answer["decision"], wanted, "{zone} at {instant}");
        }
    };
    expect("the tenant's", brussels).await;
    app.put("/api/v1/tenants/foo/groups/foogroup/", json!({ "timeZone": "America/New_York" })).await.expect(200);
    expect("the group's", new_york).await;
    app.put(USER, json!({ "timeZone": "Asia/Tokyo" })).await.expect(200);
    expect("the user's", tokyo).await;
}
