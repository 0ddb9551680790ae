//! Decisions by number lists, and how they follow changes of lists.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest_reuse::apply;
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use serde_json::{Value, json};

use super::{ENTRIES, LIST, TENANT, entries, with_list};
use crate::{
    database::{Kind, TestDatabase},
    decisions::{DECISIONS, NUMBER, instances::Other, reason, with_number},
    harness::{App, CRITERIA, JSON, Running, SERVICE, USER, both_databases, config},
};

const FRIEND: &str = "+3225126777";

/// A user whose criteria refers to the list of the tenant.
async fn referring(app: App, patterns: &[&str]) -> App {
    let app = with_list(with_number(app).await, patterns).await;
    let lists = json!([{ "level": "Tenant", "name": "L" }]);
    let from = json!({ "selection": "Specified Only", "numberLists": lists });
    app.post(CRITERIA, json!({ "name": "listed", "fromDnCriteria": from })).await.expect(200);
    app
}

async fn delete(app: &App, patterns: &[&str]) {
    let body = json!({ "patterns": patterns }).to_string();
    app.send(Method::DELETE, ENTRIES, &[JSON], Some(body)).await.expect(200);
}

#[apply(both_databases)]
async fn an_entry_matches_as_a_number_of_the_criteria_does(#[case] database: Kind) {
    let app = referring(App::start(database).await, &["+3290*", "025126777", "+331234567?", "100"]).await;
    for (caller, listed) in [
        (FRIEND, true),
        ("025126777", true),
        ("0032902345678", true),
        ("+33123456789", false),
        ("+3312345678", true),
        ("100", true),
        ("200", false),
        ("anonymous", false),
    ] {
        let expected = if listed { "criteria_matched" } else { "no_criteria_matched" };
        assert_eq!(reason(&app, caller).await, expected, "{caller}");
    }
    let withheld = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND, "presentation": "restricted" });
    assert_eq!(app.post(DECISIONS, withheld).await.expect(200)["reason"], "no_criteria_matched");
}

#[apply(both_databases)]
async fn a_change_of_the_list_is_seen_by_the_next_decision(#[case] database: Kind) {
    let app = referring(App::start(database).await, &[]).await;
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
    app.post(ENTRIES, entries(&[FRIEND])).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app.put(LIST, json!({ "newName": "M" })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched", "a renamed list is the same");
    app.put(&format!("{TENANT}number_lists/M/"), json!({ "newName": "L" })).await.expect(200);
    delete(&app, &[FRIEND]).await;
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
    let csv = [("Content-Type", "text/csv")];
    app.send(Method::PUT, ENTRIES, &csv, Some("pattern\n025126777\n".to_owned())).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app.put(TENANT, json!({ "region": "FR" })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched", "it is a number of another region");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_whose_change_cannot_be_loaded_in_time_is_used_as_it_was_and_decisions_say_so() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut configuration = config(&database.url);
    configuration.decisions.staleness = Duration::from_millis(500);
    configuration.decisions.deadline = Duration::from_secs(2);
    let app = referring(App::on(database, Running::start(configuration).await), &[FRIEND]).await;
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    delete(&app, &[FRIEND]).await;
    let mut busy = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    busy.execute("BEGIN; LOCK TABLE number_list_entries").await.expect("the table can be locked");
    let (call, began) = (json!({ "calledNumber": NUMBER, "callingNumber": FRIEND }), Instant::now());
    while app.post(DECISIONS, call.clone()).await.expect(200)["stale"] != true {
        assert!(began.elapsed() < Duration::from_secs(60), "it is never stale");
    }
    busy.execute("ROLLBACK").await.expect("the lock can be released");
    while reason(&app, FRIEND).await != "no_criteria_matched" {
        assert!(began.elapsed() < Duration::from_secs(60), "the change is never seen");
    }
}

async fn is_followed(kind: Kind) {
    let app = referring(App::start(kind).await, &[]).await;
    let other = Other::beside(&app).await;
    other.follows(Instant::now(), "no_criteria_matched").await;
    app.post(ENTRIES, entries(&["+3290*"])).await.expect(200);
    other.follows(Instant::now(), "no_criteria_matched").await;
    app.post(ENTRIES, entries(&[FRIEND])).await.expect(200);
    other.follows(Instant::now(), "criteria_matched").await;
    delete(&app, &[FRIEND]).await;
    other.follows(Instant::now(), "no_criteria_matched").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_follows_a_change_of_a_list_on_sqlite() {
    is_followed(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_follows_a_change_of_a_list_on_postgres() {
    is_followed(Kind::Postgres).await;
}

#[apply(both_databases)]
async fn a_change_of_a_list_outdates_no_user(#[case] database: Kind) {
    let app = referring(App::start(database).await, &[]).await;
    assert_eq!(reason(&app, FRIEND).await, "no_criteria_matched");
    // Without an entry in the feed: it reveals whether the user has been reloaded.
    app.database.execute("UPDATE criteria SET do_not_perform_action = true").await;
    app.post(ENTRIES, entries(&[FRIEND])).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
}

#[apply(both_databases)]
async fn all_users_share_one_copy_of_a_list(#[case] database: Kind) {
    let app = referring(App::start(database).await, &[FRIEND]).await;
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    app.post(users, json!({ "userId": "other", "phoneNumber": "+3225550101" })).await.expect(201);
    let service = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    app.post(&format!("{users}other/services/"), service).await.expect(200);
    let criteria = app.get(SERVICE).await.expect(200);
    app.put(&SERVICE.replace("foouser", "other"), criteria).await.expect(200);
    // It reveals whether the list is loaded once more.
    app.database.execute("DELETE FROM number_list_entries").await;
    let call = json!({ "calledNumber": "+3225550101", "callingNumber": FRIEND });
    assert_eq!(app.post(DECISIONS, call).await.expect(200)["reason"], "criteria_matched");
}

#[apply(both_databases)]
async fn an_expired_entry_matches_nothing_from_its_end_on(#[case] database: Kind) {
    let app = referring(App::start(database).await, &["+3290*"]).await;
    let end = "2027-01-01T00:00:00Z";
    app.post(ENTRIES, json!({ "entries": [{ "pattern": FRIEND, "expiresAt": end }] })).await.expect(200);
    for (at, expected) in [("2026-12-31T23:59:59.999Z", "criteria_matched"), (end, "no_criteria_matched")] {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND, "at": at });
        assert_eq!(app.post(DECISIONS, call).await.expect(200)["reason"], expected, "{at}");
    }
}

#[apply(both_databases)]
async fn the_explanation_says_whether_a_list_matched(#[case] database: Kind) {
    let app = referring(App::start(database).await, &[FRIEND]).await;
    for (caller, expected) in [(FRIEND, "matched"), ("200", "number_not_matched")] {
        let call = json!({ "calledNumber": NUMBER, "callingNumber": caller });
        let decision: Value = app.post(&format!("{DECISIONS}?explain=true"), call).await.expect(200);
        assert_eq!(decision["explanation"][0]["outcome"], expected, "{caller}");
    }
}

#[apply(both_databases)]
async fn a_criteria_that_selects_all_callers_loads_no_list(#[case] database: Kind) {
    let app = referring(App::start(database).await, &[]).await;
    let any = json!({ "fromDnCriteria": { "selection": "Any" } });
    app.put(&format!("{CRITERIA}listed/"), any).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
    app.put(USER, json!({ "firstName": "x" })).await.expect(200);
    assert_eq!(reason(&app, FRIEND).await, "criteria_matched");
}
