//! `--read-database-url`: lists and statistics come from a standby, and from the primary when it cannot be used.

use std::time::{Duration, Instant};

use call_acceptance::config::Config;
use serde_json::json;

use super::check::{assert_line, check};
use crate::{
    database::{Kind, TestDatabase},
    decisions::outage::Cluster,
    harness::{App, Running, config},
    scrape::Scrape,
};

const TENANTS: &str = "/api/v1/tenants/";

/// The configuration with a replica.
fn with_replica(database: &TestDatabase, replica: &str) -> Config {
    Config { read_database_url: Some(replica.to_owned()), ..config(&database.url) }
}

/// The URL of the database on the standby.
fn on_standby(database: &TestDatabase, standby: &str) -> String {
    let name = database.url.rsplit('/').next().expect("the URL ends with the database");
    format!("{}/{name}", standby.rsplit_once('/').expect("it has a database").0)
}

/// How many reads had this outcome.
async fn reads(app: &App, outcome: &str) -> f64 {
    Scrape::of(app).await.value(&format!("call_acceptance_replica_reads_total{{outcome=\"{outcome}\"}}"))
}

/// Reads the list of tenants until a read has this outcome.
async fn until_read(app: &App, outcome: &str) {
    let (began, before) = (Instant::now(), reads(app, outcome).await);
    while reads(app, outcome).await == before {
        app.get(TENANTS).await.expect(200);
        assert!(began.elapsed() < Duration::from_secs(60), "no read is {outcome}");
    }
}

fn names(list: &serde_json::Value) -> Vec<&str> {
    list["tenants"].as_array().expect("a list").iter().filter_map(|tenant| tenant["tenantId"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_read_from_a_standby_while_it_keeps_up_and_from_the_primary_when_it_does_not() {
    let mut cluster = Cluster::with_standby();
    let database = TestDatabase::of(cluster.url().to_owned()).await;
    let standby = on_standby(&database, cluster.standby().expect("there is one"));
    let replica = TestDatabase::beside(&standby);
    let configuration = with_replica(&database, &standby);
    let app = App::on(database, Running::start(configuration).await);
    until_read(&app, "replica").await;
    let found = check(&["--database-url", &app.database.url, "--read-database-url", &standby]);
    assert_line(&found, "ok", &["is a standby"]);

    // The standby applies nothing more: its list is old, and what is asked for by its name is not.
    replica.execute("SELECT pg_wal_replay_pause()").await;
    while replica.number("SELECT CAST(CAST(pg_get_wal_replay_pause_state() = 'paused' AS int) AS bigint)").await == 0 {
        tokio::task::yield_now().await;
    }
    app.post(TENANTS, json!({ "tenantId": "new", "name": "New" })).await.expect(201);
    let before = reads(&app, "replica").await;
    let list = app.get(TENANTS).await.expect(200);
    assert!(reads(&app, "replica").await == before || names(&list).is_empty(), "the standby does not have it");
    app.get("/api/v1/tenants/new/").await.expect(200);
    // What the standby does not find, the primary does.
    app.get("/api/v1/tenants/new/groups/").await.expect(200);
    // Too far behind, it is not used.
    until_read(&app, "bypassed").await;
    assert_eq!(names(&app.get(TENANTS).await.expect(200)), ["new"]);
    replica.execute("SELECT pg_wal_replay_resume()").await;
    until_read(&app, "replica").await;
    assert_eq!(names(&app.get(TENANTS).await.expect(200)), ["new"]);

    // A standby that hangs costs one read some time, and no answer.
    cluster.freeze(&replica.show("data_directory").await);
    until_read(&app, "bypassed").await;
    assert_eq!(names(&app.get(TENANTS).await.expect(200)), ["new"]);
    app.get("/health/ready").await.expect(200);
    cluster.thaw();
    until_read(&app, "replica").await;

    let App { server, database, .. } = app;
    server.stop().await;
    drop((database, replica));
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_away_or_is_no_standby_is_not_used() {
    let database = TestDatabase::create(Kind::Postgres).await;
    for (replica, why) in [("postgres://127.0.0.1:1/nowhere", "127.0.0.1:1"), (database.url.as_str(), "no standby")] {
        let server = Running::start(with_replica(&database, replica)).await;
        let answer = crate::harness::client().get(format!("{}{TENANTS}", server.url())).send().await;
        assert_eq!(answer.expect("the server answers").status().as_u16(), 200);
        server.stop().await;
        let found = check(&["--database-url", &database.url, "--read-database-url", replica]);
        assert!(!found.0);
        assert_line(&found, "wrong", &["replica", why]);
    }
}
