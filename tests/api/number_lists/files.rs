//! Replacing the entries of a number list by those of a file.

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{ENTRIES, count, entries, patterns, with_list};
use crate::{
    audit_events::events,
    database::{ADMIN, Kind},
    harness::{Answer, App, both_databases},
};

const CSV: &str = "text/csv";
const LINES: &str = "application/x-ndjson";

async fn replace(app: &App, media_type: &str, file: impl Into<String>) -> Answer {
    app.send(Method::PUT, ENTRIES, &[("Content-Type", media_type)], Some(file.into())).await
}

fn faulty_lines(problem: &Value) -> Vec<i64> {
    let faults = problem["errors"].as_array().expect("an invalid request has errors").iter();
    faults.map(|fault| fault["line"].as_i64().expect("a fault has a line")).collect()
}

#[apply(both_databases)]
async fn a_file_replaces_all_entries_and_says_what_differs(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1", "2", "3"]).await;
    let csv = "\u{FEFF}pattern;note;expires_at\r\n1;;\r\n2;\"a;b\";\r\n4;;2027-01-01T00:00:00Z\r\n";
    let counts = json!({ "created": 1, "changed": 1, "unchanged": 1, "deleted": 1 });
    assert_eq!(replace(&app, CSV, csv).await.expect(200), counts);
    let kept = json!({ "entries": [
        { "pattern": "1" }, { "pattern": "2", "note": "a;b" }, { "pattern": "4", "expiresAt": "2027-01-01T00:00:00Z" }
    ] });
    assert_eq!(app.get(ENTRIES).await.expect(200), kept);
    let lines: Vec<String> =
        kept["entries"].as_array().expect("entries").iter().map(|entry| format!("{entry}\n")).collect();
    let counts = json!({ "created": 0, "changed": 0, "unchanged": 3, "deleted": 0 });
    assert_eq!(replace(&app, LINES, lines.concat()).await.expect(200), counts, "what is listed can be sent");
    assert_eq!(replace(&app, &format!("{CSV}; charset=utf-8"), "pattern\n").await.expect(200)["deleted"], 3);
    assert_eq!(count(&app).await, 0);
    let counts = json!({ "created": 1, "changed": 0, "unchanged": 0, "deleted": 0 });
    assert_eq!(replace(&app, CSV, "pattern,note\n+3290*,x\n").await.expect(200), counts);
}

#[apply(both_databases)]
async fn a_faulty_line_refuses_the_whole_file(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    let problem = replace(&app, CSV, "pattern,note\n5\nx\n5\n6,a,b\n").await.expect_problem(400, "invalid_request");
    assert_eq!(faulty_lines(&problem), [3, 4, 5]);
    let problem = replace(&app, LINES, "{\"pattern\":\"5\"}\n\n{}\n[\n").await.expect_problem(400, "invalid_request");
    assert_eq!(faulty_lines(&problem), [3, 4]);
    let problem = replace(&app, CSV, format!("pattern\n{}", "x\n".repeat(150))).await;
    assert_eq!(faulty_lines(&problem.expect_problem(400, "invalid_request")).len(), 100);
    assert_eq!(patterns(&app.get(ENTRIES).await.expect(200)), ["1"]);
}

#[apply(both_databases)]
async fn only_the_two_media_types_are_read(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    for wrong in ["application/json", "text/plain", "application/csv"] {
        replace(&app, wrong, "pattern\n").await.expect_problem(415, "unsupported_media_type");
    }
    assert_eq!(count(&app).await, 1);
}

#[apply(both_databases)]
async fn a_file_may_be_larger_than_other_bodies_but_not_without_a_limit(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    let line = |number| format!("+32{number:09},{}\n", "x".repeat(200));
    let file: String = std::iter::once("pattern,note\n".to_owned()).chain((0..10_000).map(line)).collect();
    assert!(file.len() > 2 << 20);
    let counts = json!({ "created": 10_000, "changed": 0, "unchanged": 0, "deleted": 1 });
    assert_eq!(replace(&app, CSV, file.clone()).await.expect(200), counts);
    assert_eq!(count(&app).await, 10_000);
    let unchanged = json!({ "created": 0, "changed": 0, "unchanged": 10_000, "deleted": 0 });
    assert_eq!(replace(&app, CSV, file).await.expect(200), unchanged);
    let event = events(&app, "&operation=tenant_number_list_entries_replace").await.remove(0);
    assert_eq!(event["before"]["entryCount"], 1, "so many are not recorded one by one");
    assert_eq!((&event["after"]["entryCount"], &event["after"]["created"]), (&json!(10_000), &json!(10_000)));
    let too_long = format!("pattern\n{}", " ".repeat(32 << 20));
    let problem = replace(&app, CSV, too_long).await.expect_problem(413, "body_too_large");
    assert_eq!(problem["detail"], "The body is longer than 33554432 bytes.");
}

#[apply(both_databases)]
async fn a_tenant_sends_one_file_at_a_time(#[case] database: Kind) {
    let app = with_list(App::start(database).await.with_user().await, &["1"]).await;
    let file = "pattern\n5\n";
    let (start, end) = file.split_at(3);
    let mut slow = TcpStream::connect(app.url("").trim_start_matches("http://")).await.expect("it listens");
    let (token, length) = (ADMIN.text(), file.len());
    let request = format!(
        "PUT {ENTRIES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {CSV}\r\n\
         Content-Length: {length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    slow.write_all(request.as_bytes()).await.expect("the server reads");
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).await.expect("the server asks for the body");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    slow.write_all(start.as_bytes()).await.expect("the server reads");
    let refused = replace(&app, CSV, "pattern\n7\n").await;
    refused.expect_problem(429, "too_many_writes");
    assert_eq!(refused.header("retry-after"), "1");
    app.post(ENTRIES, entries(&["8"])).await.expect(200);
    app.post("/api/v1/tenants/", json!({ "tenantId": "other" })).await.expect(201);
    let other = "/api/v1/tenants/other/number_lists/";
    app.post(other, json!({ "name": "L" })).await.expect(201);
    let path = format!("{other}L/entries/");
    app.send(Method::PUT, &path, &[("Content-Type", CSV)], Some(file.to_owned())).await.expect(200);
    slow.write_all(end.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("the server answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(patterns(&app.get(ENTRIES).await.expect(200)), ["5"]);
    replace(&app, CSV, "pattern\n7\n").await.expect(200);
}
