//! Liveness and readiness.

use std::os::unix::fs::MetadataExt;

use rstest_reuse::apply;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::{
    database::{Kind, admin_url},
    harness::{App, USER, both_databases},
};

#[apply(both_databases)]
async fn a_server_with_its_database_lives_and_is_ready(#[case] database: Kind) {
    let app = App::start(database).await;
    for path in ["/health/live", "/health/ready"] {
        let health = app.get(path).await.expect(200);
        let plans = call_acceptance::rules::screening::NUMBERING_PLANS;
        let right = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "numberingPlans": plans });
        assert_eq!(health, right);
    }
}

#[tokio::test]
async fn a_server_without_its_database_is_alive_but_not_ready() {
    let app = App::start(Kind::Postgres).await;
    let name = app.database.url.rsplit('/').next().unwrap_or_default();
    let admin = Database::connect(admin_url()).await.expect("PostgreSQL answers");
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("the database can be dropped");
    app.get("/health/live").await.expect(200);
    for path in ["/health/ready", "/api/v1/tenants/"] {
        let answer = app.get(path).await;
        answer.expect_problem(503, "database_unavailable");
        answer.header("retry-after");
    }
}

#[tokio::test]
async fn a_server_whose_database_is_read_only_is_not_ready_and_changes_nothing() {
    let app = App::start(Kind::Postgres).await.with_user().await;
    let name = app.database.url.rsplit('/').next().unwrap_or_default().to_owned();
    app.database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    app.database.execute(end).await;
    let began = std::time::Instant::now();
    // Connections that were ended are noticed when they are used.
    while app.get("/health/ready").await.status != 503 || app.get(USER).await.status != 200 {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "it is ready still");
    }
    app.get("/health/ready").await.expect_problem(503, "database_unavailable");
    app.put(USER, json!({ "firstName": "Foo" })).await.expect_problem(503, "database_unavailable");
}

fn file(app: &App) -> &str {
    app.database.url.trim_start_matches("sqlite://").split('?').next().unwrap_or_default()
}

#[tokio::test]
async fn a_server_whose_file_was_deleted_is_not_ready() {
    let app = App::start(Kind::Sqlite).await;
    app.get("/health/ready").await.expect(200);
    std::fs::remove_file(file(&app)).expect("the file can be deleted");
    app.get("/health/ready").await.expect_problem(503, "database_unavailable");
    std::fs::write(file(&app), "").expect("another file can be put there");
    app.get("/health/ready").await.expect_problem(503, "database_unavailable");
}

#[tokio::test]
async fn a_server_whose_file_was_overwritten_is_not_ready() {
    let app = App::start(Kind::Sqlite).await;
    let mut garbage = std::fs::OpenOptions::new().write(true).open(file(&app)).expect("the file is there");
    std::io::Write::write_all(&mut garbage, &[0xff; 8192]).expect("the file can be written");
    app.get("/health/ready").await.expect_problem(503, "database_unavailable");
}

/// Whether this process has a POSIX lock on the file, as every process that uses an SQLite database in WAL mode.
fn holds_lock(file: &str) -> bool {
    let inode = std::fs::metadata(file).expect("the file is there").ino();
    let locks = std::fs::read_to_string("/proc/locks").expect("Linux lists locks");
    let own = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.contains(&std::process::id().to_string().as_str())
            && fields.iter().any(|field| field.ends_with(&format!(":{inode}")))
    };
    locks.lines().any(own)
}

/// Without its locks, the server would lose what it commits: the next process that closes the file, a backup for
/// example, would delete the write-ahead log.
#[tokio::test]
async fn a_probe_of_readiness_keeps_the_locks_on_the_file() {
    let app = App::start(Kind::Sqlite).await.with_user().await;
    app.get(USER).await.expect(200);
    assert!(holds_lock(file(&app)));
    app.get("/health/ready").await.expect(200);
    assert!(holds_lock(file(&app)));
}
