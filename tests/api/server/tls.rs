//! HTTPS: the protocol that the client offers, the certificate as it changes, and the limits of connections.

use std::{fs, net::SocketAddr, path::Path, process::Command, sync::Arc, time::Duration};

use call_acceptance::config::TlsFiles;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Version, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    certificates::Authority,
    database::{ADMIN, Kind, TestDatabase},
    harness::{Running, config},
    scrape::Scrape,
};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server with a certificate, and the authority that its clients trust.
struct Secure {
    authority: Authority,
    files: TlsFiles,
    server: Running,
    _database: TestDatabase,
}

impl Secure {
    async fn start(change: impl FnOnce(&mut call_acceptance::config::Config)) -> Self {
        let authority = Authority::new();
        let files = authority.issue(2020..2100);
        let database = TestDatabase::create(Kind::Sqlite).await;
        let mut configuration = config(&database.url);
        configuration.tls = Some(files.clone());
        change(&mut configuration);
        Self { authority, files, server: Running::start(configuration).await, _database: database }
    }

    fn address(&self) -> SocketAddr {
        self.server.url().trim_start_matches("http://").parse().expect("the server says where it is")
    }

    /// A connection on which the client offers these protocols.
    async fn connect(&self, protocols: &[&str]) -> TlsStream<TcpStream> {
        self.try_connect(protocols).await.expect("the server accepts a connection")
    }

    async fn try_connect(&self, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der()).expect("it is a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut client = versions.expect("the versions are known").with_root_certificates(roots).with_no_client_auth();
        client.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address()).await?;
        let name = ServerName::try_from("localhost").expect("it is a name");
        TlsConnector::from(Arc::new(client)).connect(name, stream).await
    }

    /// A connection of HTTP/2, whose client takes so much of an answer at first.
    async fn http2(&self, window: u32) -> (Sender, tokio::task::JoinHandle<hyper::Result<()>>) {
        let stream = TokioIo::new(self.connect(&["h2"]).await);
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(window);
        let (sender, connection) = builder.handshake(stream).await.expect("the server speaks HTTP/2");
        (sender, tokio::spawn(connection))
    }
}

type Sender = http2::SendRequest<Full<Bytes>>;

fn request(method: &str, path: &str, body: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    let request = request.header("authorization", format!("Bearer {}", ADMIN.text()));
    let request = request.header("content-type", "application/json");
    request.body(Full::new(Bytes::from(body.to_owned()))).expect("the request is right")
}

/// Status and body of the answer.
async fn ask(sender: &mut Sender, request: Request<Full<Bytes>>) -> (u16, Value) {
    let answer = sender.send_request(request).await.expect("the server answers");
    assert_eq!(answer.version(), Version::HTTP_2);
    assert!(answer.headers().contains_key("x-request-id"));
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("the answer arrives whole").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// What is answered to a request of HTTP/1.1.
async fn exchange(stream: &mut TlsStream<TcpStream>, sent: &str) -> String {
    stream.write_all(sent.as_bytes()).await.expect("the request is sent");
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read_buf(&mut answer).await.expect("the server answers");
        assert!(read > 0, "the server closed the connection: {}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).expect("an answer is text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_speaks_the_protocol_that_the_client_offers() {
    let secure = Secure::start(|_| {}).await;
    for (offered, agreed) in [(&["h2", "http/1.1"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)] {
        let mut stream = secure.connect(offered).await;
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        assert_eq!(protocol.as_deref(), agreed.map(str::as_bytes), "{offered:?}");
        if agreed != Some("h2") {
            assert!(exchange(&mut stream, LIVE).await.starts_with("HTTP/1.1 200 OK"));
        }
    }
    assert!(secure.try_connect(&["spdy/1"]).await.is_err(), "no protocol in common");

    let (mut sender, _connection) = secure.http2(1 << 20).await;
    let tenant = json!({ "tenantId": "foo" }).to_string();
    let created = ask(&mut sender, request("POST", "/api/v1/tenants/", &tenant)).await;
    assert_eq!((created.0, &created.1["tenantId"]), (201, &json!("foo")), "{created:?}");
    let (found, missing) =
        tokio::join!(async { ask(&mut sender.clone(), request("GET", "/api/v1/tenants/", "")).await }, async {
            ask(&mut sender.clone(), request("GET", "/api/v1/tenants/none/", "")).await
        },);
    assert_eq!((found.0, &found.1["tenants"][0]["tenantId"]), (200, &json!("foo")));
    assert_eq!((missing.0, &missing.1["code"]), (404, &json!("tenant_not_found")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_used_for_new_connections_and_old_ones_go_on() {
    let secure = Secure::start(|_| {}).await;
    let certificate = |stream: &TlsStream<TcpStream>| {
        stream.get_ref().1.peer_certificates().and_then(<[_]>::first).expect("the server has one").to_vec()
    };
    let mut old = secure.connect(&["http/1.1"]).await;
    let first = certificate(&old);
    // A key of another pair, and nonsense: the one before stays in use.
    let key = fs::read(&secure.files.key).expect("the file is there");
    secure.authority.issue(2020..2100);
    fs::write(&secure.files.key, key).expect("the file can be written");
    let before = certificate(&secure.connect(&["http/1.1"]).await);
    assert_eq!(before, first);
    fs::write(&secure.files.certificate, "nonsense").expect("the file can be written");
    assert_eq!(certificate(&secure.connect(&["http/1.1"]).await), first);

    secure.authority.issue(2020..2100);
    while certificate(&secure.connect(&["http/1.1"]).await) == first {
        tokio::task::yield_now().await;
    }
    assert!(exchange(&mut old, LIVE).await.starts_with("HTTP/1.1 200 OK"), "the old connection goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_cannot_be_used_is_logged_and_the_one_before_stays() {
    let authority = Authority::new();
    let files = authority.issue(2020..2100);
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut server = super::log::Server::start_with(database, &arguments(&files));
    fs::write(&files.key, "nonsense").expect("the file can be written");
    let line = server.line_with("ERROR");
    assert!(line.contains("private key") && line.contains("stays in use"), "{line}");
    authority.issue(2020..2100);
    let line = server.line_with("certificate");
    assert!(line.contains("INFO") && line.contains("localhost"), "{line}");
}

fn arguments(files: &TlsFiles) -> [String; 4] {
    let text = |path: &Path| path.display().to_string();
    ["--tls-certificate".to_owned(), text(&files.certificate), "--tls-key".to_owned(), text(&files.key)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_long_is_answered_by_a_problem_with_both_protocols() {
    let secure = Secure::start(|_| {}).await;
    let long = "x".repeat(70_000);
    let mut stream = secure.connect(&["http/1.1"]).await;
    let head = format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n");
    assert!(exchange(&mut stream, &head).await.starts_with("HTTP/1.1 431 "));

    let (mut sender, _connection) = secure.http2(1 << 20).await;
    let mut of_two = request("GET", "/health/live", "");
    of_two.headers_mut().insert("x-long", long.parse().expect("it is a value"));
    let (status, problem) = ask(&mut sender, of_two).await;
    assert_eq!((status, &problem["code"]), (431, &json!("head_too_large")));
    let mut many = request("GET", "/health/live", "");
    for at in 0..120 {
        let name = hyper::header::HeaderName::try_from(format!("x-{at}")).expect("it is a name");
        many.headers_mut().insert(name, hyper::header::HeaderValue::from_static("x"));
    }
    assert_eq!(ask(&mut sender, many).await.0, 431);
    // One that is longer still is answered before it is read.
    let mut longer = request("GET", "/health/live", "");
    longer.headers_mut().insert("x-long", "x".repeat(200_000).parse().expect("it is a value"));
    assert!(sender.send_request(longer).await.is_ok_and(|answer| answer.status() == 431));
    assert_eq!(ask(&mut sender, request("GET", "/health/live", "")).await.0, 200, "the connection goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_beside_the_authority_of_http_2_must_be_the_same() {
    let secure = Secure::start(|config| config.open = true).await;
    let (mut sender, _connection) = secure.http2(1 << 20).await;
    let with_host = |host: &'static str| {
        let mut request = request("GET", "/api/v1/tenants/", "");
        request.headers_mut().insert("host", hyper::header::HeaderValue::from_static(host));
        request
    };
    assert_eq!(ask(&mut sender, with_host("localhost")).await.0, 200);
    assert_eq!(ask(&mut sender, with_host("127.0.0.1")).await.0, 400);
    let mut elsewhere = request("GET", "/api/v1/tenants/", "");
    *elsewhere.uri_mut() = "https://attacker.example.com/api/v1/tenants/".parse().expect("it is a URI");
    assert_eq!(ask(&mut sender, elsewhere).await.0, 403, "an open server answers only what is sent to this machine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finishes_no_handshake_loses_its_connection() {
    let secure = Secure::start(|config| config.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    let mut silent = TcpStream::connect(secure.address()).await.expect("the server accepts a connection");
    assert_eq!(silent.read(&mut [0; 8]).await.expect("the server closes it"), 0);
    // And who speaks no TLS at all is told so by the alert of TLS.
    let mut plain = TcpStream::connect(secure.address()).await.expect("the server accepts a connection");
    plain.write_all(LIVE.as_bytes()).await.expect("it is sent");
    let mut alert = Vec::new();
    plain.read_to_end(&mut alert).await.expect("the server closes it");
    assert_eq!(alert.first(), Some(&21), "{alert:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_http_2_that_takes_nothing_of_its_answer_loses_its_connection() {
    let secure = Secure::start(|config| config.write_timeout = Duration::from_secs(1)).await;
    let (mut sender, connection) = secure.http2(100).await;
    let answer =
        sender.send_request(request("GET", "/openapi.json", "")).await.expect("the head of the answer arrives");
    assert_eq!(answer.status(), 200);
    // Its body is not read, and so its window stays closed.
    let ended = connection.await.expect("the task ends");
    assert!(ended.is_err() || sender.ready().await.is_err(), "the server closed the connection");
    drop(answer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_an_address_counts_connections_with_tls() {
    let secure = Secure::start(|config| config.connections_per_address = 1).await;
    let mut first = secure.connect(&["http/1.1"]).await;
    assert!(exchange(&mut first, LIVE).await.starts_with("HTTP/1.1 200 OK"));
    assert!(secure.try_connect(&["h2"]).await.is_err(), "the address has its connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_closes_connections_of_both_protocols() {
    let secure = Secure::start(|_| {}).await;
    let (mut sender, connection) = secure.http2(1 << 20).await;
    assert_eq!(ask(&mut sender, request("GET", "/health/live", "")).await.0, 200);
    let mut one = secure.connect(&["http/1.1"]).await;
    assert!(exchange(&mut one, LIVE).await.starts_with("HTTP/1.1 200 OK"));
    secure.server.stop().await;
    connection.await.expect("the task ends").expect("the connection is closed in order");
    let mut rest = Vec::new();
    one.read_to_end(&mut rest).await.expect("the connection is closed in order");
    assert!(!rest.ends_with(b"\r\n\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_have_the_end_of_the_certificate() {
    let secure = Secure::start(|_| {}).await;
    let (mut sender, _connection) = secure.http2(1 << 20).await;
    let answer = sender.send_request(request("GET", "/metrics", "")).await.expect("the server answers");
    let text = answer.into_body().collect().await.expect("the answer arrives whole").to_bytes();
    let scrape = Scrape::parse(std::str::from_utf8(&text).expect("it is text"));
    let expires = scrape.value("call_acceptance_tls_certificate_expiry_timestamp_seconds");
    assert_eq!(expires, 4_102_444_800.0, "the first of January 2100");
}

#[test]
fn a_server_does_not_start_with_a_certificate_that_it_cannot_use() {
    let authority = Authority::new();
    let files = authority.issue(2020..2100);
    let other = Authority::new().issue(2020..2100);
    fs::write(&files.key, "nonsense").expect("the file can be written");
    for (files, named) in [
        (&files, "has no private key"),
        (&TlsFiles { key: other.key.clone(), ..files.clone() }, "cannot read"),
        (&TlsFiles { certificate: "/nowhere.pem".into(), ..files.clone() }, "cannot read /nowhere.pem"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_call-acceptance"));
        let output = command.env_clear().args(["--listen", "127.0.0.1:0"]).args(arguments(files)).output();
        let output = output.expect("the command runs");
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && printed.contains(named), "{named}: {printed}");
    }
}
