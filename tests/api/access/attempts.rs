//! The rate limit of failed authentications.

use std::{num::NonZeroU32, time::Instant};

use reqwest::Method;
use serde_json::json;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, config},
};

const TENANTS: &str = "/api/v1/tenants/";

/// A server that allows sixty failures of an address per minute.
async fn strict() -> App {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    configuration.failed_authentications = NonZeroU32::new(60).expect("not zero");
    App::on(database, Running::start(configuration).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_beyond_the_limit_return_429_with_retry_after() {
    let app = strict().await;
    let unused = app.token(json!({ "role": "system_admin" })).await;
    let guess = |at: usize| format!("ca_{at:032x}_guess");
    let mut refused = None;
    for at in 0..1000 {
        app.get(TENANTS).await.expect(200);
        let answer = app.send_as(Some(&guess(at)), Method::GET, TENANTS, None).await;
        if answer.status.as_u16() == 429 {
            refused = Some(answer);
            break;
        }
        answer.expect_problem(401, "unauthenticated");
    }
    let refused = refused.expect("some failure is one too many");
    refused.expect_problem(429, "too_many_attempts");
    let wait: u64 = refused.header("retry-after").parse().expect("a number of seconds");
    assert_eq!(wait, 1, "a minute has sixty");

    // Known tokens are still accepted; others wait, but not longer than announced.
    let told = Instant::now();
    app.get(TENANTS).await.expect(200);
    loop {
        let answer = app.send_as(Some(&unused), Method::GET, TENANTS, None).await;
        if answer.status.as_u16() == 200 {
            break;
        }
        answer.expect_problem(429, "too_many_attempts");
        assert!(told.elapsed().as_secs() < 30, "it is still refused");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_without_a_token_do_not_count_as_attempts() {
    let app = strict().await;
    for _ in 0..100 {
        app.send_as(None, Method::GET, TENANTS, None).await.expect_problem(401, "unauthenticated");
    }
}
