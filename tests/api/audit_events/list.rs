//! Reading the audit trail.

use rstest_reuse::apply;
use serde_json::json;

use super::{EVENTS, events};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, USER, both_databases},
};

#[apply(both_databases)]
async fn events_come_in_their_order_a_page_at_a_time(#[case] database: Kind) {
    let app = App::start(database).await.with_schedules().await;
    let all = events(&app, "").await;
    assert_eq!(all.len(), 6, "tenant, group, user, service and two schedules");
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{EVENTS}?limit=4{after}")).await.expect(200);
        paged.extend(page["auditEvents"].as_array().expect("a list of events").clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
}

#[apply(both_databases)]
async fn events_are_found_by_group_user_operation_and_time(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let other = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(other, json!({ "userId": "other" })).await.expect(201);
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "other" })).await.expect(201);
    app.post(CRITERIA, json!({ "name": "x", "fromDnCriteria": { "selection": "Any" } })).await.expect(200);
    let all = events(&app, "").await;
    let operations = |events: Vec<serde_json::Value>| -> Vec<String> {
        events.iter().filter_map(|event| event["operation"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(
        operations(events(&app, "&userId=foouser").await),
        ["user_create", "user_services_assign", "criteria_create"]
    );
    assert_eq!(operations(events(&app, "&groupId=other").await), ["group_create"]);
    assert_eq!(operations(events(&app, "&operation=user_create").await).len(), 2);
    assert_eq!(operations(events(&app, "&userId=foouser&operation=user_create").await).len(), 1);
    let at = all[3]["at"].as_str().expect("an event has a time");
    assert_eq!(events(&app, &format!("&from={at}")).await, all[3..]);
    assert_eq!(events(&app, &format!("&until={at}")).await, all[..3]);
    assert!(events(&app, &format!("&from={at}&until={at}")).await.is_empty());
}

#[apply(both_databases)]
async fn a_page_is_bounded_in_bytes_too(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let days: Vec<_> = (0..200)
        .map(|at| {
            json!({ "name": format!("{at:040}"), "type": "Date",
            "startDate": "2026-01-01", "stopDate": "2026-12-31", "startTime": "9:00", "stopTime": "17:00" })
        })
        .collect();
    for at in 0..200 {
        let schedule = json!({ "name": format!("s{at}"), "periods": days });
        app.post(&format!("{USER}calendar_schedules/"), schedule).await.expect(201);
    }
    let (mut seen, mut pages, mut after) = (0, 0, String::new());
    loop {
        let answer = app.get(&format!("{EVENTS}?limit=1000{after}")).await;
        assert!(answer.text.len() < 5 << 20, "{} bytes", answer.text.len());
        let page = answer.expect(200);
        seen += page["auditEvents"].as_array().expect("a list of events").len();
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 4 + 200);
    assert!(pages > 1, "all on one page");
}

#[apply(both_databases)]
async fn the_events_of_a_tenant_outlive_it(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.delete("/api/v1/tenants/foo/?cascade=true").await.expect(200);
    let last = events(&app, "").await.pop().expect("there are events");
    assert_eq!((&last["operation"], &last["target"]), (&json!("tenant_delete"), &json!("/api/v1/tenants/foo/")));
    app.get(USER).await.expect(404);
}

#[apply(both_databases)]
async fn invalid_page_parameters_and_filters_are_refused(#[case] database: Kind) {
    let app = App::start(database).await;
    for (query, place) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after=x", "after"),
        ("from=yesterday", "from"),
        ("operation=9", "operation"),
        ("page=1", "page"),
    ] {
        app.get(&format!("{EVENTS}?{query}")).await.expect_faults(&[place]);
    }
}
