//! Number lists and the deletion of their owners; the removal of expired entries.

use std::time::{Duration, Instant};

use call_acceptance::config::{CascadeConfig, Config};
use rstest_reuse::apply;
use serde_json::json;

use super::{ENTRIES, OWNERS, TENANT, count, entries, with_list};
use crate::{
    audit_events::events,
    database::{Kind, TestDatabase},
    harness::{App, Running, USER, both_databases, config},
};

#[apply(both_databases)]
async fn an_owner_with_a_list_is_deleted_only_by_a_cascade(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    app.delete(&format!("{USER}?cascade=true")).await.expect(200);
    app.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "foouser" })).await.expect(201);
    for (owner, code) in
        OWNERS.map(|(owner, _)| owner).into_iter().zip(["user_in_use", "group_in_use", "tenant_in_use"])
    {
        let list = format!("{owner}number_lists/");
        app.post(&list, json!({ "name": "L" })).await.expect(201);
        app.post(&format!("{list}L/entries/"), entries(&["1"])).await.expect(200);
        app.delete(owner).await.expect_problem(409, code);
        app.delete(&format!("{owner}?cascade=true")).await.expect(200);
        app.get(owner).await.expect(404);
    }
    for table in ["number_lists", "number_list_entries"] {
        assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0);
    }
}

#[apply(both_databases)]
async fn many_entries_are_deleted_in_steps(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    let cascades = CascadeConfig { step: 2, rest: Duration::ZERO };
    let server = Running::start(Config { cascades, ..config(&database.url) }).await;
    let app = with_list(App::on(database, server).with_user().await, &[]).await;
    let patterns: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    app.post(ENTRIES, entries(&patterns)).await.expect(200);
    let answer = app.delete(&format!("{TENANT}?cascade=true")).await;
    answer.expect(202);
    let place = answer.header("location").to_owned();
    let began = Instant::now();
    while app.get(&place).await.expect(200)["status"] != "complete" {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not end");
    }
    let shrunk = events(&app, "&operation=tenant_delete").await;
    let of_list = shrunk.iter().filter(|event| event["target"] == super::LIST);
    let counts: Vec<_> = of_list.map(|event| event["before"]["entryCount"].clone()).collect();
    assert_eq!(counts, [100, 60, 20, 0], "40 at a time, and then the list");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM number_list_entries").await, 0);
}

async fn expired_entries_go(kind: Kind) {
    let database = TestDatabase::create(kind).await;
    let configuration = config(&database.url);
    let app = App::on(database, Running::start(configuration.clone()).await).with_user().await;
    let app = with_list(app, &["1"]).await;
    let expiring = |pattern: &str, end: &str| json!({ "pattern": pattern, "expiresAt": end });
    let (past, future) = (expiring("2", "2020-01-01T00:00:00Z"), expiring("3", "2199-01-01T00:00:00Z"));
    app.post(ENTRIES, json!({ "entries": [past, future] })).await.expect(200);

    // An instance removes expired entries when it starts.
    let _other = Running::start(configuration).await;
    let began = Instant::now();
    while count(&app).await != 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "it is still there");
    }
    assert_eq!(super::patterns(&app.get(ENTRIES).await.expect(200)), ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_entries_are_removed_on_sqlite() {
    expired_entries_go(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_entries_are_removed_on_postgres() {
    expired_entries_go(Kind::Postgres).await;
}
