//! The audit trail: what changes record, and how it is read.

mod list;
mod record;
mod replay;
mod retention;

use serde_json::Value;

use crate::harness::App;

/// The path of the events of the tenant `foo`.
const EVENTS: &str = "/api/v1/tenants/foo/audit_events/";

/// The events for `query`, on one page.
pub async fn events(app: &App, query: &str) -> Vec<Value> {
    let list = app.get(&format!("{EVENTS}?limit=1000{query}")).await.expect(200);
    list["auditEvents"].as_array().expect("a list of events").clone()
}
