//! Header fields for browsers: security policies, caching, and CORS.

use std::sync::Arc;

use poem::{
    Endpoint, Middleware, Response,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Cors,
};

use super::context::{REQUEST_ID, RequestContext};

/// Header fields that pages of other origins may read.
const EXPOSED: [&str; 5] = ["ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id"];
/// How long a browser may cache the response of a preflight request, in seconds.
const REMEMBERED: i32 = 3600;

/// Adds the security and caching header fields to a response.
pub fn add(answer: &mut Response, context: &RequestContext) {
    let headers = answer.headers_mut();
    headers.reserve(5);
    headers.insert(REQUEST_ID, context.id.header());
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    if context.is_api() || context.is_health() {
        set(header::CACHE_CONTROL, "no-store");
    }
}

/// `endpoint`, which pages of these origins may call too. To others nothing is said of origins, and so their browsers
/// do not let them; pages of this server need no leave. Answers then differ by `Origin`, and say so to
/// caches.
pub fn share<E: Endpoint<Output = Response> + 'static>(
    endpoint: E,
    origins: Vec<String>,
) -> impl Endpoint<Output = Response> {
    let endpoint = Arc::new(endpoint);
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    let cors = Cors::new().allow_origins(&origins).allow_methods(methods).allow_credentials(false).max_age(REMEMBERED);
    let shared = Arc::new(EXPOSED.into_iter().fold(cors, Cors::expose_header).transform(endpoint.clone()));
    poem::endpoint::make(move |request| {
        let (endpoint, shared) = (endpoint.clone(), shared.clone());
        let known = request.header(header::ORIGIN).is_some_and(|origin| origins.iter().any(|known| known == origin));
        async move {
            let mut answer = if known { Box::pin(shared.call(request)).await? } else { endpoint.call(request).await? };
            // What the endpoint says of other headers, the layer for CORS has replaced.
            answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
            Ok::<_, poem::Error>(answer)
        }
    })
}
