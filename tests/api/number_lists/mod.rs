//! Number lists of tenants, groups and users: three similar resources.

mod decisions;
mod deletions;
mod entries;
mod files;
mod lists;
mod references;

use serde_json::{Value, json};

use crate::harness::{App, USER};

const TENANT: &str = "/api/v1/tenants/foo/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/";
/// The owners with their levels.
const OWNERS: [(&str, &str); 3] = [(USER, "User"), (GROUP, "Group"), (TENANT, "Tenant")];
/// A number list of the tenant.
const LIST: &str = "/api/v1/tenants/foo/number_lists/L/";
/// Its entries.
const ENTRIES: &str = "/api/v1/tenants/foo/number_lists/L/entries/";

/// Creates the list [`LIST`] with entries for these patterns.
async fn with_list(app: App, patterns: &[&str]) -> App {
    app.post(&format!("{TENANT}number_lists/"), json!({ "name": "L" })).await.expect(201);
    if !patterns.is_empty() {
        app.post(ENTRIES, entries(patterns)).await.expect(200);
    }
    app
}

/// A body that adds entries with these patterns.
fn entries(patterns: &[&str]) -> Value {
    json!({ "entries": patterns.iter().map(|pattern| json!({ "pattern": pattern })).collect::<Vec<_>>() })
}

/// How many entries the list [`LIST`] says that it has.
async fn count(app: &App) -> Value {
    app.get(LIST).await.expect(200)["entryCount"].clone()
}

/// The patterns of a page of entries.
fn patterns(page: &Value) -> Vec<String> {
    let entries = page["entries"].as_array().expect("a page has entries").iter();
    entries.map(|entry| entry["pattern"].as_str().expect("a pattern is text").to_owned()).collect()
}
