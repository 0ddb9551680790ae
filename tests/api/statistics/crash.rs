//! What a server that is killed leaves behind.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use rstest_reuse::apply;

use super::{FRIEND, STATISTICS, STRANGER, ask_at, counted, once_counted};
use crate::{
    database::Kind,
    decisions::{USER_DECISION, create, decide, with_number},
    harness::{App, JSON, both_databases, client},
};

/// The command, which is killed at the latest with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Neither fails unless the process has ended already.
        let _ = self.0.kill().is_ok() && self.0.wait().is_ok();
    }
}

/// The command on a database, when it decides on calls, and the URL that it serves.
async fn start(database_url: &str) -> (Server, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_call-acceptance"))
        .env_clear()
        // A busy machine takes longer for the first decision than the default allows.
        .args(["--listen", "127.0.0.1:0", "--database-url", database_url, "--decision-deadline", "10000"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let log = process.stderr.take();
    let server = Server(process);
    let log = BufReader::new(log.expect("the log is read here"));
    let mut lines = log.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("serving on ")).expect("it says where");
    let url = line.split("serving on ").nth(1).and_then(|rest| rest.split(',').next()).expect("it says where");
    // It reads the feed of changes first. These questions are not counted.
    let question = || client().post(format!("{url}{USER_DECISION}")).header(JSON.0, JSON.1).body("{}").send();
    while !question().await.expect("the server answers").status().is_success() {}
    (server, url.to_owned())
}

#[apply(both_databases)]
async fn what_was_written_before_a_server_is_killed_is_kept_and_counted_once(#[case] database: Kind) {
    let app = with_number(App::start(database).await).await;
    create(&app, "friends", &[FRIEND]).await;
    let (killed, url) = start(&app.database.url).await;
    for caller in [FRIEND, FRIEND, STRANGER, STRANGER, STRANGER] {
        ask_at(&url, caller).await;
    }
    let before = once_counted(&app, STATISTICS, 5).await;
    assert_eq!([&before["accepted"], &before["rejected"]], [2, 3]);
    for _ in 0..3 {
        ask_at(&url, STRANGER).await;
    }
    drop(killed);
    // Another instance goes on.
    decide(&app, FRIEND).await;
    let mut after = app.get(STATISTICS).await.expect(200);
    while after["accepted"] != 3 {
        after = app.get(STATISTICS).await.expect(200);
    }
    // Those since the last flush are lost, unless there was another one.
    assert!((6..=9).contains(&counted(&after)), "{after:#}");
    let sums = "SELECT SUM(calls) AS calls FROM statistics GROUP BY bucket, group_id, user_id";
    let different = format!("SELECT COUNT(DISTINCT calls) FROM ({sums}) AS sums");
    assert_eq!(app.database.number(&different).await, 1, "a batch was written in part");
}
