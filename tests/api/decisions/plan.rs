//! The database cost of a user that is not cached: the same in a tenant of 50,000 users as in a small one.

use call_acceptance::store::snapshot::{Wanted, statement};
use call_acceptance_api::value::{
    owner::{Owner, UserPath},
    phone_number::PhoneNumber,
};
use sea_orm::{
    DbBackend,
    sqlx::{self, Connection, PgConnection},
};
use serde_json::Value;

use crate::database::{Kind, TestDatabase};

/// Creates a tenant of that many users, each with the service, two schedules, a number list and two criteria.
const POPULATE: [&str; 7] = [
    "INSERT INTO users (tenant_id, group_id, user_id, phone_number) \
     SELECT 'foo', 'foogroup', 'u' || n, '+3225' || lpad(n::text, 6, '0') FROM generate_series(1, 50000) n",
    "INSERT INTO user_services (tenant_id, group_id, user_id, service, revision) \
     SELECT 'foo', 'foogroup', 'u' || n, 'selective_call_acceptance', 1 FROM generate_series(1, 50000) n",
    "INSERT INTO schedules (tenant_id, schedule_id, group_id, user_id, kind, name, periods) \
     SELECT 'foo', md5(n || kind)::uuid, 'foogroup', 'u' || n, kind, 'mine', '[]'::jsonb \
     FROM generate_series(1, 50000) n, (VALUES ('Time'), ('Holiday')) kinds (kind)",
    "INSERT INTO criteria (tenant_id, group_id, user_id, service, position, name, active, do_not_perform_action, \
     any_caller, include_anonymous_callers, include_unavailable_callers, phone_numbers, time_schedule_id, \
     holiday_schedule_id) \
     SELECT 'foo', 'foogroup', 'u' || n, 'selective_call_acceptance', at, 'c' || at, true, false, true, false, false, \
     '[]'::jsonb, md5(n || 'Time')::uuid, md5(n || 'Holiday')::uuid \
     FROM generate_series(1, 50000) n, generate_series(0, 1) at",
    "INSERT INTO number_lists (tenant_id, list_id, group_id, user_id, name, entry_count, revision) \
     SELECT 'foo', md5(n::text)::uuid, 'foogroup', 'u' || n, 'mine', 0, 0 FROM generate_series(1, 50000) n",
    "INSERT INTO criteria_number_lists (tenant_id, group_id, user_id, service, position, place, list_id) \
     SELECT 'foo', 'foogroup', 'u' || n, 'selective_call_acceptance', at, 0, md5(n::text)::uuid \
     FROM generate_series(1, 50000) n, generate_series(0, 1) at",
    "ANALYZE",
];

/// Asserts that all access is by key and reads few rows.
fn assert_by_key(node: &Value) {
    let kind = node["Node Type"].as_str().expect("a node has a type");
    let rows = node["Actual Rows"].as_f64().expect("a node has rows") * node["Actual Loops"].as_f64().unwrap_or(1.0);
    let small = ["tenants", "groups"].contains(&node["Relation Name"].as_str().unwrap_or_default());
    assert!(!kind.contains("Seq Scan") || small, "everything is read: {node:#}");
    assert!(rows <= 10.0, "{rows} rows are read: {node:#}");
    assert_eq!(node["Rows Removed by Filter"].as_f64().unwrap_or_default(), 0.0, "{node:#}");
    node["Plans"].as_array().into_iter().flatten().for_each(assert_by_key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_read_by_key_however_many_there_are() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut connection = PgConnection::connect(&database.url).await.expect("PostgreSQL answers");
    let parents = "INSERT INTO tenants (tenant_id) VALUES ('foo')";
    let groups = "INSERT INTO groups (tenant_id, group_id) VALUES ('foo', 'foogroup')";
    for statement in [parents, groups].into_iter().chain(POPULATE) {
        sqlx::query(statement).execute(&mut connection).await.expect("the statement runs");
    }
    let user = Owner::parse([Some("foo"), Some("foogroup"), Some("u25000")]).expect("identifiers");
    let Some(Owner::User(user)) = user else { unreachable!("it names a user") };
    let number = PhoneNumber::parse("+3225025000").expect("a number");
    for wanted in [Wanted::User(UserPath::clone(&user)), Wanted::Number(number)] {
        let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) {}", statement(DbBackend::Postgres, &wanted));
        let plan: Value =
            sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_one(&mut connection).await.expect("a plan");
        assert_by_key(&plan[0]["Plan"]);
        assert_eq!(plan[0]["Plan"]["Actual Rows"].as_f64(), Some(2.0), "{plan:#}");
    }
}
