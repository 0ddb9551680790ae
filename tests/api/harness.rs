//! A running server, and a client that validates every response against the published document.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use call_acceptance::{
    app::Application,
    clock::{Clock, SystemClock},
    config::{CascadeConfig, Config, DatabaseLimits, DecisionConfig, ExportConfig, LogFormat, StatisticsConfig},
};
use call_acceptance_api::{
    document::{
        DOCUMENT,
        operations::{Operation, route},
    },
    wire::validation,
};
use jsonschema::Validator;
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use rstest_reuse::template;
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    coverage,
    database::{ADMIN, Kind, TestDatabase},
    exchanges,
};

/// The path of the user of [`App::with_user`].
pub const USER: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/";
/// The path of that user's service.
pub const SERVICE: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/";
/// The path of that user's criteria.
pub const CRITERIA: &str =
    "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/criteria/";

/// Runs a test on both databases: `#[apply(both_databases)] async fn name(#[case] database: Kind) { … }`.
#[template]
#[rstest::rstest]
#[case::on_sqlite(crate::database::Kind::Sqlite)]
#[case::on_postgres(crate::database::Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases(#[case] database: Kind) {}

/// The configuration that tests start a server with.
pub fn config(database_url: &str) -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        metrics_listen: None,
        tls: None,
        database_url: database_url.to_owned(),
        read_database_url: None,
        database_connections: 5,
        database_limits: DatabaseLimits { statement: Duration::from_secs(30), lock: Duration::from_secs(30) },
        // Without a limit in practice.
        concurrent_writes: NonZeroU32::new(1000).expect("it is not zero"),
        cascades: CascadeConfig::default(),
        exports: ExportConfig::default(),
        statistics: StatisticsConfig { interval: Duration::from_millis(20), ..StatisticsConfig::default() },
        migrate: false,
        request_timeout: Duration::from_secs(30),
        shutdown_delay: Duration::ZERO,
        drain_timeout: Duration::from_secs(5),
        decisions: DecisionConfig {
            // Long enough for a busy machine.
            deadline: Duration::from_secs(30),
            staleness: Duration::from_secs(60),
            memory: 16 << 20,
            greatest_age: Duration::from_secs(600),
            connections: 4,
        },
        default_region: None,
        open: false,
        // Without a limit; tests of the limit set it.
        failed_authentications: NonZeroU32::MAX,
        trusted_proxies: "127.0.0.9/32".parse().expect("a right list"),
        connections_per_address: 1024,
        write_timeout: Duration::from_secs(30),
        oidc: None,
        audit_retention: Duration::from_secs(400 * 86_400),
        cors_origins: Vec::new(),
        otlp_endpoint: None,
        log_format: LogFormat::Text,
        log: "off".to_owned(),
    }
}

/// A server that is stopped with the test.
pub struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts a server in this process.
    pub async fn start(config: Config) -> Self {
        Self::start_with(config, Arc::new(SystemClock)).await
    }

    /// Starts a server with this clock in this process.
    pub async fn start_with(config: Config, clock: Arc<dyn Clock>) -> Self {
        let application = Application::build_with(config, clock).await.expect("the server starts");
        let address = application.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(application.run_until(async {
            // Stops either by the message or at the end of the test.
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the server and waits for it.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.task).await.expect("the server stops without a panic");
    }
}

/// A server with a database of its own.
pub struct App {
    pub server: Running,
    pub database: TestDatabase,
    client: reqwest::Client,
}

/// A response of the server.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The response after its body has arrived.
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("the answer arrives whole") }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The value of a header field, which must be present.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("there is no {name} in {:?}", self.headers));
        value.to_str().expect("a header is text")
    }

    /// Asserts the status, and returns the body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts the status 200, and returns the body as text.
    #[track_caller]
    pub fn expect_text(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        &self.text
    }

    /// Asserts a problem with this status and code, and returns it.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem:#}");
        problem
    }

    /// Asserts an invalid request with faults at exactly these pointers (or parameters), in any order.
    #[track_caller]
    pub fn expect_faults(&self, places: &[&str]) {
        let problem = self.expect_problem(400, "invalid_request");
        let faults = problem["errors"].as_array().expect("an invalid request has errors").iter();
        let mut found: Vec<&str> =
            faults.map(|fault| fault["pointer"].as_str().or(fault["parameter"].as_str()).unwrap_or_default()).collect();
        let mut places = places.to_vec();
        found.sort_unstable();
        places.sort_unstable();
        assert_eq!(found, places, "{problem:#}");
    }
}

impl App {
    /// A server on an empty database with the schema.
    pub async fn start(kind: Kind) -> Self {
        let database = TestDatabase::create(kind).await;
        let server = Running::start(config(&database.url)).await;
        Self::on(database, server)
    }

    /// A server that is already running on this database.
    pub fn on(database: TestDatabase, server: Running) -> Self {
        Self { server, database, client: client() }
    }

    /// Creates tenant `foo`, group `foogroup` and user `foouser` with the service.
    pub async fn with_user(self) -> Self {
        self.post("/api/v1/tenants/", json!({ "tenantId": "foo", "region": "BE", "timeZone": "Europe/Brussels" }))
            .await
            .expect(201);
        self.post("/api/v1/tenants/foo/groups/", json!({ "groupId": "foogroup" })).await.expect(201);
        self.post("/api/v1/tenants/foo/groups/foogroup/users/", json!({ "userId": "foouser" })).await.expect(201);
        let services = json!({ "services": [{ "name": "Selective Call Acceptance" }] });
        self.post(&format!("{USER}services/"), services).await.expect(200);
        self
    }

    /// Also creates the schedules of the documentation's examples.
    pub async fn with_schedules(self) -> Self {
        let app = self.with_user().await;
        app.post(&format!("{USER}time_schedules/"), json!({ "name": "Every Friday" })).await.expect(201);
        app.post(&format!("{USER}calendar_schedules/"), json!({ "name": "Every Easter" })).await.expect(201);
        app
    }

    /// Creates a token and returns its text.
    pub async fn token(&self, create: Value) -> String {
        let created = self.post("/api/v1/tokens/", create).await.expect(201);
        created["token"].as_str().expect("a new token is shown").to_owned()
    }

    /// Sends a request with this token, or without one, and validates the response.
    pub async fn send_as(&self, token: Option<&str>, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = stranger().request(method, self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header(JSON.0, JSON.1).body(body.to_string());
        }
        exchange(request, path).await
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[JSON], Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &[JSON], Some(body.to_string())).await
    }

    /// Sends a request unchanged, and validates the response.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let mut request = self.client.request(method, self.url(path));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION.as_str())) {
            request = request.bearer_auth(ADMIN.text());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        exchange(request, path).await
    }
}

/// Sends a request, validates the response, and records both.
async fn exchange(request: RequestBuilder, path: &str) -> Answer {
    let (client, request) = request.build_split();
    let request = request.expect("a test sends what can be sent");
    let sent = request.try_clone().expect("its body is whole");
    let answer = Answer::of(client.execute(request).await.expect("the server answers")).await;
    check(sent.method(), path, &answer);
    exchanges::record(&sent, &answer);
    answer
}

/// The header field of a JSON body.
pub const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A client that contacts only the server and follows no redirects. It sends the administrator's
/// [token](crate::database::ADMIN), unless a request has another one.
pub fn client() -> reqwest::Client {
    let token = HeaderValue::from_str(&format!("Bearer {}", ADMIN.text())).expect("a token is a header's value");
    client_with(HeaderMap::from_iter([(AUTHORIZATION, token)]))
}

/// The same without a token.
pub fn stranger() -> reqwest::Client {
    client_with(HeaderMap::new())
}

fn client_with(headers: HeaderMap) -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.default_headers(headers).build().expect("a client can be built")
}

static COMPONENTS: LazyLock<Value> =
    LazyLock::new(|| json!({ "schemas": validation::json_schema(&DOCUMENT["components"]["schemas"]) }));

fn validator(name: &str) -> Arc<Validator> {
    static COMPILED: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let compile = || {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": *COMPONENTS });
        Arc::new(validation::compile(&schema).expect("a schema of the document compiles"))
    };
    COMPILED.lock().expect("no test panics with the lock").entry(name.to_owned()).or_insert_with(compile).clone()
}

fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    route(path.split('?').next().unwrap_or_default())?.operation(method)
}

/// Whether a header is left out by dry runs.
fn is_of_writes_only(reference: &str) -> bool {
    reference.ends_with("UnlessDryRun")
}

/// Asserts that the document allows this response, with these header fields and a body of this form.
fn check(method: &Method, path: &str, answer: &Answer) {
    assert!(answer.headers.contains_key("x-request-id"), "{method} {path} has no X-Request-Id");
    // The response to HEAD has no body.
    let Some(operation) = operation(method, path).filter(|_| method != Method::HEAD) else { return };
    let context = format!("{} answered {} {}", operation.id, answer.status, answer.text);
    let response = operation.answer(answer.status.as_str());
    let response = response.unwrap_or_else(|| panic!("the document does not know that {context}"));
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let left_out = path.contains("dryRun=true") && header["$ref"].as_str().is_some_and(is_of_writes_only);
        assert_eq!(answer.headers.contains_key(name.as_str()), !left_out, "{name}: {context}");
    }
    match response["content"].as_object().and_then(|content| content.iter().next()) {
        Some((media_type, content)) => {
            let is_lines = media_type == "application/x-ndjson";
            let is_text = media_type.starts_with("text/");
            let content_type = if is_text { format!("{media_type}; charset=utf-8") } else { media_type.clone() };
            assert_eq!(
                answer.headers.get("content-type").map(|value| value.as_bytes()),
                Some(content_type.as_bytes()),
                "{context}"
            );
            let name = content["schema"]["$ref"]
                .as_str()
                .and_then(|name| name.rsplit('/').next())
                .expect("a body's schema has a name");
            let body = if is_text || is_lines { json!(answer.text) } else { answer.json() };
            let faults: Vec<String> = validator(name).iter_errors(&body).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{faults:?}: {context}");
            assert!(!has_null(&body), "what is absent is left out, not null: {context}");
            if let Some(code) = body["code"].as_str().filter(|_| media_type.contains("problem")) {
                let description = response["description"].as_str().unwrap_or_default();
                assert!(description.contains(&format!("`{code}`")), "the document does not name the code: {context}");
            }
        }
        None => assert!(answer.text.is_empty(), "the document knows no body: {context}"),
    }
    coverage::record(operation.id);
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}
