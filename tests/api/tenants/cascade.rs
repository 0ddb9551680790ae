//! Deleting tenants and groups that hold too much for one transaction.

use std::{num::NonZeroU32, time::Duration};

use call_acceptance::config::{CascadeConfig, Config};
use futures_util::future::join_all;
use reqwest::Method;
use rstest_reuse::apply;
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use serde_json::{Value, json};

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, both_databases, config},
};

const FOO: &str = "/api/v1/tenants/foo/";
const G: &str = "/api/v1/tenants/foo/groups/g/";
const CASCADE: &str = "/api/v1/tenants/foo/?cascade=true";
/// Long enough that no second step is taken in a test.
const FOREVER: Duration = Duration::from_secs(3600);

/// A server that deletes two users in a step, and rests so long then.
fn in_steps(database: &TestDatabase, rest: Duration) -> Config {
    Config { cascades: CascadeConfig { step: 2, rest }, ..config(&database.url) }
}

/// A server with a tenant that holds much: two groups with schedules, and five users with a service, criteria and
/// schedules.
async fn start(kind: Kind, rest: Duration) -> App {
    let database = TestDatabase::create(kind).await;
    let server = Running::start(in_steps(&database, rest)).await;
    let app = App::on(database, server);
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.post(&format!("{FOO}time_schedules/"), json!({ "name": "Days" })).await.expect(201);
    for (group, users) in [("g", ["a", "b", "c"].as_slice()), ("h", &["a", "b"])] {
        app.post(&format!("{FOO}groups/"), json!({ "groupId": group })).await.expect(201);
        app.post(&format!("{FOO}groups/{group}/time_schedules/"), json!({ "name": "Days" })).await.expect(201);
        for user in users {
            create_user(&app, &format!("{FOO}groups/{group}/users/"), user).await;
        }
    }
    app.post("/api/v1/tenants/", json!({ "tenantId": "bar" })).await.expect(201);
    app.post("/api/v1/tenants/bar/groups/", json!({ "groupId": "g" })).await.expect(201);
    create_user(&app, "/api/v1/tenants/bar/groups/g/users/", "a").await;
    app
}

async fn create_user(app: &App, users: &str, user: &str) {
    app.post(users, json!({ "userId": user })).await.expect(201);
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{users}{user}/services/"), services).await.expect(200);
    app.post(&format!("{users}{user}/time_schedules/"), json!({ "name": "Own" })).await.expect(201);
    for (name, level, schedule) in [("x", "User", "Own"), ("y", "Group", "Days")] {
        let criteria = json!({
            "name": name,
            "fromDnCriteria": { "selection": "Any" },
            "timeSchedule": { "level": level, "name": schedule },
        });
        let path = format!("{users}{user}/services/selective_call_acceptance/criteria/");
        let created = app.post(&path, criteria).await;
        assert!(created.status == 200 || users.contains("/bar/"), "{}", created.text);
    }
}

/// Asks for a deletion that goes on in the background: what was answered of it, and where it is.
async fn begin(app: &App, path: &str) -> (Value, String) {
    let answer = app.delete(path).await;
    assert_eq!(answer.expect(202), json!({}));
    let place = answer.header("location").to_owned();
    let deletion = app.get(&place).await.expect(200);
    assert_eq!(place, format!("{FOO}deletions/{}/", deletion["deletionId"].as_str().expect("it has one")));
    (deletion, place)
}

/// The deletion, once so many users are gone.
async fn once_gone(app: &App, place: &str, users: i64) -> Value {
    loop {
        let deletion = app.get(place).await.expect(200);
        if deletion["usersDeleted"].as_i64() >= Some(users) {
            return deletion;
        }
    }
}

/// The deletion, once it is complete.
async fn complete(app: &App, place: &str) -> Value {
    loop {
        let deletion = app.get(place).await.expect(200);
        if deletion["status"] == "complete" {
            return deletion;
        }
        assert_eq!(deletion["status"], "running");
    }
}

async fn users(app: &App, group: &str) -> usize {
    let users = app.get(&format!("{FOO}groups/{group}/users/")).await.expect(200);
    users["users"].as_array().expect("a list").len()
}

#[apply(both_databases)]
async fn a_large_tenant_goes_step_by_step_until_all_is_gone(#[case] database: Kind) {
    let app = start(database, Duration::ZERO).await;
    let (deletion, place) = begin(&app, CASCADE).await;
    assert_eq!((&deletion["tenantId"], deletion.get("groupId")), (&json!("foo"), None));
    let complete = complete(&app, &place).await;
    assert_eq!((&complete["usersDeleted"], &complete["startedAt"]), (&json!(5), &deletion["startedAt"]));
    assert!(complete["finishedAt"].as_str() >= complete["startedAt"].as_str());
    app.get(FOO).await.expect_problem(404, "tenant_not_found");
    for table in ["tenants", "groups", "users", "user_services", "criteria", "schedules", "tokens"] {
        let left = format!("SELECT COUNT(*) FROM {table} WHERE tenant_id = 'foo'");
        assert_eq!(app.database.number(&left).await, 0, "{table}");
    }
    app.get("/api/v1/tenants/bar/groups/g/users/a/").await.expect(200);
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.post(&format!("{FOO}groups/"), json!({ "groupId": "g" })).await.expect(201);
    app.post(&format!("{G}users/"), json!({ "userId": "a" })).await.expect(201);
    assert_eq!(app.get(&place).await.expect(200), complete);
}

#[apply(both_databases)]
async fn each_thing_that_goes_is_in_the_audit_of_who_asked(#[case] database: Kind) {
    let app = start(database, Duration::ZERO).await;
    let (deletion, place) = begin(&app, CASCADE).await;
    complete(&app, &place).await;
    let path = format!("{FOO}audit_events/?operation=tenant_delete");
    let events = app.get(&path).await.expect(200)["auditEvents"].as_array().expect("a list").clone();
    let targets: Vec<&str> = events.iter().map(|event| event["target"].as_str().expect("a path")).collect();
    assert_eq!(
        (targets[0], events[0]["after"]["deletionId"].clone()),
        (place.as_str(), deletion["deletionId"].clone())
    );
    // A service, a schedule and itself of each user; three schedules, two groups, the tenant.
    assert_eq!(targets.len(), 1 + 5 * 3 + 3 + 2 + 1, "{targets:#?}");
    assert_eq!(targets.last(), Some(&FOO));
    let service = format!("{G}users/a/services/selective_call_acceptance/");
    let before = events.iter().find(|event| event["target"] == service.as_str()).expect("the service of a user");
    assert_eq!(before["before"]["criteria"].as_array().map(Vec::len), Some(2));
    for event in &events {
        assert_eq!((&event["requestId"], &event["actor"]), (&events[0]["requestId"], &events[0]["actor"]));
    }
}

#[apply(both_databases)]
async fn a_large_group_goes_and_its_tenant_stays(#[case] database: Kind) {
    let app = start(database, Duration::ZERO).await;
    let (deletion, place) = begin(&app, &format!("{G}?cascade=true")).await;
    assert_eq!((&deletion["tenantId"], &deletion["groupId"]), (&json!("foo"), &json!("g")));
    assert_eq!(complete(&app, &place).await["usersDeleted"], 3);
    app.get(G).await.expect_problem(404, "group_not_found");
    assert_eq!(users(&app, "h").await, 2);
    app.get(&format!("{FOO}time_schedules/Days/")).await.expect(200);
    app.post(&format!("{FOO}groups/"), json!({ "groupId": "g" })).await.expect(201);
}

#[apply(both_databases)]
async fn what_holds_little_is_gone_at_once(#[case] database: Kind) {
    let app = start(database, FOREVER).await;
    assert_eq!(app.delete(&format!("{FOO}groups/h/?cascade=true")).await.expect(200), json!({}));
    app.get(&format!("{FOO}groups/h/")).await.expect_problem(404, "group_not_found");
    assert_eq!(app.delete("/api/v1/tenants/bar/?cascade=true").await.expect(200), json!({}));
    app.delete(FOO).await.expect_problem(409, "tenant_in_use");
}

#[apply(both_databases)]
async fn meanwhile_what_is_left_works_and_nothing_is_created(#[case] database: Kind) {
    let app = start(database, FOREVER).await;
    let (_, place) = begin(&app, CASCADE).await;
    once_gone(&app, &place, 2).await;
    app.get(&format!("{G}users/a/")).await.expect_problem(404, "user_not_found");
    let left = format!("{G}users/c/");
    app.put(&left, json!({ "firstName": "Foo" })).await.expect(200);
    let service = format!("{left}services/selective_call_acceptance/");
    app.post(&format!("{service}decision/"), json!({})).await.expect(200);
    app.put(&service, json!({ "criteria": [{ "name": "x", "active": false }] })).await.expect(200);
    app.put(FOO, json!({ "name": "Foo" })).await.expect(200);
    let refused = |path: String, body: Value| {
        let app = &app;
        async move { app.post(&path, body).await.expect_problem(409, "being_deleted") }
    };
    refused(format!("{FOO}groups/"), json!({ "groupId": "new" })).await;
    refused(format!("{G}users/"), json!({ "userId": "new" })).await;
    for owner in [FOO, G, &left] {
        refused(format!("{owner}time_schedules/"), json!({ "name": "new" })).await;
        refused(format!("{owner}calendar_schedules/"), json!({ "name": "new" })).await;
    }
    for token in [
        json!({ "role": "tenant_admin", "tenantId": "foo" }),
        json!({ "role": "group_admin", "tenantId": "foo", "groupId": "g" }),
        json!({ "role": "end_user", "tenantId": "foo", "groupId": "g", "userId": "c" }),
    ] {
        app.post("/api/v1/tokens/", token).await.expect_problem(404, "tenant_not_found");
    }
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect_problem(409, "tenant_exists");
    app.post("/api/v1/tenants/bar/groups/", json!({ "groupId": "new" })).await.expect(201);
    app.post("/api/v1/tokens/", json!({ "role": "tenant_admin", "tenantId": "bar" })).await.expect(201);
}

#[apply(both_databases)]
async fn the_same_deletion_again_is_the_one_that_goes_on(#[case] database: Kind) {
    let app = start(database, FOREVER).await;
    let (first, place) = begin(&app, CASCADE).await;
    once_gone(&app, &place, 2).await;
    for path in [CASCADE, FOO, G, &format!("{G}?cascade=true")] {
        let (again, there) = begin(&app, path).await;
        assert_eq!((&again["deletionId"], &again["usersDeleted"]), (&first["deletionId"], &json!(2)), "{path}");
        assert_eq!(there, place);
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM deletions").await, 1);
    app.delete(&format!("{G}users/c/?cascade=true")).await.expect(200);
}

#[apply(both_databases)]
async fn several_that_ask_at_once_get_one_deletion(#[case] database: Kind) {
    let app = start(database, FOREVER).await;
    let answers = join_all((0..5).map(|_| app.delete(CASCADE))).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    let places: Vec<&str> = answers.iter().map(|answer| answer.header("location")).collect();
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
}

#[apply(both_databases)]
async fn tokens_are_revoked_at_once(#[case] database: Kind) {
    let app = start(database, FOREVER).await;
    let mut tokens = Vec::new();
    for token in [
        json!({ "role": "tenant_admin", "tenantId": "foo" }),
        json!({ "role": "group_admin", "tenantId": "foo", "groupId": "g" }),
        json!({ "role": "end_user", "tenantId": "foo", "groupId": "h", "userId": "b" }),
    ] {
        tokens.push(app.token(token).await);
    }
    let other = app.token(json!({ "role": "tenant_admin", "tenantId": "bar" })).await;
    let user = format!("{FOO}groups/h/users/b/time_schedules/");
    app.send_as(Some(&tokens[2]), Method::GET, &user, None).await.expect(200);
    let (_, place) = begin(&app, CASCADE).await;
    for token in &tokens {
        app.send_as(Some(token), Method::GET, &user, None).await.expect_problem(401, "unauthenticated");
    }
    app.send_as(Some(&other), Method::GET, "/api/v1/tenants/bar/", None).await.expect(200);
    app.send_as(Some(&other), Method::GET, &place, None).await.expect_problem(403, "forbidden");
}

#[apply(both_databases)]
async fn a_deletion_goes_on_after_a_restart(#[case] database: Kind) {
    let App { server, database, .. } = {
        let app = start(database, FOREVER).await;
        let (_, place) = begin(&app, CASCADE).await;
        once_gone(&app, &place, 2).await;
        assert_eq!(users(&app, "g").await, 1);
        app
    };
    server.stop().await;
    assert_eq!(database.number("SELECT COUNT(*) FROM users WHERE tenant_id = 'foo'").await, 3);
    let server = Running::start(in_steps(&database, Duration::ZERO)).await;
    let app = App::on(database, server);
    let (deletion, place) = match app.delete(CASCADE).await {
        again if again.status == 202 => {
            let place = again.header("location").to_owned();
            (app.get(&place).await.expect(200), place)
        }
        gone => panic!("the deletion goes on: {}", gone.text),
    };
    let complete = complete(&app, &place).await;
    assert_eq!((&complete["usersDeleted"], &complete["deletionId"]), (&json!(5), &deletion["deletionId"]));
    app.get(FOO).await.expect_problem(404, "tenant_not_found");
}

#[apply(both_databases)]
async fn a_deletion_of_a_group_ends_with_its_tenant(#[case] database: Kind) {
    let app = start(database, FOREVER).await;
    let (_, place) = begin(&app, &format!("{G}?cascade=true")).await;
    once_gone(&app, &place, 2).await;
    // Nothing but one user is left in it, so that the tenant is deleted at once.
    app.delete(&format!("{FOO}groups/h/?cascade=true")).await.expect(200);
    app.delete(CASCADE).await.expect(200);
    assert_eq!(app.get(&place).await.expect(200)["status"], "complete");
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.post(&format!("{FOO}groups/"), json!({ "groupId": "g" })).await.expect(201);
    app.post(&format!("{G}users/"), json!({ "userId": "a" })).await.expect(201);
}

#[apply(both_databases)]
async fn a_complete_deletion_is_kept_for_a_week(#[case] database: Kind) {
    let app = start(database, Duration::ZERO).await;
    let (_, place) = begin(&app, CASCADE).await;
    complete(&app, &place).await;
    app.get("/api/v1/tenants/bar/deletions/0193a0c03a527c408a3e7f2b9f6d1c55/")
        .await
        .expect_problem(404, "deletion_not_found");
    app.get(&place.replace("/foo/", "/bar/")).await.expect_problem(404, "deletion_not_found");
    let App { server, database, .. } = app;
    server.stop().await;
    let server = Running::start(in_steps(&database, Duration::ZERO)).await;
    let app = App::on(database, server);
    app.get(&place).await.expect(200);
    let eight_days = 8_i64 * 86_400 * 1_000_000;
    app.database.execute(&format!("UPDATE deletions SET finished_at = finished_at - {eight_days}")).await;
    let App { server, database, .. } = app;
    server.stop().await;
    let server = Running::start(in_steps(&database, Duration::ZERO)).await;
    let app = App::on(database, server);
    while app.get(&place).await.status != 404 {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_carry_out_one_deletion_together() {
    let app = start(Kind::Postgres, Duration::ZERO).await;
    let other = Running::start(in_steps(&app.database, Duration::ZERO)).await;
    let (_, place) = begin(&app, CASCADE).await;
    assert_eq!(complete(&app, &place).await["usersDeleted"], 5);
    let twice = "SELECT COUNT(*) - COUNT(DISTINCT target) FROM audit_events WHERE operation = 'tenant_delete'";
    assert_eq!(app.database.number(twice).await, 0);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_tenants_are_served_while_a_step_waits() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = in_steps(&database, Duration::ZERO);
    configuration.database_connections = 2;
    configuration.concurrent_writes = NonZeroU32::new(1).expect("it is not zero");
    let app = start_on(database, configuration).await;
    let mut locking = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    locking
        .execute("BEGIN; SELECT 1 FROM users WHERE tenant_id = 'foo' FOR UPDATE")
        .await
        .expect("the users are locked");
    let (_, place) = begin(&app, CASCADE).await;
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'";
    while app.database.number(waiting).await == 0 {}
    for name in ["a", "b", "c"] {
        app.put("/api/v1/tenants/bar/", json!({ "name": name })).await.expect(200);
        app.get("/api/v1/tenants/bar/groups/").await.expect(200);
        app.get("/health/ready").await.expect(200);
    }
    assert_eq!(app.get(&place).await.expect(200)["usersDeleted"], 0);
    locking.execute("COMMIT").await.expect("the users are free");
    assert_eq!(complete(&app, &place).await["usersDeleted"], 5);
}

async fn start_on(database: TestDatabase, configuration: Config) -> App {
    let app = App::on(database, Running::start(configuration).await);
    app.post("/api/v1/tenants/", json!({ "tenantId": "bar" })).await.expect(201);
    app.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    app.post(&format!("{FOO}groups/"), json!({ "groupId": "g" })).await.expect(201);
    for user in ["a", "b", "c", "d", "e"] {
        app.post(&format!("{G}users/"), json!({ "userId": user })).await.expect(201);
    }
    app
}
