//! Decisions on calls: the rules through HTTP, the data that they depend on, and how they follow changes.

mod changes;
mod failover;
mod feed;
mod forms;
pub mod instances;
mod memory;
mod numbers;
pub mod outage;
mod plan;
mod rules;

use serde_json::{Value, json};

use crate::harness::{App, CRITERIA, USER};

/// The number of the user of [`App::with_user`] after [`with_number`].
pub const NUMBER: &str = "+3225550100";
pub const DECISIONS: &str = "/api/v1/decisions/";
pub const USER_DECISION: &str =
    "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/decision/";

/// A server whose user has a number and the service.
pub async fn with_number(app: App) -> App {
    let app = app.with_user().await;
    app.put(USER, json!({ "phoneNumber": NUMBER })).await.expect(200);
    app
}

/// Creates a criteria of the user with these numbers.
pub async fn create(app: &App, name: &str, numbers: &[&str]) {
    let from = json!({ "selection": "Specified Only", "phoneNumbers": numbers });
    app.post(CRITERIA, json!({ "name": name, "fromDnCriteria": from })).await.expect(200);
}

/// The decision on a call to the user from this number.
pub async fn decide(app: &App, calling_number: &str) -> Value {
    let call = json!({ "calledNumber": NUMBER, "callingNumber": calling_number });
    app.post(DECISIONS, call).await.expect(200)
}

/// The reason of the decision on a call to the user from this number.
pub async fn reason(app: &App, calling_number: &str) -> String {
    decide(app, calling_number).await["reason"].as_str().expect("a decision has a reason").to_owned()
}
