//! Time and calendar schedules of tenants, groups and users: six similar resources.

mod create;
mod delete;
mod holds;
mod icalendar;
mod list;
mod periods;
mod references;
mod update;
mod view;

use serde_json::{Value, json};

use crate::harness::{Answer, App, USER};

const TENANT: &str = "/api/v1/tenants/foo/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/";

/// The owners of schedules, with their levels.
const OWNERS: [(&str, &str); 3] = [(USER, "User"), (GROUP, "Group"), (TENANT, "Tenant")];
/// The two types of schedules, as their paths name them.
const TYPES: [&str; 2] = ["time_schedules", "calendar_schedules"];

/// The paths of the six resources.
fn folders() -> impl Iterator<Item = String> {
    OWNERS.iter().flat_map(|(owner, _)| TYPES.iter().map(move |kind| format!("{owner}{kind}/")))
}

/// A period of every Friday.
fn friday() -> Value {
    json!({ "name": "Friday", "active": true, "type": "Day of the week", "dayOfWeek": "Friday" })
}

/// Answers of the verbs on one schedule that does not exist.
async fn verbs_on_one(app: &App, schedule: &str) -> [Answer; 3] {
    [app.get(schedule).await, app.put(schedule, json!({})).await, app.delete(schedule).await]
}

/// Asserts that no verb finds the owner of the folder.
async fn expect_no_owner(app: &App, folder: &str, code: &str) {
    app.get(folder).await.expect_problem(404, code);
    app.get(&format!("{folder}?allLevels=true")).await.expect_problem(404, code);
    app.post(folder, json!({ "name": "S" })).await.expect_problem(404, code);
    for answer in verbs_on_one(app, &format!("{folder}S/")).await {
        answer.expect_problem(404, code);
    }
}
