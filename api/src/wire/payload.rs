//! JSON bodies of requests and responses, and what bodies of other media types share with them.
//!
//! A request body is validated against the published schema before it is parsed, so that the document states exactly
//! what is accepted, and all faults are reported at once. A response is serialized directly by serde.

use std::{marker::PhantomData, num::NonZero, sync::LazyLock};

use bytes::Bytes;
use poem::{
    IntoResponse, Request, RequestBody, Response,
    error::ReadBodyError,
    http::{HeaderValue, header},
};
use poem_openapi::{
    error::ParseRequestPayloadError,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::wire::{
    json::UniqueJson,
    problem::{Failure, Fault, ProblemCode},
    validation::BodySchemas,
};

/// The maximum length of a request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The maximum length of a body, in bytes, that is parsed on an async worker thread.
const QUICK_BODY_BYTES: usize = 8 << 10;

/// Limits how many longer bodies are parsed at a time: half of the processors, so that the others serve requests.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new((processors / 2).max(1))
});

/// The type of a request body.
pub trait Body: ParseFromJSON + Send + 'static {
    /// Parses a body that is valid by the schema, for bodies that are parsed so often that validating them first takes
    /// too long. `None` for others, whose faults the schema explains. A property test must show that both agree.
    fn parse_valid(text: &[u8]) -> Option<Self> {
        let _ = text;
        None
    }

    /// Adds the faults of `body` by the rules that its schema cannot express. The body may also violate its schema;
    /// values that do are ignored here.
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let _ = (body, faults);
    }

    /// The faults of `body` by its schema and its other rules. Lists that are too long are emptied.
    ///
    /// # Errors
    /// The schema is not one of `schemas`.
    fn faults(body: &mut Value, schemas: &BodySchemas) -> Result<Vec<Fault>, Failure> {
        let mut faults = schemas.faults(&Self::name(), body)?;
        Self::check(body, &mut faults);
        Ok(faults)
    }
}

/// Whether `content_type` is `media_type`, in upper or lower case, ignoring parameters. Quotes around it, as BroadWorks
/// documentation prints them, are accepted.
pub(crate) fn is_media_type(content_type: &str, media_type: &str) -> bool {
    let given = content_type.split(';').next().unwrap_or_default();
    given.trim_matches(|c: char| c == '"' || c.is_whitespace()).eq_ignore_ascii_case(media_type)
}

/// A JSON body, validated against its published schema and its other rules.
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
        let bytes = read(request, body.take()?).await?;
        let schemas = BodySchemas::of(request)?;
        off_the_async_threads(bytes.len(), move || parse(&bytes, schemas)).await.map(Self)
    }
}

/// The whole body. One whose length is announced, which hyper holds it to, needs no buffer of its own.
async fn read(request: &Request, body: poem::Body) -> Result<Vec<u8>, ReadBodyError> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match announced {
        Some(0..=MAX_BODY_BYTES) => body.into_vec().await,
        _ => body.into_bytes_limit(MAX_BODY_BYTES).await.map(Vec::from),
    }
}

fn parse<T: Body>(bytes: &[u8], schemas: &BodySchemas) -> poem::Result<T> {
    if let Some(parsed) = T::parse_valid(bytes) {
        return Ok(parsed);
    }
    let UniqueJson(mut value) = serde_json::from_slice(bytes).map_err(|error| malformed(bytes, &error))?;
    let faults = T::faults(&mut value, schemas)?;
    if !faults.is_empty() {
        return Err(Failure::invalid(faults).into());
    }
    let parsed = T::parse_from_json(Some(value));
    Ok(parsed.map_err(|error| ParseRequestPayloadError { reason: error.into_message() })?)
}

/// Parses an object whose members are all known, for [`Body::parse_valid`].
pub(crate) fn parse_object<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Option<T> {
    // Derived implementations take also a list of the members' values.
    let is_object = text.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(text).ok()).flatten()
}

fn malformed(bytes: &[u8], error: &serde_json::Error) -> Failure {
    let detail = match bytes {
        [] => "the body is empty".to_owned(),
        [0xEF, 0xBB, 0xBF, ..] => {
            "the body starts with a byte order mark, which JSON does not allow; leave it out".to_owned()
        }
        _ => error.to_string(),
    };
    Failure::refused(ProblemCode::MalformedJson, format!("Expected a JSON object: {detail}."))
}

/// Runs `work` on a body of this `length`: on the current worker if that takes less than a millisecond, else on a
/// blocking thread. A body of 1 MiB takes tens of milliseconds, for which other requests on the same worker would have
/// to wait.
pub(crate) async fn off_the_async_threads<T: Send + 'static, E: From<Failure> + Send + 'static>(
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

/// A JSON response.
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
        match serialized(&self.0) {
            Ok(text) => answer(text),
            Err(failure) => poem::Error::from(failure).into_response(),
        }
    }
}

/// A JSON response that is serialized already, of a value of the type `T`.
pub struct JsonText<T>(Bytes, PhantomData<fn() -> T>);

impl<T> JsonText<T> {
    /// The response with the text of a value, see [`json_text`].
    pub fn of(text: Bytes) -> Self {
        Self(text, PhantomData)
    }
}

/// The JSON text of a value, for [`JsonText`].
///
/// # Errors
/// If the value cannot be serialized as JSON; values of the contract always can.
pub fn json_text(value: &impl Serialize) -> Result<Bytes, Failure> {
    serialized(value).map(|text| text.into_boxed_slice().into())
}

fn serialized(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::Internal(Box::new(error)))
}

fn answer(text: impl Into<poem::Body>) -> Response {
    let mut response = Response::from(text.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl<T: Type> Payload for JsonText<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> IntoResponse for JsonText<T> {
    fn into_response(self) -> Response {
        answer(self.0)
    }
}

/// The default of members that are true unless set.
pub(crate) fn yes() -> bool {
    true
}
