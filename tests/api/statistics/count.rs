//! What is counted, and how it adds up.

use call_acceptance::config::{Config, StatisticsConfig};
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{FRIEND, NEVER, OF_GROUP, OF_TENANT, STATISTICS, STRANGER, ask, once_counted};
use crate::{
    database::{Kind, TestDatabase},
    decisions::{DECISIONS, NUMBER, USER_DECISION, create, decide, with_number},
    harness::{App, CRITERIA, JSON, Running, USER, both_databases, client, config},
    imports::{LINES, import_file},
    scrape::Scrape,
};

/// The members of `statistics` beside the series, without times.
fn counts(statistics: &Value) -> Value {
    let mut counts = statistics.clone();
    counts.as_object_mut().expect("an object").remove("series");
    for criteria in counts["criteria"].as_array_mut().expect("a list") {
        let last = criteria.as_object_mut().expect("an object").remove("lastMatchedAt");
        assert_eq!(last.is_some(), criteria["matched"] != 0, "{statistics:#}");
    }
    counts
}

/// The sums of the entries of the series.
fn sums(statistics: &Value) -> [i64; 2] {
    let series = statistics["series"].as_array().expect("a list");
    ["accepted", "rejected"].map(|verdict| series.iter().filter_map(|entry| entry[verdict].as_i64()).sum())
}

#[apply(both_databases)]
async fn questions_of_nodes_are_counted_by_reason_criteria_and_interval(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    create(&app, "friends", &[FRIEND]).await;
    create(&app, "nobody", &["+3225000000"]).await;
    // None of these is counted.
    app.post(USER_DECISION, json!({ "callingNumber": FRIEND })).await.expect(200);
    let then = json!({ "calledNumber": NUMBER, "callingNumber": FRIEND, "at": "2026-11-26T16:00:00Z" });
    app.post(DECISIONS, then).await.expect(200);
    app.post(DECISIONS, json!({ "calledNumber": "+3225550199", "callingNumber": FRIEND })).await.expect(200);
    for caller in [FRIEND, STRANGER, FRIEND, STRANGER] {
        decide(&app, caller).await;
    }
    let by_url = format!("{DECISIONS}?calledNumber=%2B3225550100&callingNumber=%2B3225126778");
    app.get(&by_url).await.expect(200);

    let statistics = once_counted(&app, STATISTICS, 5).await;
    let service = "Selective Call Acceptance";
    let expected = json!({
        "accepted": 2, "rejected": 3,
        "reasons": [{ "reason": "criteria_matched", "count": 2 }, { "reason": "no_criteria_matched", "count": 3 }],
        "criteria": [
            { "service": service, "criteria": "friends", "matched": 2 },
            { "service": service, "criteria": "nobody", "matched": 0 },
        ],
    });
    assert_eq!(counts(&statistics), expected);
    assert_eq!(statistics["series"].as_array().map(Vec::len), Some(31));
    assert_eq!(sums(&statistics), [2, 3]);
    for path in [OF_GROUP, OF_TENANT] {
        let of_all = app.get(path).await.expect(200);
        assert_eq!(of_all["criteria"], json!([]));
        for member in ["accepted", "rejected", "reasons", "series"] {
            assert_eq!(of_all[member], statistics[member], "{path} {member}");
        }
    }
    let last = statistics["criteria"][0]["lastMatchedAt"].as_str().expect("it has matched").to_owned();
    for path in [STATISTICS, OF_GROUP, OF_TENANT] {
        // Hours that have passed since are in it; unless the hour changed between the two calls, both are.
        let by_hour = sums(&app.get(&format!("{path}?interval=hour&from={last}")).await.expect(200));
        assert!((1..=2).contains(&by_hour[0]), "{path} {by_hour:?}");
        let before = format!("{path}?from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z");
        let before = app.get(&before).await.expect(200);
        assert_eq!((sums(&before), &before["reasons"]), ([0, 0], &json!([])));
        assert_eq!(before["series"].as_array().map(Vec::len), Some(30));
    }
}

#[apply(both_databases)]
async fn calls_to_more_users_than_a_statement_takes_are_all_counted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let users = 0..1100;
    let number = |user| format!("+322555{user:04}");
    let line = |user| {
        let id = format!("user{user}");
        let line = json!({ "kind": "user", "groupId": "foogroup", "userId": id, "phoneNumber": number(user) });
        format!("{line}\n")
    };
    let file: String = users.clone().map(line).collect();
    import_file(&app, "", LINES, &file).await;
    let statistics = StatisticsConfig { interval: NEVER, ..StatisticsConfig::default() };
    let server = Running::start(Config { statistics, ..config(&app.database.url) }).await;
    let url = format!("{}{DECISIONS}", server.url());
    for user in users.clone() {
        let call = json!({ "calledNumber": number(user) }).to_string();
        let answer = client().post(&url).header(JSON.0, JSON.1).body(call).send().await.expect("the server answers");
        assert_eq!(answer.status(), 200);
    }
    server.stop().await;
    once_counted(&app, OF_GROUP, users.end).await;
}

#[apply(both_databases)]
async fn a_criteria_keeps_its_counts_when_it_is_renamed_and_none_inherits_them(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    let any = |name: &str| json!({ "name": name, "fromDnCriteria": { "selection": "Any" } });
    app.post(CRITERIA, any("a")).await.expect(200);
    decide(&app, FRIEND).await;
    once_counted(&app, STATISTICS, 1).await;
    app.put(&format!("{CRITERIA}a/"), json!({ "newName": "b", "description": "renamed" })).await.expect(200);
    let named = async |name: &str, matched: i64, calls: i64| {
        let statistics = counts(&once_counted(&app, STATISTICS, calls).await);
        let criteria = json!([{ "service": "Selective Call Acceptance", "criteria": name, "matched": matched }]);
        assert_eq!(statistics["criteria"], criteria);
    };
    named("b", 1, 1).await;
    decide(&app, FRIEND).await;
    named("b", 2, 2).await;

    app.delete(&format!("{CRITERIA}b/")).await.expect(200);
    let left = once_counted(&app, STATISTICS, 2).await;
    assert_eq!((&left["accepted"], &left["criteria"]), (&json!(2), &json!([])));
    // It takes the same position, and the same name.
    app.post(CRITERIA, any("b")).await.expect(200);
    named("b", 0, 2).await;
    decide(&app, FRIEND).await;
    named("b", 1, 3).await;

    let service = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    let services = format!("{USER}services/");
    let body = Some(service.to_string());
    app.send(Method::DELETE, &services, &[JSON], body).await.expect(200);
    app.post(&services, service).await.expect(200);
    app.post(CRITERIA, any("b")).await.expect(200);
    named("b", 0, 3).await;
}

#[apply(both_databases)]
async fn criteria_of_an_earlier_release_are_counted_too(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    create(&app, "friends", &[FRIEND]).await;
    app.database.execute("UPDATE criteria SET created_revision = NULL").await;
    decide(&app, FRIEND).await;
    let statistics = once_counted(&app, STATISTICS, 1).await;
    assert_eq!(statistics["criteria"][0]["matched"], 1, "{statistics:#}");
}

#[apply(both_databases)]
async fn two_instances_add_up(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    create(&app, "friends", &[FRIEND]).await;
    let other = Running::start(config(&app.database.url)).await;
    for _ in 0..50 {
        tokio::join!(ask(&other, FRIEND), async { decide(&app, STRANGER).await }, ask(&other, STRANGER));
    }
    let statistics = once_counted(&app, STATISTICS, 150).await;
    assert_eq!(sums(&statistics), [50, 100]);
    assert_eq!(statistics["criteria"][0]["matched"], 50);
    assert_eq!(sums(&app.get(OF_TENANT).await.expect(200)), [50, 100]);
}

#[apply(both_databases)]
async fn what_is_counted_is_written_when_the_server_stops(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    let statistics = StatisticsConfig { interval: NEVER, ..StatisticsConfig::default() };
    let slow = || Config { statistics, ..config(&database.url) };
    let (first, second) = (Running::start(slow()).await, Running::start(slow()).await);
    let app = with_number(App::on(database, second)).await;
    for _ in 0..3 {
        ask(&first, FRIEND).await;
        decide(&app, FRIEND).await;
    }
    assert_eq!(sums(&app.get(STATISTICS).await.expect(200)), [0, 0]);
    first.stop().await;
    assert_eq!(sums(&app.get(STATISTICS).await.expect(200)), [3, 0]);
}

/// How many flushes have failed in this process, which is the test's own.
async fn failed_flushes(app: &App) -> f64 {
    Scrape::of(app).await.value("call_acceptance_statistics_flushes_total{result=\"failed\"}")
}

#[apply(both_databases)]
async fn what_cannot_be_written_is_kept_and_counted_once(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    app.database.execute("ALTER TABLE statistics RENAME TO away").await;
    for _ in 0..3 {
        let failed = failed_flushes(&app).await;
        decide(&app, FRIEND).await;
        while failed_flushes(&app).await == failed {}
    }
    app.database.execute("ALTER TABLE away RENAME TO statistics").await;
    decide(&app, FRIEND).await;
    let statistics = once_counted(&app, STATISTICS, 4).await;
    assert_eq!(statistics["reasons"], json!([{ "reason": "no_active_criteria", "count": 4 }]));
}
