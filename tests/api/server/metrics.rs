//! The metrics: each moves when its event occurs, and the page in docs/ lists them all.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::NonZeroU32,
    path::Path,
    time::{Duration, Instant},
};

use call_acceptance::app::Application;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    database::{Kind, TestDatabase},
    decisions::{DECISIONS, NUMBER, USER_DECISION, create, with_number},
    harness::{Answer, App, Running, SERVICE, USER, both_databases, config, stranger},
    scrape::Scrape,
    server::connections::connect_from,
};

const TENANTS: &str = "/api/v1/tenants/";
const FRIEND: &str = "+3225126777";

async fn with(database: Kind, change: impl FnOnce(&mut call_acceptance::config::Config)) -> App {
    let database = TestDatabase::create(database).await;
    let mut configuration = config(&database.url);
    change(&mut configuration);
    App::on(database, Running::start(configuration).await)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Scrapes until the condition holds.
async fn until(app: &App, condition: impl Fn(&Scrape) -> bool) -> Scrape {
    let began = Instant::now();
    loop {
        let scrape = Scrape::of(app).await;
        if condition(&scrape) {
            return scrape;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to that: {scrape:#?}");
        tokio::task::yield_now().await;
    }
}

#[apply(both_databases)]
async fn requests_are_counted_by_operation_and_status(#[case] database: Kind) {
    let app = App::start(database).await;
    let before = Scrape::of(&app).await;
    for error in [500, 503] {
        let none = format!("call_acceptance_http_requests_total{{operation=\"tenants_list\",status=\"{error}\"}}");
        assert_eq!(before.find(&none), Some(0.0), "an alert sees the first error");
    }
    app.get(TENANTS).await.expect(200);
    app.get(TENANTS).await.expect(200);
    app.get("/api/v1/tenants/none/").await.expect(404);
    app.get("/nothing").await.expect(404);
    let mut connection = TcpStream::connect(app.url("").trim_start_matches("http://")).await.expect("it is open");
    connection.write_all(b"hello\r\n\r\n").await.expect("it is sent");
    connection.read_to_end(&mut Vec::new()).await.expect("it is answered");
    let after = Scrape::of(&app).await;
    after.assert_rise(
        &before,
        &[
            ("call_acceptance_http_requests_total{operation=\"tenants_list\",status=\"200\"}", 2.0),
            ("call_acceptance_http_requests_total{operation=\"tenant_view\",status=\"404\"}", 1.0),
            ("call_acceptance_http_requests_total{operation=\"-\",status=\"404\"}", 1.0),
            ("call_acceptance_http_requests_total{operation=\"-\",status=\"400\"}", 1.0),
            ("call_acceptance_http_request_duration_seconds_count{operation=\"tenants_list\"}", 2.0),
            ("call_acceptance_http_request_duration_seconds_bucket{operation=\"tenants_list\",le=\"+Inf\"}", 2.0),
        ],
    );
    assert_eq!(after.value("call_acceptance_http_requests_in_progress"), 1.0, "the scrape itself");
}

#[apply(both_databases)]
async fn decisions_are_counted_by_reason_and_snapshots_by_where_they_were_found(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    create(&app, "friends", &[FRIEND]).await;
    let before = Scrape::of(&app).await;
    for (called, calling) in [(NUMBER, FRIEND), (NUMBER, FRIEND), (NUMBER, "+3225550199"), ("+3225559999", FRIEND)] {
        let call = json!({ "calledNumber": called, "callingNumber": calling });
        app.post(DECISIONS, call).await.expect(200);
    }
    app.post(USER_DECISION, json!({ "callingNumber": FRIEND })).await.expect(200);
    let after = Scrape::of(&app).await;
    let rises = [
        ("decisions_total{decision=\"accept\",reason=\"criteria_matched\"}", 3.0),
        ("decisions_total{decision=\"reject\",reason=\"no_criteria_matched\"}", 1.0),
        ("decisions_total{decision=\"accept\",reason=\"unknown_called_number\"}", 1.0),
        ("decisions_total{decision=\"accept\",reason=\"no_active_criteria\"}", 0.0),
        ("decisions_stale_total", 0.0),
        ("snapshot_lookups_total{outcome=\"loaded\"}", 2.0),
        ("snapshot_lookups_total{outcome=\"memory\"}", 3.0),
        ("snapshot_loads_total{result=\"loaded\"}", 1.0),
        ("snapshot_loads_total{result=\"absent\"}", 1.0),
        ("snapshot_evictions_total", 0.0),
        ("snapshots", 1.0),
    ];
    for (sample, rise) in rises {
        after.assert_rise(&before, &[(&format!("call_acceptance_{sample}"), rise)]);
    }
    let bytes = after.value("call_acceptance_snapshots_bytes");
    assert!(bytes > 0.0 && bytes < after.value("call_acceptance_snapshots_max_bytes"), "{bytes}");
    assert_eq!(after.value("call_acceptance_snapshot_loads_queued"), 0.0);
}

#[apply(both_databases)]
async fn evicted_snapshots_are_counted(#[case] database: Kind) {
    let app = with(database, |config| config.decisions.memory = 1500).await.with_user().await;
    let users = "/api/v1/tenants/foo/groups/foogroup/users/";
    let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
    for user in ["a", "b", "c", "d"] {
        app.post(users, json!({ "userId": user })).await.expect(201);
        app.post(&format!("{users}{user}/services/"), services.clone()).await.expect(200);
        app.post(&USER_DECISION.replace("foouser", user), json!({})).await.expect(200);
    }
    let scrape = Scrape::of(&app).await;
    let (evicted, kept) =
        (scrape.value("call_acceptance_snapshot_evictions_total"), scrape.value("call_acceptance_snapshots"));
    assert!(evicted > 0.0 && (evicted + kept - 4.0).abs() < f64::EPSILON, "{evicted} evicted, {kept} kept");
}

#[apply(both_databases)]
async fn an_unreadable_feed_shows_as_lag_stale_decisions_and_failed_lookups(#[case] database: Kind) {
    let app = with(database, |config| config.decisions.staleness = Duration::from_millis(300)).await;
    let app = with_number(app).await;
    let call = json!({ "calledNumber": NUMBER });
    app.post(DECISIONS, call.clone()).await.expect(200);
    let before = until(&app, |scrape| scrape.value("call_acceptance_feed_lag_seconds") < 0.3).await;
    app.database.execute("DROP TABLE changes").await;
    until(&app, |scrape| scrape.value("call_acceptance_feed_lag_seconds") > 0.3).await;
    assert_eq!(app.post(DECISIONS, call).await.expect(200)["stale"], true);
    let other = json!({ "calledNumber": "+3225550101" });
    app.post(DECISIONS, other).await.expect_problem(503, "database_unavailable");
    let after = Scrape::of(&app).await;
    after.assert_rise(
        &before,
        &[
            ("call_acceptance_decisions_stale_total", 1.0),
            ("call_acceptance_snapshot_lookups_total{outcome=\"stale\"}", 1.0),
            ("call_acceptance_snapshot_lookups_total{outcome=\"unavailable\"}", 1.0),
        ],
    );
    let errors = "call_acceptance_database_errors_total{kind=\"internal\"}";
    assert!(after.value(errors) > before.value(errors), "the feed cannot be read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lookup_that_meets_the_deadline_is_counted_as_such() {
    let app = with(Kind::Postgres, |config| config.decisions.deadline = Duration::from_millis(100)).await;
    let app = with_number(app).await;
    let mut lock = app.database.connect().await;
    sea_orm::sqlx::raw_sql("BEGIN; LOCK TABLE users").execute(&mut lock).await.expect("nobody else has the lock");
    app.post(DECISIONS, json!({ "calledNumber": NUMBER })).await.expect_problem(503, "database_unavailable");
    let scrape = Scrape::of(&app).await;
    assert_eq!(scrape.value("call_acceptance_snapshot_lookups_total{outcome=\"deadline_exceeded\"}"), 1.0);
    let in_use = scrape.value("call_acceptance_database_connections{pool=\"decisions\",state=\"in_use\"}");
    assert!(in_use >= 1.0, "the load still waits: {in_use}");
}

#[apply(both_databases)]
async fn errors_of_the_database_and_its_connections_are_counted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let before = Scrape::of(&app).await;
    app.post(TENANTS, json!({ "tenantId": "foo" })).await.expect(409);
    let errors = "call_acceptance_database_errors_total{kind=\"internal\"}";
    assert_eq!(Scrape::of(&app).await.value(errors), before.value(errors), "a conflict is no error");
    app.database.execute("ALTER TABLE user_services RENAME TO gone").await;
    app.get(SERVICE).await.expect_problem(500, "internal_error");
    let after = Scrape::of(&app).await;
    assert!(after.value(errors) > before.value(errors));
    let pool = |state: &str| {
        after.value(&format!("call_acceptance_database_connections{{pool=\"requests\",state=\"{state}\"}}"))
    };
    let most = after.value("call_acceptance_database_connections_max{pool=\"requests\"}");
    assert_eq!(most, 5.0);
    assert!((1.0..=most).contains(&(pool("in_use") + pool("idle"))), "{after:#?}");
}

#[apply(both_databases)]
async fn failed_authentications_are_counted_by_reason(#[case] database: Kind) {
    let app = with(database, |config| config.failed_authentications = NonZeroU32::MIN).await;
    let before = Scrape::of(&app).await;
    app.send_as(None, Method::GET, TENANTS, None).await.expect(401);
    app.send_as(Some("nonsense"), Method::GET, TENANTS, None).await.expect(401);
    app.send_as(Some("nonsense"), Method::GET, TENANTS, None).await.expect(429);
    let failures = "call_acceptance_authentication_failures_total";
    for reason in ["no_credentials", "invalid_credentials", "too_many_attempts"] {
        let sample = format!("{failures}{{reason=\"{reason}\"}}");
        Scrape::of(&app).await.assert_rise(&before, &[(&sample, 1.0)]);
    }
    app.database.execute("ALTER TABLE tokens RENAME TO gone").await;
    let token = format!("ca_{:032x}_unknown", 7);
    app.send("GET".parse().expect("a method"), TENANTS, &[("Authorization", &format!("Bearer {token}"))], None)
        .await
        .expect(500);
    Scrape::of(&app).await.assert_rise(&before, &[(&format!("{failures}{{reason=\"unavailable\"}}"), 1.0)]);
}

#[apply(both_databases)]
async fn refusals_that_are_not_recorded_are_counted(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let token = app.token(json!({ "role": "tenant_admin", "tenantId": "foo", "readOnly": true })).await;
    for _ in 0..20 {
        app.send_as(Some(&token), Method::DELETE, USER, None).await.expect(403);
    }
    // Ten of a tenant are recorded a minute.
    let lost = Scrape::of(&app).await.value("call_acceptance_refusals_not_recorded_total");
    assert!((1.0..=10.0).contains(&lost), "{lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_counted_open_and_when_they_meet_a_limit() {
    let app = with(Kind::Sqlite, |config| config.connections_per_address = 20).await;
    let before = Scrape::of(&app).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(connect_from("127.0.0.2", &app).await);
    }
    let refused = connect_from("127.0.0.2", &app).await.read(&mut [0]).await;
    assert!(matches!(refused, Ok(0) | Err(_)), "it is closed without an answer");
    let limited = "call_acceptance_connections_limited_total{limit=\"connections_per_address\"}";
    let after = Scrape::of(&app).await;
    after.assert_rise(&before, &[(limited, 1.0)]);
    assert!(after.value("call_acceptance_connections_open") >= 21.0);
    assert!(after.value("call_acceptance_connections_accepted_total") >= 22.0);
    drop(held);
    until(&app, |scrape| scrape.value("call_acceptance_connections_open") < 20.0).await;
    assert_eq!(after.value("call_acceptance_connections_max"), 4096.0);
}

#[apply(both_databases)]
async fn metrics_need_no_token_and_name_nobody(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    app.post(DECISIONS, json!({ "calledNumber": NUMBER, "callingNumber": FRIEND })).await.expect(200);
    let text = app.send_as(None, Method::GET, "/metrics", None).await.expect_text().to_owned();
    for secret in ["foo", &NUMBER[1..], &FRIEND[1..]] {
        assert!(!text.contains(secret), "{secret} is in it");
    }
    let plans = call_acceptance::rules::screening::NUMBERING_PLANS;
    let build =
        format!("call_acceptance_build_info{{numbering_plans=\"{plans}\",version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    let scrape = Scrape::parse(&text);
    assert_eq!(scrape.value(&build), 1.0);
    assert!(scrape.value("process_resident_memory_bytes") > 0.0);
    assert_eq!(app.post("/metrics", json!({})).await.expect(405)["code"], "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_can_have_an_address_of_their_own() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    configuration.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    configuration.open = true;
    let application = Application::build(configuration).await.expect("the server starts");
    let [api, metrics] = [application.address(), application.metrics_address().expect("it has one")];
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(application.run_until(async { drop(stopped.await) }));
    let ask = |address, path: &'static str| async move {
        let request = stranger().get(format!("http://{address}{path}"));
        // With this name the API of an open server answers nobody.
        let request = request.header("Host", "monitoring.example.com");
        Answer::of(request.send().await.expect("the server answers")).await
    };
    Scrape::parse(ask(metrics, "/metrics").await.expect_text());
    ask(api, "/metrics").await.expect_problem(403, "forbidden");
    let on_api = stranger().get(format!("http://{api}/metrics")).send().await.expect("the server answers");
    Answer::of(on_api).await.expect_problem(404, "route_not_found");
    for path in ["/api/v1/tenants/", "/health/live", "/docs/", "/"] {
        ask(metrics, path).await.expect_problem(404, "route_not_found");
    }
    drop(stop);
    serving.await.expect("the server stops");
}

/// The rows of the table of metrics: type and labels by name.
fn printed() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = fs::read_to_string(root().join("docs/operating.md")).expect("the page is there");
    let section = page.split("\n## Metrics\n").nth(1).and_then(|rest| rest.split("\n### ").next());
    let rows = section.expect("it has a section").lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let labels = |cell: &str| cell.split(", ").filter(|label| !label.is_empty()).map(unquoted).collect();
    cells.map(|cells| (unquoted(cells[0]), (cells[1].to_owned(), labels(cells[2])))).collect()
}

fn unquoted(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_metrics_lists_what_a_scrape_has() {
    let app = App::start(Kind::Sqlite).await;
    app.get(TENANTS).await.expect(200);
    assert_eq!(printed(), Scrape::of(&app).await.families);
}
