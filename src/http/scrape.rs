//! The page with the metrics, which a Prometheus server reads. It shows no names and no numbers of users, and so needs
//! no token; `--metrics-listen` puts it on an address of its own.

use std::sync::{Arc, LazyLock};

use call_acceptance_api::wire::problem::Failure;
use poem::{Body, Endpoint, IntoResponse, Response, get, http::header};

use super::metrics::METRICS;
use crate::{
    service::Server,
    telemetry::{metrics, traces},
    tls,
};

/// The page at `/metrics`.
pub fn page(server: Arc<Server>) -> impl Endpoint<Output = Response> {
    get(poem::endpoint::make(move |_| {
        let server = server.clone();
        async move {
            // It reads files of the system.
            let text = tokio::task::spawn_blocking(move || {
                LazyLock::force(&METRICS);
                tls::register_metrics();
                traces::register_metrics();
                server.observe();
                metrics::text()
            });
            let text = text.await.map_err(|ended| Failure::Internal(Box::new(ended)))?;
            let page = Body::from(text).with_content_type(metrics::MEDIA_TYPE);
            Ok::<_, poem::Error>(page.with_header(header::CACHE_CONTROL, "no-store").into_response())
        }
    }))
}
