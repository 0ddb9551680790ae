//! HTTP: what stands around every operation. The chain in [`endpoint`] reads from the inside out; a request passes it
//! from the bottom up.

mod access;
mod attempts;
mod docs;
mod errors;
mod headers;
pub mod listener;
mod pages;
mod problems;
mod request_log;
mod strict;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use call_acceptance_api::{
    document,
    wire::problem::{Failure, ProblemCode},
};
use futures_util::FutureExt;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, endpoint::BoxEndpoint};

use crate::{config::Config, service::Server};
use access::Gate;
use attempts::Attempts;

/// Everything that the server answers.
pub fn endpoint(server: Arc<Server>, config: &Config) -> BoxEndpoint<'static, Response> {
    let request_timeout = config.request_timeout;
    let attempts = Attempts::a_minute(config.failed_authentications);
    let gate = Arc::new(Gate::new(server.clone(), attempts, config.open));
    let api = call_acceptance_api::service(call_acceptance_api::apis(server));
    let api = Arc::new(api.data(Arc::new(document::body_schemas())));
    let routes = Route::new()
        .nest_no_strip("/api", api.clone())
        .nest_no_strip("/health", api)
        .nest_no_strip("/docs", docs::page())
        .nest_no_strip("/reference", docs::reference())
        .nest_no_strip("/problems", problems::pages())
        .at("/", docs::redirect())
        .at("/openapi.json", docs::json())
        .at("/openapi.yaml", docs::yaml())
        .around(strict::check)
        .around(move |next, request| access::check(gate.clone(), next, request))
        .around(catch_panic)
        .around(move |next, request| within(request_timeout, next, request))
        .around(errors::tell)
        .around(headers::add)
        .around(request_log::log)
        .map_to_response();
    headers::share(routes, config.cors_origins.clone()).boxed()
}

async fn catch_panic<E: Endpoint>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(result) => result.map(IntoResponse::into_response),
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Failure::Internal(format!("panic: {}", message.unwrap_or_default()).into()).into())
        }
    }
}

async fn within<E: Endpoint>(limit: Duration, next: Arc<E>, request: Request) -> poem::Result<Response> {
    match tokio::time::timeout(limit, next.call(request)).await {
        Ok(result) => result.map(IntoResponse::into_response),
        Err(_) => {
            let detail = format!("The request was not done in {} s and was given up.", limit.as_secs());
            Err(Failure::refused(ProblemCode::RequestTimeout, detail).into())
        }
    }
}
