//! Whether the server lives and is ready.

use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::{
    database::{Kind, admin_url},
    harness::{App, both},
};

both! {
    async fn a_server_with_its_database_lives_and_is_ready(app: App) {
        for path in ["/health/live", "/health/ready"] {
            let health = app.get(path).await.expect(200);
            assert_eq!(health, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
        }
    }
}

#[tokio::test]
async fn a_server_whose_database_is_gone_lives_and_is_not_ready() {
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
