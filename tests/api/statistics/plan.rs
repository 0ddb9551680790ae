//! The database cost of statistics: those of a tenant of 50,000 users read as many rows as those of a user.

use call_acceptance::store::statistics::Wanted;
use call_acceptance_api::{resource::statistics::Interval, value::owner::Owner};
use sea_orm::{
    sea_query::PostgresQueryBuilder,
    sqlx::{self, Connection, PgConnection},
};
use serde_json::Value;

use crate::database::{Kind, TestDatabase};

const DAY: i64 = 86_400_000_000;

/// The counts of 50,000 users on two days, and of their tenant and one user on 400.
fn populate() -> [String; 3] {
    let insert = "INSERT INTO statistics (tenant_id, group_id, user_id, bucket, started_at, reason, \
                  criteria_revision, criteria_position, calls, last_at) SELECT 'foo'";
    let reasons = "(VALUES ('no_criteria_matched'), ('criteria_matched')) reasons (reason)";
    [
        format!(
            "{insert}, 'foogroup', 'u' || n, 'day', {DAY} * (398 + d), 'criteria_matched', 0, 0, 1, 1 \
             FROM generate_series(1, 50000) n, generate_series(0, 1) d"
        ),
        format!(
            "{insert}, g, u, 'day', {DAY} * d, reason, 0, \
             CASE WHEN u <> '' AND reason = 'criteria_matched' THEN 0 ELSE -1 END, 1, 1 \
             FROM generate_series(0, 397) d, {reasons}, \
             (VALUES ('', ''), ('foogroup', ''), ('foogroup', 'u25000')) owners (g, u)"
        ),
        "ANALYZE".to_owned(),
    ]
}

/// Asserts that all access is by key.
fn assert_by_key(node: &Value, most: f64) {
    let kind = node["Node Type"].as_str().expect("a node has a type");
    let rows = node["Actual Rows"].as_f64().expect("a node has rows") * node["Actual Loops"].as_f64().unwrap_or(1.0);
    assert!(!kind.contains("Seq Scan"), "everything is read: {node:#}");
    assert!(rows <= most, "{rows} rows are read: {node:#}");
    assert_eq!(node["Rows Removed by Filter"].as_f64().unwrap_or_default(), 0.0, "{node:#}");
    node["Plans"].as_array().into_iter().flatten().for_each(|node| assert_by_key(node, most));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_are_read_by_key_however_many_users_there_are() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut connection = PgConnection::connect(&database.url).await.expect("PostgreSQL answers");
    for statement in populate() {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("the statement runs");
    }
    for names in [
        [Some("foo"), None, None],
        [Some("foo"), Some("foogroup"), None],
        [Some("foo"), Some("foogroup"), Some("u25000")],
    ] {
        let owner = Owner::parse(names).expect("identifiers").expect("an owner");
        let wanted = Wanted { owner: &owner, interval: Interval::Day, from: 367 * DAY, to: 397 * DAY };
        let statement = wanted.statement().to_string(PostgresQueryBuilder);
        let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) {statement}");
        let plan: Value =
            sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_one(&mut connection).await.expect("a plan");
        assert_by_key(&plan[0]["Plan"], 61.0);
        let criteria = if names[2].is_some() { 1.0 } else { 0.0 };
        assert_eq!(plan[0]["Plan"]["Actual Rows"].as_f64(), Some(60.0 + criteria), "{plan:#}");
    }
}
