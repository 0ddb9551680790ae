//! No change is lost between instances, whatever the clock of the database does and however late a transaction commits.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rstest_reuse::apply;
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use serde_json::json;

use super::{
    create,
    instances::{FRIEND, Other},
    with_number,
};
use crate::{
    database::Kind,
    harness::{App, CRITERIA, Running, USER, both_databases, stranger},
};

/// Whether an instance accepts the token.
async fn knows(instance: &Running, token: &str) -> bool {
    let request = stranger().get(format!("{}/api/v1/tenants/", instance.url())).bearer_auth(token);
    request.send().await.expect("the server answers").status().is_success()
}

#[apply(both_databases)]
async fn a_change_is_followed_when_the_clock_went_a_minute_back(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &[]).await;
    let token = app.token(json!({ "role": "system_admin" })).await;
    // As if the clock was a minute ahead so far.
    app.database.execute("UPDATE changes SET changed_at = changed_at + 60000000").await;
    let other = Other::beside(&app).await;
    other.follows(Instant::now(), "no_criteria_matched").await;
    assert!(knows(&other.server, &token).await);

    app.put(&format!("{CRITERIA}friends/"), json!({ "fromDnCriteria": { "phoneNumbers": [FRIEND] } }))
        .await
        .expect(200);
    other.follows(Instant::now(), "criteria_matched").await;
    let id = token.split('_').nth(1).expect("ca_<id>_<secret>");
    app.delete(&format!("/api/v1/tokens/{id}/")).await.expect(200);
    let revoked = Instant::now();
    while knows(&other.server, &token).await {
        assert!(revoked.elapsed() < Duration::from_secs(60), "the other instance still takes the token");
    }
}

#[apply(both_databases)]
async fn old_changes_are_deleted_and_later_ones_are_not_lost(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    create(&app, "friends", &[]).await;
    let hours = 2 * 3600 * 1_000_000_i64;
    app.database.execute(&format!("UPDATE changes SET changed_at = changed_at - {hours}")).await;
    // An instance deletes old changes when it starts, except those that an open transaction may precede; on PostgreSQL
    // an open transaction of any database of the server counts.
    let began = Instant::now();
    let other = loop {
        let other = Other::beside(&app).await;
        other.follows(Instant::now(), "no_criteria_matched").await;
        if app.database.number("SELECT COUNT(*) FROM changes").await == 1 {
            break other;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "they are still there");
    };
    other.follows(Instant::now(), "no_criteria_matched").await;
    app.delete(&format!("{CRITERIA}friends/")).await.expect(200);
    other.follows(Instant::now(), "no_active_criteria").await;
}

#[apply(both_databases)]
async fn many_writers_through_two_instances_are_followed_by_both(#[case] database: Kind) {
    let app = App::start(database).await;
    let app = with_number(app).await;
    let other = Other::beside(&app).await;
    let users = USER.trim_end_matches("foouser/");
    let numbers: BTreeMap<String, String> = (0..8).map(|at| (format!("u{at}"), format!("+322555020{at}"))).collect();
    for (user, number) in &numbers {
        app.post(users, json!({ "userId": user, "phoneNumber": number })).await.expect(201);
        let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
        app.post(&format!("{users}{user}/services/"), services).await.expect(200);
        other.follows_for(number, Instant::now(), "no_active_criteria").await;
    }
    let (app, other) = (&app, &other);
    let writers = numbers.iter().map(|(user, number)| async move {
        let service = format!("{users}{user}/services/selective_call_acceptance/");
        for round in 0..10 {
            let from = json!({ "selection": if round % 2 == 0 { "Any" } else { "Specified Only" } });
            app.put(&service, json!({ "criteria": [{ "name": "all", "fromDnCriteria": from }] })).await.expect(200);
            let wanted = if round % 2 == 0 { "criteria_matched" } else { "no_criteria_matched" };
            other.follows_for(number, Instant::now(), wanted).await;
        }
    });
    futures_util::future::join_all(writers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_commits_long_after_it_inserted_its_change_is_not_missed() {
    let app = with_number(App::start(Kind::Postgres).await).await;
    create(&app, "friends", &[]).await;
    let other = Other::beside(&app).await;
    other.follows(Instant::now(), "no_criteria_matched").await;

    // An instance that is frozen between inserting its change and the commit; the change looks an hour old afterwards.
    let mut frozen = PgConnection::connect(&app.database.url).await.expect("PostgreSQL answers");
    for statement in [
        "BEGIN",
        "UPDATE criteria SET active = false",
        "INSERT INTO changes (tenant_id, change_id, position, changed_at, kind, group_id, user_id) \
         SELECT tenant_id, gen_random_uuid(), pg_current_xact_id()::text::bigint, changed_at - 3500000000, kind, \
         group_id, user_id FROM changes WHERE user_id = 'foouser' ORDER BY position DESC LIMIT 1",
    ] {
        frozen.execute(statement).await.expect("the statement runs");
    }
    // Concurrent changes are read, so the reader has moved on.
    let users = USER.trim_end_matches("foouser/");
    let (other_user, number) = (format!("{users}other/"), "+3225550199");
    app.post(users, json!({ "userId": "other", "phoneNumber": number })).await.expect(201);
    other.follows_for(number, Instant::now(), "service_not_assigned").await;
    app.put(&other_user, json!({ "phoneNumber": null })).await.expect(200);
    other.follows_for(number, Instant::now(), "unknown_called_number").await;
    other.follows(Instant::now(), "no_criteria_matched").await;

    frozen.execute("COMMIT").await.expect("the transaction is committed");
    other.follows(Instant::now(), "no_active_criteria").await;
}
