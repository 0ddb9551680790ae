//! The schema: up, down and up again, many at once, and older programs on newer schemas.

use call_acceptance::store::{self, migration::Migrator};
use futures_util::future::join_all;
use sea_orm::Database;
use sea_orm_migration::MigratorTrait;

use crate::{
    database::{Kind, TestDatabase},
    harness::{Running, config},
};

async fn up_down_up(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    store::migrate(&database.url).await.expect("up");
    let db = Database::connect(&database.url).await.expect("the database answers");
    Migrator::down(&db, None).await.expect("down");
    db.close().await.expect("the connection closes");
    database.execute("CREATE TABLE tenants (placeholder integer)").await;
    database.execute("DROP TABLE tenants").await;
    store::migrate(&database.url).await.expect("up again");
    Running::start(config(&database.url)).await.stop().await;
}

#[tokio::test]
async fn the_schema_goes_up_down_and_up_on_sqlite() {
    up_down_up(Kind::Sqlite).await;
}

#[tokio::test]
async fn the_schema_goes_up_down_and_up_on_postgres() {
    up_down_up(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_starting_at_once_on_an_empty_database_all_start() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let starts = (0..8).map(|_| store::migrate(&database.url));
    for started in join_all(starts).await {
        started.expect("each finds or makes the schema");
    }
}

async fn a_later_schema(kind: Kind) {
    let database = TestDatabase::create(kind).await;
    database.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)").await;
    store::migrate(&database.url).await.expect("what is known is all there");
    Running::start(config(&database.url)).await.stop().await;
}

#[tokio::test]
async fn this_release_runs_on_the_schema_of_a_later_one_on_sqlite() {
    a_later_schema(Kind::Sqlite).await;
}

#[tokio::test]
async fn this_release_runs_on_the_schema_of_a_later_one_on_postgres() {
    a_later_schema(Kind::Postgres).await;
}
