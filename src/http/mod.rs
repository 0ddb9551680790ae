//! HTTP: the processing of requests around the operations. `Pipeline` lists the stages in order, one module each.

mod access;
mod addresses;
mod attempts;
mod client;
mod compression;
mod context;
mod docs;
mod errors;
mod files;
mod head;
mod headers;
pub mod listener;
mod masking;
mod metrics;
mod pages;
mod problems;
mod protocols;
mod request_log;
mod request_span;
mod scrape;
mod stream;
mod streams;
mod strict;
mod try_page;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, task::Poll, time::Duration};

use call_acceptance_api::{
    document,
    wire::{
        problem::{Failure, ProblemCode},
        validation::BodySchemas,
    },
};
use futures_util::FutureExt;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, endpoint::BoxEndpoint};
use tracing::Instrument;

use crate::{
    clock::Clock,
    config::{Config, Networks},
    service::Server,
    telemetry::traces,
};
use access::Gate;
use attempts::Attempts;
use context::RequestContext;
use files::{Files, Turn};
use metrics::METRICS;

/// Timeout of a request with a file of many things, unless that of others is longer.
const FILE_TIMEOUT: Duration = Duration::from_secs(300);

/// The endpoint of the API and its pages, and of the metrics, unless they have an address of their own.
pub fn endpoint(server: Arc<Server>, clock: Arc<dyn Clock>, config: &Config) -> BoxEndpoint<'static, Response> {
    let attempts = Attempts::per_minute(config.failed_authentications);
    let pages = match config.metrics_listen {
        None => pages().at("/metrics", scrape::page(server.clone())),
        Some(_) => pages(),
    };
    let pipeline = Pipeline {
        api: Some(Api {
            gate: Gate::new(server.clone(), attempts, config.open),
            files: Files::new(),
            schemas: document::body_schemas(),
            operations: call_acceptance_api::service(call_acceptance_api::apis(server)).into_endpoint(),
        }),
        clock,
        request_timeout: config.request_timeout,
        trusted_proxies: config.trusted_proxies.clone(),
        open: config.open,
        pages: pages.boxed(),
    };
    match config.cors_origins.as_slice() {
        [] => pipeline.boxed(),
        origins => headers::share(pipeline, origins.to_vec()).boxed(),
    }
}

/// The endpoint of the address that has the metrics alone.
pub fn metrics_endpoint(server: Arc<Server>, clock: Arc<dyn Clock>, config: &Config) -> BoxEndpoint<'static, Response> {
    let pipeline = Pipeline {
        api: None,
        clock,
        request_timeout: config.request_timeout,
        trusted_proxies: config.trusted_proxies.clone(),
        open: false,
        pages: Route::new().at("/metrics", scrape::page(server)).boxed(),
    };
    pipeline.boxed()
}

fn pages() -> Route {
    Route::new()
        .nest_no_strip("/docs", docs::page())
        .nest_no_strip("/reference", docs::reference())
        .nest_no_strip("/problems", problems::pages())
        .nest_no_strip("/try", try_page::page())
        .at("/", docs::redirect())
        .at("/openapi.json", docs::json())
        .at("/openapi.yaml", docs::yaml())
}

/// The request pipeline.
///
/// It is one endpoint and not a chain of middleware: each layer of a chain moves the futures of all inner layers, which
/// costs more than the work of the layers.
struct Pipeline {
    /// The operations of the document, unless the address has none.
    api: Option<Api>,
    clock: Arc<dyn Clock>,
    request_timeout: Duration,
    trusted_proxies: Networks,
    /// Whether the server runs without authentication.
    open: bool,
    /// Everything else.
    pages: BoxEndpoint<'static, Response>,
}

/// The operations of the document.
struct Api {
    gate: Gate,
    files: Files,
    /// What bodies are validated with.
    schemas: &'static BodySchemas,
    operations: BoxEndpoint<'static, Response>,
}

impl Api {
    /// The turn of a request with a file, if it is for a tenant.
    async fn admit_file(&self, context: &RequestContext) -> Result<Option<Turn<'_>>, Failure> {
        match context.name("tenant_id") {
            Some(tenant) => self.files.admit(tenant).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Endpoint for Pipeline {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let _in_progress = METRICS.in_progress();
        let mut context = RequestContext::of(&request, &self.trusted_proxies, || self.clock.new_id());
        let span = request_span::begin(&request, &context);
        context.trace = traces::join(&span, context.parent);
        let answered = match span.is_disabled() {
            true => self.answer_in_time(request, &context).await,
            // In a box, so that requests that are not traced do not take its memory.
            false => Box::pin(self.answer_in_time(request, &context).instrument(span.clone())).await,
        };
        let mut answer = answered.unwrap_or_else(|error| errors::answer(error, &context));
        request_span::end(&span, answer.status());
        headers::add(&mut answer, &context);
        METRICS.count_request(context.operation, answer.status(), context.started.elapsed());
        request_log::write(&answer, &context);
        Ok(answer)
    }
}

impl Pipeline {
    async fn answer_in_time(&self, request: Request, context: &RequestContext) -> poem::Result<Response> {
        // In a box, so that the layers around it do not move it.
        let mut answered = Box::pin(AssertUnwindSafe(self.answer(request, context)).catch_unwind());
        // What is answered from memory is there at once, and needs no timer.
        if let Poll::Ready(answered) = futures_util::poll!(&mut answered) {
            return answered.unwrap_or_else(|panic| Err(internal(&*panic).into()));
        }
        if context.takes_stream() {
            return answered.await.unwrap_or_else(|panic| Err(internal(&*panic).into()));
        }
        let limit = if context.takes_file() { self.request_timeout.max(FILE_TIMEOUT) } else { self.request_timeout };
        match tokio::time::timeout(limit, answered).await {
            Ok(answered) => answered.unwrap_or_else(|panic| Err(internal(&*panic).into())),
            Err(_) => Err(out_of_time(limit).into()),
        }
    }

    async fn answer(&self, mut request: Request, context: &RequestContext) -> poem::Result<Response> {
        head::check(&request, self.open)?;
        let api = self.api.as_ref().filter(|_| context.is_api() || context.is_health());
        if let Some(api) = api
            && context.is_api()
            && let Some(actor) = api.gate.admit(&request, context).await?
        {
            request.extensions_mut().insert(actor);
        }
        strict::check(&mut request, context)?;
        let Some(api) = api else { return self.pages.call(request).await };
        request.set_data(api.schemas);
        let turn = match context.takes_file() {
            // In a box, so that requests without a file do not take its memory.
            true => Box::pin(api.admit_file(context)).await?,
            false => None,
        };
        let answered = api.operations.call(request).await;
        drop(turn);
        answered
    }
}

fn internal(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::Internal(format!("panic: {}", text.unwrap_or_default()).into())
}

fn out_of_time(limit: Duration) -> Failure {
    let detail = format!("The request was not finished within {} s and was aborted.", limit.as_secs());
    Failure::refused(ProblemCode::RequestTimeout, detail)
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;
    use uuid::Uuid;

    use super::*;
    use crate::clock::SystemClock;

    /// What a stage hands to the next one is moved, so that large futures cost each request.
    #[test]
    fn no_stage_moves_more_than_two_kibibytes() {
        let pipeline = Pipeline {
            api: None,
            clock: Arc::new(SystemClock),
            request_timeout: Duration::from_secs(10),
            trusted_proxies: Networks::default(),
            open: true,
            pages: make_sync(|_| Response::default()).boxed(),
        };
        let context = RequestContext::of(&Request::default(), &pipeline.trusted_proxies, Uuid::nil);
        let sizes = [
            size_of_val(&pipeline.call(Request::default())),
            size_of_val(&pipeline.answer_in_time(Request::default(), &context)),
            size_of_val(&pipeline.answer(Request::default(), &context)),
        ];
        assert!(sizes.iter().all(|size| *size <= 2048), "{sizes:?}");
    }
}
