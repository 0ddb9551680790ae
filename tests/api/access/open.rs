//! A server without authentication.

use std::process::Command;

use reqwest::Method;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, config},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_everything_and_is_recorded_as_anyone() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    configuration.open = true;
    let app = App::on(database, Running::start(configuration).await);
    let create = serde_json::json!({ "tenantId": "foo" });
    app.send_as(None, Method::POST, "/api/v1/tenants/", Some(create)).await.expect(201);
    let events = app.send_as(None, Method::GET, "/api/v1/tenants/foo/audit_events/", None).await.expect(200);
    assert_eq!(events["auditEvents"][0]["actorKind"], "anyone");
}

#[test]
fn it_is_refused_on_addresses_that_others_can_reach() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
        let output = command.env_clear().args(["--auth", "none", "--listen", listen]).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains("loopback"), "{listen}: {told}");
    }
}
