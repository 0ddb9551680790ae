//! A revoked token is good no more, on every instance.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, config, stranger},
};

const TENANTS: &str = "/api/v1/tenants/";

async fn status(instance: &Running, token: &str) -> u16 {
    let request = stranger().get(format!("{}{TENANTS}", instance.url())).bearer_auth(token);
    request.send().await.expect("the server answers").status().as_u16()
}

/// Revokes a token that two instances know, and asks the other one until it is refused; how long that took.
async fn revoke(kind: Kind, staleness: Duration) -> Duration {
    let database = TestDatabase::create(kind).await;
    let mut configuration = config(&database.url);
    configuration.decisions.staleness = staleness;
    let other = Running::start(configuration.clone()).await;
    let app = App::on(database, Running::start(configuration).await);
    let token = app.token(json!({ "role": "system_admin" })).await;
    assert_eq!((status(&app.server, &token).await, status(&other, &token).await), (200, 200));

    let id = token.split('_').nth(1).expect("ca_<id>_<secret>");
    app.delete(&format!("/api/v1/tokens/{id}/")).await.expect(200);
    let revoked = Instant::now();
    assert_eq!(status(&app.server, &token).await, 401, "at once where it was revoked");
    while status(&other, &token).await != 401 {
        assert!(revoked.elapsed() < Duration::from_secs(60), "the other instance still takes it");
    }
    app.send_as(Some(&token), Method::GET, TENANTS, None).await.expect_problem(401, "unauthenticated");
    revoked.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_takes_a_revoked_token_no_more_on_sqlite() {
    // However stale decisions may be; and without notifications, which SQLite does not have.
    assert!(revoke(Kind::Sqlite, Duration::from_secs(60)).await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_takes_a_revoked_token_no_more_on_postgres() {
    assert!(revoke(Kind::Postgres, Duration::from_secs(60)).await < Duration::from_secs(5));
}
