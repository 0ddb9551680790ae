//! What is refused, and what there is no room for.

use call_acceptance::config::{Config, StatisticsConfig};
use rstest_reuse::apply;
use serde_json::json;

use super::{FRIEND, NEVER, OF_GROUP, OF_TENANT, REFUSED_CALLS, STATISTICS, STRANGER, ask, once_counted};
use crate::{
    database::{Kind, TestDatabase},
    decisions::{create, with_number},
    harness::{App, Running, both_databases, config},
    scrape::Scrape,
};

#[apply(both_databases)]
async fn a_series_has_at_most_1500_entries(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for path in [STATISTICS, OF_GROUP, OF_TENANT] {
        let longest = format!("{path}?interval=hour&from=2026-01-01T00:00:00Z&to=2026-03-04T12:00:00Z");
        assert_eq!(app.get(&longest).await.expect(200)["series"].as_array().map(Vec::len), Some(1500));
        for (query, wrong) in [
            ("?interval=hour&from=2026-01-01T00:00:00Z&to=2026-03-04T12:00:01Z", "from"),
            ("?from=0001-01-01T00:00:00Z", "from"),
            ("?from=2026-03-04T12:00:00Z&to=2026-03-04T12:00:00Z", "from"),
            ("?to=2026-03-04T12:00:00Z&from=9998-03-04T12:00:00Z", "from"),
            ("?from=yesterday", "from"),
            ("?to=2026-03-04", "to"),
            ("?interval=week", "interval"),
            ("?until=2026-03-04T12:00:00Z", "until"),
        ] {
            app.get(&format!("{path}{query}")).await.expect_faults(&[wrong]);
        }
        let problem = app.get(&format!("{path}?interval=hour&from=2020-01-01T00:00:00Z")).await.expect(400);
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains("1500") && detail.contains("`day`"), "{detail}");
    }
}

#[apply(both_databases)]
async fn statistics_name_the_missing_owner(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    for (path, code) in [
        ("/api/v1/tenants/bar/statistics/", "tenant_not_found"),
        ("/api/v1/tenants/foo/groups/bar/statistics/", "group_not_found"),
        ("/api/v1/tenants/foo/groups/foogroup/users/bar/services/statistics/", "user_not_found"),
        ("/api/v1/tenants/foo/groups/foogroup/users/bar/services/refused_calls/", "user_not_found"),
    ] {
        app.get(path).await.expect_problem(404, code);
    }
}

#[apply(both_databases)]
async fn what_there_is_no_room_for_is_lost_and_counted_by_a_metric(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    let statistics = StatisticsConfig { interval: NEVER, counts: 1, refused_calls: 2, ..StatisticsConfig::default() };
    let small = Running::start(Config { statistics, ..config(&database.url) }).await;
    let server = Running::start(config(&database.url)).await;
    let app = with_number(App::on(database, server)).await;
    app.put("/api/v1/tenants/foo/", json!({ "recordRefusedCalls": true })).await.expect(200);
    create(&app, "friends", &[FRIEND]).await;
    for caller in [STRANGER, STRANGER, FRIEND, STRANGER] {
        ask(&small, caller).await;
    }
    let scrape = Scrape::of(&app).await;
    assert_eq!(scrape.value("call_acceptance_refused_calls_lost_total"), 1.0);
    let lost = scrape.value("call_acceptance_statistics_calls_lost_total");
    small.stop().await;
    // The hour may have changed meanwhile, and a new one has no room either.
    let statistics = once_counted(&app, STATISTICS, 4 - lost as i64).await;
    assert!(lost >= 1.0, "{statistics:#}");
    let refused = app.get(REFUSED_CALLS).await.expect(200);
    assert_eq!(refused["calls"].as_array().map(Vec::len), Some(2), "{refused:#}");
}
