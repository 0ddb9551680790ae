//! Changes whose client disconnects before they are done.

use std::{num::NonZeroU32, time::Duration};

use futures_util::future::join_all;
use reqwest::Method;
use sea_orm::sqlx::{self, Connection, Executor, PgConnection};
use serde_json::json;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, CRITERIA, Running, SERVICE, USER, config},
};

const OTHER: &str = "/api/v1/tenants/foo/groups/foogroup/users/other/";
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until this number of statements of the server wait for a lock.
async fn wait_for_waiting(db: &mut PgConnection, count: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'call-acceptance' \
                   AND wait_event_type = 'Lock'";
    let until = async {
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *db).await.expect("PostgreSQL answers") != count {}
    };
    tokio::time::timeout(PATIENCE, until).await.expect("the statements wait for a lock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_given_up_changes_nothing_and_its_client_can_soon_change_something_else() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.concurrent_writes = NonZeroU32::new(2).expect("it is not zero");
    configuration.database_connections = 3;
    configuration.database_limits.statement = 2 * PATIENCE;
    configuration.database_limits.lock = 2 * PATIENCE;
    let app = App::on(database, Running::start(configuration).await).with_user().await;
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "other" })).await.expect(201);
    let admin = app.token(json!({ "role": "tenant_admin", "tenantId": "foo" })).await;
    let (app, admin) = (&app, Some(admin.as_str()));
    let mut db = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    db.execute("BEGIN; SELECT 1 FROM users WHERE user_id = 'foouser' FOR UPDATE").await.expect("the user is locked");

    let lost = (0..2).map(|_| app.send_as(admin, Method::PUT, USER, Some(json!({ "firstName": "Lost" }))));
    tokio::select! {
        answers = join_all(lost) => panic!("the user is locked: {answers:?}"),
        () = wait_for_waiting(&mut db, 2) => {}
    }

    app.put(OTHER, json!({ "lastName": "Other" })).await.expect(200);
    let change = || app.send_as(admin, Method::PUT, OTHER, Some(json!({ "firstName": "Other" })));
    let until = async { while change().await.status != 200 {} };
    tokio::time::timeout(PATIENCE, until).await.expect("the changes that were given up count no longer");
    db.execute("COMMIT").await.expect("the user is free");
    let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND application_name = 'call-acceptance' AND state LIKE 'idle in transaction%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(idle).fetch_one(&mut db).await.expect("PostgreSQL answers"), 0);
    assert_eq!(app.get(USER).await.expect(200).get("firstName"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statement_of_a_change_that_was_given_up_is_cancelled() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.database_limits.statement = 2 * PATIENCE;
    configuration.database_limits.lock = 2 * PATIENCE;
    let app = App::on(database, Running::start(configuration).await).with_user().await;
    let mut db = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    db.execute("BEGIN; SELECT 1 FROM users WHERE user_id = 'foouser' FOR UPDATE").await.expect("the user is locked");
    tokio::select! {
        answer = app.put(USER, json!({ "firstName": "Lost" })) => panic!("the user is locked: {answer:?}"),
        () = wait_for_waiting(&mut db, 1) => {}
    }
    wait_for_waiting(&mut db, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_given_up_while_it_was_committed_reaches_decisions() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.decisions.staleness = Duration::from_millis(500);
    let app = App::on(database, Running::start(configuration).await).with_user().await;
    let criteria = json!({ "name": "all", "fromDnCriteria": { "selection": "Any" } });
    app.post(CRITERIA, criteria).await.expect(200);
    let decision = format!("{SERVICE}decision/");
    let decide = || async { app.post(&decision, json!({})).await.expect(200)["decision"].clone() };
    assert_eq!(decide().await, "accept");

    let mut db = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    // A deferred trigger runs within COMMIT.
    let slow_commit = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
                       $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$; \
                       CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON criteria DEFERRABLE INITIALLY DEFERRED \
                       FOR EACH ROW EXECUTE FUNCTION wait(); SELECT pg_advisory_lock(4711)";
    db.execute(slow_commit).await.expect("the trigger can be created");
    let change = json!({ "doNotPerformAction": true });
    let path = format!("{CRITERIA}all/");
    tokio::select! {
        answer = app.put(&path, change) => panic!("the commit waits: {answer:?}"),
        () = wait_for_waiting(&mut db, 1) => {}
    }
    // Loads the old rules again, unless the server has not noticed yet that the client is gone.
    assert_eq!(decide().await, "accept");

    db.execute("SELECT pg_advisory_unlock(4711)").await.expect("the lock is held");
    let until = async { while decide().await != "reject" {} };
    tokio::time::timeout(PATIENCE, until).await.expect("the change reaches decisions");
}
