//! Backup and restore, by the commands that docs/operating.md prints, while changes are being made.

use std::{fs, path::Path, process::Command};

use rstest_reuse::apply;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, CRITERIA, Running, SERVICE, both_databases, config},
};

const TENANTS: &str = "/api/v1/tenants/";
/// What the page calls the restored database.
const PRINTED_RESTORED: &str = "postgres://acceptance:secret@db.example.com/acceptance_restored";

/// The command of the page that begins so.
fn printed(program: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operating.md");
    let page = fs::read_to_string(page).expect("the page can be read");
    let command = page.lines().find_map(|line| line.strip_prefix("$ ").filter(|line| line.starts_with(program)));
    command.unwrap_or_else(|| panic!("the page prints no {program}")).to_owned()
}

/// Runs a command of the page in a folder.
async fn run(folder: &Path, url: &str, command: String) {
    let mut bash = Command::new("bash");
    bash.args(["-c", &command]).current_dir(folder).env("DATABASE_URL", url);
    let output = tokio::task::spawn_blocking(move || bash.output()).await.expect("it does not panic");
    let output = output.expect("bash runs");
    assert!(output.status.success(), "{command}: {output:?}");
}

/// The file of an SQLite database.
fn file(database: &TestDatabase) -> &str {
    database.url.trim_start_matches("sqlite://").split('?').next().unwrap_or_default()
}

async fn back_up(folder: &Path, database: &TestDatabase, kind: Kind) {
    let command = match kind {
        Kind::Postgres => printed("pg_dump"),
        Kind::Sqlite => printed("sqlite3").replace("call-acceptance.db", file(database)),
    };
    run(folder, &database.url, command).await;
}

async fn restore(folder: &Path, kind: Kind) -> TestDatabase {
    let restored = TestDatabase::empty(kind).await;
    match kind {
        Kind::Postgres => {
            run(folder, &restored.url, printed("pg_restore").replace(PRINTED_RESTORED, &restored.url)).await;
        }
        Kind::Sqlite => {
            fs::copy(folder.join("acceptance.db"), file(&restored)).expect("the file can be copied");
        }
    }
    restored
}

async fn create_tenant(app: &App, number: usize) {
    app.post(TENANTS, json!({ "tenantId": format!("t{number:03}") })).await.expect(201);
}

#[apply(both_databases)]
async fn a_backup_made_during_changes_has_all_before_it_and_serves(#[case] kind: Kind) {
    let app = App::start(kind).await.with_schedules().await;
    let criteria = json!({ "name": "friends", "fromDnCriteria": { "selection": "Any" } });
    app.post(CRITERIA, criteria).await.expect(200);
    let token = app.token(json!({ "role": "call_processing" })).await;
    for number in 0..5 {
        create_tenant(&app, number).await;
    }
    let folder = TempDir::new().expect("a folder can be made");
    let mut written = 5;
    let backup = back_up(folder.path(), &app.database, kind);
    let mut backup = std::pin::pin!(backup);
    loop {
        tokio::select! {
            () = &mut backup => break,
            () = create_tenant(&app, written) => written += 1,
        }
    }
    let revision = app.get(SERVICE).await.header("etag").to_owned();

    let database = restore(folder.path(), kind).await;
    let server = Running::start(config(&database.url)).await;
    let restored = App::on(database, server);
    let tenants = restored.get(&format!("{TENANTS}?limit=100")).await.expect(200);
    let names: Vec<_> = tenants["tenants"].as_array().expect("a list").iter().map(|t| t["tenantId"].clone()).collect();
    let kept = names.len() - 1;
    assert!((5..=written + 1).contains(&kept), "{kept} of {written}");
    assert_eq!(names[1..], (0..kept).map(|number| json!(format!("t{number:03}"))).collect::<Vec<_>>(), "without a gap");
    assert_eq!(restored.get(SERVICE).await.header("etag"), revision);
    let decision = format!("{SERVICE}decision/");
    let call = json!({ "callingNumber": "+3225551234" });
    let answer = restored.send_as(Some(&token), reqwest::Method::POST, &decision, Some(call)).await;
    assert_eq!(answer.expect(200)["decision"], "accept", "the token and the criteria are there");
    restored.delete(&format!("{CRITERIA}friends/")).await.expect(200);
    create_tenant(&restored, 900).await;
}
