//! Traces by OTLP: what a collector gets, and what stands in the log.

use std::{convert::Infallible, time::Duration};

use http_body_util::{BodyExt, Empty};
use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use rstest_reuse::apply;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

use super::log::Server;
use crate::{
    database::{Kind, TestDatabase},
    harness::{both_databases, client},
    scrape::Scrape,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A collector, which hands on the spans that it gets.
pub struct Collector {
    pub url: String,
    spans: UnboundedReceiver<Span>,
    seen: Vec<Span>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let (sender, spans) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let sender = sender.clone();
                    async move {
                        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/traces"));
                        assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                        let body = request.into_body().collect().await.expect("it arrives whole").to_bytes();
                        let export = ExportTraceServiceRequest::decode(body).expect("it is an export of spans");
                        let scopes = export.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
                        scopes.flat_map(|scope| scope.spans).for_each(|span| drop(sender.send(span)));
                        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, spans, seen: Vec::new() }
    }

    /// Waits for a span.
    async fn span(&mut self, what: impl Fn(&Span) -> bool) -> Span {
        loop {
            if let Some(found) = self.seen.iter().position(&what) {
                return self.seen.remove(found);
            }
            let next = tokio::time::timeout(Duration::from_secs(60), self.spans.recv()).await;
            let next = next.unwrap_or_else(|_| panic!("there is no such span in {:#?}", self.seen));
            self.seen.push(next.expect("the collector runs"));
        }
    }
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

async fn get(server: &Server, path: &str, traceparent: Option<&str>) -> u16 {
    let mut request = client().get(format!("{}{path}", server.url()));
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent);
    }
    request.send().await.expect("the server answers").status().as_u16()
}

#[apply(both_databases)]
async fn a_request_and_its_statements_are_spans_of_the_clients_trace(#[case] kind: Kind) {
    let mut collector = Collector::start().await;
    let database = TestDatabase::create(kind).await;
    let arguments = ["--otlp-endpoint".to_owned(), collector.url.clone()];
    let mut server = Server::start_with(database, &arguments);
    let parent = format!("00-{TRACE}-{PARENT}-01");
    assert_eq!(get(&server, "/api/v1/tenants/secret-name/", Some(&parent)).await, 404);
    let request = collector.span(|span| span.name == "GET /api/v1/tenants/{tenant_id}/").await;
    assert_eq!((hex::encode(&request.trace_id), hex::encode(&request.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(request.kind(), SpanKind::Server);
    assert_eq!(request.status.as_ref().map_or(0, |status| status.code), 0, "the client is wrong, not the server");
    let mut names: Vec<_> = request.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    names.sort_unstable();
    let expected = ["call_acceptance.operation", "http.request.method", "http.response.status_code", "http.route"];
    assert_eq!(names, [&expected[..], &["url.scheme"]].concat());
    assert_eq!(attribute(&request, "http.response.status_code").as_deref(), Some("404"));
    assert_eq!(attribute(&request, "http.route").as_deref(), Some("/api/v1/tenants/{tenant_id}/"));
    assert_eq!(attribute(&request, "call_acceptance.operation").as_deref(), Some("tenant_view"));

    let statement = collector.span(|span| span.name == "SELECT tenants").await;
    assert_eq!((&statement.trace_id, statement.kind()), (&request.trace_id, SpanKind::Client));
    assert_eq!(statement.parent_span_id, request.span_id);
    let described = ["db.system.name", "db.operation.name", "db.query.summary"].map(|name| attribute(&statement, name));
    let system = if kind == Kind::Postgres { "postgresql" } else { "sqlite" };
    assert_eq!(described, [Some(system), Some("SELECT"), Some("SELECT tenants")].map(|text| text.map(str::to_owned)));
    assert_eq!(statement.attributes.len(), 3, "{statement:?}");
    assert!(!format!("{request:?}{statement:?}").contains("secret-name"), "no name is in a span");
    let line = server.line_with("operation=\"tenant_view\"");
    assert!(line.contains(&format!("trace_id={TRACE}")), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_decides_whether_its_trace_is_sampled_and_a_malformed_one_is_not_continued() {
    let mut collector = Collector::start().await;
    let arguments = ["--otlp-endpoint".to_owned(), collector.url.clone()];
    let mut server = Server::start_with(TestDatabase::create(Kind::Sqlite).await, &arguments);
    assert_eq!(get(&server, "/health/live", Some(&format!("00-{TRACE}-{PARENT}-00"))).await, 200);
    assert_eq!(get(&server, "/api/v1/tokens/", Some(&format!("00-{TRACE}-0000000000000000-01"))).await, 200);
    let own = collector.span(|span| span.name == "GET /api/v1/tokens/").await;
    assert!(own.parent_span_id.is_empty() && hex::encode(&own.trace_id) != TRACE);
    assert!(collector.seen.iter().all(|span| !span.name.contains("/health/live")), "{:?}", collector.seen);
    let line = server.line_with("operation=\"tokens_list\"");
    assert!(line.contains(&format!("trace_id={}", hex::encode(&own.trace_id))), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_and_a_decision_have_all_their_statements_and_background_work_has_no_trace() {
    let mut collector = Collector::start().await;
    let arguments = ["--otlp-endpoint".to_owned(), collector.url.clone()];
    let server = Server::start_with(TestDatabase::create(Kind::Sqlite).await, &arguments);
    let body = serde_json::json!({ "tenantId": "traced", "name": "Traced" }).to_string();
    let request = client().post(format!("{}/api/v1/tenants/", server.url())).header("content-type", "application/json");
    assert_eq!(request.body(body).send().await.expect("the server answers").status().as_u16(), 201);
    let request = collector.span(|span| span.name == "POST /api/v1/tenants/").await;
    let mut statements = Vec::new();
    for expected in ["BEGIN", "INSERT tenants", "COMMIT"] {
        statements.push(collector.span(|span| span.name == expected).await);
    }
    assert!(statements.iter().all(|statement| statement.trace_id == request.trace_id), "{statements:#?}");

    assert_eq!(get(&server, "/api/v1/decisions/?calledNumber=%2B3225550100", None).await, 200);
    let decision = collector.span(|span| span.name == "GET /api/v1/decisions/").await;
    collector.span(|span| span.trace_id == decision.trace_id && span.parent_span_id == decision.span_id).await;
    let of_nobody = |span: &&Span| span.kind() == SpanKind::Client && span.parent_span_id.is_empty();
    assert_eq!(collector.seen.iter().find(of_nobody), None, "what polls the database is in no trace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_spans_are_sent_when_the_server_stops() {
    let mut collector = Collector::start().await;
    let arguments = ["--otlp-endpoint".to_owned(), collector.url.clone()];
    let mut server = Server::start_with(TestDatabase::create(Kind::Sqlite).await, &arguments);
    assert_eq!(get(&server, "/health/live", None).await, 200);
    server.stop();
    collector.span(|span| span.name == "GET /health/live").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_traces_the_log_has_the_clients() {
    let mut server = Server::start_with(TestDatabase::create(Kind::Sqlite).await, &[]);
    assert_eq!(get(&server, "/api/v1/tenants/", Some(&format!("00-{TRACE}-{PARENT}-01"))).await, 200);
    let line = server.line_with("operation=\"tenants_list\"");
    assert!(line.contains(&format!("trace_id={TRACE}")), "{line}");
    assert!(!line.contains("request{"), "no span stands in the log: {line}");
    for none in [None, Some("nonsense")] {
        assert_eq!(get(&server, "/api/v1/tenants/", none).await, 200);
        let line = server.line_with("operation=\"tenants_list\"");
        assert!(!line.contains("trace_id"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_its_spans_and_a_line_of_the_log() {
    let arguments = ["--otlp-endpoint".to_owned(), "http://127.0.0.1:1".to_owned()];
    let mut server = Server::start_with(TestDatabase::create(Kind::Sqlite).await, &arguments);
    assert_eq!(get(&server, "/api/v1/tenants/", None).await, 200);
    let line = server.line_with("spans cannot be sent");
    assert!(line.contains("WARN") && !line.contains("request{"), "{line}");
    let text = client().get(format!("{}/metrics", server.url())).send().await.expect("the server answers");
    let scrape = Scrape::parse(&text.text().await.expect("the metrics arrive whole"));
    assert!(scrape.value("call_acceptance_trace_spans_total{result=\"failed\"}") >= 1.0);
}
