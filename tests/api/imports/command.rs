//! The command `import`.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use rstest_reuse::apply;
use serde_json::json;

use super::{GROUP, IMPORTS, TENANT, file, lines::every_kind};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

/// Runs the command, with this standard input.
fn run(app: &App, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"))
        .env_clear()
        .args(["import", "--database-url", &app.database.url])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    command.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("the command reads");
    command.wait_with_output().expect("the command ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[apply(both_databases)]
async fn a_file_is_imported_beside_a_server_and_a_summary_printed(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("foo.ndjson");
    std::fs::write(&path, file(&every_kind())).expect("a file can be written");
    let output = run(&app, &["--tenant", "foo", path.to_str().expect("it is text")], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let expected = "succeeded: 12 lines read, 11 created, 1 changed, 0 unchanged, 0 removed, 0 failed\n";
    assert_eq!(text(&output.stdout), expected);
    let list = app.get(IMPORTS).await.expect(200);
    assert_eq!(
        (&list["imports"][0]["status"], &list["imports"][0]["counts"]["created"]),
        (&json!("succeeded"), &json!(11))
    );
    let events = app.get(&format!("{TENANT}audit_events/?operation=imports_create")).await.expect(200);
    let event = &events["auditEvents"][0];
    assert_eq!((&event["actorKind"], &event["actor"]), (&json!("command"), &json!("imports_create")));
}

#[apply(both_databases)]
async fn faulty_lines_of_the_standard_input_are_printed_and_the_status_is_1(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let table = "group_id,user_id,phone_number\nfoogroup,jane,12\nfoogroup,john,\n";
    let output = run(&app, &["--tenant", "foo", "-"], table);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("line 2: Column `phone_number`: ") && told.contains("(invalid_request)"), "{told}");
    assert!(told.contains("succeeded_with_errors: 2 lines read, 1 created"), "{told}");
    app.get(&format!("{GROUP}users/john/")).await.expect(200);
    let stopped =
        run(&app, &["--tenant", "foo", "--on-error", "stop", "-"], "group_id,user_id\nfoogroup,m\nnowhere,m\n");
    assert_eq!(stopped.status.code(), Some(1));
    assert!(text(&stopped.stderr).contains("failed: 2 lines read, 0 created"), "{}", text(&stopped.stderr));
    app.get(&format!("{GROUP}users/m/")).await.expect_problem(404, "user_not_found");
    let tried = run(&app, &["--tenant", "foo", "--mode", "replace", "--dry-run", "-"], "");
    assert!(text(&tried.stdout).starts_with("succeeded: 0 lines read, 0 created, 0 changed, 0 unchanged, "));
    app.get(GROUP).await.expect(200);
    let elsewhere = run(&app, &["--tenant", "none", "-"], "");
    assert_eq!(elsewhere.status.code(), Some(1));
    assert!(text(&elsewhere.stderr).contains("There is no tenant \"none\"."), "{}", text(&elsewhere.stderr));
}
