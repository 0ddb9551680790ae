//! Graceful shutdown.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{
    database::{ADMIN, Kind, TestDatabase},
    harness::{Answer, App, Running, client, config},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_progress_is_finished_and_new_connections_are_refused() {
    let app = App::start(Kind::Sqlite).await;
    let address = app.url("").replace("http://", "");
    let body = json!({ "tenantId": "foo" }).to_string();
    let mut connection = BufReader::new(TcpStream::connect(&address).await.expect("the server takes connections"));
    let head = format!(
        "POST /api/v1/tenants/ HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: \
        application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        ADMIN.text(),
        body.len()
    );
    connection.write_all(head.as_bytes()).await.expect("the head is sent");
    // The server sends `100 Continue`, so the request is in progress.
    let mut line = String::new();
    connection.read_line(&mut line).await.expect("the server asks for the body");
    assert!(line.starts_with("HTTP/1.1 100"), "{line}");

    let stopping = tokio::spawn(app.server.stop());
    while TcpStream::connect(&address).await.is_ok() {}
    connection.write_all(body.as_bytes()).await.expect("the body is sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("the server answers and closes the connection");
    assert!(answer.contains("HTTP/1.1 201 Created"), "{answer}");
    stopping.await.expect("the server stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_is_not_ready_and_still_serves_until_the_delay_is_over() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    // Long enough for the requests below on a busy machine.
    configuration.shutdown_delay = Duration::from_secs(8);
    let server = Running::start(configuration).await;
    let url = server.url();
    let get = |path: &str| {
        // Each over a connection of its own.
        let request = client().get(format!("{url}{path}"));
        async move { Answer::of(request.send().await.expect("the server answers")).await }
    };
    get("/health/ready").await.expect(200);
    let stopping = tokio::spawn(server.stop());
    while get("/health/ready").await.status == 200 {
        tokio::task::yield_now().await;
    }
    get("/health/ready").await.expect_problem(503, "server_stopping");
    get("/health/live").await.expect(200);
    get("/api/v1/tenants/").await.expect(200);
    stopping.await.expect("the server stops");
    assert!(client().get(url).send().await.is_err(), "it accepts no connections any more");
}
