//! One import of a tenant at a time, its cancellation, and bodies that arrive slowly or not at all.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use call_acceptance::config::Config;
use reqwest::Method;
use rstest_reuse::apply;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{GROUP, IMPORTS, LINES, TENANT, ended, file, import, send};
use crate::{
    database::{ADMIN, Kind, TestDatabase},
    harness::{App, Running, USER, both_databases, config},
};

/// A request whose body does not arrive as a whole before more is written.
struct Upload(TcpStream);

impl Upload {
    /// Begins an import with `first` of a body of this length.
    fn begin(app: &App, length: usize, first: &str) -> Self {
        let address = app.url("").trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).expect("the server listens");
        let head = format!(
            "POST {IMPORTS} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
             content-type: application/x-ndjson\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{first}",
            ADMIN.text()
        );
        stream.write_all(head.as_bytes()).expect("the server reads");
        Self(stream)
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).expect("the server reads");
    }

    /// The status of the answer.
    async fn status(mut self) -> u16 {
        let read = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            self.0.read_to_string(&mut text).expect("the server answers");
            text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status")
        });
        read.await.expect("it reads")
    }
}

/// The import that runs, when it is listed.
async fn running(app: &App) -> Value {
    loop {
        let list = app.get(IMPORTS).await.expect(200);
        if list["imports"][0]["status"] == "running" {
            return list["imports"][0].clone();
        }
        sleep(Duration::from_millis(10)).await;
    }
}

pub fn path(import: &Value) -> String {
    format!("{IMPORTS}{}/", import["importId"].as_str().expect("an import has an identifier"))
}

#[apply(both_databases)]
async fn an_import_is_listed_from_its_first_byte_and_holds_up_nothing(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let text = file(&[json!({ "kind": "group", "groupId": "sales" })]);
    let (first, rest) = text.split_at(7);
    let mut upload = Upload::begin(&app, text.len(), first);
    let listed = running(&app).await;
    assert_eq!(listed["counts"]["read"], 0);
    send(&app, "", LINES, "").await.expect_problem(409, "import_running");
    app.put(USER, json!({ "firstName": "Foo" })).await.expect(200);
    app.post(&format!("{TENANT}groups/"), json!({ "groupId": "more" })).await.expect(201);
    upload.send(rest);
    assert_eq!(upload.status().await, 202);
    assert_eq!(ended(&app, &path(&listed)).await["status"], "succeeded");
    app.get(&format!("{TENANT}groups/sales/")).await.expect(200);
    assert_eq!(import(&app, "", &[]).await["status"], "succeeded");
}

#[apply(both_databases)]
async fn an_import_can_be_cancelled(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let text = file(&[json!({ "kind": "group", "groupId": "sales" })]);
    let upload = Upload::begin(&app, text.len(), &text[..7]);
    let listed = running(&app).await;
    app.delete(&path(&listed)).await.expect(200);
    assert_eq!(app.get(&path(&listed)).await.expect(200)["status"], "cancelled");
    assert_eq!(upload.status().await, 202);
    app.get(&format!("{TENANT}groups/sales/")).await.expect_problem(404, "group_not_found");
    app.delete(&path(&listed)).await.expect(200);
    assert_eq!(app.get(&path(&listed)).await.expect(200)["status"], "cancelled");
    let events = app.get(&format!("{TENANT}audit_events/?operation=import_cancel")).await.expect(200);
    assert_eq!(events["auditEvents"].as_array().map(Vec::len), Some(1), "{events}");
    assert_eq!(events["auditEvents"][0]["after"]["status"], "cancelled");
}

#[apply(both_databases)]
async fn an_import_that_applies_lines_is_cancelled_between_them(#[case] database: Kind) {
    let app = App::start(database).await.with_user().await;
    let users = |number| json!({ "kind": "user", "groupId": "foogroup", "userId": format!("user{number}") });
    let lines: Vec<_> = (0..20_000).map(users).collect();
    for query in ["?onError=stop", ""] {
        let sent = send(&app, query, LINES, &file(&lines)).await.expect(202);
        app.delete(&path(&sent)).await.expect(200);
        let after = app.get(&path(&sent)).await.expect(200);
        assert_eq!(after["status"], "cancelled", "{after}");
        // Nothing runs any more that would keep the next one from its work.
        assert_eq!(import(&app, "", &[json!({ "kind": "group", "groupId": "sales" })]).await["status"], "succeeded");
        let created = after["counts"]["created"].as_u64().expect("a count");
        assert_eq!(count_users(&app).await, created + 1, "the counts are true");
    }
}

/// How many users the group has.
pub async fn count_users(app: &App) -> u64 {
    let (mut count, mut after) = (0, String::new());
    loop {
        let page = app.get(&format!("{GROUP}users/?limit=1000{after}")).await.expect(200);
        count += page["users"].as_array().expect("a page has users").len() as u64;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return count,
        }
    }
}

#[apply(both_databases)]
async fn a_body_that_does_not_arrive_fails_the_import(#[case] database: Kind) {
    let database = TestDatabase::create(database).await;
    let impatient = Config { request_timeout: Duration::from_secs(2), ..config(&database.url) };
    let server = Running::start(impatient).await;
    let app = App::on(database, server).with_user().await;
    let idle = Upload::begin(&app, 100, "{\"kind\":");
    let first = running(&app).await;
    assert_eq!(idle.status().await, 503);
    assert_eq!(ended(&app, &path(&first)).await["status"], "failed");
    let gone = Upload::begin(&app, 100, "{\"kind\":");
    let second = running(&app).await;
    drop(gone);
    assert_eq!(ended(&app, &path(&second)).await["status"], "failed");
    assert_eq!(import(&app, "", &[]).await["status"], "succeeded");
    let answer = app.send(Method::GET, &path(&first), &[], None).await.expect(200);
    assert_eq!(answer["counts"]["read"], 0);
}
