//! Imports of whole tenants: lines, tables of users, and what becomes of faults, crashes and second imports.

mod command;
mod crash;
mod faults;
mod lines;
mod once;
mod replace;
mod tables;
mod together;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::{Answer, App, USER};

const TENANT: &str = "/api/v1/tenants/foo/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/";
const IMPORTS: &str = "/api/v1/tenants/foo/imports/";
/// The media type of a file of lines.
pub const LINES: (&str, &str) = ("Content-Type", "application/x-ndjson");
const TABLE: (&str, &str) = ("Content-Type", "text/csv");

/// A file of these lines.
fn file(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Sends a file; `query` has the options.
async fn send(app: &App, query: &str, media_type: (&str, &str), file: &str) -> Answer {
    app.send(Method::POST, &format!("{IMPORTS}{query}"), &[media_type], Some(file.to_owned())).await
}

/// The import at this path when it has ended.
async fn ended(app: &App, path: &str) -> Value {
    let begun = Instant::now();
    loop {
        let import = app.get(path).await.expect(200);
        if import["status"] != "running" {
            return import;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "it does not end: {import}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Imports a file, and waits for its end.
pub async fn import_file(app: &App, query: &str, media_type: (&str, &str), file: &str) -> Value {
    let sent = send(app, query, media_type, file).await;
    let id = sent.expect(202)["importId"].as_str().expect("an import has an identifier").to_owned();
    let path = format!("{IMPORTS}{id}/");
    assert_eq!(sent.header("location"), path);
    let import = ended(app, &path).await;
    assert_eq!(import["bytesRead"], file.len(), "{import}");
    import
}

/// Imports these lines, and waits for the end.
async fn import(app: &App, query: &str, lines: &[Value]) -> Value {
    import_file(app, query, LINES, &file(lines)).await
}

/// The faults of an import.
async fn errors(app: &App, import: &Value) -> Vec<Value> {
    let path = format!("{IMPORTS}{}/errors/", import["importId"].as_str().expect("it has an identifier"));
    app.get(&path).await.expect(200)["errors"].as_array().expect("a page has errors").clone()
}

/// Asserts the status and the counts of an import: read, created, changed, unchanged, deleted, failed.
#[track_caller]
fn assert_ended(import: &Value, status: &str, [read, created, changed, unchanged, deleted, failed]: [i64; 6]) {
    let counts = json!({
        "read": read, "created": created, "changed": changed, "unchanged": unchanged, "deleted": deleted,
        "failed": failed
    });
    assert_eq!((&import["status"], &import["counts"]), (&json!(status), &counts), "{import:#}");
    assert!(import["finishedAt"].is_string(), "{import}");
}

/// Criteria of these numbers as a line says it.
fn criteria(name: &str, numbers: &[&str]) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } })
}

/// A line with a service of the user [`USER`].
fn acceptance(criteria: &[Value]) -> Value {
    json!({
        "kind": "service", "groupId": "foogroup", "userId": "foouser", "service": "Selective Call Acceptance",
        "criteria": criteria
    })
}

/// The names of the user's criteria of acceptance.
async fn names(app: &App) -> Vec<String> {
    let service = app.get(&format!("{USER}services/selective_call_acceptance/")).await.expect(200);
    let criteria = service["criteria"].as_array().expect("a service has criteria").iter();
    criteria.map(|criteria| criteria["name"].as_str().expect("a name is text").to_owned()).collect()
}
