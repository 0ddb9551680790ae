//! Selective Call Acceptance: one file per operation or rule.

mod concurrency;
mod create;
mod delete;
mod documentation;
mod instances;
mod members;
mod model;
mod precondition;
mod update;
mod update_service;
mod view;

use serde_json::{Value, json};

use crate::harness::{App, CRITERIA, SERVICE};

/// The names of the user's criteria, in order.
async fn names(app: &App) -> Vec<String> {
    let service = app.get(SERVICE).await.expect(200);
    let criteria = service["criteria"].as_array().expect("the service has criteria").iter();
    criteria.map(|criteria| criteria["name"].as_str().expect("a criteria has a name").to_owned()).collect()
}

/// Creates a criteria for every caller.
async fn create(app: &App, name: &str) -> Value {
    app.post(CRITERIA, any(name)).await.expect(200)
}

/// A criteria for every caller, to create.
fn any(name: &str) -> Value {
    json!({ "name": name, "fromDnCriteria": { "selection": "Any" } })
}
