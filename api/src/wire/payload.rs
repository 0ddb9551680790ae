//! JSON bodies and answers; and what bodies of other media types share with them.
//!
//! A body is held against the published schema before it is parsed, so that the document says just what is
//! accepted, and every fault is told at once. An answer is written straight by serde.

use std::{
    num::NonZero,
    sync::{Arc, LazyLock},
};

use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::{
    error::ParseRequestPayloadError,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::wire::{
    json::UniqueJson,
    problem::{Failure, Fault, ProblemCode},
    validation::BodySchemas,
};

/// The greatest length of a request's body, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The greatest length of a body, in bytes, that is read on a thread that answers others too.
const QUICK_BODY_BYTES: usize = 8 << 10;

/// How many longer bodies are read at a time: half of the processors, so that the others answer meanwhile.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new((processors / 2).max(1))
});

/// The type of a request's body.
pub trait Body: ParseFromJSON + Send + 'static {
    /// Whether parsing takes just what the published schema takes, so that a body that parses need not be validated.
    /// The schema is still what explains a body that does not parse. A property test must hold that both agree.
    const PARSES_BY_SCHEMA: bool = false;

    /// Adds what is wrong with `body` by the rules that its schema cannot say. The body may break its schema too:
    /// what is not as the schema says is not looked at here.
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let _ = (body, faults);
    }
}

/// Whether `content_type` is the media type, in whatever letters, parameters aside. The quotes that the documentation
/// of the field prints around it are taken for what they mean.
pub(crate) fn is_media_type(content_type: &str, media_type: &str) -> bool {
    let given = content_type.split(';').next().unwrap_or_default();
    given.trim_matches(|c: char| c == '"' || c.is_whitespace()).eq_ignore_ascii_case(media_type)
}

/// A JSON body, checked against its published schema and its other rules.
pub struct JsonBody<T>(pub T);

impl<T: Body> Payload for JsonBody<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        is_media_type(content_type, Self::CONTENT_TYPE)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Body> ParsePayload for JsonBody<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?;
        let schemas = request.data::<Arc<BodySchemas>>().cloned();
        let schemas =
            schemas.ok_or_else(|| Failure::Internal("a request came without the schemas of bodies".into()))?;
        off_the_workers(bytes.len(), move || parse(&bytes, &schemas)).await.map(Self)
    }
}

fn parse<T: Body>(bytes: &[u8], schemas: &BodySchemas) -> poem::Result<T> {
    let json = || serde_json::from_slice(bytes).map_err(|error| malformed(bytes, &error));
    let UniqueJson(mut value) = json()?;
    if T::PARSES_BY_SCHEMA {
        match T::parse_from_json(Some(value)) {
            Ok(parsed) => return Ok(parsed),
            Err(_) => UniqueJson(value) = json()?,
        }
    }
    let mut faults = schemas.faults(&T::name(), &mut value)?;
    T::check(&value, &mut faults);
    if !faults.is_empty() {
        return Err(Failure::invalid(faults).into());
    }
    let parsed = T::parse_from_json(Some(value));
    Ok(parsed.map_err(|error| ParseRequestPayloadError { reason: error.into_message() })?)
}

fn malformed(bytes: &[u8], error: &serde_json::Error) -> Failure {
    let detail = match bytes {
        [] => "the body is empty".to_owned(),
        [0xEF, 0xBB, 0xBF, ..] => {
            "the body starts with a byte order mark, which JSON has none of; leave it out".to_owned()
        }
        _ => error.to_string(),
    };
    Failure::refused(ProblemCode::MalformedJson, format!("Expected a JSON object: {detail}."))
}

/// Does `work` on a body of this `length`: at once when that takes less than a millisecond, and else on a thread that
/// answers nobody else meanwhile. A body of 1 MiB takes tens of milliseconds, and requests that arrive on the same
/// worker would wait for them.
pub(crate) async fn off_the_workers<T: Send + 'static, E: From<Failure> + Send + 'static>(
    length: usize,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    if length <= QUICK_BODY_BYTES {
        return work();
    }
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| E::from(Failure::Internal(error));
    let _turn = TURNS.acquire().await.map_err(|error| failed(error.into()))?;
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(failed(error.into())),
    }
}

poem_openapi::impl_apirequest_for_payload!(JsonBody<T>, T: Body);

/// A JSON answer.
pub struct JsonAnswer<T>(pub T);

impl<T: Type + Serialize> Payload for JsonAnswer<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize> IntoResponse for JsonAnswer<T> {
    fn into_response(self) -> Response {
        poem::web::Json(self.0).with_content_type(Self::CONTENT_TYPE).into_response()
    }
}

/// The default of members that are true unless said otherwise.
pub(crate) fn yes() -> bool {
    true
}
