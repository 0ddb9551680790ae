//! The log line of a request.

use poem::Response;

use super::{context::RequestContext, masking::masked};

/// Logs a request with its response.
pub fn write(answer: &Response, context: &RequestContext) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let operation = context.operation.map_or("-", |operation| operation.id);
    let actor = context.identity.get().map_or("-", |identity| &identity.actor);
    let (method, path) = (&context.method, masked(context.uri.path()));
    let duration_ms = context.started.elapsed().as_micros() as f64 / 1000.0;
    tracing::info!(operation, actor, client_address = %context.client_address, %method, path,
        status = answer.status().as_u16(), duration_ms, request_id = %context.id,
        trace_id = context.trace.map(tracing::field::display), "request");
}
