//! The schema of a release: from release 1.0.0 on, migrations are only added.
//!
//! `tests/api/schema/` holds, for each release, the tables, indexes and constraints that its migrations make. A release
//! is added with its last migration to [`RELEASES`]; the failure of the test names the file that it wrote, to be put
//! there.

use std::{fs, path::Path};

use call_acceptance::store::migration::Migrator;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

use crate::database::{Kind, TestDatabase};

/// Each release with the number of migrations that it has.
const RELEASES: [(&str, u32); 1] = [("1.0.0", 4)];

const SQLITE: &str = "SELECT type || ' ' || name || ': ' || COALESCE(sql, '') AS line FROM sqlite_master \
    WHERE tbl_name NOT LIKE 'seaql%' AND name NOT LIKE 'sqlite%' ORDER BY 1";
const POSTGRES: &str = "SELECT 'column ' || table_name || '.' || column_name || ': ' || data_type || ' ' || \
    is_nullable \
    || ' ' || COALESCE(collation_name, '') || ' ' || COALESCE(column_default, '') AS line \
    FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE 'seaql%' \
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes \
    WHERE schemaname = current_schema() AND tablename NOT LIKE 'seaql%' \
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ': ' || pg_get_constraintdef(oid) FROM pg_constraint \
    WHERE connamespace = current_schema()::regnamespace AND conrelid::regclass::text NOT LIKE 'seaql%' ORDER BY 1";

async fn dump(db: &DatabaseConnection, kind: Kind) -> String {
    let sql = match kind {
        Kind::Sqlite => SQLITE,
        Kind::Postgres => POSTGRES,
    };
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect("the catalogue can be read");
    let lines = rows.iter().map(|row| row.try_get::<String>("", "line").expect("a row is a line"));
    lines.map(|line| line + "\n").collect()
}

async fn is_as_released(kind: Kind, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (release, migrations) in RELEASES {
        let database = TestDatabase::empty(kind).await;
        let db = Database::connect(&database.url).await.expect("the database answers");
        Migrator::up(&db, Some(migrations)).await.expect("the migrations of the release");
        let made = dump(&db, kind).await;
        let file = format!("{release}.{name}.txt");
        let released = fs::read_to_string(folder.join("tests/api/schema").join(&file)).unwrap_or_default();
        if made != released {
            let written = folder.join("target").join(&file);
            fs::write(&written, &made).expect("the schema can be written");
            panic!("migrations of release {release} were changed; they make {} now", written.display());
        }
    }
}

#[tokio::test]
async fn the_migrations_of_a_release_stay_as_they_were_on_sqlite() {
    is_as_released(Kind::Sqlite, "sqlite").await;
}

#[tokio::test]
async fn the_migrations_of_a_release_stay_as_they_were_on_postgres() {
    is_as_released(Kind::Postgres, "postgres").await;
}
