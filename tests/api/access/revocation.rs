//! A revoked token is refused by every instance.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, both_databases, config, stranger},
};

const TENANTS: &str = "/api/v1/tenants/";

async fn status(instance: &Running, token: &str) -> u16 {
    let request = stranger().get(format!("{}{TENANTS}", instance.url())).bearer_auth(token);
    request.send().await.expect("the server answers").status().as_u16()
}

/// Revokes a token that two instances have cached, and returns how long the other one accepts it.
async fn revoke(kind: Kind, staleness: Duration) -> Duration {
    let database = TestDatabase::create(kind).await;
    let mut configuration = config(&database.url);
    configuration.decisions.staleness = staleness;
    let other = Running::start(configuration.clone()).await;
    let app = App::on(database, Running::start(configuration).await);
    let token = app.token(json!({ "role": "system_admin" })).await;
    assert_eq!((status(&app.server, &token).await, status(&other, &token).await), (200, 200));

    let id = token.split('_').nth(1).expect("ca_<id>_<secret>");
    app.delete(&format!("/api/v1/tokens/{id}/")).await.expect(200);
    let revoked = Instant::now();
    assert_eq!(status(&app.server, &token).await, 401, "at once where it was revoked");
    while status(&other, &token).await != 401 {
        assert!(revoked.elapsed() < Duration::from_secs(60), "the other instance still takes it");
    }
    app.send_as(Some(&token), Method::GET, TENANTS, None).await.expect_problem(401, "unauthenticated");
    revoked.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_refuses_a_revoked_token_on_sqlite() {
    // Independent of the staleness of decisions, and without notifications, which SQLite does not have.
    assert!(revoke(Kind::Sqlite, Duration::from_secs(60)).await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_refuses_a_revoked_token_on_postgres() {
    assert!(revoke(Kind::Postgres, Duration::from_secs(60)).await < Duration::from_secs(5));
}

/// The identifier of a token.
fn id(token: &str) -> &str {
    token.split('_').nth(1).expect("ca_<id>_<secret>")
}

/// The text of a token created with the token `by`.
async fn made(app: &App, by: &str, create: Value) -> String {
    let created = app.send_as(Some(by), Method::POST, "/api/v1/tokens/", Some(create)).await.expect(201);
    created["token"].as_str().expect("a new token is shown").to_owned()
}

#[apply(both_databases)]
async fn tokens_created_with_a_token_are_revoked_with_it(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let admin = json!({ "role": "tenant_admin", "tenantId": "foo" });
    let beside = app.token(admin.clone()).await;
    let first = app.token(admin.clone()).await;
    let second = made(&app, &first, admin.clone()).await;
    let third = made(&app, &second, admin.clone()).await;
    let schedules = "/api/v1/tenants/foo/time_schedules/";
    for token in [&first, &second, &third, &beside] {
        app.send_as(Some(token), Method::GET, schedules, None).await.expect(200);
    }
    app.delete(&format!("/api/v1/tokens/{}/", id(&first))).await.expect(200);
    for token in [&first, &second, &third] {
        let answer = app.send_as(Some(token), Method::GET, schedules, None).await;
        answer.expect_problem(401, "unauthenticated");
    }
    app.send_as(Some(&beside), Method::GET, schedules, None).await.expect(200);
    let events = app.get("/api/v1/tenants/foo/audit_events/?operation=token_revoke").await.expect(200);
    let targets = events["auditEvents"].as_array().expect("a list of events").iter().map(|event| &event["target"]);
    let revoked = [&first, &second, &third].map(|token| json!(format!("/api/v1/tokens/{}/", id(token))));
    assert!(targets.eq(revoked.iter()), "{events:#}");
    let feed = "SELECT COUNT(*) FROM changes WHERE kind = 'token'";
    assert_eq!(app.database.number(feed).await, 3);
}

#[apply(both_databases)]
async fn a_token_cannot_create_one_that_outlives_it(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let create = |expires: Value| {
        let mut create = json!({ "role": "tenant_admin", "tenantId": "foo" });
        if !expires.is_null() {
            create["expiresAt"] = expires;
        }
        create
    };
    let short = app.token(create(json!("2999-01-01T00:00:00Z"))).await;
    for expires in [Value::Null, json!("2999-01-01T00:00:01Z")] {
        let answer = app.send_as(Some(&short), Method::POST, "/api/v1/tokens/", Some(create(expires))).await;
        answer.expect_faults(&["/expiresAt"]);
    }
    made(&app, &short, create(json!("2999-01-01T01:00:00+01:00"))).await;
}
