//! Connections, from below: requests that are none, clients that do not read, and too many of one address.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    database::{ADMIN, Kind, TestDatabase},
    harness::{App, Running, config},
};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn address(app: &App) -> SocketAddr {
    app.url("").trim_start_matches("http://").parse().expect("the server says where it is")
}

async fn with(change: impl FnOnce(&mut call_acceptance::config::Config)) -> App {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    change(&mut configuration);
    App::on(database, Running::start(configuration).await)
}

/// A connection from this address of loopback.
pub async fn connect_from(local: &str, app: &App) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.bind(SocketAddr::new(local.parse().expect("an address"), 0)).expect("an address of loopback is ours");
    socket.connect(address(app)).await.expect("the server takes connections")
}

/// All that is answered to `sent`, until the server closes the connection.
async fn answers(app: &App, sent: &[u8]) -> String {
    let mut connection = TcpStream::connect(address(app)).await.expect("the server takes connections");
    connection.write_all(sent).await.expect("the request is sent");
    let mut answers = Vec::new();
    connection.read_to_end(&mut answers).await.expect("the server answers and closes the connection");
    String::from_utf8(answers).expect("answers are text")
}

/// Asserts that the last of `answers` is a whole problem, and gives it.
#[track_caller]
fn problem(answers: &str, status: u16, code: &str) -> Value {
    let (head, body) = answers.rsplit_once("\r\n\r\n").expect("an answer has a head");
    let head = &head[head.rfind("HTTP/1.1 ").expect("an answer starts so")..];
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answers}");
    assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{answers}");
    let problem: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answers}"));
    assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{answers}");
    let id = problem["instance"].as_str().expect("a problem names its request");
    assert!(head.contains(&format!("x-request-id: {id}")), "{answers}");
    problem
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_answered_by_a_problem() {
    let app = App::start(Kind::Sqlite).await;
    for none in [
        "hello\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /\u{1}  HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
    ] {
        problem(&answers(&app, none.as_bytes()).await, 400, "malformed_request");
    }
    let both = "POST /api/v1/tenants/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5x\r\n\r\n";
    problem(&answers(&app, both.as_bytes()).await, 400, "malformed_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_before_is_answered_before_the_problem() {
    let app = App::start(Kind::Sqlite).await;
    let answers = answers(&app, format!("{LIVE}{LIVE}hello\r\n\r\n").as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answers}");
    problem(&answers, 400, "malformed_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_over_64_kib_is_answered_by_a_problem() {
    let app = App::start(Kind::Sqlite).await;
    let long = "x".repeat(66_000);
    for head in [
        format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: {}\r\n\r\n", "x".repeat(1_000_000)),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n", "A: b\r\n".repeat(200)),
    ] {
        problem(&answers(&app, head.as_bytes()).await, 431, "head_too_large");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_names_its_host_once() {
    let app = App::start(Kind::Sqlite).await;
    for hosts in ["", "Host: localhost\r\nHost: localhost\r\n"] {
        let request = format!("GET /api/v1/tenants/ HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let problem = problem(&answers(&app, request.as_bytes()).await, 400, "invalid_request");
        assert_eq!(problem["errors"][0]["parameter"], "Host", "{problem}");
    }
    let old = answers(&app, b"GET /health/live HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200 OK"), "{old}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_server_answers_only_what_is_sent_to_this_machine() {
    let app = with(|config| config.open = true).await;
    let ask = |host: &str| format!("GET /api/v1/tenants/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for host in ["attacker.example.com", "192.0.2.1:8080", "localhost.attacker.example.com"] {
        problem(&answers(&app, ask(host).as_bytes()).await, 403, "forbidden");
    }
    for host in ["localhost:8080", "127.0.0.1", "[::1]:8080"] {
        let answer = answers(&app, ask(host).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{host}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_its_connections_and_leaves_others_theirs() {
    let app = with(|config| config.connections_per_address = 2).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = connect_from("127.0.0.1", &app).await;
        connection.write_all(LIVE.as_bytes()).await.expect("the request is sent");
        assert!(connection.read(&mut [0; 12]).await.is_ok_and(|read| read > 0), "it is served");
        held.push(connection);
    }
    let mut third = connect_from("127.0.0.1", &app).await;
    assert!(matches!(third.read(&mut [0]).await, Ok(0) | Err(_)), "it is closed without an answer");
    // 127.0.0.9 is a trusted proxy and stands for many.
    for local in ["127.0.0.2", "127.0.0.9", "127.0.0.9", "127.0.0.9"] {
        let mut other = connect_from(local, &app).await;
        other.write_all(LIVE.as_bytes()).await.expect("the request is sent");
        assert!(other.read(&mut [0; 12]).await.is_ok_and(|read| read > 0), "{local} is served");
        held.push(other);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_its_answers_loses_its_connection() {
    let app = with(|config| {
        config.connections_per_address = 1;
        config.write_timeout = Duration::from_secs(1);
    })
    .await;
    let mut unread = connect_from("127.0.0.1", &app).await;
    let asked = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    unread.write_all(asked.as_bytes()).await.expect("the requests are sent");
    // The address has no other connection until this one is closed.
    loop {
        let mut next = connect_from("127.0.0.1", &app).await;
        // The server may have closed it before it is written to.
        let sent = next.write_all(LIVE.as_bytes()).await;
        if sent.is_ok() && next.read(&mut [0; 12]).await.is_ok_and(|read| read > 0) {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(unread);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_trusted_proxy_says_of_its_client_counts() {
    let app = with(|config| config.failed_authentications = std::num::NonZeroU32::MIN).await;
    let guess = |local: &'static str, client: &'static str, token: &'static str| {
        let request = format!(
            "GET /api/v1/tenants/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n\
             Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let app = &app;
        async move {
            let mut connection = connect_from(local, app).await;
            connection.write_all(request.as_bytes()).await.expect("the request is sent");
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.expect("the server answers");
            answer.split(' ').nth(1).map(str::to_owned)
        }
    };
    for (local, client, token, status) in [
        ("127.0.0.9", "192.0.2.1", "a", "401"),
        ("127.0.0.9", "192.0.2.1", "a", "429"),
        ("127.0.0.9", "198.51.100.9, 192.0.2.1", "a", "429"),
        ("127.0.0.9", "192.0.2.2", "a", "401"),
        // A stranger can say what it likes.
        ("127.0.0.1", "192.0.2.3", "a", "401"),
        ("127.0.0.1", "192.0.2.4", "a", "429"),
    ] {
        assert_eq!(guess(local, client, token).await.as_deref(), Some(status), "{local} for {client}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_stands_in_the_audit() {
    let app = App::start(Kind::Sqlite).await;
    let body = r#"{"tenantId":"foo"}"#;
    let request = format!(
        "POST /api/v1/tenants/ HTTP/1.1\r\nHost: localhost\r\nForwarded: for=\"[2001:db8::7]:4711\"\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        ADMIN.text(),
        body.len()
    );
    let mut connection = connect_from("127.0.0.9", &app).await;
    connection.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("the server answers");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let events = app.get("/api/v1/tenants/foo/audit_events/").await.expect(200);
    assert_eq!(events["auditEvents"][0]["clientAddress"], "2001:db8::7", "{events}");
}
