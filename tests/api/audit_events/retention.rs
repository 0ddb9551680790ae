//! The retention of events.

use std::time::{Duration, Instant};

use super::events;
use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, config},
};

async fn old_events_go(kind: Kind) {
    let database = TestDatabase::create(kind).await;
    let configuration = config(&database.url);
    let app = App::on(database, Running::start(configuration.clone()).await).with_user().await;
    assert_eq!(events(&app, "").await.len(), 4);
    let days = 400_i64 * 86_400 * 1_000_000;
    let aged = format!("UPDATE audit_events SET recorded_at = recorded_at - {days} WHERE operation <> 'user_create'");
    app.database.execute(&aged).await;

    // An instance deletes old events when it starts.
    let _other = Running::start(configuration).await;
    let began = Instant::now();
    while events(&app, "").await.len() > 1 {
        assert!(began.elapsed() < Duration::from_secs(60), "they are still there");
    }
    assert_eq!(events(&app, "").await[0]["operation"], "user_create");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_events_are_removed_on_sqlite() {
    old_events_go(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_events_are_removed_on_postgres() {
    old_events_go(Kind::Postgres).await;
}
