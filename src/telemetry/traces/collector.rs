//! Sends spans to a collector by OTLP over HTTP, as binary Protobuf
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).

use std::{error::Error, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Uri,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderValue},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use prost::Message;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

/// Timeout of a request, from the connection to the last byte of the response.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Maximum length of a response in bytes.
const SIZE_LIMIT: usize = 64 << 10;

/// A client of a collector.
pub(super) struct Collector {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Uri,
}

impl Collector {
    /// A client of the collector at `endpoint`, to which the path of traces is added. It trusts the authorities of the
    /// system.
    ///
    /// # Errors
    /// If the address cannot be read.
    pub fn at(endpoint: &str) -> Result<Self, String> {
        let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let address = address.parse().map_err(|error| format!("{address} is no address: {error}"))?;
        let mut roots = RootCertStore::empty();
        // An empty store is no error: without TLS none are needed.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(https), address })
    }

    /// Sends spans.
    ///
    /// # Errors
    /// The cause, if the collector does not take them all.
    pub async fn send(&self, spans: &ExportTraceServiceRequest) -> Result<(), String> {
        let sent = timeout(TIME_LIMIT, self.post(spans.encode_to_vec().into())).await;
        sent.unwrap_or_else(|_| Err(format!("no response within {} seconds", TIME_LIMIT.as_secs())))
    }

    async fn post(&self, spans: Bytes) -> Result<(), String> {
        let mut request =
            Request::post(self.address.clone()).body(Full::new(spans)).map_err(|error| error.to_string())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let answer = self.client.request(request).await.map_err(|error| with_causes(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), SIZE_LIMIT).collect().await;
        let body = body.map_err(|error| with_causes(&*error))?.to_bytes();
        if !status.is_success() {
            return Err(format!("it responds with {status}"));
        }
        // A response that cannot be read is one of a collector that is content.
        let partial = ExportTraceServiceResponse::decode(body).ok().and_then(|response| response.partial_success);
        match partial.map_or(0, |partial| partial.rejected_spans) {
            0 => Ok(()),
            rejected => Err(format!("it rejects {rejected} spans")),
        }
    }
}

/// Whether the collector at `endpoint` takes spans; it gets an empty request.
///
/// # Errors
/// The cause, if it does not.
pub async fn probe(endpoint: &str) -> Result<(), String> {
    Collector::at(endpoint)?.send(&ExportTraceServiceRequest::default()).await
}

/// The error with its causes, since hyper's own message says little.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
