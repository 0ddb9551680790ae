//! The list of refused calls.

use std::time::{Duration, Instant};

use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{FRIEND, REFUSED_CALLS, STATISTICS, STRANGER, once_counted};
use crate::{
    database::Kind,
    decisions::{DECISIONS, NUMBER, USER_DECISION, create, decide, with_number},
    harness::{App, CRITERIA, both_databases},
};

const TENANT: &str = "/api/v1/tenants/foo/";

/// The refused calls, when there are this many.
async fn once_recorded(app: &App, calls: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let list = app.get(REFUSED_CALLS).await.expect(200);
        let recorded = list["calls"].as_array().expect("a list");
        if recorded.len() == calls {
            return recorded.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{calls} are never recorded: {list:#}");
    }
}

#[apply(both_databases)]
async fn refused_calls_are_recorded_only_while_the_tenant_wants_it(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    create(&app, "friends", &[FRIEND]).await;
    assert_eq!(app.get(TENANT).await.expect(200).get("recordRefusedCalls"), None);
    decide(&app, STRANGER).await;
    once_counted(&app, STATISTICS, 1).await;
    let tenant = app.put(TENANT, json!({ "recordRefusedCalls": true })).await.expect(200);
    assert_eq!(tenant["recordRefusedCalls"], true);
    assert_eq!(app.get(REFUSED_CALLS).await.expect(200), json!({ "calls": [] }));
    decide(&app, STRANGER).await;
    decide(&app, FRIEND).await;
    assert_eq!(once_recorded(&app, 1).await[0]["callingNumber"], STRANGER);
    for off in [json!(false), json!(null)] {
        app.put(TENANT, json!({ "recordRefusedCalls": true })).await.expect(200);
        let tenant = app.put(TENANT, json!({ "recordRefusedCalls": off })).await.expect(200);
        assert_eq!(tenant.get("recordRefusedCalls"), None);
        assert_eq!(app.get(REFUSED_CALLS).await.expect(200), json!({ "calls": [] }));
        decide(&app, STRANGER).await;
    }
    once_counted(&app, STATISTICS, 5).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM refused_calls").await, 1);
    let created = json!({ "tenantId": "bar", "recordRefusedCalls": true });
    assert_eq!(app.post("/api/v1/tenants/", created.clone()).await.expect(201), created);
    app.put(TENANT, json!({ "recordRefusedCalls": "yes" })).await.expect_faults(&["/recordRefusedCalls"]);
}

#[apply(both_databases)]
async fn refused_calls_are_listed_newest_first_with_the_numbers_that_are_shown(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    app.put(TENANT, json!({ "recordRefusedCalls": true })).await.expect(200);
    create(&app, "friends", &[FRIEND]).await;
    let enemies = json!({
        "name": "enemies", "doNotPerformAction": true,
        "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": ["+32475*"] },
    });
    app.post(CRITERIA, enemies).await.expect(200);
    let call = |members: Value| {
        let mut call = json!({ "calledNumber": NUMBER });
        call.as_object_mut().expect("an object").extend(members.as_object().cloned().expect("an object"));
        call
    };
    // None of these is recorded.
    app.post(USER_DECISION, json!({ "callingNumber": STRANGER })).await.expect(200);
    let then = call(json!({ "callingNumber": STRANGER, "at": "2026-11-26T16:00:00Z" }));
    app.post(DECISIONS, then).await.expect(200);
    app.post(DECISIONS, call(json!({ "callingNumber": FRIEND }))).await.expect(200);
    for members in [
        json!({ "callingNumber": "025126778" }),
        json!({ "callingNumber": "<sip:+3225126779@example.com>" }),
        json!({ "callingNumber": "1234" }),
        json!({ "callingNumber": STRANGER, "presentation": "restricted" }),
        json!({ "callingNumber": "anonymous" }),
        json!({}),
        json!({ "callingNumber": "0475123456" }),
    ] {
        app.post(DECISIONS, call(members)).await.expect(200);
    }
    let calls = once_recorded(&app, 7).await;
    let shown: Vec<_> = calls.iter().map(|call| call.get("callingNumber").and_then(Value::as_str)).collect();
    let numbers = ["+3225126778", "+3225126779", "1234"].map(Some);
    let expected: Vec<_> =
        [Some("+32475123456"), None, None, None].into_iter().chain(numbers.into_iter().rev()).collect();
    assert_eq!(shown, expected);
    assert_eq!((&calls[0]["reason"], &calls[0]["criteria"]), (&json!("do_not_accept"), &json!("enemies")));
    assert_eq!((&calls[1]["reason"], calls[1].get("criteria")), (&json!("no_criteria_matched"), None));
    assert!(calls.iter().all(|call| call["service"] == "Selective Call Acceptance"));
    assert!(calls.is_sorted_by_key(|call| std::cmp::Reverse(call["at"].as_str())), "{calls:#?}");

    let mut paged = Vec::new();
    let mut path = format!("{REFUSED_CALLS}?limit=3");
    loop {
        let page = app.get(&path).await.expect(200);
        let page_calls = page["calls"].as_array().expect("a list");
        assert!(page_calls.len() <= 3);
        paged.extend(page_calls.clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{REFUSED_CALLS}?limit=3&after={next}");
    }
    assert_eq!(paged, calls);
    app.get(&format!("{REFUSED_CALLS}?after=1-2")).await.expect_faults(&["after"]);
}
