//! The database cost of an export of a tenant that PostgreSQL has not analysed yet, as after an import.

use call_acceptance::store::{connect, export};
use call_acceptance_api::value::name::TenantId;
use sea_orm::{
    ConnectionTrait, DbBackend, FromQueryResult, JsonValue, Statement,
    sqlx::{Connection, Executor, PgConnection},
};

use crate::{
    database::{Kind, TestDatabase},
    harness::config,
};

/// A tenant with 20,000 criteria.
const POPULATE: &str = "INSERT INTO tenants (tenant_id) VALUES ('foo'); \
    INSERT INTO groups (tenant_id, group_id) VALUES ('foo', 'g'); \
    INSERT INTO users (tenant_id, group_id, user_id) SELECT 'foo', 'g', 'u' || n FROM generate_series(1, 10000) n; \
    INSERT INTO user_services (tenant_id, group_id, user_id, service, revision) \
    SELECT 'foo', 'g', 'u' || n, 'selective_call_acceptance', 1 FROM generate_series(1, 10000) n; \
    INSERT INTO criteria (tenant_id, group_id, user_id, service, position, name, active, do_not_perform_action, \
    any_caller, include_anonymous_callers, include_unavailable_callers, phone_numbers) \
    SELECT 'foo', 'g', 'u' || n, 'selective_call_acceptance', p, 'c' || p, true, false, true, false, false, '[]' \
    FROM generate_series(1, 10000) n, generate_series(0, 1) p";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_new_tenant_is_read_in_the_order_of_its_index() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let mut connection = PgConnection::connect(&database.url).await.expect("PostgreSQL answers");
    connection.execute(POPULATE).await.expect("the statements run");
    let db = connect(&database.url, 1, config(&database.url).database_limits).await.expect("PostgreSQL answers");
    let transaction = export::begin(&db).await.expect("a transaction begins");
    let service = ["g", "u1", "selective_call_acceptance"].map(str::to_owned);
    let tenant = TenantId::parse("foo").expect("an identifier");
    let page = export::page_of_criteria(DbBackend::Postgres, &tenant, Some((service, 0)));
    let explain = Statement { sql: format!("EXPLAIN (FORMAT JSON) {page}"), values: None, ..page };
    let row = transaction.query_one_raw(explain).await.expect("a plan").expect("a row");
    let plan = JsonValue::from_query_result(&row, "").expect("it is JSON").to_string();
    assert!(plan.contains("Index Scan") && !plan.contains("Sort"), "{plan}");
}
