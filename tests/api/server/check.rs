//! `call-acceptance check`.

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use rstest_reuse::apply;

use super::traces::Collector;
use crate::{
    certificates::Authority,
    database::{Kind, TestDatabase},
    harness::both_databases,
};

/// Runs the check without the settings of this process; whether all is well, and what it prints.
pub fn check(arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    let output = command.env_clear().arg("check").args(["--listen", "127.0.0.1:0"]).args(arguments).output();
    let Output { status, stdout, .. } = output.expect("the command runs");
    (status.success(), String::from_utf8(stdout).expect("it is text"))
}

/// Asserts that a line of this kind has these parts.
#[track_caller]
pub fn assert_line((_, printed): &(bool, String), kind: &str, parts: &[&str]) {
    let found = printed.lines().any(|line| line.starts_with(kind) && parts.iter().all(|part| line.contains(part)));
    assert!(found, "no line is {kind} with {parts:?}:\n{printed}");
}

#[apply(both_databases)]
async fn a_database_that_is_well_passes(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    let found = check(&["--database-url", &database.url]);
    assert!(found.0 && !found.1.contains("wrong"), "{}", found.1);
    for part in ["configuration", "time zone data", "schema is that of this release", "free to listen on"] {
        assert_line(&found, "ok", &[part]);
    }
}

#[apply(both_databases)]
async fn a_schema_that_is_not_there_is_wrong_unless_the_server_migrates(#[case] database: Kind) {
    let database = TestDatabase::empty(database).await;
    let found = check(&["--database-url", &database.url]);
    assert!(found.0, "{}", found.1);
    assert_line(&found, "advice", &["at the start"]);
    if database.url.starts_with("sqlite") {
        let path = database.url.trim_start_matches("sqlite://").split('?').next().unwrap_or_default();
        assert!(!std::path::Path::new(path).exists(), "the check makes no file");
        return;
    }
    let found = check(&["--database-url", &database.url, "--migrate", "false"]);
    assert!(!found.0);
    assert_line(&found, "wrong", &["lacks", "call-acceptance migrate"]);
}

#[apply(both_databases)]
async fn a_schema_of_a_later_release_passes(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    database.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_later', 0)").await;
    let found = check(&["--database-url", &database.url]);
    assert!(found.0, "{}", found.1);
    assert_line(&found, "ok", &["later release"]);
}

#[test]
fn every_fault_of_the_configuration_is_a_line() {
    let found = check(&["--log-format", "xml", "--request-timeout", "0", "--database-url", "mysql://root:secret@h/d"]);
    assert!(!found.0 && !found.1.contains("secret"), "{}", found.1);
    for flag in ["--log-format", "--request-timeout", "--database-url"] {
        assert_line(&found, "wrong", &[flag]);
    }
}

#[test]
fn what_does_not_answer_is_named() {
    let database = "postgres://someone:secret@127.0.0.1:1/nowhere";
    let provider = ["--oidc-issuer", "https://127.0.0.1:1", "--oidc-audience", "acceptance"];
    let found = check(&[&["--database-url", database][..], &provider].concat());
    assert!(!found.0 && !found.1.contains("secret"), "{}", found.1);
    assert_line(&found, "wrong", &["127.0.0.1:1", "nowhere", "refused"]);
    assert_line(&found, "wrong", &["OpenID provider", "https://127.0.0.1:1", "refused"]);
}

#[tokio::test]
async fn an_address_in_use_is_told() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it has an address").to_string();
    let found = check(&["--database-url", &database.url, "--metrics-listen", &address]);
    assert!(found.0, "{}", found.1);
    assert_line(&found, "advice", &[&address, "in use"]);
}

#[tokio::test]
async fn too_many_connections_for_the_database_are_wrong() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let found = check(&["--database-url", &database.url, "--database-connections", "1000"]);
    assert!(!found.0);
    assert_line(&found, "wrong", &["1007", "max_connections"]);
}

#[tokio::test]
async fn missing_rights_are_wrong() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let name = database.url.rsplit('/').next().unwrap_or_default().to_owned();
    let role = format!("role_of_{name}");
    database.execute(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")).await;
    let url = database.url.replacen("postgres@", &format!("{role}@"), 1);
    let found = check(&["--database-url", &url]);
    let forget = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    database.execute(&forget).await;
    assert!(!found.0, "{}", found.1);
    assert_line(&found, "wrong", &["may not read and write", "users", "GRANT"]);
}

#[tokio::test]
async fn a_database_that_refuses_writes_is_wrong() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let name = database.url.rsplit('/').next().unwrap_or_default();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let found = check(&["--database-url", &database.url]);
    assert!(!found.0);
    assert_line(&found, "wrong", &["refuses writes", "primary"]);
}

#[tokio::test]
async fn the_certificate_and_its_dates_are_checked() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let authority = Authority::new();
    let files = authority.issue(2020..2100);
    let [certificate, key] = [&files.certificate, &files.key].map(|path| path.display().to_string());
    let check = || check(&["--database-url", &database.url, "--tls-certificate", &certificate, "--tls-key", &key]);
    let found = check();
    assert!(found.0, "{}", found.1);
    assert_line(&found, "ok", &["localhost", "2100-01-01"]);
    for (years, text) in [(2020..2024, "has expired"), (2090..2100, "is valid from 2090-01-01")] {
        authority.issue(years);
        let found = check();
        assert!(!found.0, "{}", found.1);
        assert_line(&found, "wrong", &["localhost", text]);
    }
    let old = std::fs::read(&files.key).expect("the file is there");
    authority.issue(2020..2100);
    std::fs::write(&files.key, old).expect("the file can be written");
    let found = check();
    assert!(!found.0, "{}", found.1);
    assert_line(&found, "wrong", &[&key, "does not fit", &certificate]);
}

#[tokio::test]
async fn plain_http_for_other_machines_is_told() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    let arguments = ["check", "--listen", "0.0.0.0:0", "--database-url", &database.url];
    let output = command.env_clear().args(arguments).output().expect("the command runs");
    let found = (output.status.success(), String::from_utf8(output.stdout).expect("it is text"));
    assert!(found.0, "{}", found.1);
    assert_line(&found, "advice", &["not encrypted", "--tls-certificate"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_takes_no_traces_is_wrong() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let collector = Collector::start().await;
    let url = ["--database-url", &database.url];
    let found = check(&[&url[..], &["--otlp-endpoint", &collector.url]].concat());
    assert!(found.0, "{}", found.1);
    assert_line(&found, "ok", &[&collector.url, "takes traces"]);
    let found = check(&[&url[..], &["--otlp-endpoint", "http://127.0.0.1:1"]].concat());
    assert!(!found.0);
    assert_line(&found, "wrong", &["http://127.0.0.1:1", "4318"]);
}
