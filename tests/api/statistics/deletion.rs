//! Statistics and refused calls go with their user, group or tenant.

use std::time::Duration;

use call_acceptance::config::{CascadeConfig, Config, StatisticsConfig};
use rstest_reuse::apply;
use serde_json::json;

use super::{FRIEND, NEVER, OF_GROUP, REFUSED_CALLS, STATISTICS, STRANGER, ask, once_counted};
use crate::{
    database::{Kind, TestDatabase},
    decisions::{create, decide, with_number},
    harness::{App, Running, USER, both_databases, config},
};

const TENANT: &str = "/api/v1/tenants/foo/";

/// A server whose user has two refused calls.
async fn with_calls(app: App) -> App {
    let app = with_number(app).await;
    app.put(TENANT, json!({ "recordRefusedCalls": true })).await.expect(200);
    create(&app, "friends", &[FRIEND]).await;
    for _ in 0..2 {
        decide(&app, STRANGER).await;
    }
    once_counted(&app, STATISTICS, 2).await;
    while app.get(REFUSED_CALLS).await.expect(200)["calls"].as_array().map(Vec::len) != Some(2) {}
    app
}

async fn rows(app: &App) -> [i64; 2] {
    let mut rows = [0; 2];
    for (rows, table) in rows.iter_mut().zip(["statistics", "refused_calls"]) {
        *rows = app.database.number(&format!("SELECT COUNT(*) FROM {table}")).await;
    }
    rows
}

#[apply(both_databases)]
async fn what_is_of_a_user_goes_with_it_and_calls_remain_those_of_the_group(#[case] database: Kind) {
    let app = with_calls(App::start(database).await).await;
    app.delete(&format!("{USER}?cascade=true")).await.expect(200);
    assert_eq!(app.get(OF_GROUP).await.expect(200)["rejected"], 2);
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "foouser" })).await.expect(201);
    once_counted(&app, STATISTICS, 0).await;
    assert_eq!(app.get(REFUSED_CALLS).await.expect(200), json!({ "calls": [] }));
    app.delete(USER).await.expect(200);
    app.delete("/api/v1/tenants/foo/groups/foogroup/").await.expect(200);
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "foogroup" })).await.expect(201);
    once_counted(&app, OF_GROUP, 0).await;
    app.delete(&format!("{TENANT}?cascade=true")).await.expect(200);
    assert_eq!(rows(&app).await, [0, 0]);
}

#[apply(both_databases)]
async fn what_is_written_after_a_deletion_does_not_come_back(#[case] database: Kind) {
    let app = with_calls(App::start(database).await).await;
    let statistics = StatisticsConfig { interval: NEVER, ..StatisticsConfig::default() };
    let slow = Running::start(Config { statistics, ..config(&app.database.url) }).await;
    ask(&slow, STRANGER).await;
    app.delete(&format!("{TENANT}?cascade=true")).await.expect(200);
    slow.stop().await;
    assert_eq!(rows(&app).await, [0, 0]);
}

#[apply(both_databases)]
async fn many_go_step_by_step_in_the_background(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    let cascades = CascadeConfig { step: 1, rest: Duration::ZERO };
    let server = Running::start(Config { cascades, ..config(&database.url) }).await;
    let app = with_calls(App::on(database, server)).await;
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "other" })).await.expect(201);
    let many = "INSERT INTO statistics (tenant_id, group_id, user_id, bucket, started_at, reason, criteria_revision, \
                criteria_position, calls, last_at) \
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500) \
                SELECT 'foo', 'foogroup', 'other', 'hour', n, 'no_criteria_matched', 0, -1, 1, n FROM numbers";
    app.database.execute(many).await;
    let answer = app.delete(&format!("{TENANT}?cascade=true")).await;
    answer.expect(202);
    let place = answer.header("location").to_owned();
    while app.get(&place).await.expect(200)["status"] == "running" {}
    assert_eq!(rows(&app).await, [0, 0]);
    app.get(TENANT).await.expect_problem(404, "tenant_not_found");
}
