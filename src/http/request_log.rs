//! The request's identifier, and one line of the log for each request.

use std::{fmt, sync::Arc, time::Instant};

use poem::{Endpoint, IntoResponse, Request, Response, http::HeaderValue};
use poem_openapi::OperationId;
use uuid::Uuid;

const HEADER: &str = "X-Request-Id";

/// The identifier of a request: the caller's if it is sane, else a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(request: &Request) -> Self {
        let sane = |id: &&str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/+=@-".contains(&byte))
        };
        match request.header(HEADER).filter(sane) {
            Some(id) => Self(id.to_owned()),
            None => Self(Uuid::now_v7().to_string()),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives the request its identifier, and logs the answer.
pub async fn log<E: Endpoint>(next: Arc<E>, mut request: Request) -> poem::Result<Response> {
    let started = Instant::now();
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut answer = next.call(request).await?.into_response();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        answer.headers_mut().insert(HEADER, value);
    }
    let operation = answer.data::<OperationId>().map_or("-", |operation| operation.0);
    let duration_ms = started.elapsed().as_micros() as f64 / 1000.0;
    tracing::info!(operation, %method, path, status = answer.status().as_u16(), duration_ms, request_id = %id, "request");
    Ok(answer)
}
