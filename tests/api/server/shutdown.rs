//! Graceful shutdown.

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{
    database::{ADMIN, Kind},
    harness::App,
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
