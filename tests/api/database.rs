//! A database of its own for each test, removed when the test ends.

use call_acceptance::{identity::token, store};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, Statement,
    sqlx::{self, Connection, Executor, PgConnection},
};
use tempfile::TempDir;
use uuid::Uuid;

/// The schema that PostgreSQL databases are copied from.
const TEMPLATE: &str = "call_acceptance_template";
/// The lock that tests starting at once make the template under.
const TEMPLATE_LOCK: i64 = 7_246_001;

/// A token that is in every database with the schema in it, and may do everything.
pub const ADMIN: AdminToken = AdminToken;

/// See [`ADMIN`].
pub struct AdminToken;

impl AdminToken {
    const ID: &str = "0193a0c03a527c408a3e7f2b9f6d1c00";
    const SECRET: &str = "the-secret-of-tests-which-nobody-has-to-guess";

    /// The token as it is sent.
    pub fn text(&self) -> String {
        format!("ca_{}_{}", Self::ID, Self::SECRET)
    }

    fn insert(&self) -> String {
        format!(
            "INSERT INTO tokens (tenant_id, token_id, role, read_only, digest, created_at) \
             VALUES ('', '{}', 'system_admin', false, '{}', 0)",
            Self::ID,
            token::Digest::of(Self::SECRET)
        )
    }
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database of one test.
pub struct TestDatabase {
    pub url: String,
    server: Option<(String, String)>,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// A new database with the schema in it.
    pub async fn create(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let database = Self::empty(kind).await;
                prepare(&database.url).await;
                database
            }
            Kind::Postgres => {
                let admin = admin_url();
                let mut connection = PgConnection::connect(&admin).await.expect("PostgreSQL answers");
                make_template(&mut connection, &admin).await;
                Self::postgres(&mut connection, admin, &format!("TEMPLATE {TEMPLATE}")).await
            }
        }
    }

    /// A new database with the schema in it, on the PostgreSQL at this URL.
    pub async fn of(admin: String) -> Self {
        let mut connection = PgConnection::connect(&admin).await.expect("PostgreSQL answers");
        let database = Self::postgres(&mut connection, admin, "").await;
        prepare(&database.url).await;
        database
    }

    /// A database that something else made, and removes.
    pub fn beside(url: &str) -> Self {
        Self { url: url.to_owned(), server: None, _folder: None }
    }

    /// A setting of the server.
    pub async fn show(&self, setting: &str) -> String {
        let mut connection = PgConnection::connect(&self.url).await.expect("PostgreSQL answers");
        let value = sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut connection).await;
        value.expect("the setting is there")
    }

    /// A new database with nothing in it.
    pub async fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder can be made");
                let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
                Self { url, server: None, _folder: Some(folder) }
            }
            Kind::Postgres => {
                let admin = admin_url();
                let mut connection = PgConnection::connect(&admin).await.expect("PostgreSQL answers");
                Self::postgres(&mut connection, admin, "").await
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
    async fn postgres(connection: &mut PgConnection, admin: String, how: &str) -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        let create = format!("CREATE DATABASE {name} {how}");
        connection.execute(sqlx::AssertSqlSafe(create)).await.expect("a database can be created");
        Self { url: on(&admin, &name), server: Some((admin, name)), _folder: None }
    }

    /// The number that a query past the server comes to.
    pub async fn number(&self, sql: &str) -> i64 {
        let db = Database::connect(ConnectOptions::new(&self.url)).await.expect("the database answers");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        let row = row.expect("the query runs").expect("the query has a row");
        db.close().await.expect("the connection closes");
        row.try_get_by_index(0).expect("the row is one number")
    }

    /// A connection past the server, to PostgreSQL.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("PostgreSQL answers")
    }

    /// Runs a statement past the server.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((admin, name)) = self.server.take() else { return };
        let drop = async move {
            if let Ok(mut connection) = PgConnection::connect(&admin).await {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let dropped = connection.execute(sqlx::AssertSqlSafe(statement)).await;
                assert!(dropped.is_ok() || std::thread::panicking(), "the test's database can be dropped");
            }
        };
        let in_a_thread =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| runtime.block_on(drop));
        std::thread::scope(|scope| scope.spawn(in_a_thread).join().map(|_| ()).unwrap_or_default());
    }
}

/// Creates the schema, with the token that tests have.
async fn prepare(url: &str) {
    store::migrate(url).await.expect("the schema can be created");
    execute(url, &ADMIN.insert()).await;
}

async fn execute(url: &str, sql: &str) {
    let db = Database::connect(ConnectOptions::new(url)).await.expect("the database answers");
    db.execute_unprepared(sql).await.expect("the statement runs");
    db.close().await.expect("the connection closes");
}

/// The server that the test run started; `make test` and `tools/with-postgres` say where it is.
#[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
pub fn admin_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names no PostgreSQL: run `make test`, or `tools/with-postgres cargo nextest run`")
}

/// The URL of another database of the same server.
fn on(admin: &str, database: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("the URL ends with a database");
    format!("{server}/{database}")
}

async fn make_template(connection: &mut PgConnection, admin: &str) {
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *connection)
        .await
        .expect("the lock is free in time");
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(TEMPLATE)
        .fetch_optional(&mut *connection)
        .await;
    if found.expect("PostgreSQL lists its databases").is_none() {
        let making = format!("{TEMPLATE}_making");
        connection
            .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {making}")))
            .await
            .expect("the template can be created");
        prepare(&on(admin, &making)).await;
        let rename = format!("ALTER DATABASE {making} RENAME TO {TEMPLATE}");
        connection.execute(sqlx::AssertSqlSafe(rename)).await.expect("the template gets its name");
    }
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(connection)
        .await
        .expect("the lock is ours");
}
