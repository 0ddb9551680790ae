//! A change invalidates only the cached users that depend on it, and outdated ones remain in use until they are
//! reloaded.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest_reuse::apply;
use sea_orm::sqlx::{self, Connection, Executor, PgConnection};
use serde_json::{Value, json};

use super::{DECISIONS, NUMBER, create, decide, reason, with_number};
use crate::{
    database::{Kind, TestDatabase},
    harness::{App, CRITERIA, JSON, Running, SERVICE, USER, both_databases, config},
};

const FRIEND: &str = "+3225126777";
const TENANT: &str = "/api/v1/tenants/foo/";
const GROUP: &str = "/api/v1/tenants/foo/groups/foogroup/";

/// A change without an entry in the feed: it reveals whether the user has been reloaded.
const SECRETLY: &str = "UPDATE criteria SET do_not_perform_action = true";

fn always() -> Value {
    json!([{ "name": "always", "type": "Recurrence", "startDate": "2020-01-01", "rule": "FREQ=DAILY" }])
}

/// The user has a criteria that always matches, in a schedule of the tenant, and is cached.
async fn remembered(app: App) -> App {
    remembered_under(with_number(app).await).await
}

/// The same of a user who is there already.
async fn remembered_under(app: App) -> App {
    app.post(&format!("{TENANT}time_schedules/"), json!({ "name": "Used", "periods": always() })).await.expect(201);
    app.post(&format!("{TENANT}time_schedules/"), json!({ "name": "Unused" })).await.expect(201);
    let criteria = json!({ "name": "all", "fromDnCriteria": { "selection": "Any" },
        "timeSchedule": { "level": "Tenant", "name": "Used" } });
    app.post(CRITERIA, criteria).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app.database.execute(SECRETLY).await;
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched", "it is in memory");
    app
}

#[apply(both_databases)]
async fn a_change_that_a_user_does_not_refer_to_leaves_it_in_memory(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = remembered(app).await;
    let unused = format!("{TENANT}time_schedules/Unused/");
    app.put(&unused, json!({ "periods": always() })).await.expect(200);
    app.put(&format!("{TENANT}time_schedules/Used/"), json!({ "newName": "Renamed" })).await.expect(200);
    app.delete(&unused).await.expect(200);
    app.put(TENANT, json!({ "name": "Foo" })).await.expect(200);
    app.put(GROUP, json!({ "groupName": "Foo" })).await.expect(200);
    app.put(USER, json!({ "firstName": "Foo" })).await.expect(200);
    app.post(&format!("{GROUP}users/"), json!({ "userId": "other" })).await.expect(201);
    app.put(GROUP, json!({ "timeZone": "Europe/Brussels" })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "do_not_accept", "its time zone is that of its group now");
}

#[apply(both_databases)]
async fn a_time_zone_that_is_not_the_users_leaves_it_in_memory(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    app.put(GROUP, json!({ "timeZone": "Europe/Paris" })).await.expect(200);
    create(&app, "friends", &[FRIEND]).await;
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app.database.execute(SECRETLY).await;
    app.put(TENANT, json!({ "timeZone": "Europe/Vienna" })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app.put(TENANT, json!({ "region": "FR" })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "do_not_accept");
}

#[apply(both_databases)]
async fn treatments_that_do_not_apply_to_a_user_leave_it_in_memory(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let treated =
        |status: u16| json!({ "treatments": [{ "service": "Selective Call Acceptance", "sipStatus": status }] });
    app.put(&format!("{GROUP}treatments/"), treated(480)).await.expect(200);
    let app = remembered_under(app).await;
    app.put(&format!("{TENANT}treatments/"), treated(486)).await.expect(200);
    app.put(&format!("{GROUP}treatments/"), treated(480)).await.expect(200);
    app.put(&format!("{TENANT}protected_callers/"), json!({ "callers": [] })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched", "the group's replaces the tenant's");
    app.put(&format!("{GROUP}treatments/"), treated(403)).await.expect(200);
    assert_eq!(decide(&app, FRIEND).await["sipStatus"], 403);
}

#[apply(both_databases)]
async fn the_schedule_that_a_user_refers_to_makes_it_read_again(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = remembered(app).await;
    let noon = json!([{ "name": "noon", "type": "Day of the week", "dayOfWeek": "Friday" }, always()[0]]);
    app.put(&format!("{TENANT}time_schedules/Used/"), json!({ "periods": noon })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "do_not_accept");
}

#[apply(both_databases)]
async fn a_write_that_changes_nothing_changes_nothing(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = remembered(app).await;
    let before = app.get(SERVICE).await.header("etag").to_owned();
    let (events, changes) = ("SELECT COUNT(*) FROM audit_events", "SELECT COUNT(*) FROM changes");
    let counted = (app.database.number(events).await, app.database.number(changes).await);
    for (path, body) in [
        (TENANT, json!({ "region": "BE" })),
        (GROUP, json!({ "timeZone": null })),
        (USER, json!({ "phoneNumber": NUMBER })),
        (SERVICE, json!({ "criteria": [{ "name": "all", "active": true }, { "name": "none", "delete": true }] })),
        (&format!("{CRITERIA}all/"), json!({ "newName": "all" })),
        (&format!("{TENANT}time_schedules/Used/"), json!({ "newName": "Used", "periods": always() })),
    ] {
        let answer = app.put(path, body.clone()).await;
        answer.expect(200);
        if path.contains("services") {
            assert_eq!(answer.header("etag"), before, "{path} {body}");
        }
    }
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{USER}services/"), services.clone()).await.expect(200);
    app.put(&format!("{CRITERIA}all/"), json!({ "active": "yes" })).await.expect(400);
    app.delete(&format!("{CRITERIA}none/")).await.expect(404);
    assert_eq!(app.get(SERVICE).await.header("etag"), before);
    assert_eq!((app.database.number(events).await, app.database.number(changes).await), counted);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched", "it is in memory still");
    app.send(Method::DELETE, &format!("{USER}services/"), &[JSON], Some(services.to_string())).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "service_not_assigned");
}

async fn aged(kind: Kind) {
    let database = TestDatabase::create(kind).await;
    let mut configuration = config(&database.url);
    configuration.decisions.greatest_age = Duration::from_secs(1);
    let app = remembered_for_a_second(App::on(database, Running::start(configuration).await)).await;
    app.database.execute(SECRETLY).await;
    let began = Instant::now();
    while reason(&app, FRIEND).await != "do_not_accept" {
        assert!(began.elapsed() < Duration::from_secs(60), "it is never read again");
    }
    let token = app.token(json!({ "role": "system_admin" })).await;
    app.send_as(Some(&token), Method::GET, "/api/v1/tenants/", None).await.expect(200);
    let id = token.split('_').nth(1).expect("ca_<id>_<secret>");
    app.database.execute(&format!("DELETE FROM tokens WHERE token_id = '{id}'")).await;
    while app.send_as(Some(&token), Method::GET, "/api/v1/tenants/", None).await.status != 401 {
        assert!(began.elapsed() < Duration::from_secs(60), "the token is never looked for again");
    }
}

async fn remembered_for_a_second(app: App) -> App {
    let app = with_number(app).await;
    create(&app, "friends", &[FRIEND]).await;
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_of_the_maximum_age_are_loaded_again_on_sqlite() {
    aged(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_of_the_maximum_age_are_loaded_again_on_postgres() {
    aged(Kind::Postgres).await;
}

/// The statements that wait for a lock.
async fn waiting(connection: &mut PgConnection) -> i64 {
    let count = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(count).fetch_one(connection).await.expect("PostgreSQL counts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outdated_snapshot_is_used_until_its_successor_is_there_and_few_loads_run_at_once() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.decisions.deadline = Duration::from_millis(500);
    configuration.decisions.connections = 2;
    let app = App::on(database, Running::start(configuration).await).with_user().await;
    let numbers: Vec<String> = (0..10).map(|at| format!("+322555030{at}")).collect();
    for (at, number) in numbers.iter().enumerate() {
        let user = json!({ "userId": format!("u{at}"), "phoneNumber": number });
        app.post(&format!("{GROUP}users/"), user).await.expect(201);
        let call = json!({ "calledNumber": number });
        while app.post(DECISIONS, call.clone()).await.status != 200 {
            tokio::task::yield_now().await;
        }
    }

    let mut locking = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    let mut watching = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    locking.execute("BEGIN; LOCK TABLE user_services IN ACCESS EXCLUSIVE MODE").await.expect("the table is locked");
    app.put(TENANT, json!({ "region": "FR" })).await.expect(200);
    let questions =
        numbers.iter().cycle().take(40).map(|number| app.post(DECISIONS, json!({ "calledNumber": number })));
    let answers = futures_util::future::join_all(questions);
    let mut answers = std::pin::pin!(answers);
    let mut most = 0;
    let answers = loop {
        tokio::select! {
            answers = &mut answers => break answers,
            count = waiting(&mut watching) => most = most.max(count),
        }
    };
    for answer in answers {
        assert_eq!(answer.expect(200)["reason"], "service_not_assigned");
    }
    assert!((1..=2).contains(&most), "{most} loads at once");
    // Users that are not cached get 503 in time, and a decision when the database continues.
    app.post(&format!("{SERVICE}decision/"), json!({})).await.expect_problem(503, "database_unavailable");
    locking.execute("COMMIT").await.expect("the table is free");
    let began = Instant::now();
    while app.post(&format!("{SERVICE}decision/"), json!({})).await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(60), "it is never answered");
    }
}
