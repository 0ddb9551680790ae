//! The command.

use std::{
    io::{BufRead, BufReader},
    os::unix::net::UnixDatagram,
    process::{Command, Output, Stdio},
    time::Duration,
};

use call_acceptance_api::document;

use crate::{
    database::{ADMIN, Kind, TestDatabase},
    harness::client,
};

/// The command without the settings of this process.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
    command.env_clear().args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the command writes UTF-8")
}

#[test]
fn openapi_prints_the_document() {
    for (arguments, document) in [
        (&["openapi"][..], document::json()),
        (&["openapi", "--format", "json"], document::json()),
        (&["openapi", "--format", "yaml"], document::yaml()),
    ] {
        let output = run(arguments);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output.stdout), document);
    }
}

#[test]
fn completions_and_manual_pages_know_the_flags_and_the_commands() {
    for shell in ["bash", "fish", "zsh"] {
        let output = run(&["completions", shell]);
        let printed = text(&output.stdout);
        assert!(output.status.success() && printed.contains("metrics-listen") && printed.contains("revoke"), "{shell}");
    }
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let pages = folder.path().join("man1");
    assert!(run(&["man", pages.to_str().expect("it is text")]).status.success());
    let page = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(page("call-acceptance.1").contains("CALL_ACCEPTANCE_METRICS_LISTEN"));
    assert!(page("call-acceptance-token-create.1").contains("call\\-acceptance\\-token\\-create"));
}

#[tokio::test]
async fn migrate_and_demo_may_be_repeated() {
    let database = TestDatabase::empty(Kind::Sqlite).await;
    for name in ["migrate", "migrate", "demo", "demo"] {
        let output = run(&[name, "--database-url", &database.url]);
        assert!(output.status.success(), "{name}: {output:?}");
    }
}

#[test]
fn all_faults_of_the_configuration_are_reported_at_once() {
    let output = command(&["serve", "--listen", "8080", "--log-format", "xml"])
        .env("CALL_ACCEPTANCE_REQUEST_TIMEOUT", "0")
        .env("DATABASE_URL", "mysql://root:secret@host/db")
        .output()
        .expect("the command runs");
    let told = text(&output.stderr);
    assert!(!output.status.success(), "{told}");
    for fault in ["--listen", "--log-format", "--request-timeout", "--database-url"] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn an_unreachable_database_is_named_without_its_password() {
    let output = command(&["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", "postgres://someone:secret@127.0.0.1:1/nowhere")
        .output()
        .expect("the command runs");
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!output.status.success(), "{told}");
    for part in ["127.0.0.1:1", "refused"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn the_log_has_requests_without_tokens_and_phone_numbers() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut server = command(&["--listen", "127.0.0.1:0", "--log", "debug", "--database-url", &database.url])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut log = BufReader::new(server.stderr.take().expect("the log is read here")).lines();
    let serving = log.find_map(|line| Some(line.ok()?.split_once("serving on ")?.1.split(',').next()?.to_owned()));
    let url = serving.expect("the log says where the server is");
    for (path, status) in [
        ("/api/v1/tenants/foo/groups/g/users/%2B3225550100/", 404),
        ("/api/v1/decisions/?calledNumber=%2B3225550100&callingNumber=%2B3225126777", 200),
    ] {
        let sent = client().get(format!("{url}{path}")).send().await.expect("the server answers");
        assert_eq!(sent.status().as_u16(), status, "{path}");
    }
    Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("a signal can be sent");
    let log: Vec<String> = log.map_while(Result::ok).collect();
    let log = log.join("\n");
    assert!(log.contains("operation=\"user_view\"") && log.contains("operation=\"decision_view\""), "{log}");
    let secret = ADMIN.text().rsplit('_').next().expect("ca_<id>_<secret>").to_owned();
    for kept in ["3225550100", "3225126777", &secret] {
        assert!(!log.contains(kept), "{kept} is in it:\n{log}");
    }
    assert!(server.wait().expect("the server ends").success());
}

#[tokio::test]
async fn the_service_manager_is_notified_of_start_life_and_stop_and_the_log_says_what_runs() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket can be made");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("it has a time-out");
    let notified = || {
        let mut text = [0; 100];
        let length = socket.recv(&mut text).expect("the server notifies");
        String::from_utf8_lossy(&text[..length]).trim().to_owned()
    };
    let mut server = command(&["--listen", "127.0.0.1:0", "--database-url", &database.url])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    assert_eq!(notified(), "READY=1");
    assert_eq!([notified(), notified()], ["WATCHDOG=1", "WATCHDOG=1"]);
    Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("a signal can be sent");
    while notified() != "STOPPING=1" {}
    let log = std::io::read_to_string(server.stderr.take().expect("the log is read here")).expect("it is text");
    assert!(server.wait().expect("the server ends").success());
    let start = log.lines().next().unwrap_or_default();
    let plans = format!("numbering_plans=\"{}\"", call_acceptance::rules::screening::NUMBERING_PLANS);
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let instance = format!(":{}\"", server.id());
    for part in ["starting", &version, "database=\"SQLite 3.", "schema=\"m2026", "migrations=", &plans, &instance] {
        assert!(start.contains(part), "{part} is not in the first line: {log}");
    }
}

#[tokio::test]
async fn serve_exits_successfully_after_sigterm() {
    let database = TestDatabase::empty(Kind::Sqlite).await;
    let mut server = command(&["--listen", "127.0.0.1:0", "--database-url", &database.url])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut log = BufReader::new(server.stderr.take().expect("the log is read here")).lines();
    let serving = log.find_map(|line| line.ok().filter(|line| line.contains("serving on http://127.0.0.1:")));
    assert!(serving.is_some(), "the log says where the server is");
    let told = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("a signal can be sent");
    assert!(told.success());
    assert!(log.any(|line| line.is_ok_and(|line| line.ends_with("stopped"))), "the log says that it stopped");
    assert!(server.wait().expect("the server ends").success());
}
