//! What a server leaves behind that is killed while it imports.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rstest_reuse::apply;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    IMPORTS, LINES, criteria, ended, errors, file, import,
    once::{count_users, path},
};
use crate::{
    database::Kind,
    harness::{App, both_databases, client},
};

/// The command, which is killed at the latest with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Neither fails unless the process has ended already.
        let _ = self.0.kill().is_ok() && self.0.wait().is_ok();
    }
}

/// The command on a database, and the URL that it serves.
fn start(database_url: &str) -> (Server, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_call-acceptance"))
        .env_clear()
        .args(["--listen", "127.0.0.1:0", "--database-url", database_url])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let log = process.stderr.take();
    let server = Server(process);
    let log = BufReader::new(log.expect("the log is read here"));
    let mut lines = log.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("serving on ")).expect("it says where");
    let url = line.split("serving on ").nth(1).and_then(|rest| rest.split(',').next()).expect("it says where");
    (server, url.to_owned())
}

/// More lines than are applied in one transaction.
const COUNT: u64 = 4000;

#[apply(both_databases)]
async fn an_import_fails_with_true_counts_and_the_next_one_repairs_it(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let users = |number| json!({ "kind": "user", "groupId": "foogroup", "userId": format!("user{number}") });
    let lines: Vec<Value> = (0..COUNT).map(users).collect();
    let (killed, url) = start(&app.database.url);
    let sent = client().post(format!("{url}{IMPORTS}")).header(LINES.0, LINES.1).body(file(&lines)).send();
    assert_eq!(sent.await.expect("the server answers").status().as_u16(), 202);
    let list = app.get(IMPORTS).await.expect(200);
    let import_path = path(&list["imports"][0]);
    while app.get(&import_path).await.expect(200)["counts"]["read"] == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    drop(killed);
    // Another instance goes on, and finds that it does not.
    let failed = ended(&app, &import_path).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    let created = failed["counts"]["created"].as_u64().expect("a count");
    assert_eq!(count_users(&app).await, created + 1, "each line is whole or not there, and counted");
    assert!((1..COUNT).contains(&created), "{failed}");
    let repaired = import(&app, "", &lines).await;
    assert_eq!(errors(&app, &repaired).await, Vec::<Value>::new());
    let counts = &repaired["counts"];
    assert_eq!((&counts["unchanged"], &counts["created"]), (&json!(created), &json!(COUNT - created)));
    assert_eq!(count_users(&app).await, COUNT + 1);
}

/// Users of a round, and a service of each.
fn users_with_services(round: u64) -> Vec<Value> {
    let name = |number: u64| format!("round{round}-{number}");
    let user = |number| json!({ "kind": "user", "groupId": "foogroup", "userId": name(number) });
    let service = |number| {
        json!({
            "kind": "service", "groupId": "foogroup", "userId": name(number), "service": "Selective Call Acceptance",
            "criteria": [criteria("a", &["+3225126777"]), criteria("b", &["+3225126778"])]
        })
    };
    (0..500).map(user).chain((0..500).map(service)).collect()
}

/// Imports at the server until so many lines are read, and kills it; the path of the import.
async fn import_until(app: &App, lines: &[Value], most: u64) -> String {
    let (killed, url) = start(&app.database.url);
    let sent = client().post(format!("{url}{IMPORTS}")).header(LINES.0, LINES.1).body(file(lines)).send();
    assert_eq!(sent.await.expect("the server answers").status().as_u16(), 202);
    let list = app.get(IMPORTS).await.expect(200);
    let import_path = path(&list["imports"][0]);
    loop {
        let import = app.get(&import_path).await.expect(200);
        if import["status"] != "running" || import["counts"]["read"].as_u64().is_some_and(|read| read >= most) {
            break;
        }
    }
    drop(killed);
    import_path
}

/// How often the server is killed: twice, unless the test run wants more, as `make test-crash` does.
#[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
fn crashes() -> u64 {
    env::var("CRASHES").map_or(2, |count| count.parse().expect("CRASHES is a number"))
}

#[apply(both_databases)]
async fn whenever_a_server_is_killed_each_line_is_whole_and_counted(#[case] database: Kind) {
    let crashes = crashes();
    let app = App::start(database).await.with_user().await;
    for round in 0..crashes {
        let lines = users_with_services(round);
        let most = RandomState::new().hash_one(round) % lines.len() as u64;
        let import_path = import_until(&app, &lines, most).await;
        // As if it had been dead for long.
        app.database.execute("UPDATE imports SET heartbeat_at = 0 WHERE status = 'running'").await;
        let ended = ended(&app, &import_path).await;
        let created = ended["counts"]["created"].as_u64().expect("a count");
        let counts = json!({
            "read": created, "created": created, "changed": 0, "unchanged": 0, "deleted": 0, "failed": 0
        });
        assert_eq!(ended["counts"], counts, "killed after {most} lines: {ended}");
        let repaired = import(&app, "", &lines).await;
        let rest = lines.len() as u64 - created;
        let counts = json!({
            "read": lines.len(), "created": rest, "changed": 0, "unchanged": created, "deleted": 0, "failed": 0
        });
        assert_eq!(repaired["counts"], counts, "what was there is whole: {ended}");
    }
}
