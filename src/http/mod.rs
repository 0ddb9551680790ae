//! HTTP: the processing of requests around the operations. `Pipeline` lists the stages in order, one module each.

mod access;
mod addresses;
mod attempts;
mod client;
mod context;
mod docs;
mod errors;
mod head;
mod headers;
pub mod listener;
mod masking;
mod pages;
mod problems;
mod request_log;
mod stream;
mod strict;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use call_acceptance_api::{
    document,
    wire::{
        problem::{Failure, ProblemCode},
        validation::BodySchemas,
    },
};
use futures_util::FutureExt;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, endpoint::BoxEndpoint};

use crate::{
    clock::Clock,
    config::{Config, Networks},
    service::Server,
};
use access::Gate;
use attempts::Attempts;
use context::RequestContext;

/// The endpoint of the whole server.
pub fn endpoint(server: Arc<Server>, clock: Arc<dyn Clock>, config: &Config) -> BoxEndpoint<'static, Response> {
    let attempts = Attempts::per_minute(config.failed_authentications);
    let pipeline = Pipeline {
        gate: Gate::new(server.clone(), attempts, config.open),
        clock,
        request_timeout: config.request_timeout,
        trusted_proxies: config.trusted_proxies.clone(),
        open: config.open,
        schemas: Arc::new(document::body_schemas()),
        operations: call_acceptance_api::service(call_acceptance_api::apis(server)).into_endpoint(),
        pages: pages().boxed(),
    };
    match config.cors_origins.as_slice() {
        [] => pipeline.boxed(),
        origins => headers::share(pipeline, origins.to_vec()).boxed(),
    }
}

fn pages() -> Route {
    Route::new()
        .nest_no_strip("/docs", docs::page())
        .nest_no_strip("/reference", docs::reference())
        .nest_no_strip("/problems", problems::pages())
        .at("/", docs::redirect())
        .at("/openapi.json", docs::json())
        .at("/openapi.yaml", docs::yaml())
}

/// The request pipeline.
///
/// It is one endpoint and not a chain of middleware: each layer of a chain moves the futures of all inner layers, which
/// costs more than the work of the layers.
struct Pipeline {
    gate: Gate,
    clock: Arc<dyn Clock>,
    request_timeout: Duration,
    trusted_proxies: Networks,
    /// Whether the server runs without authentication.
    open: bool,
    /// What bodies are validated with.
    schemas: Arc<BodySchemas>,
    /// The operations of the document.
    operations: BoxEndpoint<'static, Response>,
    /// Everything else.
    pages: BoxEndpoint<'static, Response>,
}

impl Endpoint for Pipeline {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let context = RequestContext::of(&request, &self.trusted_proxies, || self.clock.new_id());
        let mut answer = match self.answer_in_time(request, &context).await {
            Ok(answer) => answer,
            Err(error) => errors::answer(error, &context),
        };
        headers::add(&mut answer, &context);
        request_log::write(&answer, &context);
        Ok(answer)
    }
}

impl Pipeline {
    async fn answer_in_time(&self, request: Request, context: &RequestContext) -> poem::Result<Response> {
        // In a box, so that the layers around it do not move it.
        let answered = Box::pin(AssertUnwindSafe(self.answer(request, context)).catch_unwind());
        match tokio::time::timeout(self.request_timeout, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(internal(&*panic).into()),
            Err(_) => Err(out_of_time(self.request_timeout).into()),
        }
    }

    async fn answer(&self, mut request: Request, context: &RequestContext) -> poem::Result<Response> {
        head::check(&request, self.open)?;
        if context.is_api()
            && let Some(actor) = self.gate.admit(&request, context).await?
        {
            request.extensions_mut().insert(actor);
        }
        strict::check(&mut request, context)?;
        if context.is_api() || context.is_health() {
            request.set_data(self.schemas.clone());
            return self.operations.call(request).await;
        }
        self.pages.call(request).await
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
