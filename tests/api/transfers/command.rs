//! `call-acceptance export`.

use std::process::{Command, Output};

use rstest_reuse::apply;

use super::{EXPORT, tenant};
use crate::{
    database::Kind,
    harness::{App, both_databases},
};

fn export(url: &str, tenant: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    command.env_clear().args(["export", "--database-url", url, "--tenant", tenant]);
    command.output().expect("the command runs")
}

#[apply(both_databases)]
async fn the_command_writes_what_the_api_answers(#[case] database: Kind) {
    let app = App::start(database).await;
    tenant::create(&app).await;
    let expected = app.get(EXPORT).await;
    let output = export(&app.database.url, "foo");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected.expect_text());
}

#[apply(both_databases)]
async fn the_command_fails_without_the_tenant(#[case] database: Kind) {
    let app = App::start(database).await;
    let output = export(&app.database.url, "foo");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("There is no tenant \"foo\"."), "{told}");
}
