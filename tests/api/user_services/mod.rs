//! The services of a user: one file per verb.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, JSON};

mod assign;
mod list;
mod unassign;

const SERVICES: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/";

/// Paths of services below each missing parent, and the missing parent.
const ASTRAY: [(&str, &str); 3] = [
    ("/api/v1/tenants/Foo/groups/foogroup/users/foouser/services/", "tenant_not_found"),
    ("/api/v1/tenants/foo/groups/Foogroup/users/foouser/services/", "group_not_found"),
    ("/api/v1/tenants/foo/groups/foogroup/users/Foouser/services/", "user_not_found"),
];

/// Paths with an invalid name, and the parameter of the name.
const NAMELESS: [(&str, &str); 3] = [
    ("/api/v1/tenants/a%2Fb/groups/foogroup/users/foouser/services/", "tenant_id"),
    ("/api/v1/tenants/foo/groups/a%0A/users/foouser/services/", "group_id"),
    ("/api/v1/tenants/foo/groups/foogroup/users/%20a/services/", "user_id"),
];

fn selection() -> Value {
    json!({ "services": [{ "name": "Selective Call Acceptance" }] })
}

fn services(assigned: bool) -> Value {
    json!({ "services": [
        { "name": "Selective Call Acceptance", "assigned": assigned },
        { "name": "Selective Call Rejection", "assigned": false },
        { "name": "Anonymous Call Rejection", "assigned": false },
    ] })
}

/// Sends a body with DELETE.
async fn unassign(app: &App, path: &str, body: Value) -> Answer {
    app.send(Method::DELETE, path, &[JSON], Some(body.to_string())).await
}

/// Bodies that select no services, and where their faults are.
fn no_selections() -> Vec<(Value, Vec<&'static str>)> {
    vec![
        (json!({}), vec!["/services"]),
        (json!([]), vec![""]),
        (json!({ "services": null }), vec!["/services"]),
        (json!({ "services": [] }), vec!["/services"]),
        (json!({ "services": {} }), vec!["/services"]),
        (json!({ "services": ["Selective Call Acceptance"] }), vec!["/services/0"]),
        (json!({ "services": [{}] }), vec!["/services/0/name"]),
        (json!({ "services": [{ "name": "selective call acceptance" }] }), vec!["/services/0/name"]),
        (
            json!({ "services": [{ "name": "Selective Call Acceptance", "assigned": true }] }),
            vec!["/services/0/assigned"],
        ),
        (
            json!({
                "services": [{ "name": "Selective Call Acceptance" }, { "name": "Voice Mail", "on": 1 }], "all": true
            }),
            vec!["/services/1/name", "/services/1/on", "/all"],
        ),
    ]
}
