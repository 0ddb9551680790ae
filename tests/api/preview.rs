//! Previews: what they say is what happens when the change is made, and nothing happens before.

use call_acceptance_api::document::DOCUMENT;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::Kind,
    harness::{App, SERVICE, USER, both_databases},
};

const PREVIEW: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/preview/";
const WARNINGS: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/warnings/";
const DECISION: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/decision/";
const NAMES: [&str; 3] = ["Selective Call Acceptance", "Selective Call Rejection", "Anonymous Call Rejection"];

fn path_of(service: &str) -> String {
    format!("{USER}services/{}/", service.to_lowercase().replace(' ', "_"))
}

async fn with_services(app: App) -> App {
    let app = app.with_schedules().await;
    let services = json!({ "services": NAMES.map(|name| json!({ "name": name })) });
    app.post(&format!("{USER}services/"), services).await.expect(200);
    let friday = json!({ "periods": [{ "name": "Friday", "type": "Day of the week", "dayOfWeek": "Friday" }] });
    app.put(&format!("{USER}time_schedules/Every%20Friday/"), friday).await.expect(200);
    app
}

fn change(service: &str, update: Value) -> Value {
    json!({ "service": service, "update": update })
}

#[apply(both_databases)]
async fn a_preview_shows_the_calls_the_week_and_the_warnings_and_changes_nothing(#[case] database: Kind) {
    let app = with_services(App::start(database).await).await;
    let friends = json!({ "name": "friends", "fromDnCriteria": {
        "selection": "Specified Only", "phoneNumbers": ["+3225126777"]
    } });
    let calls = json!([{ "callingNumber": "+3225126777" }, { "callingNumber": "+3225126778" }]);
    let changes = json!([change(NAMES[0], json!({ "criteria": [friends] }))]);
    let before = app.get(SERVICE).await;
    let preview = app.post(PREVIEW, json!({ "changes": changes, "calls": calls })).await.expect(200);
    assert_eq!(preview["changed"], 1);
    let reasons = |of: &str| -> Vec<Value> {
        preview["calls"].as_array().expect("calls").iter().map(|call| call[of]["reason"].clone()).collect()
    };
    assert_eq!(reasons("before"), ["no_active_criteria", "no_active_criteria"]);
    assert_eq!(reasons("after"), ["criteria_matched", "no_criteria_matched"]);
    let callers = |of: &str| -> Vec<Value> {
        preview["week"][of].as_array().expect("a week").iter().map(|hours| hours["callers"].clone()).collect()
    };
    assert_eq!(callers("before"), ["everyone"]);
    assert_eq!(callers("after"), ["listed"]);
    let codes: Vec<&Value> =
        preview["warnings"].as_array().expect("warnings").iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["internal_callers_refused", "withheld_refused"]);
    let after = app.get(SERVICE).await;
    assert_eq!(after.text, before.text);
    assert_eq!(after.header("etag"), before.header("etag"));
}

#[apply(both_databases)]
async fn faults_are_those_of_the_write_below_the_change(#[case] database: Kind) {
    let app = with_services(App::start(database).await).await;
    let any = json!({ "selection": "Any" });
    app.put(
        SERVICE,
        json!({ "criteria": [{ "name": "a", "fromDnCriteria": any }, { "name": "b", "fromDnCriteria": any }] }),
    )
    .await
    .expect(200);
    let missing = json!({ "level": "User", "name": "Nothing" });
    let wrong = json!({ "criteria": [
        { "name": "a", "timeSchedule": missing },
        { "name": "new" },
        { "name": "b", "validFrom": "2026-01-02T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z" },
    ] });
    let written = app.put(SERVICE, wrong.clone()).await.expect_problem(400, "invalid_request");
    let harmless = change(NAMES[1], json!({ "criteria": [] }));
    let previewed = app.post(PREVIEW, json!({ "changes": [harmless, change(NAMES[0], wrong)] })).await;
    let previewed = previewed.expect_problem(400, "invalid_request");
    let mut expected = written["errors"].clone();
    for fault in expected.as_array_mut().expect("errors") {
        fault["pointer"] = format!("/changes/1/update{}", fault["pointer"].as_str().expect("a pointer")).into();
    }
    assert_eq!(previewed["errors"], expected);
    let taken = json!({ "criteria": [{ "name": "a", "newName": "b" }] });
    let written = app.put(SERVICE, taken.clone()).await.expect_problem(409, "criteria_exists");
    let previewed = app.post(PREVIEW, json!({ "changes": [change(NAMES[0], taken)] })).await;
    assert_eq!(previewed.expect_problem(409, "criteria_exists")["detail"], written["detail"]);
}

#[apply(both_databases)]
async fn changes_fit_their_service_which_the_user_has(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let forwarded = json!({ "criteria": [{ "name": "a", "fromDnCriteria": { "selection": "Forwarded" } }] });
    for (service, update, pointer) in [
        (NAMES[1], json!({ "suspendedUntil": null }), "/changes/0/service"),
        (NAMES[2], json!({ "active": true }), "/changes/0/service"),
        (NAMES[0], json!({ "active": true, "criteria": [] }), "/changes/0/update/active"),
        (NAMES[2], json!({ "criteria": [] }), "/changes/0/update/criteria"),
        (NAMES[1], json!({ "outsideSchedules": "Accept", "criteria": [] }), "/changes/0/update/outsideSchedules"),
        (NAMES[0], forwarded, "/changes/0/update/criteria/0/fromDnCriteria/selection"),
        (NAMES[0], json!({}), "/changes/0/update/criteria"),
    ] {
        app.post(PREVIEW, json!({ "changes": [change(service, update)] })).await.expect_faults(&[pointer]);
    }
    let many = vec![json!({}); 1001];
    app.post(PREVIEW, json!({ "changes": [], "calls": many })).await.expect_faults(&["/calls"]);
    app.post(&PREVIEW.replace("foouser", "nobody"), json!({ "changes": [] }))
        .await
        .expect_problem(404, "user_not_found");
    assert!(DOCUMENT["components"]["schemas"]["PreviewRequest"]["properties"]["calls"]["maxItems"] == 1000);
}

fn update() -> impl Strategy<Value = Value> {
    let patterns = prop::sample::subsequence(vec!["+3225126777", "+3225*", "+3247*", "10?", "025126777"], 0..3);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let entry = (0..4_u8, 0..4_u8, patterns, flags, 0..6_u8, any::<bool>()).prop_map(
        |(name, selection, patterns, (refuses, anonymous, internal, active), schedule, delete)| {
            let mut entry = json!({
                "name": format!("criteria {name}"), "active": active || internal, "doNotPerformAction": refuses && anonymous,
                "fromDnCriteria": {
                    "selection": if selection == 0 { "Any" } else { "Specified Only" }, "phoneNumbers": patterns,
                    "includeAnonymousCallers": anonymous, "includeInternalCallers": internal
                }
            });
            match schedule {
                0 => entry["timeSchedule"] = json!({ "level": "User", "name": "Every Friday" }),
                1 => entry["timeSchedule"] = Value::Null,
                2 => entry["newName"] = "renamed".into(),
                3 if delete => entry = json!({ "name": format!("criteria {name}"), "delete": true }),
                _ => {}
            }
            entry
        },
    );
    prop::collection::vec(entry, 0..4).prop_map(|mut entries| {
        // Each criteria may be named once in a request.
        entries.sort_by_key(|entry| entry["name"].to_string());
        entries.dedup_by_key(|entry| entry["name"].to_string());
        json!({ "criteria": entries })
    })
}

fn changes() -> impl Strategy<Value = Vec<Value>> {
    let switch = any::<bool>().prop_map(|active| json!({ "active": active }));
    let parts = (update(), update(), switch, 0..8_u8);
    parts.prop_map(|(acceptance, rejection, switch, which)| {
        let all = NAMES.iter().zip([acceptance, rejection, switch]).enumerate();
        all.filter(|(at, _)| which >> at & 1 == 1).map(|(_, (name, update))| change(name, update)).collect()
    })
}

fn calls() -> Vec<Value> {
    let at = ["2026-11-27T12:00:00Z", "2026-11-28T12:00:00Z"];
    let callers = ["+3225126777", "+3225126778", "+32475123456", "105", "anonymous", ""];
    let call = |(at, (number, internal)): (&str, (&str, bool))| json!({ "callingNumber": number, "internal": internal, "at": at });
    let callers = || callers.iter().flat_map(|number| [(*number, false), (*number, true)]);
    at.iter().flat_map(|at| callers().map(move |caller| call((at, caller)))).collect()
}

/// The random changes of a run, always the same.
fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[apply(both_databases)]
async fn a_preview_is_what_happens_when_the_changes_are_made(#[case] database: Kind) {
    let app = with_services(App::start(database).await).await;
    let (mut runner, calls, mut made) = (runner(), calls(), 0);
    for _ in 0..30 {
        let changes = changes().new_tree(&mut runner).expect("changes").current();
        let answer = app.post(PREVIEW, json!({ "changes": changes, "calls": calls })).await;
        let mut written = None;
        for change in &changes {
            let path = path_of(change["service"].as_str().expect("a name"));
            let put = app.put(&path, change["update"].clone()).await;
            if put.status != 200 {
                written = Some(put);
                break;
            }
        }
        assert_eq!(answer.status, written.map_or(reqwest::StatusCode::OK, |put| put.status), "{changes:#?}");
        if answer.status != 200 {
            continue;
        }
        made += 1;
        let preview = answer.json();
        for (call, previewed) in calls.iter().zip(preview["calls"].as_array().expect("calls")) {
            assert_eq!(app.post(DECISION, call.clone()).await.expect(200), previewed["after"], "{call} {changes:#?}");
        }
        let codes = |list: &Value| -> Vec<(Value, Value)> {
            let list = list["warnings"].as_array().expect("warnings").iter();
            list.map(|warning| (warning["code"].clone(), warning["criteria"].clone())).collect()
        };
        assert_eq!(codes(&app.get(WARNINGS).await.expect(200)), codes(&preview));
        let now = app.post(PREVIEW, json!({ "changes": [] })).await.expect(200);
        // The next half hour may have begun meanwhile.
        if now["week"]["before"][0]["start"] == preview["week"]["after"][0]["start"] {
            assert_eq!(now["week"]["before"], preview["week"]["after"], "{changes:#?}");
        }
    }
    assert!(made > 10, "{made} changes were made");
}
