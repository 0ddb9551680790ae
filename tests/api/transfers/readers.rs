//! Who reads an export: slowly, not at all, or several at once.

use std::time::Duration;

use call_acceptance::config::{Config, ExportConfig};
use reqwest::{Method, Response};
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::EXPORT;
use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, both_databases, client, config},
    scrape::Scrape,
};

const PATIENCE: Duration = Duration::from_secs(60);
const LISTS: &str = "/api/v1/tenants/foo/number_lists/";

/// A server whose readers have so long for a part, with the tenant `foo`, whose file is longer than what buffers hold,
/// with a user at its end.
async fn start(kind: Kind, part_timeout: Duration) -> App {
    let database = TestDatabase::create(kind).await;
    let exports = ExportConfig { part_timeout, ..ExportConfig::default() };
    let server = Running::start(Config { exports, ..config(&database.url) }).await;
    let app = App::on(database, server).with_user().await;
    let note = "é".repeat(200);
    let entries: String = (0..12_000).map(|number| format!("+32{number:09},{note}\n")).collect();
    for name in ["a", "b"] {
        app.post(LISTS, json!({ "name": name })).await.expect(201);
        let path = format!("{LISTS}{name}/entries/");
        let csv = [("Content-Type", "text/csv")];
        app.send(Method::PUT, &path, &csv, Some(format!("pattern,note\n{entries}"))).await.expect(200);
    }
    for tenant in ["bar", "baz"] {
        app.post("/api/v1/tenants/", json!({ "tenantId": tenant })).await.expect(201);
    }
    app
}

/// An export of which the first part has arrived.
async fn begin(app: &App) -> (Response, Vec<u8>) {
    let mut response = client().get(app.url(EXPORT)).send().await.expect("the server answers");
    assert_eq!(response.status(), 200);
    let part = response.chunk().await.expect("the answer begins").expect("it has a part");
    (response, part.to_vec())
}

/// The rest of an answer, or the error that it ends with.
async fn rest(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut read = Vec::new();
    while let Some(part) = response.chunk().await? {
        read.extend_from_slice(&part);
    }
    Ok(read)
}

async fn until_the_turn_is_free(app: &App) {
    let free = async { while app.get(EXPORT).await.status == 429 {} };
    tokio::time::timeout(PATIENCE, free).await.expect("the turn ends");
}

#[apply(both_databases)]
async fn an_export_is_of_one_moment(#[case] database: Kind) {
    let app = start(database, PATIENCE).await;
    let (mut response, mut file) = begin(&app).await;
    app.get(EXPORT).await.expect_problem(429, "too_many_exports");
    app.delete(&format!("{LISTS}b/")).await.expect(200);
    app.delete("/api/v1/tenants/foo/groups/foogroup/users/foouser/?cascade=true").await.expect(200);
    app.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "later" })).await.expect(201);
    file.extend(rest(&mut response).await.expect("the file arrives whole"));
    let text = String::from_utf8(file).expect("a file is UTF-8");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let entries = lines.iter().filter(|line| line["name"] == "b").filter_map(|line| line["entries"].as_array());
    assert_eq!(entries.map(Vec::len).sum::<usize>(), 12_000);
    assert_eq!(lines.last().expect("there are lines")["userId"], "foouser");
    assert!(!text.contains("\"later\""));
    let after = app.get(EXPORT).await;
    assert!(after.expect_text().contains("\"later\"") && !after.text.contains("foouser"));
}

#[apply(both_databases)]
async fn a_few_tenants_are_exported_at_a_time(#[case] database: Kind) {
    let app = start(database, PATIENCE).await;
    let (mut response, _) = begin(&app).await;
    let refused = app.get(EXPORT).await;
    let problem = refused.expect_problem(429, "too_many_exports");
    assert_eq!(problem["detail"], "The tenant \"foo\" is being exported; try again when that is done.");
    assert_eq!(refused.header("retry-after"), "10");
    app.get("/api/v1/tenants/bar/export/").await.expect_text();
    app.get("/api/v1/tenants/baz/export/").await.expect_text();
    app.get("/api/v1/tenants/foo/").await.expect(200);
    rest(&mut response).await.expect("the file arrives whole");
    app.get(EXPORT).await.expect_text();
}

#[apply(both_databases)]
async fn an_export_that_nobody_reads_breaks_off_and_gives_its_connection_back(#[case] database: Kind) {
    let app = start(database, Duration::from_millis(100)).await;
    let (mut response, _) = begin(&app).await;
    until_another_is_admitted(&app).await;
    assert!(rest(&mut response).await.is_err(), "half a file must not look like a whole one");
    if database == Kind::Postgres {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND application_name = 'call-acceptance' AND state LIKE 'idle in transaction%'";
        let given_back = async { while app.database.number(open).await > 0 {} };
        tokio::time::timeout(PATIENCE, given_back).await.expect("the connection is given back");
    }
    assert!(Scrape::of(&app).await.value("call_acceptance_exports_total{result=\"abandoned\"}") > 0.0);
}

/// Waits until the server has given up the reader: until then it refuses a second one. Nobody reads that one either.
async fn until_another_is_admitted(app: &App) {
    let free = async {
        loop {
            let response = client().get(app.url(EXPORT)).send().await.expect("the server answers");
            if response.status() != 429 {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, free).await.expect("the turn ends");
}

#[apply(both_databases)]
async fn an_export_whose_reader_is_gone_gives_its_turn_back(#[case] database: Kind) {
    let app = start(database, PATIENCE).await;
    drop(begin(&app).await);
    until_the_turn_is_free(&app).await;
}
