//! HTTP: what stands around every operation. The chain in [`endpoint`] reads from the inside out; a request passes it
//! from the bottom up.

mod docs;
mod errors;
pub mod listener;
mod operations;
mod request_log;
mod strict;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use call_acceptance_api::problem::{Failure, ProblemCode};
use futures_util::FutureExt;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, endpoint::BoxEndpoint};

use crate::service::Service;

/// Everything that the server answers.
pub fn endpoint(service: Arc<Service>, request_timeout: Duration) -> BoxEndpoint<'static, Response> {
    call_acceptance_api::validation::prepare();
    let api = call_acceptance_api::service(call_acceptance_api::apis(service));
    let api = Arc::new(poem::IntoEndpoint::into_endpoint(api));
    Route::new()
        .nest_no_strip("/api", api.clone())
        .nest_no_strip("/health", api)
        .nest_no_strip("/docs", docs::page())
        .at("/", docs::redirect())
        .at("/openapi.json", docs::json())
        .at("/openapi.yaml", docs::yaml())
        .around(strict::check)
        .around(catch_panic)
        .around(move |next, request| within(request_timeout, next, request))
        .around(errors::tell)
        .around(request_log::log)
        .map_to_response()
        .boxed()
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
