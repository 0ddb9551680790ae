//! Another PostgreSQL takes over: what changed meanwhile is not known, so everything in memory is loaded again. Until
//! the new one is quick enough for that, calls are decided from memory.

use std::time::{Duration, Instant};

use reqwest::Method;
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use serde_json::{Value, json};

use super::{DECISIONS, NUMBER, create, with_number};
use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, config},
};

const FRIEND: &str = "+3225126777";

/// Asks with the token until the decision is as wanted; each status must be one of `allowed`.
async fn ask_until(app: &App, token: &str, allowed: &[u16], wanted: impl Fn(&Value) -> bool) {
    let (began, call) = (Instant::now(), json!({ "calledNumber": NUMBER, "callingNumber": FRIEND }));
    loop {
        let answer = app.send_as(Some(token), Method::POST, DECISIONS, Some(call.clone())).await;
        assert!(allowed.contains(&answer.status.as_u16()), "{}", answer.text);
        if answer.status == 200 && wanted(&answer.json()) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{}", answer.text);
    }
}

/// Has readers of the feed see that changes are missing, as on a server that was promoted.
async fn lose_changes(database: &TestDatabase) {
    database.execute("DELETE FROM changes").await;
    let lost = "INSERT INTO changes (tenant_id, change_id, position, changed_at, kind, group_id, user_id) VALUES \
        ('foo', gen_random_uuid(), pg_current_xact_id()::text::bigint, \
        CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint), 'users', 'foogroup', 'another')";
    database.execute(lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_continue_from_memory_while_a_promoted_database_cannot_load_everything_in_time() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.decisions.deadline = Duration::from_millis(150);
    configuration.decisions.staleness = Duration::from_millis(500);
    let app = with_number(App::on(database, Running::start(configuration).await)).await;
    create(&app, "friends", &[FRIEND]).await;
    let token = app.token(json!({ "role": "call_processing", "tenantId": "foo" })).await;
    // The deadline may be exceeded on a busy machine.
    ask_until(&app, &token, &[200, 503], |decision| decision["stale"].is_null()).await;

    let mut busy = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    busy.execute("BEGIN; LOCK TABLE users, user_services, criteria, tokens").await.expect("the tables can be locked");
    lose_changes(&app.database).await;
    ask_until(&app, &token, &[200], |decision| decision["stale"] == true).await;
    busy.execute("ROLLBACK").await.expect("the locks can be released");
    ask_until(&app, &token, &[200], |decision| decision["stale"].is_null()).await;
}
