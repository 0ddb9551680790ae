//! The concurrent changes of one token leave connections to other clients.

use std::{num::NonZeroU32, time::Duration};

use reqwest::Method;
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use serde_json::json;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, USER, config},
};

const OTHER: &str = "/api/v1/tenants/foo/groups/foogroup/users/other/";

/// A server on PostgreSQL with a locked user, and the connection that holds the lock.
async fn locked(lock: Duration) -> (App, PgConnection) {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.concurrent_writes = NonZeroU32::new(2).expect("it is not zero");
    configuration.database_limits.lock = lock;
    let app = App::on(database, Running::start(configuration).await).with_user().await;
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "other" })).await.expect(201);
    let mut locking = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    let lock = "BEGIN; SELECT 1 FROM users WHERE user_id = 'foouser' FOR UPDATE";
    locking.execute(lock).await.expect("the user is locked");
    (app, locking)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_has_limited_concurrent_changes_while_others_are_served() {
    let (app, mut locking) = locked(Duration::from_secs(30)).await;
    let admin = app.token(json!({ "role": "tenant_admin", "tenantId": "foo" })).await;
    let (app, admin) = (&app, Some(admin.as_str()));
    let writes = (0..6).map(|at| app.send_as(admin, Method::PUT, USER, Some(json!({ "firstName": at.to_string() }))));
    let writes = futures_util::future::join_all(writes);
    let others = async {
        app.put(OTHER, json!({ "firstName": "Other" })).await.expect(200);
        // Changes over the limit are refused while the first two wait.
        loop {
            let refused = app.send_as(admin, Method::PUT, OTHER, Some(json!({ "firstName": "Foo" }))).await;
            if refused.status == 429 {
                refused.expect_problem(429, "too_many_writes");
                assert_eq!(refused.header("retry-after"), "1");
                break;
            }
        }
        app.send_as(admin, Method::GET, OTHER, None).await.expect(200);
        locking.execute("COMMIT").await.expect("the user is free");
    };
    let (answers, ()) = tokio::join!(writes, others);
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert!(count(200) >= 2, "the first two waited for the lock only");
    assert_eq!(count(200) + count(429), 6);
    app.send_as(admin, Method::PUT, USER, Some(json!({ "firstName": "Foo" }))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_waits_too_long_for_a_lock_is_503() {
    let (app, mut locking) = locked(Duration::from_secs(1)).await;
    app.put(USER, json!({ "firstName": "Foo" })).await.expect_problem(503, "database_unavailable");
    locking.execute("COMMIT").await.expect("the user is free");
    app.put(USER, json!({ "firstName": "Foo" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_authentication_and_readiness_do_not_wait_for_the_connections_of_requests() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.database_connections = 1;
    let app = App::on(database, Running::start(configuration).await).with_user().await;
    let token = app.token(json!({ "role": "call_processing" })).await;
    let mut locking = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    let lock = "BEGIN; SELECT 1 FROM users WHERE user_id = 'foouser' FOR UPDATE";
    locking.execute(lock).await.expect("the user is locked");
    let write = app.put(USER, json!({ "firstName": "Foo" }));
    let others = async {
        app.get("/health/ready").await.expect(200);
        let decision = format!("{}decision/", crate::harness::SERVICE);
        app.send_as(Some(&token), Method::POST, &decision, Some(json!({}))).await.expect(200);
        locking.execute("COMMIT").await.expect("the user is free");
    };
    let (answer, ()) = tokio::join!(write, others);
    answer.expect(200);
}
