//! An unreachable database at the start, or one that becomes unavailable later.

use call_acceptance::{app::Application, store};
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::sqlx::{self, Connection, Executor, PgConnection};

use crate::{
    database::{Kind, TestDatabase, admin_url},
    harness::{App, SERVICE, config},
};

async fn as_admin(statement: String) {
    let mut connection = PgConnection::connect(&admin_url()).await.expect("PostgreSQL answers");
    connection.execute(sqlx::AssertSqlSafe(statement)).await.expect("the statement runs");
}

fn name(database: &TestDatabase) -> &str {
    database.url.rsplit('/').next().expect("the URL ends with the database")
}

/// Closes all connections to the database and refuses new ones.
async fn take_away(database: &TestDatabase) {
    let name = name(database);
    as_admin(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    as_admin(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
}

async fn give_back(database: &TestDatabase) {
    as_admin(format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", name(database))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_503_until_it_is_back() {
    let app = App::start(Kind::Postgres).await.with_user().await;
    let before = app.get(SERVICE).await.expect(200);
    // Leaves more connections idle than there are requests meanwhile.
    for answer in join_all((0..8).map(|_| app.get(SERVICE))).await {
        answer.expect(200);
    }
    take_away(&app.database).await;
    for _ in 0..3 {
        let answer = app.get(SERVICE).await;
        answer.expect_problem(503, "database_unavailable");
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        app.get("/health/ready").await.expect(503);
        app.get("/health/live").await.expect(200);
    }
    give_back(&app.database).await;
    assert_eq!(app.get(SERVICE).await.expect(200), before);
    assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_error_for_an_unreachable_database_names_the_database_and_the_cause() {
    for (url, parts) in [
        ("postgres://me:secret@127.0.0.1:1/nowhere", ["127.0.0.1:1", "nowhere", "refused"]),
        ("sqlite:///no/such/folder/test.db?mode=rwc", ["SQLite", "/no/such/folder/test.db", "unable to open"]),
    ] {
        let error = Application::build(config(url)).await.err().expect("there is no database").to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("secret"), "{error}");
        assert!(store::migrate(url).await.is_err());
    }
}
