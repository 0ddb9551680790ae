//! A tenant that moves to another server and back.

use serde_json::{Value, json};

use super::{EXPORT, tenant};
use crate::{
    database::Kind,
    harness::App,
    imports::{LINES, import_file},
};

/// All that the operations say of the tenant.
async fn everything(app: &App) -> Vec<String> {
    let mut lines: Vec<_> = tenant::lines(app).await.iter().map(Value::to_string).collect();
    lines.sort_unstable();
    lines
}

/// The tenant of `source` in an empty one of a new server.
async fn moved(source: &App, to: Kind) -> App {
    let file = source.get(EXPORT).await.expect_text().to_owned();
    let target = App::start(to).await;
    target.post("/api/v1/tenants/", json!({ "tenantId": "foo" })).await.expect(201);
    let import = import_file(&target, "", LINES, &file).await;
    let lines = file.lines().count();
    assert_eq!(
        (&import["status"], &import["counts"]["read"], &import["counts"]["created"], &import["counts"]["changed"]),
        (&json!("succeeded"), &json!(lines), &json!(lines - 1), &json!(1)),
        "{import:#}"
    );
    assert_eq!(target.get(EXPORT).await.expect_text(), file);
    target
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_moves_from_sqlite_to_postgres_and_back_is_the_same_everywhere() {
    let source = App::start(Kind::Sqlite).await;
    tenant::create(&source).await;
    let expected = everything(&source).await;
    let between = moved(&source, Kind::Postgres).await;
    assert_eq!(everything(&between).await, expected);
    let back = moved(&between, Kind::Sqlite).await;
    assert_eq!(everything(&back).await, expected);

    let file = source.get(EXPORT).await.expect_text().to_owned();
    for mode in ["merge", "replace"] {
        let again = import_file(&back, &format!("?mode={mode}"), LINES, &file).await;
        let counts = &again["counts"];
        assert_eq!(
            (&counts["unchanged"], &counts["deleted"], &counts["failed"]),
            (&counts["read"], &json!(0), &json!(0)),
            "{again:#}"
        );
    }
}
